"""Names from outside, made fit to be file names inside a folder of ours."""

from __future__ import annotations

import os
import re
from array import array
from hashlib import blake2b

_UNSAFE = re.compile(r'[\x00-\x1f\x7f-\x9f<>:"/\\|?*\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]')
_RESERVED = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)(?:\..*)?", re.IGNORECASE)
_LONGEST = 180
"""Bytes of a name; leaves room for extensions below the 255 of most file systems."""


def safe_name(name: str) -> str:
    """Return a name that is one path component on any system; equal for names that are one already."""
    cleaned = _UNSAFE.sub("_", name).rstrip(". ") if name.strip(". ") else "_"
    if _RESERVED.fullmatch(cleaned):
        cleaned = f"_{cleaned}"
    if len(cleaned.encode()) > _LONGEST:
        mark = blake2b(name.encode("utf-8", "surrogatepass"), digest_size=6).hexdigest()
        cleaned = f"{cleaned.encode()[: _LONGEST - 13].decode('utf-8', 'ignore')}-{mark}"
    return cleaned or "_"


def safe_path(path: str) -> str:
    """Return a relative path of safe names; empty for an empty one."""
    return "/".join(safe_name(piece) for piece in path.replace("\\", "/").split("/") if piece)


_UNFIT = re.compile(r"[\x00-\x1f\x7f-\x9f/\\\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_MOST_KEPT = 230
"""Bytes of a kept name; `.plain.html` and 255 are 244 apart."""


def kept_name(name: str) -> str:
    """Return a name that came from a file system as it is; made safe where it is none that any file could have.

    Marks that only Windows refuses stay, except there.
    """
    fits = name.strip(". ") and not _UNFIT.search(name) and len(name.encode()) <= _MOST_KEPT
    return name if fits and os.name == "posix" else safe_name(name)


def kept_path(path: str) -> str:
    """Return a relative path of kept names; empty for an empty one."""
    return "/".join(kept_name(piece) for piece in path.split("/") if piece)


def member_fault(name: str) -> str:
    """Say why a name inside an archive must not be followed; empty when it may."""
    if "\x00" in name:
        return "its name holds a NUL"
    if name.startswith(("/", "\\")) or re.match(r"[A-Za-z]:", name):
        return "its name is an absolute path"
    if ".." in name.replace("\\", "/").split("/"):
        return "its name leads out of the archive"
    return ""


class Names:
    """Gives out file names that differ on any file system, for documents whose cleaned names may be equal."""

    def __init__(self) -> None:
        self._taken = _Hashes()

    def take(self, name: str, key: str) -> str:
        """Return `name`, or, when it is taken already, `name` with a mark made from `key`."""
        if not self._taken.add(name.casefold()):
            mark = blake2b(key.encode("utf-8", "surrogatepass"), digest_size=6).hexdigest()
            folder, _, base = name.rpartition("/")
            head, dot, tail = base.partition(".")
            name = f"{folder}/" * bool(folder) + f"{head}-{mark}{dot}{tail}"
            self._taken.add(name.casefold())
        return name

    def has(self, name: str) -> bool:
        """Say whether a name was given out."""
        return name.casefold() in self._taken


class _Hashes:
    """A set of strings by 64-bit hash, in 16 bytes or less for each: a million cost 16 MB, a set of them 100."""

    def __init__(self) -> None:
        self._slots = array("Q", bytes(8 * 1024))
        self._count = 0

    def add(self, text: str) -> bool:
        """Add a string; False when it was there."""
        value = (hash(text) & 0xFFFFFFFFFFFFFFFF) or 1
        if not self._put(self._slots, value):
            return False
        self._count += 1
        if self._count * 3 > len(self._slots) * 2:
            wider = array("Q", bytes(16 * len(self._slots)))
            for held in self._slots:
                if held:
                    self._put(wider, held)
            self._slots = wider
        return True

    def __contains__(self, text: str) -> bool:
        value = (hash(text) & 0xFFFFFFFFFFFFFFFF) or 1
        mask = len(self._slots) - 1
        at = value & mask
        while self._slots[at] and self._slots[at] != value:
            at = (at + 1) & mask
        return self._slots[at] == value

    @staticmethod
    def _put(slots: array[int], value: int) -> bool:
        mask = len(slots) - 1
        at = value & mask
        while slots[at]:
            if slots[at] == value:
                return False
            at = (at + 1) & mask
        slots[at] = value
        return True

"""The folder of a mirror: its manifest, and files that are written whole, inside it, and never through a link.

`manifest.jsonl` says what was written, for git as for us: a line a document, in the corpus's order, with the hash of
both files. `.mirror-cache.jsonl` says when they were last seen: what nobody touched is not read again.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path, PurePosixPath

import msgspec

from tui_annotate.errors import DataError, UsageError
from tui_annotate.formats.safety import kept_path, safe_name
from tui_annotate.formats.source import JSON_ERRORS

MANIFEST = "manifest.jsonl"
CACHE = ".mirror-cache.jsonl"
SCHEME = "scheme.toml"
IGNORE = ".gitignore"
ATTRIBUTES = ".gitattributes"
DOCUMENTS = "documents"
TEXT = ".txt"
LINES = ".ann"
CONFLICT = ".conflict"
VERSION = 1
"""Of the layout."""
_PART = ".part"

Seen = tuple[int, int]
"""When a file was last changed, in nanoseconds, and its size."""


class Entry(msgspec.Struct, frozen=True):
    """One document of a mirror."""

    id: str
    file: str
    """Path of both files without their endings, below the folder."""
    text: str
    """Hash of the text file as it was written."""
    lines: str
    """Hash of the file of annotations as it was written or read back."""


class Cached(msgspec.Struct, frozen=True, array_like=True):
    """What was seen of one document when it was last in step."""

    row: int
    mark: str
    text: Seen
    lines: Seen


class Head(msgspec.Struct, frozen=True):
    """The first line of a manifest."""

    mirror: int
    """Version of the layout."""
    annotator: str
    scheme: str
    """Hash of the scheme file as it was written."""
    common: str
    """Changes when every document has to be looked at again."""


@dataclass(frozen=True, slots=True)
class Known:
    """A document as the mirror last had it."""

    entry: Entry
    cached: Cached | None


_entry = msgspec.json.Decoder(Entry)
_cached = msgspec.json.Decoder(Cached)
_head = msgspec.json.Decoder(Head)
_encode = msgspec.json.Encoder().encode


def digest(content: bytes) -> str:
    """Return the hash of a file."""
    return blake2b(content, digest_size=16).hexdigest()


class Folder:
    """A folder that holds a mirror, or is to hold one."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._root = str(path)
        self._checked: set[str] = set()

    def check(self) -> Head | None:
        """Return the head of the manifest, None for a folder that is empty or not there.

        Raises:
            UsageError: The folder holds other things.
            DataError: The manifest cannot be read.
        """
        if self.path.exists() and not self.path.is_dir():
            raise UsageError(f"{self.path} is a file.", hint="Name a folder.")
        manifest = self.path / MANIFEST
        if not manifest.exists():
            others = [name for name in os.listdir(self.path) if name != ".git"] if self.path.exists() else []
            if others:
                raise UsageError(
                    f"{self.path} holds other things ({sorted(others)[0]}), and no {MANIFEST}.",
                    hint="Name an empty folder, or a new one.",
                )
            return None
        with manifest.open("rb") as stream:
            try:
                head = _head.decode(stream.readline())
            except JSON_ERRORS as error:
                raise DataError(f"{manifest}:1: is no manifest of a mirror: {error}.") from error
        if head.mirror > VERSION:
            raise DataError(f"{manifest}:1: was made by a newer program.", hint="Upgrade tui-annotate.")
        return head

    def known(self) -> Iterator[Known]:
        """Yield the documents of the manifest, with what the cache says where the two agree."""
        cache = self._cache()
        with (self.path / MANIFEST).open("rb") as stream:
            stream.readline()
            for number, line in enumerate(stream, 2):
                try:
                    entry = _entry.decode(line)
                except JSON_ERRORS as error:
                    raise DataError(f"{self.path / MANIFEST}:{number}: is damaged: {error}.") from error
                _check_inside(entry.file, f"{self.path / MANIFEST}:{number}")
                yield Known(entry, next(cache, None))

    def _cache(self) -> Iterator[Cached | None]:
        """Yield what the cache says of each line of the manifest; nothing where it belongs to another."""
        try:
            with (self.path / CACHE).open("rb") as stream:
                if stream.readline().strip() != self._stamp().encode():
                    return
                for line in stream:
                    yield _cached.decode(line)
        except (OSError, *JSON_ERRORS):
            return

    def _stamp(self) -> str:
        found = os.stat(self.path / MANIFEST)
        return f"{found.st_mtime_ns} {found.st_size}"

    def seen(self, name: str) -> Seen | None:
        """Return what a file looks like from outside; None when it is not there; a link counts as changed."""
        try:
            found = os.lstat(f"{self._root}/{name}")
        except (FileNotFoundError, NotADirectoryError):
            return None
        return (found.st_mtime_ns, found.st_size) if stat.S_ISREG(found.st_mode) else (-1, -1)

    def read(self, name: str) -> bytes:
        """Return a file's content; raises DataError for a link, or what is no file."""
        file = f"{self._root}/{name}"
        if not stat.S_ISREG(os.lstat(file).st_mode):
            raise DataError(f"{file}: is no regular file; links are not followed.")
        with open(file, "rb") as stream:
            return stream.read()

    def write(self, name: str, content: bytes) -> None:
        """Write a file whole, beside it first; raises DataError where a link would lead out of the folder."""
        folder, _, base = name.rpartition("/")
        self._make(folder)
        file = f"{self._root}/{name}"
        if self.seen(name) == (-1, -1):
            raise DataError(f"{file}: is no regular file; links are not followed.", hint="Take it away.")
        aside = f"{self._root}/{folder}{'/' * bool(folder)}.{base[:200]}{_PART}"
        number = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_NOFOLLOW", 0), 0o666)
        with os.fdopen(number, "wb") as stream:
            stream.write(content)
        os.replace(aside, file)

    def pages(self) -> Iterator[str]:
        """Yield the names of all files among the documents that look like a text or lines, whoever made them."""
        for folder, _, names in os.walk(self.path / DOCUMENTS):
            inside = PurePosixPath(Path(folder).relative_to(self.path).as_posix())
            yield from (f"{inside}/{name}" for name in names if name.endswith((TEXT, LINES)))

    def keep_beside(self, name: str, content: bytes) -> str:
        """Write what was in a file beside it, under a name that is free; return the name."""
        number = 1
        while True:
            beside = f"{name}{CONFLICT}{number if number > 1 else ''}"
            if not os.path.lexists(self.path / beside):
                self.write(beside, content)
                return beside
            if self.seen(beside) != (-1, -1) and self.read(beside) == content:
                return beside
            number += 1

    def remove(self, name: str) -> None:
        """Remove a file that we made, and folders that it leaves empty."""
        file = self.path / name
        if self.seen(name) is None or not self._is_inside(PurePosixPath(name).parent.as_posix()):
            return
        file.unlink()
        for parent in PurePosixPath(name).parents:
            if parent.as_posix() in (".", DOCUMENTS):
                return
            try:
                os.rmdir(self.path / parent)
            except OSError:
                return

    def _make(self, folder: str) -> None:
        """Make a folder below the mirror's, and see that no link leads out of it."""
        if folder in self._checked:
            return
        (self.path / folder).mkdir(parents=True, exist_ok=True)
        if not self._is_inside(folder):
            raise DataError(f"{self.path / folder}: a link leads out of the mirror.", hint="Take it away.")
        if len(self._checked) < 10_000:
            self._checked.add(folder)

    def _is_inside(self, folder: str) -> bool:
        return (self.path / folder).resolve() == self.path.resolve() / folder

    def finish(self, manifest: Path, cache: Path, *, changed: bool) -> None:
        """Put a new manifest and cache in place; an equal manifest stays as it is."""
        if changed:
            _settle(manifest)
            os.replace(manifest, self.path / MANIFEST)
        with cache.open("rb") as lines, (self.path / f"{CACHE}{_PART}").open("wb") as stream:
            stream.write(self._stamp().encode() + b"\n")
            while piece := lines.read(1 << 20):
                stream.write(piece)
        os.replace(self.path / f"{CACHE}{_PART}", self.path / CACHE)


def line(value: Head | Entry | Cached) -> bytes:
    """Return a line of a manifest or cache."""
    return bytes(_encode(value)) + b"\n"


def place(key: str, folder: str) -> str:
    """Return where the files of a document go, without their endings: in its folder, by its id."""
    inside = kept_path(folder)
    base = key.removeprefix(f"{folder}/") if folder else key
    return "/".join(filter(None, (DOCUMENTS, inside, safe_name(base))))


def _check_inside(name: str, where: str) -> None:
    pieces = name.split("/")
    if pieces[0] != DOCUMENTS or len(pieces) < 2 or any(one in ("", ".", "..") or "\0" in one for one in pieces):
        raise DataError(f"{where}: {name!r} is no place inside the mirror.")


def _settle(path: Path) -> None:
    with path.open("rb+") as stream:
        os.fsync(stream.fileno())

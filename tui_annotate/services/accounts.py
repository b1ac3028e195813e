"""Passwords: salted and hashed before they are kept, and checked in a time that tells nothing.

A hash costs tens of milliseconds on purpose, so what was verified is remembered for some minutes, under a keyed hash
that is no use outside this process.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import threading
import time
from base64 import b64decode, b64encode
from functools import cached_property

from tui_annotate.errors import UsageError
from tui_annotate.store import accounts
from tui_annotate.store.connection import Corpus

SHORTEST = 8
LONGEST = 1024
_COST, _BLOCK, _PARALLEL = 1 << 14, 8, 1
_SALT_BYTES, _HASH_BYTES = 16, 32
_REMEMBERED = 300.0
_MOST = 1000


def hashed(password: str) -> str:
    """Return what is kept of a password: algorithm, its costs, salt and hash."""
    salt = secrets.token_bytes(_SALT_BYTES)
    return f"scrypt${_COST}${_BLOCK}${_PARALLEL}${b64encode(salt).decode()}${b64encode(_hash(password, salt)).decode()}"


def matches(password: str, kept: str) -> bool:
    """Say whether a password is the one that was kept."""
    try:
        name, cost, block, parallel, salt, expected = kept.split("$")
        if name != "scrypt":
            return False
        found = _hash(password, b64decode(salt), int(cost), int(block), int(parallel))
        return hmac.compare_digest(found, b64decode(expected))
    except ValueError:
        return False


def _hash(password: str, salt: bytes, cost: int = _COST, block: int = _BLOCK, parallel: int = _PARALLEL) -> bytes:
    given = password.encode("utf-8", "surrogatepass")
    return hashlib.scrypt(given, salt=salt, n=cost, r=block, p=parallel, maxmem=1 << 26, dklen=_HASH_BYTES)


def set_password(corpus: Corpus, name: str, password: str) -> None:
    """Give somebody an account, or a new password; raises UsageError as `checked` does."""
    accounts.keep(corpus, name, checked(name, password))


def checked(name: str, password: str) -> str:
    """Return what is kept of a password that somebody is to have; takes some tens of milliseconds.

    Raises:
        UsageError: The password is too short, or the name cannot be one.
    """
    if not name or name != name.strip() or ":" in name or any(ord(c) < 32 for c in name) or name == "master":
        raise UsageError(f"{name!r} cannot be a user's name.", hint="No colon, no blanks around, and not `master`.")
    if not SHORTEST <= len(password) <= LONGEST:
        raise UsageError(f"A password has {SHORTEST} characters or more.", hint="Choose another.")
    return hashed(password)


class Credentials:
    """Checks names and passwords against the accounts of a corpus; may be used by several threads."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)
        self._known: dict[bytes, tuple[str, float]] = {}
        """Keyed hash of name and password: what was kept of the password then, and until when that is remembered."""
        self._lock = threading.Lock()

    @cached_property
    def _nobody(self) -> str:
        """Stands for the password of a name that nobody has."""
        return hashed(secrets.token_hex(16))

    def remembers(self, name: str, password: str, kept: dict[str, str]) -> bool:
        """Say whether these were verified a short while ago, and the account has not changed since."""
        mark = self._mark(name, password)
        with self._lock:
            found = self._known.get(mark)
        return found is not None and found[1] > time.monotonic() and kept.get(name) == found[0]

    def verify(self, name: str, password: str, kept: dict[str, str]) -> bool:
        """Check a password by its hash, which takes as long for a name that nobody has."""
        expected = kept.get(name)
        good = matches(password, expected or self._nobody)
        if not good or expected is None:
            return False
        with self._lock:
            if len(self._known) >= _MOST:
                self._known.clear()
            self._known[self._mark(name, password)] = (expected, time.monotonic() + _REMEMBERED)
        return True

    def _mark(self, name: str, password: str) -> bytes:
        encoded = name.encode("utf-8", "surrogatepass")
        given = len(encoded).to_bytes(4, "big") + encoded + password.encode("utf-8", "surrogatepass")
        return hmac.digest(self._key, given, "sha256")

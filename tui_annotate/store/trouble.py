"""What SQLite complains about, said in our errors: one place, so that every caller tells the user the same."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from tui_annotate.errors import (
    CorruptError,
    DataError,
    DiskFullError,
    LockedError,
    ReadOnlyError,
    StoreError,
)

DAMAGED_HINT = "Restore a backup; `tui-annotate verify` lists what is wrong as far as the file can still be read."
_BUSY = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}


def is_busy(error: sqlite3.Error) -> bool:
    """Say whether another connection is in the way and trying again may help."""
    return _code(error) in _BUSY


def translate(error: sqlite3.Error | UnicodeError, path: Path) -> StoreError | DataError:
    """Return the error a user is to see; raise it `from` the original."""
    if isinstance(error, UnicodeEncodeError):
        return DataError("A text holds half a surrogate pair, which no UTF-8 file can hold.", hint="Remove it first.")
    # Python fails to decode what a damaged file holds, and even SQLite's own message where that quotes it.
    if isinstance(error, UnicodeError) or "Could not decode to UTF-8" in str(error):
        return CorruptError(f"{path.name} is damaged: it holds what is no UTF-8.", hint=DAMAGED_HINT)
    code = _code(error)
    if code in _BUSY:
        return LockedError(f"{path.name} is in use by another program.", hint="It may be done in a moment.")
    if code == sqlite3.SQLITE_FULL:
        return DiskFullError(f"No room left to write {path.name}.", hint="Free some space.")
    if getattr(error, "sqlite_errorcode", 0) == sqlite3.SQLITE_READONLY_ROLLBACK:
        return ReadOnlyError(
            f"A program was killed while it wrote {path.name}, and this one may not take the half of it back.",
            hint="Open it once where it may be written; nothing that was saved is lost.",
        )
    if code in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM):
        return ReadOnlyError(f"{path.name} or its folder may not be written.", hint="Check its permissions.")
    if code == sqlite3.SQLITE_CANTOPEN:
        return ReadOnlyError(
            f"{path} or its journal cannot be opened.",
            hint="Check that the file and its folder exist and may be written.",
        )
    if code == sqlite3.SQLITE_NOTADB:
        return CorruptError(f"{path.name} is no corpus: it is not an SQLite file.", hint="Check the name.")
    if code == sqlite3.SQLITE_CORRUPT:
        return CorruptError(f"{path.name} is damaged: {error}.", hint=DAMAGED_HINT)
    if code == sqlite3.SQLITE_IOERR:
        return StoreError(f"{path.name} could not be read or written: {error}.", hint="Check the disk.")
    return StoreError(f"{path.name}: {error}.")


def _code(error: sqlite3.Error) -> int:
    return (getattr(error, "sqlite_errorcode", None) or 0) & 0xFF

"""Bare connections: what a corpus file must look like before it is opened, and the pragmas every connection has."""

from __future__ import annotations

import os
import sqlite3
import stat
import time
from contextlib import closing, suppress
from pathlib import Path

from tui_annotate.errors import CorruptError, ReadOnlyError, UsageError
from tui_annotate.store import trouble

APPLICATION_ID = 0x74756941
"""`tuiA`, in every corpus file's header."""
SCHEMA_VERSION = 5
"""The `user_version` that this program writes; equals the number of the last migration."""
LOOK_EVERY = 0.001
"""Seconds between looks at a lock that another program holds."""
_PRAGMAS = (
    "foreign_keys = ON",
    "trusted_schema = OFF",
    "synchronous = FULL",
    "fullfsync = ON",
    "temp_store = MEMORY",
    "cache_size = -16000",
)
_MAGIC = b"SQLite format 3\0"


def connect(path: Path, *, readonly: bool) -> sqlite3.Connection:
    """Return a connection with our pragmas; the file must exist."""
    mode = "ro" if readonly else "rw"
    try:
        db = sqlite3.connect(
            f"{path.absolute().as_uri()}?mode={mode}",
            uri=True,
            timeout=0.0,
            isolation_level=None,
            check_same_thread=False,
            cached_statements=256,
        )
        for pragma in _PRAGMAS:
            _set_patiently(db, pragma)
        if not readonly:
            _set_patiently(db, "journal_mode = TRUNCATE")
    except (sqlite3.DatabaseError, UnicodeError) as error:
        if getattr(error, "sqlite_errorcode", 0) == sqlite3.SQLITE_NOTADB:
            raise why_no_database(path) from error
        raise trouble.translate(error, path) from error
    return db


def _set_patiently(db: sqlite3.Connection, pragma: str) -> None:
    """Set a pragma, waiting while another connection commits: some of them read the schema first."""
    for attempt in range(1000):
        try:
            db.execute(f"PRAGMA {pragma}")
            return
        except sqlite3.OperationalError as error:
            if not trouble.is_busy(error) or attempt == 999:
                raise
            time.sleep(LOOK_EVERY)


def roll_back(path: Path) -> None:
    """Have SQLite take back what a killed program left half written: a reader may not do that and would be refused.

    Where this may not be written either, opening says so. A journal that somebody is writing is left alone.
    """
    journal = path.with_name(f"{path.name}-journal")
    try:
        if not journal.stat().st_size or not os.access(path, os.W_OK):
            return
    except OSError:
        return
    with suppress(sqlite3.Error), closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True)) as db:
        db.execute("SELECT 1 FROM sqlite_schema LIMIT 1")


def look_at_file(path: Path, *, readonly: bool) -> None:
    """Raise what keeps the file from being opened, as far as it shows from outside.

    The file itself is not opened: closing it would drop the locks that other
    connections of this process hold on it.
    """
    try:
        status = path.stat()
    except FileNotFoundError:
        raise UsageError(f"There is no corpus {path}.", hint=f"`tui-annotate new {path}` creates it.") from None
    except PermissionError:
        raise ReadOnlyError(f"The folder of {path} may not be read.", hint="Check its permissions.") from None
    except OSError as error:
        raise UsageError(f"{path} cannot be a corpus: {error.strerror}.") from error
    if stat.S_ISDIR(status.st_mode):
        raise UsageError(f"{path} is a folder, not a corpus file.", hint="Name the .db file.")
    if not stat.S_ISREG(status.st_mode):
        raise UsageError(f"{path} is no ordinary file.", hint="Name the .db file.")
    if status.st_size == 0:
        raise CorruptError(f"{path} is empty.", hint=f"Delete it, then `tui-annotate new {path}` creates a corpus.")
    if not os.access(path, os.R_OK):
        raise ReadOnlyError(f"{path} may not be read.", hint="Check its permissions.")
    if not readonly and not os.access(path, os.W_OK):
        raise ReadOnlyError(f"{path} may not be written.", hint="Make it writable, or open it read-only.")
    if not readonly and not os.access(path.absolute().parent, os.W_OK | os.X_OK):
        raise ReadOnlyError(
            f"The folder of {path} may not be written, and the journal has to lie there.",
            hint="Make the folder writable, or open the corpus read-only.",
        )


def why_no_database(path: Path) -> CorruptError:
    """Say what is wrong with a file that SQLite did not recognise; nobody can hold locks on such a file."""
    with path.open("rb") as file:
        start = file.read(len(_MAGIC))
    if start == _MAGIC:
        return CorruptError(f"The header of {path} is damaged.", hint="Restore a backup.")
    hint = "To bring texts in: `tui-annotate new CORPUS`, then `tui-annotate import CORPUS FILE`."
    return CorruptError(f"{path} is no corpus: it is not an SQLite file.", hint=hint)

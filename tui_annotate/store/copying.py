"""Copying a corpus file while it is in use: a few pages at a time, over the connection that writes it.

A change through the same connection goes into the copy as it happens, so the copy
never starts again because of our own decisions; between two slices nothing is locked.
"""

from __future__ import annotations

import glob
import os
import sqlite3
import time
from collections.abc import Callable
from contextlib import suppress
from errno import ENOSPC
from pathlib import Path

from tui_annotate.errors import CorruptError, DiskFullError, ReadOnlyError, StoreError
from tui_annotate.store import trouble
from tui_annotate.store.files import sync_file, sync_folder

PAGES = 120
"""Pages of 4 KiB in a slice, which then takes a few milliseconds."""
_CHECK_EVERY = 200_000
"""Virtual machine steps of the check between two calls of `between`: a few milliseconds."""
_RESTARTS = 50
_LEFT_AFTER = 24 * 3600
"""Seconds after which a copy in the making was left by a program that was killed."""


class CopyStopped(StoreError):
    """The copy was given up because its caller said so."""


def copy(
    source: sqlite3.Connection,
    target: Path,
    *,
    between: Callable[[], None] | None = None,
    on_progress: Callable[[float], None] | None = None,
    stop: Callable[[], bool] | None = None,
) -> None:
    """Copy a database to a new file, check the copy, and only then give it its name.

    Args:
        between: Called between slices; may write through `source`.
        on_progress: Gets the share that is done, 0 to 1.
        stop: Asked between slices; True ends the copy with CopyStopped.

    Raises:
        CorruptError: The copy did not pass SQLite's quick check.
    """
    aside = target.with_name(f".{target.name}.{os.getpid()}.new")
    _sweep(aside.parent, target.name)
    try:
        _copy_pages(source, aside, between, on_progress, stop)
        check(aside, between=between, stop=stop)
        sync_file(aside)
        aside.replace(target)
        sync_folder(target.absolute().parent)
    except (sqlite3.Error, UnicodeError) as error:
        raise trouble.translate(error, target) from error
    except PermissionError:
        raise ReadOnlyError(f"{target.absolute().parent} may not be written.", hint="Choose another folder.") from None
    except OSError as error:
        kind = DiskFullError if error.errno == ENOSPC else StoreError
        raise kind(f"{target} could not be written: {error.strerror}.") from error
    finally:
        aside.unlink(missing_ok=True)


def _sweep(folder: Path, name: str) -> None:
    """Remove what killed copies of this name left there, once it is a day old."""
    for left in folder.glob(f".{glob.escape(name)}.*.new"):
        with suppress(OSError):
            if time.time() - left.stat().st_mtime > _LEFT_AFTER:
                left.unlink()


def _copy_pages(
    source: sqlite3.Connection,
    aside: Path,
    between: Callable[[], None] | None,
    on_progress: Callable[[float], None] | None,
    stop: Callable[[], bool] | None,
) -> None:
    least = 1 << 60
    restarts = 0

    def slice_done(status: int, remaining: int, total: int) -> None:
        nonlocal least, restarts
        if stop is not None and stop():
            raise CopyStopped("The backup was stopped; nothing of it was kept.")
        restarts += remaining > least
        least = remaining
        if restarts > _RESTARTS:
            raise StoreError("Another program keeps writing to the corpus.", hint="Back up when it is done.")
        if on_progress is not None and total:
            on_progress(1 - remaining / total)
        if between is not None:
            between()

    if not aside.absolute().parent.is_dir():
        raise StoreError(f"There is no folder {aside.absolute().parent}.", hint="Create it first.")
    target = sqlite3.connect(aside, isolation_level=None, check_same_thread=False)
    try:
        target.execute("PRAGMA journal_mode = OFF")
        target.execute("PRAGMA synchronous = OFF")
        source.backup(target, pages=PAGES, progress=slice_done, sleep=0.001)
    finally:
        target.close()


def check(path: Path, *, between: Callable[[], None] | None = None, stop: Callable[[], bool] | None = None) -> None:
    """Run SQLite's quick check on a file that nobody else uses; raises CorruptError."""

    def breathe() -> int:
        if between is not None:
            between()
        return int(stop is not None and stop())

    db = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True, isolation_level=None)
    try:
        db.set_progress_handler(breathe, _CHECK_EVERY)
        answers = [row[0] for row in db.execute("PRAGMA quick_check")]
    except sqlite3.OperationalError as error:
        if getattr(error, "sqlite_errorcode", 0) == sqlite3.SQLITE_INTERRUPT:
            raise CopyStopped("The backup was stopped; nothing of it was kept.") from None
        raise
    finally:
        db.close()
    if answers != ["ok"]:
        raise CorruptError(f"{path.name} did not pass its check: {answers[0]}.", hint="Try again, or check the disk.")

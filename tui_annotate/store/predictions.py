"""A run's predictions, in a small SQLite file of its own folder: they can be made again, so no corpus holds them."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Sequence
from pathlib import Path

from tui_annotate.domain.annotations import Suggestion
from tui_annotate.store import rows, trouble
from tui_annotate.store.files import sweep, sync_folder

FILE_NAME = "predictions.db"
_decode = rows.decoder(list[Suggestion])


def write_predictions(folder: Path, found: Iterable[tuple[int, list[Suggestion]]]) -> int:
    """Write predictions by document, replacing the file; return for how many documents."""
    aside = folder / f".{FILE_NAME}.{os.getpid()}.new"
    sweep(folder, f".{FILE_NAME}.*.new")
    aside.unlink(missing_ok=True)
    try:
        db = sqlite3.connect(aside, isolation_level=None)
        try:
            db.execute("PRAGMA journal_mode = OFF")
            db.execute("CREATE TABLE prediction (document INTEGER PRIMARY KEY, body TEXT NOT NULL) STRICT")
            db.execute("BEGIN")
            db.executemany(
                "INSERT OR REPLACE INTO prediction VALUES (?, ?)",
                ((id, rows.encode(suggestions)) for id, suggestions in found),
            )
            db.execute("COMMIT")
            (count,) = db.execute("SELECT count(*) FROM prediction").fetchone()
        finally:
            db.close()
    except sqlite3.Error as error:
        aside.unlink(missing_ok=True)
        raise trouble.translate(error, folder / FILE_NAME) from error
    aside.replace(folder / FILE_NAME)
    sync_folder(folder)
    return int(count)


def predictions(folder: Path, documents: Sequence[int]) -> dict[int, list[Suggestion]]:
    """Return what a run predicts for documents; empty for those it has not seen, or when the file is gone."""
    path = folder / FILE_NAME
    if not path.exists():
        return {}
    sql = "SELECT document, body FROM prediction WHERE document IN (SELECT value FROM json_each(?))"
    try:
        db = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
        try:
            return {id: _decode(body) for id, body in db.execute(sql, (rows.encode(list(documents)),))}
        finally:
            db.close()
    except (sqlite3.Error, UnicodeError) as error:
        raise trouble.translate(error, path) from error

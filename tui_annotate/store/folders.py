"""Folders: the tree that documents lie in, with a number for each that never changes.

A document knows its folder by its path. Which folders there are, empty ones too, and their numbers, is kept beside
the settings; a folder that only documents know joins when somebody asks for all of them.
"""

from __future__ import annotations

import sqlite3
import time

from tui_annotate.store import rows
from tui_annotate.store.connection import Corpus

_NAME = "folders"
_AT_ONCE = 500
_PAUSE = 0.01
_decode = rows.decoder(dict[str, int])


def known(corpus: Corpus) -> dict[str, int]:
    """Return the numbers of the folders that were met so far, by path; the pool itself is `` with 0."""
    with corpus.reading() as db:
        return _known(db)


def every(corpus: Corpus) -> dict[str, int]:
    """Return all folders with their numbers, by path; looks at every document."""
    with corpus.reading() as db:
        used = {path for (path,) in db.execute("SELECT DISTINCT folder FROM document")}
        held = _known(db)
    if used <= held.keys() or corpus.readonly:
        return held
    return add(corpus, *used)


def add(corpus: Corpus, *paths: str) -> dict[str, int]:
    """Make folders, with those above them, and return all that are known."""
    with corpus.transaction() as db:
        held = _known(db)
        for path in sorted(paths):
            pieces = path.split("/") if path else []
            for depth in range(1, len(pieces) + 1):
                held.setdefault("/".join(pieces[:depth]), max(held.values()) + 1)
        _keep(db, held)
    return held


def rename(corpus: Corpus, path: str, new: str) -> int:
    """Give a folder another path, with all below it; return how many documents went along."""
    with corpus.transaction() as db:
        held = _known(db)
        _keep(db, {_moved(one, path, new): number for one, number in held.items()})
    moved = 0
    while True:
        with corpus.transaction() as db:
            found = db.execute(
                "SELECT id, folder FROM document WHERE folder = ?1 OR substr(folder, 1, length(?1) + 1) = ?1 || '/'"
                " LIMIT ?2",
                (path, _AT_ONCE),
            ).fetchall()
            db.executemany(
                "UPDATE document SET folder = ? WHERE id = ?", [(_moved(folder, path, new), id) for id, folder in found]
            )
        moved += len(found)
        if len(found) < _AT_ONCE:
            return moved
        time.sleep(_PAUSE)


def documents(corpus: Corpus, path: str) -> list[int]:
    """Return the documents in a folder and below it, in file order."""
    sql = "SELECT id FROM document WHERE folder = ?1 OR substr(folder, 1, length(?1) + 1) = ?1 || '/' ORDER BY id"
    with corpus.reading() as db:
        return [id for (id,) in db.execute(sql, (path,))]


def forget(corpus: Corpus, path: str) -> None:
    """Take a folder, and all below it, off the list; its documents are not touched."""
    with corpus.transaction() as db:
        _keep(db, {one: n for one, n in _known(db).items() if one != path and not one.startswith(f"{path}/")})


def _moved(folder: str, path: str, new: str) -> str:
    return new + folder[len(path) :] if folder == path or folder.startswith(f"{path}/") else folder


def _known(db: sqlite3.Connection) -> dict[str, int]:
    found = db.execute("SELECT value FROM setting WHERE name = ?", (_NAME,)).fetchone()
    return _decode(found[0]) if found else {"": 0}


def _keep(db: sqlite3.Connection, held: dict[str, int]) -> None:
    db.execute(
        "INSERT INTO setting(name, value) VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value",
        (_NAME, rows.encode(held)),
    )

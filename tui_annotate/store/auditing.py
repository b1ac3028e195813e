"""An audit: so many documents drawn at random are shown next and held out, beside the share that is held out anyway.

It is one number in the settings: how many held-out documents there are to be before others come again.
"""

from __future__ import annotations

import sqlite3

from tui_annotate.domain.selection import TEST_TAG
from tui_annotate.errors import NothingToDoError
from tui_annotate.store import drawing
from tui_annotate.store.connection import Corpus
from tui_annotate.store.listing import tags_of

_NAME = "audit_until"
_ATTEMPTS = 20
"""Rows tried for each document wanted, before those that are left are gone through."""


def until(db: sqlite3.Connection) -> int:
    """Return how many held-out documents are to be shown before others come again, inside a transaction."""
    found = db.execute("SELECT CAST(value AS INTEGER) FROM setting WHERE name = ?", (_NAME,)).fetchone()
    return int(found[0]) if found else 0


def ask(corpus: Corpus, count: int, *, seed: int) -> int:
    """Have so many random documents come next, held out; return how many come.

    Those that are to be held out anyway are taken first; where they do not suffice, pending
    documents are drawn.

    Raises:
        NothingToDoError: No document is left to draw.
    """
    with corpus.transaction() as db:
        (shown,) = db.execute("SELECT holdout_confirmed + holdout_skipped FROM counter").fetchone()
        sql = "SELECT count(*) FROM (SELECT 1 FROM document WHERE state = 0 AND holdout = 1 LIMIT ?)"
        (waiting,) = db.execute(sql, (count,)).fetchone()
        drawn = _drawn(db, count - waiting, seed=seed, turn=shown)
        db.executemany("UPDATE document SET holdout = 1 WHERE id = ?", [(id,) for id in drawn])
        coming = waiting + len(drawn)
        if not coming:
            raise NothingToDoError("No pending document is left to draw for an audit.")
        db.execute(
            "INSERT INTO setting(name, value) VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value",
            (_NAME, str(shown + coming)),
        )
    return int(coming)


def withdraw(corpus: Corpus, *, seed: int, share: float) -> int:
    """Take back what is left of an audit; return how many documents it was.

    Pending documents are held out again as they would be without it. What was decided stays held out.
    """
    with corpus.transaction() as db:
        (shown,) = db.execute("SELECT holdout_confirmed + holdout_skipped FROM counter").fetchone()
        left = max(0, until(db) - shown)
        db.execute("DELETE FROM setting WHERE name = ?", (_NAME,))
    if left:
        drawing.draw_again(corpus, seed=seed, share=share)
    return int(left)


def _drawn(db: sqlite3.Connection, count: int, *, seed: int, turn: int) -> list[int]:
    """Return pending documents at random that are neither held out nor a fixed test."""
    if count <= 0:
        return []
    (top,) = db.execute("SELECT coalesce(max(id), 0) FROM document").fetchone()
    tried = [drawing.draw_row(seed=seed, turn=turn, attempt=i, top=top) for i in range(_ATTEMPTS * count if top else 0)]
    found = _usable(db, list(dict.fromkeys(tried)))[:count]
    if len(found) < count:
        rest = [id for (id,) in db.execute("SELECT id FROM document WHERE state = 0 AND holdout = 0 ORDER BY id")]
        known = set(found)
        found += [id for id in _usable(db, rest) if id not in known][: count - len(found)]
    return found


def _usable(db: sqlite3.Connection, ids: list[int]) -> list[int]:
    found: list[int] = []
    for begin in range(0, len(ids), 500):
        some = ids[begin : begin + 500]
        marks = ",".join("?" * len(some))
        sql = f"SELECT id FROM document WHERE state = 0 AND holdout = 0 AND id IN ({marks})"
        pending = {id for (id,) in db.execute(sql, some)}
        tags = tags_of(db, sorted(pending))
        found += [id for id in some if id in pending and TEST_TAG not in tags.get(id, ())]
    return found

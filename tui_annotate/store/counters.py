"""Kept counts: how far the corpus is, without counting."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from tui_annotate.domain.documents import DocumentState
from tui_annotate.store.connection import Corpus

_COLUMNS = {
    DocumentState.IN_PROGRESS: "in_progress",
    DocumentState.SKIPPED: "skipped",
    DocumentState.CONFIRMED: "confirmed",
}
_CAP = 10_000


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a corpus is, in documents."""

    total: int
    confirmed: int
    skipped: int
    in_progress: int
    holdout_confirmed: int
    sequence: int
    """Of the newest decision; changes with every one, whoever makes it."""
    given: int = 0
    """Of the confirmed: how many came confirmed with an import."""

    @property
    def pending(self) -> int:
        """Return how many nobody has touched."""
        return self.total - self.confirmed - self.skipped - self.in_progress


def progress(corpus: Corpus) -> Progress:
    """Return the counts as they are kept."""
    with corpus.reading() as db:
        found = db.execute(
            "SELECT total, confirmed, skipped, in_progress, holdout_confirmed,"
            " (SELECT coalesce(max(sequence), 0) FROM decision), given FROM counter"
        ).fetchone()
    return Progress(*found)


def confirmed_since_training(corpus: Corpus) -> int:
    """Return how many versions were confirmed since the newest finished training read its data, up to 10,000.

    Without one: how many documents are confirmed at all, imported ones too.
    """
    with corpus.reading() as db:
        (sequence,) = db.execute("SELECT max(sequence) FROM run WHERE state = 'finished'").fetchone()
        if sequence is not None:
            return _confirmed_after(db, sequence)
    return progress(corpus).confirmed


def _confirmed_after(db: sqlite3.Connection, sequence: int) -> int:
    sql = "SELECT count(*) FROM (SELECT 1 FROM version WHERE confirmed > ? LIMIT ?)"
    (count,) = db.execute(sql, (sequence, _CAP)).fetchone()
    return int(count)


def move(db: sqlite3.Connection, before: int, after: int, *, holdout: int) -> None:
    """Count a document in its new state instead of its old one; inside a transaction."""
    steps: dict[str, int] = {}
    for state, step in ((before, -1), (after, 1)):
        column = _COLUMNS.get(DocumentState(state))
        if column is None:
            continue
        steps[column] = step
        if holdout and column != "in_progress":
            steps[f"holdout_{column}"] = step
    if steps:
        db.execute(
            f"UPDATE counter SET {', '.join(f'{column} = {column} + ({step})' for column, step in steps.items())}"
        )


def count(db: sqlite3.Connection, ids: str | None = None) -> dict[str, int]:
    """Count anew what is kept, by column; reads every document, or those of a JSON list of row ids."""
    found = db.execute(
        "SELECT count(*), coalesce(sum(state = 1), 0), coalesce(sum(state = 2), 0), coalesce(sum(state = 3), 0),"
        " coalesce(sum(given), 0), coalesce(sum(state = 2 AND holdout), 0), coalesce(sum(state = 3 AND holdout), 0)"
        f" FROM document{'' if ids is None else ' WHERE id IN (SELECT value FROM json_each(?))'}",
        () if ids is None else (ids,),
    ).fetchone()
    names = ("total", "in_progress", "skipped", "confirmed", "given", "holdout_skipped", "holdout_confirmed")
    return dict(zip(names, found, strict=True))


def kept(db: sqlite3.Connection) -> dict[str, int]:
    """Return what is kept, by column."""
    cursor = db.execute(
        "SELECT total, in_progress, skipped, confirmed, given, holdout_skipped, holdout_confirmed FROM counter"
    )
    return dict(zip((column[0] for column in cursor.description), cursor.fetchone(), strict=True))


def take_away(db: sqlite3.Connection, ids: str) -> None:
    """Count documents no longer, a JSON list of row ids, before they are deleted; inside a transaction."""
    counted = count(db, ids)
    db.execute(f"UPDATE counter SET {', '.join(f'{name} = {name} - ?' for name in counted)}", tuple(counted.values()))


def recount(db: sqlite3.Connection) -> None:
    """Keep what is counted anew; inside a transaction."""
    counted = count(db)
    db.execute(f"UPDATE counter SET {', '.join(f'{name} = ?' for name in counted)}", tuple(counted.values()))


def wrong(corpus: Corpus) -> list[str]:
    """Return where the kept counts are not what counting gives."""
    with corpus.reading() as db:
        counted, held = count(db), kept(db)
    return [f"counter {n}: {held[n]} is kept, {counted[n]} counted" for n in counted if counted[n] != held[n]]

"""Kept counts: how far the corpus is, without counting."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from tui_annotate.domain.documents import DocumentState
from tui_annotate.errors import UsageError
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


def confirmed_since(corpus: Corpus, run_name: str | None) -> int:
    """Return how many versions were confirmed since a run read its data, counted up to 10,000.

    Without a run: how many documents are confirmed at all, imported ones too.
    """
    if run_name is None:
        return progress(corpus).confirmed
    with corpus.reading() as db:
        found = db.execute("SELECT sequence FROM run WHERE name = ?", (run_name,)).fetchone()
        if found is None:
            raise UsageError(f"There is no run {run_name}.")
        (count,) = db.execute(
            "SELECT count(*) FROM (SELECT 1 FROM version WHERE confirmed > ? LIMIT ?)", (found[0], _CAP)
        ).fetchone()
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


def count(db: sqlite3.Connection) -> dict[str, int]:
    """Count anew what is kept, by column; reads every document."""
    found = db.execute(
        "SELECT count(*), coalesce(sum(state = 1), 0), coalesce(sum(state = 2), 0), coalesce(sum(state = 3), 0),"
        " coalesce(sum(given), 0), coalesce(sum(state = 2 AND holdout), 0), coalesce(sum(state = 3 AND holdout), 0)"
        " FROM document"
    ).fetchone()
    names = ("total", "in_progress", "skipped", "confirmed", "given", "holdout_skipped", "holdout_confirmed")
    return dict(zip(names, found, strict=True))


def kept(db: sqlite3.Connection) -> dict[str, int]:
    """Return what is kept, by column."""
    cursor = db.execute(
        "SELECT total, in_progress, skipped, confirmed, given, holdout_skipped, holdout_confirmed FROM counter"
    )
    return dict(zip((column[0] for column in cursor.description), cursor.fetchone(), strict=True))

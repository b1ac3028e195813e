"""The queue: which document comes next. Stored rows, so that the answer is a lookup in a corpus of any size.

It holds what somebody asked for first (found by a search), then what the learner picked, or what patterns match as
long as nothing is learned.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from tui_annotate.store import rows
from tui_annotate.store.choosing import ASKED, PATTERNS, Chooser, NextDocument
from tui_annotate.store.connection import Corpus
from tui_annotate.store.settings import Settings

__all__ = [
    "ASKED",
    "LENGTH",
    "MOST_ASKED",
    "PATTERNS",
    "Asked",
    "NextDocument",
    "QueueEntry",
    "append",
    "ask_for",
    "entries",
    "following",
    "forget_asked",
    "replace",
    "searched",
]

LENGTH = 500
"""Entries a learner may store."""
MOST_ASKED = 5_000
"""Documents that may be asked for at once."""


@dataclass(frozen=True, slots=True)
class QueueEntry:
    """A document that the learner asks for; entries come best first."""

    document: int
    score: float
    """What acquisition gave it; higher means ask sooner."""
    reason: str
    """For the annotator: `least certain of the next 50 (0.62)`."""
    task: str = ""


@dataclass(frozen=True, slots=True)
class Asked:
    """What became of documents that somebody asked for."""

    queued: int
    held_out: int
    """Left out, since they are to stay a test that nobody picked."""
    done: int
    """Left out, since somebody worked on them already."""
    too_many: int
    """Left out, since there are more than can be asked for at once."""

    def __str__(self) -> str:
        queued = f"{self.queued:,} document{'s come' if self.queued != 1 else ' comes'} next"
        rest = (
            (self.done, "done or begun already"),
            (self.held_out, "held out as a test, which nobody may pick"),
            (self.too_many, f"more than the {MOST_ASKED:,} that can be asked for at once"),
        )
        return "; ".join([queued, *(f"{number:,} {why}" for number, why in rest if number)]) + "."


def searched(text: str) -> str:
    """Return the reason of documents that a search found."""
    return f"you searched for “{text if len(text) <= 30 else text[:29] + '…'}”"


def replace(corpus: Corpus, entries: Sequence[QueueEntry], *, run: str) -> int:
    """Store the best 500 in place of what was queued; return how many were usable.

    What somebody asked for stays, and stays first. Left out: documents that are not pending any more, holdout
    documents, those that do not exist or are queued already.
    """
    with corpus.transaction() as db:
        db.execute("DELETE FROM queue WHERE run <> ?", (ASKED,))
        return len(_append(db, entries, run, LENGTH))


def append(corpus: Corpus, entries: Sequence[QueueEntry], *, run: str) -> int:
    """Store entries behind what is queued, 500 at most; return how many were usable."""
    with corpus.transaction() as db:
        return len(_append(db, entries, run, LENGTH))


def ask_for(corpus: Corpus, documents: Sequence[int], *, reason: str) -> Asked:
    """Put documents before all others, in this order, with what was asked for before behind them."""
    wanted = list(dict.fromkeys(documents))
    few = wanted[:MOST_ASKED]
    with corpus.transaction() as db:
        before = db.execute("SELECT document, score, reason, task, run FROM queue ORDER BY rank").fetchall()
        sql = (
            "SELECT state > 0, count(*) FROM document"
            " WHERE id IN (SELECT value FROM json_each(?)) AND (state > 0 OR holdout) GROUP BY 1"
        )
        left_out = dict(db.execute(sql, (rows.encode(few),)).fetchall())
        db.execute("DELETE FROM queue")
        queued = _append(db, [QueueEntry(id, 1.0, reason) for id in few], ASKED, MOST_ASKED)
        following = [row for row in before if row[0] not in queued]
        for run in dict.fromkeys((ASKED, *(row[4] for row in following))):
            _append(db, [QueueEntry(*row[:4]) for row in following if row[4] == run], run, MOST_ASKED)
    return Asked(len(queued), left_out.get(0, 0), left_out.get(1, 0), len(wanted) - len(few))


def forget_asked(corpus: Corpus) -> int:
    """Take what somebody asked for out of the queue; return how many documents it was."""
    with corpus.transaction() as db:
        return db.execute("DELETE FROM queue WHERE run = ?", (ASKED,)).rowcount


def entries(corpus: Corpus) -> list[QueueEntry]:
    """Return what is queued, best first."""
    with corpus.reading() as db:
        return [QueueEntry(*row) for row in db.execute("SELECT document, score, reason, task FROM queue ORDER BY rank")]


def following(
    corpus: Corpus, annotator: str, *, n: int = 1, exclude: Collection[int] = (), settings: Settings
) -> list[NextDocument]:
    """Return the next documents, at most `n`.

    What somebody asked for; a holdout document as often as the share asks for; a skipped document when enough
    others were confirmed since; else the queue by rank, with random documents mixed in; else a pending document
    at random, or in the order that is set. When nothing is pending: unfinished documents, this annotator's first,
    then skipped ones.

    Args:
        exclude: Documents not to return: the one on screen, and those returned before. Pending ones of
            them count as shown.
    """
    with corpus.reading() as db:
        return Chooser(db, annotator, set(exclude), n, settings).choose()


def _append(db: sqlite3.Connection, entries: Sequence[QueueEntry], run: str, most: int) -> set[int]:
    """Store the usable ones of some entries behind all others; return their documents."""
    ids = rows.encode([entry.document for entry in entries])
    sql = (
        "SELECT id FROM document WHERE id IN (SELECT value FROM json_each(?)) AND state = 0 AND holdout = 0"
        " AND id NOT IN (SELECT document FROM queue)"
    )
    usable = {id for (id,) in db.execute(sql, (ids,))}
    first = {entry.document: entry for entry in reversed(entries) if entry.document in usable}
    kept = [entry for entry in entries if first.get(entry.document) is entry][:most]
    (last,) = db.execute("SELECT coalesce(max(rank), 0) FROM queue").fetchone()
    db.executemany(
        "INSERT INTO queue(rank, document, score, reason, task, run) VALUES (?, ?, ?, ?, ?, ?)",
        [(rank, e.document, e.score, e.reason, e.task, run) for rank, e in enumerate(kept, start=last + 1)],
    )
    return {entry.document for entry in kept}

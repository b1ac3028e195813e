"""The queue: which document comes next. Stored rows, so that the answer is a lookup in a corpus of any size."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from tui_annotate.store import drawing, rows
from tui_annotate.store.connection import Corpus
from tui_annotate.store.settings import Settings

LENGTH = 500
"""Entries a learner may store."""
_ATTEMPTS = 60


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
class NextDocument:
    """A document to show next, and why."""

    document: int
    reason: str
    score: float | None
    holdout: bool


def replace(corpus: Corpus, entries: Sequence[QueueEntry], *, run: str) -> int:
    """Store the best 500 in place of what was queued; return how many were usable.

    Left out: documents that are not pending any more, holdout documents, those that do not exist.
    """
    with corpus.transaction() as db:
        ids = rows.encode([entry.document for entry in entries])
        usable = {
            id
            for (id,) in db.execute(
                "SELECT id FROM document WHERE id IN (SELECT value FROM json_each(?)) AND state = 0 AND holdout = 0",
                (ids,),
            )
        }
        first = {entry.document: entry for entry in reversed(entries) if entry.document in usable}
        kept = [entry for entry in entries if first.get(entry.document) is entry][:LENGTH]
        db.execute("DELETE FROM queue")
        db.executemany(
            "INSERT INTO queue(rank, document, score, reason, task, run) VALUES (?, ?, ?, ?, ?, ?)",
            [(rank, e.document, e.score, e.reason, e.task, run) for rank, e in enumerate(kept, start=1)],
        )
    return len(kept)


def entries(corpus: Corpus) -> list[QueueEntry]:
    """Return what is queued, best first."""
    with corpus.reading() as db:
        return [QueueEntry(*row) for row in db.execute("SELECT document, score, reason, task FROM queue ORDER BY rank")]


def following(
    corpus: Corpus, annotator: str, *, n: int = 1, exclude: Collection[int] = (), settings: Settings
) -> list[NextDocument]:
    """Return the next documents, at most `n`.

    A holdout document as often as the share asks for; else the queue by rank; else a pending document at
    random, or in file order when so set. When nothing is pending: unfinished documents, this
    annotator's first, then skipped ones.

    Args:
        exclude: Documents not to return: the one on screen, and those returned before. Pending ones of
            them count as shown.
    """
    with corpus.reading() as db:
        chooser = _Chooser(db, annotator, set(exclude), n, settings)
        chooser.take_in_file_order() if settings.order == "file" else chooser.take_with_holdout()
        chooser.take_left_overs()
        return chooser.taken


class _Chooser:
    """Asks the sources of documents in turn, each for no more rows than can be needed."""

    def __init__(self, db: sqlite3.Connection, annotator: str, exclude: set[int], n: int, settings: Settings) -> None:
        self.db = db
        self.annotator = annotator
        self.exclude = exclude
        self.n = n
        self.settings = settings
        self.taken: list[NextDocument] = []
        under_way, held_out_under_way, open_ones = db.execute(
            "SELECT coalesce(sum(state < 2), 0), coalesce(sum(state < 2 AND holdout), 0), count(*) FROM document"
            " WHERE id IN (SELECT value FROM json_each(?)) AND state < 3",
            (rows.encode(sorted(exclude)),),
        ).fetchone()
        shown, held_out = db.execute(
            "SELECT max(confirmed + skipped - given, 0), holdout_confirmed + holdout_skipped FROM counter"
        ).fetchone()
        self.shown: int = shown + under_way
        """Documents shown so far, those on their way included."""
        self.held_out: int = held_out + held_out_under_way
        """How many of those are of the holdout."""
        self.limit: int = n + open_ones
        """A source with more rows than this has one that is not excluded."""
        (self.top,) = db.execute("SELECT coalesce(max(id), 0) FROM document").fetchone()

    def take_in_file_order(self) -> None:
        """Take pending documents by row, holdout documents where they lie."""
        sql = "SELECT id, holdout FROM document WHERE state = 0 AND holdout = ? ORDER BY id LIMIT ?"
        found = sorted(row for mark in (0, 1) for row in self._rows(sql, mark, self.limit))
        self._take(NextDocument(id, "next in file order", None, bool(mark)) for id, mark in found)

    def take_with_holdout(self) -> None:
        """Take from the queue or at random, and as often as the share asks from the holdout."""
        share = self.settings.holdout_share
        asked = iter(self.asked_for() if self.settings.order == "informative" else [])
        while len(self.taken) < self.n:
            due = share * (self.shown + 1) - self.held_out >= 0.5
            found = self.at_random(holdout=True) if due else None
            found = found or next((f for f in asked if f.document not in self.exclude), None)
            found = found or self.at_random(holdout=False) or (self.at_random(holdout=True) if share else None)
            if found is None:
                return
            self._take([found])

    def take_left_overs(self) -> None:
        """Take what was begun, then what was skipped, when nothing is pending."""
        for source in (self.unfinished, self.skipped):
            if len(self.taken) < self.n:
                self._take(source())

    def asked_for(self) -> Iterator[NextDocument]:
        """Yield the queue, as far as it still holds."""
        sql = (
            "SELECT q.document, q.reason, q.score FROM queue q CROSS JOIN document d ON d.id = q.document"
            " WHERE d.state = 0 AND d.holdout = 0 ORDER BY q.rank LIMIT ?"
        )
        for id, reason, score in self._rows(sql, self.limit):
            yield NextDocument(id, reason, score, False)

    def at_random(self, *, holdout: bool) -> NextDocument | None:
        """Draw a pending document: by trying rows, and where few are pending by the next one behind a row."""
        reason = "held out as a test of the model" if holdout else "drawn at random"
        for attempt in range(_ATTEMPTS if self.top else 0):
            row = drawing.draw_row(seed=self.settings.seed, turn=self.shown, attempt=attempt, top=self.top)
            sql = "SELECT 1 FROM document WHERE id = ? AND state = 0 AND holdout = ?"
            if row not in self.exclude and self._rows(sql, row, holdout):
                return NextDocument(row, reason, None, holdout)
        sql = "SELECT id FROM document WHERE state = 0 AND holdout = ? AND id {} ? ORDER BY id LIMIT ?"
        start = drawing.draw_row(seed=self.settings.seed, turn=self.shown, attempt=_ATTEMPTS, top=max(self.top, 1))
        for way in (">=", "<"):
            for (row,) in self._rows(sql.format(way), holdout, start, self.limit + len(self.taken)):
                if row not in self.exclude:
                    return NextDocument(row, reason, None, holdout)
        return None

    def unfinished(self) -> Iterator[NextDocument]:
        """Yield documents that somebody began, this annotator's own first."""
        sql = (
            "SELECT d.id, d.holdout FROM document d WHERE d.state = 1 ORDER BY NOT EXISTS"
            " (SELECT 1 FROM version v JOIN annotator a ON a.id = v.annotator"
            " WHERE v.document = d.id AND v.state = 1 AND a.name = ?), d.id LIMIT ?"
        )
        for id, holdout in self._rows(sql, self.annotator, self.limit):
            yield NextDocument(id, "begun, not confirmed", None, bool(holdout))

    def skipped(self) -> Iterator[NextDocument]:
        """Yield skipped documents, those skipped longest ago first."""
        sql = "SELECT id, holdout FROM document WHERE state = 2 ORDER BY changed LIMIT ?"
        for id, holdout in self._rows(sql, self.limit):
            yield NextDocument(id, "skipped before", None, bool(holdout))

    def _take(self, source: Iterable[NextDocument]) -> None:
        for found in source:
            if len(self.taken) >= self.n:
                return
            if found.document not in self.exclude:
                self.exclude.add(found.document)
                self.taken.append(found)
                self.shown += 1
                self.held_out += found.holdout

    def _rows(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        return self.db.execute(sql, values).fetchall()

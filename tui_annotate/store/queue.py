"""The queue: which document comes next. Stored rows, so that the answer is a lookup in a corpus of any size."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from tui_annotate.store import rows
from tui_annotate.store.connection import Corpus
from tui_annotate.store.settings import Settings

LENGTH = 500
"""Entries a learner may store."""


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


def remove(corpus: Corpus, documents: Collection[int]) -> None:
    """Take documents off the queue."""
    with corpus.transaction() as db:
        db.executemany("DELETE FROM queue WHERE document = ?", [(id,) for id in documents])


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
        chooser = _Chooser(db, annotator, set(exclude), n)
        if settings.order == "file":
            return chooser.take(n, [chooser.in_file_order()])
        asked = chooser.asked_for() if settings.order == "informative" else iter(())
        pool = _chain(asked, chooser.at_random())
        return chooser.take_with_holdout(n, pool, settings.holdout_share)


class _Chooser:
    """Asks the sources of documents in turn, each for no more rows than can be needed."""

    def __init__(self, db: sqlite3.Connection, annotator: str, exclude: set[int], n: int) -> None:
        self.db = db
        self.annotator = annotator
        self.exclude = exclude
        self.under_way, self.held_out_under_way, open_ones = db.execute(
            "SELECT coalesce(sum(state < 2), 0), coalesce(sum(state < 2 AND holdout), 0), count(*) FROM document"
            " WHERE id IN (SELECT value FROM json_each(?)) AND state < 3",
            (rows.encode(sorted(exclude)),),
        ).fetchone()
        self.limit: int = n + open_ones
        """A source with more rows than this has one that is not excluded."""

    def take(self, n: int, sources: Iterable[Iterator[NextDocument]]) -> list[NextDocument]:
        """Take from the sources in turn, then what was begun or skipped."""
        taken: list[NextDocument] = []
        if n <= 0:
            return taken
        for found in _chain(*sources, self.unfinished(), self.skipped()):
            if len(taken) >= n:
                break
            if found.document not in self.exclude:
                self.exclude.add(found.document)
                taken.append(found)
        return taken

    def take_with_holdout(self, n: int, pool: Iterator[NextDocument], share: float) -> list[NextDocument]:
        """Take from the pool, and as often as `share` asks from the holdout."""
        shown, held_out = self._shown()
        drawn = self.held_out()
        taken: list[NextDocument] = []
        while len(taken) < n:
            due = share * (shown + 1) - held_out >= 0.5
            found = (self._first(drawn) if due else None) or self._first(pool)
            if found is None:
                found = self._first(drawn) if share else None
            if found is None:
                break
            taken.append(found)
            shown += 1
            held_out += found.holdout
        return taken + self.take(n - len(taken), [])

    def asked_for(self) -> Iterator[NextDocument]:
        """Yield the queue, as far as it still holds."""
        sql = (
            "SELECT q.document, q.reason, q.score FROM queue q CROSS JOIN document d ON d.id = q.document"
            " WHERE d.state = 0 AND d.holdout = 0 ORDER BY q.rank LIMIT ?"
        )
        for id, reason, score in self._rows(sql, self.limit):
            yield NextDocument(id, reason, score, False)

    def at_random(self) -> Iterator[NextDocument]:
        """Yield pending documents in the order that was drawn."""
        sql = "SELECT id FROM document WHERE state = 0 AND holdout = 0 ORDER BY shuffle, id LIMIT ?"
        for (id,) in self._rows(sql, self.limit):
            yield NextDocument(id, "drawn at random", None, False)

    def held_out(self) -> Iterator[NextDocument]:
        """Yield pending holdout documents in the order that was drawn."""
        sql = "SELECT id FROM document WHERE state = 0 AND holdout = 1 ORDER BY shuffle, id LIMIT ?"
        for (id,) in self._rows(sql, self.limit):
            yield NextDocument(id, "held out as a test of the model", None, True)

    def in_file_order(self) -> Iterator[NextDocument]:
        """Yield pending documents by row, holdout documents where they lie."""
        sql = "SELECT id, holdout FROM document WHERE state = 0 AND holdout = ? ORDER BY id LIMIT ?"
        found = sorted(row for mark in (0, 1) for row in self._rows(sql, mark, self.limit))
        for id, holdout in found:
            yield NextDocument(id, "next in file order", None, bool(holdout))

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

    def _shown(self) -> tuple[int, int]:
        """Return how many documents were shown so far, and how many of them were held out."""
        shown, held_out = self.db.execute(
            "SELECT max(confirmed + skipped - given, 0), holdout_confirmed + holdout_skipped FROM counter"
        ).fetchone()
        return shown + self.under_way, held_out + self.held_out_under_way

    def _rows(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        return self.db.execute(sql, values).fetchall()

    def _first(self, source: Iterator[NextDocument]) -> NextDocument | None:
        for found in source:
            if found.document not in self.exclude:
                self.exclude.add(found.document)
                return found
        return None


def _chain(*sources: Iterator[NextDocument]) -> Iterator[NextDocument]:
    for source in sources:
        yield from source

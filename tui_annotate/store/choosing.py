"""Choosing: asks the sources of documents in turn, each for no more rows than can be needed.

Who comes follows from what is stored and from how many documents were shown, so looking ahead and going on one by
one say the same.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from tui_annotate.store import auditing, drawing, rows
from tui_annotate.store.settings import Settings

ASKED = "asked"
"""In place of a run: somebody asked for the document."""
PATTERNS = "patterns"
"""In place of a run: the document matches a pattern."""
_ATTEMPTS = 60
_SKIP_PAUSE = 10
"""Confirmations after which a document that was skipped once comes again; N where that is more; each time twice as
many."""
_MOST_SKIPPED = 5_000
"""Skipped documents among which the next to come again is looked for; where there are more, they come at the end."""
_IN_ORDER = {
    "file": ("next in file order", "ASC"),
    "oldest": ("imported first of those left", "ASC"),
    "newest": ("imported last of those left", "DESC"),
}
_MIXED_IN = "drawn at random (keeps the figures honest)"
_HELD_OUT = "held out as a test of the model"
_BESIDE = "drawn at random, beside what matches patterns"
_SKIPPED = "skipped before"
_AUDIT = "drawn at random for an audit of the model"


@dataclass(frozen=True, slots=True)
class NextDocument:
    """A document to show next, and why."""

    document: int
    reason: str
    score: float | None
    holdout: bool


class Chooser:
    """One look at what comes next."""

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
        shown, held_out, self.skipped_ones = db.execute(
            "SELECT max(confirmed + skipped - given, 0), holdout_confirmed + holdout_skipped, skipped FROM counter"
        ).fetchone()
        self.shown: int = shown + under_way
        """Documents shown so far, those on their way included."""
        self.held_out: int = held_out + held_out_under_way
        """How many of those are of the holdout."""
        self.limit: int = n + open_ones
        """A source with more rows than this has one that is not excluded."""
        (self.top,) = db.execute("SELECT coalesce(max(id), 0) FROM document").fetchone()
        self.audit = auditing.until(db)

    def choose(self) -> list[NextDocument]:
        """Return the next documents."""
        self._take(self.audited())
        if self.settings.order in _IN_ORDER:
            self._take(found for found, _ in self.queued((ASKED,)))
            self._take(self.come_again(), again=True)
            self._take(self.in_order(*_IN_ORDER[self.settings.order]))
        else:
            self.take_with_holdout()
        for source in (self.unfinished, self.skipped):
            if len(self.taken) < self.n:
                self._take(source(), again=True)
        return self.taken

    def audited(self) -> Iterator[NextDocument]:
        """Yield held-out documents for as long as an audit asks for more of them."""
        while self.held_out < self.audit:
            found = self.at_random(_AUDIT, holdout=True)
            if found is None:
                return
            yield found

    def in_order(self, reason: str, way: str) -> Iterator[NextDocument]:
        """Yield pending documents by row, holdout documents where they lie."""
        sql = f"SELECT id, holdout FROM document WHERE state = 0 AND holdout = ? ORDER BY id {way} LIMIT ?"
        found = sorted((row for mark in (0, 1) for row in self._rows(sql, mark, self.limit)), reverse=way == "DESC")
        for id, mark in found:
            yield NextDocument(id, reason, None, bool(mark))

    def take_with_holdout(self) -> None:
        """Take what was asked for, from the queue or at random, and as often as the share asks from the holdout."""
        share = self.settings.holdout_share
        asked = self.queued((ASKED,))
        picked = self.queued(()) if self.settings.order == "informative" else iter(())
        self._take(self.come_again(), again=True)
        waiting = next(picked, None)
        while len(self.taken) < self.n:
            due = share * (self.shown + 1) - self.held_out >= 0.5
            found = self.at_random(_HELD_OUT, holdout=True) if due else None
            found = found or next((f for f, _ in asked if f.document not in self.exclude), None)
            while waiting is not None and waiting[0].document in self.exclude:
                waiting = next(picked, None)
            if found is None and waiting is not None:
                found = self.mixed_in(waiting[1])
                if found is None:
                    found, waiting = waiting[0], next(picked, None)
            found = found or self.at_random("drawn at random", holdout=False)
            found = found or (self.at_random(_HELD_OUT, holdout=True) if share else None)
            if found is None:
                return
            self._take([found])

    def mixed_in(self, run: str) -> NextDocument | None:
        """Draw a document instead of the one that is queued next, as often as the corpus asks for it.

        Of what patterns match it is every other one: else nothing but the patterns would be learned.
        """
        seed, share = self.settings.seed, self.settings.random_share
        if share and drawing.is_mixed_in(seed=seed, turn=self.shown, share=share):
            return self.at_random(_MIXED_IN, holdout=False)
        if run == PATTERNS and (self.shown - self.held_out) % 2:
            return self.at_random(_BESIDE, holdout=False)
        return None

    def queued(self, runs: tuple[str, ...]) -> Iterator[tuple[NextDocument, str]]:
        """Yield what is queued for these runs, or for all but what was asked for, as far as it still holds."""
        sql = (
            "SELECT q.document, q.reason, q.score, q.run FROM queue q CROSS JOIN document d ON d.id = q.document"
            f" WHERE d.state = 0 AND d.holdout = 0 AND (q.run = '{ASKED}') = ? ORDER BY q.rank LIMIT ?"
        )
        for id, reason, score, run in self._rows(sql, bool(runs), self.limit):
            yield NextDocument(id, reason, score, False), run

    def at_random(self, reason: str, *, holdout: bool) -> NextDocument | None:
        """Draw a pending document: by trying rows, and where few are pending by the next one behind a row."""
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

    def come_again(self) -> Iterator[NextDocument]:
        """Yield the document skipped longest ago, when enough others were confirmed since: each time twice as many."""
        if not 0 < self.skipped_ones <= _MOST_SKIPPED:
            return
        sql = "SELECT id, holdout, changed FROM document WHERE state = 2 ORDER BY changed LIMIT ?"
        for id, holdout, changed in self._rows(sql, self.limit):
            if id in self.exclude:
                continue
            ((times,),) = self._rows("SELECT count(*) FROM decision WHERE document = ? AND kind = 'skip'", id)
            pause = max(_SKIP_PAUSE, self.settings.retrain_every) * 2 ** min(times - 1, 20)
            counted = "SELECT count(*) FROM (SELECT 1 FROM version WHERE confirmed > ? LIMIT ?)"
            ((since,),) = self._rows(counted, changed, pause)
            if since >= pause:
                yield NextDocument(id, _SKIPPED, None, bool(holdout))
            return

    def skipped(self) -> Iterator[NextDocument]:
        """Yield skipped documents, those skipped longest ago first."""
        sql = "SELECT id, holdout FROM document WHERE state = 2 ORDER BY changed LIMIT ?"
        for id, holdout in self._rows(sql, self.limit):
            yield NextDocument(id, _SKIPPED, None, bool(holdout))

    def _take(self, source: Iterable[NextDocument], *, again: bool = False) -> None:
        """Take documents as far as they are wanted; those that come `again` were counted as shown before."""
        for found in source:
            if len(self.taken) >= self.n:
                return
            if found.document not in self.exclude:
                self.exclude.add(found.document)
                self.taken.append(found)
                self.shown += not again
                self.held_out += found.holdout and not again

    def _rows(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        return self.db.execute(sql, values).fetchall()

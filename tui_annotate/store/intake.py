"""Taking documents in: short batches with pauses, so that others can decide meanwhile, and flat memory."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from tui_annotate.domain.interchange import MASTER, ExchangedDocument, Problem
from tui_annotate.store import rows, settings
from tui_annotate.store.connection import Corpus
from tui_annotate.store.landing import NewDocuments
from tui_annotate.store.preparing import As, PreparedDocument, prepare
from tui_annotate.store.reimporting import Again

_HELD = 0.025
"""Seconds a batch is meant to work inside the lock; with the commit the promise is 0.05.

The commit is not counted: on a slow disk it would make the batches ever smaller."""
_PAUSE = 0.01
_CACHE_KIB = 65_536


@dataclass(slots=True)
class IntakeCounts:
    """What an import did, in documents unless said otherwise."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    duplicates: int = 0
    """Of the created (or left out, with `skip_duplicates`): those whose text was there already."""
    refused: int = 0
    entities: int = 0
    """Entities taken over as annotations."""
    labels: int = 0
    """Document labels taken over as annotations."""
    suggestions: int = 0


class Intake:
    """One import into a corpus.

    By default a confirmed version becomes annotations, with its base in the log, and an unconfirmed one becomes
    undecided suggestions that keep who made them. `as_="annotations"` takes every version as annotations
    (confirmed unless the file says it is not), `as_="suggestions"` none.

    A document whose key is known already is compared: the same leaves everything as it is, other annotations
    replace what nobody decided on since, another text is refused.

    Args:
        annotator: Who imports, for the log.
        source: Id of the kept file (`sources.keep`) that the next documents come from; may be set anew between them.
    """

    def __init__(
        self,
        corpus: Corpus,
        *,
        as_: As = "auto",
        skip_duplicates: bool = False,
        annotator: str = MASTER,
        source: int | None = None,
    ) -> None:
        self.corpus = corpus
        self.as_ = as_
        self.skip_duplicates = skip_duplicates
        self.annotator = annotator
        self.source = source
        self.counts = IntakeCounts()
        self.drawn = settings.load(corpus)
        """Settings when the import began: what is held out follows from them."""
        self._size = 400
        self._free_since = 0.0

    def add(self, documents: Iterable[ExchangedDocument]) -> Iterator[Problem]:
        """Take documents in while the result is iterated, and yield what was wrong with any of them.

        What was yielded before an error is kept; importing the same again goes on from there.
        """
        batch: list[tuple[PreparedDocument, int | None]] = []
        weight = 0
        self.corpus.connection.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
        for exchanged in documents:
            prepared, problems = prepare(exchanged, self.as_, by=self.annotator)
            yield from problems
            if prepared is None:
                self.counts.refused += 1
                continue
            batch.append((prepared, self.source))
            weight += prepared.weight
            if weight >= self._size:
                yield from self._write(batch, weight)
                batch, weight = [], 0
        if batch:
            yield from self._write(batch, weight)

    def _write(self, batch: list[tuple[PreparedDocument, int | None]], weight: int) -> list[Problem]:
        wait = self._free_since + _PAUSE - time.monotonic()
        if wait > 0:
            time.sleep(wait)
        with self.corpus.transaction() as db:
            start = time.monotonic()
            before = replace(self.counts)
            try:
                problems = _Batch(self, db, batch).write()
                took = time.monotonic() - start
            except BaseException:
                self.counts = before
                raise
        self._free_since = time.monotonic()
        if weight >= self._size / 2:
            self._size = max(100, int(self._size * min(1.5, max(0.3, _HELD / took))))
        return problems


class _Batch:
    """One transaction of an import."""

    def __init__(
        self, intake: Intake, db: sqlite3.Connection, batch: list[tuple[PreparedDocument, int | None]]
    ) -> None:
        self.intake = intake
        self.counts = intake.counts
        self.db = db
        self.batch = batch
        self.new = NewDocuments(intake.corpus, db, intake.drawn)
        self.problems: list[Problem] = []

    def write(self) -> list[Problem]:
        """Write the batch: new documents at once, known ones after them, one by one."""
        known = self._known_keys()
        texts = self._known_texts()
        again: list[PreparedDocument] = []
        for prepared, source in self.batch:
            key = prepared.document.key
            if key in known:
                again.append(prepared)
            elif self._is_wanted(prepared, texts.setdefault(prepared.hash, key)):
                known[key] = self.new.add(prepared, source)
                self._count(prepared)
        self.new.flush()
        for prepared in again:
            self._take_again(prepared, known[prepared.document.key])
        return self.problems

    def _take_again(self, prepared: PreparedDocument, id: int) -> None:
        outcomes, problems = Again(self.intake.corpus, self.db, self.intake.annotator).take(prepared, id)
        self.problems += problems
        if problems:
            self.counts.refused += 1
        elif "updated" in outcomes:
            self.counts.updated += 1
        else:
            self.counts.unchanged += 1

    def _is_wanted(self, prepared: PreparedDocument, twin: str) -> bool:
        """Report a document whose text is there already; say whether to take it all the same."""
        if twin == prepared.document.key:
            return True
        self.counts.duplicates += 1
        skip = self.intake.skip_duplicates
        reason = f"has the same text as {twin}; {'left out' if skip else 'kept'}"
        self.problems.append(Problem("noted", prepared.exchanged.where, "", reason))
        return not skip

    def _count(self, prepared: PreparedDocument) -> None:
        self.counts.created += 1
        for version in prepared.versions:
            self.counts.suggestions += len(version.suggestions)
            self.counts.labels += len(version.labels)
            self.counts.entities += sum(table == "entity" for table, *_ in version.things)

    def _known_keys(self) -> dict[str, int]:
        if self.new.is_first:
            return {}
        keys = rows.encode([prepared.document.key for prepared, _ in self.batch])
        sql = "SELECT key, id FROM document WHERE key IN (SELECT value FROM json_each(?))"
        return dict(self.db.execute(sql, (keys,)).fetchall())

    def _known_texts(self) -> dict[int, str]:
        """Return the key of a document for each text that is there already.

        The index is cut into blocks of rows, so that a batch writes to a few of its pages only; each block is asked.
        """
        if self.new.is_first:
            return {}
        hashes = rows.encode([prepared.hash for prepared, _ in self.batch])
        sql = (
            "WITH RECURSIVE block(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM block WHERE n < ?)"
            " SELECT d.text_hash, d.key FROM block CROSS JOIN json_each(?) h CROSS JOIN document d"
            " ON d.id >> 16 = block.n AND d.text_hash = h.value"
        )
        return dict(self.db.execute(sql, (self.new.next_document >> 16, hashes)).fetchall())

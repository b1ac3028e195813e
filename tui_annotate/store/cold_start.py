"""Cold start: while nothing is learned, documents that match patterns come first, so that rare labels have positives.

Documents are looked through in stretches drawn at random, for some milliseconds whenever the queue runs low. The
labels take turns, and of each the first matches of every pattern stand before the second ones.
"""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count as count_from
from itertools import islice, zip_longest
from math import gcd
from weakref import WeakKeyDictionary

from tui_annotate.domain.documents import Document, DocumentState
from tui_annotate.domain.matching import Matcher
from tui_annotate.domain.patterns import Pattern
from tui_annotate.store import documents, patterns, queue, runs
from tui_annotate.store.choosing import ASKED, PATTERNS
from tui_annotate.store.connection import Corpus
from tui_annotate.store.queue import QueueEntry
from tui_annotate.store.settings import Settings

LOW = 8
"""Queued matches under which more are looked for."""
FULL = 60
_STRETCH = 5
"""Documents read at once: few, since neighbours are often alike."""
_SHOWN = 30
"""Characters of a pattern in the reason."""
_SECONDS = 0.03
"""One look while somebody waits for the next document."""


@dataclass(slots=True)
class _Search:
    """How far the documents have been looked through for the patterns as of one change of them."""

    stamp: int
    matcher: Matcher
    stretches: Iterator[list[tuple[int, Document]]]
    labels: Counter[str] = field(default_factory=Counter)
    bodies: Counter[str] = field(default_factory=Counter)
    ended: bool = False

    def choose(self, document: Document) -> Pattern | None:
        """Return the pattern that a document is to be shown for: the rarest so far of those that it matches."""
        hits = self.matcher.hits(document)
        matching = (hit.pattern for hit in hits)
        return min(matching, key=lambda p: (self.labels[p.label], self.bodies[p.body]), default=None)

    def entry(self, id: int, pattern: Pattern) -> tuple[int, QueueEntry]:
        """Count a document for a pattern; return it for the queue, with how many there were before."""
        before = self.bodies[pattern.body]
        self.labels[pattern.label] += 1
        self.bodies[pattern.body] += 1
        body = pattern.body if len(pattern.body) <= _SHOWN else pattern.body[: _SHOWN - 1] + "…"
        return before, QueueEntry(id, 1 / (1 + before), f"matches the pattern {body} ({pattern.label})")


_searches: WeakKeyDictionary[Corpus, _Search] = WeakKeyDictionary()


def top_up(corpus: Corpus, values: Settings, wanted: int = 1) -> None:
    """Queue some documents that match patterns, when patterns are all there is to go by and few are queued.

    Args:
        wanted: How many documents somebody wants to see ahead: for more of them the look may take longer.
    """
    if corpus.readonly or not is_wanted(corpus, values):
        return
    with corpus.reading() as db:
        sql = "SELECT count(*) FROM queue WHERE run = ?"
        (queued,) = db.execute(sql, (PATTERNS,)).fetchone()
    search = _searches.get(corpus)
    changed = search is not None and search.stamp != patterns.stamp(corpus)
    if changed or (queued < max(LOW, wanted) and not (search is not None and search.ended)):
        fill(corpus, values, seconds=_SECONDS * (1 + wanted // 10))


def is_wanted(corpus: Corpus, values: Settings) -> bool:
    """Say whether patterns order the queue: they are on, the order is by information, and no run has a say in it."""
    if values.order != "informative" or values.patterns == "off" or not patterns.stamp(corpus):
        return False
    with corpus.reading() as db:
        # What no run has ordered gives way.
        ranked = db.execute("SELECT 1 FROM queue WHERE run NOT IN (?, ?, '') LIMIT 1", (ASKED, PATTERNS)).fetchone()
    return ranked is None and not runs.deployed(corpus)


def fill(
    corpus: Corpus,
    values: Settings,
    *,
    seconds: float,
    between: Callable[[], bool] = lambda: True,
) -> int:
    """Look through documents until enough are queued, the time is over, or all were seen; return how many came in.

    Args:
        between: Called after each stretch; False ends the look.
    """
    search = _search(corpus, values)
    deadline = time.monotonic() + seconds
    found: dict[str, list[tuple[int, QueueEntry]]] = {}
    count = 0
    while count < FULL and time.monotonic() < deadline and between():
        stretch = next(search.stretches, None)
        if stretch is None:
            search.ended = True
            break
        for id, document in stretch:
            pattern = search.choose(document)
            if pattern is not None:
                found.setdefault(pattern.label, []).append(search.entry(id, pattern))
                count += 1
    by_label = [sorted(entries, key=lambda entry: entry[0]) for _, entries in sorted(found.items())]
    ordered = [entry[1] for turn in zip_longest(*by_label) for entry in turn if entry is not None]
    return queue.append(corpus, ordered, run=PATTERNS) if ordered else 0


def _search(corpus: Corpus, values: Settings) -> _Search:
    """Go on with the search for the patterns as they are now, or begin it."""
    now = patterns.stamp(corpus)
    search = _searches.get(corpus)
    if search is None or search.stamp != now:
        renew(corpus)
        matcher = patterns.matcher(corpus)
        search = _Search(now, matcher, _stretches(corpus, values.seed) if matcher.size else iter(()))
        _searches[corpus] = search
    return search


def renew(corpus: Corpus) -> None:
    """Take what matched patterns out of the queue, since they are others now, and what no run has ordered."""
    _searches.pop(corpus, None)
    with corpus.transaction() as db:
        db.execute("DELETE FROM queue WHERE run IN (?, '')", (PATTERNS,))


def _stretches(corpus: Corpus, seed: int) -> Iterator[list[tuple[int, Document]]]:
    with corpus.reading() as db:
        (top,) = db.execute("SELECT coalesce(max(id), 0) FROM document").fetchone()
    count = -(-top // _STRETCH)
    draw = random.Random(seed)
    place = draw.randrange(count) if count else 0
    # A step that shares no factor with their number meets every stretch once, without a list of them all.
    step = next(step for step in count_from(draw.randrange(1, count + 1)) if gcd(step, count) == 1) if count else 0
    for _ in range(count):
        place = (place + step) % count
        after = place * _STRETCH
        batches = documents.batches(corpus, states=(DocumentState.PENDING,), after=after, size=_STRETCH)
        for batch in islice(batches, 1):
            yield [(id, document) for id, document in batch if id <= after + _STRETCH]

"""Agreement between two versions of a document, or a model and a version: what both have, what one has alone.

Exact: same type, same fragments. Overlapping: same type, at least one
character in common; each entity is paired at most once, the longest common stretch first.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from tui_annotate.domain.spans import Span

Marked = tuple[str, tuple[Span, ...]]
"""A type and its fragments."""


@dataclass(frozen=True, slots=True)
class Counts:
    """Hits, false alarms and misses of the second against the first; swap the last two to swap sides."""

    tp: int = 0
    fp: int = 0
    fn: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(self.tp + other.tp, self.fp + other.fp, self.fn + other.fn)

    @property
    def positives(self) -> int:
        """How many the first has."""
        return self.tp + self.fn

    @property
    def precision(self) -> float:
        """Share of the second's that the first has too; 0 when it has none."""
        return self.tp / (self.tp + self.fp) if self.tp + self.fp else 0.0

    @property
    def recall(self) -> float:
        """Share of the first's that the second has too; 0 when there are none."""
        return self.tp / (self.tp + self.fn) if self.tp + self.fn else 0.0

    @property
    def f1(self) -> float:
        """Harmonic mean of both; 1 when neither has anything, for they agree."""
        both = 2 * self.tp + self.fp + self.fn
        return 2 * self.tp / both if both else 1.0


def exact(first: Iterable[Marked], second: Iterable[Marked]) -> dict[str, Counts]:
    """Count entities that are just the same, by type; the same one twice counts twice."""
    ours, theirs = Counter(first), Counter(second)
    counted: dict[str, Counts] = {}
    for marked in ours.keys() | theirs.keys():
        common = min(ours[marked], theirs[marked])
        counts = Counts(common, theirs[marked] - common, ours[marked] - common)
        counted[marked[0]] = counted.get(marked[0], Counts()) + counts
    return counted


def overlapping(first: Iterable[Marked], second: Iterable[Marked]) -> dict[str, Counts]:
    """Count entities of one type that share at least a character, by type; each pairs with one at most."""
    ours, theirs = list(first), list(second)
    pairs = [
        (common, i, j)
        for i, (type_, spans) in enumerate(ours)
        for j, (other, fragments) in enumerate(theirs)
        if type_ == other and (common := _common(spans, fragments))
    ]
    left, right = set[int](), set[int]()
    for _, i, j in sorted(pairs, key=lambda pair: (-pair[0], pair[1], pair[2])):
        if i not in left and j not in right:
            left.add(i)
            right.add(j)
    hits = Counter(ours[i][0] for i in left)
    misses = Counter(type_ for i, (type_, _) in enumerate(ours) if i not in left)
    alarms = Counter(type_ for j, (type_, _) in enumerate(theirs) if j not in right)
    return {t: Counts(hits[t], alarms[t], misses[t]) for t in hits.keys() | misses.keys() | alarms.keys()}


def total(counted: Mapping[str, Counts]) -> Counts:
    """Return the counts over all types."""
    return sum(counted.values(), Counts())


def _common(first: tuple[Span, ...], second: tuple[Span, ...]) -> int:
    return sum(max(0, min(a.end, b.end) - max(a.start, b.start)) for a in first for b in second if a.part == b.part)

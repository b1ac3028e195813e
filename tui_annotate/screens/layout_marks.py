"""Marks: the spans that a view shows, kept sorted so that those of a line are found by bisection."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass
from itertools import accumulate
from typing import Literal

from tui_annotate.domain.spans import Span

MarkKind = Literal["annotation", "suggestion", "find", "selection"]

COLORS = ("cyan", "yellow", "magenta", "bright_blue", "green", "bright_red", "bright_cyan", "bright_magenta")
"""Colours of entity types, told apart by most colour-blind eyes in this order; red and green come late."""


def type_colors(names: Iterable[str]) -> dict[str, str]:
    """Return a colour for each entity type, by its place in the scheme, so that adding types changes none."""
    return {name: COLORS[index % len(COLORS)] for index, name in enumerate(names)}


@dataclass(frozen=True, slots=True)
class Mark:
    """A stretch of text to be shown as something: an annotation, a suggestion, a find hit."""

    id: Hashable
    spans: tuple[Span, ...]
    """More than one when discontinuous; those outside the document are not drawn."""
    label: str = ""
    """Name of the type, and what else is to be read of it."""
    short: str = ""
    """The same in fewer cells, for where `label` has no room; empty to cut it."""
    letter: str = ""
    """One character for where the name has no room; the first of `label` when empty."""
    prob: float | None = None
    kind: MarkKind = "annotation"
    color: str = ""
    """An ANSI colour name or `#rrggbb`; empty for the text's own."""


@dataclass(frozen=True, slots=True)
class Fragment:
    """One stretch of a mark, in positions of the layout."""

    start: int
    end: int
    mark: Mark
    first: bool
    """The mark begins here."""


class MarkIndex:
    """The marks of one document.

    Args:
        stretch: From a span to positions `(start, end)`; None when it lies outside the document.
    """

    def __init__(self, stretch: Callable[[Span], tuple[int, int] | None], marks: Iterable[Mark] = ()) -> None:
        self._stretch = stretch
        self._marks: dict[Hashable, Mark] = {}
        self._serials: dict[Hashable, int] = {}
        self._ids: dict[int, Hashable] = {}
        self._next = 0
        self._fragments: list[tuple[int, int, int]] = []
        for mark in marks:
            self._fragments.extend(self._register(mark))
        self._fragments.sort()
        self._starts = [fragment[0] for fragment in self._fragments]
        self._reach = list(accumulate((fragment[1] for fragment in self._fragments), max))

    def __len__(self) -> int:
        return len(self._marks)

    def __iter__(self) -> Iterator[Mark]:
        return iter(self._marks.values())

    def get(self, id: Hashable) -> Mark | None:
        """Return a mark by id."""
        return self._marks.get(id)

    def stretches(self, mark: Mark) -> list[tuple[int, int]]:
        """Return the positions `(start, end)` of a mark's fragments that lie inside the document, in order."""
        return sorted(stretch for stretch in map(self._stretch, mark.spans) if stretch is not None)

    def put(self, mark: Mark) -> None:
        """Add a mark, or replace the one with its id."""
        old = self._marks.get(mark.id)
        if old is not None and old.spans == mark.spans:
            self._marks[mark.id] = mark
            return
        if old is not None:
            self.remove(mark.id)
        for fragment in self._register(mark):
            at = bisect_left(self._fragments, fragment)
            self._fragments.insert(at, fragment)
            self._starts.insert(at, fragment[0])
            self._reach.insert(at, 0)
            self._carry_on(at)

    def remove(self, id: Hashable) -> Mark | None:
        """Take a mark out and return it."""
        mark = self._marks.pop(id, None)
        if mark is None:
            return None
        serial = self._serials.pop(id)
        del self._ids[serial]
        for start, end in self.stretches(mark):
            at = bisect_left(self._fragments, (start, end, serial))
            del self._fragments[at], self._starts[at], self._reach[at]
            self._carry_on(at)
        return mark

    def within(self, start: int, end: int) -> list[Fragment]:
        """Return the fragments that share a position with `[start, end)`, in order of their starts."""
        stop = bisect_left(self._starts, end)
        begin = bisect_right(self._reach, start, 0, stop)
        found = []
        for first, last, serial in self._fragments[begin:stop]:
            if last > start:
                mark = self._marks[self._ids[serial]]
                spans = mark.spans
                found.append(Fragment(first, last, mark, len(spans) == 1 or first == self.stretches(mark)[0][0]))
        return found

    def _register(self, mark: Mark) -> list[tuple[int, int, int]]:
        if mark.id in self._marks:
            raise ValueError(f"two marks with the id {mark.id!r}")
        serial = self._next
        self._next += 1
        self._marks[mark.id] = mark
        self._serials[mark.id] = serial
        self._ids[serial] = mark.id
        return [(start, end, serial) for start, end in self.stretches(mark)]

    def _carry_on(self, at: int) -> None:
        """Renew how far anything up to an index reaches, from `at` on and only as far as that changes."""
        reach = self._reach[at - 1] if at else 0
        for index in range(at, len(self._fragments)):
            reach = max(reach, self._fragments[index][1])
            if index > at and self._reach[index] == reach:
                return
            self._reach[index] = reach

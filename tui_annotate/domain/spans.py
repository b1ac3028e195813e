"""Spans: where in a document something stands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A stretch of text inside one part of a document."""

    part: str
    """Id of the part, e.g. `s1p2`."""
    start: int
    """Offset of the first character, in code points."""
    end: int
    """Offset just past the last character."""

    def __post_init__(self) -> None:
        if not 0 <= self.start < self.end:
            raise ValueError(f"a span must be [start, end) with 0 <= start < end, not [{self.start}, {self.end})")

    def overlaps(self, other: Span) -> bool:
        """Say whether the two share at least one character."""
        return self.part == other.part and self.start < other.end and other.start < self.end


def hull(spans: Sequence[Span]) -> Span:
    """Return the span from the first character of the first to the last of any; raises IndexError for none."""
    first = spans[0]
    return first if len(spans) == 1 else Span(first.part, first.start, max(s.end for s in spans))

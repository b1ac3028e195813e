"""Spans: where in a document something stands."""

from __future__ import annotations

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

    def contains(self, other: Span) -> bool:
        """Say whether `other` lies within this span; a span contains itself."""
        return self.part == other.part and self.start <= other.start and other.end <= self.end

    def shifted(self, start: int = 0, end: int = 0) -> Span:
        """Return the span with `start` and `end` added to its ends; raises ValueError when nothing is left."""
        return Span(self.part, self.start + start, self.end + end)

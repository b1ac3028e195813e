"""Offsets from outside, checked against the text, and set right where only their place is wrong."""

from __future__ import annotations

from dataclasses import dataclass

from tui_annotate.domain.documents import Part
from tui_annotate.formats.utf16 import Utf16


@dataclass(frozen=True, slots=True)
class Found:
    """Where a stretch of text stands, in code points."""

    start: int
    end: int
    moved: bool
    """It did not stand where the file said."""


class PartText:
    """A part as the file shows it, ready to have UTF-16 offsets looked up."""

    __slots__ = ("id", "order", "text", "units")

    def __init__(self, part: Part, shown: str, order: int) -> None:
        self.id = part.id
        self.text = shown
        self.order = order
        self.units = Utf16(shown)

    def find(self, start: int, text: str) -> Found | None:
        """Return where `text` stands: at the UTF-16 offset, else at the nearest equal text; None when nowhere."""
        point = self.units.to_points(start)
        if point is not None and text and self.text.startswith(text, point) and point >= 0:
            return Found(point, point + len(text), False)
        near = min(max(point if point is not None else start, 0), len(self.text))
        for wanted in dict.fromkeys((text, text.replace("\r\n", "\n"), text.replace("\n", "\r\n"))):
            at = _nearest(self.text, wanted, near)
            if at >= 0:
                return Found(at, at + len(wanted), True)
        return None


def _nearest(text: str, wanted: str, near: int) -> int:
    """Return the start of the occurrence nearest to `near`, the later one of two; -1 for none."""
    if not wanted:
        return -1
    right = text.find(wanted, near)
    left = text.rfind(wanted, 0, near + len(wanted) - 1) if near + len(wanted) > 1 else -1
    if left < 0 or right < 0:
        return max(left, right)
    return right if right - near <= near - left else left

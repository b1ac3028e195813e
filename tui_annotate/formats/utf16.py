"""Offsets between code points, which we count in, and UTF-16 code units, which anndoc and others count in."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right

_ASTRAL = re.compile("[\U00010000-\U0010ffff]")


class Utf16:
    """Converts offsets of one text; a text without astral characters costs one search."""

    __slots__ = ("_points", "_units", "length")

    def __init__(self, text: str) -> None:
        astral = [] if text.isascii() else [match.start() for match in _ASTRAL.finditer(text)]
        self._points = astral
        """Code-point offset of each astral character."""
        self._units = [point + index for index, point in enumerate(astral)]
        """Code-unit offset of the same characters."""
        self.length = len(text) + len(astral)
        """Length of the text in code units."""

    def from_points(self, offset: int) -> int:
        """Return the code-unit offset of a code-point offset."""
        return offset + bisect_left(self._points, offset) if self._points else offset

    def to_points(self, offset: int) -> int | None:
        """Return the code-point offset of a code-unit offset; None inside a surrogate pair."""
        if not self._points:
            return offset
        before = bisect_right(self._units, offset - 1)
        if before and self._units[before - 1] + 1 == offset:
            return None
        return offset - before


def units(text: str) -> int:
    """Return the length of a text in UTF-16 code units."""
    return len(text) if text.isascii() else len(text) + sum(1 for _ in _ASTRAL.finditer(text))

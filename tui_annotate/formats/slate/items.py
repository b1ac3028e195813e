"""SLATE's items: places in a text by line, token and character, and the lines of annotation files that name them.

A line ends where Python says so of a text file, a token is what stands between white space, and all are counted from 0:
`(2, 1)` is a token, `((3, 5), (3, 8))` four of them, `13` a line, `()` the document.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass

_LINE_END = re.compile(r"\r\n|\r|\n")
_TOKEN = re.compile(r"\S+")
_SPAN = re.compile(r"\(\s*\(([\d, ]*)\)\s*,\s*\(([\d, ]*)\)\s*\)|\(([\d, ]*)\)|(\d+)")
_BETWEEN = re.compile(r"[\[\],\s]*")
_LONGEST_NUMBER = 9
Position = tuple[int, ...]
"""Nothing, a line, a line and a token, or these and a character."""


@dataclass(frozen=True, slots=True)
class Item:
    """A line of an annotation file: where, and its labels; two places or more are linked."""

    spans: tuple[tuple[Position, Position], ...]
    labels: tuple[str, ...]


def parse(line: str) -> Item | None:
    """Return what a line says; None where it is none of SLATE's."""
    place, dash, labels = line.partition("-")
    spans: list[tuple[Position, Position]] = []
    at = 0
    for match in _SPAN.finditer(place):
        if not _BETWEEN.fullmatch(place, at, match.start()):
            return None
        at = match.end()
        first = next(group for group in match.groups() if group is not None)
        last = match.group(2) if match.group(2) is not None else first
        numbers = [piece.split(",") for piece in (first, last)]
        found = [[piece.strip() for piece in pieces if piece.strip()] for pieces in numbers]
        if any(len(pieces) > 3 or any(len(n) > _LONGEST_NUMBER or " " in n for n in pieces) for pieces in found):
            return None
        start, end = (tuple(map(int, pieces)) for pieces in found)
        spans.append((start, end))
    if not dash or not spans or not _BETWEEN.fullmatch(place, at):
        return None
    return Item(tuple(spans), tuple(dict.fromkeys(labels.split())))


def write(item: Item) -> str:
    """Return a line as SLATE writes it."""
    if all(start == end for start, end in item.spans):
        places = [start for start, _ in item.spans]
        if len(places[0]) == 1:
            shown = " ".join(str(place[0]) for place in places)
        else:
            shown = str(places[0]) if len(places) == 1 else str(places)
    else:
        shown = str(item.spans[0]) if len(item.spans) == 1 else str(list(item.spans))
    return f"{shown} - {' '.join(item.labels)}"


class Grid:
    """A text in lines and tokens, to find places in both directions.

    A byte order mark before the text is a character for SLATE: it belongs to the first token, or is one.
    """

    def __init__(self, text: str, *, has_mark: bool = False) -> None:
        self._shift = int(has_mark)
        text = "\ufeff" * self._shift + text
        self.lines: list[list[tuple[int, int]]] = []
        """The tokens of each line, by their places in the text."""
        at = 0
        for match in [*_LINE_END.finditer(text), None]:
            end = match.start() if match else len(text)
            self.lines.append([token.span() for token in _TOKEN.finditer(text, at, end)])
            at = match.end() if match else end
        self._tokens = [
            (start, end, line, n) for line, held in enumerate(self.lines) for n, (start, end) in enumerate(held)
        ]
        self._starts = [start for start, *_ in self._tokens]

    def place(self, start: Position, end: Position) -> tuple[int, int] | None:
        """Return where in the text an item stands; None where there is nothing."""
        first, last = self._bounds(start), self._bounds(end)
        if first is None or last is None:
            return None
        begin, stop = max(first[0] - self._shift, 0), last[1] - self._shift
        return (begin, stop) if begin < stop else None

    def _bounds(self, position: Position) -> tuple[int, int] | None:
        if not position or position[0] >= len(self.lines) or not self.lines[position[0]]:
            return None
        tokens = self.lines[position[0]]
        if len(position) == 1:
            return tokens[0][0], tokens[-1][1]
        if position[1] >= len(tokens):
            return None
        start, end = tokens[position[1]]
        if len(position) == 2:
            return start, end
        return (start + position[2], start + position[2] + 1) if position[2] < end - start else None

    def positions(self, start: int, end: int) -> tuple[Position, Position, str]:
        """Return first and last position of a stretch of text that begins and ends inside tokens, and its scope."""
        start, end = start + self._shift, end + self._shift
        first, last = self._token(start), self._token(end - 1)
        begin, stop = first[0], last[1]
        if (begin, stop) != (start, end):
            return (*first[2:], start - begin), (*last[2:], end - 1 - last[0]), "character"
        line = self.lines[first[2]]
        if first[2] == last[2] and (line[0][0], line[-1][1]) == (start, end):
            return (first[2], first[3]), (last[2], last[3]), "line"
        return (first[2], first[3]), (last[2], last[3]), "token"

    def _token(self, offset: int) -> tuple[int, int, int, int]:
        return self._tokens[bisect_right(self._starts, offset) - 1]

    def at(self, position: Position, scope: str, *, is_end: bool) -> Position:
        """Return a position in another scope: a token as its first or last character, or as its line."""
        if scope == "line":
            return position[:1]
        if scope == "character" and len(position) == 2:
            start, end = self.lines[position[0]][position[1]]
            return (*position, end - start - 1 if is_end else 0)
        return position

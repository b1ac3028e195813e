"""Selecting text by keyboard: a cursor that moves by character, word, sentence and line, or jumps, and both ends of it.

Offsets are code points; a motion by character steps over whole grapheme clusters, so that no
accent or emoji is ever cut in two.
"""

from __future__ import annotations

import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import regex

from tui_annotate.domain.documents import Document
from tui_annotate.domain.spans import Span
from tui_annotate.domain.tokens import sentences, token_offsets

Unit = Literal["character", "word", "sentence"]
End = Literal["both", "start", "end"]

_CLUSTER = regex.compile(r"\X")


@dataclass(frozen=True, slots=True)
class _Bounds:
    starts: list[int]
    ends: list[int]


class Selection:
    """A span in the making. Begins as one word; `extend` moves one end, `move` the whole of it."""

    def __init__(self, document: Document, span: Span) -> None:
        self._document = document
        self._bounds: dict[tuple[str, Unit], _Bounds] = {}
        self.span = span

    @classmethod
    def at(cls, document: Document, part: str, offset: int) -> Selection | None:
        """Begin with the word at or behind an offset, or the nearest before it; None in a document without words."""
        order = [p.id for p in document.parts]
        index = order.index(part) if part in order else 0
        for position in (*range(index, len(order)), *range(index - 1, -1, -1)):
            words = token_offsets(document.parts[position].text)
            if words:
                at = offset if position == index else (0 if position > index else len(document.parts[position].text))
                found = next((w for w in words if w[1] > at), words[-1])
                return cls(document, Span(order[position], *found))
        return None

    def extend(self, end: End, direction: Literal[1, -1], unit: Unit) -> bool:
        """Move one end of the span by a unit; False when it cannot go further or nothing would be left."""
        span = self.span
        if end == "start":
            edge = self._step(span.part, span.start, direction, unit, "start")
            if edge is None or edge >= span.end:
                return False
            self.span = Span(span.part, edge, span.end)
        else:
            edge = self._step(span.part, span.end, direction, unit, "end")
            if edge is None or edge <= span.start:
                return False
            self.span = Span(span.part, span.start, edge)
        return True

    def move(self, direction: Literal[1, -1], unit: Unit) -> bool:
        """Go to the next or previous unit, over the ends of parts too; False at the ends of the document."""
        span = self.span
        found = self._unit(span.part, span.end if direction > 0 else span.start, direction, unit)
        if found is not None:
            self.span = Span(span.part, *found)
            return True
        order = [p.id for p in self._document.parts]
        position = order.index(span.part) + direction
        while 0 <= position < len(order):
            bounds = self._of(order[position], unit)
            if bounds.starts:
                at = 0 if direction > 0 else -1
                self.span = Span(order[position], bounds.starts[at], bounds.ends[at])
                return True
            position += direction
        return False

    def seek(self, letter: str, direction: Literal[1, -1], end: End = "both") -> bool:
        """Jump to the next or previous word that begins with a letter, over the ends of parts too; False if none does.

        Case and accents do not matter. With one `end` only that end goes there, inside its part.
        """
        span = self.span
        if end == "both":
            for part, word in self._words_from(direction):
                if _begins(self._document.part(part).text[word[0]], letter):
                    self.span = Span(part, *word)
                    return True
            return False
        text = self._document.part(span.part).text
        words = self._of(span.part, "word")
        edges, edge = (words.starts, span.start) if end == "start" else (words.ends, span.end)
        first = bisect_right(edges, edge) if direction > 0 else bisect_left(edges, edge) - 1
        for index in range(first, len(edges) if direction > 0 else -1, direction):
            if _begins(text[words.starts[index]], letter):
                start, stop = (edges[index], span.end) if end == "start" else (span.start, edges[index])
                if start < stop:
                    self.span = Span(span.part, start, stop)
                return start < stop
        return False

    def snapped(self) -> Span:
        """Return the span grown to whole words; itself where no word is touched."""
        words = self._of(self.span.part, "word")
        first = bisect_right(words.ends, self.span.start)
        last = bisect_left(words.starts, self.span.end) - 1
        return self.span if first > last else Span(self.span.part, words.starts[first], words.ends[last])

    def _words_from(self, direction: int) -> Iterator[tuple[str, tuple[int, int]]]:
        """Yield the words behind the span, or those before it backwards, each with its part."""
        order = [p.id for p in self._document.parts]
        position = here = order.index(self.span.part)
        while 0 <= position < len(order):
            words = self._of(order[position], "word")
            if direction > 0:
                first = bisect_left(words.starts, self.span.end) if position == here else 0
                places = range(first, len(words.starts))
            else:
                last = bisect_right(words.ends, self.span.start) if position == here else len(words.ends)
                places = range(last - 1, -1, -1)
            for index in places:
                yield order[position], (words.starts[index], words.ends[index])
            position += direction

    def _unit(self, part: str, edge: int, direction: int, unit: Unit) -> tuple[int, int] | None:
        bounds = self._of(part, unit)
        index = bisect_left(bounds.starts, edge) if direction > 0 else bisect_right(bounds.ends, edge) - 1
        return (bounds.starts[index], bounds.ends[index]) if 0 <= index < len(bounds.starts) else None

    def _step(self, part: str, edge: int, direction: int, unit: Unit, end: Literal["start", "end"]) -> int | None:
        bounds = self._of(part, unit)
        edges = bounds.starts if end == "start" else bounds.ends
        index = bisect_right(edges, edge) if direction > 0 else bisect_left(edges, edge) - 1
        return edges[index] if 0 <= index < len(edges) else None

    def _of(self, part: str, unit: Unit) -> _Bounds:
        held = self._bounds.get((part, unit))
        if held is None:
            text = self._document.part(part).text
            if unit == "character":
                found = [m.span() for m in _CLUSTER.finditer(text)]
            elif unit == "word":
                found = token_offsets(text)
            else:
                found = sentences(text)
            held = self._bounds[part, unit] = _Bounds([s for s, _ in found], [e for _, e in found])
        return held


def _begins(char: str, letter: str) -> bool:
    """Say whether a word's first character is a letter, as somebody types it who has no key for an accent."""
    wanted = letter.casefold()
    return char.casefold() == wanted or unicodedata.normalize("NFKD", char)[0].casefold() == wanted

"""Selecting text for a new entity, or new ends for one: what the keys of the selection mode do. Headless."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from tui_annotate.domain.documents import Document
from tui_annotate.domain.spans import Span
from tui_annotate.session.items import Item
from tui_annotate.session.selection import Selection, Unit

LineMove = Callable[[str, int, int, int | None], tuple[str, int, int]]
"""From part, offset, lines and the column to keep to, to part, offset and that column."""


class Selecting:
    """A selection under way. At first it moves as a whole; once an end is held, the other one moves."""

    def __init__(
        self, document: Document, selection: Selection, line_move: LineMove, *, item: Item | None = None
    ) -> None:
        self._document = document
        self._selection = selection
        self._line_move = line_move
        self._column: int | None = None
        self.item = item
        """What is given new ends; None when an entity is added."""
        self.held = item is not None
        """One end stays where it is."""
        self.end: Literal["start", "end"] = "end"
        """The end that moves while the other is held."""
        self.wanting: Literal[1, -1] | None = None
        """The way to jump as soon as a letter is typed."""
        self._sought: tuple[str, Literal[1, -1]] | None = None

    @property
    def span(self) -> Span:
        """What is selected."""
        return self._selection.span

    def step(self, direction: Literal[1, -1], unit: Unit) -> bool:
        """Move by a unit; False where it cannot go on."""
        self._column = None
        if self.held:
            return self._selection.extend(self.end, direction, unit)
        return self._selection.move(direction, unit)

    def seek(self, letter: str) -> bool:
        """Jump to the next word that begins with a letter, the way that was asked for; False when none does."""
        direction, self.wanting = self.wanting or 1, None
        self._sought = (letter, direction)
        return self.seek_again()

    def seek_again(self) -> bool:
        """Jump on to the next word that begins with the letter typed last; False when none does, or none was."""
        self._column = None
        if self._sought is None:
            return False
        return self._selection.seek(*self._sought, self.end if self.held else "both")

    @property
    def sought(self) -> str:
        """The letter that was jumped to last."""
        return self._sought[0] if self._sought is not None else ""

    def give(self, end: Literal["start", "end"], direction: Literal[1, -1]) -> bool:
        """Move one end by a word, whichever is held; False where it cannot go on."""
        self._column = None
        return self._selection.extend(end, direction, "word")

    def line(self, direction: Literal[1, -1]) -> bool:
        """Move to the line above or below."""
        span = self.span
        offset = span.end - 1 if self.held and self.end == "end" else span.start
        part, offset, self._column = self._line_move(span.part, offset, direction, self._column)
        there = Selection.at(self._document, part, offset)
        if there is None:
            return False
        if not self.held:
            moved = there.span != span
            self._selection = there
            return moved
        start, end = (there.span.start, span.end) if self.end == "start" else (span.start, there.span.end)
        if there.span.part != span.part or start >= end or (start, end) == (span.start, span.end):
            return False
        self._selection.span = Span(span.part, start, end)
        return True

    def hold(self) -> None:
        """Hold this end and move the other, or let go again."""
        self.held = not self.held
        self.end = "end"
        self._column = None

    def other_end(self) -> None:
        """Move the other end from now on."""
        self._column = None
        if self.held:
            self.end = "start" if self.end == "end" else "end"
        else:
            self.held = True
            self.end = "start"

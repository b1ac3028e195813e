"""The verbs of selecting: add an entity, give one new ends, and what the keys of the selection mode do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from tui_annotate.domain.alignment import snapped
from tui_annotate.domain.spans import Span
from tui_annotate.errors import DecisionError
from tui_annotate.screens.selecting import Selecting
from tui_annotate.screens.stage import Stage
from tui_annotate.session.items import Item
from tui_annotate.session.review import Act
from tui_annotate.session.selection import Selection

End = Literal["start", "end"]


class SelectionVerbs:
    """Does what has to do with stretches of text."""

    def __init__(self, stage: Stage, ask_type: Callable[[str, Callable[[str], Act]], None]) -> None:
        self._stage = stage
        self._ask_type = ask_type
        self.place: Span | None = None
        """Where a search ended, so that adding begins there."""
        self._after: Span | None = None
        """What was selected last, so that adding goes on behind it."""
        self._table: dict[str, Callable[[], None]] = {
            "add-entity": self._add,
            "resize": self._resize,
            "grow-left": lambda: self._nudge("start", -1),
            "shrink-left": lambda: self._nudge("start", 1),
            "grow-right": lambda: self._nudge("end", 1),
            "shrink-right": lambda: self._nudge("end", -1),
            "snap": self._snap,
            "word-right": lambda: self._moved(lambda s: s.step(1, "word")),
            "word-left": lambda: self._moved(lambda s: s.step(-1, "word")),
            "character-right": lambda: self._moved(lambda s: s.step(1, "character")),
            "character-left": lambda: self._moved(lambda s: s.step(-1, "character")),
            "seek": lambda: self._want(1),
            "seek-back": lambda: self._want(-1),
            "seek-again": self._seek_again,
            "take-left": lambda: self._moved(lambda s: s.give("start", -1)),
            "give-left": lambda: self._moved(lambda s: s.give("start", 1)),
            "take-right": lambda: self._moved(lambda s: s.give("end", 1)),
            "give-right": lambda: self._moved(lambda s: s.give("end", -1)),
            "line-down": lambda: self._moved(lambda s: s.line(1)),
            "line-up": lambda: self._moved(lambda s: s.line(-1)),
            "anchor": lambda: self._changed(Selecting.hold),
            "other-end": lambda: self._changed(Selecting.other_end),
            "choose-type": self._choose,
            "cancel": stage.stop_selecting,
        }

    def do(self, id: str) -> bool:
        """Do what an action is for; False when it is none of these."""
        if id not in self._table:
            return False
        self._stage.later(self._table[id])
        return True

    def begin_at(self, place: Span | None) -> None:
        """Say where a new entity is likely to begin; None for at the focus."""
        self.place = place
        self._after = None

    def choose(self, type: str) -> bool:
        """Finish with a type, as a digit does."""
        self._stage.later(lambda: self._finish(type))
        return True

    def _add(self) -> None:
        stage = self._stage
        working = stage.reviewing.session.document
        if working.is_confirmed:
            raise DecisionError("This document is confirmed.", hint="Reopen it first.")
        part, offset = self._start()
        selection = Selection.at(working.document, part, offset)
        if selection is None:
            raise DecisionError("There is no text to annotate here.")
        if self.place is not None:
            selection.span = self.place
            self.place = None
        stage.start_selecting(Selecting(working.document, selection, self._line_move))

    def _start(self) -> tuple[str, int]:
        """Return where to begin: at what was found, at the focus when it is in sight, else at the top of the view."""
        session = self._stage.reviewing.session
        view = self._stage.view
        if self.place is not None:
            return self.place.part, self.place.start
        if self._after is not None:
            return self._after.part, self._after.end
        item = session.focused
        if item is not None and item.spans and item.shown_by in view.visible_marks():
            return item.spans[0].part, item.spans[0].start
        top = view.place_at(0, 0)
        if top is not None:
            return top
        parts = session.document.document.parts
        return (parts[0].id, 0) if parts else ("", 0)

    def _line_move(self, part: str, offset: int, lines: int, column: int | None) -> tuple[str, int, int]:
        return self._stage.view.line_move(part, offset, lines, column=column)

    def _resize(self) -> None:
        item = self._sizable()
        document = self._stage.reviewing.session.document.document
        selection = Selection(document, item.spans[0])
        self._stage.start_selecting(Selecting(document, selection, self._line_move, item=item))

    def _nudge(self, end: End, direction: Literal[1, -1]) -> None:
        stage = self._stage
        session = stage.reviewing.session
        selection = Selection(session.document.document, self._sizable().spans[0])
        if not selection.extend(end, direction, "word"):
            raise DecisionError("It cannot go further.")
        span = selection.span
        stage.write(lambda: stage.reviewing.decide(lambda: session.resize(span)))

    def _snap(self) -> None:
        stage = self._stage
        session = stage.reviewing.session
        item = self._sizable()
        span = snapped(session.document.document, item.spans[0])
        if span == item.spans[0]:
            raise DecisionError("Its ends meet whole words already.")
        stage.write(lambda: stage.reviewing.decide(lambda: session.resize(span)))

    def _sizable(self) -> Item:
        session = self._stage.reviewing.session
        item = session.focused
        if item is None or not item.spans:
            raise DecisionError("No stretch of text is focused.", hint="Move to one, or add an entity.")
        if session.document.is_confirmed:
            raise DecisionError("This document is confirmed.", hint="Reopen it first.")
        if len(item.spans) > 1:
            raise DecisionError("It has several pieces, whose ends are kept.", hint="Remove it and add it anew.")
        return item

    def letter(self, key: str, character: str | None) -> bool:
        """Take the letter that a jump waits for; any other key ends the waiting, and only escape no more than that."""
        selecting = self._stage.selecting
        if selecting is None or selecting.wanting is None:
            return False
        if character is not None and len(character) == 1 and character.isprintable() and character != " ":
            self._stage.later(
                lambda: self._moved(lambda s: s.seek(character), f"No further word begins with {character}.")
            )
            return True
        selecting.wanting = None
        self._stage.show_selection()
        return key == "escape"

    def _want(self, direction: Literal[1, -1]) -> None:
        selecting = self._stage.selecting
        if selecting is not None:
            selecting.wanting = direction
            self._stage.show_selection()

    def _seek_again(self) -> None:
        selecting = self._stage.selecting
        if selecting is not None and not selecting.sought:
            self._want(1)
        elif selecting is not None:
            self._moved(Selecting.seek_again, f"No further word begins with {selecting.sought}.")

    def _moved(self, move: Callable[[Selecting], bool], otherwise: str = "It cannot go further.") -> None:
        selecting = self._stage.selecting
        if selecting is not None:
            self._stage.tell("" if move(selecting) else otherwise)
            self._stage.show_selection()

    def _changed(self, change: Callable[[Selecting], None]) -> None:
        selecting = self._stage.selecting
        if selecting is not None:
            change(selecting)
            self._stage.show_selection()

    def _choose(self) -> None:
        """Ask for the type; new ends need none."""
        stage = self._stage
        selecting = stage.selecting
        if selecting is None:
            return
        if selecting.item is not None:
            self._finish("")
            return
        self._refuse_blanks(selecting.span)
        span = self._after = selecting.span
        session = stage.reviewing.session
        self._ask_type(f"type of “{session.document.document.slice(span)}”", lambda type: session.add(span, type))

    def _refuse_blanks(self, span: Span) -> None:
        if not self._stage.reviewing.session.document.document.slice(span).strip():
            raise DecisionError("Nothing but blanks is selected.", hint="Move on to a word.")

    def _finish(self, type: str) -> None:
        stage = self._stage
        selecting = stage.selecting
        if selecting is None:
            return
        span = selecting.span
        self._refuse_blanks(span)
        session = stage.reviewing.session
        self._after = span if selecting.item is None else None
        if selecting.item is not None:
            stage.write(lambda: stage.reviewing.decide(lambda: session.resize(span, type=type)))
        else:
            stage.write(lambda: stage.reviewing.decide(lambda: session.add(span, type)))

"""Verbs: what each key of the review screen does, by the id of its action."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from tui_annotate.domain.spans import Span
from tui_annotate.errors import DecisionError
from tui_annotate.keymaps.labels import Hotkey
from tui_annotate.screens.document_strips import Labels
from tui_annotate.screens.document_view import DocumentView
from tui_annotate.screens.finding import Finding
from tui_annotate.screens.layout_marks import Mark
from tui_annotate.screens.selection_verbs import SelectionVerbs
from tui_annotate.screens.stage import Stage
from tui_annotate.session.review import Act

if TYPE_CHECKING:
    from tui_annotate.screens.asking import Asking

_FOUND = "find"


class Verbs:
    """Turns action ids into what the session, the view and the questions do."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._asking: Asking | None = None
        self.selection = SelectionVerbs(stage, lambda title, act: self.asking.type(title, act))
        self._finding: Finding | None = None
        self._hit: Span | None = None
        self._text = ""
        session = stage.reviewing.session
        reviewing = stage.reviewing
        self._acts: dict[str, Callable[[], Act]] = {
            "accept": session.accept,
            "reject": session.reject,
            "remove": session.remove,
            "skip": session.skip,
            "reopen": session.reopen,
        }
        self._writes: dict[str, Callable[[], Awaitable[None]]] = {
            "confirm": reviewing.confirm,
            "undo": reviewing.undo,
            "redo": reviewing.redo,
        }
        self._opens: dict[str, Callable[[], Awaitable[None]]] = {
            "next-document": lambda: reviewing.neighbour(1),
            "previous-document": lambda: reviewing.neighbour(-1),
            "back": reviewing.back,
            "next-in-queue": self._next_in_queue,
            "reload": reviewing.reload,
        }
        self._moves = self._moving()

    def _moving(self) -> dict[str, Callable[[], None]]:
        """What moves, scrolls and asks: nothing of it writes at once."""

        def view() -> DocumentView:
            return self._stage.view

        return {
            "next-suggestion": lambda: self._move(1),
            "previous-suggestion": lambda: self._move(-1),
            "next-undecided": lambda: self._move(1, undecided=True),
            "previous-undecided": lambda: self._move(-1, undecided=True),
            "scroll-down": lambda: self._scroll(1),
            "scroll-up": lambda: self._scroll(-1),
            "page-down": lambda: view().scroll_pages(1),
            "page-up": lambda: view().scroll_pages(-1),
            "document-start": lambda: view().scroll_to_start(),
            "document-end": lambda: view().scroll_to_end(),
            "toggle-labels": self._toggle_labels,
            "change-type": self._change_type,
            "label": lambda: self.asking.label(),
            "attribute": lambda: self.asking.attribute(),
            "new-label": lambda: self.asking.new_label(),
            "new-type": lambda: self.asking.new_type(),
            "go-to-document": lambda: self.asking.document(),
            "find": self._find,
            "find-again": self._find_again,
        }

    @property
    def asking(self) -> Asking:
        """The questions; inputs load with the first of them, so that the first picture does not wait for them."""
        if self._asking is None:
            from tui_annotate.screens.asking import Asking

            self._asking = Asking(self._stage)
        return self._asking

    def do(self, id: str) -> bool:
        """Do what an action is for; False when it is none of the review screen's."""
        stage = self._stage
        stage.reviewing.session.key_pressed()
        if id in self._acts:
            plan = self._acts[id]
            stage.write(lambda: stage.reviewing.decide(plan))
        elif id in self._writes:
            stage.write(self._writes[id])
        elif id in self._opens:
            stage.later(self._opens[id])
        elif id in self._moves:
            stage.later(self._moves[id])
        else:
            return self.selection.do(id)
        return True

    def hotkey(self, hotkey: Hotkey) -> bool:
        """Do what a key of the scheme is for; False where it does nothing here."""
        stage = self._stage
        session = stage.reviewing.session
        if stage.selecting is not None:
            return hotkey.target == "entity" and self.selection.choose(hotkey.name)
        session.key_pressed()
        if hotkey.target == "entity":
            stage.write(lambda: stage.reviewing.decide(lambda: session.change_type(hotkey.name)))
            return True
        if hotkey.target == "attribute":
            value = hotkey.value if isinstance(hotkey.value, (str, bool)) else None
            stage.write(lambda: stage.reviewing.decide(lambda: session.toggle_attribute(hotkey.name, value)))
            return True
        label = session.scheme.label(hotkey.name)
        if label is not None and label.kind == "text":
            stage.later(lambda: self.asking.value(label))
        else:
            stage.write(lambda: stage.reviewing.decide(lambda: self._toggle(hotkey)))
        return True

    def _toggle(self, hotkey: Hotkey) -> Act:
        """Set a value; a boolean with one key goes yes, no, unset."""
        session = self._stage.reviewing.session
        if isinstance(hotkey.value, (str, bool)):
            return session.toggle_label(hotkey.name, hotkey.value)
        held = session.document.labels.get(hotkey.name)
        return session.set_label(hotkey.name, True if held is None else False if held.value is True else None)

    def focus_item(self, id: str) -> None:
        """Put the focus on an item by its id."""
        session = self._stage.reviewing.session
        item = next((i for i in session.document.items if i.id == id), None)
        if item is not None and session.focus_on(item.place):
            self._stage.marks_changed()

    def forget(self) -> None:
        """Forget what belongs to the document that was left."""
        self._finding = self._hit = None
        self.selection.begin_at(None)

    def _move(self, direction: int, *, undecided: bool = False) -> None:
        session = self._stage.reviewing.session
        self.selection.begin_at(None)
        if session.move(direction, undecided=undecided):
            self._stage.marks_changed()
        elif not len(session.document.items):
            raise DecisionError("Nothing is marked in this document.")
        elif undecided:
            raise DecisionError(
                "Nothing is undecided." if not session.document.items.undecided else "No other is undecided."
            )

    def _scroll(self, lines: int) -> None:
        view = self._stage.view
        view.scroll_rows(lines * (2 if view.labels == "rows" else 1))

    def _toggle_labels(self) -> None:
        view = self._stage.view
        placements: list[Labels] = ["rows", "style", "gutter"]
        view.labels = placements[(placements.index(view.labels) + 1) % len(placements)]
        self._stage.tell(f"labels: {view.labels}")

    def _change_type(self) -> None:
        session = self._stage.reviewing.session
        item = session.focused
        if item is None:
            raise DecisionError("Nothing is focused.", hint="Move to something, or add an entity.")
        if item.of is not None:
            self.asking.attribute(item.name)
            return
        if not item.spans:
            label = session.scheme.label(item.name)
            if label is not None:
                self.asking.value(label)
            return
        self.asking.type("another type", session.change_type)

    async def _next_in_queue(self) -> None:
        await self._stage.reviewing.go_on()

    def _find(self) -> None:
        from tui_annotate.screens.prompt import Prompt

        self._stage.ask(Prompt("find in this document", value=self._text, hint="Case does not matter."), self._found)

    def _found(self, text: str | None) -> None:
        if text:
            self._text = text
            self._finding = self._hit = None
            self._stage.later(self._find_again)

    def _find_again(self) -> None:
        stage = self._stage
        document = stage.reviewing.session.document.document
        if not self._text:
            self._find()
            return
        if self._finding is None or self._finding.document is not document:
            self._finding = Finding(document, self._text)
        hit = self._finding.after(self._hit)
        if hit is None:
            raise DecisionError(f"“{self._text}” does not stand in this document.")
        self._hit = hit
        self.selection.begin_at(hit)
        stage.view.replace_mark(Mark(_FOUND, (hit,), kind="find"))
        stage.view.focus_mark(_FOUND)
        again = stage.keymap.keys("find-again")
        at, count = self._finding.place(hit)
        stage.tell(
            f"“{self._text}” {at} of {count}" + (f": {again[0]} goes to the next" if again and count > 1 else "")
        )

"""The picker: type ahead, choose with the arrows, take with enter; may create what is new."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar, Generic, TypeVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Input

from tui_annotate.domain.display import shown
from tui_annotate.screens.lines import Lines, Piece, row
from tui_annotate.screens.question import Question

T = TypeVar("T")
ROWS = 12


@dataclass(frozen=True, slots=True)
class Choice(Generic[T]):
    """Something that can be picked."""

    value: T
    name: str
    note: str = ""
    """Its key, its state: what stands behind the name."""


def matching(query: str, choices: Sequence[Choice[T]]) -> list[Choice[T]]:
    """Return the choices that fit: the whole name first, then its start, a word's start, inside, letters in order."""
    wanted = query.casefold().strip()
    if not wanted:
        return list(choices)
    ranked = [(rank, index, c) for index, c in enumerate(choices) if (rank := _rank(wanted, c.name.casefold())) < 5]
    return [choice for _, _, choice in sorted(ranked, key=lambda entry: entry[:2])]


def _rank(wanted: str, name: str) -> int:
    if name == wanted:
        return 0
    if name.startswith(wanted):
        return 1
    at = name.find(wanted)
    if at > 0:
        return 3 if name[at - 1].isalnum() else 2
    letters = iter(name)
    return 4 if all(letter in letters for letter in wanted) else 5


class Picker(Question[Choice[T] | str], Generic[T]):
    """Asks for one of many.

    Its result is the choice, or a new name as a string where creating is offered.

    Args:
        source: From what was typed to the choices, best first.
        create: From what was typed to the text of a last row that creates it, empty where it may not be created.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(None)", "cancel", show=False),
        Binding("down,ctrl+n", "move(1)", "next", show=False, priority=True),
        Binding("up,ctrl+p", "move(-1)", "previous", show=False, priority=True),
        Binding("tab", "move(1)", "next", show=False, priority=True),
        Binding("shift+tab", "move(-1)", "previous", show=False, priority=True),
        Binding("pagedown", "move(10)", "page down", show=False, priority=True),
        Binding("pageup", "move(-10)", "page up", show=False, priority=True),
    ]

    def __init__(
        self,
        title: str,
        source: Callable[[str], Awaitable[Sequence[Choice[T]]] | Sequence[Choice[T]]],
        *,
        create: Callable[[str], str] | None = None,
        value: str = "",
    ) -> None:
        super().__init__()
        self._title = title
        self._source = source
        self._create = create
        self._value = value
        self._choices: list[Choice[T] | str] = []
        self._new = ""
        self._at = 0
        self._typed: str | None = None
        self._asked = 0

    def compose(self) -> ComposeResult:
        """Lay out the question, the input and the list."""
        with Vertical():
            yield Lines(1, id="title")
            yield Input(self._value, placeholder="type to search", select_on_focus=False)
            yield Lines(ROWS, id="choices")

    async def on_mount(self) -> None:
        """Show everything there is."""
        self.query_one("#title", Lines).put(
            0, row((shown(self._title), "bold"), right=[("enter picks, esc leaves", "dim")])
        )
        await self._search(self._value)
        self.call_after_refresh(self.ready)

    @on(Input.Changed)
    async def typed(self, event: Input.Changed) -> None:
        """Search again."""
        await self._search(event.value)

    @on(Input.Submitted)
    async def picked(self, event: Input.Submitted) -> None:
        """Give back what the cursor is on."""
        await self._search(event.value)
        if self._choices:
            chosen = self._choices[self._at]
            self.dismiss(chosen)

    def action_move(self, step: int) -> None:
        """Move the cursor."""
        if self._choices:
            self._at = max(0, min(len(self._choices) - 1, self._at + step))
            self._draw()

    async def _search(self, query: str) -> None:
        """Renew the list; an answer that comes after a newer question is dropped."""
        if query == self._typed:
            return
        self._typed = query
        self._asked += 1
        asked = self._asked
        found = self._source(query)
        choices = await found if isinstance(found, Awaitable) else found
        if asked != self._asked:
            return
        self._choices = list(choices)
        self._new = self._create(query) if self._create is not None and query.strip() else ""
        exact = any(isinstance(c, Choice) and c.name == query.strip() for c in self._choices)
        if self._new and not exact:
            self._choices.append(" ".join(query.split()))
        self._at = 0
        self._draw()

    def _draw(self) -> None:
        lines = self.query_one("#choices", Lines)
        lines.resize(max(1, min(ROWS, len(self._choices))))
        first = max(0, min(self._at - ROWS // 2, len(self._choices) - ROWS))
        for index in range(len(lines.rows)):
            position = first + index
            if position < len(self._choices):
                lines.put(index, row(*self._pieces(self._choices[position], position == self._at)))
            else:
                nothing = "type a name: it will be created" if self._create is not None else "nothing fits"
                lines.put(index, row((nothing if not position else "", "dim")))

    def _pieces(self, choice: Choice[T] | str, focused: bool) -> list[Piece]:
        style = "reverse" if focused else ""
        pointer: Piece = ("▸ " if focused else "  ", style)
        if isinstance(choice, str):
            return [pointer, (shown(self._new), f"{style} italic".strip())]
        pieces: list[Piece] = [pointer, (shown(choice.name, 50), style)]
        if choice.note:
            pieces.append((f"  {shown(choice.note, 40)}", "dim"))
        return pieces

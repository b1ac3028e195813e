"""A screen of rows with what is to know about the row under the cursor: runs, versions, patterns, the queue."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar, Generic, TypeVar

from rich.cells import cell_len
from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.widgets import DataTable, Static

from tui_annotate.domain.display import shown
from tui_annotate.errors import AnnotateError
from tui_annotate.keymaps.assignment import Keymap
from tui_annotate.keymaps.names import display_key
from tui_annotate.screens.bindings import bindings
from tui_annotate.screens.leaving import LeftOnce
from tui_annotate.screens.lines import Lines, Piece, row

R = TypeVar("R")
_LONGEST = 2000
_WIDEST = 200


@dataclass(frozen=True, slots=True)
class TableRow:
    """A row, by a key of its own; its cells are plain text from anywhere."""

    key: str
    cells: tuple[str, ...]
    style: str = ""


class Rows(DataTable[Text], inherit_bindings=False):
    """Moves its cursor and leaves every other key to the screen."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "cursor_up", show=False),
        Binding("down", "cursor_down", show=False),
        Binding("pageup", "page_up", show=False),
        Binding("pagedown", "page_down", show=False),
        Binding("home", "scroll_top", show=False),
        Binding("end", "scroll_bottom", show=False),
    ]


class RowsScreen(LeftOnce[R], Generic[R]):
    """Shows rows; a subclass adds a context of bindings, fills the rows and describes the one under the cursor."""

    DEFAULT_CSS = """
    RowsScreen { layout: vertical; overflow: hidden; }
    RowsScreen Rows { height: 1fr; min-height: 4; background: $background; }
    RowsScreen Rows > .datatable--header { background: $background; color: $foreground; text-style: bold underline; }
    RowsScreen #heading { height: auto; max-height: 4; padding: 0 1; }
    RowsScreen #details { height: auto; max-height: 50%; padding: 0 1; border-top: solid $foreground 50%; }
    RowsScreen #below { height: auto; max-height: 8; padding: 0 1; border-top: solid $foreground 50%; }
    RowsScreen #details Static { height: auto; width: 100%; }
    """
    AUTO_FOCUS = "Rows"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("list")]
    HINTS: ClassVar[tuple[tuple[str, str], ...]] = ()
    """Ids of actions and the words for them, in the line of keys."""

    def __init__(self, heading: str, keymap: Keymap) -> None:
        super().__init__()
        self._heading = heading
        self._keymap = keymap
        self._keys: list[str] = []
        # Held, since what stands inside the pane may be mounted after the first rows came.
        self._said = Static(markup=False)

    def compose(self) -> ComposeResult:
        """Lay out heading, rows, details and keys."""
        yield Static(markup=False, id="heading")
        yield Rows(cursor_type="row")
        with VerticalScroll(id="details", can_focus=False):
            yield self._said
        below = Static(markup=False, id="below")
        below.display = False
        yield below
        yield Lines(1, id="keys")

    def on_mount(self) -> None:
        """Draw heading and keys, and have the rows filled."""
        self.tell("")
        hints = [piece for id, word in (*self.HINTS, ("list-close", "back")) for piece in self._hint(id, word)]
        self.query_one("#keys", Lines).put(0, row(*hints, right=self._hint("help", "help")))

    def _hint(self, id: str, word: str) -> list[Piece]:
        keys = self._keymap.keys(id)
        return [(f" {display_key(keys[0])}", "bold"), (f" {word} ", "")] if keys else []

    def tell(self, notice: str, *, warning: bool = False) -> None:
        """Say something beside the heading, in as many lines as it needs."""
        said = [(f"  {shown(notice)}", "bold" if warning else "")] if notice else []
        self.query_one("#heading", Static).update(Text.assemble((shown(self._heading), "bold"), *said))

    def later(self, job: Callable[[], Awaitable[object]], *, group: str = "") -> None:
        """Do something that takes time; what goes wrong with it is said beside the heading.

        Args:
            group: A job of it ends the one before; empty: they go on beside one another.
        """

        async def guarded() -> None:
            try:
                await job()
            except (AnnotateError, OSError) as error:
                self.tell(str(error), warning=True)

        self.run_worker(guarded(), exclusive=bool(group), group=group or "default", exit_on_error=True)

    @property
    def table(self) -> Rows:
        """The rows."""
        return self.query_one(Rows)

    @property
    def chosen(self) -> str | None:
        """The key of the row under the cursor; None of none."""
        at = self.table.cursor_row
        return self._keys[at] if 0 <= at < len(self._keys) else None

    def fill(self, columns: Sequence[str], rows: Sequence[TableRow], *, cursor: str | None = None) -> None:
        """Show these rows; the cursor stays on the row it was on, or goes to the one asked for."""
        wanted = cursor if cursor is not None else self.chosen
        table = self.table
        table.clear(columns=True)
        table.show_header = any(columns)
        cells = [[Text(shown(cell, _WIDEST), style=one.style) for cell in one.cells] for one in rows]
        for at, column in enumerate(columns):
            # The table measures widths only when it is idle, and keeps what is painted before that as empty rows.
            table.add_column(column, width=max([cell_len(column), *(line[at].cell_len for line in cells)]))
        self._keys = [one.key for one in rows]
        for line in cells:
            table.add_row(*line)
        if wanted in self._keys:
            table.move_cursor(row=self._keys.index(wanted))
        self._draw_details()

    def show_below(self, lines: Sequence[str]) -> None:
        """Show lines under the details; none hide them."""
        pane = self.query_one("#below", Static)
        pane.display = bool(lines)
        pane.update(Text("\n".join(shown(line, 300) for line in lines)))

    def details(self, key: str) -> str:
        """Return what is to know about a row; the empty text hides the pane."""
        return ""

    def action_do(self, id: str) -> None:
        """Do what a key is for; a subclass takes its own and hands the rest here."""
        {
            "list-down": self.table.action_cursor_down,
            "list-up": self.table.action_cursor_up,
            "list-close": self.close_list,
        }[id]()

    def close_list(self) -> None:
        """Leave without a result."""
        self.dismiss(None)

    @on(DataTable.RowHighlighted)
    def _draw_details(self) -> None:
        text = self.details(self.chosen) if self.chosen is not None else ""
        pane = self.query_one("#details", VerticalScroll)
        pane.display = bool(text)
        lines = "\n".join(shown(line, _LONGEST) for line in text.splitlines())
        self._said.update(Text(lines))
        pane.scroll_home(animate=False)

"""What a change would do, all of it, before it is done."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static

from tui_annotate.domain.display import shown
from tui_annotate.screens.leaving import LeftOnce


class ChangeReport(ModalScreen[bool], LeftOnce[bool]):
    """Shows what a change would do; its result says whether it is to be done."""

    DEFAULT_CSS = """
    ChangeReport { align: center middle; background: transparent; }
    ChangeReport > VerticalScroll {
        width: 96; max-width: 100%; height: auto; max-height: 90%; padding: 0 1;
        background: $surface; border: round $foreground;
    }
    ChangeReport Static { height: auto; width: 100%; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,y", "dismiss(True)", "do it", show=False),
        Binding("escape,q,n", "dismiss(False)", "leave it", show=False),
        Binding("down,j", "scroll(1)", "down", show=False),
        Binding("up,k", "scroll(-1)", "up", show=False),
    ]

    def __init__(self, title: str, lines: Sequence[str]) -> None:
        super().__init__()
        self._title = title
        self._lines = lines

    def compose(self) -> ComposeResult:
        """Lay out what would change."""
        with VerticalScroll() as scroll:
            # A bare string would be read as markup.
            scroll.border_title = Text(shown(self._title, 80))
            scroll.border_subtitle = "enter does it, esc leaves"
            yield Static(Text("\n".join(shown(line, 300) for line in self._lines)), markup=False)

    def action_scroll(self, step: int) -> None:
        """Move the report."""
        self.query_one(VerticalScroll).scroll_relative(y=step, animate=False)

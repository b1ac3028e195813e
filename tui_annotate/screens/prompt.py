"""The prompt: asks for one line of text."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Input, Static

from tui_annotate.domain.display import shown
from tui_annotate.screens.lines import Lines, row
from tui_annotate.screens.question import Question


def typed_path(text: str) -> Path:
    """Return the path that somebody typed; `~` is their home, and a home that nobody has stays as it was typed."""
    path = Path(text.strip())
    with suppress(RuntimeError):
        return path.expanduser()
    return path


class Prompt(Question[str]):
    """Asks for a line; its result is the line."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss(None)", "cancel", show=False)]
    replaced = True
    """Whether the first letter replaces what stands there; else it goes on behind it."""

    def __init__(self, title: str, *, value: str = "", hint: str = "") -> None:
        super().__init__()
        self._title = title
        self._value = value
        self._hint = hint

    def compose(self) -> ComposeResult:
        """Lay out the question and the input."""
        with Vertical():
            yield Lines(1, id="title")
            yield Input(self._value, select_on_focus=self.replaced)
            yield Static(Text(shown(self._hint), style="dim"), markup=False, id="hint")

    def on_mount(self) -> None:
        """Write the question."""
        self.query_one("#title", Lines).put(
            0, row((shown(self._title), "bold"), right=[("enter takes, esc leaves", "dim")])
        )
        self.call_after_refresh(self.ready)

    @on(Input.Submitted)
    def given(self, event: Input.Submitted) -> None:
        """Give the line back."""
        self.dismiss(event.value)

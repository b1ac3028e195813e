"""What the verbs of the review screen see of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol, TypeVar

from textual.screen import Screen

from tui_annotate.domain.decisions import Changes
from tui_annotate.keymaps.assignment import Keymap
from tui_annotate.screens.document_view import DocumentView
from tui_annotate.screens.reviewing import Reviewing
from tui_annotate.screens.selecting import Selecting

T = TypeVar("T")


class Stage(Protocol):
    """The review screen, as its verbs use it."""

    reviewing: Reviewing
    keymap: Keymap
    selecting: Selecting | None

    @property
    def view(self) -> DocumentView:
        """The text."""

    def later(self, job: Callable[[], Awaitable[None] | None]) -> None:
        """Do something behind all keys that came before it."""

    def write(self, job: Callable[[], Awaitable[None]]) -> None:
        """Do something that writes."""

    def ask(self, question: Screen[T], answer: Callable[[T], None]) -> None:
        """Show a question; `answer` is called unless it was left."""

    def tell(self, notice: str, *, warning: bool = False) -> None:
        """Say something in one line."""

    def marks_changed(self, changes: Sequence[Changes] = ()) -> None:
        """Redraw what changes touched, and the focus."""

    def start_selecting(self, selecting: Selecting) -> None:
        """Enter the selection mode."""

    def show_selection(self) -> None:
        """Draw what is selected now."""

    def stop_selecting(self) -> None:
        """Leave the selection mode."""

"""A prompt that tells of every letter, so that what is typed can be shown at work before it is taken."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from rich.text import Text
from textual import on
from textual.binding import Binding, BindingType
from textual.widgets import Input, Static

from tui_annotate.domain.display import shown
from tui_annotate.screens.prompt import Prompt


class LivePrompt(Prompt):
    """Asks for a line, at the foot of the screen.

    Args:
        typed: Takes what stands there; returns what is wrong about it, empty for nothing.
        mending: The line is one that was refused: typing goes on behind it, and does not replace it.
    """

    DEFAULT_CSS = """
    LivePrompt { align: center bottom; }
    LivePrompt > Vertical { margin-top: 0; margin-bottom: 1; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss(None)", "cancel", show=False)]

    def __init__(
        self, title: str, *, value: str, hint: str, typed: Callable[[str], str], mending: bool = False
    ) -> None:
        super().__init__(title, value=value, hint=hint)
        self._typed = typed
        self.replaced = not mending

    @on(Input.Changed)
    def look(self, event: Input.Changed) -> None:
        """Show what it would be."""
        said = self._typed(event.value)
        text = Text(shown(said, 300), style="bold") if said else Text(shown(self._hint), style="dim")
        self.query_one("#hint", Static).update(text)

"""A question over another screen. Keys that are typed before it is ready are kept for it."""

from __future__ import annotations

from typing import Generic, TypeVar

from textual import events
from textual.screen import ModalScreen

from tui_annotate.screens.leaving import LeftOnce

T = TypeVar("T")


class Question(ModalScreen[T], LeftOnce[T], Generic[T]):
    """A modal screen with an input. On a slow line several keys arrive at once, and none of them may get lost."""

    DEFAULT_CSS = """
    Question { align: center top; background: transparent; }
    Question > Vertical {
        width: 76; max-width: 95%; height: auto; margin-top: 2; padding: 0 1;
        background: $surface; border: round $foreground;
    }
    Question Input { border: none; height: 1; padding: 0; background: $surface; }
    Question Input:focus { border: none; background: $surface; }
    """
    AUTO_FOCUS = "Input"
    _early: list[events.Key] | None = None
    _is_ready = False

    def too_early(self, event: events.Key) -> bool:
        """Keep a key that nothing has taken, as long as the input is not there; True when it was kept."""
        if self._is_ready:
            return False
        self._early = [*(self._early or ()), event]
        return True

    def ready(self) -> None:
        """Take the keys that came too early, in their order; to be called when the input has the focus."""
        self._is_ready = True
        for event in self._early or ():
            # From the app, as the terminal's own: a message stops bubbling where it was sent from.
            self.app.post_message(events.Key(event.key, event.character).set_sender(self.app))
        self._early = None

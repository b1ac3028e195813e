"""Leaving a screen: once, whatever keys come behind the one that left it."""

from __future__ import annotations

from typing import Generic, TypeVar

from textual.await_complete import AwaitComplete
from textual.screen import Screen

R = TypeVar("R")


class LeftOnce(Screen[R], Generic[R]):
    """A screen over another one. On a slow line two keys may reach it before it is gone; the second changes nothing.

    Textual's own `dismiss` would take the screen below away with it, and end the app where that is the last. A modal
    screen names `ModalScreen` before this one: styles are inherited from the first base alone, and without its own the
    screen below would not be seen through.
    """

    def dismiss(self, result: R | None = None) -> AwaitComplete:
        """Leave with a result, unless it was left before."""
        return super().dismiss(result) if self.is_current else AwaitComplete()

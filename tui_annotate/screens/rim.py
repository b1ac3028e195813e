"""The rim of the app: unexpected errors, signals and vanished terminals end it in order, without a traceback.

`_handle_exception` and `_exit_renderables` are Textual's own (checked against 8.2.8): where they are gone, Textual
prints its traceback, and nothing else changes.
"""

from __future__ import annotations

import asyncio
import os
import select
import signal
import threading
from collections.abc import Callable

from tui_annotate.screens.terminal import TerminalApp

ENDING = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)
_GRACE = 5.0
"""Seconds that an orderly end may take once the terminal is gone; a blocked write to it may never return."""


class RimApp(TerminalApp[None]):
    """An app that keeps what ended it, for its caller to tell."""

    fatal: Exception | None = None
    """The unexpected error that ended the app."""

    def _handle_exception(self, error: Exception) -> None:
        self.fatal = self.fatal or error
        super()._handle_exception(error)
        self._exit_renderables.clear()


def watch_signals(end: Callable[[int], None]) -> None:
    """Call `end` with the exit code when a signal asks the process to stop; needs the running event loop."""
    loop = asyncio.get_running_loop()
    for number in ENDING:
        loop.add_signal_handler(number, end, 128 + number)


def watch_terminal(descriptor: int, end: Callable[[int], None]) -> None:
    """Call `end` when the terminal behind a descriptor vanishes, even where no SIGHUP says so."""
    loop = asyncio.get_running_loop()

    def wait() -> None:
        poll = select.poll()
        # No events wanted: poll wakes up for a hang-up or an error only, so this costs nothing.
        poll.register(descriptor, 0)
        poll.poll()
        loop.call_soon_threadsafe(end, 128 + signal.SIGHUP)
        threading.Event().wait(_GRACE)
        os._exit(128 + signal.SIGHUP)

    threading.Thread(target=wait, name="terminal-watch", daemon=True).start()

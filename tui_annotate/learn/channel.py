"""A child's end of the line: commands on standard input, events on a descriptor of its own, no life without the parent.

Whatever a library prints goes to the log. When the parent is gone, by whatever
death, standard input ends and so does the child; where Linux offers it, the kernel sees to it as well.
"""

from __future__ import annotations

import ctypes
import errno
import logging
import os
import queue
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from typing import NoReturn

from tui_annotate.errors import AnnotateError
from tui_annotate.learn.messages import AnyCommand, Event, decode_command, line

_PR_SET_PDEATHSIG = 1
_TELL_EVERY = 0.05
_BLOCK = 1 << 16


class Channel:
    """Reads commands in a thread of its own, so that the end of the line is noticed at work."""

    def __init__(self) -> None:
        self._events = os.dup(1)
        os.dup2(2, 1)
        self._lock = threading.Lock()
        self._told = 0.0
        self.commands: queue.SimpleQueue[AnyCommand] = queue.SimpleQueue()
        threading.Thread(target=self._read, daemon=True, name="commands").start()

    def _read(self) -> None:
        held = b""
        while data := os.read(0, _BLOCK):
            *lines, held = (held + data).split(b"\n")
            for text in lines:
                try:
                    self.commands.put(decode_command(text))
                except (ValueError, TypeError) as error:
                    logging.warning("a line that is no command was left out: %s", error)
        os._exit(0)

    def send(self, event: Event) -> None:
        """Write one line; a parent that is gone ends the process."""
        data = memoryview(line(event))
        try:
            with self._lock:
                while data:
                    data = data[os.write(self._events, data) :]
        except OSError:
            os._exit(0)

    def now_and_then(self, send: Callable[[float, str], None]) -> Callable[[float, str], None]:
        """Return a progress callback that passes on at most 20 reports a second."""

        def tell(share: float, message: str) -> None:
            now = time.monotonic()
            if now - self._told >= _TELL_EVERY:
                self._told = now
                send(share, message)

        return tell

    def waiting(self) -> bool:
        """Say whether a command lies unread."""
        return not self.commands.empty()


def begin(*, nice: int, parent: int) -> Channel:
    """Set up a child: low priority, a log with times, the end with the parent.

    Args:
        parent: Process id of the parent when its main thread started the child, else 0: the kernel's
            signal is tied to the thread.
    """
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", stream=sys.stderr)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if nice:
        with suppress(OSError):
            os.nice(nice)
    if parent and sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(0)
    return Channel()


def end(main: Callable[[], int]) -> NoReturn:
    """Run a child's main function and end the process, whatever its threads are doing."""
    code = 1
    try:
        code = main()
    except Exception as error:  # noqa: BLE001 - the rim of the child: the parent shows the last line of the log
        message, hint, _ = describe(error)
        print(message, hint, file=sys.stderr)  # noqa: T201 - the log
    sys.stderr.flush()
    os._exit(code)


def describe(error: BaseException) -> tuple[str, str, str]:
    """Return message, hint and class name of an error as a parent shows it; an unforeseen one is logged whole."""
    if isinstance(error, AnnotateError):
        return error.message, error.hint, type(error).__name__
    if isinstance(error, MemoryError):
        return "Not enough memory.", "Close other programs, or train on fewer documents (by tag).", "ResourcesError"
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return "The disk is full.", "Make room, then train again.", "ResourcesError"
    logging.error("".join(traceback.format_exception(error)))
    return f"Something unforeseen: {type(error).__name__}: {error}", "The log has the details.", "LearnError"

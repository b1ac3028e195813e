"""The log of one run as it is written: every line is kept for the run's folder and told at once."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tui_annotate.learn.engines.base import Progress

Tell = Callable[[str], None]
_EVERY = 0.2
"""Seconds between two lines of an engine's own progress; a line that says how it ended is never dropped."""


def quiet(line: str) -> None:
    """Tell nobody."""


class Journal:
    """Lines with the seconds since the run began, and how long each phase took."""

    def __init__(self, tell: Tell = quiet) -> None:
        self.lines: list[str] = []
        self.timings: dict[str, float] = {}
        self._tell = tell
        self._began = time.perf_counter()
        self._last: tuple[float, str] = (0.0, "")

    @property
    def seconds(self) -> float:
        """How long the run has taken so far."""
        return time.perf_counter() - self._began

    def say(self, line: str) -> None:
        """Add lines as they are."""
        for one in line.splitlines():
            self.lines.append(one)
            self._tell(one)

    def event(self, what: str) -> None:
        """Add a line with the time."""
        self.say(f"{self.seconds:8.2f} s  {what}")

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Time what is done in the block; the same name again adds up."""
        began = time.perf_counter()
        try:
            yield
        finally:
            self.timings[name] = round(self.timings.get(name, 0.0) + time.perf_counter() - began, 3)

    def following(self, progress: Progress, begin: float, end: float) -> Progress:
        """Return a progress callback for a part of the whole; what an engine says anew becomes a line."""

        def follow(share: float, message: str) -> None:
            progress(begin + (end - begin) * min(max(share, 0.0), 1.0), message)
            now = time.perf_counter()
            if message != self._last[1] and (share >= 1.0 or now - self._last[0] >= _EVERY):
                self._last = (now, message)
                self.event(message)

        return follow

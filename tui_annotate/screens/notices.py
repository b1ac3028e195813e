"""Notices: what is told in the rule over the panel. A long one goes on over the lines below it; all can be read again.

A key takes a notice down. What came by itself stays a moment, since nobody expected it, and covers nothing.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from datetime import datetime

from rich.cells import cell_len

from tui_annotate.domain.display import shown
from tui_annotate.screens import status
from tui_annotate.screens.lines import Lines, Row, row

_STAYS = 4.0
"""Seconds."""
_KEPT = 100
_AROUND = 5
"""Cells of a line of a notice that its words do not have."""


class Notices:
    """The rule in a panel's first row, and the rows below it as far as they are needed."""

    def __init__(self, panel: Lines, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._panel = panel
        self._clock = clock
        self._under: dict[int, Row] = {}
        """What the rows below the rule show when nothing lies over them."""
        self._covered = 0
        self._stays_until = 0.0
        self._warned_until = 0.0
        self.told: deque[str] = deque(maxlen=_KEPT)
        """What was told, with the time of day, the newest last."""

    def tell(self, notice: str, *, warning: bool = False, unasked: bool = False, width: int = 80) -> None:
        """Show a notice, or take it down with an empty one."""
        now = self._clock()
        if notice:
            self.told.append(f"{datetime.now():%H:%M:%S}  {notice}")
        elif now < self._stays_until:
            return
        if unasked and not warning and now < self._warned_until:
            return
        self._stays_until = now + _STAYS if unasked else 0.0
        self._warned_until = now + _STAYS if warning else 0.0
        room = 1 if unasked else max(len(self._panel.rows) - 1, 1)
        first, *rest = _wrapped(notice, max(width - _AROUND, 1), room)
        self._panel.put(0, status.rule(first, warning=warning))
        self._cover([row(("  ", ""), (f" {line} ", "bold reverse" if warning else "bold")) for line in rest])

    def put(self, index: int, line: Row) -> None:
        """Show a row of the panel, unless a notice lies over it."""
        self._under[index] = line
        if index > self._covered:
            self._panel.put(index, line)

    def uncover(self) -> None:
        """Take down what lies over the rows below the rule."""
        self._cover([])

    def _cover(self, lines: list[Row]) -> None:
        before, self._covered = self._covered, len(lines)
        for index, line in enumerate(lines, start=1):
            self._panel.put(index, line)
        for index in range(len(lines) + 1, min(before + 1, len(self._panel.rows))):
            self._panel.put(index, self._under.get(index, row()))


def _wrapped(notice: str, width: int, most: int) -> list[str]:
    """Break a notice between words into lines of so many cells; the last one has what is left."""
    words = shown(notice).split(" ")
    lines = [""]
    while words:
        longer = f"{lines[-1]} {words[0]}" if lines[-1] else words[0]
        if lines[-1] and cell_len(longer) > width:
            if len(lines) == most:
                lines[-1] = " ".join([lines[-1], *words])
                break
            lines.append("")
            continue
        lines[-1] = longer
        del words[0]
    return lines

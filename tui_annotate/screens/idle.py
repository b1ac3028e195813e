"""What the review screen does between keys: draw progress, notice other processes, keep the place, back up."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from tui_annotate.errors import AnnotateError, StoreError
from tui_annotate.screens.corpus_thread import ThreadClosedError
from tui_annotate.screens.lane import Lane
from tui_annotate.screens.reviewing import Reviewing

PAUSE = 0.4
"""Seconds without a key after which nobody is typing."""
LONGEST_WAIT = 3.0
"""Seconds after which progress is drawn although somebody is typing."""
BACK_UP_LOOKS = 60.0
"""Seconds from one look whether a backup is due to the next."""


class Idle:
    """Looks once a second; nothing is drawn when nothing happened.

    Progress of a training comes many times a second. Drawn at once it would cost bytes and time
    of the key that is just pressed, so it waits for a pause.
    """

    def __init__(
        self,
        reviewing: Reviewing,
        lane: Lane,
        *,
        draw: Callable[[], None],
        tell: Callable[[str], None],
        failed: Callable[[Exception], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._reviewing = reviewing
        self._lane = lane
        self._draw, self._tell, self._failed = draw, tell, failed
        self._clock = clock
        self._key_at = self._drawn_at = self._looked_at = clock()
        self._waits = False
        self._task: asyncio.Task[None] | None = None

    def pressed(self) -> None:
        """Note that a key came."""
        self._key_at = self._clock()

    def drawn(self) -> None:
        """Note that the status line shows everything."""
        self._drawn_at = self._clock()
        self._waits = False

    def draw_later(self) -> None:
        """Have the status line drawn in the next pause."""
        self._waits = True

    def tick(self) -> None:
        """Do what is to be done; called once a second."""
        now = self._clock()
        pausing = now - self._key_at >= PAUSE
        if self._waits and (pausing or now - self._drawn_at >= LONGEST_WAIT):
            self._draw()
        if self._task is None and not self._lane.busy:
            self._task = asyncio.ensure_future(self._look(pausing=pausing))

    async def _look(self, *, pausing: bool) -> None:
        try:
            await self._reviewing.look()
            if pausing:
                self._reviewing.keep_place()
                await self._back_up()
        except (StoreError, ThreadClosedError):
            # Nobody asked for anything; the next look or key will meet it again, unless the corpus is being left.
            return
        except Exception as error:  # noqa: BLE001 - the rim: handed on to whoever shows it
            self._failed(error)
        finally:
            self._task = None

    async def _back_up(self) -> None:
        if self._clock() - self._looked_at < BACK_UP_LOOKS:
            return
        self._looked_at = self._clock()
        try:
            await self._reviewing.back_up()
        except (AnnotateError, OSError) as error:
            self._tell(f"No backup could be made: {error}")

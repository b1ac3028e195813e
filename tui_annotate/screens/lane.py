"""The lane: what keys ask for is done one after the other, so that no key overtakes the write before it."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable

Job = Callable[[], Awaitable[None] | None]


class Lane:
    """Runs jobs strictly in order. A job that waits for nothing runs at once when the lane is free."""

    def __init__(self, on_error: Callable[[Exception], None]) -> None:
        self._on_error = on_error
        self._waiting: deque[Job] = deque()
        self._task: asyncio.Task[None] | None = None

    @property
    def busy(self) -> bool:
        """Say whether a job is under way."""
        return self._task is not None

    def put(self, job: Job) -> None:
        """Do a job when all before it are done."""
        if self._task is not None:
            self._waiting.append(job)
            return
        rest = self._begin(job)
        if rest is not None:
            self._task = asyncio.ensure_future(self._run(rest))

    def drop(self) -> int:
        """Forget the jobs that wait, and say how many there were."""
        dropped = len(self._waiting)
        self._waiting.clear()
        return dropped

    async def idle(self) -> None:
        """Wait until nothing is under way."""
        while self._task is not None:
            await asyncio.wait([self._task])

    def _begin(self, job: Job) -> Awaitable[None] | None:
        try:
            return job()
        except Exception as error:  # noqa: BLE001 - the rim: handed on to whoever shows it
            self._on_error(error)
            return None

    async def _run(self, rest: Awaitable[None] | None) -> None:
        try:
            while True:
                if rest is not None:
                    try:
                        await rest
                    except Exception as error:  # noqa: BLE001 - the rim: handed on to whoever shows it
                        self._on_error(error)
                if not self._waiting:
                    return
                rest = self._begin(self._waiting.popleft())
        finally:
            self._task = None

"""One child process as the event loop sees it: lines in, lines out, and how it ended."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import msgspec

from tui_annotate.learn import launching
from tui_annotate.learn.messages import LINE_LIMIT, AnyCommand, AnyEvent, Ready, decode_event, line

Which = Literal["trainer", "server"]


class Child:
    """A running child. `on_event` gets what it says, `on_end` its exit code, once, unless it was ended on purpose."""

    def __init__(
        self,
        which: Which,
        corpus: Path,
        *,
        nice: int,
        on_event: Callable[[Child, AnyEvent], None],
        on_end: Callable[[Child, int], None],
    ) -> None:
        self.which: Which = which
        self.corpus = corpus
        self.nice = nice
        self.log = launching.log_path(corpus, which)
        self.wanted = True
        """False once it was ended on purpose."""
        self.garbled = False
        """True once it said what is no event; it is ended then."""
        self.ready = False
        """True once it has loaded what it needs."""
        self._on_event = on_event
        self._on_end = on_end
        self._process: asyncio.subprocess.Process | None = None
        self._reading: asyncio.Task[None] | None = None

    @property
    def pid(self) -> int:
        """Process id; 0 before it runs."""
        return self._process.pid if self._process else 0

    @property
    def over(self) -> bool:
        """Say whether it has ended and all it said was read."""
        return self._reading is not None and self._reading.done()

    async def start(self) -> None:
        """Start the process; what it says is read from now on."""
        with launching.open_log(self.log) as log:
            self._process = await asyncio.create_subprocess_exec(
                *launching.command(self.which, self.corpus, nice=self.nice),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=log,
                limit=LINE_LIMIT,
                env=launching.environment(),
                start_new_session=True,
            )
        if not self.wanted:
            self.kill()
        self._reading = asyncio.create_task(self._read(self._process))

    async def _read(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None
        while True:
            try:
                text = await process.stdout.readline()
                if not text:
                    break
                event = decode_event(text)
            except (ValueError, msgspec.DecodeError):
                # An answer that cannot be read would be waited for without end.
                self.garbled = True
                self.kill_only()
                continue
            self.ready = self.ready or isinstance(event, Ready)
            if self.wanted:
                self._on_event(self, event)
        code = await process.wait()
        if self.wanted:
            self.wanted = False
            self._on_end(self, code)

    def send(self, command: AnyCommand) -> None:
        """Write a command; one to a child that is gone is lost, and its end is reported by itself."""
        if self._process is not None and self._process.stdin is not None:
            with contextlib.suppress(OSError, RuntimeError):
                self._process.stdin.write(line(command))

    def kill(self) -> None:
        """End it now and on purpose."""
        self.wanted = False
        self.kill_only()

    def kill_only(self) -> None:
        """End it now; its end is reported."""
        if self._process is not None and self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()

    async def gone(self) -> None:
        """Wait until the process has ended and all it said was read."""
        if self._reading is not None:
            await self._reading

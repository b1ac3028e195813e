"""What all routes share: the corpus's threads, who may log in, what predicts, and who is told of faults."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from tui_annotate.errors import AnnotateError
from tui_annotate.serve.buckets import Buckets
from tui_annotate.serve.failing import ApiError
from tui_annotate.serve.options import ServeOptions
from tui_annotate.serve.predicting import Predictor
from tui_annotate.serve.threads import CorpusThreads
from tui_annotate.services import searching
from tui_annotate.services.accounts import Credentials
from tui_annotate.services.delivering import Delivery
from tui_annotate.store import accounts, hooks
from tui_annotate.store.connection import Corpus

_ACCOUNTS_LAST = 1.0
"""Seconds after which changes that other programs made to the accounts are seen."""
_REST_EVERY = 5.0
"""Seconds from one look at what may be tidied up to the next."""
_INDEXING = 0.1
"""Seconds that indexing what came in may take at a time, in steps between which others write."""
_STEP = 0.001
"""So short that there is one step."""
_FAILURES = 10
"""Wrong passwords from one address within `_FAILURE_SECONDS`, after which it waits."""
_FAILURE_SECONDS = 60.0
_AT_ONCE = 2
"""Passwords that are hashed at the same time, so that guessing cannot take the machine."""


class Service:
    """One corpus, served."""

    def __init__(self, options: ServeOptions, *, tell: Callable[[str], None] = lambda _: None) -> None:
        self.options = options
        self.threads = CorpusThreads(options.path)
        self.predictor = Predictor(options.path, self.threads, patience=options.patience)
        self._credentials = Credentials()
        self._passwords: dict[str, str] = {}
        self._roles: dict[str, str] = {}
        self._read_at = float("-inf")
        self._reading = asyncio.Lock()
        self._failures = Buckets(_FAILURES / _FAILURE_SECONDS, _FAILURES)
        self._hashing = asyncio.Semaphore(_AT_ONCE)
        self._delivery = Delivery(Path(options.path), on_trouble=tell)
        self._resting: asyncio.Task[None] | None = None
        self.on_ready: Callable[[], None] = lambda: None
        self.on_failure: Callable[[Exception], None] = lambda _: None
        """Takes what kept the server from starting, before it is raised."""

    @property
    def folders(self) -> tuple[str, ...]:
        """Folders that an error may name, and no client is told of."""
        return str(self.options.path.absolute().parent), str(self.options.path.parent), tempfile.gettempdir()

    async def start(self) -> None:
        """Begin: raises what keeps the corpus from being opened."""
        try:
            await self.threads.write(lambda corpus: hooks.note_served(corpus, self.options.owner, self.options.project))
            await self.read_accounts()
        except AnnotateError as error:
            self.on_failure(error)
            raise
        self._delivery.start()
        self._resting = asyncio.create_task(self._rest())
        self.on_ready()

    async def stop(self) -> None:
        """End everything that was started; what was begun is written."""
        if self._resting is not None:
            self._resting.cancel()
            with suppress(asyncio.CancelledError):
                await self._resting
        await asyncio.to_thread(self._close)

    def _close(self) -> None:
        self.predictor.close()
        self._delivery.close()
        self.threads.close()

    async def _rest(self) -> None:
        while True:
            await asyncio.sleep(_REST_EVERY)
            self.predictor.rest()
            with suppress(AnnotateError):
                # What could not be indexed is looked at in place; the next time may do better.
                await self._index()

    async def _index(self) -> None:
        end = time.monotonic() + _INDEXING
        while time.monotonic() < end:
            if await self.threads.write(lambda corpus: searching.catch_up(corpus, seconds=_STEP)):
                return

    async def verify(self, name: str, password: str, address: str) -> str | None:
        """Return the role of whom a name and a password belong to, None for nobody.

        Raises:
            ApiError: Too many wrong passwords came from the address, and this one has not been right lately.
        """
        if time.monotonic() - self._read_at > _ACCOUNTS_LAST:
            async with self._reading:
                # Of those that come at the same time, one reads.
                if time.monotonic() - self._read_at > _ACCOUNTS_LAST:
                    await self.read_accounts()
        if not self._credentials.remembers(name, password, self._passwords):
            async with self._hashing:
                if not await self._is_right(name, password, address):
                    return None
        return self._roles.get(name, "admin" if name == self.options.owner else "reader")

    async def _is_right(self, name: str, password: str, address: str) -> bool:
        """Check a password by its hash; asked one after the other, so that guesses at the same time count all."""
        if self._credentials.remembers(name, password, self._passwords):
            # Several clients began at the same time with the same password.
            return True
        if not self._failures.has(address):
            raise ApiError(429, "Too many wrong passwords from this address.", headers={"Retry-After": "60"})
        good = await asyncio.to_thread(self._credentials.verify, name, password, self._passwords)
        if not good:
            self._failures.take(address)
        return good

    async def read_accounts(self) -> None:
        """See who may log in now."""

        def read(corpus: Corpus) -> tuple[dict[str, str], dict[str, str]]:
            return accounts.passwords(corpus), {one.name: one.role for one in accounts.members(corpus)}

        self._passwords, self._roles = await self.threads.read(read)
        self._read_at = time.monotonic()

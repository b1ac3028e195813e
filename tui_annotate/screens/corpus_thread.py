"""A thread with a corpus connection of its own: jobs run in order, and the event loop never waits for the disk.

The app has two: one loads and writes, in the order of the keys; one reads tables and searches.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from tui_annotate.store.connection import Corpus

T = TypeVar("T")


class CorpusThread:
    """Runs functions of a corpus, one after the other, on a thread that alone touches its connection."""

    def __init__(self, path: Path, *, readonly: bool = False, name: str = "corpus", timeout: float = 5.0) -> None:
        self.path = path
        self._readonly = readonly
        self._timeout = timeout
        self._corpus: Corpus | None = None
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix=name)
        self._closed = False

    async def __call__(self, function: Callable[[Corpus], T]) -> T:
        """Run a function behind everything that was asked for before, and return what it returns.

        A caller that stops waiting does not stop the function: what was begun is written.
        """
        return await asyncio.shield(asyncio.wrap_future(self.submit(function)))

    def submit(self, function: Callable[[Corpus], T]) -> Future[T]:
        """Queue a function without an event loop, for what is read before the app runs."""
        return self._pool.submit(self._run, function)

    def close(self) -> None:
        """Finish what is queued and close the connection; may be called twice."""
        if not self._closed:
            self._closed = True
            self._pool.submit(self._disconnect)
            self._pool.shutdown(wait=True)

    def _run(self, function: Callable[[Corpus], T]) -> T:
        if self._corpus is None:
            self._corpus = Corpus.open(self.path, readonly=self._readonly, timeout=self._timeout)
        return function(self._corpus)

    def _disconnect(self) -> None:
        if self._corpus is not None:
            self._corpus.close()
            self._corpus = None

"""The corpus behind the server: several threads that read, each with a connection of its own, and one that writes.

The writer takes one request after the other, so two clients that update one version do it in turn; an answer goes out
when what it tells of is on disk.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from tui_annotate.store.connection import Corpus

T = TypeVar("T")
READERS = 3
PATIENCE = 10.0
"""Seconds to wait for other programs that hold the corpus."""


class CorpusThreads:
    """Runs functions of a corpus off the event loop."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._local = threading.local()
        self._opened: list[Corpus] = []
        self._lock = threading.Lock()
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="reader")
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="writer")

    async def read(self, function: Callable[[Corpus], T]) -> T:
        """Run a function that reads; it may not write."""
        return await self._run(self._readers, function, readonly=True)

    async def write(self, function: Callable[[Corpus], T]) -> T:
        """Run a function that writes, behind those that wait already; it runs to its end whoever stops waiting."""
        return await self._run(self._writer, function, readonly=False)

    async def _run(self, pool: ThreadPoolExecutor, function: Callable[[Corpus], T], *, readonly: bool) -> T:
        def work() -> T:
            return function(self._corpus(readonly))

        return await asyncio.shield(asyncio.get_running_loop().run_in_executor(pool, work))

    def _corpus(self, readonly: bool) -> Corpus:
        corpus: Corpus | None = getattr(self._local, "corpus", None)
        if corpus is None:
            corpus = self._local.corpus = Corpus.open(self._path, readonly=readonly, timeout=PATIENCE)
            with self._lock:
                self._opened.append(corpus)
        return corpus

    def close(self) -> None:
        """Finish what was begun, and close all connections."""
        self._writer.shutdown(wait=True, cancel_futures=True)
        self._readers.shutdown(wait=True, cancel_futures=True)
        for corpus in self._opened:
            corpus.close()
        self._opened.clear()

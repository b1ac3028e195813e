"""A thread with a corpus connection of its own: jobs run in order, and the event loop never waits for the disk.

The app has two: one loads and writes, in the order of the keys; one reads tables and searches.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import TypeVar

from tui_annotate.store.connection import Corpus

T = TypeVar("T")


class ThreadClosedError(RuntimeError):
    """The corpus is being left: what nobody asked for need not be done any more."""


class CorpusThread:
    """Runs functions of a corpus, one after the other, on a thread that alone touches its connection."""

    def __init__(self, path: Path, *, readonly: bool = False, name: str = "corpus", timeout: float = 5.0) -> None:
        self.path = path
        self.closing = False
        """`close` was called; a long job should end."""
        self._readonly = readonly
        self._timeout = timeout
        self._corpus: Corpus | None = None
        self._jobs: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._work, name=name, daemon=True)
        self._thread.start()

    async def __call__(self, function: Callable[[Corpus], T]) -> T:
        """Run a function behind everything that was asked for before, and return what it returns.

        A caller that stops waiting does not stop the function: what was begun is written.
        """
        return await asyncio.shield(asyncio.wrap_future(self.submit(function)))

    def submit(self, function: Callable[[Corpus], T]) -> Future[T]:
        """Queue a function without an event loop, for what is read before the app runs."""
        future: Future[T] = Future()
        if self.closing:
            raise ThreadClosedError(f"the thread of {self.path} is closed")
        self._jobs.put(lambda: self._run(function, future))
        return future

    def drain(self) -> None:
        """Run what waits, in order: a long job calls it between its slices, on this thread."""
        while True:
            try:
                job = self._jobs.get_nowait()
            except Empty:
                return
            if job is None:
                # The end of the queue was met; `_work` is to meet it too.
                self._jobs.put(None)
                return
            job()

    def close(self) -> None:
        """Finish what is queued and close the connection; may be called twice."""
        if not self.closing:
            self.closing = True
            self._jobs.put(None)
        self._thread.join()

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            job()
        if self._corpus is not None:
            self._corpus.close()
            self._corpus = None

    def _run(self, function: Callable[[Corpus], T], future: Future[T]) -> None:
        if not future.set_running_or_notify_cancel():
            return
        try:
            if self._corpus is None:
                self._corpus = Corpus.open(self.path, readonly=self._readonly, timeout=self._timeout)
                self._corpus.source = "GUI"
            future.set_result(function(self._corpus))
        except BaseException as error:  # noqa: BLE001 - whoever waits for the result is told, the thread goes on
            future.set_exception(error)

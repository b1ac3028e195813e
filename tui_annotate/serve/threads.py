"""The corpus behind the server: several threads that read, each with a connection of its own, and one that writes.

The writer takes one request after the other, so two clients that update one version do it in turn. Small writes that
wait at the same time share a commit, since each commit waits for the disk; an answer goes out when what it tells of is
on disk.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

from tui_annotate.errors import StoreError
from tui_annotate.serve.failing import ApiError
from tui_annotate.store.connection import Corpus

T = TypeVar("T")
READERS = 3
LONGEST_QUESTION = 4.0
"""Seconds that a search may take: as long as one statement reads nobody can write, and the app waits for five."""
PATIENCE = 10.0
"""Seconds to wait for other programs that hold the corpus."""
_HOLD = 0.02
"""Seconds that writes which share a commit may hold the corpus, about; an import holds it as long."""
_MOST_TOGETHER = 32
_PAUSE = 0.003
"""Seconds that others have at least before the next writes; who waits for the corpus looks every millisecond."""
_PAUSE_SHARE = 0.4
"""Of the time that the corpus was held: where the disk is slow, others get their turn, and more writes share the next
commit."""
_LONGEST_PAUSE = 0.025


@dataclass(slots=True)
class _Job:
    """A function that waits for the writer."""

    function: Callable[[Corpus], Any]
    future: Future[Any]
    small: bool


class CorpusThreads:
    """Runs functions of a corpus off the event loop."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._local = threading.local()
        self._opened: list[Corpus] = []
        self._lock = threading.Lock()
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="reader")
        self._jobs: SimpleQueue[_Job | None] = SimpleQueue()
        self._held: list[_Job | None] = []
        """What the writer took out of the queue and has yet to run."""
        self._writer = threading.Thread(target=self._write_all, name="writer", daemon=True)
        self._writer.start()

    async def read(self, function: Callable[[Corpus], T]) -> T:
        """Run a function that reads; it may not write."""
        loop = asyncio.get_running_loop()
        return await asyncio.shield(loop.run_in_executor(self._readers, lambda: function(self._reader())))

    async def ask(self, function: Callable[[Corpus], T]) -> T:
        """Run a function that asks what a client thought of, and stop it where that takes too long.

        Raises:
            ApiError: It was stopped.
        """
        held: list[Corpus] = []

        def run() -> T:
            held.append(self._reader())
            try:
                return function(held[0])
            finally:
                held.clear()

        future = asyncio.get_running_loop().run_in_executor(self._readers, run)
        stopped = False
        while not (await asyncio.wait({future}, timeout=LONGEST_QUESTION))[0]:
            for corpus in tuple(held):
                corpus.connection.interrupt()
                stopped = True
        try:
            return future.result()
        except StoreError:
            if not stopped:
                raise
            reason = f"The search was stopped after {LONGEST_QUESTION:g} seconds, in which nobody else could write."
            raise ApiError(503, reason, field="search", hint="Search for fewer words, or say fields.") from None

    async def write(self, function: Callable[[Corpus], T], *, small: bool = False) -> T:
        """Run a function that writes, behind those that wait already; it runs to its end whoever stops waiting.

        Args:
            small: It takes a few milliseconds, so it may share a commit with others like it.
        """
        future: Future[T] = Future()
        self._jobs.put(_Job(function, future, small))
        return await asyncio.shield(asyncio.wrap_future(future))

    def close(self) -> None:
        """Finish what was begun, and close all connections."""
        self._jobs.put(None)
        self._writer.join()
        self._readers.shutdown(wait=True, cancel_futures=True)
        for corpus in self._opened:
            corpus.close()
        self._opened.clear()

    def _reader(self) -> Corpus:
        corpus: Corpus | None = getattr(self._local, "corpus", None)
        if corpus is None:
            corpus = self._local.corpus = Corpus.open(self._path, readonly=True, timeout=PATIENCE)
            with self._lock:
                self._opened.append(corpus)
        return corpus

    def _write_all(self) -> None:
        corpus: Corpus | None = None
        while (job := self._held.pop() if self._held else self._jobs.get()) is not None:
            try:
                if corpus is None:
                    corpus = Corpus.open(self._path, timeout=PATIENCE)
            except BaseException as error:  # noqa: BLE001 - whoever waits is told, the next one tries again
                job.future.set_exception(error)
                continue
            if job.small:
                self._together(corpus, job)
            else:
                _tell(job, *_tried(job.function, corpus))
        if corpus is not None:
            corpus.close()

    def _together(self, corpus: Corpus, first: _Job) -> None:
        """Run a small job, and those like it that wait behind it, with one commit."""
        done: list[tuple[_Job, Any, BaseException | None]] = []
        began = time.monotonic()
        try:
            with corpus.together():
                began = time.monotonic()
                for job in self._group(first):
                    done.append((job, *_tried(job.function, corpus)))
        except BaseException as error:  # noqa: BLE001 - nothing of it is on disk, and all who wait are told
            for job in [one for one, *_ in done] or [first]:
                _tell(job, None, error)
            return
        held = time.monotonic() - began
        for job, result, failed in done:
            _tell(job, result, failed)
        time.sleep(min(_LONGEST_PAUSE, max(_PAUSE, _PAUSE_SHARE * held)))

    def _group(self, first: _Job) -> Iterator[_Job]:
        yield first
        end = time.monotonic() + _HOLD
        for _ in range(_MOST_TOGETHER):
            if time.monotonic() >= end:
                return
            try:
                job = self._jobs.get_nowait()
            except Empty:
                return
            if job is None or not job.small:
                self._held.append(job)
                return
            yield job


def _tried(function: Callable[[Corpus], T], corpus: Corpus) -> tuple[T | None, BaseException | None]:
    try:
        return function(corpus), None
    except BaseException as error:  # noqa: BLE001 - one that fails does not take the others with it
        return None, error


def _tell(job: _Job, result: object, failed: BaseException | None) -> None:
    if failed is not None:
        job.future.set_exception(failed)
    else:
        job.future.set_result(result)

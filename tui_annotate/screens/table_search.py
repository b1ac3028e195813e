"""What the corpus table is filtered by: a query that is looked for on the corpus threads, and what it found."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable

from tui_annotate.errors import AnnotateError
from tui_annotate.screens.opened import OpenedCorpus
from tui_annotate.services import searching
from tui_annotate.services.searching import Hits
from tui_annotate.store.connection import Corpus
from tui_annotate.store.search.finding import SearchStopped

_PAUSE = 0.002
"""Seconds between two steps of indexing, in which other programs may write."""


class TableSearch:
    """One query at a time; a newer one ends the one before."""

    def __init__(
        self,
        opened: OpenedCorpus,
        *,
        found: Callable[[], None],
        told: Callable[[], None],
        failed: Callable[[AnnotateError], None],
    ) -> None:
        self._opened = opened
        self._has_found, self._told, self._failed = found, told, failed
        self.text = ""
        """The query that was found last, empty for none."""
        self.wanted = ""
        """The query that is looked for, or that was."""
        self.found: Hits | None = None
        """What fits, and is in one of the states that are shown; None where all are shown."""
        self.doubts: list[str] = []
        """Which values of the query nothing has, a sentence each."""
        self.indexed: float | None = None
        """The share of the documents that is indexed, while they are."""
        self.task: asyncio.Task[None] | None = None
        """Looking."""
        self._stop_asked = threading.Event()
        self._ahead: asyncio.Task[None] | None = None

    def begin(self) -> None:
        """Index what is not yet, before anybody searches."""
        self._ahead = asyncio.ensure_future(self._guarded(self._index(tell=False)))

    def look_for(self, text: str, narrowed: str) -> None:
        """Look for a query, and call `found` when it is known what fits.

        Args:
            text: As it was typed.
            narrowed: The same, that also asks for the states that are shown.
        """
        self.stop()
        self.wanted = text
        if text:
            self.task = asyncio.ensure_future(self._guarded(self._find(text, narrowed, self._stop_asked)))
            self._told()
        else:
            self.text, self.found, self.doubts = "", None, []
            self._has_found()

    def stop(self) -> None:
        """End looking; what was found before stays."""
        if self.task is not None:
            self.task.cancel()
            self._stop_asked.set()
            self._stop_asked = threading.Event()
            self.task = self.indexed = None
            self.wanted = self.text

    def close(self) -> None:
        """End everything."""
        self.stop()
        if self._ahead is not None:
            self._ahead.cancel()

    async def _guarded(self, job: Awaitable[None]) -> None:
        try:
            await job
        except SearchStopped:
            return
        except AnnotateError as error:
            self._failed(error)

    async def _index(self, *, tell: bool) -> None:
        """Have everything indexed that is not, a little at a time, between what the writer has to do."""
        while await self._opened.writer(searching.is_behind):
            share = await self._opened.writer(searching.step)
            if tell:
                self.indexed = share
                self._told()
            await asyncio.sleep(_PAUSE)

    async def _find(self, text: str, narrowed: str, stopped: threading.Event) -> None:
        """Ask the index, once everything is in it."""
        annotator = self._opened.annotator
        try:
            await self._index(tell=True)

            def find(corpus: Corpus) -> tuple[Hits, list[str]]:
                hits = searching.hits(corpus, narrowed, annotator=annotator, stop=stopped.is_set)
                return hits, searching.doubts(corpus, text, annotator=annotator)

            self.found, self.doubts = await self._opened.reader(find)
            self.text = text
            self._has_found()
        finally:
            if not stopped.is_set():
                self.task = self.indexed = None
                self.wanted = self.text
                self._told()

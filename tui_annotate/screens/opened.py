"""An open corpus: its two threads and its learning loop, opened together and closed together."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from tui_annotate.errors import ReadOnlyError
from tui_annotate.screens.corpus_thread import CorpusThread
from tui_annotate.screens.resuming import Opening, opening
from tui_annotate.screens.status import Learning
from tui_annotate.store import hooks

if TYPE_CHECKING:
    from tui_annotate.services.delivering import Delivery
    from tui_annotate.services.training import LearningLoop


class OpenedCorpus:
    """What has to be closed when a corpus is left."""

    def __init__(self, path: Path, annotator: str, *, timeout: float = 5.0) -> None:
        self.path = path
        self.annotator = annotator
        self.writer = CorpusThread(path, name="writer", timeout=timeout)
        self.loop: LearningLoop | None = None
        self._delivery: Delivery | None = None
        self._reader: CorpusThread | None = None
        self._reading = self.writer.submit(lambda corpus: opening(corpus, annotator))
        """Begins at once, while libraries load."""

    @property
    def reader(self) -> CorpusThread:
        """A thread for tables and searches, which may take long."""
        if self._reader is None:
            self._reader = CorpusThread(self.path, readonly=True, name="reader")
        return self._reader

    def wait(self) -> Opening:
        """Return what the first picture shows.

        Raises:
            AnnotateError: The corpus cannot be opened.
        """
        try:
            return self._reading.result()
        except ReadOnlyError:
            self.writer.close()
            self.writer = CorpusThread(self.path, readonly=True, name="writer")
            return self.writer.submit(lambda corpus: opening(corpus, self.annotator)).result()

    async def learn(self, on_change: Callable[[Learning], None]) -> LearningLoop:
        """Start the learning children; call it when the first picture is on screen."""
        # Loaded here, and on a thread, so that neither the first picture nor a key waits for it.
        training = await asyncio.to_thread(importlib.import_module, "tui_annotate.services.training")
        self.loop = training.LearningLoop(self.path, self.annotator, write=self.writer, on_change=on_change)
        loop: LearningLoop = self.loop
        await loop.start()
        return loop

    async def deliver(self, on_trouble: Callable[[str], None]) -> None:
        """Start telling the webhooks, once there are any; `on_trouble` is called on the event loop."""
        if self._delivery is not None or not await self.writer(lambda corpus: bool(hooks.listing(corpus))):
            return
        # Loaded on a thread: neither the first picture nor a key waits for what speaks HTTP.
        delivering = await asyncio.to_thread(importlib.import_module, "tui_annotate.services.delivering")
        if self._delivery is None:
            events = asyncio.get_running_loop()

            def tell(text: str) -> None:
                # A call that hangs may end after the app did; then nobody is left to be told.
                with suppress(RuntimeError):
                    events.call_soon_threadsafe(on_trouble, text)

            self._delivery = delivering.Delivery(self.path, on_trouble=tell)
            self._delivery.start()

    async def close(self) -> None:
        """End the children, finish what is queued, close the file."""
        if self.loop is not None:
            await self.loop.stop()
        if self._delivery is not None:
            await asyncio.to_thread(self._delivery.close)
        threads = [thread for thread in (self.writer, self._reader) if thread is not None]
        await asyncio.gather(*(asyncio.to_thread(thread.close) for thread in threads))

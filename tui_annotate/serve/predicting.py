"""Predictions before the answer: a document that nobody has annotated gets what runs and patterns say of it.

A process of its own loads the deployed runs when they are first needed, and ends when nobody asked for a while. An
answer waits for it a bounded time, and says so when it goes out without predictions.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from tui_annotate.domain import deployment
from tui_annotate.domain.annotations import Suggestion
from tui_annotate.domain.documents import DocumentState
from tui_annotate.errors import AnnotateError
from tui_annotate.learn.blocking import Worker
from tui_annotate.serve.threads import CorpusThreads
from tui_annotate.store import documents, patterns, runs, settings, suggestions, versions
from tui_annotate.store.connection import Corpus

_IDLE = 600.0
"""Seconds without a question after which the process ends."""
_NICE = 5


@dataclass(slots=True)
class _Said:
    """What is to be kept of one document."""

    by_run: dict[str, list[Suggestion]] = field(default_factory=dict)
    matches: list[Suggestion] | None = None
    """None: the patterns said it already, or there are none."""


class Predictor:
    """Asks the deployed runs, one question after the other."""

    def __init__(self, path: Path, threads: CorpusThreads, *, patience: float) -> None:
        self._path = path
        self._threads = threads
        self._patience = patience
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="predictor")
        self._worker: Worker | None = None
        self._serving: dict[str, str] = {}
        self._lock = threading.Lock()
        self._asked = 0.0
        self._closed = False

    async def ensure(self, ids: Sequence[int]) -> str:
        """Have documents predicted that nobody has touched; returns why some were not, mostly nothing."""
        wanted = await self._threads.read(lambda corpus: _Wanted(corpus, ids))
        if not wanted.runs and not wanted.patterns:
            return ""
        task = asyncio.get_running_loop().run_in_executor(self._pool, self._predict, wanted)
        try:
            said = await asyncio.wait_for(asyncio.shield(task), self._patience)
        except TimeoutError:
            return f"not predicted within {self._patience:g} seconds; ask again"
        except AnnotateError as error:
            return f"not predicted: {error.message}"
        await self._threads.write(lambda corpus: _keep(corpus, said, wanted.stamp))
        return ""

    def _predict(self, wanted: _Wanted) -> dict[int, _Said]:
        said: dict[int, _Said] = {}
        if wanted.runs:
            found = self._ask(wanted)
            for task, by_document in found.items():
                for id, predicted in by_document.items():
                    ours = deployment.ours(wanted.scheme, predicted)
                    said.setdefault(id, _Said()).by_run[wanted.deployed[task]] = ours
        for id, text in wanted.patterns.items():
            matches = wanted.matcher.suggestions(text, wanted.scheme) if wanted.matcher is not None else []
            said.setdefault(id, _Said()).matches = list(matches)
        return said

    def _ask(self, wanted: _Wanted) -> dict[str, dict[int, list[Suggestion]]]:
        with self._lock:
            if self._closed:
                return {}
            self._asked = time.monotonic()
            try:
                if self._worker is None:
                    self._worker, self._serving = Worker(self._path, nice=_NICE), {}
                if self._serving != wanted.deployed:
                    self._serving = self._worker.serve(wanted.deployed)
                return {t: found for t, found in self._worker.predict(wanted.runs).items() if t in wanted.deployed}
            except AnnotateError:
                self._end()
                raise

    def rest(self) -> None:
        """End the process when nobody has asked for a while; called now and then."""
        if self._worker is not None and time.monotonic() - self._asked > _IDLE and self._lock.acquire(blocking=False):
            try:
                self._end()
            finally:
                self._lock.release()

    def close(self) -> None:
        """End the process at once; what was asked is not answered."""
        self._closed = True
        worker = self._worker
        if worker is not None:
            worker.close()
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _end(self) -> None:
        if self._worker is not None:
            self._worker.close()
        self._worker, self._serving = None, {}


class _Wanted:
    """Which documents lack what the deployed runs, or the patterns, say."""

    def __init__(self, corpus: Corpus, ids: Sequence[int]) -> None:
        self.scheme = settings.scheme(corpus)
        self.deployed = {task: row.name for task, row in runs.deployed(corpus).items()}
        how = settings.load(corpus).patterns
        self.stamp = patterns.stamp(corpus) if how != "off" else 0
        self.matcher = patterns.matcher(corpus) if self.stamp else None
        untouched = [id for id in ids if _is_untouched(corpus, id)]
        tasks = set(self.deployed.values())
        self.runs = [id for id in untouched if tasks - suggestions.frozen_runs(corpus, id)] if tasks else []
        texts = documents.load_some(corpus, untouched) if self.stamp else {}
        self.patterns = {id: text for id, text in texts.items() if suggestions.frozen_matches(corpus, id) != self.stamp}


def _is_untouched(corpus: Corpus, id: int) -> bool:
    """Say whether a document has no version and nothing that came with it."""
    row = documents.row(corpus, id)
    if row.state is not DocumentState.PENDING or versions.versions(corpus, id):
        return False
    return not suggestions.proposals(corpus, id)


def _keep(corpus: Corpus, said: dict[int, _Said], stamp: int) -> None:
    predicted = {id: one.by_run for id, one in said.items() if one.by_run}
    if predicted:
        suggestions.freeze_several(corpus, predicted)
    for id, one in said.items():
        if one.matches is not None:
            suggestions.keep_matches(corpus, id, one.matches, stamp=stamp)

"""What the deployed runs said of documents that come next, kept until they are shown."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Collection, Mapping, Sequence

from tui_annotate.domain import deployment
from tui_annotate.domain.annotations import Suggestion
from tui_annotate.domain.scheme import Scheme
from tui_annotate.session.desk import Predictions
from tui_annotate.store import aliases, runs
from tui_annotate.store.connection import Corpus

_KEPT = 500


def written(corpus: Corpus, document: int, deployed: Sequence[str], scheme: Scheme) -> list[Predictions]:
    """Return what stands of a document in the folders of runs, without the labels of outside models."""
    held = {run: runs.predictions(runs.folder(corpus, run), [document]) for run in deployed}
    return [
        Predictions(run, tuple(deployment.ours(scheme, aliases.of_run(corpus, run).suggestions(found[document]))))
        for run, found in held.items()
        if document in found
    ]


class KeptPredictions:
    """Predictions by document and task, those asked for longest ago going first."""

    def __init__(self) -> None:
        self._held: OrderedDict[int, dict[str, Predictions]] = OrderedDict()
        self._arrived = asyncio.Condition()

    def clear(self) -> None:
        """Forget all of them."""
        self._held.clear()

    def has(self, document: int, tasks: Collection[str]) -> bool:
        """Say whether a document was predicted for all these tasks."""
        held = self._held.get(document)
        return held is not None and set(held) >= set(tasks)

    def of(self, document: int) -> list[Predictions]:
        """Return what is there of a document."""
        return list(self._held.get(document, {}).values())

    async def take(self, task: str, run: str, found: Mapping[int, Sequence[Suggestion]]) -> None:
        """Keep what a run said, and wake who waits for it."""
        for document, suggestions in found.items():
            self._held.setdefault(document, {})[task] = Predictions(run, tuple(suggestions))
            self._held.move_to_end(document)
        while len(self._held) > _KEPT:
            self._held.popitem(last=False)
        async with self._arrived:
            self._arrived.notify_all()

    async def wait_for(self, document: int, tasks: Collection[str], *, patience: float) -> bool:
        """Wait until a document is predicted; False when that takes more than `patience` seconds."""
        try:
            async with asyncio.timeout(patience), self._arrived:
                await self._arrived.wait_for(lambda: self.has(document, tasks))
        except TimeoutError:
            return False
        return True

"""Runs as a training and its figures need them: to go on from, and to be held against.

A run is never measured on a text that it was trained on, even where that was set apart only later.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from tui_annotate.domain.documents import text_hash
from tui_annotate.domain.figures import LEAST_DOCUMENTS
from tui_annotate.domain.scheme import Scheme
from tui_annotate.errors import NothingToDoError
from tui_annotate.learn import comparing, measuring
from tui_annotate.learn.engines.base import Example
from tui_annotate.learn.engines.files import read_manifest
from tui_annotate.learn.engines.registry import engine
from tui_annotate.learn.mentions import about_gold
from tui_annotate.learn.renamed import Renamed
from tui_annotate.learn.spaces import SPACE_FILE, Encoded
from tui_annotate.store import aliases, runs
from tui_annotate.store.connection import Corpus


@dataclass(frozen=True, slots=True)
class Deployed:
    """A run in memory, deployed mostly."""

    run: str
    task: str
    engine: str
    model: Renamed
    encoded: Encoded
    learned: frozenset[int] = field(default=frozenset(), repr=False)
    """Hashes of the texts that it was trained on; none where it does not say."""

    def encode(self, examples: Sequence[Example]) -> Any:
        """Return the encodings of gold documents in the run's own space."""
        texts = {example.id: example.document for example in examples}
        return about_gold(self.encoded.get(list(texts), lambda ids: {id: texts[id] for id in ids})[1], examples)


def unseen(examples: Sequence[Example], learned: Collection[int]) -> list[Example]:
    """Return those documents whose text is not among what was learned, by hash."""
    if not learned:
        return list(examples)
    return [example for example in examples if text_hash(example.document.text) not in learned]


class DeployedRuns:
    """The deployed runs of a corpus, each loaded when it is first needed."""

    def __init__(self, corpus: Corpus) -> None:
        self._corpus = corpus
        self._held: dict[str, Deployed] = {}

    def name(self, task: str) -> str:
        """Return the name of a task's deployed run; empty when none is."""
        row = runs.deployed(self._corpus).get(task)
        return row.name if row is not None else ""

    def load(self, task: str, *, known: Iterable[Encoded] = ()) -> Deployed:
        """Return a task's deployed run.

        Args:
            known: Spaces in memory with their documents; the run's is taken from these where it is among them.

        Raises:
            NothingToDoError: None is deployed.
            LearnError: It cannot be loaded.
        """
        name = self.name(task)
        if not name:
            raise NothingToDoError(f"no run of {task} is deployed.")
        held = self._held.get(task)
        if held is None or held.run != name:
            held = self._held[task] = load_run(self._corpus, name, known=known)
        return held


def load_run(corpus: Corpus, name: str, *, known: Iterable[Encoded] = ()) -> Deployed:
    """Return any run, deployed or not; see `DeployedRuns.load`."""
    folder = runs.folder(corpus, name)
    manifest = read_manifest(folder)
    factory = engine(manifest.engine)
    encoded = next((one for one in known if one.space.digest == manifest.space), None)
    if encoded is None:
        encoded = Encoded(factory.load_space(folder / SPACE_FILE))
    model = Renamed(factory.load(folder, encoded.space), corpus, name)
    task = aliases.of_run(corpus, name).task(manifest.task) or manifest.task
    return Deployed(name, task, manifest.engine, model, encoded, runs.learned(folder))


def held_against(
    deployed: Deployed,
    task: str,
    scheme: Scheme,
    parts: dict[str, list[Example]],
    predicted: measuring.Predicted,
    *,
    minimum: float,
    seed: int,
) -> dict[str, Any] | None:
    """Return how a new run does beside the deployed one, on what was held out or else the fixed test.

    None where neither has enough documents that the deployed run never learned. `on` says which it was, the rest is
    as `comparing.compare` has it.
    """
    ours = dict(predicted)
    for part in ("holdout", "test"):
        examples = unseen(parts[part], deployed.learned)
        if len(examples) < LEAST_DOCUMENTS:
            continue
        theirs = measuring.predict(deployed.model, examples, deployed.encode, run=deployed.run, minimum=minimum)
        found = comparing.compare(
            task,
            scheme,
            [example.annotations for example in examples],
            [ours[example.id] for example in examples],
            theirs,
            run=deployed.run,
            seed=seed,
        )
        return None if found is None else {"on": part, **found}
    return None

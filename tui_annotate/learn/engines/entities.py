"""Entities: a linear-chain CRF (CRFsuite) over words, their shape, affixes, neighbours and vectors of the pool.

Types are learned together, except those declared overlapping: each of them
has a chain of its own, so that its entities may lie over others. Rejected suggestions teach by being no entities of a
confirmed document. Fitting starts from nothing each time; only the examples already read are kept.
"""

from __future__ import annotations

import os
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pycrfsuite
import scipy.sparse as sp
from numpy.typing import NDArray

from tui_annotate.domain.annotations import Suggestion
from tui_annotate.domain.documents import Document
from tui_annotate.domain.scheme import ENTITIES, Scheme
from tui_annotate.domain.spans import Span
from tui_annotate.errors import LearnError, TooFewExamplesError
from tui_annotate.learn.engines import crffile
from tui_annotate.learn.engines.attributes import Scorer, items
from tui_annotate.learn.engines.base import Example, FitReport, Progress, Signals
from tui_annotate.learn.engines.bio import Tags, tag
from tui_annotate.learn.engines.chain import Chain, FoundSpan, Posterior
from tui_annotate.learn.engines.files import HINT, VERSION, Manifest, read_manifest, read_parameters, write_manifest
from tui_annotate.learn.engines.sentences import Sentence, WordEncodings
from tui_annotate.learn.engines.wordspace import WordSpace, learn_word_space, load_word_space
from tui_annotate.learn.parameters import EntityParameters

TAGGING = 0.3
"""Probability from which a span is suggested when nothing else is asked for."""


@dataclass(frozen=True, slots=True)
class FittedChain:
    """One CRF: its file as CRFsuite wrote it, and how to compute with it."""

    data: bytes
    chain: Chain
    scorer: Scorer


class EntityModel:
    """One chain of the types that exclude each other, and one for each overlapping type."""

    def __init__(
        self,
        chains: list[FittedChain],
        space: WordSpace,
        parameters: EntityParameters,
        report: FitReport | None = None,
    ) -> None:
        self.chains = chains
        self.space = space
        self.parameters = parameters
        self.report = report or FitReport(0)

    def predict(self, encodings: WordEncodings, *, run: str = "", minimum: float = TAGGING) -> list[list[Suggestion]]:
        """Return the spans whose exact probability is `minimum` or more, in reading order."""
        who = (f"ml:{run}",) if run else ()
        found: list[list[Suggestion]] = [[] for _ in encodings.documents]
        for fitted in self.chains:
            for row, sentence, posterior in self._posteriors(fitted, encodings):
                for span in fitted.chain.spans(posterior, minimum=max(minimum, 0.01)):
                    found[row].append(_suggestion(span, sentence, fitted.chain, run, who))
        for sentences, suggestions in zip(encodings.documents, found, strict=True):
            place = {part: i for i, part in enumerate(dict.fromkeys(s.part for s in sentences))}
            suggestions.sort(key=lambda s: (place[s.span.part], s.span.start, s.span.end, s.name))
        return found

    def _posteriors(self, fitted: FittedChain, encodings: WordEncodings) -> Iterable[tuple[int, Sentence, Posterior]]:
        if encodings.lexicon is not self.space.lexicon:
            raise ValueError("documents encoded in another space than the model's")
        places = [(row, sentence) for row, document in enumerate(encodings.documents) for sentence in document]
        scores = fitted.scorer.scores([sentence.numbers for _, sentence in places])
        for (row, sentence), posterior in zip(places, fitted.chain.posteriors(scores), strict=True):
            yield row, sentence, posterior

    def signals(self, encodings: WordEncodings) -> Signals:
        """Return how sure the model is; an answer is the label of a token, the whole answer all labels."""
        size = len(encodings)
        log_prob, entropy, margin = np.zeros(size), np.zeros(size), np.ones(size)
        for fitted in self.chains:
            found = list(self._posteriors(fitted, encodings))
            if not found:
                continue
            rows = np.repeat([row for row, _, _ in found], [len(posterior.forward) for _, _, posterior in found])
            marginals = np.clip(np.concatenate([posterior.marginals for _, _, posterior in found]), 1e-12, 1.0)
            ordered = np.sort(marginals, axis=1)
            np.add.at(log_prob, [row for row, _, _ in found], [posterior.best for _, _, posterior in found])
            entropy += np.bincount(rows, -(marginals * np.log(marginals)).sum(axis=1), minlength=size)
            np.minimum.at(margin, rows, ordered[:, -1] - ordered[:, -2])
        tokens = np.array([sum(len(s.words) for s in document) for document in encodings.documents], dtype=np.int64)
        vectors = self._bags(encodings, tokens)
        return Signals(margin, entropy / np.maximum(tokens, 1), np.exp(log_prob), log_prob, tokens, vectors)

    def _bags(self, encodings: WordEncodings, tokens: NDArray[np.int64]) -> Any:
        """Return the words of each document, rare ones weighing more; words without statistics are left out."""
        counts = self.space.counts
        numbers = [sentence.numbers for document in encodings.documents for sentence in document]
        places = self.space.rows(encodings.lexicon.numbers)
        columns = places[np.concatenate(numbers)] if numbers else np.zeros(0, dtype=np.int64)
        rows = np.repeat(np.arange(len(encodings)), tokens)[columns >= 0]
        columns = columns[columns >= 0]
        shape = (len(encodings), max(len(counts), 1))
        bags = sp.csr_matrix((np.ones(len(columns)), (rows, columns)), shape=shape)
        bags.data = np.log(1 + counts.sum() / np.maximum(counts[bags.indices], 1))
        return bags

    def save(self, folder: Path) -> None:
        """Write a file for each chain as CRFsuite made it, and the manifest."""
        files = {f"entities-{number}.crfsuite": fitted.data for number, fitted in enumerate(self.chains)}
        for name, data in files.items():
            (folder / name).write_bytes(data)
        details = {"parameters": msgspec.to_builtins(self.parameters), "files": list(files)}
        manifest = Manifest(VERSION, EntityEngines.name, ENTITIES, self.space.digest, dict.fromkeys(files, ""), details)
        write_manifest(folder, manifest)


class EntityEngine:
    """Learns the entity types of a scheme."""

    def __init__(self, scheme: Scheme, space: WordSpace) -> None:
        self.space = space
        joint = tuple(e.name for e in scheme.entities if not e.overlapping)
        groups = [joint, *((e.name,) for e in scheme.entities if e.overlapping)]
        self._readers = [_Reader(frozenset(group), space) for group in groups if group]

    def prepare(self, gold: Sequence[Example], encodings: WordEncodings, *, parameters: Mapping[str, Any]) -> None:
        """Read examples ahead, so that the next `fit` on them and a few more starts at once."""
        options: EntityParameters = read_parameters(EntityParameters, parameters)
        for reader in self._readers:
            reader.read(gold, encodings, vectors=options.vectors)

    def fit(
        self,
        gold: Sequence[Example],
        encodings: WordEncodings,
        *,
        parameters: Mapping[str, Any],
        seed: int,
        progress: Progress,
    ) -> EntityModel:
        """Fit on all gold; see `Engine.fit`. Chains without a single entity are left out."""
        options: EntityParameters = read_parameters(EntityParameters, parameters)
        chains, counts, notes = [], Counter[str](), []
        for number, reader in enumerate(self._readers):
            tags = reader.read(gold, encodings, vectors=options.vectors)
            counts.update(tags.entities)
            notes += tags.notes()
            if tags.entities:
                share = number / len(self._readers)
                progress(share, f"fitting {', '.join(sorted(tags.entities))} on {len(gold):,} documents")
                data = reader.train(options, progress, share, (number + 1) / len(self._readers))
                chains.append(_fitted(crffile.parse(data), data, self.space, options))
        if not chains:
            raise TooFewExamplesError(
                f"Entities: {len(gold)} confirmed documents hold none of the scheme's types; nothing to learn.",
                hint="Mark a few entities and confirm.",
            )
        progress(1.0, "fitted")
        return EntityModel(chains, self.space, options, FitReport(len(gold), dict(counts), tuple(notes)))


class _Reader:
    """CRFsuite's trainer for one group of types, with the examples that it has read.

    Examples are only ever added at the end; any other difference starts it afresh.
    """

    def __init__(self, types: frozenset[str], space: WordSpace) -> None:
        self._types = types
        self._space = space
        self._read: list[tuple[int, int]] = []
        self._vectors = True
        self._trainer = _Trainer()

    def read(self, gold: Sequence[Example], encodings: WordEncodings, *, vectors: bool) -> Tags:
        """Take in the examples that are new; returns what was found in all of them."""
        tags = Tags()
        wanted = {}
        for row, example in enumerate(gold):
            labels = tag(example.annotations.entities.values(), encodings.documents[row], self._types, tags)
            wanted[example.id, hash(labels)] = (encodings.documents[row], labels)
        if vectors != self._vectors or any(known not in wanted for known in self._read):
            self._read, self._trainer, self._vectors = [], _Trainer(), vectors
        known = set(self._read)
        for key, (sentences, labels) in wanted.items():
            if key not in known:
                self._append(sentences, labels)
                self._read.append(key)
        return tags

    def _append(self, sentences: Sequence[Sentence], labels: Sequence[Sequence[str]]) -> None:
        for sentence, sequence in zip(sentences, labels, strict=True):
            width = self._space.width if self._vectors else 0
            known = self._space.lexicon.figures()[sentence.numbers]
            figures = known if width else known[:, :0]
            self._trainer.append(pycrfsuite.ItemSequence(items(sentence.words, figures)), list(sequence))

    def train(self, options: EntityParameters, progress: Progress, begin: float, end: float) -> bytes:
        """Fit on everything read and return the model file."""
        self._trainer.tell = lambda share: progress(
            begin + (end - begin) * min(share / options.iterations, 1.0), "fitting"
        )
        self._trainer.set_params(
            {
                "c1": options.c1,
                "c2": options.c2,
                "max_iterations": options.iterations,
                "feature.possible_transitions": True,
            }
        )
        return _written_by(self._trainer.train)


def _written_by(write: Callable[[str], object]) -> bytes:
    """Return what CRFsuite writes to the path given; in memory where Linux offers it, so that a kill leaves no file."""
    if hasattr(os, "memfd_create"):
        with os.fdopen(os.memfd_create("model"), "rb") as file:
            write(f"/proc/self/fd/{file.fileno()}")
            return file.read()
    with tempfile.TemporaryDirectory(prefix="tui-annotate-") as folder:
        path = Path(folder) / "model.crfsuite"
        write(str(path))
        return path.read_bytes()


class _Trainer(pycrfsuite.BaseTrainer):  # type: ignore[misc]
    """Reports iterations instead of printing them."""

    tell: Any = None

    def __init__(self) -> None:
        super().__init__(algorithm="lbfgs")

    def message(self, message: str) -> None:
        """Called by CRFsuite with each line of its log."""
        if message.startswith("***** Iteration #") and self.tell is not None:
            self.tell(int(message.split("#")[1].split()[0]))


def _fitted(weights: crffile.Weights, data: bytes, space: WordSpace, options: EntityParameters) -> FittedChain:
    return FittedChain(
        data,
        Chain(weights.labels, weights.transitions),
        Scorer(weights, space.lexicon, width=space.width if options.vectors else 0),
    )


def _suggestion(span: FoundSpan, sentence: Sentence, chain: Chain, run: str, who: tuple[str, ...]) -> Suggestion:
    other = (chain.types[span.other[0]], round(span.other[1], 4)) if span.other else None
    where = Span(sentence.part, sentence.starts[span.first], sentence.ends[span.last])
    return Suggestion(
        "entity",
        chain.types[span.type],
        (where,),
        prob=round(span.prob, 4),
        who=who,
        source="run",
        run=run,
        other=other,
    )


class EntityEngines:
    """The registered factory."""

    name = "entities"
    description = "entities: linear-chain CRF over words, affixes, shape and vectors of all imported text"

    def handles(self, task: str, scheme: Scheme) -> bool:
        """Say whether the task is entities and the scheme has types."""
        return task == ENTITIES and bool(scheme.entities)

    def learn(self, pool: Iterable[Document], *, seed: int, progress: Progress) -> WordSpace:
        """Learn the space from texts."""
        return learn_word_space(pool, seed=seed, progress=progress)

    def load_space(self, path: Path) -> WordSpace:
        """Read a space back; raises LearnError."""
        return load_word_space(path)

    def create(self, task: str, scheme: Scheme, space: WordSpace) -> EntityEngine:
        """Make the engine of a scheme's entity types."""
        return EntityEngine(scheme, space)

    def load(self, folder: Path, space: WordSpace) -> EntityModel:
        """Read a model back; raises LearnError when anything about it is wrong."""
        manifest = read_manifest(folder, engine=self.name)
        if manifest.space != space.digest:
            raise LearnError(f"{folder}: the model was fitted in another space than the one beside it.", hint=HINT)
        try:
            options = msgspec.convert(manifest.details.get("parameters"), EntityParameters)
        except msgspec.ValidationError as error:
            raise LearnError(f"{folder / 'model.json'}: {error}.", hint=HINT) from error
        chains = []
        for name in manifest.files:
            data = (folder / name).read_bytes()
            chains.append(_fitted(crffile.read(folder / name), data, space, options))
        return EntityModel(chains, space, options)

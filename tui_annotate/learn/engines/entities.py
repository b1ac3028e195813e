"""Entities: a linear-chain CRF (CRFsuite) over words, their shape, affixes, neighbours and vectors of the pool.

Types are learned together, except those declared overlapping: each of them
has a chain of its own, so that its entities may lie over others. Rejected suggestions teach by being no entities of a
confirmed document. Fitting starts from nothing each time; only the examples already read are kept.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from tui_annotate.domain.annotations import Suggestion
from tui_annotate.domain.documents import Document
from tui_annotate.domain.scheme import ENTITIES, Scheme
from tui_annotate.errors import LearnError, TooFewExamplesError
from tui_annotate.learn.engines import crffile
from tui_annotate.learn.engines.base import Example, FitReport, Progress, Signals, no_progress
from tui_annotate.learn.engines.chain import Posterior
from tui_annotate.learn.engines.crftraining import Reader
from tui_annotate.learn.engines.files import HINT, VERSION, Manifest, read_manifest, read_parameters, write_manifest
from tui_annotate.learn.engines.fittedchain import (
    LEAST_LIKELY,
    FittedChain,
    Foretold,
    fitted,
    foretell,
    into_order,
    suggested,
)
from tui_annotate.learn.engines.platt import Platt, fit_platt
from tui_annotate.learn.engines.sentences import Sentence, WordEncodings
from tui_annotate.learn.engines.wordspace import WordSpace, learn_word_space, load_word_space
from tui_annotate.learn.parameters import EntityParameters

TAGGING = 0.3
"""Probability from which a span is suggested when nothing else is asked for."""
FOLDS = 3
"""Fits on parts of the gold, to see how far probabilities can be believed."""
GROWTH = 1.2
"""A calibration holds until there are so many times as many documents."""
ENOUGH = 600
"""Out-of-fold predictions, small probabilities too, after which no further fit is made for the calibration."""
LOWEST = 0.1
"""Out-of-fold predictions under this raw probability say nothing about those that are shown."""


class EntityModel:
    """One chain of the types that exclude each other, and one for each overlapping type."""

    def __init__(
        self,
        chains: list[FittedChain],
        space: WordSpace,
        parameters: EntityParameters,
        report: FitReport | None = None,
        calibration: Platt | None = None,
    ) -> None:
        self.chains = chains
        self.calibration = calibration or Platt()
        self.space = space
        self.parameters = parameters
        self.report = report or FitReport(0)

    @property
    def architecture(self) -> str:
        """Solver, labels, features and vectors, for the log of a training."""
        known = self.parameters
        lines = [
            f"linear-chain CRF (CRFsuite, lbfgs, c1 {known.c1:g}, c2 {known.c2:g}, at most {known.iterations} steps);"
            " exact probabilities of spans"
        ]
        for one in self.chains:
            lines.append(f"{', '.join(one.chain.types)}: {one.chain.size} labels, {one.scorer.size}")
        if known.vectors:
            dimensions, own = self.space.letter_map.shape[1], len(self.space.vectors)
            lines.append(
                f"vectors of {dimensions} from all imported text: {own:,} words of their own, others by their letters;"
                f" {len(self.space.short_forms):,} abbreviations"
            )
        return "\n".join(lines)

    def predict(self, encodings: WordEncodings, *, run: str = "", minimum: float = TAGGING) -> list[list[Suggestion]]:
        """Return the spans whose exact probability, calibrated, is `minimum` or more, in reading order."""
        found: list[list[Suggestion]] = [[] for _ in encodings.documents]
        least = max(self.calibration.raw(minimum), LEAST_LIKELY)
        for one in self.chains:
            for row, sentence, posterior in self._posteriors(one, encodings):
                for span in one.chain.spans(posterior, minimum=least):
                    found[row].append(suggested(span, sentence, one.chain, self.calibration, run))
        for sentences, suggestions in zip(encodings.documents, found, strict=True):
            into_order(sentences, suggestions)
        return found

    def _posteriors(self, one: FittedChain, encodings: WordEncodings) -> Iterable[tuple[int, Sentence, Posterior]]:
        if encodings.lexicon is not self.space.lexicon:
            raise ValueError("documents encoded in another space than the model's")
        places = [(row, sentence) for row, document in enumerate(encodings.documents) for sentence in document]
        scores = one.scorer.scores([sentence.numbers for _, sentence in places])
        for (row, sentence), posterior in zip(places, one.chain.posteriors(scores), strict=True):
            yield row, sentence, posterior

    def signals(self, encodings: WordEncodings) -> Signals:
        """Return how sure the model is; an answer is the label of a token, the whole answer all labels."""
        size = len(encodings)
        log_prob, entropy, margin = np.zeros(size), np.zeros(size), np.ones(size)
        for one in self.chains:
            found = list(self._posteriors(one, encodings))
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
        files = {f"entities-{number}.crfsuite": one.data for number, one in enumerate(self.chains)}
        for name, data in files.items():
            (folder / name).write_bytes(data)
        details = {
            "parameters": msgspec.to_builtins(self.parameters),
            "calibration": msgspec.to_builtins(self.calibration),
            "files": list(files),
        }
        manifest = Manifest(VERSION, EntityEngines.name, ENTITIES, self.space.digest, dict.fromkeys(files, ""), details)
        write_manifest(folder, manifest)


class EntityEngine:
    """Learns the entity types of a scheme."""

    def __init__(self, scheme: Scheme, space: WordSpace) -> None:
        self.space = space
        joint = tuple(e.name for e in scheme.entities if not e.overlapping)
        groups = [joint, *((e.name,) for e in scheme.entities if e.overlapping)]
        self._groups = [frozenset(group) for group in groups if group]
        self._readers = self._new_readers(FOLDS)
        self._calibrated: dict[EntityParameters, tuple[int, Platt]] = {}

    def _new_readers(self, folds: int) -> list[Reader]:
        return [Reader(group, self.space, folds=folds) for group in self._groups]

    def prepare(self, gold: Sequence[Example], encodings: WordEncodings, *, parameters: Mapping[str, Any]) -> None:
        """Read and calibrate ahead, so that the next `fit` on these examples and a few more starts at once."""
        options: EntityParameters = read_parameters(EntityParameters, parameters)
        read = [(reader, reader.read(gold, encodings, vectors=options.vectors)) for reader in self._readers]
        used = [reader for reader, tags in read if tags.entities]
        if used and self._known(options, len(gold)) is None:
            self._calibrate(used, options, len(gold), no_progress)

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
        read = [(reader, reader.read(gold, encodings, vectors=options.vectors)) for reader in self._readers]
        used = [(reader, tags) for reader, tags in read if tags.entities]
        if not used:
            raise TooFewExamplesError(
                f"Entities: {len(gold)} confirmed documents hold none of the scheme's types; nothing to learn.",
                hint="Mark a few entities and confirm.",
            )
        calibration = self._known(options, len(gold))
        whole = len(used) if calibration is not None else len(used) * (1 + FOLDS)
        chains = []
        for number, (reader, tags) in enumerate(used):
            progress(number / whole, f"fitting {', '.join(sorted(tags.entities))} on {len(gold):,} documents")
            data = reader.train(options, progress=progress, between=(number / whole, (number + 1) / whole))
            chains.append(fitted(data, self.space, options))
        if calibration is None:
            begun = len(used) / whole
            calibration = self._calibrate(
                [reader for reader, _ in used],
                options,
                len(gold),
                lambda share, _: progress(begun + (1 - begun) * share, "calibrating"),
            )
        progress(1.0, "fitted")
        counts = sum((tags.entities for _, tags in used), Counter[str]())
        notes = [note for _, tags in read for note in tags.notes()]
        report = FitReport(len(gold), dict(counts), (*notes, _said(calibration, options)))
        return EntityModel(chains, self.space, options, report, calibration)

    def out_of_fold(
        self,
        gold: Sequence[Example],
        encodings: WordEncodings,
        *,
        folds: int,
        parameters: Mapping[str, Any],
        seed: int,
        progress: Progress = no_progress,
    ) -> list[list[Suggestion]]:
        """Return what models say of documents they were not fitted on; see `OutOfFold`."""
        options: EntityParameters = read_parameters(EntityParameters, parameters)
        readers = self._new_readers(folds)
        read = [(reader, reader.read(gold, encodings, vectors=options.vectors)) for reader in readers]
        used = [reader for reader, tags in read if tags.entities]
        if not used:
            raise TooFewExamplesError(f"Entities: {len(gold)} confirmed documents hold none of the scheme's types.")
        foretold = [
            foretell(reader, options, self.space, _part(progress, number, len(used)))
            for number, reader in enumerate(used)
        ]
        calibration = _calibration(foretold) if options.calibrate else Platt()
        found: list[list[Suggestion]] = [[] for _ in gold]
        for by_row in foretold:
            for row, predictions in enumerate(by_row):
                found[row] += [suggested(p.span, p.sentence, p.chain, calibration) for p in predictions]
        for sentences, suggestions in zip(encodings.documents, found, strict=True):
            into_order(sentences, suggestions)
        return found

    def _known(self, options: EntityParameters, documents: int) -> Platt | None:
        """Return a calibration that still holds: fitted on nearly as many documents, or none that was to be fitted."""
        if not options.calibrate:
            return Platt()
        before, known = self._calibrated.get(options, (0, Platt()))
        return known if before <= documents <= GROWTH * before else None

    def _calibrate(
        self, used: Sequence[Reader], options: EntityParameters, documents: int, progress: Progress
    ) -> Platt:
        found = _calibration(
            foretell(reader, options, self.space, _part(progress, number, len(used)), enough=ENOUGH)
            for number, reader in enumerate(used)
        )
        self._calibrated[options] = (documents, found)
        return found


def _part(progress: Progress, number: int, of: int) -> Progress:
    """Return the progress of one of several chains."""
    return lambda share, message: progress((number + share) / of, message)


def _calibration(foretold: Iterable[Sequence[Sequence[Foretold]]]) -> Platt:
    every = [one for by_row in foretold for predictions in by_row for one in predictions]
    raw = np.array([one.span.prob for one in every])
    hits = np.array([float(one.hit) for one in every])
    looked_at = raw >= LOWEST
    return fit_platt(raw[looked_at], hits[looked_at])


def _said(calibration: Platt, options: EntityParameters) -> str:
    if not options.calibrate:
        return "Probabilities are as the CRF gives them, not calibrated."
    if not calibration.fitted_on:
        return "Probabilities are not calibrated: too few entities were predicted out of fold."
    return (
        f"Probabilities are calibrated on {calibration.fitted_on:,} out-of-fold predictions:"
        f" logit x {calibration.scale:.2f} {calibration.shift:+.2f}."
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
            calibration = msgspec.convert(manifest.details.get("calibration", {}), Platt)
        except msgspec.ValidationError as error:
            raise LearnError(f"{folder / 'model.json'}: {error}.", hint=HINT) from error
        chains = []
        for name in manifest.files:
            data = (folder / name).read_bytes()
            chains.append(fitted(data, space, options, weights=crffile.read(folder / name)))
        return EntityModel(chains, space, options, calibration=calibration)

"""Attributes of entities, assertion status among them: logistic regression over what stands left and right.

One engine for each attribute. A document holds any number of entities: the model answers for each of them, and how
sure it is of a document follows from all its answers.
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
from sklearn.linear_model import LogisticRegression

from tui_annotate.domain.annotations import Suggestion
from tui_annotate.domain.documents import Document
from tui_annotate.domain.scheme import ATTRIBUTES, Attribute, Scheme
from tui_annotate.domain.spans import Span
from tui_annotate.errors import LearnError, TooFewExamplesError, UsageError
from tui_annotate.learn.engines import estimators
from tui_annotate.learn.engines.base import Example, FitReport, Floats, Progress, Signals
from tui_annotate.learn.engines.contexts import (
    ContextEncodings,
    ContextSpace,
    learn_context_space,
    load_context_space,
)
from tui_annotate.learn.engines.files import HINT, VERSION, Manifest, read_manifest, read_parameters, write_manifest
from tui_annotate.learn.parameters import AttributeParameters

MODEL_FILE = "attribute.skops"
TYPE_WEIGHT = 0.3
"""Of the entity's type beside a context of length 1."""
MOST_IN_SPAN = 1_500
"""Rows from which solving over the columns is quicker than in the span of the rows."""

Place = tuple[int, tuple[Span, ...]]
"""Row of a document, and the spans in it."""


class AttributeDetails(msgspec.Struct, frozen=True):
    """What a model of an attribute keeps beside its classifier."""

    attribute: str
    values: list[str | bool]
    types: list[str]
    """Entity types that were told apart; of fewer than two the type says nothing."""
    on: list[str]
    """Entity types that take the attribute; empty for all."""
    parameters: dict[str, Any]


class AttributeModel:
    """The classifier of one attribute."""

    def __init__(
        self,
        details: AttributeDetails,
        classifier: LogisticRegression,
        space: ContextSpace,
        report: FitReport | None = None,
    ) -> None:
        self.details = details
        self.classifier = classifier
        self.space = space
        self.report = report or FitReport(0)

    @property
    def architecture(self) -> str:
        """Solver, classes and features, for the log of a training."""
        known, types = msgspec.convert(self.details.parameters, AttributeParameters), self.details.types
        directions = int(self.space.components.shape[0])
        told = f", the entity's type ({', '.join(types)})" if len(types) > 1 else ""
        return (
            f"logistic regression (balanced, lbfgs, C {known.c:g}, at most {known.iterations} steps) over"
            f" {self.space.columns + _extra(types):,} features: words and word pairs left and right, words of the"
            f" entity, {directions} main directions{told}\n"
            f"classes: {', '.join(map(str, self.details.values))}"
        )

    def predict(self, encodings: ContextEncodings, *, run: str = "", minimum: float = 0.0) -> list[list[Suggestion]]:
        """Return the likeliest value for each mention that takes the attribute; `minimum` is for entities."""
        places, probabilities, _ = self._answers(encodings)
        found: list[list[Suggestion]] = [[] for _ in range(len(encodings))]
        who = (f"ml:{run}",) if run else ()
        values = self.details.values
        for (document, spans), row in zip(places, probabilities, strict=True):
            order = np.argsort(-row, kind="stable")
            value, prob = values[order[0]], round(float(row[order[0]]), 4)
            other = (str(values[order[1]]), round(float(row[order[1]]), 4)) if len(values) > 2 else None
            found[document].append(
                Suggestion("attribute", self.details.attribute, spans, value, prob, who, "run", run, other)
            )
        return found

    def signals(self, encodings: ContextEncodings) -> Signals:
        """Return how sure the model is of each document; of one without a mention it is, since nothing is asked."""
        places, probabilities, matrix = self._answers(encodings)
        size = len(encodings)
        margin, entropy, log_prob, count = np.ones(size), np.zeros(size), np.zeros(size), np.zeros(size)
        if places:
            at = np.array([document for document, _ in places])
            rows = np.clip(probabilities, 1e-9, 1.0)
            ordered = np.sort(rows, axis=1)
            np.minimum.at(margin, at, ordered[:, -1] - ordered[:, -2])
            np.add.at(entropy, at, -(rows * np.log(rows)).sum(axis=1))
            np.add.at(log_prob, at, np.log(ordered[:, -1]))
            np.add.at(count, at, 1)
            sums = sp.csr_matrix((np.ones(len(at)), (at, np.arange(len(at)))), shape=(size, len(at)))
            vectors = sp.csr_matrix(sums @ matrix)
        else:
            vectors = sp.csr_matrix((size, self.space.columns + _extra(self.details.types)), dtype=np.float32)
        entropy = entropy / np.maximum(count, 1)
        return Signals(margin, entropy, np.exp(log_prob), log_prob, encodings.lengths, vectors)

    def _answers(self, encodings: ContextEncodings) -> tuple[list[Place], Floats, Any]:
        """Return the places that are asked about, the probabilities of the values there, and their rows."""
        asked = _asked(encodings, self.details.on)
        if not asked:
            return [], np.zeros((0, len(self.details.values))), None
        places, types = list(asked), list(asked.values())
        matrix = _rows(encodings, places, types, self.details.types)
        return places, np.asarray(self.classifier.predict_proba(matrix), dtype=np.float64), matrix

    def save(self, folder: Path) -> None:
        """Write classifier and manifest."""
        estimators.save(folder / MODEL_FILE, [self.classifier])
        manifest = Manifest(
            VERSION,
            AttributeEngines.name,
            ATTRIBUTES + self.details.attribute,
            self.space.digest,
            {MODEL_FILE: ""},
            msgspec.to_builtins(self.details),
        )
        write_manifest(folder, manifest)


class AttributeEngine:
    """Learns one attribute."""

    def __init__(self, attribute: Attribute, types: Sequence[str], space: ContextSpace) -> None:
        self.attribute = attribute
        self.types = [name for name in types if attribute.is_on(name)]
        self.space = space

    def fit(
        self,
        gold: Sequence[Example],
        encodings: ContextEncodings,
        *,
        parameters: Mapping[str, Any],
        seed: int,
        progress: Progress,
    ) -> AttributeModel:
        """Fit on all entities of the gold; see `Engine.fit`."""
        options: AttributeParameters = read_parameters(AttributeParameters, parameters)
        places, types, targets, notes = read_targets(self.attribute, gold)
        documents = len({document for document, _ in places})
        progress(0.05, f"fitting {self.attribute.name} on {len(places):,} entities of {documents:,} documents")
        seen = sorted(set(targets))
        if len(seen) < 2:
            only = f" and all of them say {seen[0]!r}" if seen else ""
            raise TooFewExamplesError(
                f"{self.attribute.name}: {len(targets)} confirmed entities have a value{only}; nothing to tell apart.",
                hint="Confirm documents in which entities have at least two values.",
            )
        known = self.types if len(self.types) > 1 else []
        matrix = _rows(encodings, places, types, known)
        classes: NDArray[np.int64] = np.array([seen.index(target) for target in targets], dtype=np.int64)
        classifier = _fit(matrix, classes, c=options.c, iterations=options.iterations)
        progress(1.0, "fitted")
        details = AttributeDetails(
            self.attribute.name, list(seen), known, list(self.attribute.on), msgspec.to_builtins(options)
        )
        counts = {str(value): count for value, count in Counter(targets).items()}
        return AttributeModel(details, classifier, self.space, FitReport(documents, counts, tuple(notes)))


def read_targets(attribute: Attribute, gold: Sequence[Example]) -> tuple[list[Place], list[str], list[Any], list[str]]:
    """Return the entities that say something about an attribute: place, type, value; and notes for the log.

    A choice that is not set says nothing. A boolean that is not set is false, since whoever confirmed the entity saw
    no need for it; unless it is set nowhere at all.
    """
    held = [
        ((row, entity.spans), entity.type, entity.attributes.get(attribute.name))
        for row, example in enumerate(gold)
        for entity in example.annotations.entities.values()
        if attribute.is_on(entity.type)
    ]
    notes: list[str] = []
    if attribute.kind == "boolean":
        unset = sum(value is None for *_, value in held)
        if unset and unset < len(held):
            notes.append(f"{unset} entities without {attribute.name} count as false.")
            held = [(place, type, False if value is None else value) for place, type, value in held]
        known: set[Any] = {True, False}
    else:
        known = set(attribute.values)
    unknown = sum(value is not None and value not in known for *_, value in held)
    if unknown:
        notes.append(f"{unknown} entities have values of {attribute.name} that the scheme lacks; those were left out.")
    kept = [one for one in held if one[2] in known and one[2] is not None]
    return [place for place, _, _ in kept], [type for _, type, _ in kept], [value for *_, value in kept], notes


def _asked(encodings: ContextEncodings, on: Sequence[str]) -> dict[Place, str]:
    """Return the places that are asked about, each once, with the type of what stands there."""
    found: dict[Place, str] = {}
    for row, mentions in enumerate(encodings.mentions):
        for type, spans in mentions:
            if not on or type in on:
                found.setdefault((row, spans), type)
    return found


def _rows(encodings: ContextEncodings, places: Sequence[Place], types: Sequence[str], known: Sequence[str]) -> Any:
    matrix = encodings.matrix(places)
    if len(known) < 2:
        return matrix
    columns = {name: column for column, name in enumerate(known)}
    met = [(row, columns[type]) for row, type in enumerate(types) if type in columns]
    index = ([row for row, _ in met], [column for _, column in met])
    block = sp.csr_matrix((np.full(len(met), TYPE_WEIGHT), index), shape=(len(places), len(known)))
    return sp.csr_matrix(sp.hstack([matrix, block]), dtype=np.float32)


def _extra(types: Sequence[str]) -> int:
    return len(types) if len(types) > 1 else 0


def _fit(matrix: Any, classes: NDArray[np.int64], *, c: float, iterations: int) -> LogisticRegression:
    """Fit a balanced classifier; few rows are solved in the space that they span, which gives the same weights."""
    if matrix.shape[0] > min(MOST_IN_SPAN, matrix.shape[1]):
        return estimators.fit(matrix, classes, c=c, iterations=iterations)
    likeness = np.asarray((matrix @ matrix.T).todense(), dtype=np.float64)
    lengths, axes = np.linalg.eigh(likeness)
    used = lengths > 1e-9 * max(float(lengths[-1]), 1e-9)
    axes = axes[:, used] / np.sqrt(lengths[used])
    small = estimators.fit(likeness @ axes, classes, c=c, iterations=iterations)
    whole = LogisticRegression(C=c, class_weight="balanced", max_iter=iterations)
    whole.classes_, whole.intercept_, whole.n_iter_ = small.classes_, small.intercept_, small.n_iter_
    whole.coef_ = np.asarray((matrix.T @ (axes @ small.coef_.T)).T)
    whole.n_features_in_ = matrix.shape[1]
    return whole


class AttributeEngines:
    """The registered factory."""

    name = "attributes"
    description = "attributes of entities: logistic regression over what stands left and right"

    def handles(self, task: str, scheme: Scheme) -> bool:
        """Say whether the task is an attribute that is not free text."""
        attribute = scheme.attribute(task.removeprefix(ATTRIBUTES)) if task.startswith(ATTRIBUTES) else None
        return attribute is not None and attribute.kind != "text"

    def learn(self, pool: Iterable[Document], *, seed: int, progress: Progress) -> ContextSpace:
        """Learn the space from texts."""
        return learn_context_space(pool, seed=seed, progress=progress)

    def load_space(self, path: Path) -> ContextSpace:
        """Read a space back; raises LearnError."""
        return load_context_space(path)

    def create(self, task: str, scheme: Scheme, space: ContextSpace) -> AttributeEngine:
        """Make the engine of one attribute; raises UsageError for one that the scheme lacks."""
        attribute = scheme.attribute(task.removeprefix(ATTRIBUTES))
        if attribute is None:
            raise UsageError(f"The scheme has no attribute {task.removeprefix(ATTRIBUTES)!r}.")
        return AttributeEngine(attribute, [entity.name for entity in scheme.entities], space)

    def load(self, folder: Path, space: ContextSpace) -> AttributeModel:
        """Read a model back; raises LearnError when anything about it is wrong."""
        manifest = read_manifest(folder, engine=self.name)
        try:
            details = msgspec.convert(manifest.details, AttributeDetails)
        except msgspec.ValidationError as error:
            raise LearnError(f"{folder / 'model.json'}: {error}.", hint=HINT) from error
        if manifest.space != space.digest:
            raise LearnError(f"{folder}: the model was fitted in another space than the one beside it.", hint=HINT)
        columns = space.columns + _extra(details.types)
        (classifier,) = estimators.load(folder / MODEL_FILE, columns=columns, classes=len(details.values), count=1)
        return AttributeModel(details, classifier, space)

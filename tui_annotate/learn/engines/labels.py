"""Document labels: balanced logistic regression in the space of all imported text.

One engine for each document label. A boolean or choice label is one classifier, blended with naive Bayes that the
unlabelled texts teach. A label of several choices is one classifier for each value, each calibrated and with the
threshold that out-of-fold predictions ask for; there unlabelled texts mislead, and the main directions of the texts
count less.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from tui_annotate.domain.documents import Document, text_hash
from tui_annotate.domain.scheme import LABELS, DocumentLabel, Scheme
from tui_annotate.errors import LearnError, TooFewExamplesError, UsageError
from tui_annotate.learn.engines import estimators, label_bayes
from tui_annotate.learn.engines.base import Example, FitReport, Floats, Progress
from tui_annotate.learn.engines.files import HINT, read_manifest, read_parameters
from tui_annotate.learn.engines.label_model import BAYES_FILE, ENGINE, MODEL_FILE, LabelDetails, LabelModel, expit
from tui_annotate.learn.engines.platt import fit_platt
from tui_annotate.learn.engines.textspace import TextEncodings, TextSpace, learn_text_space, load_text_space
from tui_annotate.learn.parameters import LabelParameters

SEVERAL_DIRECTIONS = 0.5
"""What the main directions count for a label of several choices, beside what they count for one choice."""


class LabelEngine:
    """Learns one document label."""

    def __init__(self, label: DocumentLabel, space: TextSpace) -> None:
        self.label = label
        self.space = space

    def fit(
        self,
        gold: Sequence[Example],
        encodings: TextEncodings,
        *,
        parameters: Mapping[str, Any],
        seed: int,
        progress: Progress,
    ) -> LabelModel:
        """Fit on all gold; see `Engine.fit`."""
        options: LabelParameters = read_parameters(LabelParameters, parameters)
        targets, notes = read_targets(self.label, gold)
        rows = [row for row, target in enumerate(targets) if target is not None]
        kept = [target for target in targets if target is not None]
        chosen = encodings.select(rows)
        progress(0.05, f"fitting {self.label.name} on {len(rows):,} documents")
        counts = Counter(value for target in kept for value in (target if isinstance(target, tuple) else (target,)))
        report = FitReport(len(rows), {str(value): count for value, count in counts.items()}, tuple(notes))
        held = _Held(kept, chosen, [gold[row].document for row in rows])
        if self.label.kind == "choices":
            model = self._fit_several(held, options, report, seed, progress)
        else:
            model = self._fit_one(held, options, report)
        progress(1.0, "fitted")
        return model

    def _fit_one(self, held: _Held, options: LabelParameters, report: FitReport) -> LabelModel:
        targets = held.targets
        seen = sorted(set(targets))
        if len(seen) < 2:
            only = f" and all of them say {seen[0]!r}" if seen else ""
            raise TooFewExamplesError(
                f"{self.label.name}: {len(targets)} confirmed documents have a value{only}; nothing to tell apart.",
                hint="Confirm documents of at least two values.",
            )
        place = {value: number for number, value in enumerate(seen)}
        index = np.array([place[target] for target in targets], dtype=np.int64)
        matrix = held.encodings.matrix
        classifier = estimators.fit(matrix, index, c=options.c, iterations=options.iterations)
        bayes = None
        if options.unlabelled and len(self.space.kept.hashes):
            unlabelled = self.space.unlabelled(held.documents)
            bayes = label_bayes.fit(self.space.words_of(held.encodings), index, unlabelled)
        details = self._details(list(seen), options, bayes=options.unlabelled if bayes else 0.0)
        return LabelModel(details, [classifier], self.space, report, bayes)

    def _fit_several(
        self, held: _Held, options: LabelParameters, report: FitReport, seed: int, progress: Progress
    ) -> LabelModel:
        fitted: list[_OneOfSeveral] = []
        loud = np.ones(self.space.columns)
        loud[self.space.direction_columns] = SEVERAL_DIRECTIONS
        rows = estimators.Rows(held.encodings.matrix.multiply(loud).tocsr())
        options_of_label = [option.value for option in self.label.options]
        texts = np.array([text_hash(document.text) for document in held.documents], dtype=np.int64)
        for done, value in enumerate(options_of_label):
            holds: NDArray[np.int64] = np.array([value in target for target in held.targets], dtype=np.int64)
            if 0 < holds.sum() < len(holds):
                fitted.append(_fit_value(value, rows, holds, texts, loud, options, seed))
            progress(0.05 + 0.9 * (done + 1) / len(options_of_label), f"fitted {value}")
        if not fitted:
            raise TooFewExamplesError(
                f"{self.label.name}: among {len(held.targets)} confirmed documents no value both holds and fails to"
                " hold.",
                hint="Confirm documents with different values.",
            )
        values: list[str | bool] = [one.value for one in fitted]
        thresholds = [one.threshold for one in fitted]
        details = self._details(values, options, thresholds, [one.calibration for one in fitted])
        return LabelModel(details, [one.classifier for one in fitted], self.space, report)

    def _details(
        self,
        values: list[str | bool],
        options: LabelParameters,
        thresholds: Sequence[float] = (),
        calibration: Sequence[tuple[float, float]] = (),
        *,
        bayes: float = 0.0,
    ) -> LabelDetails:
        return LabelDetails(
            self.label.name,
            self.label.kind,
            values,
            self.label.threshold,
            list(thresholds),
            msgspec.to_builtins(options),
            list(calibration),
            bayes,
        )


@dataclass(frozen=True, slots=True)
class _Held:
    """The gold that says something about a label."""

    targets: list[Any]
    encodings: TextEncodings
    documents: list[Document]


@dataclass(frozen=True, slots=True)
class _OneOfSeveral:
    """What is fitted for one value of several."""

    value: str
    classifier: Any
    threshold: float
    calibration: tuple[float, float]


def _fit_value(
    value: str,
    rows: estimators.Rows,
    holds: NDArray[np.int64],
    texts: NDArray[np.int64],
    loud: Floats,
    options: LabelParameters,
    seed: int,
) -> _OneOfSeveral:
    classifier = rows.fit(holds, c=options.c, iterations=options.iterations)
    classifier.coef_ = classifier.coef_ * loud
    # A balanced classifier takes both answers for equally common; this takes that back.
    common = float(np.log(holds.sum() / (len(holds) - holds.sum())))
    if not options.fit_thresholds:
        return _OneOfSeveral(value, classifier, float(expit(np.array(common))), (1.0, common))
    unseen = rows.out_of_fold(holds, seed=seed, c=options.c, iterations=options.iterations, texts=texts)
    platt = fit_platt(expit(unseen.scores + common), unseen.truth.astype(np.float64))
    scale, shift = platt.scale, platt.scale * common + platt.shift
    cut = unseen.cut()
    threshold = float(expit(np.array(scale * (0.0 if cut is None else cut) + shift)))
    return _OneOfSeveral(value, classifier, threshold, (scale, shift))


def read_targets(label: DocumentLabel, gold: Sequence[Example]) -> tuple[list[Any], list[str]]:
    """Return what each example says about a label, None where it says nothing, and notes for the log.

    A choice that is not set says nothing. A boolean that is never set false is taken as false where a
    confirmed document leaves it out. A label of several choices that is left out means that none holds.
    """
    found = [example.annotations.labels.get(label.name) for example in gold]
    raw = [None if value is None else value.value for value in found]
    notes: list[str] = []
    if label.kind == "boolean":
        targets: list[Any] = [value if isinstance(value, bool) else None for value in raw]
        if True in targets and False not in targets:
            notes.append(f"{label.name} is never set false; documents without it count as false.")
            targets = [target is True for target in targets]
        return targets, notes
    known = {option.value for option in label.options}
    if label.kind == "choices":
        sets = [(value,) if isinstance(value, str) else value if isinstance(value, tuple) else () for value in raw]
        unknown = sum(bool(set(values) - known) for values in sets)
        targets = [tuple(v for v in values if v in known) for values in sets]
    else:
        singles = [value[0] if isinstance(value, tuple) and len(value) == 1 else value for value in raw]
        unknown = sum(value is not None and value not in known for value in singles)
        targets = [value if value in known else None for value in singles]
    if unknown:
        notes.append(f"{unknown} documents have values of {label.name} that the scheme lacks; those were left out.")
    return targets, notes


class LabelEngines:
    """The registered factory."""

    name = ENGINE
    description = "document labels: logistic regression over n-grams and directions of all imported text"

    def handles(self, task: str, scheme: Scheme) -> bool:
        """Say whether the task is a document label that is not free text."""
        label = scheme.label(task.removeprefix(LABELS)) if task.startswith(LABELS) else None
        return label is not None and label.kind != "text"

    def learn(self, pool: Iterable[Document], *, seed: int, progress: Progress) -> TextSpace:
        """Learn the space from texts."""
        return learn_text_space(pool, seed=seed, progress=progress)

    def load_space(self, path: Path) -> TextSpace:
        """Read a space back; raises LearnError."""
        return load_text_space(path)

    def create(self, task: str, scheme: Scheme, space: TextSpace) -> LabelEngine:
        """Make the engine of one document label; raises UsageError for one that the scheme lacks."""
        label = scheme.label(task.removeprefix(LABELS))
        if label is None:
            raise UsageError(f"The scheme has no document label {task.removeprefix(LABELS)!r}.")
        return LabelEngine(label, space)

    def load(self, folder: Path, space: TextSpace) -> LabelModel:
        """Read a model back; raises LearnError when anything about it is wrong."""
        manifest = read_manifest(folder, engine=self.name)
        try:
            details = msgspec.convert(manifest.details, LabelDetails)
        except msgspec.ValidationError as error:
            raise LearnError(f"{folder / 'model.json'}: {error}.", hint=HINT) from error
        if manifest.space != space.digest:
            raise LearnError(f"{folder}: the model was fitted in another space than the one beside it.", hint=HINT)
        if not details.is_whole:
            raise LearnError(f"{folder / 'model.json'}: values and thresholds that do not fit each other.", hint=HINT)
        several = details.kind == "choices"
        shape = (space.columns, 2 if several else len(details.values), len(details.values) if several else 1)
        classifiers = estimators.load(folder / MODEL_FILE, columns=shape[0], classes=shape[1], count=shape[2])
        bayes = None
        if BAYES_FILE in manifest.files:
            words = len(space.words.vocabulary_)
            bayes = label_bayes.load(folder / BAYES_FILE, words=words, classes=len(details.values))
        return LabelModel(details, classifiers, space, bayes=bayes)

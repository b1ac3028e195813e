"""Document labels: balanced logistic regression in the space of all imported text.

One engine for each document label. A boolean or choice label is one
classifier; a label of several choices is one classifier for each value, each with the threshold that
out-of-fold predictions ask for.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from tui_annotate.domain.annotations import LabelContent, Suggestion
from tui_annotate.domain.documents import Document
from tui_annotate.domain.scheme import LABELS, DocumentLabel, Scheme
from tui_annotate.errors import LearnError, TooFewExamplesError, UsageError
from tui_annotate.learn.engines import estimators
from tui_annotate.learn.engines.base import Example, FitReport, Floats, Progress, Signals
from tui_annotate.learn.engines.files import HINT, VERSION, Manifest, read_manifest, read_parameters, write_manifest
from tui_annotate.learn.engines.textspace import TextEncodings, TextSpace, learn_text_space, load_text_space
from tui_annotate.learn.parameters import LabelParameters

MODEL_FILE = "labels.skops"


class LabelDetails(msgspec.Struct, frozen=True):
    """What a model of document labels keeps beside its classifiers."""

    label: str
    kind: str
    values: list[str | bool]
    threshold: float
    thresholds: list[float]
    parameters: dict[str, Any]


class LabelModel:
    """Classifiers of one document label."""

    def __init__(
        self, details: LabelDetails, classifiers: list[Any], space: TextSpace, report: FitReport | None = None
    ) -> None:
        self.details = details
        self.classifiers = classifiers
        self.space = space
        self.report = report or FitReport(0)

    def probabilities(self, encodings: TextEncodings) -> Floats:
        """Return a row for each document, a column for each value; rows add up to 1 unless several may hold."""
        if not len(encodings):
            return np.zeros((0, len(self.details.values)))
        if self.details.kind == "choices":
            return np.column_stack([estimators.probability(c, encodings.matrix) for c in self.classifiers])
        return np.asarray(self.classifiers[0].predict_proba(encodings.matrix), dtype=np.float64)

    def predict(self, encodings: TextEncodings, *, run: str = "", minimum: float = 0.0) -> list[list[Suggestion]]:
        """Return the likeliest value for each document; `minimum` is for entities and has no effect here."""
        answer = {"boolean": self._boolean, "choice": self._choice, "choices": self._choices}[self.details.kind]
        found: list[list[Suggestion]] = []
        for row in self.probabilities(encodings):
            value, prob, other = answer(row)
            who = (f"ml:{run}",) if run else ()
            suggestion = Suggestion(
                "label",
                self.details.label,
                value=value,
                prob=round(prob, 4),
                who=who,
                source="run",
                run=run,
                other=other,
            )
            found.append([] if value == () else [suggestion])
        return found

    def _boolean(self, row: Floats) -> tuple[LabelContent, float, tuple[str, float] | None]:
        true = float(row[self.details.values.index(True)])
        value = true >= self.details.threshold
        return value, true if value else 1 - true, None

    def _choice(self, row: Floats) -> tuple[LabelContent, float, tuple[str, float] | None]:
        order = np.argsort(-row, kind="stable")
        values = self.details.values
        other = (str(values[order[1]]), round(float(row[order[1]]), 4)) if len(values) > 1 else None
        return str(values[order[0]]), float(row[order[0]]), other

    def _choices(self, row: Floats) -> tuple[LabelContent, float, tuple[str, float] | None]:
        chosen = row >= np.array(self.details.thresholds)
        value = tuple(str(v) for v, yes in zip(self.details.values, chosen, strict=True) if yes)
        left = [(float(p), str(v)) for v, p, yes in zip(self.details.values, row, chosen, strict=True) if not yes]
        best = max(left, default=None)
        prob = float(row[chosen].min()) if value else 0.0
        return value, prob, (best[1], round(best[0], 4)) if best else None

    def signals(self, encodings: TextEncodings) -> Signals:
        """Return how sure the model is; of several choices each value is a question of its own."""
        probabilities = np.clip(self.probabilities(encodings), 1e-9, 1 - 1e-9)
        if self.details.kind == "choices":
            sure = np.maximum(probabilities, 1 - probabilities)
            margin = np.abs(2 * probabilities - 1).min(axis=1)
            entropy = -(sure * np.log(sure) + (1 - sure) * np.log(1 - sure)).mean(axis=1)
            log_prob = np.log(sure).sum(axis=1)
        else:
            ordered = np.sort(probabilities, axis=1)
            margin = ordered[:, -1] - ordered[:, -2]
            entropy = -(probabilities * np.log(probabilities)).sum(axis=1)
            log_prob = np.log(ordered[:, -1])
        return Signals(margin, entropy, np.exp(log_prob), log_prob, encodings.tokens, encodings.matrix)

    def save(self, folder: Path) -> None:
        """Write classifiers and manifest."""
        estimators.save(folder / MODEL_FILE, self.classifiers)
        write_manifest(
            folder,
            Manifest(
                VERSION,
                LabelEngines.name,
                LABELS + self.details.label,
                self.space.digest,
                {MODEL_FILE: ""},
                msgspec.to_builtins(self.details),
            ),
        )


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
        if self.label.kind == "choices":
            values, classifiers, thresholds = self._fit_several(kept, chosen, options, seed, progress)
        else:
            values, classifiers = self._fit_one(kept, chosen, options)
            thresholds = []
        progress(1.0, "fitted")
        details = LabelDetails(
            self.label.name, self.label.kind, values, self.label.threshold, thresholds, msgspec.to_builtins(options)
        )
        report = FitReport(len(rows), {str(value): count for value, count in counts.items()}, tuple(notes))
        return LabelModel(details, classifiers, self.space, report)

    def _fit_one(
        self, targets: list[Any], encodings: TextEncodings, options: LabelParameters
    ) -> tuple[list[str | bool], list[Any]]:
        seen = sorted(set(targets))
        if len(seen) < 2:
            only = f" and all of them say {seen[0]!r}" if seen else ""
            raise TooFewExamplesError(
                f"{self.label.name}: {len(targets)} confirmed documents have a value{only}; nothing to tell apart.",
                hint="Confirm documents of at least two values.",
            )
        index = np.searchsorted(np.array(seen), targets) if not isinstance(seen[0], bool) else np.array(targets, int)
        classifier = estimators.fit(encodings.matrix, index, c=options.c, iterations=options.iterations)
        return list(seen), [classifier]

    def _fit_several(
        self, targets: list[Any], encodings: TextEncodings, options: LabelParameters, seed: int, progress: Progress
    ) -> tuple[list[str | bool], list[Any], list[float]]:
        values: list[str | bool] = []
        classifiers, thresholds = [], []
        options_of_label = [option.value for option in self.label.options]
        for done, value in enumerate(options_of_label):
            holds: NDArray[np.int64] = np.array([value in target for target in targets], dtype=np.int64)
            if 0 < holds.sum() < len(holds):
                c, iterations = options.c, options.iterations
                classifiers.append(estimators.fit(encodings.matrix, holds, c=c, iterations=iterations))
                threshold = 0.5
                if options.fit_thresholds:
                    threshold = estimators.best_threshold(
                        encodings.matrix, holds, seed=seed, c=c, iterations=iterations
                    )
                thresholds.append(threshold)
                values.append(value)
            progress(0.05 + 0.9 * (done + 1) / len(options_of_label), f"fitted {value}")
        if not values:
            raise TooFewExamplesError(
                f"{self.label.name}: among {len(targets)} confirmed documents no value both holds and fails to hold.",
                hint="Confirm documents with different values.",
            )
        return values, classifiers, thresholds


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

    name = "labels"
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
        several = details.kind == "choices"
        shape = (space.columns, 2 if several else len(details.values), len(details.values) if several else 1)
        classifiers = estimators.load(folder / MODEL_FILE, columns=shape[0], classes=shape[1], count=shape[2])
        return LabelModel(details, classifiers, space)

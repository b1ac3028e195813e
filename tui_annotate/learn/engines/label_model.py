"""A fitted model of one document label: its probabilities, what it suggests, and where it is in doubt."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from tui_annotate.domain.annotations import LabelContent, Suggestion
from tui_annotate.domain.scheme import LABELS
from tui_annotate.learn.engines import estimators
from tui_annotate.learn.engines.base import FitReport, Floats, Signals
from tui_annotate.learn.engines.files import VERSION, Manifest, write_manifest
from tui_annotate.learn.engines.label_bayes import Bayes
from tui_annotate.learn.engines.textspace import TextEncodings, TextSpace
from tui_annotate.learn.parameters import LabelParameters

ENGINE = "labels"
MODEL_FILE = "labels.skops"
BAYES_FILE = "bayes.npz"


class LabelDetails(msgspec.Struct, frozen=True):
    """What a model of document labels keeps beside its classifiers."""

    label: str
    kind: str
    values: list[str | bool]
    threshold: float
    thresholds: list[float]
    parameters: dict[str, Any]
    calibration: list[tuple[float, float]] = []
    """Of several choices, by value: scale and shift of the score that make a probability of it."""
    bayes: float = 0.0
    """Share that naive Bayes has in the probabilities."""

    @property
    def is_whole(self) -> bool:
        """Say whether the lists are as long as the kind of label asks for."""
        count = len(self.values)
        if self.kind == "choices":
            return count >= 1 and len(self.thresholds) == count and len(self.calibration) in (0, count)
        return count >= 2 and (self.kind != "boolean" or self.values == [False, True])


class LabelModel:
    """Classifiers of one document label."""

    def __init__(
        self,
        details: LabelDetails,
        classifiers: list[Any],
        space: TextSpace,
        report: FitReport | None = None,
        bayes: Bayes | None = None,
    ) -> None:
        self.details = details
        self.classifiers = classifiers
        self.space = space
        self.report = report or FitReport(0)
        self.bayes = bayes

    @property
    def architecture(self) -> str:
        """Solver, classes and blocks of features, for the log of a training."""
        known = msgspec.convert(self.details.parameters, LabelParameters)
        values = ", ".join(map(str, self.details.values))
        lines = [
            f"logistic regression (balanced, lbfgs, C {known.c:g}, at most {known.iterations} steps)"
            f" over {self.space.columns:,} features: {self.space.blocks}",
            f"a classifier for each of: {values}" if self.details.kind == "choices" else f"classes: {values}",
        ]
        if self.bayes is not None:
            share = f"{self.details.bayes:.0%} naive Bayes over {len(self.bayes.weights):,} words and word pairs"
            lines.append(f"blended with {share}, taught by at most {len(self.space.kept.hashes):,} unlabelled texts")
        if self.details.calibration:
            lines.append("probabilities and thresholds from out-of-fold predictions, by value")
        return "\n".join(lines)

    def probabilities(self, encodings: TextEncodings) -> Floats:
        """Return a row for each document, a column for each value; rows add up to 1 unless several may hold."""
        if not len(encodings):
            return np.zeros((0, len(self.details.values)))
        if self.details.kind == "choices":
            scale, shift = self._calibration
            return expit(scale * self._scores(encodings) + shift)
        found = np.asarray(self.classifiers[0].predict_proba(encodings.matrix), dtype=np.float64)
        if self.bayes is None:
            return found
        share = self.details.bayes
        return (1 - share) * found + share * self.bayes.probabilities(self.space.words_of(encodings))

    def _scores(self, encodings: TextEncodings) -> Floats:
        """Return the balanced log-odds of each value of several."""
        return np.column_stack([estimators.score(c, encodings.matrix) for c in self.classifiers])

    @property
    def _calibration(self) -> tuple[Floats, Floats]:
        pairs = self.details.calibration or [(1.0, 0.0)] * len(self.details.values)
        return np.array([scale for scale, _ in pairs]), np.array([shift for _, shift in pairs])

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
        if self.details.kind == "choices":
            return self._signals_of_several(encodings)
        probabilities = np.clip(self.probabilities(encodings), 1e-9, 1 - 1e-9)
        ordered = np.sort(probabilities, axis=1)
        return Signals(
            margin=ordered[:, -1] - ordered[:, -2],
            entropy=-(probabilities * np.log(probabilities)).sum(axis=1),
            confidence=ordered[:, -1],
            log_prob=np.log(ordered[:, -1]),
            tokens=encodings.tokens,
            vectors=encodings.matrix,
            guess=probabilities.argmax(axis=1),
            guess_prob=ordered[:, -1],
            names=self._names(),
        )

    def _signals_of_several(self, encodings: TextEncodings) -> Signals:
        """Go by the balanced odds: by the others, which know how rare a value is, the rare ones would not be asked."""
        if not len(encodings):
            held = np.zeros((0, len(self.details.values)))
        else:
            held = np.clip(expit(self._scores(encodings)), 1e-9, 1 - 1e-9)
        sure = np.maximum(held, 1 - held)
        doubt = sure.argmin(axis=1)
        log_prob = np.log(sure).sum(axis=1)
        return Signals(
            margin=np.abs(2 * held - 1).min(axis=1),
            entropy=-(sure * np.log(sure) + (1 - sure) * np.log(1 - sure)).mean(axis=1),
            confidence=np.exp(log_prob),
            log_prob=log_prob,
            tokens=encodings.tokens,
            vectors=encodings.matrix,
            guess=doubt,
            guess_prob=np.take_along_axis(held, doubt[:, None], axis=1)[:, 0],
            names=self._names(),
        )

    def _names(self) -> tuple[str, ...]:
        """Return the values as an annotator knows them."""
        if self.details.kind == "boolean":
            return tuple(f"{self.details.label} {'true' if value else 'false'}" for value in self.details.values)
        return tuple(map(str, self.details.values))

    def save(self, folder: Path) -> None:
        """Write classifiers and manifest."""
        estimators.save(folder / MODEL_FILE, self.classifiers)
        files = {MODEL_FILE: ""}
        if self.bayes is not None:
            self.bayes.save(folder / BAYES_FILE)
            files[BAYES_FILE] = ""
        write_manifest(
            folder,
            Manifest(
                VERSION,
                ENGINE,
                LABELS + self.details.label,
                self.space.digest,
                files,
                msgspec.to_builtins(self.details),
            ),
        )


def expit(values: Floats) -> Floats:
    """Return the probabilities of log-odds."""
    return np.asarray(1 / (1 + np.exp(-np.clip(values, -50, 50))))

"""Logistic regression for rows of text: fitted balanced, given thresholds, kept with skops.

Few rows of many columns are first turned into coordinates of the space that they span, in which the solution lies:
what a fit costs grows with the rows then, not with the columns.
"""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from skops import io as skops_io
from skops.io.exceptions import UntrustedTypesFoundException

from tui_annotate.errors import LearnError
from tui_annotate.learn.engines.base import Floats
from tui_annotate.learn.engines.files import HINT

FOLDS = 3
REPEATS = 3
"""Times that out-of-fold predictions of few rows are made, each with other folds."""
MOST_REPEATED = 400
"""Rows up to which that is done; more say enough once."""
MOST_SPANNED = 800
"""Rows up to which their span is looked for, at a cost that grows with the cube."""
_FLAT = 1e-9
"""Share of the largest eigenvalue under which a direction of the span is none."""


class Rows:
    """Rows to be fitted on, all or some of them, as often as wanted."""

    def __init__(self, matrix: Any) -> None:
        self._matrix = matrix
        self._points: Any = matrix
        self._back: NDArray[np.float64] | None = None
        if 1 < matrix.shape[0] <= min(MOST_SPANNED, matrix.shape[1] - 1) and matrix.nnz:
            gram = np.asarray((matrix @ matrix.T).todense(), dtype=np.float64)
            values, vectors = np.linalg.eigh(gram)
            kept = values > _FLAT * values[-1]
            roots = np.sqrt(values[kept])
            self._points = vectors[:, kept] * roots
            self._back = (vectors[:, kept] / roots).T

    def fit(self, classes: NDArray[np.int64], *, c: float, iterations: int) -> LogisticRegression:
        """Fit a balanced classifier over the columns of the rows; `classes` are 0..k-1, each present."""
        classifier = _classifier(c, iterations).fit(self._points, classes)
        if self._back is not None:
            classifier.coef_ = np.asarray((classifier.coef_ @ self._back) @ self._matrix)
            classifier.n_features_in_ = self._matrix.shape[1]
        return classifier

    def out_of_fold(
        self,
        holds: NDArray[np.int64],
        *,
        seed: int,
        c: float,
        iterations: int,
        texts: NDArray[np.int64] | None = None,
    ) -> OutOfFold:
        """Return how a classifier of 0 and 1 scores rows that it was not fitted on.

        A single text of 1 is fitted on every time, since without it there is nothing to fit; it has no score then.

        Args:
            texts: A number for each row, equal for equal texts, which are in one fold; None: all differ.
        """
        alike = np.arange(len(holds)) if texts is None else texts
        generator = np.random.default_rng(seed)
        scores, truth = [], []
        for _ in range(REPEATS if len(holds) <= MOST_REPEATED else 1):
            folds = _folds(holds, alike, generator)
            for fold in range(FOLDS):
                part = np.flatnonzero(folds == fold)
                rest = np.flatnonzero(folds != fold)
                if len(part) and 0 < holds[rest].sum() < len(rest):
                    classifier = _classifier(c, iterations).fit(self._points[rest], holds[rest])
                    scores.append(classifier.decision_function(self._points[part]))
                    truth.append(holds[part])
        if not scores:
            return OutOfFold(np.zeros(0), np.zeros(0, dtype=np.int64), float(holds.mean()))
        return OutOfFold(np.concatenate(scores), np.concatenate(truth), float(holds.mean()))


@dataclass(frozen=True, slots=True)
class OutOfFold:
    """Scores, as log-odds, of rows by classifiers that were not fitted on them, and what is true."""

    scores: Floats
    truth: NDArray[np.int64]
    share: float
    """Of the rows, how many are of class 1."""

    def cut(self) -> float | None:
        """Return the score from which class 1 is best said; None where the scores do not tell.

        Half way between the cut of the best F1, which jumps about where few rows are of class 1, and the cut that
        says 1 as often as it is true.
        """
        if not len(self.scores):
            return None
        as_often = float(np.quantile(self.scores, 1 - self.share))
        return (as_often + _best_cut(self.scores, self.truth)) / 2 if self.truth.any() else as_often


def fit(matrix: Any, classes: NDArray[np.int64], *, c: float, iterations: int) -> LogisticRegression:
    """Fit a balanced classifier; `classes` are 0..k-1, each present."""
    return Rows(matrix).fit(classes, c=c, iterations=iterations)


def score(classifier: LogisticRegression, matrix: Any) -> Floats:
    """Return the log-odds of class 1 of 0 and 1 for each row."""
    return np.asarray(classifier.decision_function(matrix), dtype=np.float64)


def _classifier(c: float, iterations: int) -> LogisticRegression:
    return LogisticRegression(C=c, class_weight="balanced", max_iter=iterations)


def _folds(holds: NDArray[np.int64], texts: NDArray[np.int64], generator: np.random.Generator) -> NDArray[np.int64]:
    _, first, of_row = np.unique(texts, return_index=True, return_inverse=True)
    folds = np.zeros(len(first), dtype=np.int64)
    for value in (0, 1):
        groups = generator.permutation(np.flatnonzero(holds[first] == value))
        folds[groups] = np.arange(len(groups)) % FOLDS if len(groups) > 1 else -1
    return np.asarray(folds[of_row])


def _best_cut(scores: Floats, holds: NDArray[np.int64]) -> float:
    order = np.argsort(-scores, kind="stable")
    hits = np.cumsum(holds[order])
    f1 = 2 * hits / (np.arange(1, len(order) + 1) + holds.sum())
    best = int(np.argmax(f1))
    lower = scores[order[best + 1]] if best + 1 < len(order) else scores[order[best]] - 1
    return float((scores[order[best]] + lower) / 2)


def save(path: Path, classifiers: list[LogisticRegression]) -> None:
    """Write classifiers with skops: no pickle, only named types."""
    skops_io.dump(classifiers, path)


def load(path: Path, *, columns: int, classes: int, count: int) -> list[LogisticRegression]:
    """Read classifiers back, trusting no type that skops does not trust by itself.

    Raises:
        LearnError: The file holds other types, is damaged, or does not fit the model's description.
    """
    try:
        found = skops_io.load(path, trusted=[])
    except UntrustedTypesFoundException as error:
        raise LearnError(
            f"{path}: refused, it holds types that a model of ours never has: {error}.", hint=HINT
        ) from error
    except (OSError, zipfile.BadZipFile, ValueError, KeyError, TypeError, AttributeError, ImportError) as error:
        raise LearnError(f"{path}: the classifiers cannot be read: {error}.", hint=HINT) from error
    if not (isinstance(found, list) and len(found) == count and all(type(c) is LogisticRegression for c in found)):
        raise LearnError(f"{path}: does not hold the {count} classifiers that it should.", hint=HINT)
    rows = 1 if classes == 2 else classes
    wanted = {"coef_": (rows, columns), "intercept_": (rows,), "classes_": (classes,)}
    for classifier in found:
        whole = all(_is_array(getattr(classifier, name, None), shape) for name, shape in wanted.items())
        if not whole or not np.array_equal(classifier.classes_, np.arange(classes)):
            raise LearnError(f"{path}: weights that do not fit the model's description.", hint=HINT)
    return found


def _is_array(value: Any, shape: tuple[int, ...]) -> bool:
    """Say whether it is an array of numbers of a shape, none of them infinite."""
    return isinstance(value, np.ndarray) and value.shape == shape and value.dtype.kind in "if" and _is_finite(value)


def _is_finite(values: NDArray[Any]) -> bool:
    return bool(np.isfinite(values).all())

"""Logistic regression for rows of text: fitted balanced, given thresholds, kept with skops."""

from __future__ import annotations

import zipfile
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


def fit(matrix: Any, classes: NDArray[np.int64], *, c: float, iterations: int) -> LogisticRegression:
    """Fit a balanced classifier; `classes` are 0..k-1, each present."""
    return LogisticRegression(C=c, class_weight="balanced", max_iter=iterations).fit(matrix, classes)


def probability(classifier: LogisticRegression, matrix: Any) -> Floats:
    """Return the probability of class 1 of 0 and 1 for each row."""
    return np.asarray(classifier.predict_proba(matrix)[:, 1], dtype=np.float64)


def best_threshold(matrix: Any, holds: NDArray[np.int64], *, seed: int, c: float, iterations: int) -> float:
    """Return the threshold of the best F1 on out-of-fold predictions; 0.5 where fewer than three hold or fail to."""
    if min(holds.sum(), len(holds) - holds.sum()) < FOLDS:
        return 0.5
    folds = np.zeros(len(holds), dtype=np.int64)
    generator = np.random.default_rng(seed)
    for value in (0, 1):
        rows = generator.permutation(np.flatnonzero(holds == value))
        folds[rows] = np.arange(len(rows)) % FOLDS
    guesses = np.zeros(len(holds))
    for fold in range(FOLDS):
        rest, part = np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)
        guesses[part] = probability(fit(matrix[rest], holds[rest], c=c, iterations=iterations), matrix[part])
    return _best_cut(guesses, holds)


def _best_cut(guesses: Floats, holds: NDArray[np.int64]) -> float:
    order = np.argsort(-guesses, kind="stable")
    hits = np.cumsum(holds[order])
    f1 = 2 * hits / (np.arange(1, len(order) + 1) + holds.sum())
    best = int(np.argmax(f1))
    lower = guesses[order[best + 1]] if best + 1 < len(order) else 0.0
    return float(np.clip((guesses[order[best]] + lower) / 2, 0.02, 0.9))


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
    for classifier in found:
        weights = getattr(classifier, "coef_", None)
        if not isinstance(weights, np.ndarray) or weights.shape != (rows, columns) or not np.isfinite(weights).all():
            raise LearnError(f"{path}: weights that do not fit the model's description.", hint=HINT)
    return found

"""Naive Bayes over words, taught by unlabelled texts too: what a few labels say, spread to words that go along.

Multinomial naive Bayes over the words and word pairs that a text has, by expectation and maximisation (Nigam and
others, 2000): the classes of unlabelled texts are guessed, the guesses count as weak labels, and so on for a few
rounds. Its probabilities are far too sure, since words are not independent; each is raised to a power that takes most
of that back.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tui_annotate.errors import LearnError
from tui_annotate.learn.engines.base import Floats
from tui_annotate.learn.engines.files import HINT, load_arrays, save_arrays

ROUNDS = 5
WEAK = 0.3
"""What a guessed label counts beside a given one."""
POWER = 0.3
SMOOTHING = 0.1


@dataclass(frozen=True, slots=True)
class Bayes:
    """A fitted model; classes are columns, as they were numbered."""

    weights: NDArray[np.float32]
    """Log-probability of each word: words x classes."""
    prior: Floats
    """Log-probability of each class."""

    def probabilities(self, words: Any) -> Floats:
        """Return a row for each text, which adds up to 1.

        Args:
            words: Which words each text has: texts x words, of zeros and ones.
        """
        return _softened(words @ self.weights + self.prior)

    def save(self, path: Path) -> None:
        """Write the model to an `.npz` file."""
        save_arrays(path, {"weights": self.weights, "prior": self.prior})


def fit(labelled: Any, classes: NDArray[np.int64], unlabelled: Any) -> Bayes:
    """Fit on labelled texts and on texts without a label, each texts x words of zeros and ones.

    Args:
        classes: 0..k-1 for each labelled text, each present.
    """
    given = np.eye(int(classes.max()) + 1)[classes]
    count, total = np.asarray(labelled.T @ given), given.sum(axis=0)
    found = _estimate(count, total)
    for _ in range(ROUNDS if unlabelled.shape[0] else 0):
        guessed = found.probabilities(unlabelled)
        found = _estimate(count + WEAK * (unlabelled.T @ guessed), total + WEAK * guessed.sum(axis=0))
    return found


def load(path: Path, *, words: int, classes: int) -> Bayes:
    """Read a model back; raises LearnError when it is damaged or does not fit the model's description."""
    arrays = load_arrays(path, ("weights", "prior"))
    weights, prior = arrays["weights"], arrays["prior"]
    fits = weights.shape == (words, classes) and prior.shape == (classes,)
    if not fits or not (np.isfinite(weights).all() and np.isfinite(prior).all()):
        raise LearnError(f"{path}: weights that do not fit the model's description.", hint=HINT)
    return Bayes(weights, prior)


def _estimate(count: Floats, total: Floats) -> Bayes:
    smoothed = count + SMOOTHING
    weights = np.log(smoothed) - np.log(smoothed.sum(axis=0))
    return Bayes(np.asarray(weights, dtype=np.float32), np.log((total + 1) / (total + 1).sum()))


def _softened(scores: Floats) -> Floats:
    scores = POWER * (scores - scores.max(axis=1, keepdims=True))
    raised = np.exp(scores)
    return np.asarray(raised / raised.sum(axis=1, keepdims=True))

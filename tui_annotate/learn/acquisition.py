"""Acquisition: which documents teach most, from how sure a model is of each. Higher scores mean: ask sooner.

A strategy turns the signals of a model into one score a document and knows no
engine. The first picks of a round are then thinned, so that they do not all
ask the same question.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from tui_annotate.errors import UsageError
from tui_annotate.learn.engines.base import Floats, Signals

CANDIDATES = 5
"""The picks of a round are thinned out of so many times as many candidates."""
WORD_CANDIDATES = 8
"""The same where words already taken count less: there novelty needs more to choose from."""

Thinning = Literal["cosine", "words"]


@dataclass(frozen=True, slots=True)
class Strategy:
    """A way to score documents."""

    name: str
    score: Callable[[Signals, np.random.Generator], Floats]
    """One finite score a document, higher = ask sooner."""
    thinning: Thinning
    reason: str
    """What is so of a document with a high score, for the annotator."""
    figure: Callable[[Signals], Floats]
    """What is shown behind the reason: a probability or a share."""


@dataclass(frozen=True, slots=True)
class Pick:
    """A document to ask about, by its row in the signals."""

    row: int
    score: float
    """Higher = ask sooner; the places of a thinned round need not follow it."""
    reason: str


def margin(signals: Signals, generator: np.random.Generator) -> Floats:
    """Return 1 minus the gap between the two likeliest answers."""
    return 1.0 - signals.margin


def entropy(signals: Signals, generator: np.random.Generator) -> Floats:
    """Return the mean entropy of the answers that a document needs."""
    return signals.entropy


def least_confidence(signals: Signals, generator: np.random.Generator) -> Floats:
    """Return minus the logarithm of the likeliest whole answer's probability; long documents come first."""
    return -signals.log_prob


def length_normalised(signals: Signals, generator: np.random.Generator) -> Floats:
    """Return the same by token."""
    return -signals.log_prob / np.maximum(signals.tokens, 1)


def random(signals: Signals, generator: np.random.Generator) -> Floats:
    """Return chance."""
    return generator.random(len(signals.tokens))


def _confidence(signals: Signals) -> Floats:
    return signals.confidence


def _by_token(signals: Signals) -> Floats:
    return np.asarray(np.exp(signals.log_prob / np.maximum(signals.tokens, 1)))


STRATEGIES = {
    strategy.name: strategy
    for strategy in (
        Strategy("random", random, "cosine", "drawn at random from", _confidence),
        Strategy("margin", margin, "cosine", "least certain of", _confidence),
        Strategy("entropy", entropy, "cosine", "most mixed of", _confidence),
        Strategy("least-confidence", least_confidence, "cosine", "least certain of", _confidence),
        Strategy("length-normalised", length_normalised, "words", "least certain by word of", _by_token),
    )
}


def strategy_for(name: str, task: str) -> Strategy:
    """Return a strategy by name; `default` is margin for document labels and length-normalised for entities.

    Raises:
        UsageError: No such strategy.
    """
    if name == "default":
        name = "length-normalised" if task == "entities" else "margin"
    if name not in STRATEGIES:
        raise UsageError(f"There is no strategy {name!r}.", hint=f"Strategies: default, {', '.join(STRATEGIES)}.")
    return STRATEGIES[name]


def pick(signals: Signals, *, strategy: str, size: int, n: int, seed: int, task: str = "") -> list[Pick]:
    """Return up to `size` documents, most informative first.

    The first `n` are unlike each other, chosen out of the best candidates;
    those behind them follow by score.
    """
    chosen = strategy_for(strategy, task)
    scores = chosen.score(signals, np.random.default_rng(seed))
    order = np.argsort(-scores, kind="stable")
    if chosen.name != "random" and n > 1:
        thin = {"cosine": _thin_by_cosine, "words": _thin_by_words}[chosen.thinning]
        width = CANDIDATES if chosen.thinning == "cosine" else WORD_CANDIDATES
        candidates = order[: width * n]
        first = thin(signals, scores, candidates, n)
        order = np.concatenate([first, order[~np.isin(order, first)]]).astype(np.int64)
    figures = chosen.figure(signals)
    total = f"{len(scores):,}"
    return [Pick(int(r), float(scores[r]), f"{chosen.reason} {total} ({figures[r]:.2f})") for r in order[:size]]


def _thin_by_cosine(signals: Signals, scores: Floats, candidates: np.ndarray, n: int) -> np.ndarray:
    """Start with the best candidate, then take the one least like any taken; higher score first among equals."""
    rows = signals.vectors[candidates]
    norms = np.sqrt(np.asarray(rows.multiply(rows).sum(axis=1)).ravel())
    likeness = np.asarray((rows @ rows.T).todense()) / np.maximum(np.outer(norms, norms), 1e-12)
    taken = [0]
    nearest = likeness[:, 0].copy()
    while len(taken) < min(n, len(candidates)):
        nearest[taken] = np.inf
        following = int(np.argmin(nearest))
        taken.append(following)
        nearest = np.maximum(nearest, likeness[:, following])
    return candidates[taken]


def _thin_by_words(signals: Signals, scores: Floats, candidates: np.ndarray, n: int) -> np.ndarray:
    """Take the best score each time, scaled by the share of a document's words that this round has not taken yet."""
    rows = abs(signals.vectors[candidates]).tocsr()
    weights = np.maximum(np.asarray(rows.sum(axis=1)).ravel(), 1e-12)
    fresh = np.ones(rows.shape[1])
    left = scores[candidates].astype(np.float64).copy()
    taken: list[int] = []
    while len(taken) < min(n, len(candidates)):
        worth = left * (rows @ fresh) / weights
        worth[taken] = -np.inf
        following = int(np.argmax(worth))
        taken.append(following)
        fresh[rows[following].indices] = 0.0
    return candidates[taken]

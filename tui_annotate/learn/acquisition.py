"""Acquisition: which documents teach most, from how sure a model is of each. Higher scores mean: ask sooner.

A strategy turns the signals of a model into one score a document and knows no
engine. The first picks of a round are then thinned, so that they do not all
ask the same question. Before there is a model, documents are picked that stand for many others.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from tui_annotate.errors import UsageError
from tui_annotate.learn.engines.base import Floats, Signals

CANDIDATES = 5
"""The picks of a round are thinned out of so many times as many candidates."""
WORD_CANDIDATES = 8
"""The same where words already taken count less: there novelty needs more to choose from."""
MOST_THINNED = 200
"""Documents of a round that are chosen unlike each other: what it costs grows with the square of them."""
SURE = 0.8
"""Probability from which an answer is not called unsure."""

Thinning = Literal["cosine", "words"]


@dataclass(frozen=True, slots=True)
class Strategy:
    """A way to score documents."""

    name: str
    score: Callable[[Signals, np.random.Generator], Floats]
    """One finite score a document, higher = ask sooner."""
    thinning: Thinning


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


STRATEGIES = {
    strategy.name: strategy
    for strategy in (
        Strategy("random", random, "cosine"),
        Strategy("margin", margin, "cosine"),
        Strategy("entropy", entropy, "cosine"),
        Strategy("least-confidence", least_confidence, "cosine"),
        Strategy("length-normalised", length_normalised, "words"),
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

    The first `n` are unlike each other, of a large round the first of those, chosen out of the best
    candidates; those behind them follow by score.
    """
    n = min(n, MOST_THINNED)
    chosen = strategy_for(strategy, task)
    # An engine of somebody else's may be sure of what is no number.
    scores = np.nan_to_num(chosen.score(signals, np.random.default_rng(seed)))
    order = np.argsort(-scores, kind="stable")
    if chosen.name != "random" and n > 1:
        thin = {"cosine": _thin_by_cosine, "words": _thin_by_words}[chosen.thinning]
        width = CANDIDATES if chosen.thinning == "cosine" else WORD_CANDIDATES
        candidates = order[: width * n]
        first = thin(signals, scores, candidates, n)
        order = _copies_last(signals, np.concatenate([first, order[~np.isin(order, first)]]).astype(np.int64))
    by_chance = chosen.name == "random"
    return [
        Pick(int(row), float(scores[row]), "drawn at random" if by_chance else _doubt(signals, int(row)))
        for row in order[:size]
    ]


def _doubt(signals: Signals, row: int) -> str:
    """Say what the model thinks of a document, as a reason to ask about it."""
    if signals.guess is None or signals.guess_prob is None:
        by_token = float(np.exp(signals.log_prob[row] / max(int(signals.tokens[row]), 1)))
        return f"unsure what to mark here ({by_token:.2f} a word)"
    prob, name = float(signals.guess_prob[row]), signals.names[int(signals.guess[row])]
    unsure = max(prob, 1 - prob) < SURE
    return (
        f"the model is unsure here: {name} {prob:.2f}" if unsure else f"least sure of what is left: {name} {prob:.2f}"
    )


def spread(rows: Floats, known: Floats, *, n: int, size: int, seed: int) -> list[Pick]:
    """Return up to `size` documents that stand for many others, in rounds of `n`.

    For each round all documents are grouped into as many groups as documents are known and asked for by then; asked
    for is the middle one of each group that none is known of, the largest groups first (after TypiClust, Hacohen and
    others, 2022).

    Args:
        rows: What each document is like, as coordinates.
        known: The same of documents that need not be asked for again.
    """
    picked: list[Pick] = []
    n = min(n, size)
    everything = np.concatenate([rows, known])
    while len(picked) < min(size, len(rows)):
        taken = [pick.row for pick in picked]
        covered = np.concatenate([np.array(taken, dtype=np.int64), np.arange(len(rows), len(everything))])
        found = _middles(everything, len(rows), covered, n, seed)
        if not found:
            break
        picked += found
    return picked[:size]


def _middles(everything: Floats, count: int, covered: np.ndarray, n: int, seed: int) -> list[Pick]:
    from sklearn.cluster import KMeans

    groups = min(len(covered) + n, len(np.unique(everything, axis=0)))
    fitted = KMeans(groups, n_init=2, random_state=seed).fit(everything)
    sizes = np.bincount(fitted.labels_, minlength=groups)
    sizes[np.unique(fitted.labels_[covered])] = 0
    found = []
    for group in np.argsort(-sizes, kind="stable")[:n]:
        rows = np.flatnonzero(fitted.labels_[:count] == group)
        if sizes[group] and len(rows):
            away = ((everything[rows] - fitted.cluster_centers_[group]) ** 2).sum(axis=1)
            others = f"typical of {sizes[group]:,} documents, none of them confirmed yet"
            found.append(Pick(int(rows[np.argmin(away)]), float(sizes[group] / len(everything)), others))
    return found


def _copies_last(signals: Signals, order: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return an order in which documents that look the same to the model as an earlier one come at the end.

    Equal texts have equal signals; the next training may know the answer to all of them from one.
    """
    look = np.column_stack([signals.tokens, signals.margin.round(9), signals.log_prob.round(9)])[order]
    _, firsts = np.unique(look, axis=0, return_index=True)
    is_first = np.zeros(len(order), dtype=bool)
    is_first[firsts] = True
    return np.concatenate([order[is_first], order[~is_first]])


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

"""Two runs held against each other on the same documents, overall and for each value or type.

Where a document is right or wrong as a whole: McNemar's exact test, and Newcombe's paired interval of the
difference. Where it holds several answers: the two runs' answers are swapped at random, document by document, and the
interval comes from how the documents differ. A difference counts below p = 0.1, the rest is not distinguishable.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from math import comb, sqrt
from typing import Any

import numpy as np
from scipy.special import stdtrit

from tui_annotate.domain.annotations import Annotations, Suggestion
from tui_annotate.domain.figures import LEAST_DOCUMENTS, LEAST_POSITIVES, NOMINAL, Outcome, wilson
from tui_annotate.domain.scheme import Scheme
from tui_annotate.learn.grading import Graded, grade
from tui_annotate.learn.intervals import Floats, Tally

LEVEL = 1 - NOMINAL
SWAPS = 2000
_UNMET = 0.15
"""How much of a document in which one run has all right and the other all wrong is added to those that were met."""

Predicted = Sequence[Sequence[Suggestion]]


def compare(
    task: str,
    scheme: Scheme,
    gold: Sequence[Annotations],
    ours: Predicted,
    theirs: Predicted,
    *,
    run: str,
    seed: int = 0,
) -> dict[str, Any] | None:
    """Return how one run does beside another on the same documents; None for a task that is gone.

    Args:
        run: Name of the other.

    Returns:
        `run`, `documents`, `needed`, `outcome` (of `ours`), `name` of the figure, both values as `value` and `before`,
        `difference` (`value`, `low`, `high`), `p`, and the same for `parts`: each value or type with
        10 positives or more, by F1.
    """
    first, second = grade(task, scheme, gold, ours), grade(task, scheme, gold, theirs)
    if first is None or second is None:
        return None
    held = sum(one is not None for one in first.outcomes)
    found: dict[str, Any] = {"run": run, "documents": held, "needed": LEAST_DOCUMENTS, "outcome": "too few"}
    if held < LEAST_DOCUMENTS:
        return found
    generator = np.random.default_rng(seed)
    if first.several:
        found |= {"name": "F1", **by_f1(first.together(), second.together(), generator)}
    else:
        found |= {"name": "accuracy", **_by_documents(first, second)}
    return {**found, "parts": _parts(first, second, generator)}


def _parts(first: Graded, second: Graded, generator: np.random.Generator) -> dict[str, Any]:
    ours, theirs = first.by_name(), second.by_name()
    nothing = np.zeros(first.size)
    empty = Tally(nothing, nothing, nothing)
    found = {}
    for name in sorted(ours.keys() | theirs.keys()):
        one, other = ours.get(name, empty), theirs.get(name, empty)
        if one.total.positives >= LEAST_POSITIVES:
            found[name] = by_f1(one, other, generator)
    return found


def _by_documents(first: Graded, second: Graded) -> dict[str, Any]:
    pairs = [(a, b) for a, b in zip(first.outcomes, second.outcomes, strict=True) if a is not None]
    counted = Counter((bool(a), bool(b)) for a, b in pairs)
    both, won, lost, neither = (counted[k] for k in ((True, True), (True, False), (False, True), (False, False)))
    of = len(pairs)
    p = mcnemar(won, lost)
    low, high = newcombe(both, won, lost, neither)
    return {
        "value": (both + won) / of,
        "before": (both + lost) / of,
        "difference": {"value": (won - lost) / of, "low": low, "high": high},
        "p": p,
        "outcome": _outcome(won - lost, p),
    }


def mcnemar(won: int, lost: int) -> float:
    """Return the two-sided exact p of so many documents that only one run, or only the other, has right."""
    of = won + lost
    tail = sum(comb(of, k) for k in range(min(won, lost) + 1))
    return min(1.0, 2 * tail / (1 << of))


def newcombe(both: int, won: int, lost: int, neither: int) -> tuple[float, float]:
    """Return the interval of the difference of two shares of the same documents (Newcombe 1998, method 10)."""
    of = both + won + lost + neither
    first, second = (both + won) / of, (both + lost) / of
    (low1, high1), (low2, high2) = wilson(both + won, of), wilson(both + lost, of)
    product = (both + won) * (lost + neither) * (both + lost) * (won + neither)
    product_of_cells = both * neither - won * lost
    excess = max(product_of_cells - of / 2, 0.0) if product_of_cells > 0 else float(product_of_cells)
    phi = excess / sqrt(product) if product else 0.0
    below, above = first - low1, high2 - second
    down = sqrt(max(0.0, below**2 - 2 * phi * below * above + above**2))
    below, above = high1 - first, second - low2
    up = sqrt(max(0.0, below**2 - 2 * phi * below * above + above**2))
    return max(-1.0, first - second - down), min(1.0, first - second + up)


def by_f1(ours: Tally, theirs: Tally, generator: np.random.Generator) -> dict[str, Any]:
    """Compare by F1: a permutation test over documents, and an interval from how much each document differs."""
    value, before = ours.total.f1, theirs.total.f1
    difference = value - before
    p = _swapped(ours, theirs, abs(difference), generator)
    reach = _reach(ours, theirs)
    return {
        "value": value,
        "before": before,
        "difference": {
            "value": difference,
            "low": max(-1.0, difference - reach),
            "high": min(1.0, difference + reach),
        },
        "p": p,
        "outcome": _outcome(difference, p),
    }


def _swapped(ours: Tally, theirs: Tally, seen: float, generator: np.random.Generator) -> float:
    """Return the share of random swaps with a difference as large as the one seen."""
    one, other = _halves(ours), _halves(theirs)
    differ = np.flatnonzero((one != other).any(axis=1))
    if not len(differ):
        return 1.0
    signs = generator.integers(0, 2, size=(SWAPS, len(differ))).astype(np.float64)
    change = (other - one)[differ]
    moved = signs @ change
    a, b = one.sum(axis=0) + moved, other.sum(axis=0) - moved
    found = np.abs(_f1(a) - _f1(b))
    return float((1 + (found >= seen - 1e-12).sum()) / (1 + SWAPS))


def _halves(tally: Tally) -> Floats:
    """Return the numerator and the denominator of F1, a row for each document."""
    return np.column_stack([2 * tally.tp, 2 * tally.tp + tally.fp + tally.fn])


def _f1(sums: Floats) -> Floats:
    found: Floats = np.where(sums[:, 1] > 0, sums[:, 0] / np.maximum(sums[:, 1], 1), 1.0)
    return found


def _reach(ours: Tally, theirs: Tally) -> float:
    influence = _influence(ours) - _influence(theirs)
    rows = int(((ours.tp + ours.fp + ours.fn + theirs.tp + theirs.fp + theirs.fn) > 0).sum())
    if rows < 2:
        return 1.0
    # Where hardly a document differs, those that do show too little of how they might.
    unmet = _UNMET * (_halves(ours)[:, 1].mean() / max(_halves(ours)[:, 1].sum(), 1.0)) ** 2
    deviation = sqrt(rows / (rows - 1) * float(influence @ influence + unmet))
    return float(stdtrit(rows - 1, 1 - LEVEL / 2)) * deviation


def _influence(tally: Tally) -> Floats:
    """Return what each document adds to F1, to first order."""
    halves = _halves(tally)
    whole = halves[:, 1].sum()
    return (halves[:, 0] - tally.total.f1 * halves[:, 1]) / whole if whole else np.zeros(len(halves))


def _outcome(difference: float, p: float) -> Outcome:
    if p >= LEVEL or not difference:
        return "not distinguishable"
    return "better" if difference > 0 else "worse"

"""Intervals of shares and of F1 that hold for small samples, and for answers that come in documents.

Accuracy is a share of documents: Wilson. F1 is 2J / (1 + J) of the Jaccard index J = tp / (tp + fp + fn), whose
interval is Jeffreys' Beta(tp + 1/2, fp + fn + 1/2). The entities of a document succeed and fail together, so they count
for fewer than they are: counts are divided by the design effect, the variance of J between documents over that of
independent answers, with Student's t for the few documents it is estimated from (Korn and Graubard, 1998). Without
it a nominal 90 % covered 80 to 84 % on BC5CDR; `python -m bench.figures_coverage` measures that.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaincinv, stdtrit

from tui_annotate.domain.agreement import Counts
from tui_annotate.domain.figures import NOMINAL, Z, wilson

_TAIL = (1 - NOMINAL) / 2
_UNMET = 0.15
"""How much of a document that is wholly right, and of one that is wholly wrong, is added to those that were met.

Where nearly all is right, the few documents that are not show too little of how they vary.
"""

Floats = NDArray[np.float64]
Bounds = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Tally:
    """Hits, false alarms and misses, a row for each document."""

    tp: Floats
    fp: Floats
    fn: Floats

    @classmethod
    def of(cls, counts: Sequence[Counts]) -> Tally:
        """Make the rows of counts."""
        found = np.array([(c.tp, c.fp, c.fn) for c in counts], dtype=np.float64).reshape(-1, 3)
        return cls(found[:, 0], found[:, 1], found[:, 2])

    @property
    def total(self) -> Counts:
        """All documents together."""
        return Counts(int(self.tp.sum()), int(self.fp.sum()), int(self.fn.sum()))


def f1_interval(counts: Counts, *, effect: float = 1.0) -> Bounds:
    """Return the interval of F1.

    Args:
        effect: Design effect: how many answers count for one.
    """
    low, high = (2 * j / (1 + j) for j in _beta(counts.tp / effect, (counts.fp + counts.fn) / effect))
    return low, high


def _beta(hits: float, misses: float) -> Bounds:
    """Return Jeffreys' interval of a share; nothing missed may be all, nothing hit may be none."""
    shape = (hits + 0.5, misses + 0.5)
    low, high = float(betaincinv(*shape, _TAIL)), float(betaincinv(*shape, 1 - _TAIL))
    return low if hits else 0.0, high if misses else 1.0


def design_effect(hits: Floats, of: Floats) -> float:
    """Return how many answers count for one, 1 or more: hits among `of` answers, a row for each document."""
    rows = of > 0
    documents, answers = int(rows.sum()), float(of.sum())
    share = float(hits.sum()) / answers if answers else 0.0
    if documents < 2 or not 0 < share < 1:
        return 1.0
    residuals = hits[rows] - share * of[rows]
    unmet = _UNMET * (answers / documents) ** 2 * (share**2 + (1 - share) ** 2)
    variance = documents / (documents - 1) * (float(residuals @ residuals) + unmet) / answers**2
    student = float(stdtrit(documents - 1, 1 - _TAIL)) / Z
    return max(1.0, variance / (share * (1 - share) / answers) * student**2)


def clustered_share(hits: Floats, of: Floats) -> Bounds:
    """Return the interval of a share of answers that come in documents."""
    effect = design_effect(hits, of)
    return wilson(float(hits.sum()) / effect, float(of.sum()) / effect)


def clustered_f1(tally: Tally) -> Bounds:
    """Return the interval of F1 over answers that come in documents."""
    return f1_interval(tally.total, effect=design_effect(tally.tp, tally.tp + tally.fp + tally.fn))


def macro_f1(tallies: Sequence[Tally]) -> Bounds:
    """Return the interval of the mean F1 of several values or types.

    Each has its Beta; their errors go together as they do over the documents; the mean is taken for a Beta again.
    """
    if not tallies:
        return 0.0, 1.0
    moments, influences = [], []
    for tally in tallies:
        effect = design_effect(tally.tp, tally.tp + tally.fp + tally.fn)
        counts = tally.total
        hits, misses = counts.tp / effect + 0.5, (counts.fp + counts.fn) / effect + 0.5
        mean, spread = hits / (hits + misses), hits * misses / ((hits + misses) ** 2 * (hits + misses + 1))
        moments.append((2 * mean / (1 + mean), sqrt(spread) * 2 / (1 + mean) ** 2))
        influences.append(2 * tally.tp - counts.f1 * (2 * tally.tp + tally.fp + tally.fn))
    means, deviations = (np.array(column) for column in zip(*moments, strict=True))
    variance = float(deviations @ _together(influences) @ deviations) / len(tallies) ** 2
    middle = sum(tally.total.f1 for tally in tallies) / len(tallies)
    if not 0 < middle < 1:
        middle = float(means.mean())
    size = middle * (1 - middle) / variance - 1
    shape = (max(middle * size, 1e-3), max((1 - middle) * size, 1e-3))
    return float(betaincinv(*shape, _TAIL)), float(betaincinv(*shape, 1 - _TAIL))


def _together(influences: Sequence[Floats]) -> Floats:
    """Return the correlations between what each document does to each value's F1; none where nothing varies."""
    rows = np.array(influences)
    lengths = np.sqrt((rows * rows).sum(axis=1))
    scaled = rows / np.where(lengths > 0, lengths, 1.0)[:, None]
    found: Floats = scaled @ scaled.T
    np.fill_diagonal(found, 1.0)
    return found

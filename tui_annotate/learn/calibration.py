"""How far a probability that is shown can be believed: reliability in bins, and the precision above each one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tui_annotate.domain.figures import GRID
from tui_annotate.learn.intervals import clustered_share

BINS = 10
LEAST_SUGGESTIONS = 10
"""Suggestions under which no precision is given."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A suggestion on a document that was measured on."""

    document: int
    """Its place among them."""
    name: str
    """Entity type, or value of a label."""
    prob: float
    hit: bool
    """Just this is annotated."""


def reliability(shown: Sequence[Shown], documents: int) -> dict[str, Any] | None:
    """Return `suggestions`, `ece`, `brier` and `bins`; None where there are too few suggestions.

    The expected calibration error is the mean distance of a bin's share of right ones from its mean probability, by
    how many lie in it; Brier's score the mean squared distance of the probability from 0 or 1. A bin holds `low`,
    `high`, `count`, `prob` (mean), `right` (share) and the `bounds` of that share.
    """
    if len(shown) < LEAST_SUGGESTIONS:
        return None
    probs, hits, places = _columns(shown)
    numbers = np.minimum((probs * BINS).astype(int), BINS - 1)
    bins, error = [], 0.0
    for number in sorted(set(numbers.tolist())):
        rows = numbers == number
        prob, right = float(probs[rows].mean()), float(hits[rows].mean())
        error += abs(prob - right) * int(rows.sum()) / len(shown)
        bounds = clustered_share(*_by_document(places[rows], hits[rows], documents))
        bins.append(
            {
                "low": number / BINS,
                "high": (number + 1) / BINS,
                "count": int(rows.sum()),
                "prob": round(prob, 4),
                "right": round(right, 4),
                "bounds": [round(bound, 4) for bound in bounds],
            }
        )
    brier = float(((probs - hits) ** 2).mean())
    return {"suggestions": len(shown), "ece": round(error, 4), "brier": round(brier, 4), "bins": bins}


def above(shown: Sequence[Shown], documents: int) -> dict[str, list[dict[str, Any]]]:
    """Return the precision of what is suggested at or above each probability of `GRID`, by name and of all (`""`).

    Rows hold `prob`, `suggestions`, `right`, `value`, `low`, `high`; where too few lie so high there is none.
    """
    names = ["", *sorted({one.name for one in shown})]
    found = {}
    for name in names:
        ours = [one for one in shown if not name or one.name == name]
        probs, hits, places = _columns(ours)
        rows = []
        for prob in GRID:
            chosen = probs >= prob
            count, right = int(chosen.sum()), int(hits[chosen].sum())
            if count < LEAST_SUGGESTIONS:
                break
            low, high = clustered_share(*_by_document(places[chosen], hits[chosen], documents))
            rows.append(
                {
                    "prob": prob,
                    "suggestions": count,
                    "right": right,
                    "value": round(right / count, 4),
                    "low": round(low, 4),
                    "high": round(high, 4),
                }
            )
        if rows:
            found[name] = rows
    return found


def _columns(shown: Sequence[Shown]) -> tuple[Any, Any, Any]:
    probs = np.array([one.prob for one in shown], dtype=np.float64)
    hits = np.array([one.hit for one in shown], dtype=np.float64)
    return probs, hits, np.array([one.document for one in shown], dtype=np.int64)


def _by_document(places: Any, hits: Any, documents: int) -> tuple[Any, Any]:
    right = np.bincount(places, weights=hits, minlength=documents)
    return right, np.bincount(places, minlength=documents).astype(np.float64)

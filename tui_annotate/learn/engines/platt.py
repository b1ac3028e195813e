"""Calibration after Platt: the logit of a probability is scaled and shifted so that what is shown comes true as often.

Fitted by penalised likelihood on predictions for documents that the model has not seen. The penalty pulls towards
leaving probabilities as they are, so a few predictions change little; the scale is never negative, so the order of
suggestions stays.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from tui_annotate.learn.engines.base import Floats

LEAST = 30
"""Predictions under which nothing is fitted."""
_UNCHANGED = np.array([1.0, 0.0])
_TRUST = np.array([0.3, 0.3]) ** -2
"""How far scale and shift stray from there before anything is known: the inverse of the variance."""
_FLATTEST = 0.1
_EDGE = 1e-6
_NEAR = 1e-8


@dataclass(frozen=True, slots=True)
class Platt:
    """A calibration; as it is made, it leaves every probability alone."""

    scale: float = 1.0
    shift: float = 0.0
    fitted_on: int = 0
    """Predictions that it was fitted on."""

    def __post_init__(self) -> None:
        if not (0 < self.scale < float("inf") and abs(self.shift) < float("inf")):
            raise ValueError("the scale of a calibration must be above 0, and its shift be a number")

    def shown(self, raw: Floats | float) -> Floats:
        """Return calibrated probabilities."""
        if not self.fitted_on:
            return np.asarray(raw, dtype=np.float64)
        return np.asarray(expit(self.scale * logit(raw) + self.shift))

    def raw(self, shown: float) -> float:
        """Return the probability that is calibrated to `shown`; 0 and 1 stay."""
        if not self.fitted_on or not 0.0 < shown < 1.0:
            return shown
        return float(expit((logit(shown) - self.shift) / self.scale))


def fit_platt(raw: Floats, hits: Floats) -> Platt:
    """Fit scale and shift by Newton's method, steps halved where they go too far.

    Args:
        hits: 1 where a prediction was right, else 0.
    """
    if len(raw) < LEAST:
        return Platt()
    known = np.column_stack([logit(raw), np.ones(len(raw))])
    found = _fit(known, hits, np.array([1.0, 0.0]), np.array([True, True]))
    if found[0] < _FLATTEST:
        found = _fit(known, hits, np.array([_FLATTEST, 0.0]), np.array([False, True]))
    return Platt(float(found[0]), float(found[1]), len(raw))


def _fit(known: Floats, hits: Floats, found: Floats, free: NDArray[np.bool_]) -> Floats:
    """Return the likeliest scale and shift; only those that are free are moved."""
    loss = _loss(known, hits, found)
    for _ in range(50):
        probs = expit(known @ found)
        slope = known.T @ (probs - hits) + _TRUST * (found - _UNCHANGED)
        bend = (known * (probs * (1 - probs))[:, None]).T @ known + np.diag(_TRUST)
        step = np.zeros(2)
        step[free] = np.linalg.solve(bend[np.ix_(free, free)], slope[free])
        # A whole step may go too far where the probabilities are near 0 or 1; a part of it never does.
        while (shorter := _loss(known, hits, found - step)) > loss and np.abs(step).max() > _NEAR:
            step = step / 2
        if np.abs(step).max() <= _NEAR:
            break
        found, loss = found - step, shorter
    return found


def _loss(known: Floats, hits: Floats, found: Floats) -> float:
    values = known @ found
    away = found - _UNCHANGED
    return float((np.logaddexp(0, values) - hits * values).sum() + (_TRUST * away * away).sum() / 2)


def logit(probs: Floats | float) -> Floats:
    """Return the logarithm of the odds; 0 and 1 are moved in by a millionth."""
    inside = np.clip(probs, _EDGE, 1 - _EDGE)
    return np.asarray(np.log(inside / (1 - inside)))

"""What more confirmations are expected to bring: the error falls as a power of how many there are.

A straight line through log(1 - figure) over log(documents), by least squares. What is expected has an interval from how
the points scatter about the line, which is how much figures move by chance from one training to the next. Where the
points are few, or near each other, nothing is said.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, inf, log, sqrt

LEAST_POINTS = 4
LEAST_RANGE = 2.0
"""The most documents a point has, by the fewest, for a line to be drawn."""
MOST = 1_000_000
"""Confirmations further away than this are not counted."""
_STUDENT = {1: 6.314, 2: 2.920, 3: 2.353, 4: 2.132, 5: 2.015, 6: 1.943, 7: 1.895, 8: 1.860, 9: 1.833, 10: 1.812}
_NORMAL = 1.645
_LEAST_ERROR = 0.002
"""A figure of 1 has no logarithm; it is taken for this far from it."""


@dataclass(frozen=True, slots=True)
class Range:
    """What is expected, and between what bounds at a nominal 90 %."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Trend:
    """A learning curve's law: 1 - figure = scale * documents ** -slope."""

    scale: float
    slope: float
    low: float
    """Of the slope."""
    high: float
    documents: int
    """Of the last point."""
    error: float
    """1 - figure at the last point, as the line has it."""
    scatter: float
    """Of a point about the line, in logarithms, times Student's quantile."""

    def gain(self, more: int) -> Range:
        """Return what so many confirmations more are expected to add to the figure that will be measured then."""
        way = log((self.documents + more) / self.documents)
        reach = sqrt(2 * self.scatter**2 + ((self.high - self.low) / 2 * way) ** 2)

        def added(fall: float) -> float:
            return max(-1.0, self.error * (1 - exp(-fall)))

        fall = self.slope * way
        return Range(added(fall), added(fall - reach), added(fall + reach))

    def needed(self, target: float) -> tuple[int | None, int | None, int | None]:
        """Return how many confirmations more a target is expected to take: by the line, at best, at worst.

        None where it is not in reach.
        """

        def to(slope: float) -> int | None:
            if target >= 1:
                return None
            if 1 - target >= self.error:
                return 0
            exponent = log(self.error / (1 - target)) / slope if slope > 0 else inf
            if exponent + log(self.documents) > log(MOST):
                return None
            return round(self.documents * exp(exponent)) - self.documents

        return to(self.slope), to(self.high), to(self.low)


def trend(points: Sequence[tuple[int, float]]) -> Trend | None:
    """Return the law of a learning curve; None where the points are too few or too near each other to say.

    Args:
        points: (documents, figure), in any order; several of one number of documents are several draws.
    """
    usable = sorted((n, value) for n, value in points if n > 0)
    sizes = {n for n, _ in usable}
    if len(usable) < LEAST_POINTS or len(sizes) < 3 or max(sizes) < LEAST_RANGE * min(sizes):
        return None
    xs = [log(n) for n, _ in usable]
    ys = [log(max(1 - value, _LEAST_ERROR)) for _, value in usable]
    middle, level = sum(xs) / len(xs), sum(ys) / len(ys)
    spread = sum((x - middle) ** 2 for x in xs)
    slope = -sum((x - middle) * (y - level) for x, y in zip(xs, ys, strict=True)) / spread
    left = sum((y - level + slope * (x - middle)) ** 2 for x, y in zip(xs, ys, strict=True))
    freedom = len(sizes) - 2
    scatter = _student(freedom) * sqrt(left / max(len(xs) - 2, 1))
    reach = scatter / sqrt(spread)
    last = max(sizes)
    scale = exp(level + slope * middle)
    error = min(1.0, scale * last**-slope)
    return Trend(scale, slope, slope - reach, slope + reach, last, error, scatter)


def _student(freedom: int) -> float:
    """Return the quantile of a two-sided 90 %."""
    return _STUDENT.get(freedom, _NORMAL * (1 + 1.2 / max(freedom, 1)) if freedom > 0 else _STUDENT[1])

"""The figures of a run as they are said: each with its interval, or how many documents there are to measure it on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import sqrt
from typing import Any, Literal

LEAST_DOCUMENTS = 30
"""Documents under which no figure is given."""
LEAST_POSITIVES = 10
"""Positives of a value or type under which it has no figure."""
GRID = (0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.92, 0.94, 0.95, 0.96, 0.97, 0.98, 0.99, 0.995)
"""Probabilities at which the precision above them is kept."""

NOMINAL = 0.90
"""How often an interval is to hold what is true."""
Z = 1.6448536269514722
"""Of a two-sided interval at `NOMINAL`."""

Outcome = Literal["better", "worse", "not distinguishable", "too few"]
"""What comparing two runs on the same documents comes to."""


def wilson(hits: float, of: float) -> tuple[float, float]:
    """Return the interval of a share; (0, 1) of nothing."""
    if not of:
        return 0.0, 1.0
    share, square = hits / of, Z * Z
    middle = (share + square / (2 * of)) / (1 + square / of)
    reach = Z * sqrt(share * (1 - share) / of + square / (4 * of * of)) / (1 + square / of)
    return max(0.0, middle - reach), min(1.0, middle + reach)


def headline(metrics: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the run's one figure on what was held out: `name`, `value`, `low` and `high`; None when there is none."""
    found: dict[str, Any] | None = (metrics.get("holdout") or {}).get("headline")
    return found


def said(metrics: Mapping[str, Any]) -> str:
    """Return the one figure as it is shown: `F1 0.81 (0.70-0.89, 38 held out)`, or `12/30 held out`."""
    held_out = metrics.get("holdout") or {}
    documents = held_out.get("documents", 0)
    best = headline(metrics)
    if best is None:
        return f"{documents}/{max(held_out.get('needed', LEAST_DOCUMENTS), documents)} held out"
    return f"{best['name']} {best['value']:.2f} ({best['low']:.2f}-{best['high']:.2f}, {documents} held out)"


def bounded(figure: Mapping[str, float] | None, places: int = 2) -> str:
    """Return a figure with its interval: `0.81 (0.70-0.89)`; `-` where there is none."""
    if figure is None:
        return "-"
    value, low, high = (f"{figure[name]:.{places}f}" for name in ("value", "low", "high"))
    return f"{value} ({low}-{high})"


def share(row: Mapping[str, Any], name: Literal["precision", "recall"]) -> dict[str, float] | None:
    """Return the precision or recall of a value or type with its interval; None where it has no figure."""
    bounds = (row.get("bounds") or {}).get(name)
    return None if bounds is None else {"value": row[name], "low": bounds[0], "high": bounds[1]}


def parts(figures: Mapping[str, Any]) -> Mapping[str, Mapping[str, Any]]:
    """Return the figures of the values or types."""
    return figures.get("types") or figures.get("values") or {}


def compared(paired: Mapping[str, Any] | None) -> str:
    """Say in half a line what a comparison came to: `better than entities-3 by 0.03 (0.01-0.06)`."""
    if not paired:
        return ""
    outcome, run = paired["outcome"], paired["run"]
    if outcome == "too few":
        return f"too few held out to compare with {run} ({paired['documents']}/{paired['needed']})"
    between = f"{_signed(paired['difference']['low'])} to {_signed(paired['difference']['high'])}"
    how = f"{_signed(paired['difference']['value'])} ({between})"
    joined = "from" if outcome == "not distinguishable" else "than"
    return f"{outcome} {joined} {run}: {how}"


def _signed(value: float) -> str:
    return f"{value:+.2f}"


def changed(stability: Mapping[str, Any] | None) -> str:
    """Say how many suggestions are others than the run before had: `3 of 41 suggestions changed`."""
    if not stability:
        return ""
    return f"{stability['changed']} of {stability['suggestions']} suggestions changed"


def supported(above: Mapping[str, Iterable[Mapping[str, Any]]], name: str, prob: float) -> Mapping[str, Any] | None:
    """Return what the holdout says of accepting all at or above a probability; None where it supports nothing yet.

    Args:
        above: As `holdout.above` of a run's figures has it.
        name: Entity type or value; empty for all.

    Returns:
        The row of the highest kept probability that is not above the one asked for.
    """
    rows = [row for row in above.get(name, ()) if row["prob"] <= prob + 1e-9]
    top = max(rows, key=lambda row: float(row["prob"]), default=None)
    if top is None or _next_kept(top["prob"]) <= prob + 1e-9:
        return None
    return top


def _next_kept(prob: float) -> float:
    return next((kept for kept in GRID if kept > prob + 1e-9), 1.01)


def overfitting(figures: Mapping[str, Any]) -> str:
    """Return the gap between what was trained on and the validation part, in a line; empty where none was measured."""
    train, validation = figures.get("train"), figures.get("validation")
    if not train or not validation:
        return ""
    ours, theirs = train.get("headline"), validation.get("headline")
    if ours is None or theirs is None:
        return f"train and validation: {validation['documents']}/{validation['needed']} documents for a figure"
    gap = ours["value"] - theirs["value"]
    return (
        f"train {ours['name']} {ours['value']:.2f}, validation {theirs['value']:.2f}"
        f" ({theirs['low']:.2f}-{theirs['high']:.2f}, {validation['documents']} documents): gap {gap:+.2f}"
    )

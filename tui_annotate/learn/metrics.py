"""Figures about a run, each with its interval, and none where too little was looked at.

Under 30 documents, or 10 positives of a value or type, there is no figure; `intervals` says how the intervals are made.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from tui_annotate.domain.annotations import Annotations, Suggestion
from tui_annotate.domain.figures import LEAST_DOCUMENTS, LEAST_POSITIVES, wilson
from tui_annotate.domain.scheme import Scheme
from tui_annotate.learn.calibration import LEAST_SUGGESTIONS, above, reliability
from tui_annotate.learn.grading import Graded, grade
from tui_annotate.learn.intervals import Bounds, Tally, clustered_f1, clustered_share, f1_interval, macro_f1

__all__ = ["LEAST_POSITIVES", "Figures", "evaluate", "f1_interval", "wilson"]

Figures = dict[str, Any]
"""JSON: what `metrics.json` and the registry keep."""


def evaluate(
    task: str,
    scheme: Scheme,
    gold: Sequence[Annotations],
    predicted: Sequence[Sequence[Suggestion]],
    *,
    least: int | None = None,
) -> Figures:
    """Return the figures of a task over documents.

    Args:
        least: Documents under which no figure is given; None for the rule of 30.

    Returns:
        `documents`, `needed`, `headline` (None, or `name`, `value`, `low`, `high`), and from so many documents on:
        `accuracy` (of labels), `precision`, `recall`, `f1` (of all answers together, where a document has several),
        `macro_f1` and `macro` (the mean over the values or types of `macro_over`), `values` of labels or `types` of
        entities, `confusion` (true, then said), `calibration` and `above` (see `calibration`). `bounds` are the
        intervals of precision and recall.
    """
    needed = LEAST_DOCUMENTS if least is None else least
    figures: Figures = {"documents": len(gold), "needed": needed, "headline": None}
    if len(gold) < max(needed, 1):
        return figures
    graded = grade(task, scheme, gold, predicted)
    return figures | _of(graded, strict=least is None) if graded is not None else figures


def _of(graded: Graded, *, strict: bool) -> Figures:
    counted = graded.by_name()
    whole = _described(graded.together(), strict=strict) if graded.several else {}
    accuracy = _accuracy(graded)
    if graded.several and not graded.answers:
        headline = {"name": "F1", **whole["f1"]} if "f1" in whole else None
    else:
        headline = {"name": "accuracy", **accuracy} if accuracy else None
    spans = graded.kind == "types"
    clustered = spans or bool(graded.answers)
    return {
        "headline": headline,
        **({} if spans else {"accuracy": accuracy}),
        **_macro(counted, strict=strict),
        graded.kind: {
            name: _described(tally, strict=strict, clustered=clustered) for name, tally in sorted(counted.items())
        },
        "confusion": _confusion(graded.confused),
        "calibration": reliability(graded.shown, graded.size),
        "above": above(graded.shown, graded.size),
        **whole,
    }


def _accuracy(graded: Graded) -> Figures | None:
    if graded.answers:
        hits_by_document, asked = np.array(graded.answers, dtype=np.float64).T
        if not asked.sum():
            return None
        low, high = clustered_share(hits_by_document, asked)
        return {"value": float(hits_by_document.sum() / asked.sum()), "low": low, "high": high}
    if not graded.right:
        return None
    hits, of = sum(graded.right), len(graded.right)
    low, high = wilson(hits, of)
    return {"value": hits / of, "low": low, "high": high}


def _macro(counted: Mapping[str, Tally], *, strict: bool) -> Figures:
    least = LEAST_POSITIVES if strict else 1
    over = sorted(name for name, tally in counted.items() if tally.total.positives >= least)
    if not over:
        return {"macro_f1": None, "macro": None, "macro_over": []}
    tallies = [counted[name] for name in over]
    value = sum(tally.total.f1 for tally in tallies) / len(over)
    low, high = macro_f1(tallies)
    means = {name: sum(getattr(tally.total, name) for tally in tallies) / len(over) for name in ("precision", "recall")}
    macro = {"f1": {"value": value, "low": min(low, value), "high": max(high, value)}, **means}
    return {"macro_f1": value, "macro": macro, "macro_over": over}


def _confusion(confused: Sequence[tuple[str, str]]) -> dict[str, dict[str, int]]:
    table: dict[str, dict[str, int]] = {}
    for (true, said), count in sorted(Counter(confused).items()):
        table.setdefault(true, {})[said] = count
    return table


def _described(tally: Tally, *, strict: bool, clustered: bool = True) -> Figures:
    """Return counts, and figures where there are enough positives for any.

    Args:
        clustered: A document may hold several of them.
    """
    counts = tally.total
    found: Figures = {"tp": counts.tp, "fp": counts.fp, "fn": counts.fn, "positives": counts.positives}
    if strict and counts.positives < LEAST_POSITIVES:
        return {**found, "needed": LEAST_POSITIVES}
    low, high = clustered_f1(tally) if clustered else f1_interval(counts)
    share: Callable[[Any, Any], Bounds] = clustered_share if clustered else _plain_share
    bounds = {"recall": share(tally.tp, tally.tp + tally.fn)}
    if not strict or counts.tp + counts.fp >= LEAST_SUGGESTIONS:
        bounds["precision"] = share(tally.tp, tally.tp + tally.fp)
    return {
        **found,
        "precision": counts.precision,
        "recall": counts.recall,
        "bounds": {name: list(pair) for name, pair in bounds.items()},
        "f1": {"value": counts.f1, "low": low, "high": high},
    }


def _plain_share(hits: Any, of: Any) -> Bounds:
    return wilson(float(hits.sum()), float(of.sum()))

"""Figures about a run, each with its interval, and none where too little was looked at.

Accuracy has a Wilson interval. F1 has a Beta(tp + 1/2, fp + fn + 1/2)
interval on the Jaccard index J = tp / (tp + fp + fn), mapped by 2J / (1 + J). Both cover about 90 % at the
nominal 90 used here. Under 30 documents, or 10 positives of a value or type, there is no figure.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from math import sqrt
from typing import Any

from scipy.special import betaincinv

from tui_annotate.domain.agreement import Counts, Marked, exact, total
from tui_annotate.domain.annotations import Annotations, LabelContent, Suggestion
from tui_annotate.domain.figures import LEAST_DOCUMENTS
from tui_annotate.domain.scheme import ENTITIES, LABELS, DocumentLabel, Scheme

LEAST_POSITIVES = 10
NOMINAL = 0.90
_Z = 1.6448536269514722
"""Of a two-sided interval at `NOMINAL`."""

Figures = dict[str, Any]
"""JSON: what `metrics.json` and the registry keep."""


def wilson(hits: int, of: int) -> tuple[float, float]:
    """Return the interval of a share; (0, 1) of nothing."""
    if not of:
        return 0.0, 1.0
    share, square = hits / of, _Z * _Z
    middle = (share + square / (2 * of)) / (1 + square / of)
    reach = _Z * sqrt(share * (1 - share) / of + square / (4 * of * of)) / (1 + square / of)
    return max(0.0, middle - reach), min(1.0, middle + reach)


def f1_interval(counts: Counts) -> tuple[float, float]:
    """Return the interval of F1."""
    shape = (counts.tp + 0.5, counts.fp + counts.fn + 0.5)
    jaccard = (float(betaincinv(*shape, (1 - NOMINAL) / 2)), float(betaincinv(*shape, (1 + NOMINAL) / 2)))
    low, high = (2 * j / (1 + j) for j in jaccard)
    return low, high


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
        `documents`, `needed`, `headline` (None, or `name`, `value`, `low`, `high`), and by task:
        `accuracy`, `f1`, `macro_f1`, `values` of labels, or `f1`, `precision`, `recall`, `types` of entities.
    """
    needed = LEAST_DOCUMENTS if least is None else least
    figures: Figures = {"documents": len(gold), "needed": needed, "headline": None}
    if len(gold) < max(needed, 1):
        return figures
    strict = least is None
    if task == ENTITIES:
        return figures | _entities(gold, predicted, strict)
    label = scheme.label(task.removeprefix(LABELS))
    return figures | (_label(label, gold, predicted, strict) if label else {})


def _entities(gold: Sequence[Annotations], predicted: Sequence[Sequence[Suggestion]], strict: bool) -> Figures:
    by_type: dict[str, Counts] = {}
    for held, suggestions in zip(gold, predicted, strict=True):
        ours: list[Marked] = [(e.type, e.spans) for e in held.entities.values()]
        theirs: list[Marked] = [(s.name, s.spans) for s in suggestions if s.target == "entity"]
        for name, counts in exact(ours, theirs).items():
            by_type[name] = by_type.get(name, Counts()) + counts
    whole = total(by_type)
    figures = _described(whole, strict)
    return {
        **figures,
        "headline": {"name": "F1", **figures["f1"]} if "f1" in figures else None,
        "types": {name: _described(counts, strict) for name, counts in sorted(by_type.items())},
    }


def _label(
    label: DocumentLabel, gold: Sequence[Annotations], predicted: Sequence[Sequence[Suggestion]], strict: bool
) -> Figures:
    several = label.kind == "choices"
    answers = [
        (
            _value(label, annotations),
            next((s.value for s in suggestions if s.name == label.name), () if several else None),
        )
        for annotations, suggestions in zip(gold, predicted, strict=True)
    ]
    pairs = [(true, said) for true, said in answers if true is not None]
    hits = sum(_as_set(true) == _as_set(said) for true, said in pairs)
    low, high = wilson(hits, len(pairs))
    accuracy = {"value": hits / len(pairs), "low": low, "high": high} if pairs else None
    counted = _by_value(pairs)
    values = {name: _described(counts, strict) for name, counts in sorted(counted.items())}
    scores = [counts.f1 for counts in counted.values() if counts.positives]
    macro = sum(scores) / len(scores) if scores else None
    whole = _described(total(counted), strict) if several else {}
    if several:
        headline = {"name": "F1", **whole["f1"]} if "f1" in whole else None
    else:
        headline = {"name": "accuracy", **accuracy} if accuracy else None
    return {
        "headline": headline,
        "accuracy": accuracy,
        "macro_f1": macro,
        "values": values,
        "confusion": {} if several else _confusion(pairs),
        **whole,
    }


def _value(label: DocumentLabel, annotations: Annotations) -> LabelContent | None:
    held = annotations.labels.get(label.name)
    if held is None:
        return () if label.kind == "choices" else False if label.kind == "boolean" else None
    return held.value


def _as_set(value: LabelContent | None) -> frozenset[str]:
    if value is None:
        return frozenset()
    return frozenset(value) if isinstance(value, tuple) else frozenset((str(value),))


def _by_value(pairs: Sequence[tuple[LabelContent | None, LabelContent | None]]) -> dict[str, Counts]:
    counted: dict[str, Counts] = {}
    for true, said in pairs:
        ours, theirs = _as_set(true), _as_set(said)
        for name in ours | theirs:
            counts = Counts(int(name in ours and name in theirs), int(name not in ours), int(name not in theirs))
            counted[name] = counted.get(name, Counts()) + counts
    return counted


def _confusion(pairs: Sequence[tuple[LabelContent | None, LabelContent | None]]) -> dict[str, dict[str, int]]:
    counts = Counter((str(true), str(said)) for true, said in pairs)
    table: dict[str, dict[str, int]] = {}
    for (true, said), count in sorted(counts.items()):
        table.setdefault(true, {})[said] = count
    return table


def _described(counts: Counts, strict: bool) -> Figures:
    """Return counts, and figures where there are enough positives for any."""
    found: Figures = {"tp": counts.tp, "fp": counts.fp, "fn": counts.fn, "positives": counts.positives}
    if strict and counts.positives < LEAST_POSITIVES:
        return {**found, "needed": LEAST_POSITIVES}
    low, high = f1_interval(counts)
    return {
        **found,
        "precision": counts.precision,
        "recall": counts.recall,
        "f1": {"value": counts.f1, "low": low, "high": high},
    }

"""A run in words: its data and figures, line by line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tui_annotate.domain.figures import said

_MEASURED = {"train": "on what it learned", "validation": "validation", "holdout": "held out", "test": "tagged Test"}


def described(metrics: Mapping[str, Any]) -> list[str]:
    """Return a run's figures as `training.py` kept them: data first, then a table for each set that was measured."""
    lines = []
    if metrics.get("from"):
        lines.append(f"attached from {metrics['from']}; its figures were measured there")
        metrics = {**metrics, **(metrics.get("elsewhere") or {})}
    trained = metrics.get("trained_on") or {}
    if trained:
        lines.append("learned from: " + ", ".join(f"{name} {count:,}" for name, count in trained.items()))
    lines += [f"note: {note}" for note in metrics.get("notes") or ()]
    for name, words in _MEASURED.items():
        figures = metrics.get(name)
        if figures:
            lines += _measured(words, figures)
    return lines


def _measured(words: str, figures: Mapping[str, Any]) -> list[str]:
    lines = [f"{words}: {said({'holdout': figures}).replace(' held out', ' documents')}"]
    parts: Mapping[str, Mapping[str, Any]] = figures.get("types") or figures.get("values") or {}
    width = max((len(name) for name in parts), default=0)
    for name, part in parts.items():
        lines.append(f"  {name:{width}}  {_part(part)}")
    return lines


def _part(part: Mapping[str, Any]) -> str:
    f1 = part.get("f1")
    if f1 is None:
        return f"{part.get('positives', 0)}/{part.get('needed', 10)} positives, too few for a figure"
    low, high = f1["low"], f1["high"]
    return (
        f"P {part['precision']:.2f}  R {part['recall']:.2f}  F1 {f1['value']:.2f} ({low:.2f}-{high:.2f}),"
        f" {part['positives']} positives"
    )

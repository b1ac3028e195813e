"""The figure of a run as it is said: one, with its interval, or how many documents there are to measure it on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

LEAST_DOCUMENTS = 30
"""Documents under which no figure is given."""


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

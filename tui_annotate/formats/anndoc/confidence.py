"""anndoc's confidence: who made something, how sure, in which state; whatever shape it came in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_MISSING = object()
KEY = "confidence"
"""Where a confidence of unusual shape is kept, in the `extra` of its object."""


def parse(row: Mapping[str, Any]) -> tuple[tuple[str, ...], float, str, dict[str, Any]]:
    """Return who, prob, state, and what to keep: the confidence itself when ours would be written differently."""
    given = row.get(KEY, _MISSING)
    who, prob, state = _parts(given)
    if given is not _MISSING and given != made(who, prob, state):
        return who, prob, state, {KEY: given}
    return who, prob, state, {}


def write(who: tuple[str, ...], prob: float, state: str, extra: Mapping[str, Any]) -> Any:
    """Return the confidence to write: as it came while it still says the same, else ours."""
    if KEY in extra and _parts(extra[KEY]) == (who, prob, state):
        return extra[KEY]
    return made(who, prob, state)


def made(who: tuple[str, ...], prob: float, state: str) -> dict[str, Any]:
    """Return a confidence in anndoc's key order, whole numbers without a fraction."""
    return {"state": state, "who": list(who), "prob": int(prob) if prob in (0, 1) else prob}


def _parts(given: Any) -> tuple[tuple[str, ...], float, str]:
    """Read `{}`, a bare number, null and missing keys as the defaults say."""
    if type(given) in (int, float):
        return (), _prob(given), "pre-added"
    if not isinstance(given, dict):
        return (), 1.0, "pre-added"
    who = given.get("who")
    names = (who,) if type(who) is str else tuple(n for n in who if type(n) is str) if type(who) is list else ()
    state = given.get("state", "pre-added")
    return names, _prob(given.get("prob", 1.0)), state if type(state) is str else ""


def _prob(given: Any) -> float:
    return min(1.0, max(0.0, float(given))) if type(given) in (int, float) else 1.0

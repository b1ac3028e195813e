"""How many examples a property is tried on: few and always the same ones, or with HYPOTHESIS_PROFILE=thorough many."""

from __future__ import annotations

import os

PROFILE = os.environ.get("HYPOTHESIS_PROFILE", "default")
_TIMES = 10 if PROFILE == "thorough" else 1


def tries(count: int) -> int:
    """Return how many examples to try of a property whose examples take long, given how many do in daily use."""
    return count * _TIMES

"""How the command line says what a reader or writer met on its way."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from tui_annotate.cli.output import say

if TYPE_CHECKING:
    from tui_annotate.domain.interchange import Problem

_MOST_NOTED = 20
"""Notes that are shown of one run; a corpus with thousands of duplicates would push everything else away."""


def say_problems(problems: Sequence[Problem], more: int) -> None:
    """Say all that was refused or repaired, and the first of what is only noted."""
    noted = 0
    for problem in problems:
        noted += problem.severity == "noted"
        if problem.severity != "noted" or noted <= _MOST_NOTED:
            say(str(problem))
    if noted > _MOST_NOTED:
        say(f"... and {noted - _MOST_NOTED} more that are only noted; --json lists them.")
    if more:
        say(f"... and {more} more.")

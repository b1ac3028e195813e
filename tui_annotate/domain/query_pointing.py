"""Points at what is wrong in a query: as much of it as there is room for, and a caret below the place."""

from __future__ import annotations

from tui_annotate.domain.cells import cell_width
from tui_annotate.domain.display import shown
from tui_annotate.errors import QueryError

_ROUND = 60
"""Characters of a long query that are shown before and behind a mistake."""


def pointed(error: QueryError, *, around: int = _ROUND) -> tuple[str, str]:
    """Return a query, or what of it is around the mistake, and the line below it with a caret."""
    at = error.column - 1
    begin, end = max(0, at - around), at + around
    before = ("…" if begin else "") + shown(error.query[begin:at], 4 * around)
    behind = shown(error.query[at:end], 4 * around) + ("…" if end < len(error.query) else "")
    return before + behind, " " * sum(map(cell_width, before)) + "^"

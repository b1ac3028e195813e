"""How deep HTML from outside is nested: an HTML5 parser's time grows with the square of it."""

from __future__ import annotations

import re

from tui_annotate.errors import DataError

DEEPEST = 2000
"""Elements inside each other that are read; real documents have some twenty."""
_TAG = re.compile(r"<(/?)([A-Za-z][^\s/>]*)")
_CLOSED_BY_ITSELF = frozenset(
    (
        *("area", "base", "br", "col", "dd", "dt", "embed", "hr", "img", "input", "li", "link", "meta", "option", "p"),
        *("param", "source", "tbody", "td", "tfoot", "th", "thead", "tr", "track", "wbr"),
    )
)


def check_depth(text: str) -> None:
    """Raise DataError when the text is nested too deep to be parsed in reasonable time."""
    if text.count("<") <= DEEPEST:
        return
    depth = deepest = 0
    for match in _TAG.finditer(text):
        if match.group(2).lower() not in _CLOSED_BY_ITSELF:
            depth = max(0, depth - 1) if match.group(1) else depth + 1
            deepest = max(deepest, depth)
    if deepest > DEEPEST:
        raise DataError(f"has {deepest:,} elements inside each other, and {DEEPEST:,} are read")

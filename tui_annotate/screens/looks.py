"""Looks: the terminal's own palette, true-colour dark and light, and none at all."""

from __future__ import annotations

from textual.theme import Theme

from tui_annotate.config import Look

THEMES: dict[Look, str] = {
    "terminal": "ansi-dark",
    "dark": "textual-dark",
    "light": "textual-light",
    "no-colour": "no-colour",
}
"""Textual theme by look."""

ANSI: frozenset[Look] = frozenset({"terminal", "no-colour"})
"""Looks in which the terminal decides what its colours are."""

_PLAIN = "ansi_default"
NO_COLOUR = Theme(
    "no-colour",
    ansi=True,
    primary=_PLAIN,
    secondary=_PLAIN,
    warning=_PLAIN,
    error=_PLAIN,
    success=_PLAIN,
    accent=_PLAIN,
    foreground=_PLAIN,
    background=_PLAIN,
    surface=_PLAIN,
    panel=_PLAIN,
    boost=_PLAIN,
    variables={
        "border": _PLAIN,
        "border-blurred": _PLAIN,
        "ansi-background": _PLAIN,
        "ansi-foreground": _PLAIN,
        "block-cursor-foreground": _PLAIN,
        "block-cursor-background": _PLAIN,
        "block-cursor-text-style": "reverse",
        "input-cursor-background": _PLAIN,
        "input-cursor-foreground": _PLAIN,
        "input-cursor-text-style": "reverse",
        "input-selection-background": _PLAIN,
        "input-selection-foreground": _PLAIN,
    },
)


def next_look(look: Look) -> Look:
    """Return the look that follows."""
    order = list(THEMES)
    return order[(order.index(look) + 1) % len(order)]

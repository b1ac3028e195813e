"""Looks: the terminal's own palette, true-colour dark and light, and none at all."""

from __future__ import annotations

from rich.terminal_theme import TerminalTheme
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


DARK = TerminalTheme(
    (18, 18, 18),
    (224, 224, 224),
    [
        (18, 18, 18), (240, 105, 105), (120, 210, 110), (240, 200, 90),
        (110, 160, 245), (230, 130, 230), (88, 209, 235), (200, 200, 200),
    ],
    [
        (130, 130, 130), (255, 125, 125), (150, 230, 140), (255, 225, 130),
        (120, 170, 255), (255, 160, 205), (140, 235, 220), (255, 255, 255),
    ],
)  # fmt: skip
LIGHT = TerminalTheme(
    (224, 224, 224),
    (0, 0, 0),
    [(0, 0, 0), (170, 40, 35), (35, 95, 15), (120, 78, 0), (40, 75, 165), (122, 50, 150), (0, 88, 122), (90, 90, 90)],
    [(80, 80, 80), (185, 25, 40), (25, 100, 45), (140, 65, 0), (0, 80, 185), (160, 20, 135), (0, 95, 95), (60, 60, 60)],
)
"""What the names of colours mean in true colour: Textual's own are too pale on a light ground, and two are alike."""


def next_look(look: Look) -> Look:
    """Return the look that follows."""
    order = list(THEMES)
    return order[(order.index(look) + 1) % len(order)]

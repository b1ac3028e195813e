"""The help: every key that is alive on the screen below, from its live bindings, and the keys of the scheme."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen, Screen
from textual.widgets import Static

from tui_annotate.domain.display import shown
from tui_annotate.keymaps.actions import ACTIONS
from tui_annotate.keymaps.assignment import Keymap
from tui_annotate.keymaps.names import display_key
from tui_annotate.screens.leaving import LeftOnce

Section = tuple[str, list[tuple[str, str]]]
"""Heading, and rows of keys and what they do."""


def live_sections(screen: Screen[object]) -> list[Section]:
    """Return the bindings that are alive on a screen, by group, in the order of the table of actions."""
    rows: dict[str, tuple[str, list[str], str]] = {}
    order = {action.id: place for place, action in enumerate(ACTIONS)}
    for key, active in screen.active_bindings.items():
        binding = active.binding
        if binding.id is None or not active.enabled:
            continue
        group = binding.group.description if binding.group is not None else ""
        rows.setdefault(binding.id, (group, [], binding.tooltip or binding.description))[1].append(key)
    sections: dict[str, list[tuple[str, str]]] = {}
    for _, (group, keys, does) in sorted(rows.items(), key=lambda entry: order.get(entry[0], len(order))):
        known = [display_key(key) for key in keys if key != "f24"]
        if known:
            sections.setdefault(group, []).append((" ".join(known), does))
    return list(sections.items())


def scheme_section(keymap: Keymap) -> list[Section]:
    """Return the keys of the scheme."""
    rows = [
        (" ".join(display_key(str(key)) for key in row["keys"]) or "-", shown(str(row["description"])))
        for row in keymap.rows()
        if row["group"] == "Scheme"
    ]
    return [("Scheme", rows)] if rows else []


def not_as_asked(keymap: Keymap, notices: Sequence[str]) -> list[Section]:
    """Return the settings and keys that were not taken over, and the clashes of keys."""
    said = [*notices, *keymap.notices, *map(str, keymap.clashes)]
    return [("Not as asked for", [("", shown(line)) for line in said])] if said else []


def who_you_are(annotator: str) -> list[Section]:
    """Return under whose name everything is decided, and how to have another."""
    how = "--annotator NAME, TUI_ANNOTATE_ANNOTATOR or the settings file changes that"
    return [("You are", [(shown(annotator, 40), how)])]


def help_text(sections: Sequence[Section]) -> Text:
    """Return the sections as they are shown."""
    text = Text()
    for heading, rows in sections:
        text.append(f"{heading}\n", "bold underline")
        for keys, does in rows:
            text.append(f"  {keys:<16}", "bold")
            text.append(f" {does}\n")
        text.append("\n")
    return text


class HelpScreen(ModalScreen[None], LeftOnce[None]):
    """Shows the help; most keys leave it."""

    DEFAULT_CSS = """
    HelpScreen { align: center middle; background: transparent; }
    HelpScreen > VerticalScroll {
        width: 98; max-width: 100%; height: 90%; padding: 0 1; background: $surface; border: round $foreground;
        border-title-style: bold;
    }
    HelpScreen Static { height: auto; width: 100%; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,question_mark,enter", "dismiss", "close", show=False),
        Binding("j", "scroll(1)", show=False),
        Binding("k", "scroll(-1)", show=False),
        Binding("space", "scroll(20)", show=False),
    ]

    def __init__(self, sections: Sequence[Section]) -> None:
        super().__init__()
        self._sections = sections

    def compose(self) -> ComposeResult:
        """Lay out the list of keys."""
        with VerticalScroll() as scroll:
            scroll.border_title = "keys"
            scroll.border_subtitle = "esc closes"
            yield Static(help_text(self._sections), markup=False)

    def action_scroll(self, lines: int) -> None:
        """Scroll the list."""
        self.query_one(VerticalScroll).scroll_relative(y=lines, animate=False)

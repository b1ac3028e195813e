"""The guidelines screen: what the annotators of a corpus agreed on, and the help of each label. Plain text only.

Markdown is read for headings, bullets and bold words alone; links, markup and everything else stay
the text that they are, so that guidelines cannot drive the terminal or lead anywhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static

from tui_annotate.domain.display import shown
from tui_annotate.domain.scheme import Scheme
from tui_annotate.screens.leaving import LeftOnce

_HEADING = re.compile(r"(#{1,6})\s+(.*?)\s*#*$")
_BULLET = re.compile(r"(\s*)[-*+]\s+(.*)$")
_BOLD = re.compile(r"\*\*([^*]+)\*\*")
_LONGEST = 4000
NONE = "There are no guidelines yet. `tui-annotate scheme guidelines CORPUS FILE` takes them from a text file."


def guidelines_text(scheme: Scheme) -> Text:
    """Return guidelines and label help as they are shown."""
    text = Text()
    for line in (scheme.guidelines.strip() or NONE).splitlines():
        _append(text, line)
    for heading, rows in _helps(scheme):
        text.append(f"\n{heading}\n", "bold underline")
        for name, help in rows:
            text.append(f"  {shown(name, 60)}", "bold")
            text.append(f"  {shown(help, _LONGEST)}\n" if help else "\n")
    return text


def _append(text: Text, line: str) -> None:
    heading = _HEADING.match(line)
    if heading:
        text.append(f"{shown(heading[2], _LONGEST)}\n", "bold underline" if len(heading[1]) == 1 else "bold")
        return
    bullet = _BULLET.match(line)
    if bullet:
        text.append(f"{bullet[1].replace(chr(9), '  ')}  • ")
        line = bullet[2]
    at = 0
    for bold in _BOLD.finditer(line):
        text.append(shown(line[at : bold.start()], _LONGEST))
        text.append(shown(bold[1], _LONGEST), "bold")
        at = bold.end()
    text.append(f"{shown(line[at:], _LONGEST)}\n")


def _helps(scheme: Scheme) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """Yield a heading, and names with their help, for each kind of label that there is."""
    if scheme.entities:
        yield "Entity types", [(entity.name, entity.help) for entity in scheme.entities]
    for heading, labels in (("Document labels", scheme.labels), ("Attributes of entities", scheme.attributes)):
        rows = []
        for label in labels:
            rows.append((label.name, label.help))
            rows += [(f"  {option.value}", option.help) for option in label.options]
        if rows:
            yield heading, rows


class GuidelinesScreen(ModalScreen[None], LeftOnce[None]):
    """Shows the guidelines; most keys leave it."""

    DEFAULT_CSS = """
    GuidelinesScreen { align: center middle; background: transparent; }
    GuidelinesScreen > VerticalScroll {
        width: 90; max-width: 100%; height: 90%; padding: 0 1; background: $surface; border: round $foreground;
        border-title-style: bold;
    }
    GuidelinesScreen Static { height: auto; width: 100%; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,enter,G", "dismiss", "close", show=False),
        Binding("j", "scroll(1)", show=False),
        Binding("k", "scroll(-1)", show=False),
        Binding("space", "scroll(20)", show=False),
    ]

    def __init__(self, scheme: Scheme) -> None:
        super().__init__()
        self._scheme = scheme

    def compose(self) -> ComposeResult:
        """Lay out the text."""
        with VerticalScroll() as scroll:
            scroll.border_title = "guidelines"
            scroll.border_subtitle = "esc closes"
            yield Static(guidelines_text(self._scheme), markup=False)

    def action_scroll(self, lines: int) -> None:
        """Scroll the text."""
        self.query_one(VerticalScroll).scroll_relative(y=lines, animate=False)

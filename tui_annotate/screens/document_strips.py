"""Rows of the document view as Textual strips, kept until something on their line changes."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Literal

from rich.color import Color, ColorParseError
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from tui_annotate.domain.cells import text_width
from tui_annotate.screens.layout import Layout
from tui_annotate.screens.layout_marks import Fragment, Mark, MarkIndex
from tui_annotate.screens.layout_paint import Look, Piece, Run, gutter_runs, marker_runs, pieces, text_runs

Labels = Literal["rows", "style", "gutter"]
_KEPT = 4096
"""Strips kept; more than any screen has, few enough to cost nothing."""


def gutter_width(labels: Labels, width: int) -> int:
    """Return the cells that names beside the text take, the rule included."""
    return min(max(width // 4, 12), 30) if labels == "gutter" else 0


class DocumentStrips:
    """Draws rows of one layout.

    Args:
        style_of: Gives the style of a component class, without the widget's own.
    """

    def __init__(self, layout: Layout, marks: MarkIndex, labels: Labels, style_of: Callable[[str], Style]) -> None:
        self.layout = layout
        self.marks = marks
        self.labels = labels
        self.focus: Hashable = None
        self.cursor: Mark | None = None
        self._style_of = style_of
        self._strips: dict[int, Strip] = {}
        self._styles: dict[Look, Style] = {}

    def strip(self, row: int, width: int, base: Style) -> Strip:
        """Return a row of the view, `width` cells wide, drawn on the style `base`."""
        strip = self._strips.get(row)
        if strip is None or strip.cell_length != width:
            if len(self._strips) >= _KEPT:
                self._strips.clear()
            self._strips[row] = strip = self._draw(row, width, base)
        return strip

    def forget(self, rows: range) -> None:
        """Draw these rows anew when they are asked for next."""
        for row in rows:
            self._strips.pop(row, None)

    def forget_all(self, *, styles: bool = False) -> None:
        """Draw everything anew, after a change of theme with new styles."""
        self._strips.clear()
        if styles:
            self._styles.clear()

    def pieces(self, line: int) -> list[Piece]:
        """Return what is marked on a line, the topmost last."""
        start, end = self.layout.bounds(line)
        fragments = self.marks.within(start, max(end, start + 1))
        if self.cursor is not None:
            stretch = self.layout.stretch(self.cursor.spans[0])
            if stretch is not None and stretch[0] < end and start < stretch[1]:
                fragments.append(Fragment(*stretch, self.cursor, first=True))
        return pieces(self.layout.cells(line), start, fragments, self.focus)

    def _draw(self, row: int, width: int, base: Style) -> Strip:
        shown = self.layout.row(row)
        if shown.line < 0:
            runs: list[Run] = []
            if self.labels == "gutter":
                self._add_gutter(runs, [], width)
            return self._strip(runs, width, base)
        found = self.pieces(shown.line)
        if shown.marker:
            return self._strip(marker_runs(found, self.layout.width + 1), width, base)
        runs = text_runs(self.layout.cells(shown.line), found, letters=self.labels == "style")
        if self.labels == "gutter":
            self._add_gutter(runs, found, width)
        return self._strip(runs, width, base)

    def _add_gutter(self, runs: list[Run], found: Sequence[Piece], width: int) -> None:
        room = gutter_width("gutter", width)
        left = width - room
        fill = left - sum(text_width(text) for text, _ in runs)
        runs += [(" " * fill, Look("text")), ("│", Look("rule")), *gutter_runs(found, room - 1)]

    def _strip(self, runs: Sequence[Run], width: int, base: Style) -> Strip:
        segments = [Segment(text, base + self._style(look)) for text, look in runs if text]
        used = sum(text_width(text) for text, _ in runs)
        if used < width:
            segments.append(Segment(" " * (width - used), base))
        strip = Strip(segments, max(used, width))
        return strip if used <= width else strip.crop(0, width)

    def _style(self, look: Look) -> Style:
        style = self._styles.get(look)
        if style is None:
            self._styles[look] = style = self._made(look)
        return style

    def _made(self, look: Look) -> Style:
        if look.role == "text":
            return Style.null()
        style = self._style_of(look.role)
        if look.focused and look.role != "letter":
            style += self._style_of("focus")
        return style + _color(look.color)


def _color(name: str) -> Style:
    """Return a foreground style; a name that the terminal library does not know leaves the text's own colour."""
    if not name:
        return Style.null()
    try:
        return Style(color=Color.parse(name))
    except ColorParseError:
        return Style.null()

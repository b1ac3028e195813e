"""Lines: a widget of a few fixed rows of text, each repainted alone and only when it changed.

No layout, no markup, no cursor: what a status line needs so that a key costs next to nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual.geometry import Region, Size
from textual.strip import Strip
from textual.widget import Widget

Piece = tuple[str, str]
"""Text that has passed `display.shown` where it comes from outside, and a style in rich's words."""


@dataclass(frozen=True, slots=True)
class Row:
    """What one row shows: pieces at its left end, and pieces at its right end where there is room."""

    left: tuple[Piece, ...] = ()
    right: tuple[Piece, ...] = ()
    fill: str = " "
    fill_style: str = ""

    @property
    def text(self) -> str:
        """What is written in it, for tests and for reading aloud."""
        return "".join(text for text, _ in (*self.left, *self.right))


def row(*left: Piece | str, right: Sequence[Piece | str] = (), fill: str = " ", fill_style: str = "") -> Row:
    """Make a row; a bare string has no style."""
    return Row(tuple(map(_piece, left)), tuple(map(_piece, right)), fill, fill_style)


def _piece(piece: Piece | str) -> Piece:
    return (piece, "") if isinstance(piece, str) else piece


@lru_cache(maxsize=256)
def _style(words: str) -> Style:
    return Style.parse(words)


def strip_of(row: Row, width: int) -> Strip:
    """Lay a row out in `width` cells: the left end is cut before the right one, which takes two thirds at most.

    Of the right end the last piece is cut last: whether what was decided is saved must not go for a long reason.
    """
    room = width * 2 // 3
    right = list(row.right)
    if sum(cell_len(text) for text, _ in right) > room:
        last = _cut(right[-1:], room)
        right = [*_cut(right[:-1], room - 1 - sum(cell_len(text) for text, _ in last)), (" ", ""), *last]
    taken = sum(cell_len(text) for text, _ in right)
    left = _cut(row.left, width - taken - (1 if taken else 0))
    gap = width - taken - sum(cell_len(text) for text, _ in left)
    pieces = [*left, (row.fill * gap, row.fill_style), *right]
    return Strip([Segment(text, _style(words)) for text, words in pieces if text], width)


def _cut(pieces: Sequence[Piece], room: int) -> list[Piece]:
    """Keep what fits; the piece that does not fit ends in an ellipsis."""
    kept: list[Piece] = []
    for text, style in pieces:
        width = cell_len(text)
        if width > room:
            if room > 0:
                kept.append((set_cell_size(text, room - 1) + "…", style))
            return kept
        kept.append((text, style))
        room -= width
    return kept


class RowWidget(Widget):
    """Draws rows in the colours of the theme."""

    _ground: Style | None = None

    def draw(self, row: Row) -> Strip:
        """Lay a row out at the widget's width."""
        if self._ground is None:
            self._ground = Style.null() if self.app.native_ansi_color else self.rich_style
        strip = strip_of(row, self.size.width)
        return strip.apply_style(self._ground) if self._ground else strip

    def notify_style_update(self) -> None:
        """Forget the colours of the old theme."""
        super().notify_style_update()
        self._ground = None


class Lines(RowWidget):
    """A few rows of text."""

    DEFAULT_CSS = """
    Lines { width: 100%; height: auto; }
    """

    def __init__(self, count: int, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.rows = [Row()] * count
        self.styles.height = count

    def put(self, index: int, row: Row) -> None:
        """Show a row; nothing is drawn when it is shown already."""
        if self.rows[index] != row:
            self.rows[index] = row
            self.refresh(Region(0, index, self.size.width, 1))

    def resize(self, count: int) -> None:
        """Have another number of rows; the last one stays the last."""
        if count != len(self.rows):
            self.rows = [
                *self.rows[: min(count, len(self.rows)) - 1],
                *[Row()] * max(0, count - len(self.rows)),
                self.rows[-1],
            ]
            self.styles.height = count
            self.refresh(layout=True)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """Return the number of rows, whatever the width."""
        return len(self.rows)

    def render_line(self, y: int) -> Strip:
        """Return one row as it is drawn."""
        return self.draw(self.rows[y] if y < len(self.rows) else Row())

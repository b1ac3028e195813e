"""Lines in terminal cells: grapheme clusters, and the map between code-point offsets and columns.

Widths are those of `rich.cells`, since Textual lays strips out with them. `display.visible` takes
joiners and variation selectors out of what is drawn, so the width of a line is the plain sum over
its code points and any split at a cluster is safe. Clusters are those of the source text
(Unicode's extended grapheme clusters, `regex`'s `\\X`): a family emoji is drawn as
its members with visible joiners, and is still selected as one.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

import regex
from rich.cells import get_character_cell_size

from tui_annotate.domain.display import visible

TAB_STOP = 4
CLUSTER_LIMIT = 32
"""Longest cluster in code points; what joins on beyond it counts as the next one."""

_SPACING = (
    r"\u102b\u102c\u1038\u1062-\u1064\u1067-\u106d\u1083\u1087-\u108c\u108f\u109a-\u109c\u1a61\u1a63\u1a64"
    r"\uaa7b\uaa7d\U00011720\U00011721"
)
"""Vowel signs of Burmese, Tai Tham and Ahom: clusters by themselves for Unicode, and of no width for `rich.cells`."""
_CLUSTER = regex.compile(rf"\X(?:(?=[{_SPACING}])\X)*")
_COMPLEX = re.compile(
    "[^ -~\xa0-\xac\xae-\u02ff\u0370-\u0377\u0384-\u038a\u038e-\u03a1\u03a3-\u0482\u048a-\u052f"
    "\u2010-\u2027\u2030-\u205e\u20a0-\u20bf\u2190-\u21ff\u2200-\u22ff\u2500-\u25fc]"
)
"""Anything but characters that are one cell wide, printable, and a cluster by themselves."""

_JOINED = re.compile(
    "[^ -~\xa0-\xac\xae-\u02ff\u0370-\u0377\u0384-\u038a\u038e-\u03a1\u03a3-\u0482\u048a-\u052f"
    "\u2010-\u2027\u2030-\u205e\u20a0-\u20bf\u2190-\u21ff\u2200-\u22ff\u2500-\u25fc"
    "\u2e80-\u2e99\u3000-\u3029\u3030\u3041-\u3096\u309b-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3"
    "\uff01-\uff9d\uffa1-\uffbe]"
)
"""Anything but characters that show and are a cluster by themselves, one cell or two."""


class _Widths(dict[str, int]):
    def __missing__(self, char: str) -> int:
        self[char] = width = get_character_cell_size(char)
        return width


_WIDTHS = _Widths()


def is_simple(text: str, start: int = 0, end: int | None = None) -> bool:
    """Say whether every code point of the stretch is one cell and one cluster."""
    return _COMPLEX.search(text, start, len(text) if end is None else end) is None


def is_unjoined(text: str, start: int, end: int) -> bool:
    """Say whether every code point of the stretch shows as itself and is one cluster, of one cell or two."""
    return _JOINED.search(text, start, end) is None


def columns_of(text: str) -> list[int]:
    """Return the column of each code point of a text that `visible` gave back, and its width at the end."""
    return [0, *accumulate(map(_WIDTHS.__getitem__, text))]


def cell_width(char: str) -> int:
    """Return the cells of one character that `visible` gave back: 0, 1 or 2."""
    return _WIDTHS[char]


def text_width(text: str) -> int:
    """Return the cells of a text that `visible` gave back."""
    return sum(map(_WIDTHS.__getitem__, text))


def cluster_starts(text: str) -> Sequence[int]:
    """Return the offset at which each grapheme cluster begins."""
    if is_simple(text):
        return range(len(text))
    starts: list[int] = []
    for match in _CLUSTER.finditer(text):
        start, end = match.span()
        starts.extend(range(start, end, CLUSTER_LIMIT))
    return starts


@dataclass(frozen=True, slots=True)
class Cells:
    """One line of text as it is drawn. Offsets count code points from the start of the line."""

    text: str
    """What is drawn: glyphs for what does not show, tabs as blanks."""
    columns: Sequence[int]
    """Column of each code point, and the width of the line at the end."""
    places: Sequence[int]
    """Index in `text` of each code point, and its length at the end; differs from the offset after a tab only."""
    clusters: Sequence[int]
    """Offsets at which clusters begin."""
    source: str
    """The line as it is in the document."""

    @property
    def width(self) -> int:
        """Cells of the whole line."""
        return self.columns[-1]

    def column(self, offset: int) -> int:
        """Return the column of a code point; past the end, the column after the last."""
        return self.columns[min(max(offset, 0), len(self.columns) - 1)]

    def offset_at(self, column: int) -> int:
        """Return the start of the cluster drawn at a column; past the end, the length of the line."""
        if not self.clusters or column >= self.width:
            return len(self.source)
        point = bisect_right(self.columns, max(column, 0), hi=len(self.source)) - 1
        return self.clusters[bisect_right(self.clusters, point) - 1]

    def snapped(self, start: int, end: int) -> tuple[int, int]:
        """Return the smallest stretch of whole clusters that covers `[start, end)`."""
        if not self.clusters:
            return 0, 0
        first = self.clusters[max(bisect_right(self.clusters, start) - 1, 0)]
        index = bisect_left(self.clusters, end)
        return first, self.clusters[index] if index < len(self.clusters) else len(self.source)

    def drawn(self, start: int, end: int) -> str:
        """Return what is drawn for the code points `[start, end)`."""
        return self.text[self.places[start] : self.places[end]]


def line_cells(source: str) -> Cells:
    """Return a line in cells; it must hold no line end."""
    if is_simple(source):
        every = range(len(source) + 1)
        return Cells(source, every, every, every[:-1], source)
    text = visible(source)
    if "\t" not in source:
        return Cells(text, columns_of(text), range(len(source) + 1), cluster_starts(source), source)
    return _with_tabs(source, text)


def _with_tabs(source: str, text: str) -> Cells:
    columns, places, drawn = [0], [0], []
    column = place = 0
    for char, glyph in zip(source, text, strict=True):
        if char == "\t":
            width = TAB_STOP - column % TAB_STOP
            drawn.append(" " * width)
            place += width
        else:
            width = _WIDTHS[glyph]
            drawn.append(glyph)
            place += 1
        column += width
        columns.append(column)
        places.append(place)
    return Cells("".join(drawn), columns, places, cluster_starts(source), source)


def next_cluster(text: str, offset: int) -> int:
    """Return where the cluster after the one at `offset` begins; the length of the text at its end."""
    if offset >= len(text):
        return len(text)
    window = text[offset : offset + 2 * CLUSTER_LIMIT]
    match = _CLUSTER.match(window)
    return offset + (min(match.end(), CLUSTER_LIMIT) if match else 1)


def snap(text: str, start: int, end: int) -> tuple[int, int]:
    """Return the smallest stretch of whole clusters of a part that covers `[start, end)`."""
    first = _start_before(text, start)
    last = end
    if 0 < end < len(text):
        begin = _start_before(text, end - 1)
        last = max(end, next_cluster(text, begin))
    return first, last


def _start_before(text: str, offset: int) -> int:
    """Return where the cluster that holds `offset` begins, looking back as far as a cluster can reach."""
    if offset <= 0 or is_simple(text, offset - 1, offset + 1):
        return max(offset, 0)
    low = max(0, offset - 2 * CLUSTER_LIMIT)
    break_at = max(text.rfind(" ", low, offset), text.rfind("\n", low, offset))
    low = break_at if break_at >= 0 else low
    starts = cluster_starts(text[low : offset + CLUSTER_LIMIT])
    return low + starts[bisect_right(starts, offset - low) - 1]

"""Where the text of a document falls on the rows of a view: word wrap, without Textual.

All parts share one line of *positions*: a part's offsets, shifted by where it begins, with
one position between two parts. A line is a stretch of positions `[start, end)` without its line
end. Lines are wrapped as they are asked for, so a huge document is
shown at once and goes on wrapping in slices.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from tui_annotate.domain.cells import (
    TAB_STOP,
    Cells,
    cell_width,
    cluster_starts,
    columns_of,
    is_simple,
    is_unjoined,
    line_cells,
)
from tui_annotate.domain.display import visible
from tui_annotate.domain.documents import Part
from tui_annotate.domain.spans import Span

_WINDOW = 1 << 15
"""Characters looked at together, so that a line of 50 MB is no special case."""
_BLANKS = " \t"
_SLICE = 256


@dataclass(frozen=True, slots=True)
class Row:
    """What one row of the view shows."""

    line: int
    """Index of the line; -1 for the gap between parts and for rows past the end."""
    marker: bool = False
    """The row under the line's text, kept free for labels."""


class Layout:
    """The lines of a document at one width.

    Args:
        width: Cells of the text; a blank at the end of a line may hang over by one.
        rows_per_line: 2 keeps a row for labels under each line.
        gap: Rows between two parts.
    """

    def __init__(self, parts: Sequence[Part], width: int, *, rows_per_line: int = 1, gap: int = 1) -> None:
        self.width = max(width, 1)
        self.rows_per_line = rows_per_line
        self.gap = gap
        self._texts = [part.text for part in parts]
        self._index = {part.id: index for index, part in enumerate(parts)}
        self._ids = [part.id for part in parts]
        self._bases: list[int] = []
        base = 0
        for text in self._texts:
            self._bases.append(base)
            base += len(text) + 1
        self.size = max(base - 1, 0)
        """Positions in all."""
        self._starts: list[int] = []
        self._ends: list[int] = []
        self._first_lines: list[int] = []
        """For each part begun so far, the index of its first line."""
        self._first_rows: list[int] = []
        self._source = self._lines()
        self.complete = False

    def position(self, part: str, offset: int) -> int:
        """Return the position of an offset; raises KeyError for a part that the document lacks."""
        return self._bases[self._index[part]] + offset

    def place(self, position: int) -> tuple[str, int]:
        """Return the part id and the offset of a position."""
        index = self._part_at(position)
        return self._ids[index], position - self._bases[index]

    def stretch(self, span: Span) -> tuple[int, int] | None:
        """Return the positions of a span, cut at the end of its part; None when nothing of it is in the document."""
        index = self._index.get(span.part)
        if index is None or span.start >= len(self._texts[index]):
            return None
        base = self._bases[index]
        return base + span.start, base + min(span.end, len(self._texts[index]))

    def _part_at(self, position: int) -> int:
        return max(bisect_right(self._bases, position) - 1, 0)

    @property
    def lines(self) -> int:
        """Lines wrapped so far; all of them once `complete`."""
        return len(self._starts)

    @property
    def rows(self) -> int:
        """Rows of the lines wrapped so far."""
        return self.row_of(self.lines - 1) + self.rows_per_line if self._starts else 0

    @property
    def reached(self) -> int:
        """Position up to which lines are wrapped."""
        return self._ends[-1] if self._ends else 0

    def extend(self, *, position: int = -1, rows: int = 0, characters: int = 0) -> None:
        """Wrap on until the given position, number of rows and number of further characters are reached."""
        goal = max(position, self.reached + characters if characters else -1)
        while not self.complete and (self.reached <= goal or self.rows < rows):
            for start, end in islice(self._source, _SLICE):
                self._starts.append(start)
                self._ends.append(end)

    def line_at(self, position: int) -> int:
        """Return the index of the line that holds a position, wrapping as far as needed."""
        self.extend(position=position)
        return max(bisect_right(self._starts, position) - 1, 0)

    def bounds(self, line: int) -> tuple[int, int]:
        """Return the positions `[start, end)` of a line."""
        return self._starts[line], self._ends[line]

    def text(self, line: int) -> str:
        """Return the source text of a line."""
        start, end = self._starts[line], self._ends[line]
        index = self._part_at(start)
        base = self._bases[index]
        return self._texts[index][start - base : end - base]

    def cells(self, line: int) -> Cells:
        """Return a line in cells; its offsets count from the start of the line."""
        return line_cells(self.text(line))

    def row_of(self, line: int) -> int:
        """Return the row of a line's text."""
        part = bisect_right(self._first_lines, line) - 1
        return self._first_rows[part] + (line - self._first_lines[part]) * self.rows_per_line

    def row(self, row: int) -> Row:
        """Return what a row shows, wrapping as far as needed."""
        self.extend(rows=row + 1)
        part = bisect_right(self._first_rows, row) - 1
        if part < 0:
            return Row(-1)
        line, below = divmod(row - self._first_rows[part], self.rows_per_line)
        line += self._first_lines[part]
        end = self._first_lines[part + 1] if part + 1 < len(self._first_lines) else self.lines
        return Row(line, marker=below > 0) if line < end else Row(-1)

    def column_of(self, position: int) -> tuple[int, int]:
        """Return line and column of a position."""
        line = self.line_at(position)
        return line, self.cells(line).column(position - self._starts[line])

    def position_at(self, line: int, column: int) -> int:
        """Return the start of the cluster at a column of a line; past its text, the line's end."""
        return self._starts[line] + self.cells(line).offset_at(column)

    def _lines(self) -> Iterator[tuple[int, int]]:
        """Yield the lines of all parts in order, noting where each part begins."""
        count = 0
        row = 0
        for index, (base, text) in enumerate(zip(self._bases, self._texts, strict=True)):
            row += self.gap if index else 0
            self._first_lines.append(count)
            self._first_rows.append(row)
            for start, end in wrapped(text, self.width):
                count += 1
                row += self.rows_per_line
                yield base + start, base + end
        self.complete = True


def wrapped(text: str, width: int) -> Iterator[tuple[int, int]]:
    """Yield `(start, end)` of each line of a part, line ends left out; an empty text is one empty line."""
    for start, end in hard_lines(text):
        if end - start <= width and is_simple(text, start, end):
            yield start, end
        else:
            yield from _wrap(text, start, end, width)


def hard_lines(text: str) -> Iterator[tuple[int, int]]:
    r"""Yield `(start, end)` between line ends (`\n`, `\r\n`, `\r`); text after the last one counts even when empty."""
    start = 0
    size = len(text)
    feed = text.find("\n")
    turn = text.find("\r")
    while feed >= 0 or turn >= 0:
        if feed < 0 or 0 <= turn < feed:
            yield start, turn
            start = turn + 2 if turn + 1 == feed else turn + 1
        else:
            yield start, feed
            start = feed + 1
        if 0 <= feed < start:
            feed = text.find("\n", start)
        if 0 <= turn < start:
            turn = text.find("\r", start)
    yield start, size


def _wrap(text: str, start: int, end: int, width: int) -> Iterator[tuple[int, int]]:
    """Yield the lines of one hard line, window by window; the last line of a window begins the next."""
    window = max(_WINDOW, 8 * width)
    while end - start > window:
        cut = start + window
        wrap = _way_to_wrap(text, start, cut)
        held: tuple[int, int] | None = None
        for line in wrap(text, start, cut, width):
            if held is not None:
                yield held
            held = line
        assert held is not None
        if held[0] == start:
            yield held
            start = held[1]
        else:
            start = held[0]
    yield from _way_to_wrap(text, start, end)(text, start, end, width)


def _way_to_wrap(text: str, start: int, end: int) -> Callable[[str, int, int, int], Iterator[tuple[int, int]]]:
    if is_simple(text, start, end):
        return _wrap_simple
    return _wrap_unjoined if is_unjoined(text, start, end) else _wrap_clusters


def _wrap_simple(text: str, start: int, end: int, width: int) -> Iterator[tuple[int, int]]:
    """Wrap text of which every code point is one cell."""
    while end - start > width:
        blank = text.rfind(" ", start, start + width + 1)
        cut = blank + 1 if blank >= 0 else start + width
        yield start, cut
        if cut == end:
            return
        start = cut
    yield start, end


def _wrap_unjoined(text: str, start: int, end: int, width: int) -> Iterator[tuple[int, int]]:
    """Wrap text of which every code point is a cluster, one cell or two; wide characters may be parted anywhere."""
    source = text[start:end]
    columns = columns_of(source)
    begin = 0
    while columns[-1] - columns[begin] > width:
        over = max(bisect_right(columns, columns[begin] + width) - 1, begin + 1)
        if over < len(source) and source[over] == " " and columns[over] == columns[begin] + width:
            over += 1
        if over == len(source):
            break
        cut = over
        while cut > begin and source[cut - 1] != " " and columns[cut] - columns[cut - 1] < 2:
            cut -= 1
        cut = cut if cut > begin else over
        yield start + begin, start + cut
        begin = cut
    if begin < len(source) or begin == 0:
        yield start + begin, end


def _wrap_clusters(text: str, start: int, end: int, width: int) -> Iterator[tuple[int, int]]:
    """Wrap any text by clusters; wide ones may be parted anywhere."""
    source = text[start:end]
    glyphs = visible(source)
    clusters = [*cluster_starts(source), len(source)]
    begin = 0
    column = 0
    after_blank = -1
    index = 0
    while index < len(clusters) - 1:
        first, last = clusters[index], clusters[index + 1]
        blank = source[first] in _BLANKS
        cells = (
            TAB_STOP - column % TAB_STOP if source[first] == "\t" else sum(cell_width(c) for c in glyphs[first:last])
        )
        if column + cells > width + (blank and last - first == 1) and first > begin:
            cut = after_blank if after_blank > begin else first
            yield start + begin, start + cut
            while clusters[index] > cut:
                index -= 1
            begin, column, after_blank = cut, 0, -1
            continue
        column += cells
        if blank or cells == 2:
            after_blank = last
        index += 1
    if begin < len(source) or begin == 0:
        yield start + begin, end

"""Sends the terminal only the cells that changed, and lets it scroll lines it already shows.

Textual 8.2.8 sends whole rows of every refreshed region. `TerminalApp` keeps what the terminal shows
and sends the difference: about 100 bytes a key instead of 500, which is felt over SSH.
This module uses private parts of Textual and was checked against `CHECKED`; with another version, or whenever
an update holds something it does not know, Textual's own way is taken.

Only sequences of the VT220 are sent: cursor position and column, erase to the end of line and of so many characters,
scroll margins, insert and delete line. Colour and attributes are reset before anything is erased or scrolled in.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import Generic, TypeVar

import textual
from rich.color import ColorSystem
from rich.console import RenderableType
from rich.style import Style
from textual._compositor import ChopsUpdate, LayoutUpdate
from textual.app import App
from textual.screen import Screen
from textual.strip import Strip

from tui_annotate.domain.cells import cell_width

CHECKED = "8.2.8"
# Not `textual.__version__`: it loads importlib.metadata and the mail parser with it, a tenth of the start.
_IS_CHECKED = (Path(textual.__file__).parents[1] / f"textual-{CHECKED}.dist-info").is_dir()
"""Read once: Textual looks its version up in its metadata each time."""
ReturnType = TypeVar("ReturnType")

_SCROLLED_ROWS = 3
"""Rows that must be found moved before scrolling is thought of."""
_ERASED = 3
_SKIPPED = 12
"""Blanks that take more bytes to write than to erase: to the end of the row, and before something else."""
_KEPT = 512
"""Strips whose cells are kept."""
_SYNC = ("\x1b[?2026h", "\x1b[?2026l")


class UnknownContentError(ValueError):
    """Something in an update that cells cannot hold: a control sequence, a link, a width of its own, another screen."""


Row = tuple[list[str], list[str]]
"""Of each cell the text (empty in the second half of a wide character) and the SGR parameters."""


@lru_cache(maxsize=4096)
def _sgr(style: Style, color_system: ColorSystem) -> str:
    """Return a style's SGR parameters; the terminal's own colours need none."""
    parameters = Strip.render_ansi(style, color_system).split(";")
    kept = []
    while parameters:
        code = parameters.pop(0)
        if code in ("38", "48"):
            count = 2 if parameters[0] == "5" else 4
            kept += [code, *parameters[:count]]
            del parameters[:count]
        elif code not in ("39", "49"):
            kept.append(code)
    return ";".join(kept)


def row_of(strips: Iterable[Strip], width: int, color_system: ColorSystem) -> Row:
    """Return strips that stand side by side as cells.

    Raises:
        UnknownContentError: They do not fill `width` cells, or hold what cells cannot.
    """
    texts: list[str] = []
    codes: list[str] = []
    for strip in strips:
        for text, style, control in strip:
            if control or (style is not None and style.link):
                raise UnknownContentError(text)
            before = len(texts)
            if text.isascii():
                texts.extend(text)
            else:
                _add_cells(texts, text)
            codes.extend([_sgr(style, color_system) if style else ""] * (len(texts) - before))
    if len(texts) != width:
        raise UnknownContentError("".join(texts))
    return texts, codes


def _add_cells(texts: list[str], text: str) -> None:
    for char in text:
        cells = cell_width(char)
        if cells == 1:
            texts.append(char)
        elif cells == 2:
            texts += [char, ""]
        elif not texts:
            raise UnknownContentError(char)
        else:
            texts[-1 if texts[-1] else -2] += char


class TerminalPicture:
    """What the terminal shows, row by row, as far as known."""

    def __init__(self, width: int, height: int) -> None:
        self.width = width
        self.height = height
        self._rows: list[Row | None] = [None] * height
        self._cells: dict[int, tuple[Strip, Row]] = {}
        """Strips come again and again while a document scrolls; by identity, since strips have no hash."""

    def full(self, strips: Iterable[Iterable[Strip]], color_system: ColorSystem) -> str:
        """Return what draws a whole picture, whatever the terminal shows."""
        rows = [row_of(line, self.width, color_system) for line in strips]
        if len(rows) != self.height:
            raise UnknownContentError("rows")
        self._rows = [None] * self.height
        return self._sent(dict(enumerate(rows)))

    def update(self, update: ChopsUpdate, color_system: ColorSystem) -> str:
        """Return what makes the picture that of an update of some regions.

        Raises:
            UnknownContentError: It holds what cells cannot, or was made before the terminal changed its size.
        """
        wanted: dict[int, Row] = {}
        for y, x1, x2 in update.spans:
            if y >= self.height or update.chop_ends[y][-1] != self.width:
                raise UnknownContentError("another size")
            old = wanted.get(y) or self._rows[y]
            if old is None:
                raise UnknownContentError("row never drawn")
            for end, (x, strip) in zip(update.chop_ends[y], update.chops[y].items(), strict=False):
                if strip is None or x > x2 or end <= x1:
                    continue
                size = min(end, x2) - x
                part = self._cells_of(strip if size == strip.cell_length else strip.crop(0, size), size, color_system)
                old = part if size == self.width else _joined(old, x, part)
            wanted[y] = old
        return self._sent({y: row for y, row in wanted.items() if row != self._rows[y]})

    def _cells_of(self, strip: Strip, width: int, color_system: ColorSystem) -> Row:
        held = self._cells.get(id(strip))
        if held is not None:
            return held[1]
        if len(self._cells) >= _KEPT:
            self._cells.clear()
        row = row_of([strip], width, color_system)
        self._cells[id(strip)] = strip, row
        return row

    def _sent(self, wanted: dict[int, Row]) -> str:
        known = self._rows
        moved = self._moved(wanted) if len(wanted) > _SCROLLED_ROWS else None
        self._rows = [wanted.get(y, row) for y, row in enumerate(known)]
        if moved is None:
            return _differences(known, wanted)
        top, bottom, lines = moved
        scrolled = _scrolled(known, top, bottom, lines, self.width)
        target = {
            y: row
            for y, row in enumerate(self._rows)
            if row is not None and (y in wanted or top <= y <= bottom) and row != scrolled[y]
        }
        return _scroll_sequence(top, bottom, lines) + _differences(scrolled, target)

    def _moved(self, wanted: dict[int, Row]) -> tuple[int, int, int] | None:
        """Return top, bottom and the lines by which most of the wanted rows are found further down."""
        places: dict[str, list[int]] = {}
        for y, row in enumerate(self._rows):
            if row is not None:
                places.setdefault("".join(row[0]), []).append(y)
        moves = [
            (old - y, min(y, old), max(y, old))
            for y, row in wanted.items()
            if (text := "".join(row[0])) and not text.isspace()
            for old in places.get(text, ())
        ]
        votes = Counter(lines for lines, _, _ in moves)
        for lines, count in votes.most_common(1):
            # Only the rows that moved: a rule or a status line below them would have to be sent again.
            top = min(low for by, low, _ in moves if by == lines)
            bottom = max(high for by, _, high in moves if by == lines)
            if lines and count >= max(_SCROLLED_ROWS, len(wanted) // 3) and abs(lines) <= bottom - top:
                return top, bottom, lines
        return None


def _joined(row: Row, x: int, part: Row) -> Row:
    """Return a row with other cells from column `x` on."""
    texts, codes = list(row[0]), list(row[1])
    texts[x : x + len(part[0])], codes[x : x + len(part[0])] = part
    return texts, codes


def _scrolled(rows: list[Row | None], top: int, bottom: int, lines: int, width: int) -> list[Row | None]:
    """Return the rows as they stand after `_scroll_sequence`."""
    blank: Row = [" "] * width, [""] * width
    region = rows[top : bottom + 1]
    fresh: list[Row | None] = [blank] * abs(lines)
    region = region[lines:] + fresh if lines > 0 else fresh + region[:lines]
    return [*rows[:top], *region, *rows[bottom + 1 :]]


def _scroll_sequence(top: int, bottom: int, lines: int) -> str:
    delete_or_insert = f"{lines}M" if lines > 0 else f"{-lines}L"
    return f"\x1b[{top + 1};{bottom + 1}r\x1b[{top + 1};1H\x1b[{delete_or_insert}\x1b[r"


def _differences(known: list[Row | None], wanted: dict[int, Row]) -> str:
    """Return the sequences that turn known rows into wanted ones; attributes are off before and after."""
    pen = _Pen()
    for y, row in wanted.items():
        _draw_row(pen, y, known[y], row)
    pen.style("")
    return "".join(pen.out)


class _Pen:
    """Collects sequences, repeating no attribute and no position."""

    def __init__(self) -> None:
        self.out: list[str] = []
        self._code = ""
        self._row = -1

    def style(self, code: str) -> None:
        if code == self._code:
            return
        if not code:
            self.out.append("\x1b[m")
        else:
            self.out.append(f"\x1b[{code}m" if not self._code else f"\x1b[0;{code}m")
        self._code = code

    def go(self, x: int, y: int) -> None:
        self.out.append(f"\x1b[{x + 1}G" if y == self._row else f"\x1b[{y + 1};{x + 1}H")
        self._row = y


def _draw_row(pen: _Pen, y: int, old: Row | None, row: Row) -> None:
    texts, codes = row
    size = len(texts)
    blank_from = size
    while blank_from and texts[blank_from - 1] == " " and not codes[blank_from - 1]:
        blank_from -= 1
    for start, end in _changed(old, row):
        pen.go(start, y)
        # What is blank to the end of the row is erased to there, however far it changed.
        stop = min(end, blank_from) if end - max(blank_from, start) > _ERASED else end
        _draw_cells(pen, y, texts, codes, start, stop)
        if stop < end:
            pen.style("")
            pen.out.append("\x1b[K")


def _draw_cells(pen: _Pen, y: int, texts: list[str], codes: list[str], start: int, stop: int) -> None:
    """Draw cells from where the cursor is; it stands behind the last of them then, unless that is blank."""
    unsure = False
    x = start
    while x < stop:
        text = texts[x]
        blanks = _blanks(texts, codes, x, stop) if text == " " and not codes[x] else 0
        if blanks > _SKIPPED:
            if unsure:
                pen.go(x, y)
            pen.style("")
            pen.out.append(f"\x1b[{blanks}X")
            unsure = False
            x += blanks
            if x < stop:
                pen.go(x, y)
            continue
        if text:
            if unsure and _is_certain(text):
                pen.go(x, y)
                unsure = False
            pen.style(codes[x])
            pen.out.append(text)
            unsure = unsure or not _is_certain(text)
        x += 1
    if unsure:
        pen.go(stop, y)


def _blanks(texts: list[str], codes: list[str], x: int, stop: int) -> int:
    """Return how many plain blanks follow one another from a cell on."""
    end = x
    while end < stop and texts[end] == " " and not codes[end]:
        end += 1
    return end - x


def _changed(old: Row | None, row: Row) -> list[tuple[int, int]]:
    """Return the stretches of cells to write, short gaps closed and wide characters whole."""
    texts, codes = row
    size = len(texts)
    if old is None:
        return [(0, size)]
    differing = [x for x in range(size) if texts[x] != old[0][x] or codes[x] != old[1][x]]
    runs: list[tuple[int, int]] = []
    for x in differing:
        start = x - 1 if not texts[x] and x else x
        end = x + 2 if x + 1 < size and not texts[x + 1] else x + 1
        if runs:
            before, last = runs[-1]
            if start <= last or (start - last < 5 and len(set(codes[last - 1 : start + 1])) == 1):
                runs[-1] = before, max(end, last)
                continue
        runs.append((start, end))
    return runs


def _is_certain(text: str) -> bool:
    """Say whether all terminals give a cell's text the same width, so that what follows lands where it should."""
    if len(text) > 1:
        return False
    point = ord(text)
    return point < 0x0590 or 0x1E00 <= point < 0x2600 or 0x2E80 <= point < 0xD800 or 0xFF00 <= point < 0xFFF0


class TerminalApp(App[ReturnType], Generic[ReturnType]):
    """An app that sends changed cells only."""

    _picture: TerminalPicture | None = None

    def _display(self, screen: Screen[object], renderable: RenderableType | None) -> None:
        sequence = self._changes(renderable)
        if sequence is None:
            super()._display(screen, renderable)
            return
        driver = self._driver
        assert driver is not None
        if sequence:
            x, y = position = self.screen.outer_size.clamp_offset(self.cursor_position)
            self._previous_cursor_position = position
            start, end = _SYNC if self._sync_available else ("", "")
            home = f"{y + 1};{x + 1}" if x or y else ""
            driver.write(f"{start}{sequence}\x1b[{home}H{end}")
            driver.flush()
        self.post_display_hook()

    def _changes(self, renderable: RenderableType | None) -> str | None:
        """Return what to send for an update; None where Textual is to do it."""
        if renderable is None or self._batch_count:
            return None
        if not isinstance(renderable, LayoutUpdate | ChopsUpdate) or not self._may_send():
            self._picture = None
            return None
        width, height = self.size
        picture = self._picture
        if picture is None or (picture.width, picture.height) != (width, height):
            picture = TerminalPicture(width, height)
        color_system = self.console._color_system or ColorSystem.TRUECOLOR
        self._picture = None
        try:
            if isinstance(renderable, LayoutUpdate):
                sequence = picture.full(renderable.strips, color_system)
            else:
                sequence = picture.update(renderable, color_system)
        except UnknownContentError:
            return None
        self._picture = picture
        return sequence

    def _may_send(self) -> bool:
        driver = self._driver
        running = self._running and not self._closed and not self.is_headless
        return running and driver is not None and not driver.is_inline and _IS_CHECKED

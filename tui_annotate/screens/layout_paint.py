"""What is drawn for one line: runs of its text, of the marker row under it, of the gutter beside it.

Nothing here depends on colour. Text under an annotation is underlined and bold, under a suggestion
underlined, in focus reversed. The marker row names the types: `DRUG───` an annotation, `DRUG?┄┄┄` a
suggestion, `▐DRUG? 0.74▌` the focus, `…DRUG` one that goes on from before. Where marks overlap, the shorter is
drawn over the longer, and `┘` closes a run that touches the next.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from tui_annotate.domain.cells import Cells, cell_width, text_width
from tui_annotate.domain.display import shown
from tui_annotate.screens.layout_marks import Fragment, Mark


class Look(NamedTuple):
    """How a run is to look; the view makes a style of it."""

    role: str
    """`text`, `glyph` (stands for a character that does not show), a kind of mark, or `label` and `letter`."""
    color: str = ""
    focused: bool = False


Run = tuple[str, Look]
PLAIN = Look("text")
_GLYPH = Look("glyph")
_RUNS = {"annotation": "─", "suggestion": "┄", "find": "~", "selection": "═"}
_LAYERS = {"annotation": 0, "suggestion": 0, "find": 1, "selection": 3}


@dataclass(frozen=True, slots=True)
class Piece:
    """The part of a mark that lies on one line, in offsets and in columns of the line."""

    start: int
    end: int
    left: int
    right: int
    mark: Mark
    first: bool
    """The mark begins in this piece."""
    focused: bool

    @property
    def order(self) -> tuple[int, int, int]:
        """Sort key: what is drawn later lies on top."""
        layer = 2 if self.focused and self.mark.kind != "selection" else _LAYERS[self.mark.kind]
        return layer, self.start - self.end, self.start

    @property
    def look(self) -> Look:
        """Look of the text under the mark."""
        return Look(self.mark.kind, self.mark.color, self.focused)


def pieces(cells: Cells, start: int, fragments: Sequence[Fragment], focus: object) -> list[Piece]:
    """Return the pieces of fragments on the line that begins at position `start`, the topmost last."""
    found = []
    size = len(cells.source)
    for fragment in fragments:
        low, high = cells.snapped(max(fragment.start - start, 0), min(fragment.end - start, size))
        if low < high:
            first = fragment.first and fragment.start >= start
            mark = fragment.mark
            focused = focus is not None and mark.id == focus
            found.append(Piece(low, high, cells.columns[low], cells.columns[high], mark, first, focused))
    found.sort(key=lambda piece: piece.order)
    return found


def text_runs(cells: Cells, found: Sequence[Piece], *, letters: bool = False) -> list[Run]:
    """Return the runs of a line's text.

    Args:
        letters: Put each mark's letter into a blank beside it.
    """
    size = len(cells.source)
    cuts = sorted({0, size, *(piece.start for piece in found), *(piece.end for piece in found)})
    at = dict(_letters(cells, found)) if letters else {}
    runs: list[Run] = []
    for low, high in pairwise(cuts):
        look = PLAIN
        for piece in found:
            if piece.start <= low and high <= piece.end:
                look = piece.look
        _add_text(runs, cells, low, high, look, at)
    if size in at:
        runs.append(at[size])
    return runs


def _add_text(runs: list[Run], cells: Cells, low: int, high: int, look: Look, at: dict[int, Run]) -> None:
    if cells.text is cells.source and not at:
        runs.append((cells.text[low:high], look))
        return
    begin = low
    for offset in range(low, high):
        glyph = cells.source[offset] != "\t" and cells.source[offset] != cells.text[cells.places[offset]]
        if offset not in at and not glyph:
            continue
        if begin < offset:
            runs.append((cells.drawn(begin, offset), look))
        runs.append(at.get(offset) or (cells.drawn(offset, offset + 1), _GLYPH if look == PLAIN else look))
        begin = offset + 1
    if begin < high:
        runs.append((cells.drawn(begin, high), look))


def _letters(cells: Cells, found: Sequence[Piece]) -> list[tuple[int, Run]]:
    """Return where letters fit: a blank after the mark, else one before it."""
    taken: dict[int, Run] = {}
    size = len(cells.source)
    for piece in reversed(found):
        letter = _letter(piece.mark)
        if not letter or not piece.first:
            continue
        for offset in (piece.end, piece.start - 1):
            blank = offset == size or (0 <= offset < size and cells.source[offset] == " ")
            inside = any(other.start <= offset < other.end for other in found)
            if blank and not inside and offset not in taken:
                taken[offset] = letter, Look("letter", piece.mark.color, piece.focused)
                break
    return list(taken.items())


def _letter(mark: Mark) -> str:
    letter = shown(mark.letter or mark.label[:1])
    return letter[0] if letter and cell_width(letter[0]) == 1 else ""


def marker_runs(found: Sequence[Piece], width: int) -> list[Run]:
    """Return the runs of the marker row, up to its last label."""
    if not found:
        return []
    row = _MarkerRow(found, width)
    return row.runs()


class _MarkerRow:
    """The row under a line, painted cell by cell: first all runs, then the labels where they have room."""

    def __init__(self, found: Sequence[Piece], width: int) -> None:
        self.found = found
        self.chars = [" "] * width
        self.owner = [-1] * width
        for index, piece in enumerate(found):
            left, right = piece.left, min(piece.right, width)
            self.chars[left:right] = _RUNS[piece.mark.kind] * (right - left)
            self.owner[left:right] = [index] * (right - left)
        self._close_runs()
        covered: dict[int, list[str]] = {}
        for index, piece in enumerate(found):
            if index not in self.owner[piece.left : piece.right] and piece.left < width:
                covered.setdefault(self.owner[piece.left], []).append(_name(piece))
        for index in range(len(found)):
            self._label(index, covered.get(index, []))

    def _close_runs(self) -> None:
        for index, piece in enumerate(self.found):
            last = piece.right - 1
            touched = last + 1 < len(self.owner) and self.owner[last + 1] not in (-1, index)
            if touched and self.owner[last] == index and piece.left < last:
                self.chars[last] = "┘"

    def _label(self, index: int, covered: list[str]) -> None:
        piece = self.found[index]
        if not piece.mark.label and not covered:
            return
        owned = [cell for cell in range(piece.left, min(piece.right, len(self.owner))) if self.owner[cell] == index]
        if not owned:
            return
        start = owned[0]
        own = 1
        while start + own < len(self.owner) and self.owner[start + own] == index:
            own += 1
        text = _fitting(piece, "".join("+" + name for name in covered), own, own + self._free_after(start + own))
        cell = start
        for char in text:
            width = cell_width(char)
            if not width:
                self.chars[cell - 1] += char
                continue
            self.chars[cell : cell + width] = [char, ""][:width]
            self.owner[cell : cell + width] = [index] * width
            cell += width

    def _free_after(self, cell: int) -> int:
        """Count the cells from `cell` on that a label may spill into, one blank kept before the next run."""
        end = cell
        while end < len(self.owner) and self.owner[end] == -1:
            end += 1
        return max(end - cell - (1 if end < len(self.owner) else 0), 0)

    def runs(self) -> list[Run]:
        found: list[Run] = []
        begin = 0
        size = len(self.owner)
        while size and self.owner[size - 1] == -1:
            size -= 1
        for cell in range(1, size + 1):
            if cell == size or self.owner[cell] != self.owner[begin]:
                owner = self.owner[begin]
                look = PLAIN
                if owner >= 0:
                    piece = self.found[owner]
                    look = Look("label", piece.mark.color, piece.focused)
                found.append(("".join(self.chars[begin:cell]), look))
                begin = cell
        return found


def _name(piece: Piece) -> str:
    return _whole(piece, piece.mark.label)


def _whole(piece: Piece, label: str) -> str:
    name = shown(label)
    # What is suggested of its attributes ends so already.
    name += "?" if piece.mark.kind == "suggestion" and not name.endswith("?") else ""
    return name if piece.first else "…" + name


def _fitting(piece: Piece, others: str, own: int, room: int) -> str:
    """Return the longest wording of a label that fits.

    Args:
        own: Cells of the mark's own run.
        room: Cells with the free ones after it; a probability may use them in focus only.
    """
    name = _name(piece)
    prob = f" {piece.mark.prob:.2f}" if piece.mark.prob is not None and piece.first else ""
    wordings = [(name + prob + others, own), (name + others, room), (name, room)]
    if piece.mark.short:
        wordings.append((_whole(piece, piece.mark.short), room))
    if piece.focused:
        wordings[:0] = [(f"▐{name}{prob}▌{others}", room), (f"▐{name}▌{others}", room)]
    for wording, limit in wordings:
        if text_width(wording) <= limit:
            return wording
    if own == 1 and room == 1:
        return _letter(piece.mark)
    return shown(_whole(piece, piece.mark.short) if piece.mark.short else name, room)


def gutter_runs(found: Sequence[Piece], width: int) -> list[Run]:
    """Return the names of the marks that begin on the line, in reading order, for a column beside the text."""
    named = sorted((p for p in found if p.first and p.mark.label), key=lambda p: (p.start, -p.end))
    runs: list[Run] = []
    left = width
    for piece in named:
        prob = f" {piece.mark.prob:.2f}" if piece.mark.prob is not None and piece.focused else ""
        text = shown(_name(piece) + prob, left)
        cells = text_width(text)
        if left < 3 or not text:
            break
        runs.append((text, Look("label", piece.mark.color, piece.focused)))
        left -= cells + 1
        runs.append((" ", PLAIN))
    return runs

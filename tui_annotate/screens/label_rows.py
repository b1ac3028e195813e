"""The rows of document labels under the text: keys, values, what is set and what is suggested.

Every label keeps its place: room for a probability is left whether one is shown or not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rich.cells import cell_len

from tui_annotate.domain.display import shown
from tui_annotate.domain.scheme import DocumentLabel, LabelKind, Scheme
from tui_annotate.keymaps.assignment import Keymap
from tui_annotate.keymaps.labels import Target
from tui_annotate.keymaps.names import display_key
from tui_annotate.screens.lines import Piece, Row, row
from tui_annotate.screens.status import value_word
from tui_annotate.session.working import WorkingDocument

MOST_ROWS = 4
_GAP = 3
_INDENT = 2
_TEXT_ROOM = 24
_PROBABILITY = 5


@dataclass(frozen=True, slots=True)
class Part:
    """A label with the values of it that stand on one row; nearly always all of them."""

    label: DocumentLabel
    first: int = 0
    last: int | None = None

    @property
    def name(self) -> str:
        """The label's."""
        return self.label.name

    @property
    def values(self) -> tuple[Any, ...]:
        """Those of the row."""
        return tuple(self.label.values)[self.first : self.last]


def arrange(scheme: Scheme, keymap: Keymap, width: int) -> list[list[Part]]:
    """Say which labels stand on which row; those that find no room are reached through the picker.

    A label that is wider than the screen goes on in the next row.
    """
    rows: list[list[Part]] = []
    room = 0
    for label in scheme.labels:
        for part in _parts(label, keymap, width - 1):
            needed = _room(part, keymap) + _GAP
            if not rows or part.first or needed > room:
                if len(rows) == MOST_ROWS:
                    return rows
                rows.append([])
                room = width - 1
            rows[-1].append(part)
            room -= needed
    return rows


def _parts(label: DocumentLabel, keymap: Keymap, width: int) -> list[Part]:
    """Cut a label where its values do not fit into a row; each part has one at least."""
    count = len(tuple(label.values))
    found: list[Part] = []
    first = 0
    while True:
        last = count
        while last > first + 1 and _room(Part(label, first, last), keymap) > width:
            last -= 1
        found.append(Part(label, first, last if first or last < count else None))
        if last >= count:
            return found
        first = last


def _room(part: Part, keymap: Keymap) -> int:
    return sum(cell_len(text) for text, _ in _pieces(part, keymap, None, False)[0])


def label_row(parts: Sequence[Part], keymap: Keymap, working: WorkingDocument | None, focused: str = "") -> Row:
    """Return one row of labels.

    Args:
        focused: Name of the label whose suggestion has the focus.
    """
    pieces: list[Piece] = [(" ", "")]
    for part in parts:
        found, length = _pieces(part, keymap, working, part.name == focused)
        pieces += found
        pieces.append((" " * (_GAP + length), ""))
    return row(*pieces)


def _pieces(part: Part, keymap: Keymap, working: WorkingDocument | None, focused: bool) -> tuple[list[Piece], int]:
    """Return the pieces of a label, and how many cells less than its room they take."""
    label = part.label
    held = working.labels.get(label.name) if working is not None else None
    suggestion = working.label_suggestion(label.name) if working is not None and held is None else None
    keys = {value: _key(keymap, label, value) for value in part.values}
    offered = suggestion.value if suggestion is not None else None
    values = value_pieces(keys, held.value if held is not None else None, offered, label.kind)
    if part.first:
        return [(" " * _INDENT, ""), *values], 0
    probability = f" {suggestion.prob:.2f}" if suggestion is not None else " " * _PROBABILITY
    name: Piece = (shown(label.name, 24), "bold reverse" if focused else "bold" if held is None else "")
    toggle = _key(keymap, label, None)
    pieces: list[Piece] = [(f"{toggle} ", "bold")] if toggle else []
    pieces += [name, (probability, "bold" if suggestion is not None else "")]
    if label.kind == "text":
        content = shown(str(held.value), _TEXT_ROOM - 2) if held is not None else "…"
        return [*pieces, (f" {content}", "")], max(0, _TEXT_ROOM - 1 - cell_len(content)) if working is not None else 0
    return pieces + values, 0


def value_pieces(keys: Mapping[Any, str], held: object, offered: object, kind: LabelKind) -> list[Piece]:
    """Return the values of a label or attribute, each with its key: what is set, what is suggested."""
    pieces: list[Piece] = []
    for value, key in keys.items():
        is_set, is_offered = _holds(held, value), _holds(offered, value)
        signs = ("■", "▪", "□") if kind == "choices" else ("●", "◉", "○")
        sign = signs[0 if is_set else 1 if is_offered else 2]
        pieces.append((f"  {key + ' ' if key else ''}{sign} ", "bold" if is_set or is_offered else ""))
        pieces.append((shown(value_word(value), 24), "bold underline" if is_set else "underline" if is_offered else ""))
    return pieces


def _holds(held: object, value: object) -> bool:
    return (
        value in held
        if isinstance(held, tuple)
        else held == value and isinstance(held, bool) == isinstance(value, bool)
    )


def _key(keymap: Keymap, label: DocumentLabel, value: object) -> str:
    return key_of(keymap, "label", label.name, value)


def key_of(keymap: Keymap, target: Target, name: str, value: object) -> str:
    """Return the key of a value as people write it, empty for none."""
    for hotkey in keymap.hotkeys:
        same = hotkey.value == value and isinstance(hotkey.value, bool) == isinstance(value, bool)
        if hotkey.target == target and hotkey.name == name and same and hotkey.keys:
            return display_key(hotkey.keys[0])
    return ""

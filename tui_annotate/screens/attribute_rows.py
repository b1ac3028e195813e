"""The rows of attributes under the text: keys and values, what the focused entity has and what is suggested for it.

Every attribute keeps its place whatever is focused; one that the focused entity does not take is dim and unmarked.
"""

from __future__ import annotations

from collections.abc import Mapping

from rich.cells import cell_len

from tui_annotate.domain.annotations import LabelScalar, Suggestion
from tui_annotate.domain.display import shown
from tui_annotate.domain.scheme import Attribute, Scheme
from tui_annotate.keymaps.assignment import Keymap
from tui_annotate.screens.label_rows import key_of, value_pieces
from tui_annotate.screens.lines import Piece, Row, row
from tui_annotate.session.items import Item
from tui_annotate.session.working import WorkingDocument

MOST_ROWS = 3
_GAP = 3
_TEXT_ROOM = 24
_PROBABILITY = 5


def arrange(scheme: Scheme, keymap: Keymap, width: int) -> list[list[Attribute]]:
    """Say which attributes stand on which row; those that find no room are reached through the picker."""
    rows: list[list[Attribute]] = []
    room = 0
    for attribute in scheme.attributes:
        needed = sum(cell_len(text) for text, _ in _pieces(attribute, keymap, {}, {}, focused=False)) + _GAP
        if not rows or needed > room:
            if len(rows) == MOST_ROWS:
                break
            rows.append([])
            room = width - 1
        rows[-1].append(attribute)
        room -= needed
    return rows


def attribute_row(
    attributes: list[Attribute], keymap: Keymap, working: WorkingDocument | None, item: Item | None
) -> Row:
    """Return one row of attributes for the item in focus."""
    type, held, offered = _of(working, item)
    pieces: list[Piece] = [(" ", "")]
    for attribute in attributes:
        focused = item is not None and item.of is not None and item.name == attribute.name
        found = _pieces(attribute, keymap, held, offered, focused=focused)
        if not type or not attribute.is_on(type):
            found = [(text, "dim") for text, _ in _pieces(attribute, keymap, {}, {}, focused=False)]
        pieces += [*found, (" " * _GAP, "")]
    return row(*pieces)


def _of(
    working: WorkingDocument | None, item: Item | None
) -> tuple[str, Mapping[str, LabelScalar], Mapping[str, Suggestion]]:
    """Return the type of the focused entity, what is set for it, and what is suggested."""
    if working is None or item is None or not item.spans:
        return "", {}, {}
    entity = item.entity or item.of
    type = entity.type if entity is not None else item.name
    held = (
        entity.attributes if entity is not None else item.suggestion.attributes if item.suggestion is not None else {}
    )
    return type, held, working.attributes_suggested(type, item.spans)


def _pieces(
    attribute: Attribute,
    keymap: Keymap,
    held: Mapping[str, LabelScalar],
    offered: Mapping[str, Suggestion],
    *,
    focused: bool,
) -> list[Piece]:
    name, value = attribute.name, held.get(attribute.name)
    suggestion = offered.get(name) if value is None else None
    toggle = key_of(keymap, "attribute", name, None)
    pieces: list[Piece] = [(f"{toggle} ", "bold")] if toggle else []
    pieces.append((shown(name, 24), "bold reverse" if focused else "bold" if suggestion is not None else ""))
    if attribute.kind == "text":
        content = shown(str(value), _TEXT_ROOM) if value is not None else "…"
        return [*pieces, (f" {content}".ljust(_TEXT_ROOM + 1), "")]
    probability = f" {suggestion.prob:.2f}" if suggestion is not None else " " * _PROBABILITY
    pieces.append((probability, "bold" if suggestion is not None else ""))
    keys = {choice: key_of(keymap, "attribute", name, choice) for choice in attribute.values}
    return pieces + value_pieces(keys, value, suggestion.value if suggestion is not None else None, "choice")

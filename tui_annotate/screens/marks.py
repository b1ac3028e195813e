"""Marks made of a session's items, and which of them an act touched, so that a key redraws only those."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from tui_annotate.domain.annotations import entity_key
from tui_annotate.domain.decisions import Changes
from tui_annotate.domain.scheme import Scheme
from tui_annotate.keymaps.assignment import Keymap
from tui_annotate.keymaps.names import display_key
from tui_annotate.screens.layout_marks import Mark, type_colors
from tui_annotate.session.items import Item, entity_item, suggestion_item
from tui_annotate.session.working import WorkingDocument


class Marker:
    """Makes marks in the colours of a scheme."""

    def __init__(self, scheme: Scheme, keymap: Keymap | None = None, *, colour: bool = True) -> None:
        asked = {e.name: e.color for e in scheme.entities if e.color}
        given = {**type_colors(e.name for e in scheme.entities), **asked}
        self._colors: Mapping[str, str] = given if colour else {}
        self.letters = _letters(scheme, keymap or Keymap(()))
        """One for each entity type, for where its name has no room."""

    def mark(self, item: Item) -> Mark:
        """Return the mark of an item in the text."""
        return Mark(
            item.id,
            item.spans,
            label=item.name,
            letter=self.letters.get(item.name, ""),
            prob=item.prob if item.undecided else None,
            kind="suggestion" if item.undecided else "annotation",
            color=self._colors.get(item.name, ""),
        )

    def marks(self, working: WorkingDocument) -> list[Mark]:
        """Return the marks of everything in the text."""
        return [self.mark(item) for item in working.items if item.spans]


def _letters(scheme: Scheme, keymap: Keymap) -> dict[str, str]:
    """Return the first letter of each type's name, or its key where others begin with the same letter."""
    initials = Counter(e.name[:1].casefold() for e in scheme.entities)
    keys = {h.name: display_key(h.keys[0]) for h in keymap.hotkeys if h.target == "entity" and h.keys}
    return {
        e.name: e.name[:1] if initials[e.name[:1].casefold()] == 1 else keys.get(e.name, e.name[:1])
        for e in scheme.entities
    }


def touched(working: WorkingDocument, changes: Iterable[Changes]) -> dict[str, Item | None]:
    """Return what changes brought, changed or took away, by item id; None for what is gone.

    The changes have been applied already.
    """
    found: dict[str, Item | None] = {}
    for change in changes:
        keys = {verdict.key for verdict in change.verdicts}
        for entity_change in change.entities:
            for entity in (entity_change.before, entity_change.after):
                if entity is not None:
                    keys.add(entity_key(entity))
                    held = working.version.annotations.entities.get(entity.number)
                    found[f"e{entity.number}"] = None if held is None else entity_item(working.document, held)
        for key in keys:
            suggestion = working.suggestion_with(key)
            if suggestion is not None and suggestion.target == "entity":
                item = suggestion_item(working.document, suggestion)
                found[item.id] = working.items.at(item.place)
    return found

"""Marks made of a session's items, and which of them an act touched, so that a key redraws only those."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from tui_annotate.domain.annotations import entity_key
from tui_annotate.domain.decisions import Changes
from tui_annotate.domain.display import shown
from tui_annotate.domain.scheme import Attribute, Scheme
from tui_annotate.domain.spans import Span
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
        self._tags = {a.name: _tags(a) for a in scheme.attributes}

    def draws_like(self, before: Marker) -> bool:
        """Say whether what another one drew looks the same drawn by this one."""
        return (
            before.letters.items() <= self.letters.items()
            and before._colors.items() <= self._colors.items()
            and before._tags == self._tags
        )

    def mark(self, item: Item, working: WorkingDocument) -> Mark:
        """Return the mark of an item in the text, with what its attributes say behind the name of its type."""
        tags = self._said(item, working) if self._tags else ""
        return Mark(
            item.id,
            item.spans,
            label=item.name + tags,
            short=self.letters.get(item.name, "") + tags if tags else "",
            letter=self.letters.get(item.name, ""),
            prob=item.prob if item.undecided else None,
            kind="suggestion" if item.undecided else "annotation",
            color=self._colors.get(item.name, ""),
        )

    def marks(self, working: WorkingDocument) -> list[Mark]:
        """Return the marks of everything in the text."""
        return [self.mark(item, working) for item in working.items if item.spans and item.of is None]

    def _said(self, item: Item, working: WorkingDocument) -> str:
        """Return a short word for each attribute that is set, and one with a question mark for one suggested."""
        held = item.entity.attributes if item.entity is not None else {}
        if item.suggestion is not None:
            held = item.suggestion.attributes
        suggested = working.attributes_suggested(item.name, item.spans)
        said = []
        for name, tags in self._tags.items():
            if name in held:
                said.append(tags.get(str(held[name]), ""))
            elif name in suggested and suggested[name].value is not False:
                said.append(f"{tags.get(str(suggested[name].value), '')}?")
        return "".join(f" {word}" for word in said if word)


def _tags(attribute: Attribute) -> dict[str, str]:
    """Return a word of three letters or a few more for each value, by the value as a string: `NEG`; `-NEG` for no."""
    if attribute.kind == "boolean":
        tag = shown(attribute.name)[:3].upper()
        return {"True": tag, "False": f"-{tag}"}
    values = [option.value for option in attribute.options]
    length = 3
    while length < 8 and len({value[:length].casefold() for value in values}) < len(values):
        length += 1
    return {value: shown(value)[:length].upper() for value in values}


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
        for key in [key for key in keys if key.spans and key.value is not None]:
            spans = tuple(Span(key.part, start, end) for start, end in key.spans)
            here = (entity_item(working.document, entity) for entity in working.standing_at(spans))
            found.update((item.id, item) for item in here)
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

"""Which values are still to be given: entities that lack an attribute, and when a document has all it needs."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy

from tui_annotate.domain.annotations import Annotations, Entity
from tui_annotate.domain.decisions import Changes
from tui_annotate.domain.scheme import Attribute, Scheme
from tui_annotate.session.items import Item, Place
from tui_annotate.session.working import WorkingDocument


def next_lacking(working: WorkingDocument, scheme: Scheme, after: Place | None) -> Item | None:
    """Return the next entity behind a place that lacks a value; of booleans only one that is the only one counts."""
    counted = [a for a in scheme.attributes if a.kind in ("choice", "choices")]
    counted = counted or [a for a in scheme.attributes if a.kind == "boolean"]
    if not counted or (counted[0].kind == "boolean" and len(counted) > 1):
        return None
    items = working.items.behind(after)
    return next((i for i in items if i.entity is not None and _lacks(i.entity, counted)), None)


def more_to_set(scheme: Scheme, item: Item, attribute: Attribute) -> bool:
    """Say whether more is to be set on an entity after an attribute: a choice, or further booleans."""
    taken = [a for a in scheme.attributes if a.is_on(item.name) and a.kind != "text" and a != attribute]
    held = item.entity.attributes if item.entity is not None else {}
    if any(a.kind != "boolean" and a.name not in held for a in taken):
        return True
    return attribute.kind == "boolean" and bool(taken)


def completes(working: WorkingDocument, scheme: Scheme, changes: Changes) -> bool:
    """Say whether nothing is left to decide after these changes: no suggestion, no attribute, no document label."""
    if working.items.undecided > len(changes.verdicts):
        return False
    after = _after(working, changes)
    if after.items.undecided or next_lacking(after, scheme, None) is not None:
        return False
    return all(label.name in after.labels for label in scheme.labels if label.kind in ("boolean", "choice"))


def _after(working: WorkingDocument, changes: Changes) -> WorkingDocument:
    """Return what the document would be after changes that are not written."""
    held = working.version.annotations
    version = copy(working.version)
    version.annotations = Annotations(dict(held.entities), dict(held.labels), dict(held.relations), held.extra)
    version.verdicts = dict(working.version.verdicts)
    after = WorkingDocument(working.row, working.document, version, working.suggestions.values(), scheme=working.scheme)
    after.apply(changes)
    return after


def _lacks(entity: Entity, attributes: Sequence[Attribute]) -> bool:
    return any(a.is_on(entity.type) and a.name not in entity.attributes for a in attributes)

"""The labels that an import meets: those the scheme lacks join it.

A label's kind follows from its values: true and false make it boolean, strings a choice
among those met, lists a multiple choice. A choice that turns out to have too
many values, or long ones, is text after all.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import TypeVar

from tui_annotate.domain.annotations import LabelContent
from tui_annotate.domain.interchange import ExchangedDocument
from tui_annotate.domain.scheme import Attribute, Choice, DocumentLabel, EntityType, LabelKind, RelationType, Scheme
from tui_annotate.formats.base import LabelHint, SchemeHint

MOST_OPTIONS = 40
"""Distinct values above which a choice that an import made is text."""
_LONGEST_OPTION = 80

_PREFIXES = {"entity": "e", "label": "m", "attribute": "f", "relation": "r"}
_ID = re.compile(r"[emfr]_[0-9]+")

Thing = TypeVar("Thing", EntityType, DocumentLabel, Attribute, RelationType)
Field = TypeVar("Field", DocumentLabel, Attribute)


class LabelsMet:
    """A scheme that grows by what documents and their sources name."""

    def __init__(self, scheme: Scheme) -> None:
        self.scheme = scheme
        self.added: list[str] = []
        """What joined, e.g. `entity type DRUG`."""
        self._own: set[tuple[str, str]] = set()
        """Fields made by this import, whose kind may still change."""
        self._hinted: dict[tuple[str, str], LabelHint] = {}
        """Fields that a source named without their kind, until a value shows it; and ids for what comes."""
        self._look()

    def unknown(self, document: ExchangedDocument) -> list[str]:
        """Return what a document is labelled with that the scheme lacks, each with the nearest right name."""
        found: dict[str, None] = {}
        for version in document.versions:
            held = version.annotations
            for entity in held.entities.values():
                _note(found, "entity type", entity.type, self._types)
                for name in entity.attributes:
                    _note(found, "attribute", name, self._attributes)
            for relation in held.relations.values():
                _note(found, "relation type", relation.type, self._relations)
            for label in held.labels.values():
                _note(found, "document label", label.name, self._labels)
                options = self._options.get(label.name)
                for value in (label.value if isinstance(label.value, tuple) else (label.value,)) if options else ():
                    _note(found, f"option of {label.name}", str(value), options or ())
        return list(found)

    def meet(self, document: ExchangedDocument) -> None:
        """Let everything that a document is labelled with join the scheme."""
        for version in document.versions:
            held = version.annotations
            for entity in held.entities.values():
                if entity.type not in self._types:
                    self._add("entity", entity.type)
                for name, value in entity.attributes.items():
                    self._meet_attribute(name, value)
            for label in held.labels.values():
                self._meet_label(label.name, label.value)
            for relation in held.relations.values():
                if relation.type not in self._relations:
                    self._add("relation", relation.type)

    def hint(self, hint: SchemeHint) -> None:
        """Let what a source names by itself join; a whole scheme gives definitions for what is not known yet."""
        if hint.scheme is not None:
            self._adopt(hint.scheme)
        if hint.guidelines.strip() and not self.scheme.guidelines:
            self._take(replace(self.scheme, guidelines=hint.guidelines))
        for label in sorted(hint.labels, key=_number):
            known: Collection[str] = {
                "entity": self._types,
                "label": self._labels,
                "attribute": self._attributes,
                "relation": self._relations,
            }[label.group]
            if label.name not in known:
                self._hinted[label.group, label.name] = label
                if label.group in ("entity", "relation"):
                    self._add(label.group, label.name)
                elif label.group == "label" and label.kind:
                    self._meet_label(label.name, label.values if label.kind == "choices" else True)

    def finish(self) -> None:
        """Let labels join that were named and never used: nothing says more of them, so they are boolean or text."""
        for group, name in list(self._hinted):
            if group == "label" and name not in self._labels:
                self._meet_label(name, True)
            elif group == "attribute" and name not in self._attributes:
                self._put_attribute(Attribute(name, "text", id=self._id("attribute", name)))

    def renumbered(self, scheme: Scheme) -> None:
        """Go on from the same scheme with ids for everything."""
        self._take(scheme)

    def _look(self) -> None:
        scheme = self.scheme
        self._types = {e.name for e in scheme.entities}
        self._relations = {r.name for r in scheme.relations}
        self._labels = {m.name: m for m in scheme.labels}
        self._attributes = {a.name: a for a in scheme.attributes}
        self._options = {m.name: {o.value for o in m.options} for m in scheme.labels if m.options}

    def _take(self, scheme: Scheme) -> None:
        self.scheme = scheme
        self._look()

    def _add(self, group: str, name: str) -> None:
        id, scheme = self._id(group, name), self.scheme
        if group == "entity":
            self._take(replace(scheme, entities=(*scheme.entities, EntityType(name, id))))
            self.added.append(f"entity type {name}")
        else:
            hint = self._hinted.get((group, name))
            ends = (hint.values[0], hint.values[1]) if hint and len(hint.values) == 2 else ("", "")
            self._take(replace(scheme, relations=(*scheme.relations, RelationType(name, ends, id=id))))
            self.added.append(f"relation type {name}")

    def _meet_label(self, name: str, value: LabelContent) -> None:
        label = self._labels.get(name)
        if label is None:
            self._own.add(("label", name))
            self.added.append(f"document label {name}")
            label = DocumentLabel(name, _kind_of(value), _options_of(value), self._id("label", name))
            self._take(replace(self.scheme, labels=(*self.scheme.labels, _settled(label, own=True))))
        elif _says_more(value, label.kind, self._options.get(name, ())):
            grown = _grown(label, value, own=("label", name) in self._own)
            if grown != label:
                labels = tuple(m if m.name != name else grown for m in self.scheme.labels)
                self._take(replace(self.scheme, labels=labels))

    def _meet_attribute(self, name: str, value: LabelContent) -> None:
        attribute = self._attributes.get(name)
        if attribute is None:
            attribute = Attribute(name, _kind_of(value), _options_of(value), self._id("attribute", name))
            self._put_attribute(_settled(attribute, own=True))
        elif _says_more(value, attribute.kind, [option.value for option in attribute.options]):
            grown = _grown(attribute, value, own=("attribute", name) in self._own)
            if grown != attribute:
                attributes = tuple(a if a.name != name else grown for a in self.scheme.attributes)
                self._take(replace(self.scheme, attributes=attributes))

    def _put_attribute(self, attribute: Attribute) -> None:
        self._own.add(("attribute", attribute.name))
        self.added.append(f"attribute {attribute.name}")
        self._take(replace(self.scheme, attributes=(*self.scheme.attributes, attribute)))

    def _adopt(self, given: Scheme) -> None:
        used = _used_ids(self.scheme)
        scheme = replace(
            self.scheme,
            entities=self._joined(self.scheme.entities, given.entities, "entity type", used),
            labels=self._joined(self.scheme.labels, given.labels, "document label", used),
            attributes=self._joined(self.scheme.attributes, given.attributes, "attribute", used),
            relations=self._joined(self.scheme.relations, given.relations, "relation type", used),
            guidelines=self.scheme.guidelines or given.guidelines,
        )
        self._take(scheme)

    def _joined(self, old: Sequence[Thing], given: Sequence[Thing], what: str, used: set[str]) -> tuple[Thing, ...]:
        known = {thing.name for thing in old}
        new = [thing for thing in given if thing.name not in known]
        self.added += [f"{what} {thing.name}" for thing in new]
        joined: list[Thing] = list(old)
        for thing in new:
            joined.append(thing if thing.id not in used else replace(thing, id=""))
            used.add(thing.id)
        return tuple(joined)

    def _id(self, group: str, name: str) -> str:
        """Return the id that a source gave, or a name that is an id itself, when free; else `numbered` gives one."""
        hint = self._hinted.get((group, name))
        id = hint.id if hint else name if _ID.fullmatch(name) and name[0] == _PREFIXES[group] else ""
        return "" if id in _used_ids(self.scheme) else id


def _used_ids(scheme: Scheme) -> set[str]:
    groups = (scheme.entities, scheme.labels, scheme.attributes, scheme.relations)
    return {thing.id for group in groups for thing in group if thing.id}


def _number(hint: LabelHint) -> int:
    digits = hint.id.partition("_")[2]
    return int(digits) if digits.isdecimal() and digits.isascii() else 1 << 62


def _note(found: dict[str, None], what: str, name: str, known: Collection[str]) -> None:
    if name not in known:
        near = difflib.get_close_matches(name, list(known), 1)
        found[f"{what} {name!r}" + (f" (did you mean {near[0]!r}?)" if near else "")] = None


def _kind_of(value: LabelContent) -> LabelKind:
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, tuple):
        return "choices" if value else "text"
    return "choice" if isinstance(value, str) else "text"


def _options_of(value: LabelContent) -> tuple[Choice, ...]:
    if isinstance(value, tuple):
        return tuple(Choice(option) for option in dict.fromkeys(value))
    return (Choice(value),) if isinstance(value, str) and value else ()


def _says_more(value: LabelContent, kind: LabelKind, options: Collection[str]) -> bool:
    """Say whether a value shows something of its label that is not known yet; most values do not."""
    if kind == "text":
        return False
    if isinstance(value, tuple):
        return kind != "choices" or any(option not in options for option in value)
    return value not in options if kind == "choice" else not isinstance(value, bool) or kind == "choices"


def _grown(field: Field, value: LabelContent, *, own: bool) -> Field:
    """Return a field that takes a value too; one that the scheme had keeps its kind, and gets options only."""
    kind = _kind_of(value)
    if own and kind != field.kind and (value != () or field.kind != "choices"):
        both = {kind, field.kind}
        field = replace(field, kind="choices" if both == {"choice", "choices"} else "text")
    if field.kind in ("choice", "choices") and not isinstance(value, (bool, int, float)):
        known: set[str] = {option.value for option in field.options}
        new: tuple[Choice, ...] = tuple(option for option in _options_of(value) if option.value not in known)
        field = replace(field, options=field.options + new)
    return _settled(field, own=own)


def _settled(field: Field, *, own: bool) -> Field:
    """Make a choice of too many or too long values text, and drop options where the kind has none."""
    values = [option.value for option in field.options]
    if own and field.kind == "choice" and (len(values) > MOST_OPTIONS or any(len(v) > _LONGEST_OPTION for v in values)):
        field = replace(field, kind="text")
    if field.kind in ("choice", "choices") and not field.options:
        field = replace(field, kind="text")
    return field if field.kind in ("choice", "choices") or not field.options else replace(field, options=())

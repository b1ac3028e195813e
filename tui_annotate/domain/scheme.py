"""The scheme: which entity types, document labels, attributes and relation types a corpus has.

Annotations refer to labels by name. Ids are anndoc's (`e_1`, `m_2`): a prefix
for the kind, and a number from one counter shared by all of them.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Literal, TypeVar

from tui_annotate.domain.annotations import LabelContent
from tui_annotate.errors import SchemeError

LabelKind = Literal["boolean", "choice", "choices", "text"]

ENTITIES = "entities"
LABELS = "labels:"
ATTRIBUTES = "attributes:"
"""A task of learning is `entities`, or `labels:` and the name of a document label, or `attributes:` and that of one."""

_ENTITY_MODEL = re.compile(r"(?:entities|spacy[-_]ner|spacy[-_]spancat|ner)(?:[-_.]|$)")
"""How the names of engines, runs and outside models begin that find entities."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One value of a choice label."""

    value: str
    key: str = ""
    """Hotkey that the scheme asks for; actions win over it."""
    help: str = ""
    kept: tuple[str, ...] = field(default=(), compare=False)
    """Keys that it is known by, and keeps while they are free; no part of what a scheme says."""


@dataclass(frozen=True, slots=True)
class EntityType:
    """A type of entity."""

    name: str
    id: str = ""
    """anndoc's class id, `e_<n>`; given by `Scheme.numbered`."""
    key: str = ""
    color: str = ""
    """An ANSI colour name or `#rrggbb`; never the only thing that tells types apart."""
    help: str = ""
    """One line of guidance for annotators."""
    overlapping: bool = False
    """Trained by itself, since its entities overlap those of other types."""
    model: str = ""
    """An outside model that this type is tied to; deploying leaves it alone."""
    kept: tuple[str, ...] = field(default=(), compare=False)
    """As `Choice.kept`."""


@dataclass(frozen=True, slots=True)
class DocumentLabel:
    """A label of whole documents."""

    name: str
    kind: LabelKind
    options: tuple[Choice, ...] = ()
    """The values of `choice` and `choices`; empty for the other kinds."""
    id: str = ""
    key: str = ""
    help: str = ""
    threshold: float = 0.5
    """Probability from which a boolean is suggested as true."""
    train: bool = False
    """Trained before the others (Annotation Lab's `train="true"`)."""
    model: str = ""
    kept: tuple[str, ...] = field(default=(), compare=False)
    """As `Choice.kept`; those of a choice are its options'."""

    @property
    def values(self) -> tuple[LabelContent, ...]:
        """The values that one key each can set; empty for text."""
        if self.kind == "boolean":
            return (True, False)
        return tuple(option.value for option in self.options)


@dataclass(frozen=True, slots=True)
class Attribute:
    """A label on entities; assertion status is one."""

    name: str
    kind: LabelKind
    options: tuple[Choice, ...] = ()
    id: str = ""
    on: tuple[str, ...] = ()
    """Entity types that take it; empty for all."""
    assertion: bool = False
    """It is the assertion status: absent, past, somebody else's."""
    help: str = ""
    key: str = ""
    """Of a boolean; those of a choice are its options'."""
    model: str = ""
    """An outside model that this attribute is tied to; deploying leaves it alone."""
    kept: tuple[str, ...] = field(default=(), compare=False)
    """As `Choice.kept`; those of a choice are its options'."""

    @property
    def values(self) -> tuple[bool | str, ...]:
        """The values that one key each can set; an entity holds one of them at a time. Empty for text."""
        if self.kind == "boolean":
            return (True, False)
        return tuple(option.value for option in self.options)

    def is_on(self, type: str) -> bool:
        """Say whether entities of a type take it."""
        return not self.on or type in self.on


@dataclass(frozen=True, slots=True)
class RelationType:
    """A type of link between two entities."""

    name: str
    ends: tuple[str, str] = ("", "")
    """Entity types of the ends; empty for any."""
    directed: bool = False
    id: str = ""
    key: str = ""


@dataclass(frozen=True, slots=True)
class Scheme:
    """All labels of a corpus."""

    entities: tuple[EntityType, ...] = ()
    labels: tuple[DocumentLabel, ...] = ()
    attributes: tuple[Attribute, ...] = ()
    relations: tuple[RelationType, ...] = ()
    guidelines: str = ""
    """Markdown for annotators."""
    template: str = ""
    """Configuration of another tool that the scheme was read from; what it says besides goes out again with it."""

    def __post_init__(self) -> None:
        for kind, names in (
            ("entity type", [e.name for e in self.entities]),
            ("document label", [label.name for label in self.labels]),
            ("attribute", [a.name for a in self.attributes]),
            ("relation type", [r.name for r in self.relations]),
        ):
            _check_names(kind, names)
        fields: list[DocumentLabel | Attribute] = [*self.labels, *self.attributes]
        for label in fields:
            if label.kind in ("choice", "choices") and not label.options:
                raise SchemeError(f"{label.name}: a {label.kind} label needs at least one option.")
            _check_names(f"option of {label.name}", [option.value for option in label.options])

    def entity(self, name: str) -> EntityType | None:
        """Return an entity type by name."""
        return next((e for e in self.entities if e.name == name), None)

    def label(self, name: str) -> DocumentLabel | None:
        """Return a document label by name."""
        return next((label for label in self.labels if label.name == name), None)

    def attribute(self, name: str) -> Attribute | None:
        """Return an attribute of entities by name."""
        return next((a for a in self.attributes if a.name == name), None)

    @property
    def tasks(self) -> list[str]:
        """What can be learned: entities first, then each document label and attribute that is not free text."""
        found = [ENTITIES] if self.entities else []
        found += [LABELS + label.name for label in self.labels if label.kind != "text"]
        return found + [ATTRIBUTES + attribute.name for attribute in self.attributes if attribute.kind != "text"]

    @property
    def faults(self) -> list[str]:
        """What is wrong about assertion status; a scheme with any of it is not put in force.

        The model of an assertion status must not be one that finds entities, and there is one such model at most.
        """
        ours = [a for a in self.attributes if a.assertion]
        entity_models = {e.model for e in self.entities if e.model}
        found = [
            f"{a.name}: marked as assertion status, but its model {a.model!r} is one that finds entities. "
            "An assertion status cannot be predicted by such a model; name a model of attributes, or none."
            for a in ours
            if a.model and (a.model in entity_models or _ENTITY_MODEL.match(a.model.lower()))
        ]
        if len(ours) > 1:
            found.append(
                f"{', '.join(a.name for a in ours)}: only one assertion status model may be used in a project. "
                "Keep `assertion` on one of them; the others are attributes like any."
            )
        return found

    def check_faults(self) -> None:
        """Raise SchemeError for a scheme that must not be put in force."""
        if self.faults:
            raise SchemeError(" ".join(self.faults))

    @property
    def is_single_choice(self) -> bool:
        """Say whether one key can answer a whole document: no entities, one boolean or choice label."""
        return not self.entities and len(self.labels) == 1 and self.labels[0].kind in ("boolean", "choice")

    def numbered(self) -> Scheme:
        """Return the scheme with an id for everything that has none, counting on from the highest."""
        ids = [thing.id for group in (self.entities, self.labels, self.attributes, self.relations) for thing in group]
        used = [int(id[2:]) for id in ids if id[2:].isdigit()]
        counter = itertools.count(max(used, default=0) + 1)
        return replace(
            self,
            entities=tuple(e if e.id else replace(e, id=f"e_{next(counter)}") for e in self.entities),
            labels=tuple(m if m.id else replace(m, id=f"m_{next(counter)}") for m in self.labels),
            attributes=tuple(f if f.id else replace(f, id=f"f_{next(counter)}") for f in self.attributes),
            relations=tuple(r if r.id else replace(r, id=f"r_{next(counter)}") for r in self.relations),
        )

    def with_entity(self, type: EntityType) -> Scheme:
        """Return the scheme with one entity type more; raises SchemeError when the name is taken."""
        return replace(self, entities=(*self.entities, type)).numbered()

    def with_label(self, label: DocumentLabel) -> Scheme:
        """Return the scheme with a document label added, or replaced where the name is known."""
        others = [m if m.name != label.name else label for m in self.labels]
        if self.label(label.name) is None:
            others.append(label)
        return replace(self, labels=tuple(others)).numbered()


Thing = TypeVar("Thing", EntityType, DocumentLabel, Attribute, RelationType)


def joined(held: Scheme, mine: Scheme, base: Scheme) -> Scheme:
    """Return a scheme with both what `held` has and what `mine` changed, where both were made from `base`.

    What both changed stays as held; of a label that both gave options it has all of them.
    """
    used = {thing.id for g in (held.entities, held.labels, held.attributes, held.relations) for thing in g}
    return replace(
        held,
        entities=_joined(held.entities, mine.entities, base.entities, used),
        labels=_joined(held.labels, mine.labels, base.labels, used),
        attributes=_joined(held.attributes, mine.attributes, base.attributes, used),
        relations=_joined(held.relations, mine.relations, base.relations, used),
        guidelines=held.guidelines if held.guidelines != base.guidelines else mine.guidelines,
        template=held.template if held.template != base.template else mine.template,
    ).numbered()


def _joined(
    held: tuple[Thing, ...], mine: tuple[Thing, ...], base: tuple[Thing, ...], used: set[str]
) -> tuple[Thing, ...]:
    before = {thing.name: thing for thing in base}
    changed = {thing.name: thing for thing in mine}
    both: list[Thing] = [_both(thing, changed.get(thing.name, thing), before.get(thing.name)) for thing in held]
    known = {thing.name for thing in held} | before.keys()
    for thing in mine:
        if thing.name not in known:
            both.append(thing if thing.id not in used else replace(thing, id=""))
    return tuple(both)


def _both(held: Thing, mine: Thing, base: Thing | None) -> Thing:
    if held == base:
        return mine
    if mine == base:
        return held
    if isinstance(held, DocumentLabel | Attribute) and isinstance(mine, DocumentLabel | Attribute) and held.options:
        known: set[str] = {option.value for option in held.options}
        return replace(held, options=(*held.options, *(o for o in mine.options if o.value not in known)))
    return held


def _check_names(kind: str, names: Iterable[str]) -> None:
    seen: set[str] = set()
    for name in names:
        if not name or name != name.strip():
            raise SchemeError(f"{kind} {name!r}: a name must not be empty, nor begin or end with blanks.")
        if name in seen:
            raise SchemeError(f"{kind} {name!r} stands twice. Give each a name of its own.")
        seen.add(name)

"""Annotations and suggestions: what holds for a document, and what is put before the annotator.

`who` and `prob` are anndoc's: `user:<name>` or `ml:<name>`, and 0..1.
Whatever an imported object carries that we do not understand stays in its
`extra`, and goes out again as it came.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal

from tui_annotate.domain.spans import Span, hull

LabelScalar = bool | int | float | str
LabelContent = LabelScalar | tuple[str, ...]
"""A document label's value: a tuple holds the chosen values of a multiple-choice label."""


@dataclass(frozen=True, slots=True)
class Entity:
    """One annotated entity of a version."""

    type: str
    """Name of its entity type in the scheme."""
    spans: tuple[Span, ...]
    """In reading order, all in one part; more than one when discontinuous, never none."""
    who: tuple[str, ...] = ()
    prob: float = 1.0
    number: int = 0
    """Identity within its version, given once and never again; 0 before it is stored."""
    attributes: Mapping[str, LabelScalar] = field(default_factory=dict)
    """Labels on the entity, by name (anndoc's `fields`)."""
    state: str = "pre-added"
    """anndoc's confidence state as it came; `pre-removed` is an open proposal to delete."""
    extra: Mapping[str, Any] = field(default_factory=dict)
    """Kept as it came: normalizations, coordinates, unknown keys."""

    @property
    def span(self) -> Span:
        """The hull: from the first character to the last."""
        return hull(self.spans)


@dataclass(frozen=True, slots=True)
class LabelValue:
    """The value of one document label of a version."""

    name: str
    value: LabelContent
    who: tuple[str, ...] = ()
    prob: float = 1.0
    state: str = "pre-added"
    extra: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Relation:
    """A link between two entities of a version, given by their numbers."""

    type: str
    ends: tuple[int, int]
    directed: bool = False
    who: tuple[str, ...] = ()
    prob: float = 1.0
    number: int = 0
    state: str = "pre-added"
    extra: Mapping[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Annotations:
    """What holds in one version. Mutable: `decisions.apply` works on it in place."""

    entities: dict[int, Entity] = field(default_factory=dict)
    """By number."""
    labels: dict[str, LabelValue] = field(default_factory=dict)
    """By name."""
    relations: dict[int, Relation] = field(default_factory=dict)
    """By number."""
    extra: dict[str, Any] = field(default_factory=dict)
    """The version's own unknown keys, and anndoc's `sources`."""


class Verdict(StrEnum):
    """What became of a suggestion in one version."""

    UNDECIDED = "undecided"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True, order=True)
class SuggestionKey:
    """The content of a suggestion. Verdicts hang on it, so a rejected one never comes back, whoever suggests it."""

    name: str
    """Entity type, document label, or attribute."""
    part: str = ""
    """Empty for a document label."""
    spans: tuple[tuple[int, int], ...] = ()
    """Offsets of the fragments; empty for a document label."""
    value: LabelContent | None = None
    """The suggested value of a document label or attribute; None for an entity."""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Something undecided that is put before the annotator: a prediction, a pattern's match, an imported annotation."""

    target: Literal["entity", "label", "attribute"]
    name: str
    """Entity type, document label, or attribute."""
    spans: tuple[Span, ...] = ()
    """Of an entity, or of the entity that the attribute is of; empty for a document label."""
    value: LabelContent | None = None
    """Of a document label or attribute; None for an entity."""
    prob: float = 1.0
    who: tuple[str, ...] = ()
    source: Literal["run", "import", "pattern", "api"] = "import"
    run: str = ""
    """Name of the run that predicted it, when `source` is `run`."""
    other: tuple[str, float] | None = None
    """The next best type or value, with its probability."""
    attributes: Mapping[str, LabelScalar] = field(default_factory=dict)
    state: str = "pre-added"
    extra: Mapping[str, Any] = field(default_factory=dict)
    id: int = 0
    """Row of the frozen suggestion; 0 before it is frozen."""

    @property
    def key(self) -> SuggestionKey:
        """The content that verdicts hang on."""
        part = self.spans[0].part if self.spans else ""
        return SuggestionKey(self.name, part, tuple((s.start, s.end) for s in self.spans), self.value)

    @property
    def span(self) -> Span:
        """The hull of what is in the text; raises IndexError for a document label."""
        return hull(self.spans)


def entity_key(entity: Entity) -> SuggestionKey:
    """Return the key that a suggestion of just this entity would have."""
    return SuggestionKey(entity.type, entity.spans[0].part, tuple((s.start, s.end) for s in entity.spans))


_LINKS = ("a>b", "a-b")


def relation_key(relation: Relation, first: Entity, second: Entity) -> SuggestionKey:
    """Return the key that verdicts on a relation hang on: its type, its direction, and where its ends stand."""
    places = [f"{one.spans[0].part}:{'+'.join(f'{s.start}-{s.end}' for s in one.spans)}" for one in (first, second)]
    return SuggestionKey(relation.type, value=(_LINKS[not relation.directed], *places))


def target_of(key: SuggestionKey) -> Literal["entity", "label", "attribute", "relation"]:
    """Return what a key is the content of."""
    if key.spans:
        return "entity" if key.value is None else "attribute"
    is_link = isinstance(key.value, tuple) and len(key.value) == 3 and key.value[0] in _LINKS
    return "relation" if is_link else "label"


Anchor = tuple[str, tuple[tuple[int, int], ...]]
"""Part and offsets of the fragments: what an entity and the suggestions of its attributes share."""


def anchor(spans: Sequence[Span]) -> Anchor:
    """Return where spans stand."""
    return spans[0].part, tuple((s.start, s.end) for s in spans)

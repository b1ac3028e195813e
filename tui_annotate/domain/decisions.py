"""Decisions: the immutable events of the log, and how they change a version.

A decision's kind says which verb it was; its `Changes` say what became of what, with the
content before and after. So applying, undoing and rebuilding are the same
three lines for every kind, and the log needs no row of any other table to
be understood.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, TypeVar

from tui_annotate.domain.annotations import (
    Annotations,
    Entity,
    LabelValue,
    Relation,
    SuggestionKey,
    Verdict,
)

K = TypeVar("K")
V = TypeVar("V")


class Kind(StrEnum):
    """The verb of a decision."""

    IMPORT = "import"
    ACCEPT = "accept"
    REJECT = "reject"
    CHANGE = "change"
    ADD = "add"
    REMOVE = "remove"
    SET_LABEL = "set_label"
    SET_ATTRIBUTE = "set_attribute"
    RELATE = "relate"
    CONFIRM = "confirm"
    REOPEN = "reopen"
    SKIP = "skip"
    REVIEW = "review"
    COMMENT = "comment"
    TAG = "tag"
    SCHEME = "scheme"
    MERGE = "merge"
    UNDO = "undo"
    REDO = "redo"
    DELETE = "delete"
    """Documents went, with all decisions on them; the details say which."""


class VersionState(StrEnum):
    """How far one annotator's version is."""

    IN_PROGRESS = "in_progress"
    CONFIRMED = "confirmed"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class EntityChange:
    """An entity that came (`before` is None), went (`after` is None) or became another; the number stays."""

    before: Entity | None
    after: Entity | None


@dataclass(frozen=True, slots=True)
class LabelChange:
    """A document label that was set, unset or given another value."""

    before: LabelValue | None
    after: LabelValue | None


@dataclass(frozen=True, slots=True)
class RelationChange:
    """A relation that came, went or became another; the number stays."""

    before: Relation | None
    after: Relation | None


@dataclass(frozen=True, slots=True)
class VerdictChange:
    """A suggestion that was decided, or is undecided again."""

    key: SuggestionKey
    before: Verdict
    after: Verdict
    implied: bool = False
    """Accepted by confirming the document, not by a key of its own."""


@dataclass(frozen=True, slots=True)
class Changes:
    """All that one decision does to one version."""

    entities: tuple[EntityChange, ...] = ()
    labels: tuple[LabelChange, ...] = ()
    relations: tuple[RelationChange, ...] = ()
    verdicts: tuple[VerdictChange, ...] = ()
    state: tuple[VersionState | None, VersionState | None] | None = None
    """(before, after) of the version's state, None when it stays; a None inside is a version that does not exist."""

    def inverted(self) -> Changes:
        """Return the changes that take these back."""
        return Changes(
            tuple(EntityChange(c.after, c.before) for c in reversed(self.entities)),
            tuple(LabelChange(c.after, c.before) for c in reversed(self.labels)),
            tuple(RelationChange(c.after, c.before) for c in reversed(self.relations)),
            tuple(replace(c, before=c.after, after=c.before) for c in reversed(self.verdicts)),
            None if self.state is None else (self.state[1], self.state[0]),
        )

    def __bool__(self) -> bool:
        return bool(self.entities or self.labels or self.relations or self.verdicts or self.state)


@dataclass(frozen=True, slots=True)
class Decision:
    """One event of the log, as it is about to be written."""

    kind: Kind
    document: int
    """Row id of the document."""
    annotator: str
    """Bare name; `master` for what came with an import."""
    changes: Changes = field(default_factory=Changes)
    details: Mapping[str, Any] = field(default_factory=dict)
    """What the kind needs besides: `of` for undo and redo, the tag, the reason of a skip, the focus (`place`)."""
    milliseconds: int = 0
    """Time it took the annotator, from the moment the suggestion or document was shown."""
    keys: int = 0
    """Keys pressed for it."""


def owner_of(decision: Decision) -> str:
    """Return whose version a decision changes: its annotator's, or for a change of labels anybody's."""
    owner: str = decision.details.get("in", decision.annotator)
    return owner


@dataclass(frozen=True, slots=True)
class LoggedDecision:
    """One event of the log, as it was written."""

    sequence: int
    at: str
    """UTC, ISO 8601 with milliseconds and `Z`."""
    step: int
    """Sequence of the first decision of the same act; bulk acts are undone as one."""
    decision: Decision


def apply(annotations: Annotations, verdicts: dict[SuggestionKey, Verdict], changes: Changes) -> None:
    """Work `changes` into a version's annotations and verdicts, in place.

    Raises:
        ValueError: What a change says was there before is not there.
    """
    for entity_change in changes.entities:
        _swap(annotations.entities, _number(entity_change), entity_change.before, entity_change.after)
    for label_change in changes.labels:
        label = label_change.before or label_change.after
        assert label is not None
        _swap(annotations.labels, label.name, label_change.before, label_change.after)
    for relation_change in changes.relations:
        _swap(annotations.relations, _number(relation_change), relation_change.before, relation_change.after)
    for verdict in changes.verdicts:
        if verdicts.get(verdict.key, Verdict.UNDECIDED) != verdict.before:
            raise ValueError(f"expected the verdict {verdict.before} on {verdict.key}")
        if verdict.after is Verdict.UNDECIDED:
            verdicts.pop(verdict.key, None)
        else:
            verdicts[verdict.key] = verdict.after


def _number(change: EntityChange | RelationChange) -> int:
    thing = change.before or change.after
    assert thing is not None
    return thing.number


def _swap(held: dict[K, V], key: K, before: V | None, after: V | None) -> None:
    if held.get(key) != before:
        raise ValueError(f"expected {before!r} at {key!r}, found {held.get(key)!r}")
    if after is None:
        held.pop(key, None)
    else:
        held[key] = after


def confirmations(kind: Kind, state: tuple[VersionState | None, VersionState | None] | None) -> int:
    """Return by how much a decision changes the number of confirmed documents."""
    if kind is Kind.CONFIRM:
        return 1
    return -1 if kind is Kind.REOPEN and state is not None and state[0] is VersionState.CONFIRMED else 0

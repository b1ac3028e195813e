"""Reworking: what a change of labels makes of one version, as the changes of an ordinary decision.

Pure: so that it is logged, undone and rebuilt as every decision is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from tui_annotate.domain.annotations import (
    Annotations,
    Entity,
    LabelContent,
    LabelScalar,
    LabelValue,
    Relation,
    Suggestion,
    SuggestionKey,
    Verdict,
    target_of,
)
from tui_annotate.domain.decisions import (
    Changes,
    EntityChange,
    LabelChange,
    RelationChange,
    VerdictChange,
    VersionState,
)
from tui_annotate.domain.documents import Document
from tui_annotate.domain.joining import content, everyone, join, joined, named_anew
from tui_annotate.domain.placing import Site
from tui_annotate.domain.renaming import Renaming, holds, swapped
from tui_annotate.domain.spans import Span

_RANK = {Verdict.UNDECIDED: 0, Verdict.REJECTED: 1, Verdict.CHANGED: 2, Verdict.ACCEPTED: 3}
"""Which verdict stays where suggestions become one."""
_EVEN = 0.5
"""Probability of what is suggested anew."""


@dataclass(slots=True)
class Worked:
    """What a change of the scheme does to one version."""

    changes: Changes
    again: list[Suggestion] = field(default_factory=list)
    """Taken out, to be decided anew."""
    counts: Counter[str] = field(default_factory=Counter)
    """What was met: `entities`, `labels`, `attributes`, `relations` that change; `removed`, `joined`, `clashes`,
    `relations gone`, `again`, `rejections`; and `as NAME` of a split."""
    lost: list[tuple[str, tuple[Span, ...]]] = field(default_factory=list)
    """What goes for good, for the report: its name, and where it stood."""


def rework(
    renaming: Renaming,
    annotations: Annotations,
    verdicts: Mapping[SuggestionKey, Verdict],
    document: Document | None,
    *,
    id: int = 0,
    state: VersionState | None = VersionState.IN_PROGRESS,
) -> Worked:
    """Return what becomes of a version; its changes are empty where it holds nothing of what changes.

    Args:
        document: None where no rule of a split looks at the text.
    """
    return _Reworking(renaming, annotations, document, id).work(verdicts, state)


def rework_relation(renaming: Renaming, relation: Relation, present: frozenset[int]) -> Relation | None:
    """Return what a relation that was imported for review becomes, given which entities are still suggested."""
    if not set(relation.ends) <= present:
        return None
    return _Reworking(renaming, Annotations(), None, 0).relation(relation, {}, frozenset())


class _Reworking:
    """One version while it is worked on."""

    def __init__(self, renaming: Renaming, held: Annotations, document: Document | None, id: int) -> None:
        self._renaming = renaming
        self._change = renaming.change
        self._held = held
        self._document = document
        self._id = id
        self.worked = Worked(Changes())

    def work(self, verdicts: Mapping[SuggestionKey, Verdict], state: VersionState | None) -> Worked:
        """Return all that becomes of the version."""
        kind, worked = self._change.kind, self.worked
        entities: tuple[EntityChange, ...] = ()
        labels: tuple[LabelChange, ...] = ()
        relations: tuple[RelationChange, ...] = ()
        if kind == "entity":
            entities, relations = self._entities()
        elif kind == "attribute":
            entities = tuple(self._attributes())
        elif kind == "label":
            labels = tuple(self._options() if self._change.of else self._labels())
        else:
            relations = self._relations({}, frozenset())
        decided = tuple(self._verdicts(verdicts))
        reopened = (state, VersionState.IN_PROGRESS) if worked.again and state is VersionState.CONFIRMED else None
        worked.counts["reopened"] += reopened is not None
        worked.changes = Changes(entities, labels, relations, decided, reopened)
        return worked

    def _site(self, spans: Sequence[Span] = (), attributes: Mapping[str, LabelScalar] | None = None) -> Site:
        return Site(self._document, self._id, spans, attributes or {})

    def _entities(self) -> tuple[tuple[EntityChange, ...], tuple[RelationChange, ...]]:
        after: dict[int, Entity | None] = {}
        for number, entity in self._held.entities.items():
            if entity.type in self._renaming.old:
                after[number] = self._entity(entity, self._site(entity.spans, entity.attributes))
            elif self._renaming.attributes_gone & entity.attributes.keys():
                kept = {n: v for n, v in entity.attributes.items() if n not in self._renaming.attributes_gone}
                self.worked.counts["attributes"] += len(entity.attributes) - len(kept)
                after[number] = replace(entity, attributes=kept)
        after = {number: one for number, one in after.items() if one != self._held.entities[number]}
        into = join(self._held.entities, after, self.worked.counts)
        gone = frozenset(number for number, one in after.items() if one is None) - into.keys()
        changes = tuple(EntityChange(self._held.entities[number], one) for number, one in after.items())
        if not into and not gone and not self._renaming.relations_gone:
            return changes, ()
        return changes, self._relations(into, gone)

    def _entity(self, entity: Entity, site: Site) -> Entity | None:
        name = self._renaming.name(entity.type, site)
        if name is None and self._change.review:
            self.worked.again.append(self._again("entity", entity.spans, None, entity))
            self.worked.counts["again"] += 1
            return None
        if name is None:
            self.worked.counts["removed"] += 1
            self.worked.lost.append((entity.type, entity.spans))
            return None
        if self._change.verb == "split":
            self.worked.counts[f"as {name}"] += 1
        kept = {n: v for n, v in entity.attributes.items() if n not in self._renaming.attributes_gone}
        if name != entity.type:
            self.worked.counts["entities"] += 1
        return replace(entity, type=name, attributes=kept)

    def _again(
        self, target: str, spans: Sequence[Span], value: LabelContent | None, held: Entity | LabelValue | None
    ) -> Suggestion:
        """Return the suggestion that something was taken out for; the second new name is next best."""
        others = [name for name in self._change.new if name not in (*self._renaming.old, self._renaming.first)]
        other = (others[0], _EVEN / 2) if others else None
        attributes = {
            n: v
            for n, v in (held.attributes.items() if isinstance(held, Entity) else ())
            if n not in self._renaming.attributes_gone
        }
        who, extra = (held.who, held.extra) if held is not None else ((), {})
        if target == "entity":
            return Suggestion(
                "entity",
                self._renaming.first,
                tuple(spans),
                None,
                _EVEN,
                who,
                "api",
                other=other,
                attributes=attributes,
                extra=extra,
            )
        if target == "label":
            return Suggestion("label", self._change.of, (), value, _EVEN, who, "api", other=other, extra=extra)
        return Suggestion("attribute", self._change.of, tuple(spans), value, _EVEN, who, "api", other=other)

    def _relations(self, into: Mapping[int, int], gone: frozenset[int]) -> tuple[RelationChange, ...]:
        """Return what becomes of relations where entities went or became one, or their own types change."""
        kept: dict[tuple[str, tuple[int, ...], bool], Relation] = {}
        changes: list[RelationChange] = []
        fresh: list[tuple[Relation, Relation]] = []
        for relation in self._held.relations.values():
            after = self.relation(relation, into, gone)
            if after is None:
                changes.append(RelationChange(relation, None))
            elif after == relation:
                kept.setdefault(content(relation), relation)
            else:
                fresh.append((relation, after))
        for relation, after in fresh:
            twin = kept.setdefault(content(after), after)
            self.worked.counts["joined"] += twin is not after
            changes.append(RelationChange(relation, after if twin is after else None))
        return tuple(changes)

    def relation(self, relation: Relation, into: Mapping[int, int], gone: frozenset[int]) -> Relation | None:
        """Return what becomes of a relation, given the entities that are others now, or gone."""
        ends = (into.get(relation.ends[0], relation.ends[0]), into.get(relation.ends[1], relation.ends[1]))
        looped = ends[0] == ends[1] and relation.ends[0] != relation.ends[1]
        if gone & set(relation.ends) or looped or relation.type in self._renaming.relations_gone:
            self.worked.counts["relations gone"] += 1
            return None
        if self._change.kind != "relation" or relation.type not in self._renaming.old:
            return replace(relation, ends=ends)
        first = self._held.entities.get(relation.ends[0])
        # Rules look at the first end, since a relation itself covers no text.
        name = self._renaming.name(relation.type, self._site(first.spans if first is not None else ()))
        if name is None:
            self.worked.counts["removed"] += 1
            self.worked.lost.append((relation.type, first.spans if first is not None else ()))
            return None
        self.worked.counts["relations"] += name != relation.type
        return replace(relation, type=name, ends=ends)

    def _labels(self) -> Iterable[LabelChange]:
        """Yield what becomes of document labels that get another name, or become one, or go."""
        mine = [self._held.labels[name] for name in self._change.old if name in self._held.labels]
        if self._change.verb == "delete":
            self.worked.counts["removed"] += len(mine)
            self.worked.lost += [(f"{label.name}={_said(label.value)}", ()) for label in mine]
            yield from (LabelChange(label, None) for label in mine)
            return
        (into,) = self._change.new
        there = self._held.labels.get(into)
        mine = [label for label in mine if label.name != into]
        if not mine:
            return
        every = [*([there] if there is not None else []), *mine]
        self.worked.counts["labels"] += len(mine)
        self.worked.counts["joined"] += len(every) - 1
        value, clash = joined([label.value for label in every])
        self.worked.counts["clashes"] += clash
        yield from (LabelChange(label, None) for label in mine)
        after = replace(every[0], name=into, value=value, who=everyone(label.who for label in every))
        if after != there:
            yield LabelChange(there, after)

    def _options(self) -> Iterable[LabelChange]:
        """Yield what becomes of the value of a document label."""
        label = self._held.labels.get(self._change.of)
        if label is None or not holds(label.value, self._renaming.old):
            return
        after = self._renaming.value(label.value, self._site())
        if after == label.value:
            self._note(after)
            return
        if after is None and self._change.review:
            self.worked.again.append(self._again("label", (), self._renaming.anew(label.value), label))
            self.worked.counts["again"] += 1
        elif after is None:
            self.worked.counts["removed"] += 1
            self.worked.lost.append((f"{label.name}={_said(label.value)}", ()))
        else:
            self.worked.counts["labels"] += 1
            if isinstance(label.value, tuple) and isinstance(after, tuple):
                self.worked.counts["joined"] += len(label.value) - len(after)
            self._note(after)
        yield LabelChange(label, None if after is None else replace(label, value=after))

    def _note(self, value: LabelContent | None) -> None:
        if self._change.verb == "split":
            for one in value if isinstance(value, tuple) else (value,):
                if one in (*self._change.new, *self._change.old):
                    self.worked.counts[f"as {one}"] += 1

    def _attributes(self) -> Iterable[EntityChange]:
        """Yield what becomes of entities that hold an attribute, or a value of it, that changes."""
        of = self._change.of
        for entity in self._held.entities.values():
            values = dict(entity.attributes)
            if of:
                self._attribute_option(entity, values, self._site(entity.spans, entity.attributes))
            else:
                named_anew(values, self._change, self.worked.counts)
            if values != entity.attributes:
                yield EntityChange(entity, replace(entity, attributes=values))

    def _attribute_option(self, entity: Entity, values: dict[str, LabelScalar], site: Site) -> None:
        of = self._change.of
        value = values.get(of)
        if value not in self._renaming.old:
            return
        after = self._renaming.value(value, site)
        if after is None:
            del values[of]
            if self._change.review:
                self.worked.again.append(self._again("attribute", entity.spans, self._renaming.first, None))
            self.worked.counts["again" if self._change.review else "removed"] += 1
            if not self._change.review:
                self.worked.lost.append((f"{of}={value}", entity.spans))
            return
        assert not isinstance(after, tuple)
        values[of] = after
        self.worked.counts["attributes"] += after != value
        self._note(after)

    # What was decided

    def _verdicts(
        self,
        verdicts: Mapping[SuggestionKey, Verdict],
    ) -> Iterable[VerdictChange]:
        after: dict[SuggestionKey, Verdict] = {}
        left: list[SuggestionKey] = []
        for key, verdict in verdicts.items():
            if not self._is_meant(key):
                continue
            self.worked.counts["rejections"] += verdict is Verdict.REJECTED
            left.append(key)
            for now, decided in self._keys(key, verdict):
                after[now] = max(after.get(now, Verdict.UNDECIDED), decided, key=_RANK.__getitem__)
        for key in left:
            if key not in after:
                yield VerdictChange(key, verdicts[key], Verdict.UNDECIDED)
        for key, verdict in after.items():
            before = verdicts.get(key, Verdict.UNDECIDED)
            verdict = verdict if key in left else max(before, verdict, key=_RANK.__getitem__)
            if verdict is not before:
                yield VerdictChange(key, before, verdict)

    def _is_meant(self, key: SuggestionKey) -> bool:
        kind, of = self._change.kind, self._change.of
        found = target_of(key)
        if found == "attribute" and key.name in self._renaming.attributes_gone:
            return True
        if found != kind:
            return False
        return key.name == of and holds(key.value, self._renaming.old) if of else key.name in self._renaming.old

    def _keys(self, key: SuggestionKey, verdict: Verdict) -> Iterable[tuple[SuggestionKey, Verdict]]:
        """Yield what a decided suggestion is called then, with what became of it.

        What was no OLD is none of those that OLD is split into; what was one is what its annotation became.
        """
        if key.name in self._renaming.attributes_gone and key.value is not None:
            return
        spans = tuple(Span(key.part, start, end) for start, end in key.spans)
        if self._change.verb == "split" and verdict in (Verdict.REJECTED, Verdict.CHANGED):
            stays = [name for name in self._change.old if name not in self._renaming.gone]
            for name in dict.fromkeys((*stays, *self._change.new)):
                yield self._called(key, name), verdict
            return
        if self._change.of and isinstance(key.value, tuple):
            value = self._renaming.value(key.value, self._site())
            if value is not None:
                yield replace(key, value=value), verdict
            return
        old = str(key.value) if self._change.of else key.name
        placed = self._renaming.name(old, self._site(spans, self._standing(spans)))
        if placed is None:
            return
        yield self._called(key, placed), verdict
        suggested = self._renaming.name(old, self._site(spans)) or self._renaming.first
        if self._change.verb == "split" and suggested != placed:
            # The suggestion itself, of which no attributes are known, is called otherwise.
            yield self._called(key, suggested), Verdict.CHANGED

    def _called(self, key: SuggestionKey, name: str) -> SuggestionKey:
        if self._change.of:
            return replace(key, value=swapped(key.value, self._renaming.old, name))
        return replace(key, name=name)

    def _standing(self, spans: Sequence[Span]) -> Mapping[str, LabelScalar]:
        """Return the attributes of what was accepted in a place."""
        if self._change.verb != "split" or not spans:
            return {}
        types = None if self._change.of else self._renaming.old
        for entity in self._held.entities.values():
            if entity.spans == spans and (types is None or entity.type in types):
                return entity.attributes
        return {}


def _said(value: LabelContent) -> str:
    """Return the value of a document label in words."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ", ".join(value) if isinstance(value, tuple) else str(value)

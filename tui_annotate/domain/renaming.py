"""Renaming: what a change of the scheme makes of annotations, of what was decided on suggestions, and of suggestions.

Pure: it says what would change, as the changes of ordinary decisions, so that it is logged, undone and
rebuilt as they are.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import regex

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
from tui_annotate.domain.scheme_changes import Rule, SchemeChange
from tui_annotate.domain.spans import Span, hull
from tui_annotate.errors import DataError

NEAR = 60
"""Characters to either side that a rule about the surroundings looks at."""
_SECONDS = 0.5
"""A regular expression may take for one annotation."""
_RANK = {Verdict.UNDECIDED: 0, Verdict.REJECTED: 1, Verdict.CHANGED: 2, Verdict.ACCEPTED: 3}
"""Which verdict stays where suggestions become one."""
_EVEN = 0.5
"""Probability of what is suggested anew."""


@dataclass(frozen=True, slots=True)
class Site:
    """Where something stands, for the rules of a split."""

    document: Document | None = None
    """None where the text is not known, as of predictions: rules that ask for it do not fit."""
    id: int = 0
    spans: Sequence[Span] = ()
    """Empty for a document label: all of the text is meant."""
    attributes: Mapping[str, LabelScalar] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """The annotated text, fragments with a blank between them."""
        assert self.document is not None
        if not self.spans:
            return self.document.text
        return " ".join(self.document.slice(span) for span in self.spans)

    @property
    def surroundings(self) -> str:
        """The annotated text with what stands around it in its part."""
        assert self.document is not None
        if not self.spans:
            return self.document.text
        span = hull(self.spans)
        return self.document.part(span.part).text[max(0, span.start - NEAR) : span.end + NEAR]


NOWHERE = Site()


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


class Renaming:
    """One change of the scheme, ready to be worked into documents."""

    def __init__(self, change: SchemeChange) -> None:
        """Compile the rules; raises DataError for a regular expression that is none."""
        self.change = change
        self._old = frozenset(change.old)
        self._gone = frozenset(change.gone)
        self._rules = [(rule, _compiled(rule)) for rule in change.rules]
        self._attributes_gone = frozenset(one.name for one in change.also if one.kind == "attribute")
        self._relations_gone = frozenset(one.name for one in change.also if one.kind == "relation")

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Every name that what is changed holds one of."""
        changed = (name for name in self.change.old if (name,) != self.change.new)
        return (*changed, *sorted(self._attributes_gone), *sorted(self._relations_gone))

    # Names

    def name(self, name: str, site: Site = NOWHERE) -> str | None:
        """Return what a name becomes; None where it goes, or is to be decided anew."""
        change = self.change
        if name not in self._old:
            return name
        if change.verb == "delete":
            return None
        if change.verb != "split":
            return change.new[0]
        for rule, expression in self._rules:
            if _fits(rule, expression, site):
                return rule.name
        return change.rest or None

    @property
    def _first(self) -> str:
        """What something is suggested as that nobody has decided on: the first new name."""
        return next((name for name in self.change.new if name not in self._old), self.change.new[0])

    def _value(self, value: LabelContent | None, site: Site) -> LabelContent | None:
        """Return what a value becomes; None where nothing is left of it."""
        if isinstance(value, tuple):
            found = (self.name(one, site) for one in value)
            return tuple(dict.fromkeys(one for one in found if one is not None)) or None
        return self.name(value, site) if isinstance(value, str) else value

    # Versions

    def version(
        self,
        annotations: Annotations,
        verdicts: Mapping[SuggestionKey, Verdict],
        document: Document | None,
        *,
        id: int = 0,
        state: VersionState | None = VersionState.IN_PROGRESS,
    ) -> Worked:
        """Return what becomes of a version; its changes are empty where it holds nothing of what changes."""
        worked = Worked(Changes())
        kind, of = self.change.kind, self.change.of
        entities: tuple[EntityChange, ...] = ()
        labels: tuple[LabelChange, ...] = ()
        relations: tuple[RelationChange, ...] = ()
        if kind == "entity":
            entities, relations = self._entities(annotations, document, id, worked)
        elif kind == "attribute":
            entities = tuple(self._attributes(annotations, document, id, worked))
        elif kind == "label":
            site = Site(document, id)
            labels = tuple(self._options(annotations, site, worked) if of else self._labels(annotations, worked))
        else:
            relations = self._relations(annotations, {}, frozenset(), worked)
        decided = tuple(self._verdicts(verdicts, document, id, worked))
        reopened = (state, VersionState.IN_PROGRESS) if worked.again and state is VersionState.CONFIRMED else None
        worked.counts["reopened"] += reopened is not None
        worked.changes = Changes(entities, labels, relations, decided, reopened)
        return worked

    def _entities(
        self, held: Annotations, document: Document | None, id: int, worked: Worked
    ) -> tuple[tuple[EntityChange, ...], tuple[RelationChange, ...]]:
        after: dict[int, Entity | None] = {}
        for number, entity in held.entities.items():
            if entity.type in self._old:
                after[number] = self._entity(entity, Site(document, id, entity.spans, entity.attributes), worked)
            elif self._attributes_gone & entity.attributes.keys():
                kept = {n: v for n, v in entity.attributes.items() if n not in self._attributes_gone}
                worked.counts["attributes"] += len(entity.attributes) - len(kept)
                after[number] = replace(entity, attributes=kept)
        after = {number: one for number, one in after.items() if one != held.entities[number]}
        into = _join(held.entities, after, worked)
        gone = frozenset(number for number, one in after.items() if one is None) - into.keys()
        changes = tuple(EntityChange(held.entities[number], one) for number, one in after.items())
        if not into and not gone and not self._relations_gone:
            return changes, ()
        return changes, self._relations(held, into, gone, worked)

    def _entity(self, entity: Entity, site: Site, worked: Worked) -> Entity | None:
        name = self.name(entity.type, site)
        if name is None and self.change.review:
            worked.again.append(self._again("entity", entity.spans, None, entity))
            worked.counts["again"] += 1
            return None
        if name is None:
            worked.counts["removed"] += 1
            worked.lost.append((entity.type, entity.spans))
            return None
        if self.change.verb == "split":
            worked.counts[f"as {name}"] += 1
        kept = {n: v for n, v in entity.attributes.items() if n not in self._attributes_gone}
        if name != entity.type:
            worked.counts["entities"] += 1
        return replace(entity, type=name, attributes=kept)

    def _again(
        self, target: str, spans: Sequence[Span], value: LabelContent | None, held: Entity | LabelValue | None
    ) -> Suggestion:
        """Return the suggestion that something was taken out for; the second new name is next best."""
        others = [name for name in self.change.new if name not in (*self._old, self._first)]
        other = (others[0], _EVEN / 2) if others else None
        attributes = {
            n: v
            for n, v in (held.attributes.items() if isinstance(held, Entity) else ())
            if n not in self._attributes_gone
        }
        who, extra = (held.who, held.extra) if held is not None else ((), {})
        if target == "entity":
            return Suggestion(
                "entity",
                self._first,
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
            return Suggestion("label", self.change.of, (), value, _EVEN, who, "api", other=other, extra=extra)
        return Suggestion("attribute", self.change.of, tuple(spans), value, _EVEN, who, "api", other=other)

    def _relations(
        self, held: Annotations, into: Mapping[int, int], gone: frozenset[int], worked: Worked
    ) -> tuple[RelationChange, ...]:
        """Return what becomes of relations where entities went or became one, or their own types change."""
        kept: dict[tuple[str, tuple[int, ...], bool], Relation] = {}
        changes: list[RelationChange] = []
        fresh: list[tuple[Relation, Relation]] = []
        for relation in held.relations.values():
            after = self._relation(relation, into, gone, held, worked)
            if after is None:
                changes.append(RelationChange(relation, None))
            elif after == relation:
                kept.setdefault(_content(relation), relation)
            else:
                fresh.append((relation, after))
        for relation, after in fresh:
            twin = kept.setdefault(_content(after), after)
            worked.counts["joined"] += twin is not after
            changes.append(RelationChange(relation, after if twin is after else None))
        return tuple(changes)

    def _relation(
        self, relation: Relation, into: Mapping[int, int], gone: frozenset[int], held: Annotations, worked: Worked
    ) -> Relation | None:
        ends = (into.get(relation.ends[0], relation.ends[0]), into.get(relation.ends[1], relation.ends[1]))
        looped = ends[0] == ends[1] and relation.ends[0] != relation.ends[1]
        if gone & set(relation.ends) or looped or relation.type in self._relations_gone:
            worked.counts["relations gone"] += 1
            return None
        if self.change.kind != "relation" or relation.type not in self._old:
            return replace(relation, ends=ends)
        first = held.entities.get(relation.ends[0])
        site = Site(None, 0, first.spans if first is not None else (), {})
        name = self.name(relation.type, site)
        if name is None:
            worked.counts["removed"] += 1
            worked.lost.append((relation.type, first.spans if first is not None else ()))
            return None
        worked.counts["relations"] += name != relation.type
        return replace(relation, type=name, ends=ends)

    def _labels(self, held: Annotations, worked: Worked) -> Iterable[LabelChange]:
        """Yield what becomes of document labels that get another name, or become one, or go."""
        mine = [held.labels[name] for name in self.change.old if name in held.labels]
        if self.change.verb == "delete":
            worked.counts["removed"] += len(mine)
            worked.lost += [(label.name, ()) for label in mine]
            yield from (LabelChange(label, None) for label in mine)
            return
        (into,) = self.change.new
        there = held.labels.get(into)
        mine = [label for label in mine if label.name != into]
        if not mine:
            return
        every = [*([there] if there is not None else []), *mine]
        worked.counts["labels"] += len(mine)
        worked.counts["joined"] += len(every) - 1
        value, clash = _joined([label.value for label in every])
        worked.counts["clashes"] += clash
        yield from (LabelChange(label, None) for label in mine)
        after = replace(every[0], name=into, value=value, who=_everyone(label.who for label in every))
        if after != there:
            yield LabelChange(there, after)

    def _options(self, held: Annotations, site: Site, worked: Worked) -> Iterable[LabelChange]:
        """Yield what becomes of the value of a document label."""
        label = held.labels.get(self.change.of)
        if label is None or not _holds(label.value, self._old):
            return
        after = self._value(label.value, site)
        if after == label.value:
            self._note(after, worked)
            return
        if after is None and self.change.review:
            worked.again.append(self._again("label", (), self._anew(label.value), label))
            worked.counts["again"] += 1
        elif after is None:
            worked.counts["removed"] += 1
            worked.lost.append((f"{label.name}={_said(label.value)}", ()))
        else:
            worked.counts["labels"] += 1
            worked.counts["joined"] += isinstance(label.value, tuple) and len(after) < len(label.value)  # type: ignore[arg-type]
            self._note(after, worked)
        yield LabelChange(label, None if after is None else replace(label, value=after))

    def _anew(self, value: LabelContent | None) -> LabelContent | None:
        """Return a value with the first new name for what is to be decided."""
        if isinstance(value, tuple):
            return tuple(dict.fromkeys(self._first if one in self._old else one for one in value))
        return self._first if value in self._old else value

    def _note(self, value: LabelContent | None, worked: Worked) -> None:
        if self.change.verb == "split":
            for one in value if isinstance(value, tuple) else (value,):
                if one in (*self.change.new, *self.change.old):
                    worked.counts[f"as {one}"] += 1

    def _attributes(
        self, held: Annotations, document: Document | None, id: int, worked: Worked
    ) -> Iterable[EntityChange]:
        """Yield what becomes of entities that hold an attribute, or a value of it, that changes."""
        of = self.change.of
        for entity in held.entities.values():
            values = dict(entity.attributes)
            if of:
                self._attribute_option(entity, values, Site(document, id, entity.spans, entity.attributes), worked)
            else:
                _named_anew(values, self.change, worked)
            if values != entity.attributes:
                yield EntityChange(entity, replace(entity, attributes=values))

    def _attribute_option(self, entity: Entity, values: dict[str, LabelScalar], site: Site, worked: Worked) -> None:
        of = self.change.of
        value = values.get(of)
        if value not in self._old:
            return
        after = self._value(value, site)
        if after is None:
            del values[of]
            if self.change.review:
                worked.again.append(self._again("attribute", entity.spans, self._first, None))
            worked.counts["again" if self.change.review else "removed"] += 1
            if not self.change.review:
                worked.lost.append((f"{of}={value}", entity.spans))
            return
        assert not isinstance(after, tuple)
        values[of] = after
        worked.counts["attributes"] += after != value
        self._note(after, worked)

    # What was decided

    def _verdicts(
        self, verdicts: Mapping[SuggestionKey, Verdict], document: Document | None, id: int, worked: Worked
    ) -> Iterable[VerdictChange]:
        after: dict[SuggestionKey, Verdict] = {}
        left: list[SuggestionKey] = []
        for key, verdict in verdicts.items():
            if not self._is_meant(key):
                continue
            worked.counts["rejections"] += verdict is Verdict.REJECTED
            left.append(key)
            for now in self._keys(key, verdict, document, id):
                after[now] = max(after.get(now, Verdict.UNDECIDED), verdict, key=_RANK.__getitem__)
        for key in left:
            if key not in after:
                yield VerdictChange(key, verdicts[key], Verdict.UNDECIDED)
        for key, verdict in after.items():
            before = verdicts.get(key, Verdict.UNDECIDED)
            verdict = verdict if key in left else max(before, verdict, key=_RANK.__getitem__)
            if verdict is not before:
                yield VerdictChange(key, before, verdict)

    def _is_meant(self, key: SuggestionKey) -> bool:
        kind, of = self.change.kind, self.change.of
        found = "label" if not key.spans else "entity" if key.value is None else "attribute"
        if found == "attribute" and key.name in self._attributes_gone:
            return True
        if found != kind:
            return False
        return key.name == of and _holds(key.value, self._old) if of else key.name in self._old

    def _keys(
        self, key: SuggestionKey, verdict: Verdict, document: Document | None, id: int
    ) -> Iterable[SuggestionKey]:
        """Yield what a decided suggestion is called then; what is no OLD is none of those that it is split into."""
        if key.name in self._attributes_gone and key.value is not None:
            return
        spans = tuple(Span(key.part, start, end) for start, end in key.spans)
        site = Site(document, id, spans)
        of = self.change.of
        if self.change.verb == "split" and verdict in (Verdict.REJECTED, Verdict.CHANGED):
            stays = [name for name in self.change.old if name not in self._gone]
            for name in dict.fromkeys((*stays, *self.change.new)):
                value = _swapped(key.value, self._old, name)
                yield replace(key, value=value) if of else replace(key, name=name)
            return
        if of:
            value = self._value(key.value, site)
            yield from () if value is None else (replace(key, value=value),)
        else:
            name_now = self.name(key.name, site)
            yield from () if name_now is None else (replace(key, name=name_now),)

    # Suggestions

    def suggestion(self, suggestion: Suggestion, document: Document | None = None, *, id: int = 0) -> Suggestion | None:
        """Return what a suggestion becomes; None where it goes with what it suggests."""
        kind, of = self.change.kind, self.change.of
        suggestion = self._carried(suggestion)
        if suggestion.target == "attribute" and suggestion.name in self._attributes_gone:
            return None
        site = Site(document, id, suggestion.spans, suggestion.attributes)
        if of:
            if suggestion.target != kind or suggestion.name != of or not _holds(suggestion.value, self._old):
                return self._next_best(suggestion, site)
            value = self._value(suggestion.value, site)
            if value is None and self.change.verb == "split":
                value = self._anew(suggestion.value)
            return None if value is None else self._next_best(replace(suggestion, value=value), site)
        if suggestion.target != kind:
            return suggestion
        if suggestion.name not in self._old:
            return self._next_best(suggestion, site)
        name = self.name(suggestion.name, site)
        if name is None and self.change.verb == "split":
            name = self._first
        return None if name is None else self._next_best(replace(suggestion, name=name), site)

    def _carried(self, suggestion: Suggestion) -> Suggestion:
        """Return a suggestion whose attributes are named as they are then."""
        if self.change.kind == "attribute" and suggestion.attributes:
            values = dict(suggestion.attributes)
            if self.change.of and values.get(self.change.of) in self._old:
                value = self._value(values.pop(self.change.of), NOWHERE)
                if value is not None and not isinstance(value, tuple):
                    values[self.change.of] = value
            elif not self.change.of:
                _named_anew(values, self.change, None)
            return suggestion if values == suggestion.attributes else replace(suggestion, attributes=values)
        if self._attributes_gone & suggestion.attributes.keys():
            kept = {n: v for n, v in suggestion.attributes.items() if n not in self._attributes_gone}
            return replace(suggestion, attributes=kept)
        return suggestion

    def _next_best(self, suggestion: Suggestion, site: Site) -> Suggestion:
        """Return a suggestion whose next best name or value is as it is called then."""
        other = suggestion.other
        means_type = suggestion.target == "entity"
        # The next best of a label or attribute is a value of it.
        if other is None or other[0] not in self._old or means_type == bool(self.change.of):
            return suggestion
        if not means_type and suggestion.name != self.change.of:
            return suggestion
        name = self.name(other[0], site)
        mine = suggestion.name if means_type else suggestion.value
        return replace(suggestion, other=None if name is None or name == mine else (name, other[1]))

    def relation(self, relation: Relation, present: frozenset[int]) -> Relation | None:
        """Return what a relation that was imported for review becomes, given which entities are still suggested."""
        worked = Worked(Changes())
        if not set(relation.ends) <= present:
            return None
        return self._relation(relation, {}, frozenset(), Annotations(), worked)


def _compiled(rule: Rule) -> regex.Pattern[str] | None:
    if rule.how not in ("regex", "near"):
        return None
    try:
        return regex.compile(rule.pattern)
    except regex.error as error:
        raise DataError(f"{rule.pattern!r} is no regular expression: {error}.") from None


def _fits(rule: Rule, expression: regex.Pattern[str] | None, site: Site) -> bool:
    if rule.how == "query":
        return site.id in rule.documents
    if rule.how == "attribute":
        name, _, value = rule.pattern.partition("=")
        held = site.attributes.get(name)
        return held is not None and str(held).casefold() == (value or "true").casefold()
    if site.document is None:
        return False
    if rule.how == "text":
        return " ".join(site.text.split()).casefold() in {" ".join(word.split()).casefold() for word in rule.words}
    assert expression is not None
    try:
        return expression.search(site.text if rule.how == "regex" else site.surroundings, timeout=_SECONDS) is not None
    except TimeoutError:
        raise DataError(f"{rule.pattern!r} takes too long on {site.document.key}.", hint="Make it simpler.") from None


def _join(held: Mapping[int, Entity], after: dict[int, Entity | None], worked: Worked) -> dict[int, int]:
    """Make one of entities that came to be the same; return which number each that goes is now."""
    if not any(one is not None and one.type != held[number].type for number, one in after.items()):
        return {}
    same: dict[tuple[str, tuple[Span, ...]], list[Entity]] = {}
    for number, entity in held.items():
        now = after.get(number, entity)
        if now is not None:
            same.setdefault((now.type, now.spans), []).append(now)
    into: dict[int, int] = {}
    for twins in same.values():
        if len(twins) == 1 or all(held[one.number].type == one.type for one in twins):
            continue
        # The one that had the name keeps its number.
        first, *others = sorted(twins, key=lambda one: (held[one.number].type != one.type, one.number))
        values: dict[str, LabelScalar] = {}
        for one in (first, *others):
            for name, value in one.attributes.items():
                worked.counts["clashes"] += values.setdefault(name, value) != value
        extra = {name: value for one in reversed((first, *others)) for name, value in one.extra.items()}
        joined = replace(first, attributes=values, extra=extra, who=_everyone(one.who for one in (first, *others)))
        for one in others:
            after[one.number] = None
            into[one.number] = first.number
        worked.counts["joined"] += len(others)
        if joined != held[first.number]:
            after[first.number] = joined
    return into


def _named_anew(values: dict[str, LabelScalar], change: SchemeChange, worked: Worked | None) -> None:
    """Give attributes of an entity other names, in place."""
    mine = [name for name in change.old if name in values and (name,) != change.new]
    if not mine:
        return
    counts = worked.counts if worked is not None else Counter[str]()
    if change.verb == "delete":
        counts["removed"] += len(mine)
        for name in mine:
            del values[name]
        return
    (into,) = change.new
    every = [values[name] for name in dict.fromkeys((into, *mine)) if name in values]
    counts["attributes"] += len(mine)
    counts["joined"] += len(every) - 1
    value, clash = _joined(every)
    counts["clashes"] += clash
    assert not isinstance(value, tuple)
    after = {into if name in mine else name: held for name, held in values.items()}
    values.clear()
    values.update({**after, into: value})


def _joined(values: Sequence[LabelContent]) -> tuple[LabelContent, bool]:
    """Return one value for several, and whether they contradict each other: then the first stays.

    True is more than false, since each was asked about a part of what is asked now.
    """
    first = values[0]
    if len(values) == 1:
        return first, False
    if all(isinstance(value, bool) for value in values):
        return any(values), False
    if all(isinstance(value, tuple) for value in values):
        return tuple(dict.fromkeys(one for value in values if isinstance(value, tuple) for one in value)), False
    return first, any(value != first for value in values)


def _content(relation: Relation) -> tuple[str, tuple[int, ...], bool]:
    ends = relation.ends if relation.directed else tuple(sorted(relation.ends))
    return relation.type, ends, relation.directed


def _everyone(who: Iterable[Sequence[str]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one for some in who for one in some))


def _holds(value: LabelContent | None, names: frozenset[str]) -> bool:
    return any(one in names for one in value) if isinstance(value, tuple) else value in names


def _swapped(value: LabelContent | None, old: frozenset[str], name: str) -> LabelContent | None:
    if isinstance(value, tuple):
        return tuple(dict.fromkeys(name if one in old else one for one in value))
    return name if value in old else value


def _said(value: LabelContent) -> str:
    return ", ".join(value) if isinstance(value, tuple) else str(value)

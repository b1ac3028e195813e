"""Merging: one version made of several annotators' versions of a document, by one of four rules.

Entities are the same when type and place are, document labels when name and value are, relations when type and both
ends are. `union_v1` takes what any has, `intersection_v1` what all have, `majority_v1` what more than half have, and
`best_iaa_v1` takes each kind of label from the annotator who agrees best with the others on it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Literal, get_args

from tui_annotate.domain.annotations import Annotations, Entity, LabelScalar, LabelValue, Relation
from tui_annotate.domain.spans import Span

Strategy = Literal["union_v1", "intersection_v1", "majority_v1", "best_iaa_v1"]
STRATEGIES: tuple[Strategy, ...] = get_args(Strategy)
Best = Mapping[str, str]
"""Whose annotations to take, by the name of an entity type, document label or relation type."""
_Place = tuple[str, tuple[Span, ...]]


def merge(versions: Mapping[str, Annotations], strategy: Strategy, *, best: Best | None = None) -> Annotations:
    """Return what several versions come to.

    Args:
        versions: By annotator, the one that counts most first: of contradicting labels theirs is taken.
        best: For `best_iaa_v1`; where it names nobody, the first annotator's.

    Raises:
        ValueError: There is no version.
    """
    if not versions:
        raise ValueError("there is no version to merge")
    held = list(versions.values())
    first = next(iter(versions))
    chosen = best or {}

    def takes(name: str, count: int, whose: Sequence[str]) -> bool:
        if strategy == "best_iaa_v1":
            return chosen.get(name, first) in whose
        needed = {"union_v1": 1, "intersection_v1": len(held), "majority_v1": len(held) // 2 + 1}[strategy]
        return count >= needed

    entities = _entities(versions, takes)
    numbers = {place: number for number, (place, _) in enumerate(entities, 1)}
    merged = Annotations(
        {numbers[place]: replace(entity, number=numbers[place]) for place, entity in entities},
        _labels(versions, takes, union=strategy == "union_v1"),
    )
    for relation in _relations(versions, takes, numbers):
        merged.relations[relation.number] = relation
    return merged


Takes = Callable[[str, int, Sequence[str]], bool]


def _entities(versions: Mapping[str, Annotations], takes: Takes) -> list[tuple[_Place, Entity]]:
    found: dict[_Place, dict[str, Entity]] = {}
    for name, version in versions.items():
        for entity in version.entities.values():
            if entity.state != "pre-removed":
                found.setdefault((entity.type, entity.spans), {}).setdefault(name, entity)
    kept = [(place, same) for place, same in found.items() if takes(place[0], len(same), list(same))]
    kept.sort(key=lambda item: (item[0][1][0].part, item[0][1], item[0][0]))
    return [(place, _joined(list(same.values()))) for place, same in kept]


def _joined(same: Sequence[Entity]) -> Entity:
    """Make one entity of equal ones: by all who made it, with the attribute values that most gave."""
    first = same[0]
    votes: dict[str, Counter[LabelScalar]] = {}
    for entity in same:
        for name, value in entity.attributes.items():
            votes.setdefault(name, Counter())[value] += 1
    attributes = {name: count.most_common(1)[0][0] for name, count in votes.items()}
    extra = (
        first.extra if attributes == dict(first.attributes) else {k: v for k, v in first.extra.items() if k != "fields"}
    )
    return replace(first, who=_everybody(entity.who for entity in same), prob=1.0, attributes=attributes, extra=extra)


def _labels(versions: Mapping[str, Annotations], takes: Takes, *, union: bool) -> dict[str, LabelValue]:
    names = sorted({name for annotations in versions.values() for name in annotations.labels})
    merged: dict[str, LabelValue] = {}
    for name in names:
        given = {who: a.labels[name] for who, a in versions.items() if name in a.labels}
        values: dict[object, list[str]] = {}
        for who, label in given.items():
            values.setdefault((type(label.value), label.value), []).append(who)
        fitting = [whose for whose in values.values() if takes(name, len(whose), whose)]
        if fitting:
            whose = max(fitting, key=len)
            label = given[whose[0]]
            value = label.value
            if union and isinstance(value, tuple):
                # A union of chosen values is all that anybody chose.
                value = tuple(
                    dict.fromkeys(v for one in given.values() if isinstance(one.value, tuple) for v in one.value)
                )
            merged[name] = replace(label, value=value, who=_everybody(given[one].who for one in whose), prob=1.0)
    return merged


def _relations(versions: Mapping[str, Annotations], takes: Takes, numbers: Mapping[_Place, int]) -> list[Relation]:
    found: dict[tuple[str, int, int], dict[str, Relation]] = {}
    for name, version in versions.items():
        for relation in version.relations.values():
            ends = [version.entities.get(end) for end in relation.ends]
            at = [numbers.get((end.type, end.spans)) if end is not None else None for end in ends]
            if at[0] is not None and at[1] is not None:
                found.setdefault((relation.type, at[0], at[1]), {}).setdefault(name, relation)
    number = len(numbers)
    kept: list[Relation] = []
    for (type, start, end), same in sorted(found.items()):
        if takes(type, len(same), list(same)):
            number += 1
            one = next(iter(same.values()))
            who = _everybody(relation.who for relation in same.values())
            kept.append(replace(one, ends=(start, end), number=number, who=who, prob=1.0))
    return kept


def _everybody(names: Iterable[Sequence[str]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for some in names for name in some))

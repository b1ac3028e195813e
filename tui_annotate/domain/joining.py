"""Joining: annotations, values and relations that a change of labels makes the same become one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from tui_annotate.domain.annotations import Entity, LabelContent, LabelScalar, Relation
from tui_annotate.domain.scheme_changes import SchemeChange
from tui_annotate.domain.spans import Span


def join(held: Mapping[int, Entity], after: dict[int, Entity | None], counts: Counter[str]) -> dict[int, int]:
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
                counts["clashes"] += values.setdefault(name, value) != value
        extra = {name: value for one in reversed((first, *others)) for name, value in one.extra.items()}
        joined = replace(first, attributes=values, extra=extra, who=everyone(one.who for one in (first, *others)))
        for one in others:
            after[one.number] = None
            into[one.number] = first.number
        counts["joined"] += len(others)
        if joined != held[first.number]:
            after[first.number] = joined
    return into


def named_anew(values: dict[str, LabelScalar], change: SchemeChange, counts: Counter[str]) -> None:
    """Give attributes of an entity other names, in place."""
    mine = [name for name in change.old if name in values and (name,) != change.new]
    if not mine:
        return
    if change.verb == "delete":
        counts["removed"] += len(mine)
        for name in mine:
            del values[name]
        return
    (into,) = change.new
    every = [values[name] for name in dict.fromkeys((into, *mine)) if name in values]
    counts["attributes"] += len(mine)
    counts["joined"] += len(every) - 1
    value, clash = joined(every)
    counts["clashes"] += clash
    assert not isinstance(value, tuple)
    after = {into if name in mine else name: held for name, held in values.items()}
    values.clear()
    values.update({**after, into: value})


def joined(values: Sequence[LabelContent]) -> tuple[LabelContent, bool]:
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


def content(relation: Relation) -> tuple[str, tuple[int, ...], bool]:
    """Return what two relations have alike that say the same."""
    ends = relation.ends if relation.directed else tuple(sorted(relation.ends))
    return relation.type, ends, relation.directed


def everyone(who: Iterable[Sequence[str]]) -> tuple[str, ...]:
    """Return who made several things, each once."""
    return tuple(dict.fromkeys(one for some in who for one in some))

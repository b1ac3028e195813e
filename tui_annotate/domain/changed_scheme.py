"""What a scheme is after a change of its labels, and after the change was taken back.

Whatever refers to a label follows it: the entity types that an attribute is on, the ends of relation types.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, TypeVar

from tui_annotate.domain.scheme import (
    ATTRIBUTES,
    LABELS,
    Attribute,
    Choice,
    DocumentLabel,
    EntityType,
    RelationType,
    Scheme,
)
from tui_annotate.domain.scheme_changes import Group, Labelled, SchemeChange, group_of, names_of
from tui_annotate.errors import SchemeError

F = TypeVar("F", DocumentLabel, Attribute)


def inverted(change: SchemeChange, before: Scheme) -> SchemeChange | None:
    """Return what makes of names as they are after a change those before it; None where there is nothing to do.

    What a merge joined cannot be told apart by name alone: it keeps the name where that was there before,
    and is dropped where it was not.
    """
    if change.verb == "rename":
        return replace(change, old=change.new, new=change.old)
    if change.verb == "merge":
        known = change.new[0] in names_of(before, change.kind, change.of)
        return None if known else SchemeChange("delete", change.kind, change.new, of=change.of)
    if change.verb == "split":
        return SchemeChange("merge", change.kind, change.new, change.old, change.of)
    return None


def applied(scheme: Scheme, change: SchemeChange) -> Scheme:
    """Return the scheme after a change; what it refers to by name follows."""
    if change.of:
        return _with_options(scheme, change)
    for target in change.also:
        scheme = _without(scheme, target.kind, target.name)
    scheme = with_group(scheme, change.kind, _changed(group_of(scheme, change.kind), change, scheme))
    if change.kind == "entity":
        scheme = replace(
            scheme,
            attributes=tuple(replace(a, on=_followed(a.on, change)) for a in scheme.attributes),
            relations=tuple(
                replace(r, ends=(_end(r.ends[0], change), _end(r.ends[1], change))) for r in scheme.relations
            ),
        )
    return scheme.numbered()


def _changed(held: Sequence[Labelled], change: SchemeChange, scheme: Scheme) -> tuple[Labelled, ...]:
    """Return a group of the scheme with what goes and what comes, in its place."""
    if change.verb == "delete":
        return tuple(one for one in held if one.name not in change.old)
    if change.verb == "split":
        (old,) = (one for one in held if one.name == change.old[0])
        stays = change.old[0] in (change.rest, *change.new)
        fresh = [_fresh(old, name) for name in change.new if name != old.name]
        at = held.index(old)
        return (*held[:at], *([old] if stays else []), *fresh, *held[at + 1 :])
    return _as_one(held, change)


def _fresh(old: Labelled, name: str) -> Labelled:
    """Return a label like another one, which has a key of its own."""
    made = replace(old, name=name, id="", key="")
    return made if isinstance(made, RelationType) else replace(made, kept=())


def _as_one(held: Sequence[Labelled], change: SchemeChange) -> tuple[Labelled, ...]:
    """Return a group after a rename or a merge: the first of them, or the one that is there, goes on."""
    (into,) = change.new
    joined = [one for one in held if one.name in (*change.old, into)]
    kept = next((one for one in joined if one.name == into), joined[0])
    after = replace(kept, name=into)
    if isinstance(after, DocumentLabel | Attribute):
        found: dict[str, Choice] = {}
        for one in (kept, *joined):
            assert isinstance(one, DocumentLabel | Attribute)
            for option in one.options:
                found.setdefault(option.value, option)
        after = replace(after, options=tuple(found.values()))
    if isinstance(after, Attribute):
        # Empty means all entity types, which is more than any list of them.
        lists = [one.on for one in joined if isinstance(one, Attribute)]
        on = () if () in lists else tuple(dict.fromkeys(name for some in lists for name in some))
        after = replace(after, on=on)
    if isinstance(after, RelationType):
        ends = [one.ends for one in joined if isinstance(one, RelationType)]
        after = replace(after, ends=(_same([a for a, _ in ends]), _same([b for _, b in ends])))
    at = held.index(kept)
    return tuple(after if i == at else one for i, one in enumerate(held) if i == at or one not in joined)


def _same(names: Sequence[str]) -> str:
    return names[0] if len(set(names)) == 1 else ""


def _followed(names: tuple[str, ...], change: SchemeChange) -> tuple[str, ...]:
    """Return names of entity types after a change of entity types."""
    found: list[str] = []
    for name in names:
        if name not in change.old:
            found.append(name)
            continue
        found += [name] if name not in change.gone else []
        found += change.new
    return tuple(dict.fromkeys(found))


def _end(name: str, change: SchemeChange) -> str:
    """Return the entity type of a relation's end after a change; any, where it may be one of several."""
    if name not in change.old:
        return name
    return change.new[0] if change.verb in ("rename", "merge") else ""


def _with_options(scheme: Scheme, change: SchemeChange) -> Scheme:
    if change.kind == "label":
        labels = [replace(m, options=_options(m.options, change)) if m.name == change.of else m for m in scheme.labels]
        return replace(scheme, labels=tuple(labels))
    held = scheme.attributes
    attributes = [replace(a, options=_options(a.options, change)) if a.name == change.of else a for a in held]
    return replace(scheme, attributes=tuple(attributes))


def _options(options: tuple[Choice, ...], change: SchemeChange) -> tuple[Choice, ...]:
    """Return options with what goes and what comes, in its place."""
    known = {option.value: option for option in options}
    values = list(known)
    first = min(values.index(name) for name in change.old if name in known)
    model = options[first]
    if change.verb == "split":
        model = replace(model, key="", kept=())
    at = values.index(change.new[0]) if change.verb in ("rename", "merge") and change.new[0] in known else first
    came = [known[name] for name in change.old if name in known and name not in (*change.gone, *change.new)]
    came += [known.get(name, replace(model, value=name)) for name in change.new]
    placed: list[Choice] = []
    for index, option in enumerate(options):
        if index == at:
            placed += came
        elif option.value not in (*change.old, *change.new):
            placed.append(option)
    return tuple(placed)


def followed_task(task: str, change: SchemeChange) -> str | None:
    """Return a task of learning after a change; None where nothing can be learned of it any more, or it is another.

    What was learned of one of several labels that became one is no answer to the question of all of them.
    """
    prefix = {"label": LABELS, "attribute": ATTRIBUTES}.get(change.kind)
    gone = {f"{ATTRIBUTES}{one.name}" for one in change.also if one.kind == "attribute"}
    if task in gone:
        return None
    if prefix is None or change.of or not task.startswith(prefix) or task.removeprefix(prefix) not in change.old:
        return task
    if change.verb == "rename":
        return prefix + change.new[0]
    return task if change.verb == "merge" and task == prefix + change.new[0] else None


def with_group(scheme: Scheme, kind: Group, things: tuple[Labelled, ...]) -> Scheme:
    """Return a scheme with one part in place of its own."""
    if kind == "entity":
        return replace(scheme, entities=tuple(one for one in things if isinstance(one, EntityType)))
    if kind == "label":
        return replace(scheme, labels=tuple(one for one in things if isinstance(one, DocumentLabel)))
    if kind == "attribute":
        return replace(scheme, attributes=tuple(one for one in things if isinstance(one, Attribute)))
    return replace(scheme, relations=tuple(one for one in things if isinstance(one, RelationType)))


def _without(scheme: Scheme, kind: Group, name: str) -> Scheme:
    return with_group(scheme, kind, tuple(one for one in group_of(scheme, kind) if one.name != name))


# Taking a change back while others have changed the scheme too.


def reverted(now: Scheme, before: Scheme, after: Scheme) -> Scheme | None:
    """Return the scheme as it is now with the change from `before` to `after` taken back; None where that clashes.

    Labels are told apart by id, so that one that another change has given a colour since keeps it.
    """
    groups: list[tuple[Labelled, ...]] = []
    kinds: list[Group] = ["entity", "label", "attribute", "relation"]
    for kind in kinds:
        found = _reverted(group_of(now, kind), group_of(before, kind), group_of(after, kind))
        if found is None:
            return None
        groups.append(found)
    result = now
    try:
        # All at once: on the way, names may be refused.
        for kind, things in zip(kinds, groups, strict=True):
            result = with_group(result, kind, things)
    except SchemeError:
        return None
    return result


def _reverted(
    now: Sequence[Labelled], before: Sequence[Labelled], after: Sequence[Labelled]
) -> tuple[Labelled, ...] | None:
    was, became = {one.id: one for one in before}, {one.id: one for one in after}
    found: list[Labelled] = []
    held = {one.id for one in now}
    if any(one.id in was and one.id in became and one.id not in held and was[one.id] != one for one in after):
        return None
    for one in now:
        if one.id not in became:
            found.append(one)
        elif one.id in was:
            fields = _fields_back(one, was[one.id], became[one.id])
            if fields is None:
                return None
            found.append(fields)
        elif one.name != became[one.id].name:
            # It came with the change, and would go by a name that is not its own any more.
            return None
    for index, one in enumerate(before):
        if one.id not in became and one.id not in held:
            found.insert(min(index, len(found)), one)
    return tuple(found)


def _fields_back(now: Labelled, before: Labelled, after: Labelled) -> Labelled | None:
    values: dict[str, Any] = {}
    for name in type(now).__slots__:
        if name == "kept":
            continue
        held, was, became = getattr(now, name), getattr(before, name), getattr(after, name)
        if was == became or held == was:
            continue
        if held == became:
            values[name] = was
        elif isinstance(held, tuple) and set(became) <= set(held):
            # Something was added to a list since; it stays behind what was there before.
            values[name] = (*was, *(one for one in held if one not in became and one not in was))
        else:
            return None
    return replace(now, **values)

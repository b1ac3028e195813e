"""What a document means in brat: its text, entities with attributes and normalizations, and relations."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar

from tui_annotate.domain.annotations import Entity, Relation
from tui_annotate.domain.interchange import ExchangedDocument
from tui_annotate.formats import flat
from tui_annotate.formats.base import WriteOptions
from tui_annotate.formats.brat.conf import plain, value_of
from tui_annotate.formats.brat.lines import Lines
from tui_annotate.formats.brat.offsets import Places
from tui_annotate.formats.flat import Flat

EQUIVALENT = "Equiv"
Key = TypeVar("Key", bound=Any)


def meaning(exchanged: ExchangedDocument, options: WriteOptions) -> Any:
    """Text, and of one version entities with attributes and normalizations, and relations between them."""
    held = flat.flatten(exchanged, options)
    return held.text, *of_version(held)


def of_version(held: Flat) -> tuple[list[str], list[str], list[str]]:
    """Return entities, relations and groups of equal things as comparable texts."""
    places = {one.entity.number: (plain(one.entity.type), one.spans) for one in held.placed}
    entities = [
        repr((*places[one.entity.number], sorted(marks(one.entity).items()), sorted(set(references(one.entity)))))
        for one in held.placed
    ]
    relations, groups = [], []
    for relation in held.annotations.relations.values():
        ends = [repr(places[number]) for number in relation.ends]
        if is_equivalence(relation):
            groups.append(ends)
        else:
            relations.append(repr((plain(relation.type), ends)))
    return sorted(entities), sorted(relations), sorted(repr(sorted(group)) for group in joined(groups))


def of_lines(lines: Lines, places: Mapping[str, Places]) -> tuple[list[str], list[str], list[str]] | None:
    """Return the same of a file's lines; None where some of them had to be refused."""
    if lines.problems or len(places) < len(lines.mentions):
        return None
    held: dict[str, tuple[set[tuple[str, str]], set[tuple[str, str, str]]]] = {id: (set(), set()) for id in places}
    links = {link.id for link in lines.links}
    for mark in lines.marks:
        anchor = lines.anchor(mark.target)
        if anchor in held:
            held[anchor][0].add((plain(mark.name), value_of(mark.value or "")))
        elif mark.target not in links:
            return None
    for one in lines.references:
        if lines.anchor(one.target) not in held:
            return None
        held[lines.anchor(one.target)][1].add((one.name, one.entry, " ".join(one.text.split())))
    stands = {id: (plain(lines.mentions[id].type), place) for id, place in places.items()}
    entities = [repr((*stands[id], sorted(marks), sorted(found))) for id, (marks, found) in held.items()]
    relations, groups = [], []
    for link in lines.all_links():
        anchors = [lines.anchor(end) for end in link.ends]
        if not all(anchor in stands for anchor in anchors):
            return None
        ends = [repr(stands[anchor]) for anchor in anchors]
        if link.is_symmetric:
            groups.append(ends)
        else:
            relations.append(repr((plain(link.type), ends)))
    return sorted(entities), sorted(relations), sorted(repr(sorted(group)) for group in joined(groups))


def joined(pairs: Iterable[Sequence[Key]]) -> list[list[Key]]:
    """Return what hangs together by pairs, each once, in the order that it is met."""
    group_of: dict[Key, list[Key]] = {}
    for first, second in pairs:
        one, other = group_of.setdefault(first, [first]), group_of.setdefault(second, [second])
        if one is not other:
            small, large = sorted((one, other), key=len)
            large += small
            for key in small:
                group_of[key] = large
    return list({id(group): group for group in group_of.values()}.values())


def is_equivalence(relation: Relation) -> bool:
    """Say whether brat has a relation as one of its equivalences, which are groups."""
    return relation.type == EQUIVALENT and not relation.directed and relation.ends[0] != relation.ends[1]


def marks(entity: Entity) -> dict[str, str]:
    """Return what brat holds of attributes: no value for a plain yes; a no is not written."""
    found = {}
    for name, value in entity.attributes.items():
        if value is not False:
            found[plain(name)] = "" if value is True else value_of(str(value))
    return found


def references(entity: Entity) -> list[tuple[str, str, str]]:
    """Return the normalizations as dictionary, entry and text."""
    given = entity.extra.get("normalizations")
    found = []
    for key, one in given.items() if isinstance(given, Mapping) else ():
        if not isinstance(one, Mapping):
            continue
        source = one.get("source")
        source = source if isinstance(source, Mapping) else {}
        name, entry = str(source.get("name") or key), str(source.get("id") or one.get("recName") or key)
        text = " ".join(str(one.get("recName") or "").split())
        found.append((flat.without_blanks(name).replace(":", "_"), flat.without_blanks(entry), text))
    return found

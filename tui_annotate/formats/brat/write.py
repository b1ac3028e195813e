"""Writing brat: documents that nobody touched as they came, in others every line that still holds under its id."""

from __future__ import annotations

import itertools
from codecs import BOM_UTF8
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from tui_annotate.domain.annotations import Relation
from tui_annotate.domain.interchange import ExchangedDocument, Problem
from tui_annotate.errors import DataError
from tui_annotate.formats import flat
from tui_annotate.formats.base import Put, WriteOptions
from tui_annotate.formats.brat import conf as brat_conf
from tui_annotate.formats.brat import lines as brat_lines
from tui_annotate.formats.brat import meaning as brat_meaning
from tui_annotate.formats.brat import offsets as brat_offsets
from tui_annotate.formats.brat.conf import Used, plain, value_of
from tui_annotate.formats.brat.lines import Event, Lines
from tui_annotate.formats.flat import Flat, Placed
from tui_annotate.formats.safety import Names, safe_path
from tui_annotate.formats.source import decode

_CHANGED = "values of attributes with blanks, bars or commas, written with _"


def write(documents: Iterable[ExchangedDocument], put: Put, options: WriteOptions) -> Iterator[Problem]:
    """Write a text and its annotations per document, then the configuration of the folder."""
    names, used = Names(), Used()
    yield from flat.alike(options.scheme, plain)
    for exchanged in documents:
        held = flat.flatten(exchanged, options)
        base = names.take(safe_path(exchanged.document.key) or "_", exchanged.document.key)
        put(f"{base}.txt", (_mark(held.text) + held.text).encode("utf-8", "replace"))
        for extension, body in _annotations(exchanged, held, used).items():
            put(f"{base}.{extension}", body)
        yield from flat.told(exchanged.document.key, _changed_values(held))
    put("annotation.conf", brat_conf.write_annotation(options.scheme, used).encode())
    put("visual.conf", brat_conf.write_visual(options.scheme, used).encode("utf-8", "replace"))


def _mark(text: str) -> str:
    """Return a byte order mark for texts that begin with one of their own, which is taken off when they are read."""
    return "\ufeff" if text.startswith("\ufeff") else ""


def _changed_values(held: Flat) -> dict[str, list[str]]:
    changed = [
        value
        for one in held.placed
        for value in one.entity.attributes.values()
        if isinstance(value, str) and value_of(value) != value
    ]
    return {_CHANGED: changed} if changed else {}


def count_lost(exchanged: ExchangedDocument, options: WriteOptions) -> dict[str, int]:
    """Count the values of attributes that are not written as they are."""
    return flat.counted(_changed_values(flat.flatten(exchanged, options))) | flat.unnameable(exchanged)


def _annotations(exchanged: ExchangedDocument, held: Flat, used: Used) -> dict[str, bytes]:
    """Return the files of annotations by extension."""
    for one in held.placed:
        used.types.add(one.entity.type)
        for name, value in one.entity.attributes.items():
            used.attributes.setdefault(name, set()).update(
                [value_of(value)] if isinstance(value, str) and value else []
            )
    relations = held.annotations.relations.values()
    used.relations |= {relation.type for relation in relations}
    used.directed |= {relation.type for relation in relations if relation.directed}
    came = _came(exchanged)
    if came is not None and brat_meaning.of_lines(came.lines, came.places) == brat_meaning.of_version(held):
        for event in came.lines.events.values():
            used.events.setdefault(event.type, set()).update(brat_lines.role_of(role) for role, _ in event.arguments)
        return {extension: body for extension, body in exchanged.source.items() if extension != "txt"}
    made = _Document(held, came or _Came(Lines(), {}))
    body = "".join(f"{line}\n" for line in made.lines())
    for event in made.events:
        used.events.setdefault(event.type, set()).update(brat_lines.role_of(role) for role, _ in event.arguments)
    return {"ann": body.encode("utf-8", "replace")}


@dataclass(slots=True)
class _Came:
    """The annotations as they came, and where their mentions stand."""

    lines: Lines
    places: dict[str, brat_offsets.Places]


def _came(exchanged: ExchangedDocument) -> _Came | None:
    files = [
        (extension, body)
        for extension, body in exchanged.source.items()
        if extension in ("ann", "a1", "a2", "co", "rel")
    ]
    text = exchanged.source.get("txt")
    if not files or text is None:
        return None
    try:
        if decode(text).text != exchanged.document.text:
            return None
        lines = brat_lines.parse([(extension, decode(body).text) for extension, body in files])
    except DataError:
        return None
    mentions = list(lines.mentions.values())
    found = brat_offsets.find(exchanged.document.text, mentions, has_mark=text.startswith(BOM_UTF8))
    if found.note:
        return None
    return _Came(lines, {m.id: p for m, p in zip(mentions, found.places, strict=True) if p is not None})


@dataclass(slots=True)
class _Document:
    """A document that is written anew, with the ids and the lines of before wherever they still hold."""

    held: Flat
    came: _Came
    ids: dict[int, str] = field(default_factory=dict)
    """Ids of mentions, by the numbers of their entities."""
    events: list[Event] = field(default_factory=list)
    """Those of before that have their trigger still."""
    taken: set[str] = field(default_factory=set)
    counters: dict[str, itertools.count[int]] = field(default_factory=dict)

    def lines(self) -> Iterator[str]:
        """Yield the lines of the file."""
        self.taken = self.came.lines.ids
        yield from self._mentions()
        there = set(self.ids.values())
        left: dict[tuple[str, str, str], list[Relation]] = {}
        for relation in self.held.annotations.relations.values():
            left.setdefault(self._place(relation), []).append(relation)
        events = {event.id: event for event in self.came.lines.events.values() if event.trigger in there}
        self.events = list(events.values())
        for event in events.values():
            yield self._event(event, there | events.keys(), left)
        targets = {event.trigger: event.id for event in reversed(events.values())}
        yield from self._relations(left)
        yield from self._marks(targets)
        known = there | events.keys()
        yield from (note.line for note in self.came.lines.notes if not note.target or note.target in known)

    def _place(self, relation: Relation) -> tuple[str, str, str]:
        return plain(relation.type), self.ids[relation.ends[0]], self.ids[relation.ends[1]]

    def _new(self, kind: str) -> str:
        counter = self.counters.setdefault(kind, itertools.count(1))
        return next(f"{kind}{number}" for number in counter if f"{kind}{number}" not in self.taken)

    def _mentions(self) -> Iterator[str]:
        before: dict[tuple[str, Any], list[str]] = {}
        for id, places in self.came.places.items():
            before.setdefault((plain(self.came.lines.mentions[id].type), places), []).append(id)
        for one in self.held.placed:
            same = before.get((plain(one.entity.type), one.spans))
            id = same.pop(0) if same else self._new("T")
            self.ids[one.entity.number] = id
            yield f"{id}\t{plain(one.entity.type)} {self._fragments(one)}\t{self._surface(one)}"

    def _fragments(self, one: Placed) -> str:
        shift = len(_mark(self.held.text))
        return ";".join(f"{start + shift} {end + shift}" for start, end in one.spans)

    def _surface(self, one: Placed) -> str:
        pieces = " ".join(self.held.text[start:end] for start, end in one.spans)
        return "".join(" " if character.isspace() else character for character in pieces)

    def _event(self, event: Event, there: set[str], left: dict[tuple[str, str, str], list[Relation]]) -> str:
        """Return an event with those arguments that are still relations, which are taken out of those left."""
        arguments = []
        for role, target in event.arguments:
            place = plain(brat_lines.role_of(role)), event.trigger, self.came.lines.anchor(target)
            if left.get(place) and target in there:
                left[place].pop(0)
                arguments.append(f"{role}:{target}")
        return "\t".join([event.id, " ".join([f"{event.type}:{event.trigger}", *arguments])])

    def _relations(self, left: Mapping[tuple[str, str, str], list[Relation]]) -> Iterator[str]:
        before: dict[tuple[str, str, str], list[str]] = {}
        for link in self.came.lines.links:
            before.setdefault((plain(link.type), *link.ends), []).append(link.id)
        pairs = []
        for place, relations in left.items():
            for relation in relations:
                if brat_meaning.is_equivalence(relation):
                    pairs.append(place[1:])
                    continue
                same = before.get(place)
                id = same.pop(0) if same else self._new("R")
                yield f"{id}\t{place[0]} Arg1:{place[1]} Arg2:{place[2]}"
        order = {id: place for place, id in enumerate(self.ids.values())}
        for group in brat_meaning.joined(pairs):
            yield f"*\t{brat_meaning.EQUIVALENT} {' '.join(sorted(group, key=lambda id: order[id]))}"

    def _marks(self, targets: Mapping[str, str]) -> Iterator[str]:
        marks = {(mark.target, plain(mark.name)): mark.id for mark in self.came.lines.marks}
        references = {(one.target, one.name, one.entry): one.id for one in self.came.lines.references}
        for one in self.held.placed:
            mention = self.ids[one.entity.number]
            ends = [end for end in (mention, targets.get(mention, "")) if end]
            for name, value in brat_meaning.marks(one.entity).items():
                end = next((end for end in ends if (end, name) in marks), ends[-1])
                id = marks.get((end, name)) or self._new("A")
                yield " ".join(filter(None, (f"{id}\t{name} {end}", value)))
            for dictionary, entry, text in brat_meaning.references(one.entity):
                end = next((end for end in ends if (end, dictionary, entry) in references), mention)
                id = references.get((end, dictionary, entry)) or self._new("N")
                yield f"{id}\tReference {end} {dictionary}:{entry}\t{text}"

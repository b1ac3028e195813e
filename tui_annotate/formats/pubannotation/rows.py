"""The annotations of one track of PubAnnotation's: denotations, blocks, relations, attributes, modifications.

A denotation of several pieces has a list of spans, or is a chain: pieces called `_FRAGMENT` that the last
one, which has the name, is `_lexicallyChainedTo`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from tui_annotate.domain.annotations import Annotations, Entity, LabelScalar, Relation
from tui_annotate.domain.documents import Document
from tui_annotate.domain.spans import Span
from tui_annotate.errors import DataError
from tui_annotate.formats.jsonl.rows import Problems
from tui_annotate.formats.kept import under
from tui_annotate.formats.utf16 import Utf16

GROUPS = ("denotations", "blocks", "relations", "attributes", "modifications")
FRAGMENT, CHAINED = "_FRAGMENT", "_lexicallyChainedTo"


def places(track: Mapping[str, Any]) -> list[tuple[int, int]]:
    """Return all offsets of a track that are such, in file order."""
    found: list[tuple[int, int]] = []
    for group in ("denotations", "blocks"):
        rows = track.get(group)
        for row in rows if type(rows) is list else ():
            try:
                found += _offsets(row.get("span") if type(row) is dict else None)
            except DataError:
                continue
    return found


def _offsets(span: Any) -> list[tuple[int, int]]:
    pieces = span if type(span) is list else [span]
    found: list[tuple[int, int]] = []
    for piece in pieces:
        begin, end = (piece.get("begin"), piece.get("end")) if type(piece) is dict else (None, None)
        if type(begin) is not int or type(end) is not int or not 0 <= begin < end:
            raise DataError(f"`span` is {span!r}; it needs `begin` and `end`, whole numbers in that order")
        found.append((begin, end))
    if not found:
        raise DataError("`span` is empty")
    return found


class Track:
    """Reads one track of one document."""

    def __init__(self, document: Document, units: Utf16 | None, problems: Problems) -> None:
        self._length = len(document.text)
        self._part = document.parts[0].id
        self._units = units
        self._problems = problems
        self._by_id: dict[str, int] = {}
        self._held = Annotations()
        self._beside: dict[str, list[Any]] = {}
        """Rows that are nothing of ours, as they came, by group."""
        self._attributes: dict[int, dict[str, LabelScalar]] = {}

    def read(self, track: Mapping[str, Any]) -> Annotations:
        """Return the annotations; what cannot be read is left out and reported."""
        for group in ("denotations", "blocks"):
            for field, row in self._rows(track, group):
                self._guarded(self._add_entity, field, row, group)
        chains = [row for _, row in self._rows(track, "relations", report=False) if row.get("pred") == CHAINED]
        self._chain(chains)
        for field, row in self._rows(track, "relations"):
            if row.get("pred") != CHAINED:
                self._guarded(self._add_relation, field, row)
        for group in ("attributes", "modifications"):
            for field, row in self._rows(track, group):
                self._guarded(self._add_attribute, field, row, group)
        for number, attributes in self._attributes.items():
            self._held.entities[number] = replace(self._held.entities[number], attributes=attributes)
        kept: dict[str, Any] = (
            {key: value for key, value in track.items() if key not in _OF_OBJECT} if "text" not in track else {}
        )
        if self._beside:
            kept["beside"] = self._beside
        if kept:
            self._held.extra |= under("pubannotation", kept)
        return self._held

    def _rows(
        self, track: Mapping[str, Any], group: str, *, report: bool = True
    ) -> Iterator[tuple[str, dict[str, Any]]]:
        rows = track.get(group)
        if type(rows) is not list:
            if rows is not None and report:
                self._problems.append((group, "is no list; left out"))
            return
        for at, row in enumerate(rows):
            if type(row) is dict:
                yield f"{group}[{at}]", row
            elif report:
                self._problems.append((f"{group}[{at}]", "is no object; left out"))

    def _guarded(self, add: Any, field: str, row: dict[str, Any], *more: Any) -> None:
        try:
            add(row, *more)
        except DataError as error:
            self._problems.append((field, f"{error.message}; left out"))

    def _add_entity(self, row: dict[str, Any], group: str) -> None:
        name = row.get("obj")
        if type(name) is not str or not name.strip():
            raise DataError(f"`obj` is {name!r}, no name")
        spans = tuple(sorted(self._span(begin, end) for begin, end in _offsets(row.get("span"))))
        number = len(self._held.entities) + 1
        kept = {key: value for key, value in row.items() if key not in ("span", "obj")}
        if group == "blocks":
            kept["group"] = group
        self._held.entities[number] = Entity(name.strip(), spans, number=number, extra=under("pubannotation", kept))
        if type(row.get("id")) is str:
            self._by_id.setdefault(row["id"], number)

    def _span(self, begin: int, end: int) -> Span:
        start: int | None = begin
        stop: int | None = end
        if self._units is not None:
            start, stop = self._units.to_points(begin), self._units.to_points(end)
        if start is None or stop is None or stop > self._length:
            raise DataError(f"[{begin}, {end}) lies outside the text of {self._length} characters")
        return Span(self._part, start, stop)

    def _chain(self, chains: list[dict[str, Any]]) -> None:
        """Join the pieces of chained denotations into one, that which has a name."""
        entities = self._held.entities
        into: dict[int, int] = {}
        for row in chains:
            ends = [self._by_id.get(id) if type(id) is str else None for id in (row.get("subj"), row.get("obj"))]
            if ends[0] is None or ends[1] is None:
                self._problems.append(("relations", f"a chain links {row.get('obj')!r}, which is not there; left out"))
                continue
            first, second = (_end_of(into, end) for end in ends if end is not None)
            if first != second:
                named, piece = (second, first) if entities[first].type == FRAGMENT else (first, second)
                into[piece] = named
        pieces: dict[int, list[Span]] = {}
        for piece in into:
            pieces.setdefault(_end_of(into, piece), []).extend(entities[piece].spans)
        for named, spans in pieces.items():
            entities[named] = replace(entities[named], spans=tuple(sorted({*entities[named].spans, *spans})))
        for piece in into:
            del entities[piece]
        self._by_id = {id: _end_of(into, number) for id, number in self._by_id.items()}

    def _add_relation(self, row: dict[str, Any]) -> None:
        name = row.get("pred")
        if type(name) is not str or not name.strip():
            raise DataError(f"`pred` is {name!r}, no name")
        given = (row.get("subj"), row.get("obj"))
        ends = [self._by_id.get(id) if type(id) is str else None for id in given]
        if ends[0] is None or ends[1] is None:
            raise DataError(f"{given[0]!r} or {given[1]!r} is the id of no denotation")
        number = len(self._held.relations) + 1
        kept = {key: value for key, value in row.items() if key not in ("subj", "pred", "obj", "directed")}
        self._held.relations[number] = Relation(
            name.strip(),
            (ends[0], ends[1]),
            row.get("directed") is not False,
            number=number,
            extra=under("pubannotation", kept),
        )

    def _add_attribute(self, row: dict[str, Any], group: str) -> None:
        """Add an attribute to its denotation; one of a relation, or a second of its name, is kept beside."""
        modifies = group == "modifications"
        subject, name = row.get("obj" if modifies else "subj"), row.get("pred")
        value: Any = True if modifies else row.get("obj")
        if type(name) is not str or not name.strip() or type(value) not in (str, bool, int, float):
            raise DataError("must have `subj`, `pred` and a plain value as `obj`")
        number = self._by_id.get(subject) if type(subject) is str else None
        attributes = {} if number is None else self._attributes.setdefault(number, {})
        if number is None or name.strip() in attributes:
            self._beside.setdefault(group, []).append(row)
        else:
            attributes[name.strip()] = value


_OF_OBJECT = frozenset(("project", *GROUPS))


def _end_of(into: dict[int, int], number: int) -> int:
    """Return what a piece has become part of in the end; paths walked once are short from then on."""
    end = number
    while end in into:
        end = into[end]
    while number in into:
        into[number], number = end, into[number]
    return end

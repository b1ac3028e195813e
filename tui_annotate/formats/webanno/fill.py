"""Filling a WebAnno table: which layer each entity goes to, which rows it covers, and the numbers that tie them.

An entity goes to the layer that it came from, a new one to the layer of its type, else to that of named entities.
Where it begins or ends inside a token, a row for that part of the token is made.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

from tui_annotate.domain.annotations import Relation
from tui_annotate.formats.flat import Flat, Placed
from tui_annotate.formats.webanno.layers import UNTYPED, Contents, base, is_of_words, main
from tui_annotate.formats.webanno.table import Layer, Row, Table, escape_value

ENTITIES = "de.tudarmstadt.ukp.dkpro.core.api.ner.type.NamedEntity"
RELATIONS = "webanno.custom.Relation"
_NONE, _NULL = "_", "*"


@dataclass(slots=True)
class _Filled:
    """A layer as it is written."""

    layer: Layer
    stacks: dict[str, list[list[str]]] = field(default_factory=dict)
    """By row id, what stands there: a value for each feature."""

    def cells(self, id: str) -> list[str]:
        """Return the columns of a row."""
        stack = self.stacks.get(id)
        if not stack:
            return [_NONE] * self.layer.width
        return ["|".join(column) for column in zip(*stack, strict=True)]


@dataclass(slots=True)
class _Cover:
    """An entity and the rows that it covers."""

    one: Placed
    rows: list[tuple[Row, tuple[int, int] | None]]
    """Tokens, each with the part of it that is covered, if it is not the whole."""
    number: int = 0


class Fill:
    """One document being written."""

    def __init__(
        self, table: Table, came: Contents, held: Flat, placed: list[Placed], texts: Callable[[Placed], dict[str, str]]
    ) -> None:
        self._table = table
        self._came = came
        self._held = held
        self._texts = texts
        """Returns an entity's attributes by feature."""
        tokens = [row for row in table.rows if not row.is_part and row.start < row.stop]
        starts = [row.start for row in tokens]
        self._covers = {one.entity.number: _Cover(one, _rows(tokens, starts, one)) for one in placed}
        self._covers = {number: cover for number, cover in self._covers.items() if cover.rows}
        self._ids: dict[tuple[str, tuple[int, int]], str] = {}
        """Of parts of tokens, by token and place."""
        self._parts: dict[str, list[Row]] = {}

    def lines(self) -> Iterator[str]:
        """Yield the lines of the file."""
        self._number_parts()
        spans, relations = self._span_layers(), self._relation_layers()
        columns = [*spans, *relations]
        yield "#FORMAT=WebAnno TSV 3.3"
        for one in columns:
            layer = one.layer if isinstance(one, _Filled) else one
            yield f"#T_{layer.kind}={layer.name}|{'|'.join(layer.features)}"
        yield ""
        for sentence in self._table.sentences:
            yield ""
            yield from sentence.headers
            for row in (r for r in sentence.rows if not r.is_part):
                for line in (row, *self._parts.get(row.id, ())):
                    cells = [cell for one in columns for cell in self._cells(one, line)]
                    yield "\t".join([line.id, f"{line.begin}-{line.end}", line.form, *cells, ""])

    @staticmethod
    def _cells(one: _Filled | Layer, row: Row) -> list[str]:
        if isinstance(one, _Filled):
            return one.cells(row.id)
        return row.cells[one.first : one.first + one.width] or [_NONE] * one.width

    def _number_parts(self) -> None:
        """Give a row to each part of a token that something begins or ends with."""
        wanted: dict[str, set[tuple[int, int]]] = {}
        tokens: dict[str, Row] = {}
        for cover in self._covers.values():
            for row, part in cover.rows:
                if part is not None:
                    wanted.setdefault(row.id, set()).add(part)
                    tokens[row.id] = row
        for id, places in wanted.items():
            for number, (start, stop) in enumerate(sorted(places), 1):
                token, text = tokens[id], self._held.text
                begin = token.begin + _size(text[token.start : start])
                end, form = begin + _size(text[start:stop]), text[start:stop]
                made = Row(0, f"{id}.{number}", begin, end, form, [], start, stop)
                self._ids[id, (start, stop)] = made.id
                self._parts.setdefault(id, []).append(made)

    def _id(self, row: Row, part: tuple[int, int] | None) -> str:
        return row.id if part is None else self._ids[row.id, part]

    def _span_layers(self) -> list[_Filled | Layer]:
        """Return layers on words as they are, and those of entities filled anew."""
        found: dict[str, _Filled] = {}
        chosen = self._chosen_layers()
        for number, layer in chosen.items():
            filled = found.setdefault(layer.name, _Filled(layer))
            missing = sorted(self._texts(self._covers[number].one).keys() - set(filled.layer.features))
            filled.layer = replace(filled.layer, features=(*filled.layer.features, *missing))
        self._give_numbers(chosen)
        for number, layer in chosen.items():
            self._fill(found[layer.name], self._covers[number])
        listed = [layer for layer in self._table.layers if layer.kind == "SP"]
        known = {layer.name for layer in listed}
        columns = [layer if is_of_words(layer) else found.get(layer.name, _Filled(layer)) for layer in listed]
        return [*columns, *(filled for name, filled in found.items() if name not in known)]

    def _chosen_layers(self) -> dict[int, Layer]:
        """Return the layer of each entity."""
        listed = {layer.name: layer for layer in self._table.layers if layer.kind == "SP"}
        default = listed.get(ENTITIES) or Layer("SP", ENTITIES, ("identifier", "value"), 0)
        by_place: dict[tuple[str, tuple[int, int] | None], list[Layer]] = {}
        by_type: dict[str, Layer] = {}
        for annotation in self._came.annotations:
            if annotation.layer.kind == "SP":
                by_place.setdefault((annotation.type, annotation.place), []).append(annotation.layer)
                by_type.setdefault(annotation.type, annotation.layer)
        chosen = {}
        for number, cover in self._covers.items():
            type = cover.one.entity.type
            same = by_place.get((type, (cover.one.start, cover.one.end)))
            layer = same.pop(0) if same else by_type.get(type, default)
            chosen[number] = layer if main(layer) or type == layer.short else default
        return chosen

    def _give_numbers(self, chosen: dict[int, Layer]) -> None:
        """Number the entities that one row does not tell: of several rows, stacked ones, and ends of relations."""
        there: dict[tuple[str, str], int] = {}
        for number, layer in chosen.items():
            for row in self._covers[number].rows:
                place = layer.name, self._id(*row)
                there[place] = there.get(place, 0) + 1
        ends = {end for relation in self._held.annotations.relations.values() for end in relation.ends}
        count = 0
        for number, layer in chosen.items():
            cover = self._covers[number]
            stacked = any(there[layer.name, self._id(*row)] > 1 for row in cover.rows)
            if stacked or len(cover.rows) > 1 or number in ends or "" in self._texts(cover.one).values():
                count += 1
                cover.number = count

    def _fill(self, filled: _Filled, cover: _Cover) -> None:
        values = self._texts(cover.one)
        mark = f"[{cover.number}]" if cover.number else ""
        cells = []
        for at, name in enumerate(filled.layer.features):
            if name.startswith("ROLE_"):
                cells.append(f"{_NONE}{mark}")
            elif at and filled.layer.features[at - 1].startswith("ROLE_"):
                cells.append(_NULL)
            elif name == main(filled.layer):
                type = cover.one.entity.type
                cells.append((_NULL if type == filled.layer.short else escape_value(type)) + mark)
            else:
                cells.append((escape_value(values[name]) if name in values else _NULL) + mark)
        for row in cover.rows:
            filled.stacks.setdefault(self._id(*row), []).append(cells or [f"{_NULL}{mark}"])

    def _relation_layers(self) -> list[_Filled | Layer]:
        """Return layers of dependencies as they are, and those of relations filled anew."""
        listed = [layer for layer in self._table.layers if layer.kind == "RL"]
        ours = {layer.name: layer for layer in listed if layer.short not in self._came.kept}
        default = ours.get(RELATIONS) or Layer("RL", RELATIONS, ("value", f"BT_{ENTITIES}"), 0)
        by_type: dict[str, Layer] = {}
        for link in self._came.links:
            if link.layer.kind == "RL":
                by_type.setdefault(link.type, link.layer)
        found: dict[str, _Filled] = {}
        for relation in self._held.annotations.relations.values():
            if all(end in self._covers for end in relation.ends):
                layer = by_type.get(relation.type, default)
                layer = layer if main(layer) or relation.type == layer.short else default
                self._relate(found.setdefault(layer.name, _Filled(layer)), relation)
        columns = [layer if layer.name not in ours else found.get(layer.name, _Filled(layer)) for layer in listed]
        return [*columns, *(filled for name, filled in found.items() if name not in ours)]

    def _relate(self, filled: _Filled, relation: Relation) -> None:
        source, target = (self._covers[end] for end in relation.ends)
        cells = []
        for name in filled.layer.features:
            if name == f"BT_{base(filled.layer)}":
                cells.append(f"{self._id(*source.rows[0])}[{source.number}_{target.number}]")
            elif name == main(filled.layer) and relation.type != UNTYPED:
                cells.append(escape_value(relation.type))
            else:
                cells.append(_NULL)
        filled.stacks.setdefault(self._id(*target.rows[0]), []).append(cells)


def _rows(tokens: list[Row], starts: list[int], one: Placed) -> list[tuple[Row, tuple[int, int] | None]]:
    """Return the tokens that an entity covers, with what it covers of them."""
    found: list[tuple[Row, tuple[int, int] | None]] = []
    at = max(bisect_right(starts, one.start) - 1, 0)
    while at < len(tokens) and tokens[at].start < one.end:
        token = tokens[at]
        start, stop = max(token.start, one.start), min(token.stop, one.end)
        if start < stop:
            whole = (start, stop) == (token.start, token.stop)
            found.append((token, None if whole else (start, stop)))
        at += 1
    return found


def _size(text: str) -> int:
    return len(text) + sum(character > "\uffff" for character in text)

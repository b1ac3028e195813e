"""Layers of WebAnno TSV as entities and relations.

A layer on spans is entities: their type is the feature `value`, or the only one, or the layer's name; other features
are attributes. Links of slots, of chains and of relation layers are relations. Layers on words (parts of speech,
lemmas, dependencies) stay in the file.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from tui_annotate.formats.webanno.table import Layer, Row, Table, numbered, pieces, unescape_value

_WORD_LAYERS = frozenset(
    ("POS", "Lemma", "Stem", "MorphologicalFeatures", "SurfaceForm", "Dependency", "PdfPage", "PdfChunk", "Token")
)
_CHAINED = re.compile(r"(.*)->(\d{1,9})-(\d{1,9})", re.DOTALL)
_NONE, _NULL = "_", "*"
Columns = Sequence[Sequence[str]]
"""The values of a layer in a row: for each column those that are stacked."""
UNTYPED = "link"
"""What relations are called that have no value."""


@dataclass(slots=True)
class Annotation:
    """An annotation of a span layer or a chain."""

    layer: Layer
    rows: list[Row] = field(default_factory=list)
    values: dict[str, str] = field(default_factory=dict)
    """By feature; null ones are missing."""

    @property
    def type(self) -> str:
        """Return what the entity is called."""
        return self.values.get(main(self.layer), "").strip() or self.layer.short

    @property
    def attributes(self) -> dict[str, str]:
        """Return the values that are not the type."""
        return {name: value for name, value in self.values.items() if name != main(self.layer)}

    @property
    def place(self) -> tuple[int, int] | None:
        """Return where it stands; None where a token of it has no place."""
        if not self.rows or any(row.start >= row.stop for row in self.rows):
            return None
        return min(row.start for row in self.rows), max(row.stop for row in self.rows)


@dataclass(frozen=True, slots=True)
class Link:
    """A relation between two annotations."""

    layer: Layer
    type: str
    source: Annotation
    target: Annotation


@dataclass(slots=True)
class Contents:
    """What the layers of a file say."""

    annotations: list[Annotation] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    """Layers that are on words, and stay in the file."""
    problems: list[tuple[int, str, str]] = field(default_factory=list)


def is_of_words(layer: Layer) -> bool:
    """Say whether a layer says something of words, not of stretches of text that somebody marked."""
    return layer.short in _WORD_LAYERS


def primitives(layer: Layer) -> list[str]:
    """Return the features that are plain values."""
    return [f for f in layer.features if not f.startswith(("ROLE_", "BT_")) and "." not in f]


def main(layer: Layer) -> str:
    """Return the feature that is the type; empty where the layer's name is."""
    if layer.kind == "CH":
        return layer.features[0] if layer.features else ""
    found = primitives(layer)
    if "value" in found:
        return "value"
    others = [name for name in found if name != "identifier"]
    return others[0] if len(others) == 1 else ""


def base(layer: Layer) -> str:
    """Return the layer that the ends of a relation layer are on; empty for others."""
    return next((feature[3:] for feature in layer.features if feature.startswith("BT_")), "")


def contents(table: Table) -> Contents:
    """Return the entities and relations of a table."""
    return _Reader(table).read()


class _Reader:
    def __init__(self, table: Table) -> None:
        self._table = table
        self._made = Contents()
        self._by_id: dict[str, Annotation] = {}
        self._by_layer: dict[tuple[str, str], Annotation] = {}
        self._at: dict[tuple[str, str], list[Annotation]] = {}
        """By layer and row id, in the order that they are stacked."""
        self._slots: list[tuple[Annotation, Row, str, str, str]] = []
        self._chains: dict[tuple[str, str], dict[int, tuple[str, Annotation]]] = {}

    def read(self) -> Contents:
        for layer in self._table.layers:
            if is_of_words(layer) or base(layer).rpartition(".")[2] in _WORD_LAYERS:
                self._made.kept.append(layer.short)
            elif layer.kind == "SP":
                self._each_row(layer, self._span)
            elif layer.kind == "CH":
                self._each_row(layer, self._chain)
        for layer in self._table.layers:
            if layer.kind == "RL" and layer.short not in self._made.kept:
                self._each_row(layer, self._relation)
        self._link_slots()
        self._link_chains()
        return self._made

    def _each_row(self, layer: Layer, take: Callable[[Layer, Row, Columns], None]) -> None:
        for row in self._table.rows:
            columns = _columns(layer, row)
            if any(columns):
                take(layer, row, columns)

    def _span(self, layer: Layer, row: Row, columns: Columns) -> None:
        roles: Mapping[str, int] = {name: at for at, name in enumerate(layer.features) if name.startswith("ROLE_")}
        targets = {at + 1 for at in roles.values()}
        for index in range(max(len(column) for column in columns)):
            ids = [numbered(c[index])[1] for at, c in enumerate(columns) if at not in targets and index < len(c)]
            annotation = self._annotation(layer, row, next((id for id in ids if id), ""))
            for at, name in enumerate(layer.features):
                if index < len(columns[at]) and at not in targets and at not in roles.values():
                    value = numbered(columns[at][index])[0]
                    if value != _NULL:
                        annotation.values[name] = unescape_value(value)
            for name, at in roles.items():
                if at + 1 < len(columns) and index < min(len(columns[at]), len(columns[at + 1])):
                    role = numbered(columns[at][index])[0]
                    feature = name.removeprefix("ROLE_").partition("_")[0].rpartition(":")[2]
                    self._slots.append((annotation, row, role, columns[at + 1][index], feature))

    def _annotation(self, layer: Layer, row: Row, id: str) -> Annotation:
        annotation = self._by_layer.get((layer.name, id)) if id else None
        if annotation is None:
            annotation = Annotation(layer)
            self._made.annotations.append(annotation)
            if id:
                self._by_layer[layer.name, id] = annotation
                self._by_id.setdefault(id, annotation)
        annotation.rows.append(row)
        self._at.setdefault((layer.name, row.id), []).append(annotation)
        return annotation

    def _chain(self, layer: Layer, row: Row, columns: Columns) -> None:
        links = columns[1] if len(columns) > 1 else ()
        for index, cell in enumerate(links):
            match = _CHAINED.fullmatch(cell)
            if match is None:
                self._made.problems.append((row.line, layer.short, f"{cell!r} is no link of a chain; left out"))
                continue
            relation, chain, number = match.groups()
            annotation = self._annotation(layer, row, f"{chain}-{number}")
            if index < len(columns[0]):
                value = numbered(columns[0][index])[0]
                if value != _NULL:
                    annotation.values[layer.features[0]] = unescape_value(value)
            self._chains.setdefault((layer.name, chain), {})[int(number)] = (relation, annotation)

    def _relation(self, layer: Layer, row: Row, columns: Columns) -> None:
        on = base(layer)
        chosen = main(layer)
        for index, cell in enumerate(columns[-1]):
            source_id, numbers = numbered(cell)
            first, _, second = numbers.partition("_")
            source, target = self._find(on, source_id, first), self._find(on, row.id, second)
            if source is None or target is None:
                missing = source_id if source is None else row.id
                self._made.problems.append((row.line, layer.short, f"has no annotation on {missing}; left out"))
                continue
            at = layer.features.index(chosen) if chosen else -1
            value = numbered(columns[at][index])[0] if 0 <= at < len(columns) and index < len(columns[at]) else _NULL
            type = layer.short if not chosen else UNTYPED if value == _NULL else unescape_value(value).strip()
            self._made.links.append(Link(layer, type or UNTYPED, source, target))

    def _find(self, layer: str, row: str, number: str) -> Annotation | None:
        if number and number != "0":
            return self._by_id.get(number)
        found = self._at.get((layer, row), [])
        return found[0] if found else self._any(row)

    def _link_slots(self) -> None:
        for host, row, roles, targets, feature in self._slots:
            pairs = zip(pieces(roles, ";"), pieces(targets, ";"), strict=False)
            for role, target in pairs:
                if target in (_NULL, _NONE):
                    continue
                place, number = numbered(target)
                end = self._by_id.get(number) if number else self._any(place)
                if end is None:
                    self._made.problems.append(
                        (row.line, feature, f"points to {target}, which is not annotated; left out")
                    )
                    continue
                type = feature if role in (_NULL, _NONE) else unescape_value(role).strip()
                self._made.links.append(Link(host.layer, type or feature, host, end))

    def _any(self, row: str) -> Annotation | None:
        return next((found[0] for layer in self._table.layers if (found := self._at.get((layer.name, row)))), None)

    def _link_chains(self) -> None:
        for elements in self._chains.values():
            for (relation, first), (_, second) in pairwise(elements[number] for number in sorted(elements)):
                type = unescape_value(relation).strip()
                name = first.layer.short.removesuffix("Link") or UNTYPED
                self._made.links.append(Link(first.layer, name if type in ("", _NULL) else type, first, second))


def _columns(layer: Layer, row: Row) -> Columns:
    cells = row.cells[layer.first : layer.first + layer.width]
    return [() if cell in (_NONE, "") else pieces(cell, "|") for cell in cells]

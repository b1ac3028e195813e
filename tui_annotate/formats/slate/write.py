"""Writing SLATE: labels by token where all entities fit tokens, else by character; links and document labels apart."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from tui_annotate.domain.annotations import LabelValue
from tui_annotate.domain.interchange import ExchangedDocument, Problem
from tui_annotate.domain.wording import counted
from tui_annotate.formats import flat
from tui_annotate.formats.base import Put, WriteOptions
from tui_annotate.formats.flat import Flat, Placed, without_blanks
from tui_annotate.formats.safety import Names, safe_path
from tui_annotate.formats.slate import items as slate_items
from tui_annotate.formats.slate.items import Grid, Item, Position

LINK = "link"
"""What links are called, which have no labels in SLATE."""
ITEM = "item"
"""What linked items are called that have no label of their own."""
_EXAMPLES = 3
_TWICE = "entities of the same type and place as another, written once"
_TYPES = "relations whose type is not written: links have none"
_LABELS = "document labels with blanks, written with _"


def write(documents: Iterable[ExchangedDocument], put: Put, options: WriteOptions) -> Iterator[Problem]:
    """Write a text per document, and files for its labels, its links and the labels of the whole."""
    names = Names()
    yield from flat.alike(options.scheme, without_blanks)
    by_character, examples = 0, list[str]()
    for exchanged in documents:
        key = exchanged.document.key
        made = _prepare(exchanged, options)
        name = names.take(f"{safe_path(key) or '_'}.txt", key)
        text = made.flat.text
        put(name, ("\ufeff" * _has_mark(text) + text).encode("utf-8", "replace"))
        for kind, lines in made.files():
            put(f"{name}{kind}.annotations", "".join(f"{line}\n" for line in lines).encode("utf-8", "replace"))
        if "character" in made.scopes():
            by_character += 1
            examples += [key] if len(examples) < _EXAMPLES else []
        yield from flat.told(key, made.flat.lost)
    if by_character:
        said = counted(by_character, "documents")
        reason = f"annotated by character in {said}, to be opened with `-s character`"
        yield Problem("noted", "", "", f"{reason}: {', '.join(examples)}")


def count_lost(exchanged: ExchangedDocument, options: WriteOptions) -> dict[str, int]:
    """Count what is not written as it is."""
    return flat.counted(_prepare(exchanged, options).flat.lost) | flat.unnameable(exchanged)


def meaning(exchanged: ExchangedDocument, options: WriteOptions) -> Any:
    """Text, entities by what is seen of them, linked places, and document labels."""
    made = _prepare(exchanged, options)
    entities = sorted({(without_blanks(one.entity.type), one.start, one.end) for one in made.placed})
    labels = {name: sorted(values) for name, values in _labels(made.flat).items()}
    return made.flat.text, entities, sorted(set(made.links)), labels


Place = tuple[int, int]


@dataclass(slots=True)
class _Prepared:
    """A document ready to be written."""

    flat: Flat
    placed: list[Placed]
    links: list[tuple[Place, Place]]
    grid: Grid

    def files(self) -> Iterator[tuple[str, list[str]]]:
        """Yield what stands before `.annotations`, and the lines."""
        label_scope, link_scope = self.scopes()
        if self.flat.version is not None:
            yield "", list(self._label_lines(label_scope))
        if self.links:
            yield (
                f".{LINK}",
                [slate_items.write(self._item(link, link_scope, ())) for link in dict.fromkeys(self.links)],
            )
        labels = [f"{name}={value}" for name, values in _labels(self.flat).items() for value in sorted(values)]
        if labels:
            yield ".document", [slate_items.write(Item((((), ()),), tuple(labels)))]

    def scopes(self) -> tuple[str, str]:
        """Return the scope of labels and that of links: SLATE takes one a file."""
        linked = [self.grid.positions(*end)[2] for link in self.links for end in link]
        labelled = [self.grid.positions(one.start, one.end)[2] for one in self._labelled()]
        link_scope = "character" if "character" in linked else "token"
        bare = self._bare()
        if linked and set(linked) == {"line"} and all(end in bare for link in self.links for end in link):
            link_scope = "line"
        return "character" if "character" in labelled else "token", link_scope

    def _bare(self) -> set[Place]:
        """Return the ends of links that have no label of their own."""
        types: dict[Place, set[str]] = {}
        for one in self.placed:
            types.setdefault((one.start, one.end), set()).add(one.entity.type)
        return {end for link in self.links for end in link if types[end] == {ITEM}}

    def _labelled(self) -> list[Placed]:
        """Return the entities that need a line of their own: not those that links bring by themselves."""
        bare = self._bare()
        return [one for one in self.placed if (one.start, one.end) not in bare]

    def _label_lines(self, scope: str) -> Iterator[str]:
        labels: dict[Place, dict[str, None]] = {}
        for one in self._labelled():
            labels.setdefault((one.start, one.end), {})[without_blanks(one.entity.type)] = None
        for place, types in labels.items():
            yield slate_items.write(self._item([place], scope, tuple(types)))

    def _item(self, places: Sequence[Place], scope: str, labels: tuple[str, ...]) -> Item:
        spans: list[tuple[Position, Position]] = []
        for place in places:
            first, last, _ = self.grid.positions(*place)
            spans.append((self.grid.at(first, scope, is_end=False), self.grid.at(last, scope, is_end=True)))
        return Item(tuple(spans), labels)


def _prepare(exchanged: ExchangedDocument, options: WriteOptions) -> _Prepared:
    held = flat.flatten(exchanged, options)
    placed = _once(held)
    places = {}
    for one in held.placed:
        place = flat.trimmed(held.text, one.start, one.end)
        if place is not None:
            places[one.entity.number] = place
    links = []
    for relation in held.annotations.relations.values():
        first, second = (places.get(number) for number in relation.ends)
        if first is not None and second is not None:
            links.append((first, second))
    relations = held.annotations.relations.values()
    types = {relation.type for relation in relations}
    known = {relation.name for relation in options.scheme.relations}
    if types - {LINK} and not (len(types) == 1 and types == known):
        held.lost[_TYPES] = [relation.type for relation in relations]
    changed = [
        value
        for label in held.annotations.labels.values()
        for value in _texts(label)
        if without_blanks(value) != value or not value
    ]
    if changed:
        held.lost[_LABELS] = changed
    return _Prepared(held, placed, links, Grid(held.text, has_mark=_has_mark(held.text)))


def _has_mark(text: str) -> bool:
    """Say whether a text gets a byte order mark: where it begins with one, that would be taken off when it is read."""
    return text.startswith("\ufeff")


def _once(held: Flat) -> list[Placed]:
    """Return the entities; of several with the same type and place the first, since labels of a place are a set."""
    kept: dict[tuple[str, int, int], Placed] = {}
    for one in flat.hulls(held):
        if kept.setdefault((one.entity.type, one.start, one.end), one) is not one:
            held.lose(_TWICE, one)
    return list(kept.values())


def _labels(held: Flat) -> dict[str, set[str]]:
    return {
        without_blanks(label.name).replace("=", "_"): {without_blanks(value) or "_" for value in _texts(label)}
        for label in held.annotations.labels.values()
    }


def _texts(label: LabelValue) -> Iterator[str]:
    values = label.value if isinstance(label.value, tuple) else (label.value,)
    for value in values:
        yield str(value).lower() if isinstance(value, bool) else str(value)

"""SLATE, the terminal annotator: a text and beside it `.annotations`, one item a line.

Labels on tokens, characters and lines are entities, labels on the document its labels, links relations. Of several
files of one text (`notes.txt.annotations1`) each is a version, by what stands behind `annotations`.
"""

from __future__ import annotations

import re
from codecs import BOM_UTF8
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from tui_annotate.domain.annotations import Annotations, Entity, LabelContent, LabelValue, Relation
from tui_annotate.domain.documents import Document, Part
from tui_annotate.domain.interchange import MASTER, ExchangedDocument, ExchangedVersion, Problem
from tui_annotate.domain.spans import Span
from tui_annotate.errors import DataError
from tui_annotate.formats.base import Format, ReadOptions, unnamed_label
from tui_annotate.formats.base import Item as Read
from tui_annotate.formats.flat import PART, by_plain_name, is_directed, without_blanks
from tui_annotate.formats.slate import items as slate_items
from tui_annotate.formats.slate import write as slate_write
from tui_annotate.formats.slate.items import Grid, Item
from tui_annotate.formats.source import SourceFile, decode

_NAME = re.compile(r"(?P<text>.+)\.annotations(?P<who>[^/]*)")


def claims(files: Sequence[SourceFile]) -> list[SourceFile]:
    """Return files of annotations, the texts beside them, and texts in the same folder that nobody has annotated."""
    names = {file.where: file for file in files}
    folders = {file.tree + file.folder for file in files if _NAME.fullmatch(file.where)}
    found = {f.where: f for f in files if f.name.endswith(".txt") and f.tree + f.folder in folders}
    for file in files:
        if _NAME.fullmatch(file.where):
            found[file.where] = file
            text = _text_of(file, names)
            if text is not None:
                found[text.where] = text
    return list(found.values())


def _text_of(file: SourceFile, names: dict[str, SourceFile]) -> SourceFile | None:
    """Return the text of annotations: `a.txt` of `a.txt.annotations` and of `a.txt.link.annotations2`."""
    match = _NAME.fullmatch(file.where)
    name = match.group("text") if match else ""
    for candidate in (name, name.rpartition(".")[0]):
        if candidate in names and not _NAME.fullmatch(candidate):
            return names[candidate]
    return None


@dataclass(slots=True)
class _Files:
    """A text and its annotations by annotator."""

    text: SourceFile
    annotations: dict[str, list[SourceFile]] = field(default_factory=dict)


def read(files: Sequence[SourceFile], options: ReadOptions) -> Iterator[Read]:
    """Yield a document per text, with a version per annotator."""
    names = {file.where: file for file in files}
    found: dict[str, _Files] = {f.where: _Files(f) for f in files if not _NAME.fullmatch(f.where)}
    for file in files:
        match = _NAME.fullmatch(file.where)
        if match is None:
            continue
        text = _text_of(file, names)
        if text is None:
            yield Problem(
                "refused", file.where, "", f"no text for it: {PurePosixPath(match.group('text')).name} is missing"
            )
        else:
            who = match.group("who").strip("._- ") or MASTER
            found[text.where].annotations.setdefault(who, []).append(file)
    for one in found.values():
        try:
            yield from _read_document(one, options)
        except DataError as error:
            yield Problem("refused", one.text.where, "", str(error).removeprefix(f"{one.text.where}: "))


def _read_document(one: _Files, options: ReadOptions) -> Iterator[Read]:
    file = one.text
    content = file.read()
    decoded = decode(content)
    if not decoded.text and not options.empty:
        yield Problem("refused", file.where, "", "the file is empty, there is nothing to annotate")
        return
    if decoded.note:
        yield Problem("noted", file.where, "", decoded.note)
    grid = Grid(decoded.text, has_mark=content.startswith(BOM_UTF8))
    versions = []
    for who, files in sorted(one.annotations.items(), key=lambda pair: (pair[0] != MASTER, pair[0])):
        reader = _Reader(grid, options)
        for each in sorted(files, key=lambda annotated: annotated.name):
            try:
                yield from reader.read(each)
            except DataError as error:
                yield Problem("refused", each.where, "", str(error).removeprefix(f"{each.where}: "))
        versions.append(ExchangedVersion(reader.annotations(), annotator=who))
    suffix = PurePosixPath(file.name).suffix.lstrip(".").lower() or "txt"
    key = file.name.removesuffix(".txt")
    document = Document(key, (Part(PART, decoded.text),), name=file.base, folder=file.folder)
    yield ExchangedDocument(document, tuple(versions), file.where, source={suffix: content})


class _Reader:
    """Reads the files of one version."""

    def __init__(self, grid: Grid, options: ReadOptions) -> None:
        self._grid = grid
        self._options = options
        scheme = options.scheme
        self._types = by_plain_name([e.name for e in scheme.entities], without_blanks)
        self._held = Annotations()
        self._links: list[list[tuple[int, int]]] = []
        self._by_place: dict[tuple[int, int], int] = {}
        self._labels: list[str] = []

    def read(self, file: SourceFile) -> Iterator[Problem]:
        """Take in a file, and yield what is wrong with its lines."""
        text = decode(file.read()).text
        for number, line in enumerate(text.split("\n"), 1):
            if not line.strip():
                continue
            where = f"{file.where}:{number}"
            item = slate_items.parse(line)
            if item is None:
                reason = f"{line.strip()[:60]!r} is no item as (2, 1) - LABEL; left out"
                yield Problem("refused", where, "", reason)
            else:
                yield from self._take(item, where)

    def _take(self, item: Item, where: str) -> Iterator[Problem]:
        if len(item.spans) == 1 and not item.spans[0][0]:
            self._labels += item.labels
            return
        places = [self._grid.place(*span) for span in item.spans]
        known = [place for place in places if place is not None]
        if len(known) < len(places):
            missing = next(span for span, place in zip(item.spans, places, strict=True) if place is None)
            yield Problem("refused", where, "", f"{missing[0]} to {missing[1]} is not in the text; left out")
            return
        if len(known) > 1:
            self._links.append(known)
            if item.labels:
                yield Problem("noted", where, "", f"the labels {' '.join(item.labels)} of a link were left out")
            return
        for label in item.labels or (slate_write.ITEM,):
            self._add(self._types.get(label, label), known[0])

    def _add(self, type: str, place: tuple[int, int]) -> int:
        number = len(self._held.entities) + 1
        self._held.entities[number] = Entity(type, (Span(PART, *place),), number=number)
        self._by_place.setdefault(place, number)
        return number

    def annotations(self) -> Annotations:
        """Return all that was read."""
        relation = self._options.scheme.relations
        type = relation[0].name if len(relation) == 1 else slate_write.LINK
        directed = is_directed(type, self._options.scheme)
        for places in self._links:
            ends = [self._by_place.get(place) or self._add(slate_write.ITEM, place) for place in places]
            for end in ends[1:]:
                number = len(self._held.relations) + 1
                self._held.relations[number] = Relation(type, (ends[0], end), directed, number=number)
        self._held.labels.update(self._document_labels())
        return self._held

    def _document_labels(self) -> dict[str, LabelValue]:
        scheme = self._options.scheme
        names = by_plain_name([label.name for label in scheme.labels], without_blanks)
        found: dict[str, list[str]] = {}
        several = sum("=" not in label for label in self._labels) > 1
        unnamed = unnamed_label(self._options, ("choices",) if several else ("choice", "boolean"), "label")
        for label in self._labels:
            name, equals, value = label.partition("=")
            if not equals or not name:
                name, value = unnamed, label
            found.setdefault(names.get(name, name), []).append(value)
        return {name: LabelValue(name, self._content(name, values)) for name, values in found.items()}

    def _content(self, name: str, values: list[str]) -> LabelContent:
        label = self._options.scheme.label(name)
        if values[-1] in ("true", "false") and (label is None or label.kind == "boolean"):
            return values[-1] == "true"
        known = by_plain_name([option.value for option in label.options], without_blanks) if label else {}
        chosen = tuple(dict.fromkeys(known.get(value, value) for value in values))
        return chosen if len(chosen) > 1 or (label is not None and label.kind == "choices") else chosen[0]


FORMAT = Format(
    name="slate",
    description="SLATE: a text and its .annotations, by line, token and character",
    extensions=(".annotations",),
    many=False,
    loses="attributes, the types and directions of relations, probabilities, and all versions but one",
    meaning=slate_write.meaning,
    holds=frozenset(("entities", "overlaps", "labels", "relations", "folders", "ids")),
    claims=claims,
    counts_lost=slate_write.count_lost,
    read=read,
    write_tree=slate_write.write,
)

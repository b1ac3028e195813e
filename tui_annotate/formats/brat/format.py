"""brat standoff: a text file and a file of annotations beside it, and the folder's configuration as the scheme.

Events become relations from their trigger to each argument; equivalences relations without direction. What has no
place in a corpus (notes, attributes of relations) stays in the files that are kept with the document.
"""

from __future__ import annotations

from codecs import BOM_UTF8
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from tui_annotate.domain.annotations import Annotations, Entity, LabelScalar, Relation
from tui_annotate.domain.documents import Document, Part
from tui_annotate.domain.interchange import ExchangedDocument, ExchangedVersion, Problem
from tui_annotate.domain.scheme import Scheme
from tui_annotate.domain.spans import Span
from tui_annotate.errors import DataError
from tui_annotate.formats.base import Format, Item, ReadOptions, SchemeHint
from tui_annotate.formats.brat import conf as brat_conf
from tui_annotate.formats.brat import lines as brat_lines
from tui_annotate.formats.brat import meaning as brat_meaning
from tui_annotate.formats.brat import offsets as brat_offsets
from tui_annotate.formats.brat import write as brat_write
from tui_annotate.formats.brat.conf import Config
from tui_annotate.formats.brat.lines import Lines
from tui_annotate.formats.flat import PART, by_plain_name, is_directed
from tui_annotate.formats.source import SourceFile, decode
from tui_annotate.formats.units import to_points

_ANNOTATIONS = (".ann", ".a1", ".a2", ".co", ".rel")
_CONFIGS = ("annotation.conf", "visual.conf", "tools.conf", "kb_shortcuts.conf")


def claims(files: Sequence[SourceFile]) -> list[SourceFile]:
    """Return files of annotations with their texts, and the configuration of folders that have such.

    A text beside them without annotations of its own is of the same collection.
    """
    annotated = [file for file in files if file.name.endswith(_ANNOTATIONS)]
    folders = {file.tree + file.folder for file in annotated}
    above = {file.tree + folder for file in annotated for folder in _above(file.folder)}
    texts = [f for f in files if f.name.endswith(".txt") and f.tree + f.folder in folders]
    return [*annotated, *texts, *(f for f in files if f.base in _CONFIGS and f.tree + f.folder in above)]


def _above(folder: str) -> Iterator[str]:
    yield folder
    while folder:
        folder = folder.rpartition("/")[0]
        yield folder


@dataclass(slots=True)
class _Files:
    """The files of one document."""

    text: SourceFile | None = None
    annotations: list[SourceFile] = field(default_factory=list)


def read(files: Sequence[SourceFile], options: ReadOptions) -> Iterator[Item]:
    """Yield a scheme per configured folder, then a document per text."""
    configs: dict[str, Config] = {}
    for file in files:
        if file.base == "annotation.conf":
            yield from _read_config(file, files, configs)
    found: dict[str, _Files] = {}
    for file in files:
        stem, _, extension = file.where.rpartition(".")
        if f".{extension}" in _ANNOTATIONS:
            found.setdefault(stem, _Files()).annotations.append(file)
        elif "." in file.base and file.base not in _CONFIGS:
            found.setdefault(stem, _Files()).text = file
    for one in found.values():
        if one.text is None:
            name = one.annotations[0].base.rpartition(".")[0]
            for file in one.annotations:
                yield Problem("refused", file.where, "", f"no text for it: {name}.txt is missing")
            continue
        try:
            yield from _Reader(one.text, _config_of(one.text, configs), options).read(one.annotations)
        except DataError as error:
            yield Problem("refused", one.text.where, "", str(error).removeprefix(f"{one.text.where}: "))


def _read_config(file: SourceFile, files: Sequence[SourceFile], configs: dict[str, Config]) -> Iterator[Item]:
    folder = file.tree + file.folder
    beside = next((f for f in files if f.base == "visual.conf" and f.tree + f.folder == folder), None)
    try:
        visual = decode(beside.read()).text if beside else ""
        config = brat_conf.read(decode(file.read()).text, visual)
    except DataError as error:
        yield Problem("refused", file.where, "", str(error).removeprefix(f"{file.where}: "))
        return
    configs[folder] = config
    yield SchemeHint(file.where, scheme=config.scheme)


def _config_of(file: SourceFile, configs: Mapping[str, Config]) -> Config:
    for folder in _above(file.folder):
        if file.tree + folder in configs:
            return configs[file.tree + folder]
    return Config()


class _Reader:
    """Reads one document."""

    def __init__(self, text: SourceFile, config: Config, options: ReadOptions) -> None:
        self._file = text
        self._config = config
        self._options = options
        self._scheme = _both(config.scheme, options.scheme)
        scheme = options.scheme
        known = (
            [e.name for e in scheme.entities],
            [r.name for r in scheme.relations],
            [a.name for a in scheme.attributes],
        )
        maps = [by_plain_name(names, brat_conf.plain) | config.names for names in known]
        self._types, self._relations, self._attributes = maps
        self._values = {
            attribute.name: by_plain_name([option.value for option in attribute.options], brat_conf.value_of)
            for attribute in self._scheme.attributes
        }
        self._problems: list[Problem] = []

    def read(self, annotations: list[SourceFile]) -> Iterator[Item]:
        """Yield the document and what was wrong with its annotations."""
        file = self._file
        content = file.read()
        decoded = decode(content)
        if not decoded.text and not self._options.empty:
            yield Problem("refused", file.where, "", "the file is empty, there is nothing to annotate")
            return
        if decoded.note:
            yield Problem("noted", file.where, "", decoded.note)
        source = {"txt": content}
        parts = []
        for one in sorted(annotations, key=lambda one: _ANNOTATIONS.index(f".{one.base.rpartition('.')[2]}")):
            source[one.base.rpartition(".")[2]] = body = one.read()
            try:
                parts.append((one.where, decode(body).text))
            except DataError as error:
                yield Problem("refused", one.where, "", error.message)
        lines = brat_lines.parse(parts)
        versions: tuple[ExchangedVersion, ...] = ()
        if any(text.strip() for _, text in parts):
            held = self._annotations(decoded.text, lines, has_mark=content.startswith(BOM_UTF8))
            versions = (ExchangedVersion(held),)
            yield from self._problems
            yield from self._kept(lines, annotations)
        key = file.name.removesuffix(".txt")
        document = Document(key, (Part(PART, decoded.text),), name=file.base, folder=file.folder)
        yield ExchangedDocument(document, versions, file.where, {}, source)

    def _annotations(self, text: str, lines: Lines, *, has_mark: bool) -> Annotations:
        for where, name, reason in lines.problems:
            self._refuse(where, name, reason)
        numbers, entities = self._entities(
            text, lines, brat_offsets.find(text, [*lines.mentions.values()], has_mark=has_mark)
        )
        self._mark(lines, numbers, entities)
        self._normalize(lines, numbers, entities)
        return Annotations(entities, relations=self._links(lines, numbers))

    def _refuse(self, where: str, name: str, reason: str) -> None:
        self._problems.append(Problem("refused", where, name, reason))

    def _entities(self, text: str, lines: Lines, found: brat_offsets.Found) -> tuple[dict[str, int], dict[int, Entity]]:
        if found.note:
            self._problems.append(
                Problem("noted", self._file.where, "offsets", f"count {found.note}, as the texts show")
            )
        numbers: dict[str, int] = {}
        entities: dict[int, Entity] = {}
        for mention, places in zip(lines.mentions.values(), found.places, strict=True):
            if places is None:
                bounds = mention.fragments[0][0], mention.fragments[-1][1]
                start, end = (to_points(text, offset, found.unit) for offset in bounds)
                there = "nothing" if start is None or end is None else repr(text[start:end][:60])
                reason = f"says {mention.surface!r}, but the text there reads {there}; left out"
                self._refuse(mention.where, mention.id, reason)
                continue
            number = numbers[mention.id] = len(entities) + 1
            spans = tuple(Span(PART, start, end) for start, end in places)
            entities[number] = Entity(self._types.get(mention.type, mention.type), spans, number=number)
        return numbers, entities

    def _mark(self, lines: Lines, numbers: Mapping[str, int], entities: dict[int, Entity]) -> None:
        links = {link.id for link in lines.links}
        found: dict[int, dict[str, LabelScalar]] = {}
        for mark in lines.marks:
            number = numbers.get(lines.anchor(mark.target))
            if number is None:
                if mark.target not in links:
                    self._refuse(mark.where, mark.id, f"is of {mark.target}, which is not there; left out")
                continue
            name = self._attributes.get(mark.name, mark.name)
            value: LabelScalar = True if mark.value is None else self._value(name, mark.value)
            if found.setdefault(number, {}).setdefault(name, value) != value:
                self._refuse(mark.where, mark.id, f"gives {mark.target} a second value of {mark.name}; left out")
        for number, attributes in found.items():
            entities[number] = replace(entities[number], attributes=attributes)

    def _value(self, name: str, value: str) -> str:
        return self._values.get(name, {}).get(value, value)

    def _normalize(self, lines: Lines, numbers: Mapping[str, int], entities: dict[int, Entity]) -> None:
        found: dict[int, dict[str, Any]] = {}
        for count, one in enumerate(lines.references, 1):
            number = numbers.get(lines.anchor(one.target))
            if number is None:
                self._refuse(one.where, one.id, f"is of {one.target}, which is not there; left out")
                continue
            found.setdefault(number, {})[f"n_{count}"] = {
                "source": {"name": one.name or None, "id": one.entry, "url": None},
                "recName": one.text or None,
                "confidence": {"state": "pre-added", "who": [], "prob": 1},
            }
        for number, held in found.items():
            entities[number] = replace(entities[number], extra={"normalizations": held})

    def _links(self, lines: Lines, numbers: Mapping[str, int]) -> dict[int, Relation]:
        relations: dict[int, Relation] = {}
        for link in lines.all_links():
            ends = [numbers.get(lines.anchor(end)) for end in link.ends]
            missing = [id for id, number in zip(link.ends, ends, strict=True) if number is None]
            if missing:
                self._refuse(link.where, link.id, f"has {', '.join(missing)} as an end, which is not there; left out")
                continue
            type = self._relations.get(link.type, link.type)
            directed = not link.is_symmetric and is_directed(type, self._scheme)
            number = len(relations) + 1
            relations[number] = Relation(type, (ends[0] or 0, ends[1] or 0), directed, number=number)
        return relations

    def _kept(self, lines: Lines, annotations: list[SourceFile]) -> Iterator[Problem]:
        """Say what is kept in the files only, and written again to brat."""
        where = annotations[0].where
        if lines.events:
            reason = f"{len(lines.events)} events were read as entities with relations to their arguments"
            yield Problem("noted", where, "E", reason)
        if lines.notes:
            yield Problem("noted", where, "#", f"{len(lines.notes)} notes are kept with the document, and not shown")
        links = {link.id for link in lines.links}
        count = sum(mark.target in links for mark in lines.marks)
        if count:
            yield Problem(
                "noted", where, "A", f"{count} attributes of relations are kept with the document, and not shown"
            )


def _both(first: Scheme, second: Scheme) -> Scheme:
    """Return the relations and attributes of two schemes; where both name one, the second's."""
    relations = {relation.name: relation for relation in (*first.relations, *second.relations)}
    attributes = {attribute.name: attribute for attribute in (*first.attributes, *second.attributes)}
    return Scheme(relations=tuple(relations.values()), attributes=tuple(attributes.values()))


FORMAT = Format(
    name="brat",
    description="brat standoff: a .txt and an .ann a document, and annotation.conf",
    extensions=(".ann", ".a1", ".a2"),
    many=False,
    loses="document labels, who did it, probabilities, and all versions but one",
    meaning=brat_meaning.meaning,
    holds=frozenset(("entities", "overlaps", "fragments", "attributes", "relations", "folders", "ids")),
    claims=claims,
    counts_lost=brat_write.count_lost,
    read=read,
    write_tree=brat_write.write,
)

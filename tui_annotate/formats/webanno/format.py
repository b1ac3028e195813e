"""WebAnno TSV 3, as WebAnno and INCEpTION export it: a file a document, or a file an annotator in a project export."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tui_annotate.domain.annotations import Annotations, Entity, LabelScalar, Relation
from tui_annotate.domain.documents import Document, Part
from tui_annotate.domain.interchange import MASTER, ExchangedDocument, ExchangedVersion, Problem
from tui_annotate.domain.scheme import Scheme
from tui_annotate.domain.spans import Span
from tui_annotate.errors import DataError
from tui_annotate.formats.base import Format, Item, ReadOptions
from tui_annotate.formats.flat import PART, by_plain_name, is_directed
from tui_annotate.formats.source import SourceFile, decode
from tui_annotate.formats.webanno import layers as webanno_layers
from tui_annotate.formats.webanno import write as webanno_write
from tui_annotate.formats.webanno.table import MARK, Table, parse

_EXPORTED = re.compile(
    r"(?:.*/)?(?P<kind>annotation|curation)(?:_ser)?/(?P<document>.+)/(?P<who>[^/]+)\.tsv", re.IGNORECASE
)
_INITIAL = "INITIAL_CAS"


def sniff(name: str, head: bytes) -> bool:
    """Say whether a file is one of WebAnno's, and no table."""
    return name.endswith(".tsv") and head.removeprefix(b"\xef\xbb\xbf").startswith(MARK.encode())


@dataclass(frozen=True, slots=True)
class _Opened:
    """A file with its text and annotations."""

    file: SourceFile
    content: bytes
    text: str
    annotations: Annotations
    annotator: str


def read(files: Sequence[SourceFile], options: ReadOptions) -> Iterator[Item]:
    """Yield a document per file; of a project's export one per document, with a version per annotator."""
    groups: dict[str, list[tuple[str, SourceFile]]] = {}
    for file in files:
        match = _EXPORTED.fullmatch(file.name)
        if match is None:
            groups.setdefault(file.tree + file.name, []).append((MASTER, file))
        else:
            who = MASTER if match.group("kind").lower() == "curation" else match.group("who")
            groups.setdefault(f"{file.tree}//{match.group('document')}", []).append((who, file))
    for held in groups.values():
        # What a document was before anybody annotated it says nothing once somebody has.
        begun = [pair for pair in held if pair[0] != _INITIAL] or [(MASTER, file) for _, file in held]
        yield from _document(begun, options)


def _document(held: list[tuple[str, SourceFile]], options: ReadOptions) -> Iterator[Item]:
    opened: list[_Opened] = []
    for who, file in held:
        try:
            yield from _open(file, who, options, opened)
        except DataError as error:
            yield Problem("refused", file.where, "", str(error).removeprefix(f"{file.where}: "))
    if not opened:
        return
    first = next((one for one in opened if one.annotator == MASTER), opened[0])
    versions = {}
    for one in opened:
        if one.text != first.text:
            reason = f"has another text than {first.file.base}; its version was left out"
            yield Problem("refused", one.file.where, "", reason)
        else:
            versions[one.annotator] = ExchangedVersion(one.annotations, annotator=one.annotator)
    match = _EXPORTED.fullmatch(first.file.name)
    key = match.group("document") if match else first.file.name.removesuffix(".tsv")
    folder = "" if match else first.file.folder
    document = Document(key, (Part(PART, first.text),), name=key.rpartition("/")[2], folder=folder)
    source = {webanno_write.KEPT: first.content}
    yield ExchangedDocument(document, tuple(versions.values()), first.file.where, source=source)


def _open(file: SourceFile, who: str, options: ReadOptions, opened: list[_Opened]) -> Iterator[Problem]:
    content = file.read()
    decoded = decode(content)
    table = parse(decoded.text)
    if not table.text and not options.empty:
        yield Problem("refused", file.where, "", "the document is empty, there is nothing to annotate")
        return
    found = webanno_layers.contents(table)
    for line, name, reason in [*table.problems, *found.problems]:
        yield Problem("refused", f"{file.where}:{line}", name, reason)
    if table.unit != "UTF-16":
        yield Problem("noted", file.where, "offsets", f"count {table.unit}, as the tokens show, not UTF-16")
    if found.kept:
        yield Problem(
            "noted", file.where, "", f"layers on words are kept in the file and not shown: {', '.join(found.kept)}"
        )
    annotations, problems = to_annotations(table, found, options.scheme)
    for line, name, reason in problems:
        yield Problem("refused", f"{file.where}:{line}", name, reason)
    opened.append(_Opened(file, content, table.text, annotations, who))


def to_annotations(
    table: Table, found: webanno_layers.Contents, scheme: Scheme
) -> tuple[Annotations, list[tuple[int, str, str]]]:
    """Return entities and relations, and what had to be left out."""
    names = by_plain_name([attribute.name for attribute in scheme.attributes], webanno_write.feature)
    kinds = {attribute.name: attribute.kind for attribute in scheme.attributes}
    held, problems = Annotations(), []
    numbers: dict[int, int] = {}
    for annotation in found.annotations:
        place = annotation.place
        if place is None:
            line = annotation.rows[0].line if annotation.rows else 0
            problems.append((line, annotation.layer.short, "is on tokens that are not in the text; left out"))
            continue
        number = numbers[id(annotation)] = len(held.entities) + 1
        attributes = {
            names.get(name, name): _value(value, kinds.get(names.get(name, name)))
            for name, value in annotation.attributes.items()
        }
        held.entities[number] = Entity(annotation.type, (Span(PART, *place),), number=number, attributes=attributes)
    for link in found.links:
        ends = numbers.get(id(link.source)), numbers.get(id(link.target))
        if ends[0] is not None and ends[1] is not None:
            number = len(held.relations) + 1
            directed = is_directed(link.type, scheme)
            held.relations[number] = Relation(link.type, (ends[0], ends[1]), directed, number=number)
    return held, problems


def _value(value: str, kind: str | None) -> LabelScalar:
    return value == "true" if value in ("true", "false") and kind in (None, "boolean") else value


FORMAT = Format(
    name="webanno",
    description="WebAnno TSV 3, of WebAnno and INCEpTION: tokens in rows, layers in columns",
    extensions=(".tsv",),
    many=False,
    loses="document labels, whether a relation has a direction, who did it, probabilities, and all versions but one",
    meaning=webanno_write.meaning,
    holds=frozenset(("entities", "overlaps", "attributes", "relations", "folders", "ids")),
    sniff=sniff,
    counts_lost=webanno_write.count_lost,
    read=read,
    write_tree=webanno_write.write,
)

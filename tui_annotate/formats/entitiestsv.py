"""tagtog's EntitiesTsv and EntitiesOnlyClassesTsv: stretches of text, each with the type of the entity that it is.

EntitiesTsv cuts the whole text where entities begin and end: a row per stretch, its text, a tab, and the
entity's type or `O`. Of entities that lie over each other the one that begins first stays. The other table
has the entities alone, all of them. An empty line stands between parts. What tagtog does with tabs and line
ends in a text it does not say; here they are written `\\t`, `\\n` and `\\r`, and a backslash `\\\\`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from tui_annotate.domain.annotations import Annotations, Entity
from tui_annotate.domain.documents import Document, Part
from tui_annotate.domain.interchange import ExchangedDocument, ExchangedVersion, Problem
from tui_annotate.domain.spans import Span
from tui_annotate.errors import DataError
from tui_annotate.formats import flat
from tui_annotate.formats.base import Format, Item, Put, ReadOptions, WriteOptions, chosen_version
from tui_annotate.formats.reducing import JOINED, part_starts
from tui_annotate.formats.safety import Names, safe_path
from tui_annotate.formats.source import SourceFile, decode

_ENDING, _CLASSES_ENDING = ".entities.tsv", ".classes.tsv"
_OUTSIDE = "O"
_ESCAPES = {"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r", "\ufeff": "\\ufeff"}
_TO_ESCAPE = re.compile("[\\\\\t\n\r\ufeff]")
_ESCAPED = re.compile(r"\\(\\|t|n|r|O|ufeff)")
_MEANT = {"\\": "\\", "t": "\t", "n": "\n", "r": "\r", "O": _OUTSIDE, "ufeff": "\ufeff"}


def render(document: Document, annotations: Annotations) -> str:
    """Return EntitiesTsv: the whole text in stretches."""
    kept = _first(annotations, document)
    lines: list[str] = []
    for at, part in enumerate(document.parts):
        lines += [""] if at else []
        done = 0
        for entity in (one for one in kept if one.span.part == part.id):
            lines += _row(part.text[done : entity.span.start], _OUTSIDE) if done < entity.span.start else []
            lines += _row(part.text[entity.span.start : entity.span.end], _type(entity))
            done = entity.span.end
        lines += _row(part.text[done:], _OUTSIDE) if done < len(part.text) else []
    return "".join(f"{line}\n" for line in lines)


def render_classes(document: Document, annotations: Annotations) -> str:
    """Return EntitiesOnlyClassesTsv: the entities alone, in reading order."""
    ordered = _ordered(annotations, document)
    lines: list[str] = []
    for at, part in enumerate(document.parts):
        lines += [""] if at else []
        for entity in (one for one in ordered if one.span.part == part.id):
            lines += _row(part.text[entity.span.start : entity.span.end], _type(entity))
    return "".join(f"{line}\n" for line in lines)


def _ordered(annotations: Annotations, document: Document) -> list[Entity]:
    return sorted(annotations.entities.values(), key=lambda one: (*document.order(one.span)[:2], -one.span.end))


def _first(annotations: Annotations, document: Document) -> list[Entity]:
    """Return the entities that do not lie over an earlier one, in reading order."""
    kept: list[Entity] = []
    for entity in _ordered(annotations, document):
        if not kept or kept[-1].span.part != entity.span.part or kept[-1].span.end <= entity.span.start:
            kept.append(entity)
    return kept


def _type(entity: Entity) -> str:
    return f"\\{_OUTSIDE}" if entity.type == _OUTSIDE else _escaped(entity.type)


def _row(text: str, label: str) -> list[str]:
    return [f"{_escaped(text)}\t{label}"]


def _escaped(text: str) -> str:
    return _TO_ESCAPE.sub(lambda match: _ESCAPES[match.group()], text)


def _unescaped(cell: str) -> str:
    return _ESCAPED.sub(lambda match: _MEANT[match.group(1)], cell) if "\\" in cell else cell


def read(files: Sequence[SourceFile], options: ReadOptions) -> Iterator[Item]:
    """Yield a document per file, its parts joined by line ends; a row without a tab refuses the file."""
    return _read(files, options, _ENDING, _parsed)


def read_classes(files: Sequence[SourceFile], options: ReadOptions) -> Iterator[Item]:
    """Yield a document per file, made of what is there: the words of the entities, one below the other."""
    for item in _read(files, options, _CLASSES_ENDING, _parsed_classes):
        yield item
        if isinstance(item, ExchangedDocument):
            reason = "the text around the entities is not in this format: the document is a list of their words"
            yield Problem("noted", item.where, "", reason)


def _read(
    files: Sequence[SourceFile], options: ReadOptions, ending: str, parse: Callable[[str], tuple[str, Annotations]]
) -> Iterator[Item]:
    for file in files:
        try:
            content = file.read()
            decoded = decode(content)
            text, annotations = parse(decoded.text)
        except DataError as error:
            yield Problem("refused", file.where, "", str(error).removeprefix(f"{file.where}: "))
            continue
        if not text and not options.empty:
            yield Problem("refused", file.where, "", "the file is empty, there is nothing to annotate")
            continue
        if decoded.note:
            yield Problem("noted", file.where, "", decoded.note)
        key = file.name.removesuffix(ending)
        document = Document(key, (Part(JOINED, text),), name=file.base.removesuffix(ending), folder=file.folder)
        yield ExchangedDocument(document, (ExchangedVersion(annotations),), file.where, source={"tsv": content})


def _parsed(content: str) -> tuple[str, Annotations]:
    """Return text and entities; raises DataError with the line that is no row."""
    lines = content.removesuffix("\n").split("\n") if content else []
    pieces: list[str] = []
    held = Annotations()
    at = 0
    for number, line in enumerate(lines, 1):
        line = line.removesuffix("\r")
        cells = line.rsplit("\t", 1)
        if line and len(cells) != 2:
            raise DataError(f"line {number} has no tab; a row is a stretch of text, a tab, and a type or {_OUTSIDE}")
        piece = _unescaped(cells[0]) if line else "\n"
        if len(cells) == 2 and piece and cells[1] != _OUTSIDE:
            if not cells[1].strip():
                raise DataError(f"line {number} has no type; text outside entities has {_OUTSIDE}")
            count = len(held.entities) + 1
            span = Span(JOINED, at, at + len(piece))
            held.entities[count] = Entity(_unescaped(cells[1]), (span,), number=count)
        pieces.append(piece)
        at += len(piece)
    return "".join(pieces), held


def _parsed_classes(content: str) -> tuple[str, Annotations]:
    """Return the words of the entities as a text, a line each, and the entities that they are."""
    pieces: list[str] = []
    held = Annotations()
    at = 0
    for number, line in enumerate(content.split("\n"), 1):
        cells = line.removesuffix("\r").rsplit("\t", 1)
        if cells == [""]:
            continue
        if len(cells) != 2 or not cells[0] or not cells[1].strip():
            raise DataError(f"line {number} is no row; a row is the words of an entity, a tab, and its type")
        piece, count = _unescaped(cells[0]), len(held.entities) + 1
        held.entities[count] = Entity(_unescaped(cells[1]), (Span(JOINED, at, at + len(piece)),), number=count)
        pieces.append(piece)
        at += len(piece) + 1
    return "\n".join(pieces), held


def _write(
    renderer: Callable[[Document, Annotations], str],
    ending: str,
    documents: Iterable[ExchangedDocument],
    put: Put,
    options: WriteOptions,
) -> Iterator[Problem]:
    """Write a file per document, named by its key."""
    names = Names()
    for exchanged in documents:
        document = exchanged.document
        name = names.take(f"{safe_path(document.key) or '_'}{ending}", document.key)
        put(name, renderer(document, _held(exchanged, options)).encode("utf-8", "replace"))
    yield from ()


def _held(exchanged: ExchangedDocument, options: WriteOptions) -> Annotations:
    index = chosen_version(exchanged, options)
    return Annotations() if index is None else exchanged.versions[index].annotations


def of_stretches(exchanged: ExchangedDocument, options: WriteOptions) -> Any:
    """The text, and the entities of it that do not lie over an earlier one."""
    document = exchanged.document
    starts = part_starts(document)
    entities = [
        (one.type, starts[one.span.part] + one.span.start, starts[one.span.part] + one.span.end)
        for one in _first(_held(exchanged, options), document)
    ]
    return document.text, entities


def counts_lost(exchanged: ExchangedDocument, options: WriteOptions) -> Mapping[str, int]:
    """Count the entities that begin inside an earlier one."""
    held = _held(exchanged, options)
    lost = len(held.entities) - len(_first(held, exchanged.document))
    return ({"entities that lie over an earlier one": lost} if lost else {}) | flat.unnameable(exchanged)


def of_classes(exchanged: ExchangedDocument, options: WriteOptions) -> Any:
    """The words and types of the entities, in reading order."""
    document = exchanged.document
    found = _ordered(_held(exchanged, options), document)
    return sorted((document.slice(one.span), one.type) for one in found)


def counts_outside(exchanged: ExchangedDocument, options: WriteOptions) -> Mapping[str, int]:
    """Count the characters outside all entities, which are not written."""
    spans = [one.span for one in _ordered(_held(exchanged, options), exchanged.document)]
    covered = {(span.part, at) for span in spans for at in range(span.start, span.end)}
    lost = sum(len(part.text) for part in exchanged.document.parts) - len(covered)
    if lost:
        return {"characters of text outside entities": lost}
    words = "\n".join(exchanged.document.slice(span) for span in spans)
    return {"texts that become the words of their entities": 1} if words != exchanged.document.text else {}


FORMAT = Format(
    name="entitiestsv",
    description="tagtog's EntitiesTsv: the text in stretches, each with its entity type or O",
    extensions=(_ENDING,),
    many=False,
    loses="all but the text and entities that do not lie over each other",
    meaning=of_stretches,
    # Which of several entities stays is tagtog's rule, so `counts_lost` counts them, not the frame.
    holds=frozenset(("entities", "overlaps", "ids", "folders")),
    counts_lost=counts_lost,
    read=read,
    write_tree=partial(_write, render, _ENDING),
)
CLASSES = Format(
    name="entitiesonlyclassestsv",
    description="tagtog's EntitiesOnlyClassesTsv: the words of entities and their types",
    extensions=(_CLASSES_ENDING,),
    many=False,
    loses="all but the words and types of entities, the text between them too",
    meaning=of_classes,
    holds=frozenset(("entities", "overlaps", "ids", "folders")),
    counts_lost=counts_outside,
    read=read_classes,
    write_tree=partial(_write, render_classes, _CLASSES_ENDING),
)

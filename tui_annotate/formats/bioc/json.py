"""BioC JSON: a collection, a list of them, PubTator's export, or a document per line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, BinaryIO

import msgspec

from tui_annotate.domain.interchange import ExchangedDocument, Problem
from tui_annotate.errors import DataError
from tui_annotate.formats.base import Format, Item, ReadOptions, WriteOptions, stem
from tui_annotate.formats.bioc import format as bioc
from tui_annotate.formats.bioc import write as bioc_write
from tui_annotate.formats.source import JSON_ERRORS, SourceFile, decode, json_fault

_decode = msgspec.json.Decoder().decode
_encode = msgspec.json.Encoder().encode


def read(files: Sequence[SourceFile], options: ReadOptions) -> Iterator[Item]:
    """Yield the documents of each file; a broken one is refused and the rest goes on."""
    for file in files:
        try:
            yield from _read_file(file, options)
        except DataError as error:
            yield Problem("refused", file.where, "", str(error).removeprefix(f"{file.where}: "))


def _read_file(file: SourceFile, options: ReadOptions) -> Iterator[Item]:
    decoded = decode(file.read())
    number = 0
    for where, found in _values(decoded.text, file.where):
        if isinstance(found, Problem):
            yield found
            continue
        for row in _documents(found):
            number += 1
            yield from bioc.read(row, f"{where}:{number}", f"{stem(file.name)}-{number}", options)
    if not number and not options.empty:
        yield Problem("refused", file.where, "", "holds no document: an object with `passages`")


def _values(text: str, where: str) -> Iterator[tuple[str, Any]]:
    """Yield the value of a file, or that of each line where it holds several."""
    try:
        yield where, _decode(text)
        return
    except JSON_ERRORS as error:
        lines = text.split("\n")
        rows = [line for line in lines if line.strip()]
        if len(rows) < 2 or not all(row.lstrip().startswith("{") for row in rows):
            raise DataError(json_fault(text.encode(), error)) from error
    for number, line in enumerate(lines, 1):
        if line.strip():
            try:
                yield f"{where}:{number}", _decode(line)
            except JSON_ERRORS as error:
                yield where, Problem("refused", f"{where}:{number}", "", json_fault(line.encode(), error))


def _documents(value: Any) -> Iterator[dict[str, Any]]:
    """Yield the objects that have passages, inside collections and lists of them."""
    waiting = [(value, 0)]
    while waiting:
        one, depth = waiting.pop()
        if type(one) is list:
            waiting += [(inner, depth + 1) for inner in reversed(one) if depth < 4]
        elif type(one) is dict and type(one.get("passages")) is list:
            yield one
        elif type(one) is dict:
            waiting += [(inner, depth + 1) for inner in reversed(one.values()) if type(inner) is list and depth < 4]


def write(documents: Iterable[ExchangedDocument], stream: BinaryIO, options: WriteOptions) -> Iterator[Problem]:
    """Write one collection."""
    stream.write(b'{"bioctype":"BioCCollection","source":"tui-annotate","date":"","key":"","infons":{},"documents":[')
    between = b"\n"
    for exchanged in documents:
        stream.write(between)
        stream.write(_encode(bioc_write.written(bioc_write.prepared(exchanged, options), exchanged.extra)))
        between = b",\n"
    stream.write(b"\n]}\n")
    yield from ()


def _sniff(name: str, head: bytes) -> bool:
    return b'"passages"' in head or b"BioCCollection" in head or (b'"documents"' in head and b'"infons"' in head)


FORMAT = Format(
    name="bioc-json",
    description="BioC JSON, as PubTator and TeamTat give it: documents with passages",
    extensions=(".bioc.json", ".biocjson", ".json", ".jsonl"),
    many=True,
    loses="versions besides the one that is written, names, folders, tags and languages of documents, authors and"
    " probabilities of document labels",
    meaning=bioc_write.meaning(),
    holds=bioc.HOLDS,
    sniff=_sniff,
    counts_lost=bioc_write.counts_lost,
    read=read,
    write_stream=write,
)

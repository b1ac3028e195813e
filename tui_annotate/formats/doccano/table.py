"""doccano's CSV: `id,text,label`, a row per category of a text, or all of them in one cell with `#` between.

Which of the two a file is shows in its cells: where `a#b` stands in one and `a` alone in another, they are joined.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from typing import Any, BinaryIO

from tui_annotate.domain.annotations import Annotations
from tui_annotate.domain.interchange import ExchangedDocument, ExchangedVersion, Problem
from tui_annotate.domain.scheme import Choice, DocumentLabel, Scheme
from tui_annotate.formats import categories
from tui_annotate.formats.base import Format, Item, ReadOptions, WriteOptions, chosen_version
from tui_annotate.formats.source import SourceFile
from tui_annotate.formats.tables import format as tables

_CELL = "label"
_COLUMNS = Scheme(labels=(DocumentLabel(_CELL, "choice", (Choice("-"),)),))
"""Makes the reader of tables leave the cells of the label column as they are."""
_MOST_KEPT = 10_000


def sniff(name: str, head: bytes) -> bool:
    """Tell doccano's table by the column that only it has."""
    header = head.split(b"\n", 1)[0].strip().removeprefix(b"\xef\xbb\xbf")
    columns = header.replace(b'"', b"").split(b",")
    return b"Comments" in columns and columns[:2] in ([b"id", b"text"], [b"id", b"data"])


def read(files: Sequence[SourceFile], options: ReadOptions) -> Iterator[Item]:
    """Yield a document per text; rows that follow each other with the same id and text are one."""
    for file in files:
        cells, several = _survey(file, options)
        is_joined = _is_joined(cells)
        several |= is_joined
        for key, rows in groupby(_rows(file, options), _document_of):
            if key is None:
                yield from rows
            else:
                yield _merged([row for row in rows if isinstance(row, ExchangedDocument)], options, is_joined, several)
        if is_joined:
            yield Problem("noted", file.where, _CELL, "holds several categories with # between; they are taken apart")


def _rows(file: SourceFile, options: ReadOptions) -> Iterator[Item]:
    asked = replace(
        options,
        scheme=_COLUMNS,
        label="",
        id_column=options.id_column or "id",
        label_column=options.label_column or _CELL,
    )
    return tables.read((file,), asked)


def _document_of(item: Item) -> tuple[str, str] | None:
    return (item.document.key, item.document.text) if isinstance(item, ExchangedDocument) else None


def _cell(row: ExchangedDocument) -> str:
    for version in row.versions:
        for label in version.annotations.labels.values():
            return str(label.value)
    return ""


def _survey(file: SourceFile, options: ReadOptions) -> tuple[set[str], bool]:
    """Return the cells that labels stand in, and whether some text has several rows."""
    found: set[str] = set()
    several, last = False, None
    for item in _rows(file, options):
        if isinstance(item, ExchangedDocument):
            if len(found) < _MOST_KEPT:
                found.add(_cell(item))
            several |= _document_of(item) == last
            last = _document_of(item)
    return found - {""}, several


def _is_joined(cells: set[str]) -> bool:
    return any(piece in cells for cell in cells if "#" in cell for piece in cell.split("#") if piece)


def _merged(rows: list[ExchangedDocument], options: ReadOptions, is_joined: bool, several: bool) -> ExchangedDocument:
    given: list[str] = []
    for row in rows:
        cell = _cell(row)
        given += [piece for piece in cell.split("#") if piece] if is_joined else [cell] if cell else []
    labels = categories.read_labels({}, given, options, [], several=several)
    version = ExchangedVersion(Annotations(labels=labels))
    return replace(rows[0], versions=(version,) if labels else ())


def write(documents: Iterable[ExchangedDocument], stream: BinaryIO, options: WriteOptions) -> Iterator[Problem]:
    """Write a row per category, or one with an empty label."""
    text = io.TextIOWrapper(stream, "utf-8", newline="", write_through=True)
    table = csv.writer(text)
    table.writerow(["id", "text", _CELL])
    for exchanged in documents:
        for category in _categories(exchanged, options) or [""]:
            table.writerow([exchanged.document.key, exchanged.document.text, category])
    text.detach()
    yield from ()


def _categories(exchanged: ExchangedDocument, options: WriteOptions) -> list[str]:
    index = chosen_version(exchanged, options)
    labels = {} if index is None else exchanged.versions[index].annotations.labels
    return categories.of_labels(labels, options.scheme)


def meaning(exchanged: ExchangedDocument, options: WriteOptions) -> Any:
    """Id, text and categories."""
    return exchanged.document.key, exchanged.document.text, _categories(exchanged, options)


def counts_lost(exchanged: ExchangedDocument, options: WriteOptions) -> Mapping[str, int]:
    """Count labels that are no category: texts, and booleans that are false."""
    index = chosen_version(exchanged, options)
    labels = {} if index is None else exchanged.versions[index].annotations.labels
    lost = sum(not categories.of_labels({name: held}, options.scheme) for name, held in labels.items())
    return {"labels that are texts or false": lost} if lost else {}


FORMAT = Format(
    name="doccano-csv",
    description="doccano's CSV: id, text, label",
    extensions=(".csv",),
    many=True,
    loses="entities, relations, labels that are texts or false, confirmations, and all versions but one",
    meaning=meaning,
    holds=frozenset(("ids", "labels")),
    sniff=sniff,
    counts_lost=counts_lost,
    read=read,
    write_stream=write,
)

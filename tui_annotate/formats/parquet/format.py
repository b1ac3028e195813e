"""Parquet: tables as data sets keep them, a document per row, read and written by row groups.

Read are the columns of Hugging Face data sets: `text`, `label` or `labels` (with the names that their schema gives to
numbers), `tokens` with `ner_tags`, and `spans` as written here, a list of `start`, `end` and `label`. pyarrow is loaded
when a file is read or written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, BinaryIO

import msgspec

from tui_annotate.domain.annotations import Annotations, LabelValue
from tui_annotate.domain.interchange import ExchangedDocument, ExchangedVersion, Problem
from tui_annotate.domain.scheme import LabelKind, Scheme
from tui_annotate.errors import DataError
from tui_annotate.formats import plain_values
from tui_annotate.formats.base import Feature, Format, Item, ReadOptions, WriteOptions
from tui_annotate.formats.jsonl.format import RowReader
from tui_annotate.formats.meaning import plain
from tui_annotate.formats.parquet.columns import LABELS_KEY, Columns
from tui_annotate.formats.reducing import reduced
from tui_annotate.formats.source import SourceFile

HOLDS: frozenset[Feature] = frozenset(("entities", "overlaps", "labels", "relations", "ids", "states"))
_BATCH = 256
_GROUP_ROWS = 2000
_GROUP_CHARACTERS = 4 << 20
_LARGEST_GROUP = 2 << 30
"""Bytes that a row group may unpack to."""
_MOST_COLUMNS = 2000


def read(files: Sequence[SourceFile], options: ReadOptions) -> Iterator[Item]:
    """Yield a document per row; a file that breaks off is reported and what came before stays."""
    for file in files:
        try:
            yield from _read_file(file, options)
        except DataError as error:
            yield Problem("refused", file.where, "", str(error).removeprefix(f"{file.where}: "))


def _read_file(file: SourceFile, options: ReadOptions) -> Iterator[Item]:
    import pyarrow as pa
    from pyarrow import parquet

    faults = (pa.ArrowException, OSError, ValueError, TypeError, KeyError, IndexError, OverflowError, RecursionError)
    with file.open() as stream:
        try:
            table = parquet.ParquetFile(stream)
            _check(table.metadata)
            columns = Columns(table.schema_arrow, options)
        except faults as error:
            raise DataError(f"is no Parquet file that can be read: {_reason(error)}") from error
        yield from columns.problems(file.where)
        reader, number = RowReader(file, columns.options), 0
        batches = table.iter_batches(batch_size=_BATCH, use_threads=False)
        while True:
            try:
                batch = next(batches, None)
                rows = batch.to_pylist() if batch is not None else []
            except faults as error:
                raise DataError(f"breaks off after row {number}: {_reason(error)}") from error
            if batch is None:
                break
            for row in rows:
                number += 1
                yield from _document(reader, columns, row, number)
        yield from reader.tokens.summary(file.where)
    if not number and not options.empty:
        yield Problem("refused", file.where, "", "the table has no rows, there is nothing to annotate")


def _check(metadata: Any) -> None:
    """Refuse what would fill the memory, before it is unpacked."""
    if metadata.num_columns > _MOST_COLUMNS:
        raise DataError(f"has {metadata.num_columns} columns, and {_MOST_COLUMNS} are read")
    for index in range(metadata.num_row_groups):
        size = metadata.row_group(index).total_byte_size
        if size > _LARGEST_GROUP:
            raise DataError(f"has a row group of {size:,} bytes, and {_LARGEST_GROUP:,} are read")


def _document(reader: RowReader, columns: Columns, row: Mapping[str, Any], number: int) -> Iterator[Item]:
    given, rest = columns.row(row)
    for item in reader.read(given, number):
        if isinstance(item, ExchangedDocument) and rest:
            yield replace(item, extra=msgspec.to_builtins(rest, enc_hook=str))
        else:
            yield item


def _reason(error: BaseException) -> str:
    return (" ".join(str(error).split()) or type(error).__name__)[:200]


def write(documents: Iterable[ExchangedDocument], stream: BinaryIO, options: WriteOptions) -> Iterator[Problem]:
    """Write row groups of some thousand documents; the scheme says which columns there are."""
    import pyarrow as pa
    from pyarrow import parquet

    columns = label_columns(options.scheme)
    schema = _schema(pa, options.scheme, columns)
    waiting: list[dict[str, Any]] = []
    size = 0
    with parquet.ParquetWriter(stream, schema) as writer:
        for exchanged in documents:
            left = prepared(exchanged, options)
            waiting.append(_row(left, columns))
            size += len(left.document.text)
            if len(waiting) >= _GROUP_ROWS or size >= _GROUP_CHARACTERS:
                writer.write_table(pa.Table.from_pylist(waiting, schema))
                waiting, size = [], 0
        if waiting:
            writer.write_table(pa.Table.from_pylist(waiting, schema))
    yield from ()


def label_columns(scheme: Scheme) -> dict[str, str]:
    """Return the column of each document label, by name; one that a label's name would clash with gives way."""
    taken = {"id", "text", "spans", "relations", "confirmed", "tokens", "tags", "ner_tags"}
    found: dict[str, str] = {}
    for label in scheme.labels:
        column = label.name
        while column in taken:
            column = f"label_{column}"
        taken.add(column)
        found[label.name] = column
    return found


def _schema(pa: Any, scheme: Scheme, columns: Mapping[str, str]) -> Any:
    types: dict[LabelKind, Callable[[], Any]] = {"boolean": pa.bool_, "choices": lambda: pa.list_(pa.string())}
    span = pa.struct([("start", pa.int32()), ("end", pa.int32()), ("label", pa.string())])
    link = pa.struct([("label", pa.string()), ("from", pa.int32()), ("to", pa.int32()), ("directed", pa.bool_())])
    fields = [("id", pa.string()), ("text", pa.string()), ("spans", pa.list_(span))]
    fields += [("relations", pa.list_(link))] if scheme.relations else []
    fields += [(columns[label.name], types.get(label.kind, pa.string)()) for label in scheme.labels]
    about = {column: [name, (scheme.label(name) or scheme.labels[0]).kind] for name, column in columns.items()}
    return pa.schema([*fields, ("confirmed", pa.bool_())], metadata={LABELS_KEY: msgspec.json.encode(about)})


def _row(left: ExchangedDocument, columns: Mapping[str, str]) -> dict[str, Any]:
    row: dict[str, Any] = {"id": left.document.key, "text": left.document.text}
    for version in left.versions:
        held = version.annotations
        row["confirmed"] = version.confirmed
        row["spans"] = [
            {"start": entity.span.start, "end": entity.span.end, "label": entity.type}
            for entity in held.entities.values()
        ]
        place = {number: index for index, number in enumerate(held.entities, 1)}
        row["relations"] = [
            {"label": one.type, "from": place[one.ends[0]], "to": place[one.ends[1]], "directed": one.directed}
            for one in held.relations.values()
        ]
        row |= {
            columns[name]: list(label.value) if isinstance(label.value, tuple) else label.value
            for name, label in held.labels.items()
        }
    return row


def prepared(exchanged: ExchangedDocument, options: WriteOptions) -> ExchangedDocument:
    """Return a document as it reads back: the scheme's labels, as their columns hold them."""
    left = reduced(exchanged, HOLDS, options)
    versions = (_prepared(version, options.scheme) for version in left.versions)
    return replace(left, versions=tuple(v for v in versions if v is not None))


def _prepared(version: ExchangedVersion, scheme: Scheme) -> ExchangedVersion | None:
    held = version.annotations
    labels: dict[str, LabelValue] = {}
    for name, label in held.labels.items():
        known = scheme.label(name)
        value = label.value
        if known is None or value == ():
            continue
        if known.kind in ("choice", "text"):
            value = "|".join(value) if isinstance(value, tuple) else plain_values.written(value)
        elif isinstance(value, tuple) != (known.kind == "choices") or (known.kind == "boolean" and value not in (0, 1)):
            continue
        labels[name] = replace(label, value=bool(value) if known.kind == "boolean" else value)
    relations = held.relations if scheme.relations else {}
    if not (held.entities or labels or relations) and version.confirmed is None:
        return None
    return replace(version, annotations=Annotations(held.entities, labels, relations))


def meaning(exchanged: ExchangedDocument, options: WriteOptions) -> Any:
    """What is left of a document in Parquet."""
    return plain(prepared(exchanged, options))


FORMAT = Format(
    name="parquet",
    description="Parquet tables with the columns of Hugging Face data sets: text, labels, tokens and tags, spans",
    extensions=(".parquet", ".pq"),
    many=True,
    loses="the borders of parts, pieces of entities, attributes, probabilities, authors, versions besides the one that"
    " is written, names, folders, tags and languages",
    meaning=meaning,
    holds=HOLDS,
    needs="pyarrow",
    extra="parquet",
    read=read,
    write_stream=write,
)

"""JSON lines: a document per row, with `text` and spans in code points, or `tokens` and BIO `tags`.

A row is `id`, `text`, `spans` [{`start`, `end`, `label`, `prob`?, `who`?}], `label` or `labels`,
`confirmed`?. `label` is one value; `labels` a list of chosen values, or an
object of label names and values. What a row says besides is kept and written again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from tui_annotate.domain.annotations import Annotations
from tui_annotate.domain.interchange import MASTER, ExchangedDocument, ExchangedVersion, Problem
from tui_annotate.errors import DataError
from tui_annotate.formats import bio, meaning
from tui_annotate.formats.base import EVERYTHING, Format, Item, ReadOptions, stem
from tui_annotate.formats.jsonl import rows as jsonl_rows
from tui_annotate.formats.jsonl.write import KNOWN, write
from tui_annotate.formats.source import JSON_ERRORS, SourceFile, json_fault, utf8_lines


def read(files: Sequence[SourceFile], options: ReadOptions) -> Iterator[Item]:
    """Yield a document per row; a broken row is refused with its line and the rest goes on."""
    for file in files:
        try:
            with file.open() as stream:
                lines, note = utf8_lines(stream)
                if note:
                    yield Problem("noted", file.where, "", note)
                yield from _read_rows(file, lines, options)
        except DataError as error:
            yield Problem("refused", file.where, "", str(error).removeprefix(f"{file.where}: "))


def _read_rows(file: SourceFile, lines: Iterator[bytes], options: ReadOptions) -> Iterator[Item]:
    reader = RowReader(file, options)
    number = 0
    for number, line in enumerate(lines, 1):
        if line.isspace():
            continue
        try:
            row = _decode(line)
        except JSON_ERRORS as error:
            yield Problem("refused", f"{file.where}:{number}", "", json_fault(line, error, "the line"))
            continue
        if type(row) is not dict:
            yield Problem("refused", f"{file.where}:{number}", "", "the row is no JSON object; write one {...} a line")
            continue
        yield from reader.read(row, number)
    if number == 0 and not options.empty:
        yield Problem("refused", file.where, "", "the file is empty, there is nothing to annotate")
    yield from reader.tokens.summary(file.where)


_decode = msgspec.json.Decoder().decode


class RowReader:
    """Turns the rows of one file into documents."""

    def __init__(self, file: SourceFile, options: ReadOptions) -> None:
        self._where = file.where
        self._stem = stem(file.name) if file.name != "-" else "stdin"
        self._labels = jsonl_rows.LabelNames.of(options)
        self._empty = options.empty
        self.tokens = bio.TagReader()

    def read(self, row: dict[str, Any], number: int) -> Iterator[Item]:
        where = f"{self._where}:{number}"
        problems: list[tuple[str, str]] = []
        text = row.get("text")
        annotations = Annotations()
        try:
            if text is None and "tokens" in row:
                text, annotations.entities = self.tokens.read(row, number)
            if type(text) is not str:
                raise DataError("`text` is missing or no string; a row needs `text`, or `tokens` and `tags`")
            document = jsonl_rows.document_of(row, text, f"{self._stem}-{number}", empty=self._empty)
        except DataError as error:
            yield Problem("refused", where, "", error.message)
            return
        if "spans" in row:
            jsonl_rows.read_spans(document, row["spans"], annotations, problems)
        if "label" in row or "labels" in row:
            self._labels.read(row, annotations.labels, problems)
        if "relations" in row:
            jsonl_rows.read_relations(row["relations"], annotations, problems)
        confirmed = row.get("confirmed")
        if confirmed is not None and type(confirmed) is not bool:
            problems.append(("confirmed", f"is {confirmed!r}, not true or false; taken as not said"))
            confirmed = None
        for field, reason in problems:
            yield Problem("refused", where, field, reason)
        # What lost something is not what was confirmed.
        confirmed = confirmed and not problems
        yield ExchangedDocument(
            document, _versions(row, annotations, confirmed), where, {k: v for k, v in row.items() if k not in KNOWN}
        )


def _versions(row: dict[str, Any], annotations: Annotations, confirmed: bool | None) -> tuple[ExchangedVersion, ...]:
    extra = row.get("version_extra")
    annotations.extra.update(extra if type(extra) is dict else {})
    # A row that says there are no entities has been looked at; one that says nothing has not.
    stated = any(row.get(field) is not None for field in ("tags", "spans", "label", "labels"))
    if not (stated or annotations.extra) and confirmed is None:
        return ()
    annotator = row.get("annotator")
    return (ExchangedVersion(annotations, confirmed, annotator if type(annotator) is str and annotator else MASTER),)


FORMAT = Format(
    name="jsonl",
    description="JSON lines: text with spans and labels, or tokens with BIO tags",
    extensions=(".jsonl", ".ndjson"),
    many=True,
    loses="all versions but one",
    meaning=meaning.of_jsonl,
    holds=EVERYTHING - {"versions"},
    read=read,
    write_stream=write,
)

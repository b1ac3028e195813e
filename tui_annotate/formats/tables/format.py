"""CSV and TSV: a document per row; which column is the text, the label and the id is said or guessed."""

from __future__ import annotations

import csv
import io
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace

import msgspec

from tui_annotate.domain.annotations import Annotations, LabelContent, LabelValue
from tui_annotate.domain.documents import Document, Part
from tui_annotate.domain.interchange import ExchangedDocument, ExchangedVersion, Problem
from tui_annotate.errors import DataError
from tui_annotate.formats.base import Format, Item, ReadOptions, WriteOptions, chosen_version, stem
from tui_annotate.formats.source import JSON_ERRORS, SourceFile, utf8_lines
from tui_annotate.formats.tables.layout import LabelColumn, Layout, dialect, dialect_of, layout_of
from tui_annotate.formats.tables.quoting import tabs_are_quoted
from tui_annotate.formats.tables.write import cell, write_csv, write_tsv

_SAMPLE_ROWS = 500
_SAMPLE_BYTES = 1 << 20
_SEPARATOR = re.compile(r"sep=(.)(?:\r\n?|\n)", re.IGNORECASE)


def read(files: Sequence[SourceFile], options: ReadOptions) -> Iterator[Item]:
    """Yield a document per row; a row that does not fit is refused with its line and the rest goes on."""
    for file in files:
        try:
            yield from _read_file(file, options)
        except DataError as error:
            yield Problem("refused", file.where, "", str(error).removeprefix(f"{file.where}: "))
        except csv.Error as error:
            yield Problem("refused", file.where, "", f"cannot be read further as a table: {error}")


def _read_file(file: SourceFile, options: ReadOptions) -> Iterator[Item]:
    csv.field_size_limit(sys.maxsize)
    with file.open() as stream:
        head = stream.read(_SAMPLE_BYTES)
    whole = len(head) < _SAMPLE_BYTES
    lines, note = utf8_lines(io.BytesIO(head))
    sample = b"".join(lines).decode("utf-8", "replace")
    if not sample.strip():
        raise DataError("the file is empty, there is nothing to annotate")
    # Excel's own line, which says what stands between the cells and is no row.
    separated = _SEPARATOR.match(sample)
    if separated is not None:
        sample = sample[separated.end() :]
        quoted = separated.group(1) != "\t" or tabs_are_quoted(sample, whole=whole)
        found = dialect(separated.group(1), quoted=quoted)
    else:
        found = dialect_of(sample, file.name, whole=whole)
    rows = [row for _, row in zip(range(_SAMPLE_ROWS), csv.reader(_split(sample), found), strict=False)]
    layout = layout_of(rows[:-1] if len(rows) > 2 and not whole else rows, options)
    if note:
        yield Problem("noted", file.where, "", note)
    yield from (Problem("noted", file.where, "", said) for said in layout.said)
    with file.open() as stream:
        text_lines = _Lines(utf8_lines(stream)[0], "\n" not in sample)
        reader = _RowReader(file, layout, options)
        if separated is not None:
            next(text_lines)
            text_lines.row.clear()
        table = csv.reader(text_lines, found)
        above = int(separated is not None)
        line = 1 + above
        for number, row in enumerate(table):
            if text_lines.at_end and _is_open(text_lines.row, found):
                reason = "a quote is opened here and never closed, so all that follows would be this row; close it"
                yield Problem("refused", f"{file.where}:{line}", "", reason)
            elif row and not (layout.header and number == 0):
                yield from reader.read(row, line, text_lines)
            line = table.line_num + above + 1
            text_lines.row.clear()


def _is_open(lines: Sequence[str], dialect: type[csv.Dialect]) -> bool:
    """Say whether the last row of a table ends inside quotes; the reader itself does not tell."""
    try:
        list(csv.reader(lines, dialect, strict=True))
    except csv.Error as error:
        return "end of data" in str(error)
    return False


def _split(text: str) -> list[str]:
    return io.StringIO(text, newline="").readlines() if "\n" in text else text.splitlines(True)


class _Lines:
    """The lines of a table as strings; remembers those of the row, and the last one that is not UTF-8."""

    def __init__(self, lines: Iterator[bytes], only_cr: bool) -> None:
        self._lines = lines if not only_cr else (piece for line in lines for piece in line.splitlines(True))
        self._ahead = next(self._lines, None)
        self._number = 0
        self.row: list[str] = []
        """The lines read since it was cleared."""
        self.broken = 0
        """Number of the last line that is not UTF-8."""
        self.byte = 0

    @property
    def at_end(self) -> bool:
        """Say whether the last line has been read."""
        return self._ahead is None

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._ahead
        if line is None:
            raise StopIteration
        self._ahead = next(self._lines, None)
        self._number += 1
        try:
            text = line.decode("utf-8")
        except UnicodeDecodeError as error:
            self.broken, self.byte = self._number, error.start
            text = line.decode("utf-8", "replace")
        self.row.append(text)
        return text


class _RowReader:
    """Turns the rows of one file into documents."""

    def __init__(self, file: SourceFile, layout: Layout, options: ReadOptions) -> None:
        self._empty = options.empty
        self._where = file.where
        self._stem = stem(file.name) if file.name != "-" else "stdin"
        self._layout = layout
        used = {layout.text, layout.id, layout.confirmed, *(column.index for column in layout.labels)}
        self._others = [(at, name) for at, name in enumerate(layout.names) if at not in used]

    def read(self, row: list[str], line: int, lines: _Lines) -> Iterator[Item]:
        layout, where = self._layout, f"{self._where}:{line}"
        if lines.broken >= line:
            reason = f"is not UTF-8 at byte {lines.byte} of the line; convert the file to UTF-8 for this row"
            yield Problem("refused", f"{self._where}:{lines.broken}", "", reason)
            return
        if len(row) <= layout.text or not (row[layout.text] or self._empty):
            yield Problem("refused", where, layout.names[layout.text], f"the row has {len(row)} columns and no text")
            return
        if len(row) > len(layout.names):
            reason = f"the row has {len(row)} columns where {len(layout.names)} are known; is a delimiter unquoted?"
            yield Problem("refused", where, "", reason)
            return
        key = row[layout.id].strip() if layout.id is not None and layout.id < len(row) else ""
        annotations, lost = Annotations(), 0
        for column in layout.labels:
            cell = row[column.index] if column.index < len(row) else ""
            try:
                value = _content(column, cell)
            except DataError as error:
                yield Problem("refused", where, column.name, f"{error.message}; the label is left out")
                lost += 1
                continue
            if value is not None:
                annotations.labels[column.name] = LabelValue(column.name, value)
        confirmed = _confirmed(row, layout.confirmed)
        # What lost something is not what was confirmed.
        confirmed = confirmed and not lost
        versions = (ExchangedVersion(annotations, confirmed),) if annotations.labels or confirmed is not None else ()
        document = Document(key or f"{self._stem}-{line}", (Part("s1v1", row[layout.text]),))
        extra = {name: row[at] for at, name in self._others if at < len(row) and row[at]}
        yield ExchangedDocument(document, versions, where, extra)


def _confirmed(row: list[str], at: int | None) -> bool | None:
    cell = row[at].strip().casefold() if at is not None and at < len(row) else ""
    return {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}.get(cell)


def _content(column: LabelColumn, cell: str) -> LabelContent | None:
    """Return a cell's label value; None when the cell is empty."""
    if column.kind == "text":
        return cell or None
    stripped = cell.strip()
    if not stripped:
        return None
    if column.kind == "boolean":
        if stripped.casefold() not in column.words:
            raise DataError(f"{stripped!r} is none of {', '.join(map(repr, sorted(column.words)))}")
        return column.words[stripped.casefold()]
    if column.kind == "choices":
        return _choices(stripped)
    return stripped


def _choices(cell: str) -> tuple[str, ...]:
    """Read the values of a multiple choice: a JSON list, or values with `|` between."""
    if cell.startswith("["):
        try:
            return tuple(msgspec.json.decode(cell, type=list[str]))
        except JSON_ERRORS:
            pass
    return tuple(value for value in (piece.strip() for piece in cell.split("|")) if value)


def _meaning(exchanged: ExchangedDocument, options: WriteOptions) -> object:
    """Key, text, the cells of the scheme's labels, and whether the version is confirmed."""
    index = chosen_version(exchanged, options)
    version = None if index is None else exchanged.versions[index]
    labels = version.annotations.labels if version else {}
    cells = [cell(labels[label.name].value) if label.name in labels else "" for label in options.scheme.labels]
    return exchanged.document.key, exchanged.document.text, cells, version.confirmed if version else None


CSV = Format(
    name="csv",
    description="tables with text, label and id columns, named or guessed",
    extensions=(".csv",),
    many=True,
    loses="entities, relations, probabilities, and all versions but one",
    meaning=_meaning,
    holds=frozenset(("labels", "ids", "states")),
    read=read,
    write_stream=write_csv,
)
TSV = replace(CSV, name="tsv", description="the same, with tabs", extensions=(".tsv", ".tab"), write_stream=write_tsv)

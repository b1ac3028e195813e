"""Writing CSV and TSV: id, text, a column per document label, and whether it is confirmed."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from typing import BinaryIO

import msgspec

from tui_annotate.domain.annotations import LabelContent
from tui_annotate.domain.interchange import ExchangedDocument, Problem
from tui_annotate.errors import SchemeError
from tui_annotate.formats.base import WriteOptions, chosen_version

_FORMULA = ("=", "+", "-", "@")
"""What spreadsheets take for the beginning of a formula. A mark before it would change the text on its way back."""


def write_csv(documents: Iterable[ExchangedDocument], stream: BinaryIO, options: WriteOptions) -> Iterator[Problem]:
    """Write commas between, quotes where needed."""
    return _write(documents, stream, options, ",")


def write_tsv(documents: Iterable[ExchangedDocument], stream: BinaryIO, options: WriteOptions) -> Iterator[Problem]:
    """Write tabs between; every cell is quoted, so that quotes and tabs in a text are no question."""
    return _write(documents, stream, options, "\t")


def _write(
    documents: Iterable[ExchangedDocument], stream: BinaryIO, options: WriteOptions, delimiter: str
) -> Iterator[Problem]:
    names = [label.name for label in options.scheme.labels]
    taken = [name for name in names if name in ("id", "text", "confirmed")]
    if taken:
        raise SchemeError(f"A table has a column {taken[0]!r} of its own, so a label cannot be called that there.")
    text = io.TextIOWrapper(stream, "utf-8", newline="", write_through=True)
    if delimiter == ",":
        table = csv.writer(text)
    else:
        table = csv.writer(text, delimiter=delimiter, quoting=csv.QUOTE_ALL, lineterminator="\n")
    table.writerow(["id", "text", *names, "confirmed"])
    formulas, first = 0, ""
    for exchanged in documents:
        index = chosen_version(exchanged, options)
        version = None if index is None else exchanged.versions[index]
        labels = version.annotations.labels if version else {}
        cells = [cell(labels[name].value) if name in labels else "" for name in names]
        confirmed = "" if version is None or version.confirmed is None else str(version.confirmed).lower()
        row = [exchanged.document.key, exchanged.document.text, *cells, confirmed]
        table.writerow(row)
        begun = sum(written.startswith(_FORMULA) for written in row)
        formulas, first = formulas + begun, first or (exchanged.document.key if begun else "")
        yield from _lost(exchanged, index, names)
    text.detach()
    if formulas:
        reason = f"{formulas} cells begin with =, +, - or @ (this document has the first): a spreadsheet would run them"
        yield Problem("noted", first, "", f"{reason} as formulas. They are written as they are; import columns as text")


def cell(value: LabelContent) -> str:
    """Return what a cell says for a label value; choices are joined by `|`, or a JSON list where one holds it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        if all(choice == choice.strip() and "|" not in choice and choice[:1] != "[" for choice in value):
            return "|".join(value)
        return msgspec.json.encode(list(value)).decode()
    return str(value)


def _lost(exchanged: ExchangedDocument, index: int | None, names: list[str]) -> Iterator[Problem]:
    version = None if index is None else exchanged.versions[index]
    lost = []
    if version is not None and version.annotations.entities:
        lost.append(f"{len(version.annotations.entities)} entities")
    if version is not None:
        unknown = [name for name in version.annotations.labels if name not in names]
        lost += [f"label {name!r}, which is not in the scheme" for name in unknown]
    if len(exchanged.versions) > 1:
        lost.append(f"{len(exchanged.versions) - 1} other versions")
    if len(exchanged.document.parts) > 1:
        lost.append("the borders of parts")
    if lost:
        yield Problem("noted", exchanged.document.key, "", f"a table row cannot hold {', '.join(lost)}")

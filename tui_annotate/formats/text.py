"""Plain text: a file is a document, kept to the character."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import PurePosixPath

from tui_annotate.domain.documents import Document, Part, text_hash
from tui_annotate.domain.interchange import ExchangedDocument, Problem
from tui_annotate.errors import DataError
from tui_annotate.formats import flat, meaning
from tui_annotate.formats.base import Format, Item, Put, ReadOptions, WriteOptions
from tui_annotate.formats.safety import Names, safe_path
from tui_annotate.formats.source import SourceFile, decode

_BLANK_LINES = re.compile(r"(?:\r\n|\r|\n)(?:[^\S\r\n]*(?:\r\n|\r|\n))+")
_LINE_END = re.compile(r"\r\n|\r|\n")


def read(files: Sequence[SourceFile], options: ReadOptions) -> Iterator[Item]:
    """Yield a document per file; its key is the file's path inside its tree."""
    for file in files:
        try:
            yield from _read_one(file, options)
        except DataError as error:
            yield Problem("refused", file.where, "", str(error).removeprefix(f"{file.where}: "))


def _read_one(file: SourceFile, options: ReadOptions) -> Iterator[Item]:
    content = file.read()
    decoded = decode(content)
    if not decoded.text and not options.empty:
        yield Problem("refused", file.where, "", "the file is empty, there is nothing to annotate")
        return
    if decoded.note:
        yield Problem("noted", file.where, "", decoded.note)
    parts = split(decoded.text, options)
    if not parts:
        yield Problem("refused", file.where, "", "the file holds only white space, there is no paragraph to annotate")
        return
    suffix = PurePosixPath(file.name).suffix.lstrip(".").lower() or "txt"
    key = file.name if file.name != "-" else f"stdin-{text_hash(decoded.text) & 0xFFFFFFFF:08x}"
    yield ExchangedDocument(
        Document(key, parts, name=file.base if file.name != "-" else key, folder=file.folder),
        where=file.where,
        source={suffix: content},
    )


def split(text: str, options: ReadOptions) -> tuple[Part, ...]:
    """Cut a text into parts as the options say; verbatim text is one part, otherwise blank parts are left out."""
    if options.parts == "verbatim":
        return (Part("s1v1", text),)
    cut = _LINE_END if options.parts == "lines" else _BLANK_LINES
    pieces = [piece.strip("\r\n") for piece in cut.split(text)]
    return tuple(Part(f"s1p{n}", piece) for n, piece in enumerate((p for p in pieces if p.strip()), 1))


def write(documents: Iterable[ExchangedDocument], put: Put, options: WriteOptions) -> Iterator[Problem]:
    """Write a UTF-8 file per document, named by its key, parts joined by a newline."""
    names = Names()
    for exchanged in documents:
        document = exchanged.document
        name = names.take(_name(document), document.key)
        # A text that begins with U+FEFF gets a mark before it, so that what is read as the mark is not the text's own.
        put(name, document.text.encode("utf-8-sig" if document.text.startswith("\ufeff") else "utf-8", "replace"))
        if any(v.annotations.entities or v.annotations.labels for v in exchanged.versions):
            yield Problem("noted", document.key, "", "plain text holds no annotations; they were left out")


def _name(document: Document) -> str:
    name = safe_path(document.key)
    return name if PurePosixPath(name).suffix else f"{name}.txt"


def count_lost(exchanged: ExchangedDocument, options: WriteOptions) -> Mapping[str, int]:
    """Count ids and folders that the name of the file does not say."""
    return flat.unnameable(exchanged, _name(exchanged.document))


FORMAT = Format(
    name="text",
    description="plain text, a document per file",
    extensions=(".txt", ".text", ".log"),
    many=False,
    loses="all annotations and the borders of parts",
    meaning=meaning.of_text,
    holds=frozenset(("ids", "folders")),
    counts_lost=count_lost,
    read=read,
    write_tree=write,
)

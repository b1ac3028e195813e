"""PDF: the text of each page is a part, `s1v1`, `s2v1`, as tagtog has it. Read only.

PDFium is what reads: it is quick, and what it does with broken files is known. It is loaded when a file is read. Pages
without text, as scans are, get no part, and keep their number.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator, Sequence
from typing import Any

from tui_annotate.domain.documents import Document, Part, text_hash
from tui_annotate.domain.interchange import ExchangedDocument, Problem
from tui_annotate.errors import DataError
from tui_annotate.formats import meaning
from tui_annotate.formats.base import Format, Item, ReadOptions
from tui_annotate.formats.source import SourceFile

MOST_PAGES = 20_000
LARGEST_STREAM = 256 << 20
"""Bytes that a compressed stream may unpack to."""
_STREAM = re.compile(rb"stream\r?\n")
_LINE_END = re.compile(r"\r\n?")
_HYPHEN = re.compile("[\ufffe\x02]")
"""What PDFium gives for a hyphen at the end of a line, joined to the next."""


def read(files: Sequence[SourceFile], options: ReadOptions) -> Iterator[Item]:
    """Yield a document per file."""
    for file in files:
        try:
            yield from _read_one(file)
        except DataError as error:
            yield Problem("refused", file.where, "", str(error).removeprefix(f"{file.where}: "))


def _read_one(file: SourceFile) -> Iterator[Item]:
    content = file.read()
    _check_streams(content)
    pages, broken = _pages(content)
    empty = [number for number, text in pages.items() if not text.strip()]
    for numbers, reason in ((broken, "cannot be read"), (empty, "hold no text; scans must be recognised (OCR) first")):
        if numbers:
            said = ", ".join(map(str, numbers[:10])) + (", ..." if len(numbers) > 10 else "")
            yield Problem("noted", file.where, f"pages {said}", reason)
    parts = tuple(Part(f"s{number}v1", text) for number, text in pages.items() if text.strip())
    if not parts:
        yield Problem("refused", file.where, "", "no page holds text, there is nothing to annotate")
        return
    key = file.name if file.name != "-" else f"stdin-{text_hash(parts[0].text) & 0xFFFFFFFF:08x}"
    document = Document(key, parts, name=file.base if file.name != "-" else key, folder=file.folder)
    yield ExchangedDocument(document, where=file.where, source={"pdf": content})


def _pages(content: bytes) -> tuple[dict[int, str], list[int]]:
    """Return the text of the pages by number, and the numbers of those that cannot be read."""
    import pypdfium2

    try:
        document = pypdfium2.PdfDocument(content)
    except pypdfium2.PdfiumError as error:
        if "assword" in str(error):
            raise DataError("is encrypted; save it without a password first") from error
        raise DataError(f"is no PDF that can be read: {error}") from error
    texts: dict[int, str] = {}
    broken: list[int] = []
    try:
        count = len(document)
        if count > MOST_PAGES:
            raise DataError(f"has {count:,} pages, and {MOST_PAGES:,} are read; split it")
        for number in range(1, count + 1):
            try:
                texts[number] = _text(document, number)
            except pypdfium2.PdfiumError:
                broken.append(number)
    finally:
        document.close()
    return texts, broken


def _text(document: Any, number: int) -> str:
    page = document[number - 1]
    try:
        shown = page.get_textpage()
        try:
            text = shown.get_text_range()
        finally:
            shown.close()
    finally:
        page.close()
    return _LINE_END.sub("\n", _HYPHEN.sub("-\n", text)).replace("\x00", "").rstrip()


def _check_streams(content: bytes) -> None:
    """Refuse a stream that would fill the memory, before it is unpacked."""
    for match in _STREAM.finditer(content):
        unpacker, size, at = zlib.decompressobj(), 0, match.end()
        piece = content[at : at + (1 << 16)]
        try:
            while piece and not unpacker.eof:
                size += len(unpacker.decompress(piece, 1 << 20))
                if size > LARGEST_STREAM:
                    raise DataError(f"holds a stream that unpacks to more than {LARGEST_STREAM >> 20} MB")
                piece = unpacker.unconsumed_tail
                if not piece:
                    at += 1 << 16
                    piece = content[at : at + (1 << 16)]
        except zlib.error:
            continue


def _sniff(name: str, head: bytes) -> bool:
    return b"%PDF-" in head[:1024] or name.endswith(".pdf")


FORMAT = Format(
    name="pdf",
    description="PDF: the text of each page becomes a part",
    extensions=(".pdf",),
    many=False,
    loses="",
    meaning=meaning.of_text,
    holds=frozenset(("ids", "folders", "parts")),
    sniff=_sniff,
    needs="pypdfium2",
    extra="pdf",
    read=read,
)

"""Markdown: a file is a document; headings, paragraphs and code are its parts, their text as it is written.

Emphasis and links stay in the text, so that what is annotated is what the file says; only the marks in front of a
block (`#`, `-`, `>`) are none of it. What would read back as something else is written as a fenced block.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import PurePosixPath
from typing import Any

from tui_annotate.domain.documents import Document, Part, text_hash
from tui_annotate.domain.interchange import ExchangedDocument, Problem
from tui_annotate.errors import DataError
from tui_annotate.formats import flat
from tui_annotate.formats.base import Format, Item, Put, ReadOptions, WriteOptions
from tui_annotate.formats.blocks import Kind, kind_of, numbered
from tui_annotate.formats.safety import Names, safe_path
from tui_annotate.formats.source import SourceFile, decode

_FRONT = re.compile(r"\A---[ \t]*\n.*?\n(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)
_LINE_END = re.compile(r"\r\n?")
_FENCES = re.compile("`+")


@cache
def _parser() -> Any:
    from markdown_it import MarkdownIt

    return MarkdownIt("commonmark").enable("table").disable("inline")


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
    if decoded.note:
        yield Problem("noted", file.where, "", decoded.note)
    text = _LINE_END.sub("\n", decoded.text)
    body = _FRONT.sub("", text, count=1)
    if body != text:
        yield Problem("noted", file.where, "", "begins with settings between `---`, which are no text; left out")
    found, is_cut = _blocks(body)
    if is_cut:
        yield Problem("noted", file.where, "", "holds lists or quotes too deep inside each other; those are left out")
    parts = numbered(found) or ((Part("s1p1", ""),) if options.empty else ())
    if not parts:
        yield Problem("refused", file.where, "", "holds no text, there is nothing to annotate")
        return
    key = file.name if file.name != "-" else f"stdin-{text_hash(body) & 0xFFFFFFFF:08x}"
    document = Document(key, parts, name=file.base if file.name != "-" else key, folder=file.folder)
    yield ExchangedDocument(document, where=file.where, source={"md": content})


def _blocks(text: str) -> tuple[list[tuple[Kind, str]], bool]:
    """Return the blocks that hold text, and whether some lay too deep to be read."""
    parser = _parser()
    found: list[tuple[Kind, str]] = []
    deepest, kind = 0, "p"
    for token in parser.parse(text):
        deepest = max(deepest, token.level)
        if token.type == "heading_open":
            kind = "h"
        elif token.type == "inline":
            if token.content.strip():
                found.append(("h" if kind == "h" else "p", token.content))
            kind = "p"
        elif token.type in ("fence", "code_block", "html_block") and token.content.strip():
            found.append(("v", token.content.removesuffix("\n")))
    return found, deepest >= parser.options["maxNesting"] - 1


def write(documents: Iterable[ExchangedDocument], put: Put, options: WriteOptions) -> Iterator[Problem]:
    """Write a file per document, a blank line between its parts."""
    names = Names()
    for exchanged in documents:
        document = exchanged.document
        put(
            names.take(_name(document), document.key),
            _unmarked("\n".join(_block(kind_of(part), text) for part, text in _texts(document))),
        )
        if any(v.annotations.entities or v.annotations.labels for v in exchanged.versions):
            yield Problem("noted", document.key, "", "markdown holds no annotations; they were left out")


def _name(document: Document) -> str:
    name = safe_path(document.key)
    return name if PurePosixPath(name).suffix.lower() in FORMAT.extensions else f"{name}.md"


def _texts(document: Document) -> Iterator[tuple[Part, str]]:
    """Yield parts with their text as markdown holds it; blank ones are none."""
    for part in document.parts:
        text = _LINE_END.sub("\n", part.text).replace("\x00", "\ufffd")
        if text.strip():
            yield part, text


def _block(kind: Kind, text: str) -> str:
    """Return markdown that reads back as this text: plain where that does, otherwise fenced."""
    if kind != "v":
        plain = f"# {text}" if kind == "h" else text
        if _blocks(plain)[0] == [(kind, text)]:
            return f"{plain}\n"
    fence = "`" * max(3, 1 + max(map(len, _FENCES.findall(text)), default=0))
    return f"{fence}\n{text}\n{fence}\n"


def _unmarked(text: str) -> bytes:
    """Return a file whose text may begin with what would be read as a byte order mark."""
    return text.encode("utf-8-sig" if text.startswith("\ufeff") else "utf-8", "replace")


def _counts_lost(exchanged: ExchangedDocument, options: WriteOptions) -> Mapping[str, int]:
    parts = exchanged.document.parts
    return {
        "carriage returns (line feeds are written)": sum(part.text.count("\r") for part in parts),
        "blank parts": sum(not part.text.strip() for part in parts),
        "NULs (U+FFFD is written)": sum(part.text.count("\x00") for part in parts),
    } | flat.unnameable(exchanged, _name(exchanged.document))


def meaning(exchanged: ExchangedDocument, options: WriteOptions) -> Any:
    """The texts of the parts, line ends as line feeds."""
    return [text for _, text in _texts(exchanged.document)]


FORMAT = Format(
    name="markdown",
    description="markdown: headings, paragraphs and code become parts, a document per file",
    extensions=(".md", ".markdown", ".mdown"),
    many=False,
    loses="all annotations, blank parts, and carriage returns",
    meaning=meaning,
    holds=frozenset(("ids", "folders", "parts")),
    counts_lost=_counts_lost,
    read=read,
    write_tree=write,
)

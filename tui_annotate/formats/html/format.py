"""HTML pages: any page is read, block by block; a page of ours shows its annotations and carries them besides.

Of a foreign page the headings, paragraphs, list items and cells become parts, white space as a browser shows it;
scripts and styles are dropped. A page of ours holds the row of JSON lines that it was made from, and that is read.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import PurePosixPath
from typing import Any

import msgspec

from tui_annotate.domain.documents import Document, Part, text_hash
from tui_annotate.domain.interchange import ExchangedDocument, Problem
from tui_annotate.errors import DataError
from tui_annotate.formats import meaning
from tui_annotate.formats.base import EVERYTHING, Format, Item, Put, ReadOptions, WriteOptions, chosen_version
from tui_annotate.formats.blocks import Kind, numbered
from tui_annotate.formats.html import charset
from tui_annotate.formats.html.page import GENERATOR, ROW_ID, page
from tui_annotate.formats.html_depth import check_depth
from tui_annotate.formats.jsonl import format as jsonl
from tui_annotate.formats.safety import Names, safe_path
from tui_annotate.formats.source import JSON_ERRORS, SourceFile

_BLANKS = re.compile("[ \t\n\r\f]+")
_DROPPED = frozenset(("script", "style", "template", "noscript", "head", "title", "iframe", "object", "svg", "math"))
_HEADINGS = frozenset(("h1", "h2", "h3", "h4", "h5", "h6"))
_VERBATIM = frozenset(("pre", "textarea", "listing", "xmp"))
_BLOCKS = (
    _HEADINGS
    | _VERBATIM
    | frozenset(
        (
            *(
                "address",
                "article",
                "aside",
                "blockquote",
                "body",
                "caption",
                "center",
                "dd",
                "details",
                "dialog",
                "div",
            ),
            *("dl", "dt", "fieldset", "figcaption", "figure", "footer", "form", "header", "hr", "html", "legend", "li"),
            *(
                "main",
                "nav",
                "ol",
                "p",
                "section",
                "summary",
                "table",
                "tbody",
                "td",
                "tfoot",
                "th",
                "thead",
                "tr",
                "ul",
            ),
        )
    )
)
_ANNDOC = re.compile(rb"""class\s*=\s*["']?anndoc|\bid\s*=\s*["']?s\d+[hpv]\d""")


def read(files: Sequence[SourceFile], options: ReadOptions) -> Iterator[Item]:
    """Yield a document per file."""
    for file in files:
        try:
            yield from _read_one(file, options)
        except DataError as error:
            yield Problem("refused", file.where, "", str(error).removeprefix(f"{file.where}: "))


def _read_one(file: SourceFile, options: ReadOptions) -> Iterator[Item]:
    from selectolax.lexbor import LexborHTMLParser

    content = file.read()
    decoded = charset.read(content)
    if decoded.note:
        yield Problem("noted", file.where, "", decoded.note)
    check_depth(decoded.text)
    tree = LexborHTMLParser(decoded.text)
    row = _row(tree)
    if row is not None:
        yield from jsonl.RowReader(file, options).read(row, 1)
        return
    parts = numbered(_blocks(tree.body)) or ((Part("s1p1", ""),) if options.empty else ())
    if not parts:
        yield Problem("refused", file.where, "", "the page shows no text, there is nothing to annotate")
        return
    key = file.name if file.name != "-" else f"stdin-{text_hash(decoded.text) & 0xFFFFFFFF:08x}"
    root = tree.root
    language = (dict(root.attributes).get("lang") or "") if root is not None else ""
    document = Document(key, parts, name=file.base if file.name != "-" else key, folder=file.folder, language=language)
    yield ExchangedDocument(document, where=file.where, source={"html": content})


def _row(tree: Any) -> dict[str, Any] | None:
    """Return the row that a page of ours carries."""
    node = tree.css_first(f"script#{ROW_ID}")
    if node is None:
        return None
    try:
        row = msgspec.json.decode(node.text(deep=True))
    except JSON_ERRORS as error:
        raise DataError(f"is a page of ours whose annotations are no JSON any more: {error}") from error
    return row if type(row) is dict else None


def _blocks(body: Any) -> Iterator[tuple[Kind, str]]:
    """Yield the blocks of a page that show text, in order."""
    kinds: list[Kind] = []
    pieces: list[str] = []

    def flush() -> Iterator[tuple[Kind, str]]:
        kind = kinds[-1] if kinds else "p"
        text = "".join(pieces)
        shown = text.strip("\n") if kind == "v" else "\n".join(_line(line) for line in text.split("\x00")).strip(" \n")
        pieces.clear()
        if shown.strip():
            yield kind, shown

    for node, is_end in _walk(body):
        tag = node.tag or "-other"
        if tag == "-text":
            pieces.append(node.text_content or "")
        elif tag == "br":
            pieces.append("\n" if kinds and kinds[-1] == "v" else "\x00")
        elif tag in _BLOCKS:
            yield from flush()
            if is_end:
                kinds.pop()
            else:
                inside = kinds[-1] if kinds else "p"
                kinds.append("h" if tag in _HEADINGS else "v" if tag in _VERBATIM or inside == "v" else inside)
    yield from flush()


def _line(text: str) -> str:
    return _BLANKS.sub(" ", text).strip(" ")


def _walk(body: Any) -> Iterator[tuple[Any, bool]]:
    """Yield nodes as they begin, and elements again as they end, without going into what shows no text."""
    node = body
    depth = 0
    while node is not None:
        tag = node.tag or "-other"
        is_hidden = tag in _DROPPED or tag.startswith("-")
        if tag == "-text" or not is_hidden:
            yield node, False
        child = None if is_hidden else node.child
        if child is not None:
            node, depth = child, depth + 1
            continue
        if not is_hidden and tag != "br":
            yield node, True
        while depth and node.next is None:
            node, depth = node.parent, depth - 1
            yield node, True
        node = node.next if depth else None


def write(documents: Iterable[ExchangedDocument], put: Put, options: WriteOptions) -> Iterator[Problem]:
    """Write a page per document, named by its key."""
    names = Names()
    for exchanged in documents:
        index = chosen_version(exchanged, options)
        version = None if index is None else exchanged.versions[index]
        name = safe_path(exchanged.document.key)
        is_html = PurePosixPath(name).suffix.lower() in FORMAT.extensions
        put(names.take(name if is_html else f"{name}.html", exchanged.document.key), page(exchanged, version))
        if len(exchanged.versions) > 1 and version is not None:
            others = ", ".join(v.annotator for v in exchanged.versions if v is not version)
            yield Problem("noted", exchanged.document.key, "", f"a page shows one version: left out those of {others}")


def _sniff(name: str, head: bytes) -> bool:
    if GENERATOR.encode() in head:
        return True
    lower = head.lower()
    is_html = b"<html" in lower or b"<!doctype html" in lower or name.endswith(FORMAT.extensions)
    return is_html and not _ANNDOC.search(head)


FORMAT = Format(
    name="html",
    description="web pages: any page's text; written as a page that shows the annotations and carries them",
    extensions=(".html", ".htm", ".xhtml"),
    many=False,
    loses="versions besides the one that is written",
    meaning=meaning.of_jsonl,
    holds=EVERYTHING - {"versions"},
    sniff=_sniff,
    read=read,
    write_tree=write,
)

"""BioC XML: a collection of documents in one file, read and written a document at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, BinaryIO

from tui_annotate.domain.interchange import ExchangedDocument, Problem
from tui_annotate.errors import DataError
from tui_annotate.formats.base import Format, Item, ReadOptions, WriteOptions, stem
from tui_annotate.formats.bioc import format as bioc
from tui_annotate.formats.bioc import write as bioc_write
from tui_annotate.formats.source import SourceFile
from tui_annotate.formats.xml_events import attribute, feed, fit, text, unfit

_HEAD = b"""<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE collection SYSTEM "BioC.dtd">
<collection>
<source>tui-annotate</source>
<date></date>
<key></key>
"""
_LISTS = {
    "passage": "passages",
    "sentence": "sentences",
    "annotation": "annotations",
    "relation": "relations",
    "location": "locations",
    "node": "nodes",
}
"""Elements that are objects, and the lists they stand in."""
_TEXTS = frozenset(("id", "offset", "text", "infon"))
_NUMBERS = frozenset(("offset", "length"))


class _Collection:
    """Turns elements into documents as BioC JSON has them; those that are whole wait in `ready`."""

    def __init__(self) -> None:
        self.ready: list[dict[str, Any]] = []
        self.met = False
        self._open: list[tuple[str, dict[str, Any]]] = []
        self._text: list[str] | None = None
        self._key = ""

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        self.met = self.met or tag == "collection"
        if tag == "document" or (tag in _LISTS and self._open):
            row: dict[str, Any] = {name: _number(name, value) for name, value in attributes.items()}
            if tag != "document":
                self._open[-1][1].setdefault(_LISTS[tag], []).append(row)
            self._open.append((tag, row))
        elif tag in _TEXTS and self._open:
            self._text, self._key = [], attributes.get("key", "")

    def data(self, text: str) -> None:
        if self._text is not None:
            self._text.append(text)

    def end(self, tag: str) -> None:
        if self._text is not None and tag in _TEXTS:
            self._take(tag, "".join(self._text))
            self._text = None
        elif self._open and tag == self._open[-1][0]:
            _, row = self._open.pop()
            if tag == "document":
                self.ready.append(row)

    def _take(self, tag: str, text: str) -> None:
        row = self._open[-1][1]
        if tag != "infon":
            row[tag] = _number(tag, text)
            return
        infons = row.setdefault("infons", {})
        if self._key not in infons:
            infons[self._key] = text
        elif type(infons[self._key]) is list:
            infons[self._key].append(text)
        else:
            infons[self._key] = [infons[self._key], text]


def _number(name: str, value: str) -> Any:
    if name in _NUMBERS:
        try:
            return int(value[:20])
        except ValueError:
            return value
    return value


def read(files: Sequence[SourceFile], options: ReadOptions) -> Iterator[Item]:
    """Yield the documents of each collection; one that breaks off is reported and what came before stays."""
    for file in files:
        try:
            yield from _read_file(file, options)
        except DataError as error:
            yield Problem("refused", file.where, "", str(error).removeprefix(f"{file.where}: "))


def _read_file(file: SourceFile, options: ReadOptions) -> Iterator[Item]:
    collection, number = _Collection(), 0
    with file.open() as stream:
        for _ in feed(stream, collection):
            ready, collection.ready = collection.ready, []
            for row in ready:
                number += 1
                yield from bioc.read(row, f"{file.where}:{number}", f"{stem(file.name)}-{number}", options)
    if not number and not (options.empty and collection.met):
        reason = "holds no document" if collection.met else "is no BioC: it has no collection"
        yield Problem("refused", file.where, "", reason)


def write(documents: Iterable[ExchangedDocument], stream: BinaryIO, options: WriteOptions) -> Iterator[Problem]:
    """Write a collection; say where characters had to give way that XML cannot hold."""
    stream.write(_HEAD)
    for exchanged in documents:
        lost = _unfit(exchanged)
        if lost:
            reason = f"{lost} control characters, which XML cannot hold, are written as U+FFFD"
            yield Problem("noted", exchanged.document.key, "text", reason)
        left = bioc_write.prepared(exchanged, options, fit=fit)
        stream.write("".join(_document(bioc_write.written(left, exchanged.extra))).encode())
    stream.write(b"</collection>\n")


def _document(row: Mapping[str, Any]) -> Iterator[str]:
    yield f"<document><id>{text(row['id'])}</id>\n"
    yield from _infons(row)
    for passage in row["passages"]:
        yield "<passage>"
        yield from _infons(passage)
        yield f"<offset>{passage['offset']}</offset><text>{text(passage['text'])}</text>\n"
        for one in passage["annotations"]:
            yield f'<annotation id="{attribute(one["id"])}">'
            yield from _infons(one)
            for place in one["locations"]:
                yield f'<location offset="{place["offset"]}" length="{place["length"]}"/>'
            yield f"<text>{text(one['text'])}</text></annotation>\n"
        yield "</passage>\n"
    for one in row["relations"]:
        yield f'<relation id="{attribute(str(one.get("id", "")))}">'
        yield from _infons(one)
        for node in bioc.objects(one.get("nodes")):
            refid, role = (attribute(str(node.get(name, ""))) for name in ("refid", "role"))
            yield f'<node refid="{refid}" role="{role}"/>'
        yield "</relation>\n"
    yield "</document>\n"


def _infons(row: Mapping[str, Any]) -> Iterator[str]:
    infons = row.get("infons")
    for name, value in infons.items() if type(infons) is dict else ():
        for one in value if type(value) is list else [value]:
            yield f'<infon key="{attribute(name)}">{text(str(one))}</infon>'


def _unfit(exchanged: ExchangedDocument) -> int:
    return sum(unfit(part.text) for part in exchanged.document.parts)


def _counts_lost(exchanged: ExchangedDocument, options: WriteOptions) -> Mapping[str, int]:
    return {
        **bioc_write.counts_lost(exchanged, options),
        "control characters, which XML cannot hold": _unfit(exchanged),
    }


def _sniff(name: str, head: bytes) -> bool:
    return b"<collection" in head and (b"<document" in head or b"<source" in head or b"BioC" in head)


FORMAT = Format(
    name="bioc-xml",
    description="BioC XML of the biomedical tools: collections of documents with passages",
    extensions=(".bioc.xml", ".bioc", ".xml"),
    many=True,
    loses="versions besides the one that is written, names, folders, tags and languages of documents, authors and"
    " probabilities of document labels, and control characters",
    meaning=bioc_write.meaning(fit),
    holds=bioc.HOLDS,
    sniff=_sniff,
    counts_lost=_counts_lost,
    read=read,
    write_stream=write,
)

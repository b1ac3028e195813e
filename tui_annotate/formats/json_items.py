"""The objects of a JSON file one by one: of an array, of lines, or a single one, however large the file is.

Of an array only strings and brackets are looked at to find where an item ends; what stands inside is
decoded item by item. So an array of a gigabyte costs the memory of its largest item.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, BinaryIO

import msgspec

from tui_annotate.domain.interchange import Problem
from tui_annotate.errors import DataError
from tui_annotate.formats.source import JSON_ERRORS, SourceFile, json_fault, utf8_lines

MOST_BYTES = 256 << 20
"""Of one item of an array; a longer one is refused, and with it what follows."""
_CHUNK = 1 << 18
_MOST_STRANGERS = 200
"""Items that are no objects, before the first that is one: a file of such is not read to its end."""
_BEGINNINGS = 8
_MARKS = re.compile(rb'"(?:[^"\\]++|\\.)*+"|["{}\[\]]', re.DOTALL)
"""A whole string, or a bracket; a lone quote opens a string whose end has not been read yet."""
_BETWEEN = re.compile(rb"[ \t\r\n,]*")
_BARE = re.compile(rb"[,\]\n]")
_UTF16 = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}


@dataclass(frozen=True, slots=True)
class JsonItem:
    """One object of a file."""

    where: str
    """File and line that it begins on; of an array also its number in it: `tasks.json:1#42`."""
    row: dict[str, Any]
    raw: bytes = field(repr=False)
    """As it stands in the file, in UTF-8."""
    number: int
    """Its line, or its number in the array: what makes the id of one that has none."""


def objects(file: SourceFile) -> Iterator[JsonItem | Problem]:
    """Yield the objects of a file; what is no JSON or no object is refused with its line, and the rest goes on."""
    strangers: int | None = 0
    try:
        for line, number, raw in raw_items(file):
            where = f"{file.where}:{line}" + (f"#{number}" if line != number else "")
            try:
                row = _decode(raw)
            except JSON_ERRORS as error:
                yield Problem("refused", where, "", json_fault(raw, error))
                continue
            if type(row) is dict:
                strangers = None
                yield JsonItem(where, row, raw, number)
                continue
            yield Problem("refused", where, "", f"{raw[:40].decode('utf-8', 'replace')} is no JSON object")
            if strangers is not None:
                strangers += 1
                if strangers == _MOST_STRANGERS:
                    raise DataError(f"the first {_MOST_STRANGERS} items are no JSON objects; the rest is not read.")
    except DataError as error:
        yield Problem("refused", file.where, "", str(error).removeprefix(f"{file.where}: "))


_decode = msgspec.json.Decoder().decode


def raw_items(file: SourceFile) -> Iterator[tuple[int, int, bytes]]:
    """Yield line, number and bytes of each item: of the array that the file is, or of its lines, or the single object.

    Raises:
        DataError: The file cannot be read, ends inside an item of an array, or has one that is too long.
    """
    with file.open() as stream:
        head = stream.read(_CHUNK)
    kind = _kind(head)
    with file.open() as stream:
        if kind == "array":
            scanner, count = _Array(), 0
            for chunk in chain(_chunks(stream), (None,)):
                for line, raw in scanner.finish() if chunk is None else scanner.feed(chunk):
                    count += 1
                    yield line, count, raw
            return
        lines, _ = utf8_lines(stream)
        if kind == "lines":
            yield from ((number, number, line) for number, line in enumerate(lines, 1) if not line.isspace())
        else:
            whole = b"".join(lines)
            if whole.strip():
                yield 1, 1, whole


def _kind(head: bytes) -> str:
    """Tell by its beginning whether a file is an array, a row a line, or one object over several lines."""
    encoding = next((name for mark, name in _UTF16.items() if head.startswith(mark)), "")
    text = head[2:].decode(encoding, "replace").encode("utf-8", "replace") if encoding else head
    beginning = text.removeprefix(codecs.BOM_UTF8).lstrip()
    if beginning.startswith(b"["):
        return "array"
    lines = [line.strip() for line in beginning.split(b"\n", _BEGINNINGS)]
    if not beginning.startswith(b"{") or lines[0].endswith(b"}") or len(lines) == 1:
        return "lines"
    return "lines" if lines[1].startswith(b"{") and lines[0] != b"{" else "object"


def _chunks(stream: BinaryIO) -> Iterator[bytes]:
    """Yield the content as UTF-8 without its byte order mark."""
    head = stream.read(_CHUNK)
    encoding = next((name for mark, name in _UTF16.items() if head.startswith(mark)), "")
    rest = iter(lambda: stream.read(_CHUNK), b"")
    if not encoding:
        yield head.removeprefix(codecs.BOM_UTF8)
        yield from rest
        return
    decoder = codecs.getincrementaldecoder(encoding)("replace")
    for piece in chain((head[2:],), rest):
        yield decoder.decode(piece).encode("utf-8", "surrogatepass")


class _Array:
    """Finds where the items of an array begin and end; keeps no more than the item that it is in."""

    def __init__(self) -> None:
        self._held = bytearray()
        self._at = -1
        """Up to where `_held` has been looked at; -1 before the array has begun."""
        self._begin = -1
        """Where the item begins that is being read; -1 between items."""
        self._depth = 0
        """Brackets open inside the item."""
        self._line = 1
        """Line of `_counted`."""
        self._counted = 0
        self._enough = 0
        """Bytes to be there before a string without an end is looked at again, so that the work stays linear."""
        self._ended = False

    def feed(self, chunk: bytes) -> Iterator[tuple[int, bytes]]:
        """Yield the items that end in this chunk."""
        self._held += chunk
        if len(self._held) < self._enough:
            return
        self._enough = 0
        if self._at < 0:
            self._at = self._held.find(b"[") + 1
        while not self._ended and (item := self._next()) is not None:
            yield item
        if self._ended and self._held[self._at :].strip():
            raise DataError(f"something follows the end of the array in line {self._line_at(self._at)}.")
        self._forget(self._begin if self._begin >= 0 else self._at)
        if len(self._held) > MOST_BYTES:
            raise DataError(f"the item in line {self._line} is longer than {MOST_BYTES >> 20} MB.")

    def finish(self) -> Iterator[tuple[int, bytes]]:
        """Yield what is left, and raise DataError when the array has not ended."""
        self._enough = 0
        yield from self.feed(b"")
        if not self._ended:
            raise DataError(
                f"ends inside the item that begins in line {self._line}: a bracket or a quote is missing."
                if self._begin >= 0
                else "ends before the array does: `]` is missing."
            )

    def _next(self) -> tuple[int, bytes] | None:
        """Return the next item; None when its end has not been read yet, or the array has ended."""
        if self._begin < 0:
            between = _BETWEEN.match(self._held, self._at)
            self._at = between.end() if between else self._at
            if self._at == len(self._held):
                return None
            if self._held[self._at] == 0x5D:
                self._at += 1
                self._ended = True
                return None
            self._begin, self._depth = self._at, 0
        if self._held[self._begin] in b"{[":
            return self._bracketed()
        end = _BARE.search(self._held, self._begin)
        return None if end is None else self._take(max(end.start(), self._begin + 1))

    def _bracketed(self) -> tuple[int, bytes] | None:
        depth = self._depth
        for match in _MARKS.finditer(self._held, self._at):
            mark = self._held[match.start()]
            if mark == 0x22:
                if match.end() - match.start() == 1:
                    self._at, self._depth = match.start(), depth
                    self._enough = 2 * len(self._held) - self._at
                    return None
            elif mark in b"{[":
                depth += 1
            else:
                depth -= 1
                if not depth:
                    return self._take(match.end())
        self._at, self._depth = len(self._held), depth
        return None

    def _take(self, end: int) -> tuple[int, bytes]:
        item = self._line_at(self._begin), bytes(self._held[self._begin : end])
        self._at, self._begin = end, -1
        return item

    def _line_at(self, at: int) -> int:
        self._line += self._held.count(b"\n", self._counted, at)
        self._counted = at
        return self._line

    def _forget(self, before: int) -> None:
        self._line_at(before)
        del self._held[:before]
        self._at -= before
        self._counted = 0
        self._begin = 0 if self._begin >= 0 else -1

"""Multipart bodies, part by part as they come: files to the body's store, fields as values.

A part that has no file name, and is called like a file, is one.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from urllib.parse import unquote_to_bytes

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from tui_annotate.serve.body import Body
from tui_annotate.serve.failing import ApiError

LARGEST_FIELD = 16 << 20
_LONGEST_HEADER = 8 << 10
"""Bytes of the headers of one part."""
_FILE_NAME = re.compile(r"[^/\\\x00-\x1f]{1,180}\.(?:[A-Za-z0-9]{1,8}\.)?[A-Za-z0-9]{1,8}")
_NAMES = frozenset(("text", "url", "project", "owner", "output", "member", "folder", "format", "ids", "search", "page"))
"""Parameters: a part called so is no file."""
_ENCODED_NAME = re.compile(rb"filename\*\s*=\s*([\w-]+)'[^']*'([^;\s]+)", re.IGNORECASE)


def too_many(most: int) -> ApiError:
    """Return what a request gets that has too many parts."""
    return ApiError(413, f"The request has more than {most:,} parts.", headers={"Connection": "close"})


def decoded(content: bytes, name: str) -> str:
    """Return a parameter's value; raises ApiError when it is not UTF-8."""
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ApiError(400, f"{name} is not UTF-8: byte {error.start}.", field=name) from error


class Multipart:
    """Reads the parts of a multipart body."""

    def __init__(self, body: Body, boundary: bytes, *, most: int) -> None:
        self._body = body
        self._most = most
        self._parts = self._head = 0
        self._header: tuple[bytes, bytes] = (b"", b"")
        self._headers: dict[bytes, bytes] = {}
        self._name = self._filename = ""
        self._value = bytearray()
        """What came of a field."""
        self._written = 0
        """Bytes of files that came before this part."""
        self._size = 0
        self._ended = False
        self._parser = MultipartParser(
            boundary,
            {
                "on_part_begin": self._begin,
                "on_part_data": self._data,
                "on_part_end": self._end,
                "on_header_field": self._header_field,
                "on_header_value": self._header_value,
                "on_header_end": self._header_end,
                "on_headers_finished": self._headers_finished,
                "on_end": self._finish,
            },
        )

    async def read(self, pieces: AsyncIterator[bytes]) -> None:
        """Read all parts; raises ApiError where they are broken."""
        try:
            async for piece in pieces:
                self._parser.write(piece)
            self._parser.finalize()
        except FormParserError as error:
            raise ApiError(400, f"The multipart body is broken: {error}.", field="body") from error
        if not self._ended:
            raise ApiError(400, "The multipart body ends in the middle.", field="body")

    def _begin(self) -> None:
        self._parts += 1
        if self._parts > self._most:
            raise too_many(self._most)
        self._headers.clear()
        self._size = self._head = 0

    def _header_field(self, data: bytes, start: int, end: int) -> None:
        self._count_header(end - start)
        self._header = (self._header[0] + data[start:end], self._header[1])

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._count_header(end - start)
        self._header = (self._header[0], self._header[1] + data[start:end])

    def _count_header(self, size: int) -> None:
        self._head += size
        if self._head > _LONGEST_HEADER:
            raise ApiError(413, f"The headers of a part are longer than {_LONGEST_HEADER:,} bytes.", field="body")

    def _header_end(self) -> None:
        self._headers[self._header[0].lower()] = self._header[1]
        self._header = (b"", b"")

    def _headers_finished(self) -> None:
        disposition = self._headers.get(b"content-disposition", b"")
        _, found = parse_options_header(disposition)
        self._name = found.get(b"name", b"").decode("utf-8", "replace")
        self._filename = found[b"filename"].decode("utf-8", "replace") if b"filename" in found else ""
        if encoded := _ENCODED_NAME.search(disposition):
            self._filename = unquote_to_bytes(encoded.group(2)).decode("utf-8", "replace")
        if not self._filename and self._name not in _NAMES and _FILE_NAME.fullmatch(self._name):
            self._filename = self._name
        if not self._name and not self._filename:
            raise ApiError(400, "A part of the body has no name.", field="body")

    def _data(self, data: bytes, start: int, end: int) -> None:
        self._size += end - start
        if self._filename:
            self._body.store().write(data[start:end])
            return
        if self._size > LARGEST_FIELD:
            raise ApiError(
                413, f"{self._name} is larger than {LARGEST_FIELD:,} bytes; send it as a file.", field=self._name
            )
        self._value += data[start:end]

    def _end(self) -> None:
        if self._filename:
            self._body.keep(self._filename, self._written, self._size)
            self._written += self._size
            return
        self._body.add(self._name, decoded(bytes(self._value), self._name))
        self._value.clear()

    def _finish(self) -> None:
        self._ended = True

"""A request's parameters and files, wherever they stand: in the query, a form, JSON, or parts of a multipart body.

Files go to disk as they come, so that memory does not grow with them. Where a parameter stands in several places,
all of its values count; a part that has no file name, and is called like a file, is one.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from tempfile import SpooledTemporaryFile
from typing import Any, BinaryIO
from urllib.parse import parse_qsl, unquote_to_bytes

import msgspec
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import Request

from tui_annotate.serve.failing import ApiError
from tui_annotate.serve.gate import too_large
from tui_annotate.serve.options import ServeOptions
from tui_annotate.services.uploads import Uploaded

_IN_MEMORY = 1 << 20
"""Bytes of a file that are kept in memory; larger ones are on disk."""
_LARGEST_FIELD = 16 << 20
_FILE_NAME = re.compile(r"[^/\\\x00-\x1f]{1,180}\.(?:[A-Za-z0-9]{1,8}\.)?[A-Za-z0-9]{1,8}")
_NAMES = frozenset(("text", "url", "project", "owner", "output", "member", "folder", "format", "ids", "search", "page"))
"""Parameters: a part called so is no file."""
_ENCODED_NAME = re.compile(rb"filename\*\s*=\s*([\w-]+)'[^']*'([^;\s]+)", re.IGNORECASE)


@dataclass(slots=True)
class Body:
    """What a request brought."""

    fields: dict[str, list[str]] = field(default_factory=dict)
    files: list[Uploaded] = field(default_factory=list)
    json: Any = None
    """The JSON body as it came; None when there is none."""
    _stack: ExitStack = field(default_factory=ExitStack)

    def add(self, name: str, value: str) -> None:
        """Add a value of a parameter."""
        self.fields.setdefault(name, []).append(value)

    def close(self) -> None:
        """Delete the files."""
        self._stack.close()

    def keep(self, name: str, stream: BinaryIO, size: int) -> None:
        """Add a file that is in a temporary file."""
        self._stack.callback(stream.close)
        self.files.append(Uploaded(name, size, lambda: _Rewound(stream)))  # type: ignore[arg-type,return-value]


class _Rewound:
    """A temporary file from its beginning; closing it leaves it there."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        stream.seek(0)

    def __enter__(self) -> _Rewound:
        return self

    def __exit__(self, *_: object) -> None:
        return

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._stream)

    def read(self, size: int = -1) -> bytes:
        return self._stream.read(size)

    def close(self) -> None:
        return


async def read(request: Request, options: ServeOptions) -> Body:
    """Read a request whole.

    Raises:
        ApiError: It is too large, has too many parts, or is not what its Content-Type says.
    """
    body = Body()
    try:
        for name, value in request.query_params.multi_items():
            body.add(name, value)
        kind, parameters = parse_options_header(request.headers.get("content-type", ""))
        if kind == b"multipart/form-data":
            boundary = parameters.get(b"boundary")
            if not boundary:
                raise ApiError(400, "The multipart body has no boundary.", field="Content-Type")
            await _Multipart(body, options, boundary).read(_limited(request, options))
        elif request.method in ("POST", "PUT", "DELETE", "PATCH"):
            content = b"".join([piece async for piece in _limited(request, options)])
            _take(body, kind, content)
    except BaseException:
        body.close()
        raise
    return body


async def _limited(request: Request, options: ServeOptions) -> AsyncIterator[bytes]:
    """Yield a body in pieces, as long as it is not too large."""
    size = 0
    async for piece in request.stream():
        size += len(piece)
        if size > options.largest_request:
            raise too_large(options.largest_request)
        yield piece


def _take(body: Body, kind: bytes, content: bytes) -> None:
    if not content.strip():
        return
    if kind == b"application/json" or (
        kind not in (b"application/x-www-form-urlencoded", b"text/plain") and _is_json(content)
    ):
        _take_json(body, content)
    elif kind == b"text/plain":
        body.add("text", _decoded(content, "text"))
    elif kind in (b"application/x-www-form-urlencoded", b""):
        try:
            for name, value in parse_qsl(_decoded(content, "body"), keep_blank_values=True, errors="strict"):
                body.add(name, value)
        except ValueError as error:
            raise ApiError(400, f"The form cannot be read: {error}.", field="body") from error
    else:
        named = kind.decode("latin-1")
        hint = "Send multipart/form-data, a form, or JSON."
        raise ApiError(415, f"A body of type {named!r} is not taken.", field="Content-Type", hint=hint)


def _is_json(content: bytes) -> bool:
    return content.lstrip()[:1] in (b"{", b"[")


def _take_json(body: Body, content: bytes) -> None:
    try:
        body.json = msgspec.json.decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ApiError(400, f"The body is no JSON: {error}.", field="body") from error
    if not isinstance(body.json, dict):
        return
    for name, value in body.json.items():
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, bool):
                body.add(name, "true" if one else "false")
            elif isinstance(one, (str, int, float)):
                body.add(name, str(one))


def _decoded(content: bytes, name: str) -> str:
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ApiError(400, f"{name} is not UTF-8: byte {error.start}.", field=name) from error


class _Multipart:
    """Reads the parts of a multipart body."""

    def __init__(self, body: Body, options: ServeOptions, boundary: bytes) -> None:
        self._body = body
        self._most = options.most_parts
        self._parts = 0
        self._header: tuple[bytes, bytes] = (b"", b"")
        self._headers: dict[bytes, bytes] = {}
        self._name = self._filename = ""
        self._stream: SpooledTemporaryFile[bytes] | None = None
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
        finally:
            if self._stream is not None:
                self._stream.close()
        if not self._ended:
            raise ApiError(400, "The multipart body ends in the middle.", field="body")

    def _begin(self) -> None:
        self._parts += 1
        if self._parts > self._most:
            raise ApiError(413, f"The request has more than {self._most:,} parts.", headers={"Connection": "close"})
        self._headers.clear()
        self._stream = SpooledTemporaryFile(  # noqa: SIM115 - closed with the request
            max_size=_IN_MEMORY, prefix="tui-annotate-upload-"
        )
        self._size = 0

    def _header_field(self, data: bytes, start: int, end: int) -> None:
        self._header = (self._header[0] + data[start:end], self._header[1])

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._header = (self._header[0], self._header[1] + data[start:end])

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
        assert self._stream is not None
        self._size += end - start
        if not self._filename and self._size > _LARGEST_FIELD:
            raise ApiError(
                413, f"{self._name} is larger than {_LARGEST_FIELD:,} bytes; send it as a file.", field=self._name
            )
        self._stream.write(data[start:end])

    def _end(self) -> None:
        assert self._stream is not None
        stream, self._stream = self._stream, None
        if self._filename:
            self._body.keep(self._filename, stream, self._size)  # type: ignore[arg-type]
            return
        stream.seek(0)
        with stream:
            self._body.add(self._name, _decoded(stream.read(), self._name))

    def _finish(self) -> None:
        self._ended = True

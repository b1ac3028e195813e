"""A request's parameters and files, wherever they stand: in the query, a form, JSON, or parts of a multipart body.

Where a parameter stands in several places, all of its values count.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from urllib.parse import parse_qsl

import msgspec
from python_multipart.multipart import parse_options_header
from starlette.requests import Request

from tui_annotate.serve.body import Body
from tui_annotate.serve.failing import ApiError
from tui_annotate.serve.gate import too_large
from tui_annotate.serve.multipart import LARGEST_FIELD, Multipart, decoded, too_many
from tui_annotate.serve.options import ServeOptions

_LARGEST_FORM = 3 * LARGEST_FIELD
"""A form writes some characters as three."""
_FORM = b"application/x-www-form-urlencoded"


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
            await Multipart(body, boundary, most=options.most_parts).read(_limited(request, options.largest_request))
        elif request.method in ("POST", "PUT", "DELETE", "PATCH"):
            limit = _LARGEST_FORM if kind == _FORM else LARGEST_FIELD
            content = b"".join([piece async for piece in _limited(request, min(limit, options.largest_request))])
            _take(body, kind, content, options.most_parts)
    except BaseException:
        body.close()
        raise
    return body


async def _limited(request: Request, limit: int) -> AsyncIterator[bytes]:
    """Yield a body in pieces, as long as it is not too large."""
    size = 0
    async for piece in request.stream():
        size += len(piece)
        if size > limit:
            raise too_large(limit)
        yield piece


def _take(body: Body, kind: bytes, content: bytes, most: int) -> None:
    if not content.strip():
        return
    if kind == b"application/json" or (kind not in (_FORM, b"text/plain") and _is_json(content)):
        _take_json(body, content)
    elif kind == b"text/plain":
        body.add("text", decoded(content, "text"))
    elif kind in (_FORM, b""):
        if content.count(b"&") >= most:
            raise too_many(most)
        try:
            for name, value in parse_qsl(decoded(content, "body"), keep_blank_values=True, errors="strict"):
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

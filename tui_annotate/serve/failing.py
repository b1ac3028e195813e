"""Errors as clients see them: a status, and JSON that says what was wrong, where, and what to do."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

import msgspec
from starlette.responses import Response

from tui_annotate.errors import (
    AnnotateError,
    DataError,
    DecisionError,
    DiskFullError,
    LockedError,
    NothingToDoError,
    QueryError,
    ReadOnlyError,
    SchemeError,
    UploadError,
    UsageError,
)

JSON = "application/json; charset=utf-8"


class ApiError(AnnotateError):
    """A request that is refused."""

    def __init__(
        self, status: int, message: str, *, field: str = "", hint: str = "", headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message, hint=hint)
        self.status = status
        self.field = field
        self.headers = dict(headers or {})


_STATUSES: tuple[tuple[type[AnnotateError], int], ...] = (
    (UploadError, 400),
    (LockedError, 503),
    (DiskFullError, 507),
    (ReadOnlyError, 503),
    (DecisionError, 409),
    (NothingToDoError, 404),
    (UsageError, 400),
    (SchemeError, 400),
    (DataError, 400),
)


def status_of(error: AnnotateError) -> int:
    """Return the status that an error stands for."""
    if isinstance(error, ApiError):
        return error.status
    return next((status for kind, status in _STATUSES if isinstance(error, kind)), 500)


def response(error: AnnotateError, *, hidden: Sequence[str] = ()) -> Response:
    """Return what the client gets for an error.

    Args:
        hidden: Folders whose place on this machine is nobody's business.
    """
    errors: list[dict[str, object]] = []
    headers: dict[str, str] = {}
    if isinstance(error, UploadError):
        errors = [{"file": file, "field": field, "reason": reason} for file, field, reason in error.faults]
    elif isinstance(error, ApiError):
        headers = error.headers
        if error.field:
            errors = [{"field": error.field, "reason": error.message}]
    message = error.message
    if isinstance(error, QueryError):
        errors = [{"field": "search", "column": error.column, "reason": message}]
        message = f"search, column {error.column}: {message}"
    status = status_of(error)
    if status == 503:
        headers["Retry-After"] = "1"
    body: dict[str, object] = {"error": message, "errors": errors}
    if error.hint:
        body["hint"] = error.hint
    return Response(_without(msgspec.json.encode(body), hidden), status, headers, JSON)


def _without(body: bytes, hidden: Sequence[str]) -> bytes:
    for folder in hidden:
        if len(folder) > 1:
            body = body.replace(msgspec.json.encode(f"{folder}{os.sep}")[1:-1], b"")
    return body


def broken() -> Response:
    """Return what the client gets for a fault of ours."""
    return json({"error": "Something went wrong in the server; its log has the details.", "errors": []}, 500)


def json(value: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Return a value as JSON."""
    return Response(msgspec.json.encode(value), status, dict(headers or {}), JSON)

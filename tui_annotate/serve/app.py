"""The application: every route, behind the gate."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

from tui_annotate.errors import AnnotateError
from tui_annotate.serve import documents, failing, folders, members, metrics, projects, settings, uploading, versions
from tui_annotate.serve.calls import Handler, route
from tui_annotate.serve.failing import ApiError
from tui_annotate.serve.gate import DRAINED_SECONDS, Gate, Patient
from tui_annotate.serve.options import ServeOptions
from tui_annotate.serve.service import Service

DOCUMENTS = "/-api/documents/v1"
VERSIONS = "/-api/documents/versions/v0"
SETTINGS = "/-api/settings/v1"
PROJECTS = "/-api/projects/v1"
METRICS = "/-api/metrics/v0"
OLD_DOCUMENTS = "/api/0.1/documents"
"""What the documents API was called before; the same is answered there."""


def create_app(
    options: ServeOptions, *, log: Callable[[str], None], fault: Callable[[Exception], None]
) -> tuple[ASGIApp, Service]:
    """Return the application, and what it shares.

    Args:
        log: Takes one line a request.
        fault: Takes an exception that no request should meet.
    """
    service = Service(options, tell=log)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        app.state.service = service
        await service.start()
        try:
            yield
        finally:
            await service.stop()

    inner = Starlette(
        routes=_routes(),
        lifespan=lifespan,
        exception_handlers={HTTPException: _refused, AnnotateError: _failed, Exception: _broke},
    )
    inner.router.redirect_slashes = False
    return Gate(inner, options, service.verify, log=log, fault=fault), service


def _routes() -> list[Route]:
    found: list[Route] = []
    for path in (DOCUMENTS, OLD_DOCUMENTS):
        found += [
            _route(path, documents.get, "GET"),
            _route(path, uploading.upload, "POST", "PUT"),
            _route(path, documents.delete, "DELETE"),
        ]
    found += [
        _route(f"{VERSIONS}/merge", versions.merge, "POST", "PUT"),
        _route(f"{VERSIONS}/copy", versions.copy, "POST", "PUT"),
        _route(f"{SETTINGS}/annotationsLegend", settings.legend, "GET"),
        _route(f"{SETTINGS}/export", settings.export, "GET"),
        _route(f"{SETTINGS}/import", settings.import_, "POST", "PUT"),
        _route(f"{SETTINGS}/folders", folders.list_, "GET"),
        _route(f"{SETTINGS}/folders/add", folders.add, "POST", "PUT"),
        _route(f"{SETTINGS}/folders/rename", folders.rename, "POST", "PUT"),
        _route(f"{SETTINGS}/folders/remove", folders.remove, "POST", "PUT", "DELETE"),
        _route(f"{PROJECTS}/search-my-projects", projects.search, "GET", project=False),
        _route(f"{PROJECTS}/my_projects", projects.mine, "GET", project=False),
        _route(f"{METRICS}/search_stats", metrics.search_stats, "GET"),
        _route(f"{METRICS}/iaa", metrics.iaa, "GET"),
        _route(f"{METRICS}/IAA", metrics.iaa, "GET"),
        _route("/{owner}/{project}/pool/{docid:path}", documents.page, "GET"),
    ]
    for path in (f"{SETTINGS}/members", f"{SETTINGS}/members/{{username}}"):
        found += [
            _route(path, members.get, "GET"),
            _route(path, members.post, "POST"),
            _route(path, members.put, "PUT", "PATCH"),
            _route(path, members.delete, "DELETE"),
        ]
    return found


def _route(path: str, handler: Handler, *methods: str, project: bool = True) -> Route:
    return Route(path, route(handler, project=project), methods=list(methods))


async def _refused(request: Request, error: Exception) -> Response:
    """Answer a path or method that there is not."""
    assert isinstance(error, HTTPException)
    if error.status_code == 404:
        told = ApiError(404, "There is nothing at this address.", field="path", hint=f"Documents are at {DOCUMENTS}.")
    elif error.status_code == 405:
        told = ApiError(405, f"{request.method} is not for this address.", field="method", headers=error.headers)
    else:
        told = ApiError(error.status_code, error.detail)
    return failing.response(told)


async def _broke(request: Request, error: Exception) -> Response:
    """Answer where something went wrong that should not; the gate is handed the exception besides."""
    return failing.broken()


async def _failed(request: Request, error: Exception) -> Response:
    assert isinstance(error, AnnotateError)
    if failing.status_of(error) == 413 and isinstance(request.receive, Patient):
        await request.receive.drain(DRAINED_SECONDS)
    service: Service = request.app.state.service
    return failing.response(error, hidden=service.folders)

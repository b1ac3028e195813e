"""A call: one request as the routes see it, with its parameters, its files, and what its user may do."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import wraps

from starlette.requests import Request
from starlette.responses import Response

from tui_annotate.domain.interchange import MASTER
from tui_annotate.serve import reading
from tui_annotate.serve.body import Body
from tui_annotate.serve.failing import ApiError
from tui_annotate.serve.options import ServeOptions
from tui_annotate.serve.service import Service
from tui_annotate.services import answers
from tui_annotate.store import accounts, annotators, folders
from tui_annotate.store.connection import Corpus

ROLES: dict[str, int] = {"reader": 0, "curator": 1, "supercurator": 2, "reviewer": 3, "admin": 4, "owner": 4}
"""Who may do what: read; write one's own version; master's too; everybody's; documents, settings and members."""
READ, OWN, WRITE_MASTER, WRITE_ANY, ADMIN = range(5)


@dataclass(frozen=True, slots=True)
class Call:
    """One request."""

    service: Service
    request: Request
    body: Body
    user: str
    role: str

    @property
    def options(self) -> ServeOptions:
        """What the server was started with."""
        return self.service.options

    def get(self, name: str, default: str = "") -> str:
        """Return a parameter's value; of several the last."""
        held = self.body.fields.get(name)
        return held[-1] if held else default

    def has(self, name: str) -> bool:
        """Say whether a parameter is given, be it empty."""
        return name in self.body.fields

    def each(self, name: str) -> list[str]:
        """Return all values of a parameter that may come several times, or with commas between."""
        found = [piece.strip() for value in self.body.fields.get(name, ()) for piece in value.split(",")]
        return [piece for piece in found if piece]

    def need(self, name: str) -> str:
        """Return a parameter; raises ApiError when it is missing."""
        value = self.get(name)
        if not value:
            raise ApiError(400, f"The parameter {name} is missing.", field=name)
        return value

    def number(self, name: str, default: int = 0) -> int:
        """Return a parameter as a whole number of 0 or more."""
        value = self.get(name)
        if not value:
            return default
        if not (value.isascii() and value.isdecimal() and len(value) < 10):
            raise ApiError(400, f"{name} is a whole number of 0 or more, not {value!r}.", field=name)
        return int(value)

    def allow(self, rank: int) -> None:
        """Raise ApiError when the user's role does not go so far."""
        if ROLES.get(self.role, READ) < rank:
            needed = next(name for name, held in ROLES.items() if held >= rank)
            raise ApiError(403, f"{self.user} is {self.role or 'no member'} here; this takes {needed}.")

    def allow_version(self, member: str) -> None:
        """Raise ApiError when the user may not write this version."""
        self.allow(WRITE_MASTER if member == MASTER else OWN if member == self.user else WRITE_ANY)

    def check_project(self) -> None:
        """Raise ApiError when the request is about another project than the one that is served."""
        for name, ours in (("owner", self.options.owner), ("project", self.options.project)):
            for asked in (*self.body.fields.get(name, ()), self.request.path_params.get(name, "")):
                if asked and asked != ours:
                    raise ApiError(404, f"There is no {name} {asked!r} here.", field=name, hint=f"It is {ours!r}.")


Handler = Callable[[Call], Awaitable[Response]]


def route(handler: Handler, *, project: bool = True) -> Callable[[Request], Awaitable[Response]]:
    """Return what Starlette calls: it reads the request, runs the handler, and deletes the request's files.

    Args:
        project: The route is about a project, so `owner` and `project` must be those that are served.
    """

    @wraps(handler)
    async def endpoint(request: Request) -> Response:
        service: Service = request.app.state.service
        body = await reading.read(request, service.options)
        try:
            call = Call(service, request, body, request.scope["user"], request.scope["role"])
            if project:
                call.check_project()
            return await handler(call)
        finally:
            body.close()

    return endpoint


def member(corpus: Corpus, options: ServeOptions, name: str, user: str) -> str:
    """Return whose version is meant; raises ApiError for somebody who takes no part."""
    if not name or name == MASTER:
        return MASTER
    known = {one.name for one in accounts.members(corpus)} | {options.owner, user}
    if name not in known and name not in annotators.names(corpus):
        raise ApiError(
            404, f"There is no member {name!r}.", field="member", hint=f"There are {', '.join(sorted(known))}."
        )
    return name


def folder(corpus: Corpus, name: str) -> str:
    """Return the path below the pool of a folder given by index, path or name; raises ApiError for an unknown one."""
    wanted = name.strip().strip("/")
    if wanted in ("", "pool", "0"):
        return ""
    found = _folder(folders.known(corpus), wanted)
    if found is None:
        found = _folder(folders.every(corpus), wanted)
    if found is None:
        hint = "settings/v1/folders lists them, and adds one."
        raise ApiError(404, f"There is no folder {name!r}.", field="folder", hint=hint)
    return found


def _folder(held: dict[str, int], wanted: str) -> str | None:
    if wanted.isdecimal():
        by_number = next((path for path, number in held.items() if number == int(wanted)), None)
        if by_number is not None:
            return by_number
    path = wanted.removeprefix("pool/")
    if path in held:
        return path
    named = [one for one in held if one.rpartition("/")[2] == wanted]
    return min(named, key=lambda one: (one.count("/"), one), default=None)


def document_id(corpus: Corpus, key: str) -> int:
    """Return a document by its public id; raises ApiError when there is none."""
    found = answers.find(corpus, key)
    if found is None:
        raise ApiError(404, f"There is no document {key!r}.", field="ids")
    return found

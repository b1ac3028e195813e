"""Members: who takes part in the project, in which role, and whether they may log in."""

from __future__ import annotations

import asyncio
from typing import Any

from starlette.responses import Response

from tui_annotate.errors import UsageError
from tui_annotate.serve import failing
from tui_annotate.serve.calls import ADMIN, ROLES, Call
from tui_annotate.serve.failing import ApiError
from tui_annotate.serve.options import ServeOptions
from tui_annotate.services.accounts import checked
from tui_annotate.store import accounts
from tui_annotate.store.connection import Corpus

_NAMES = ("username", "loginid", "member")


async def get(call: Call) -> Response:
    """List the members."""
    return failing.json(await call.service.threads.read(lambda corpus: listed(corpus, call.options)))


def listed(corpus: Corpus, options: ServeOptions) -> dict[str, Any]:
    """Return the members as tagtog lists them; the owner is one of them, as admin."""
    roles = {one.name: one.role for one in accounts.members(corpus)} | {options.owner: "admin"}
    return {
        "members": [
            {"username": name, "role": {"name": _shown(role)}, "roleName": _shown(role), "inTeams": []}
            for name, role in sorted(roles.items())
        ],
        "pendingMembers": [],
        "teams": [],
    }


def _shown(role: str) -> str:
    return "admin" if role == "owner" else role


async def post(call: Call) -> Response:
    """Add a member; with a password they may log in."""
    call.allow(ADMIN)
    name = _name(call)
    role = _role(call) or "curator"
    password = await _password(call, name)

    def write(corpus: Corpus) -> None:
        if accounts.member(corpus, name) is not None or name == call.options.owner:
            raise ApiError(409, f"{name} is a member already.", field="loginid", hint="PUT changes role and password.")
        _write(corpus, name, role, password)

    return await _changed(call, write, name)


async def put(call: Call) -> Response:
    """Change a member's role or password."""
    call.allow(ADMIN)
    name = _name(call)
    role, password = _role(call), await _password(call, name)
    if not role and password is None:
        raise ApiError(400, "Say the role or the password that the member is to have.", field="role")

    def write(corpus: Corpus) -> None:
        _must_be_member(corpus, call, name)
        if role and name == call.options.owner and role not in ("admin", "owner"):
            raise ApiError(409, "The owner of the project is its admin.", field="role")
        _write(corpus, name, role, password)

    return await _changed(call, write, name)


async def delete(call: Call) -> Response:
    """Take somebody's part and account away; what they annotated stays."""
    call.allow(ADMIN)
    name = _name(call)

    def write(corpus: Corpus) -> None:
        if name == call.options.owner:
            raise ApiError(409, "The owner of the project stays.", field="username")
        _must_be_member(corpus, call, name)
        accounts.remove(corpus, name)

    return await _changed(call, write, name)


async def _changed(call: Call, write: Any, name: str) -> Response:
    await call.service.threads.write(write)
    await call.service.read_accounts()
    held = await call.service.threads.read(lambda corpus: listed(corpus, call.options))
    one: dict[str, Any] = next((member for member in held["members"] if member["username"] == name), {})
    return failing.json({**one, **held})


def _write(corpus: Corpus, name: str, role: str, password: str | None) -> None:
    if password is not None:
        accounts.keep(corpus, name, password)
    if role:
        accounts.set_role(corpus, name, role)


def _must_be_member(corpus: Corpus, call: Call, name: str) -> None:
    if accounts.member(corpus, name) is None and name != call.options.owner:
        raise ApiError(404, f"There is no member {name!r}.", field="username")


def _name(call: Call) -> str:
    in_path = call.request.path_params.get("username", "")
    name = in_path or next((call.get(one) for one in _NAMES if call.get(one)), "")
    if not name or name != name.strip() or ":" in name or name == "master" or any(ord(c) < 32 for c in name):
        raise ApiError(400, f"{name!r} cannot be a member's name." if name else "The name is missing.", field="loginid")
    if len(name) > 100:
        raise ApiError(400, "A name has 100 characters at most.", field="loginid")
    return name


def _role(call: Call) -> str:
    given: Any = call.get("role") or call.get("roleName")
    if isinstance(call.body.json, dict) and isinstance(call.body.json.get("role"), dict):
        given = call.body.json["role"].get("name", "")
    role = str(given or "").strip().lower()
    if role and role not in ROLES:
        raise ApiError(400, f"There is no role {given!r}.", field="role", hint=f"There are {', '.join(ROLES)}.")
    return role


async def _password(call: Call, name: str) -> str | None:
    """Return what is to be kept of the password that is given; hashed where nobody waits for it."""
    if not call.has("password"):
        return None
    try:
        return await asyncio.to_thread(checked, name, call.get("password"))
    except UsageError as error:
        raise ApiError(400, error.message, field="password", hint=error.hint) from None

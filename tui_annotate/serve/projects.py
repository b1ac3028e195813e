"""Projects: the one that is served, as the list of all projects that a user has."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from tui_annotate.serve import failing
from tui_annotate.serve.calls import Call
from tui_annotate.serve.members import listed
from tui_annotate.store import counters, shared
from tui_annotate.store.connection import Corpus

VERSION = "1.1.0"
PAGE = 50


async def search(call: Call) -> Response:
    """Return the projects whose name, owner or members hold what is searched for."""
    wanted, page = call.get("s"), call.number("p")
    one = await call.service.threads.read(lambda corpus: _project(corpus, call))
    names = [one["name"], one["owner"], *(member["username"] for member in one["members"])]
    found = [one] if not wanted or any(wanted.casefold() in name.casefold() for name in names) else []
    return failing.json(
        {
            "version": VERSION,
            "search": wanted or None,
            "totalFound": len(found),
            "pages": {
                "current": page,
                "previous": page - 1,
                "next": -1,
                "numPages": len(found),
                "pageSize": PAGE,
            },
            "projectsPage": found if page == 0 else [],
        }
    )


async def mine(call: Call) -> Response:
    """Return the same as a list, as the older call did."""
    return failing.json([await call.service.threads.read(lambda corpus: _project(corpus, call))])


def _project(corpus: Corpus, call: Call) -> dict[str, Any]:
    options = call.options
    members = [{"username": one["username"], "role": one["role"]["name"]} for one in listed(corpus, options)["members"]]
    return {
        "name": options.project,
        "owner": options.owner,
        "description": "",
        "created": shared.began(corpus),
        "isPublic": False,
        "numDocuments": counters.progress(corpus).total,
        "url": f"/{options.owner}/{options.project}",
        "members": members,
    }

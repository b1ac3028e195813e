"""Folders: listing, adding, renaming and removing them; `pool` is the root of all."""

from __future__ import annotations

from starlette.responses import Response

from tui_annotate.formats.safety import safe_name
from tui_annotate.serve import failing
from tui_annotate.serve.calls import ADMIN, Call
from tui_annotate.serve.failing import ApiError
from tui_annotate.serve.settings import exported, tree
from tui_annotate.services import deleting
from tui_annotate.store import folders
from tui_annotate.store.connection import Corpus


async def list_(call: Call) -> Response:
    """Return the tree of folders."""
    held = await call.service.threads.read(folders.every)
    return failing.json({"folders": {"pool": tree(held)}})


async def add(call: Call) -> Response:
    """Add a folder; the one above it must be there."""
    call.allow(ADMIN)
    path = _new_path(call)

    def write(corpus: Corpus) -> None:
        held = folders.every(corpus)
        above = path.rpartition("/")[0]
        if above not in held:
            raise ApiError(404, f"There is no folder pool/{above} to add it to.", field="path")
        if path in held:
            raise ApiError(409, f"There is a folder pool/{path} already.", field="path")
        folders.add(corpus, path)

    await call.service.threads.write(write)
    return await _settings(call)


async def rename(call: Call) -> Response:
    """Give a folder another name."""
    call.allow(ADMIN)
    name = _checked_name(call.need("newFolderName"), "newFolderName")

    def write(corpus: Corpus) -> None:
        path = _existing(corpus, call)
        new = "/".join(filter(None, (path.rpartition("/")[0], name)))
        if new in folders.every(corpus):
            raise ApiError(409, f"There is a folder pool/{new} already.", field="newFolderName")
        folders.rename(corpus, path, new)

    await call.service.threads.write(write)
    return await _settings(call)


async def remove(call: Call) -> Response:
    """Remove a folder, those below it, and all their documents."""
    call.allow(ADMIN)

    def write(corpus: Corpus) -> None:
        path = _existing(corpus, call)
        ids = folders.documents(corpus, path)
        if ids:
            deleting.delete(corpus, ids, annotator=call.user)
        folders.forget(corpus, path)

    await call.service.threads.write(write)
    return await _settings(call)


async def _settings(call: Call) -> Response:
    held = await call.service.threads.read(lambda corpus: exported(corpus, call.options))
    return failing.json({"newSettings": held, "mapNewIds": {}})


def _existing(corpus: Corpus, call: Call) -> str:
    path = _below_pool(call.need("path"), "path")
    if not path:
        raise ApiError(400, "The pool itself stays as it is.", field="path")
    if path not in folders.every(corpus):
        raise ApiError(404, f"There is no folder pool/{path}.", field="path")
    return path


def _new_path(call: Call) -> str:
    if call.get("path"):
        path = _below_pool(call.get("path"), "path")
    else:
        above = _below_pool(call.need("parentPath"), "parentPath")
        path = "/".join(filter(None, (above, _checked_name(call.need("newFolderName"), "newFolderName"))))
    if not path:
        raise ApiError(409, "The pool is there already.", field="path")
    for piece in path.split("/"):
        _checked_name(piece, "path")
    return path


def _below_pool(path: str, field: str) -> str:
    """Return a full path without the pool that it begins with."""
    pieces = [piece for piece in path.split("/") if piece]
    if pieces[:1] != ["pool"]:
        raise ApiError(400, f"{path!r} does not begin with pool.", field=field, hint="Write it as pool/new.")
    return "/".join(pieces[1:])


def _checked_name(name: str, field: str) -> str:
    if name != safe_name(name) or name != name.strip() or name in (".", "..") or name.isdecimal():
        hint = "No slash or control characters, no blanks around, and not a number alone."
        raise ApiError(400, f"{name!r} cannot be a folder's name.", field=field, hint=hint)
    return name

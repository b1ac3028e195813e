"""GET and DELETE of documents: by id, by search, as a list, as a zip."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from starlette.background import BackgroundTask
from starlette.responses import FileResponse, PlainTextResponse, Response

from tui_annotate.errors import NothingToDoError
from tui_annotate.serve import calls, failing
from tui_annotate.serve.answering import MOST_TOGETHER, answered, check_output, disposition
from tui_annotate.serve.calls import ADMIN, Call
from tui_annotate.serve.failing import ApiError
from tui_annotate.serve.uploading import NULL, no_network
from tui_annotate.services import answers, deleting, exporting, searching
from tui_annotate.store import documents, listing, shared
from tui_annotate.store.connection import Corpus
from tui_annotate.store.listing import DocumentRow

VERSION = "0.6.0"
"""Of the search answer, as tagtog counts it."""
PAGE = 50
_SEARCH, _CSV, _ZIP = "search", "csv", ("zip", "anndoc.zip", "project.zip")
_HEADER = 160


async def get(call: Call) -> Response:
    """Answer documents by id or by search."""
    if call.has("url") or call.has("target"):
        raise no_network()
    if call.body.fields.get("ids"):
        return await _by_ids(call)
    if call.has("search"):
        return await _search(call)
    hint = "ids=, or search=* for all."
    raise ApiError(400, "Say which documents.", field="ids", hint=hint)


async def _by_ids(call: Call) -> Response:
    output = call.get("output") or "visualize"
    check_output(output, also=(NULL, *_ZIP, _SEARCH))
    kind = call.get("idType") or "tagtogID"
    if kind != "tagtogID":
        raise ApiError(400, f"There is no idType {kind!r} here.", field="idType", hint="It is tagtogID.")
    ids = await call.service.threads.read(lambda corpus: _rows(corpus, call))
    if len(ids) > MOST_TOGETHER:
        hint = "output=zip gives those that a search finds."
        raise ApiError(400, f"That are {len(ids)} documents, more than {MOST_TOGETHER}.", field="ids", hint=hint)
    if output in _ZIP:
        return await _project(call, ids)
    if output == _CSV:
        return await call.service.threads.read(lambda corpus: _csv(corpus, ids))
    if output == NULL:
        items = await call.service.threads.read(lambda corpus: [_item(documents.row(corpus, id)) for id in ids])
        return failing.json({"ok": len(ids), "errors": 0, "items": items, "warnings": []})
    member = await call.service.threads.read(
        lambda corpus: calls.member(corpus, call.options, call.get("member"), call.user)
    )
    return await answered(call, ids, output, member=member)


def _rows(corpus: Corpus, call: Call) -> list[int]:
    """Return the documents that `ids` names: each value is an id, or several with commas between."""
    found: list[int] = []
    for value in call.body.fields.get("ids", ()):
        whole = answers.find(corpus, value.strip()) if "," in value else None
        pieces = [value] if whole is not None else value.split(",")
        found += [calls.document_id(corpus, piece.strip()) for piece in pieces if piece.strip()]
    if not found:
        raise ApiError(400, "ids names no document.", field="ids")
    return list(dict.fromkeys(found))


async def _search(call: Call) -> Response:
    output = call.get("output") or _SEARCH
    query = call.get("search")
    if output == _CSV:
        ids = await call.service.threads.ask(lambda corpus: searching.ids(corpus, query, annotator=call.user))
        return await call.service.threads.read(lambda corpus: _csv(corpus, ids))
    if output in _ZIP:
        ids = await call.service.threads.ask(lambda corpus: searching.ids(corpus, query, annotator=call.user))
        return await _project(call, ids)
    if output != _SEARCH:
        check_output(output, also=(NULL, _CSV, *_ZIP, _SEARCH))
        hint = f"A search answers {_SEARCH}, {_CSV} or zip; name one of its documents with ids= for {output}."
        raise ApiError(400, f"A search has no output {output!r}.", field="output", hint=hint)
    page = call.number("page")
    return failing.json(await call.service.threads.ask(lambda corpus: _page(corpus, query, page, call.user)))


def _page(corpus: Corpus, query: str, page: int, user: str) -> dict[str, Any]:
    found = searching.search(corpus, query, annotator=user, page=page + 1, size=PAGE)
    pages = -(-found.total // PAGE)
    ids = [row.id for row in found.rows]
    standing = shared.standings(corpus, ids)
    headers = listing.beginnings(corpus, ids, length=_HEADER)
    return {
        "version": VERSION,
        "search": query,
        "totalFound": found.total,
        "pages": {
            "current": page,
            "previous": page - 1,
            "next": page + 1 if page + 1 < pages else -1,
            "numPages": pages,
            "pageSize": PAGE,
        },
        "docs": [_doc(row, standing[row.id], headers.get(row.id, "")) for row in found.rows if row.id in standing],
    }


def _doc(row: DocumentRow, standing: shared.Standing, header: str) -> dict[str, Any]:
    return {
        "id": row.key,
        "filename": row.name,
        "header": header,
        "created": standing.created,
        "updated": row.changed,
        "anncomplete": standing.confirmed,
        "members_anncomplete": list(standing.confirmed_by),
        "members_assigned": list(standing.assigned_to),
        "folder": f"pool/{row.folder}" if row.folder else "pool",
    }


def _item(row: DocumentRow) -> dict[str, Any]:
    return {"origid": row.name, "names": [row.name], "docid": row.key, "tagtogID": row.key}


def _csv(corpus: Corpus, ids: Sequence[int]) -> Response:
    lines = ["docid,anncomplete"]
    lines += [f"{_cell(key)},{'true' if done else 'false'}" for key, done in answers.statuses(corpus, ids)]
    return Response("\n".join(lines) + "\n", media_type="text/csv; charset=utf-8")


def _cell(key: str) -> str:
    """Return an id as a cell that a spreadsheet neither splits nor takes for a formula."""
    if key[:1] in "=+-@":
        key = f"'{key}"
    return '"' + key.replace('"', '""') + '"' if any(c in key for c in ',"\r\n') else key


async def _project(call: Call, ids: Sequence[int]) -> Response:
    """Return documents as a project zip, written to disk, read back and compared before it goes out."""
    folder = tempfile.TemporaryDirectory(prefix="tui-annotate-zip-")
    path = Path(folder.name, "project.zip")
    try:
        await call.service.threads.read(
            lambda corpus: exporting.export(corpus, path, ids=ids, project=call.options.project)
        )
    except NothingToDoError as error:
        folder.cleanup()
        raise ApiError(404, "The search finds nothing.", field="search") from error
    except BaseException:
        folder.cleanup()
        raise
    headers = {"Content-Disposition": disposition(f"{call.options.project}.zip")}
    return FileResponse(path, headers=headers, media_type="application/zip", background=BackgroundTask(folder.cleanup))


async def delete(call: Call) -> Response:
    """Delete what ids or a search name; the number of documents deleted, as text."""
    call.allow(ADMIN)
    if call.body.fields.get("ids"):
        kind = call.get("idType") or "tagtogID"
        if kind != "tagtogID":
            raise ApiError(400, "Documents are deleted by their tagtogID.", field="idType")
        names = [n for v in call.body.fields["ids"] for n in v.split(",")]
        ids = await call.service.threads.read(lambda corpus: _known(corpus, names))
    elif call.get("search"):
        query = call.get("search")
        ids = await call.service.threads.ask(lambda corpus: searching.ids(corpus, query, annotator=call.user))
    else:
        raise ApiError(400, "Say which documents.", field="ids", hint="ids=, or search=* for all.")
    count = 0
    if ids:
        done = await call.service.threads.write(lambda corpus: deleting.delete(corpus, ids, annotator=call.user))
        count = done.documents
    return PlainTextResponse(str(count))


def _known(corpus: Corpus, names: Sequence[str]) -> list[int]:
    """Return the documents of these ids, those that exist: deleting what is gone already deletes nothing."""
    found = (answers.find(corpus, name.strip()) for name in names if name.strip())
    return [id for id in dict.fromkeys(found) if id is not None]


async def page(call: Call) -> Response:
    """Show a document in a browser."""
    key = call.request.path_params["docid"]
    id = await call.service.threads.read(lambda corpus: calls.document_id(corpus, key))
    member = await call.service.threads.read(
        lambda corpus: calls.member(corpus, call.options, call.get("member"), call.user)
    )
    return await answered(call, [id], "web", member=member)

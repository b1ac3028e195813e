"""Documents as answers: predicted first where nobody has annotated them, then in the output that was asked for."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from difflib import get_close_matches
from email.utils import format_datetime
from urllib.parse import quote

from starlette.responses import Response

from tui_annotate.domain.interchange import MASTER
from tui_annotate.serve import pages
from tui_annotate.serve.calls import Call
from tui_annotate.serve.failing import ApiError
from tui_annotate.services import answers
from tui_annotate.services.answers import Answer
from tui_annotate.store import documents

VISUALIZE = "visualize"
WEB = ("web", "web-editor-only")
WEBURL = "weburl"
_WITHOUT_ANNOTATIONS = (*answers.HTML, *answers.TEXT, *answers.ORIGINAL, WEBURL)
MOST_TOGETHER = 500
"""Documents of one request that names them."""


def check_output(output: str, *, also: Sequence[str] = ()) -> None:
    """Raise ApiError for an output that there is not."""
    known = [*answers.outputs(), VISUALIZE, *WEB, WEBURL, *also]
    if output not in known:
        near = get_close_matches(output, known, 1)
        hint = f"Did you mean {near[0]}?" if near else f"There are {', '.join(known)}."
        raise ApiError(400, f"There is no output {output!r}.", field="output", hint=hint)


async def answered(call: Call, ids: Sequence[int], output: str, *, member: str = MASTER) -> Response:
    """Return documents in an output; several of them are a zip."""
    if output == VISUALIZE:
        # A browser sees the page, a program gets the address of it.
        output = WEB[0] if "mozilla" in call.request.headers.get("user-agent", "").lower() else WEBURL
    warning = ""
    if output not in _WITHOUT_ANNOTATIONS and member == MASTER and len(ids) <= MOST_TOGETHER:
        warning = await call.service.predictor.ensure(ids)
    if output == WEBURL:
        keys = await call.service.threads.read(lambda corpus: [documents.row(corpus, id).key for id in ids])
        text = "\n".join(page_url(call, key) for key in keys)
        return Response(text, media_type="text/plain; charset=utf-8")
    if output in WEB:
        body = await call.service.threads.read(lambda corpus: pages.document_page(corpus, ids[-1], member))
        return Response(body, media_type="text/html; charset=utf-8")
    found = await call.service.threads.read(
        lambda corpus: [answers.answer(corpus, id, output, member=member) for id in ids]
    )
    return to_response(found[0] if len(found) == 1 else answers.together(found), warning)


def page_url(call: Call, key: str) -> str:
    """Return where a document is shown: a page of this server, for want of a web interface."""
    base = f"{call.request.url.scheme}://{call.request.headers.get('host', '')}"
    return (
        f"{base}/{quote(call.options.owner, safe='')}/{quote(call.options.project, safe='')}/pool/{quote(key, safe='')}"
    )


def to_response(answer: Answer, warning: str = "") -> Response:
    """Return a file with its name, and what is to be known of it as Warning headers."""
    response = Response(answer.body, media_type=answer.media_type)
    response.headers["Content-Disposition"] = disposition(answer.filename)
    notes = [warning] if warning else []
    if answer.default:
        notes.append(f"the member has no version; this is that of {answer.default}")
    date = format_datetime(datetime.now(UTC), usegmt=True)
    for note in notes:
        clean = "".join(c if " " <= c <= "~" and c not in '"\\' else "?" for c in note)
        response.headers.append("Warning", f'199 tui-annotate "{clean}" "{date}"')
    return response


def disposition(filename: str) -> str:
    """Return the header that names a file; a name beyond ASCII stands in it twice, for old clients and new ones."""
    plain = "".join(c if " " <= c <= "~" and c not in '"\\' else "_" for c in filename)
    if plain == filename:
        return f'inline; filename="{plain}"'
    return f"inline; filename=\"{plain}\"; filename*=UTF-8''{quote(filename, safe='')}"

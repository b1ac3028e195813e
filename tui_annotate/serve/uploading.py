"""POST and PUT of documents: everything is looked at, then written, then answered in the output that was asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

from tui_annotate.serve import calls, failing
from tui_annotate.serve.answering import answered, check_output
from tui_annotate.serve.calls import Call
from tui_annotate.serve.failing import ApiError
from tui_annotate.services import receiving, uploads
from tui_annotate.services.receiving import Received
from tui_annotate.services.uploaded import Upload, Uploaded
from tui_annotate.store import accounts, settings
from tui_annotate.store.connection import Corpus

_NAME = "text.txt"
_SMALL = 32 << 10
NULL = "null"


@dataclass(frozen=True, slots=True)
class _Plan:
    """What is to be written, with everything checked that can be before."""

    upload: Upload
    assign_to: tuple[str, ...]
    member: str


async def upload(call: Call) -> Response:
    """Take documents in."""
    if call.has("url") or call.has("target"):
        raise no_network()
    output = call.get("output") or "visualize"
    check_output(output, also=(NULL,))
    files = _files(call)
    if not files and call.has("ids"):
        _refuse_foreign_ids(call)
    plan, received = await _taken_in(call, files)
    if output == NULL:
        return failing.json(receipt(received, plan.upload.warnings))
    return await answered(call, [received[-1].id], output, member=plan.member)


async def _taken_in(call: Call, files: Sequence[Uploaded]) -> tuple[_Plan, list[Received]]:
    """Read the files and write what they hold; the writer reads small ones itself, to spare a change of threads."""

    def write(corpus: Corpus, plan: _Plan) -> tuple[_Plan, list[Received]]:
        return plan, receiving.receive(corpus, plan.upload, by=call.user, assign_to=plan.assign_to)

    if sum(file.size for file in files) <= _SMALL:
        return await call.service.threads.write(lambda corpus: write(corpus, _plan(corpus, call, files)), small=True)
    plan = await call.service.threads.read(lambda corpus: _plan(corpus, call, files))
    return await call.service.threads.write(lambda corpus: write(corpus, plan))


def no_network() -> ApiError:
    """Return what a request gets that would have the server fetch something."""
    hint = "Fetch it yourself, and upload the file."
    return ApiError(403, "This server fetches nothing from the network.", field="url", hint=hint)


def _refuse_foreign_ids(call: Call) -> None:
    kind = call.get("idType") or "tagtogID"
    if kind != "tagtogID":
        hint = "Fetch the documents yourself, and upload them."
        raise ApiError(403, f"This server does not fetch documents by {kind}.", field="idType", hint=hint)


def _files(call: Call) -> list[Uploaded]:
    files = list(call.body.files)
    texts = call.body.fields.get("text", [])
    if texts and files:
        raise ApiError(400, "Send text or files, not both.", field="text")
    name = call.get("filename") or _NAME
    if not name.lower().endswith(".txt"):
        name += ".txt"
    for number, text in enumerate(texts):
        if not text.strip():
            raise ApiError(400, "The text is empty.", field="text")
        one = name if not number else f"{name[:-4]}-{number + 1}.txt"
        files.append(Uploaded.of(one, text.encode("utf-8", "surrogatepass")))
    return files


def _plan(corpus: Corpus, call: Call, files: Sequence[Uploaded]) -> _Plan:
    member = calls.member(corpus, call.options, call.get("member"), call.user)
    call.allow(calls.OWN)
    folder = calls.folder(corpus, call.get("folder"))
    assign_to = _distribution(corpus, call)
    filename = call.get("filename") if call.body.files else ""
    read = uploads.read(
        files,
        format=call.get("format"),
        scheme=settings.scheme(corpus),
        member=member,
        folder=folder,
        filename=filename,
    )
    # A bare text is nobody's version: whoever may upload may upload it.
    for name in {version.annotator for one in read.documents for version in one.exchanged.versions}:
        call.allow_version(name)
    return _Plan(read, assign_to, member)


def _distribution(corpus: Corpus, call: Call) -> tuple[str, ...]:
    """Return to whom the documents go: nobody, all members, those named; `-` is the default, which is nobody."""
    if not call.has("distributeToMembers") or call.get("distributeToMembers").strip() in ("", "-"):
        return ()
    known = [one.name for one in accounts.members(corpus)]
    wanted = call.each("distributeToMembers")
    if wanted == ["*"]:
        return tuple(known)
    for name in wanted:
        if name not in known:
            hint = f"There are {', '.join(known)}."
            raise ApiError(404, f"There is no member {name!r}.", field="distributeToMembers", hint=hint)
    return tuple(wanted)


def receipt(received: Sequence[Received], warnings: Sequence[str]) -> dict[str, Any]:
    """Return what `output=null` answers."""
    return {
        "ok": len(received),
        "errors": 0,
        "items": [
            {
                "origid": one.name,
                "filenames": sorted(one.filenames),
                "names": sorted(one.filenames),
                "rawInputSizeInBytes": one.size,
                "docid": one.key,
                "tagtogID": one.key,
                "result": one.result,
                "parsedTextSizeInBytes": one.text_size,
            }
            for one in received
        ],
        "warnings": list(warnings),
    }

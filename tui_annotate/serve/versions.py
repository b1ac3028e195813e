"""Versions: merging what several annotators confirmed, and copying one version to another."""

from __future__ import annotations

from difflib import get_close_matches

from starlette.responses import Response

from tui_annotate.domain.interchange import MASTER
from tui_annotate.domain.merging import STRATEGIES, Strategy
from tui_annotate.serve import calls, failing
from tui_annotate.serve.calls import Call
from tui_annotate.serve.failing import ApiError
from tui_annotate.services import agreeing
from tui_annotate.store.connection import Corpus


async def merge(call: Call) -> Response:
    """Merge the confirmed versions of a document by a strategy, and save what comes of it."""
    strategy = _strategy(call.get("strategy") or "union_v1")
    id, save_to = await call.service.threads.read(lambda corpus: _target(corpus, call, "docid"))
    call.allow_version(save_to)
    changed = await call.service.threads.write(
        lambda corpus: agreeing.merged(corpus, id, strategy, save_to=save_to, by=call.user)
    )
    said = {"ok": 1, "docid": call.get("docid"), "strategy": strategy, "saveTo": save_to, "changed": changed}
    return failing.json(said)


async def copy(call: Call) -> Response:
    """Save one version of a document under another name."""
    of_name = call.need("from")

    def find(corpus: Corpus) -> tuple[int, str, str]:
        return (*_target(corpus, call, "docid"), calls.member(corpus, call.options, of_name, call.user))

    id, save_to, of = await call.service.threads.read(find)
    call.allow_version(save_to)
    changed = await call.service.threads.write(
        lambda corpus: agreeing.copied(corpus, id, of, save_to=save_to, by=call.user)
    )
    return failing.json({"ok": 1, "docid": call.get("docid"), "from": of, "saveTo": save_to, "changed": changed})


def _target(corpus: Corpus, call: Call, name: str) -> tuple[int, str]:
    """Return the document, and whose version is to be written."""
    id = calls.document_id(corpus, call.need(name))
    return id, calls.member(corpus, call.options, call.get("saveTo") or MASTER, call.user)


def _strategy(name: str) -> Strategy:
    for one in STRATEGIES:
        if name == one:
            return one
    near = get_close_matches(name, STRATEGIES, 1)
    hint = f"Did you mean {near[0]}?" if near else f"There are {', '.join(STRATEGIES)}."
    raise ApiError(400, f"There is no strategy {name!r}.", field="strategy", hint=hint)

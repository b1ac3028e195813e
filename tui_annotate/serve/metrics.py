"""Metrics: what master holds, and how far two members agree."""

from __future__ import annotations

from difflib import get_close_matches

from starlette.responses import Response

from tui_annotate.serve import calls, failing
from tui_annotate.serve.calls import Call
from tui_annotate.serve.failing import ApiError
from tui_annotate.services import agreeing, searching, statistics
from tui_annotate.services.agreeing import METRICS, Agreed, Metric
from tui_annotate.store.connection import Corpus


async def search_stats(call: Call) -> Response:
    """Return statistics of the documents that a search finds."""
    query = call.get("search") or "*"
    ids = await call.service.threads.ask(lambda corpus: searching.ids(corpus, query, annotator=call.user))
    return failing.json(await call.service.threads.read(lambda corpus: statistics.statistics(corpus, ids)))


async def iaa(call: Call) -> Response:
    """Return how far two members agree on one label."""
    metric = _metric(call.get("metric") or "exact_v1")
    task = call.need("anntaskId")

    def read(corpus: Corpus) -> Agreed:
        names = [calls.member(corpus, call.options, call.need(name), call.user) for name in ("member1", "member2")]
        return agreeing.agreement(corpus, names[0], names[1], task, metric)

    found = await call.service.threads.read(read)
    return failing.json({"f1": found.f1 if found.documents else None, "overNumDocs": found.documents})


def _metric(name: str) -> Metric:
    for one in METRICS:
        if name == one:
            return one
    near = get_close_matches(name, METRICS, 1)
    hint = f"Did you mean {near[0]}?" if near else f"There are {', '.join(METRICS)}."
    raise ApiError(400, f"There is no metric {name!r}.", field="metric", hint=hint)

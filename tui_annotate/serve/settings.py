"""Settings: the legend, and all of a project's settings in tagtog's shape, given out and taken in."""

from __future__ import annotations

from typing import Any

import msgspec
from starlette.responses import Response

from tui_annotate.domain.scheme import Scheme
from tui_annotate.formats.base import SchemeHint
from tui_annotate.formats.schemes import legend as anndoc_legend
from tui_annotate.formats.schemes import tagtog as scheme_tagtog
from tui_annotate.keymaps import keeping
from tui_annotate.serve import failing
from tui_annotate.serve.calls import ADMIN, Call
from tui_annotate.serve.failing import ApiError
from tui_annotate.serve.options import ServeOptions
from tui_annotate.services.labels_met import LabelsMet
from tui_annotate.store import folders, settings
from tui_annotate.store.connection import Corpus

_LANGUAGES = {"de": "German", "en": "English", "es": "Spanish", "fr": "French", "it": "Italian", "pt": "Portuguese"}


async def legend(call: Call) -> Response:
    """Return names by id."""
    scheme = await call.service.threads.read(settings.scheme)
    return Response(anndoc_legend.write(scheme, {}), media_type=failing.JSON)


async def export(call: Call) -> Response:
    """Return the project's settings."""
    return failing.json(await call.service.threads.read(lambda corpus: exported(corpus, call.options)))


async def import_(call: Call) -> Response:
    """Let labels and folders of other settings join."""
    call.allow(ADMIN)
    given = call.body.json
    if not scheme_tagtog.is_settings(given):
        hint = f"Send JSON as settings/v1/export gives it: an object with {', '.join(scheme_tagtog.KEYS)}."
        raise ApiError(400, "These are no project settings.", field="body", hint=hint)
    reading = scheme_tagtog.parse(msgspec.json.encode(given), "settings")
    if reading.faults:
        raise ApiError(400, str(reading.faults[0]), field="body")
    paths = _paths(given.get("newSettings", given).get("folders"))
    held, renamed = await call.service.threads.write(lambda corpus: _take_in(corpus, call, reading.scheme, paths))
    return failing.json({"mapNewIds": renamed, "newSettings": held})


def _take_in(corpus: Corpus, call: Call, given: Scheme, paths: list[str]) -> tuple[dict[str, Any], dict[str, str]]:
    """Join what comes to what is there; return the settings then, and ids that are others here than there."""
    stored = settings.scheme(corpus)
    labels = LabelsMet(stored)
    labels.hint(SchemeHint("settings", scheme=given))
    if labels.scheme != stored:
        settings.set_scheme(corpus, keeping(stored, labels.scheme), annotator=call.user, base=stored)
    if paths:
        folders.add(corpus, *paths)
    ours = _ids(settings.scheme(corpus))
    theirs = _ids(given.numbered())
    renamed = {id: ours[named] for named, id in theirs.items() if named in ours and ours[named] != id}
    return exported(corpus, call.options), renamed


def _ids(scheme: Scheme) -> dict[tuple[str, str], str]:
    found = {("entity", thing.name): thing.id for thing in scheme.entities}
    found |= {("label", thing.name): thing.id for thing in scheme.labels}
    found |= {("attribute", thing.name): thing.id for thing in scheme.attributes}
    return found | {("relation", thing.name): thing.id for thing in scheme.relations}


def exported(corpus: Corpus, options: ServeOptions) -> dict[str, Any]:
    """Return a project's settings as tagtog writes them, without what could hold a password."""
    scheme = settings.scheme(corpus)
    made: dict[str, Any] = msgspec.json.decode(scheme_tagtog.write(scheme))
    known = settings.load(corpus)
    return {
        "domain": "other",
        "language": _LANGUAGES.get(known.language, known.language or "English"),
        "useMachineLearning": known.active_learning,
        "taskDistributionNumber": 0,
        "taskDistributionOwner": False,
        **made,
        "folders": {"pool": tree(folders.every(corpus))},
        "webhooks": {},
        "name": options.project,
        "guidelines": scheme.guidelines,
    }


def tree(held: dict[str, int]) -> dict[str, Any]:
    """Return folders as a tree with their numbers; its root is the pool."""
    root: dict[str, Any] = {"name": "pool", "index": 0, "children": {}}
    for path in sorted(held):
        at = root
        pieces = path.split("/") if path else []
        for depth, piece in enumerate(pieces, 1):
            number = held.get("/".join(pieces[:depth]), -1)
            at = at["children"].setdefault(piece, {"name": piece, "index": number, "children": {}})
    return root


def _paths(given: object) -> list[str]:
    """Return the paths of a tree of folders, below the pool."""
    found: list[str] = []

    def walk(node: object, above: str, depth: int) -> None:
        children = node.get("children") if isinstance(node, dict) else None
        for name, child in children.items() if isinstance(children, dict) and depth < 20 else ():
            path = f"{above}/{name}" if above else str(name)
            found.append(path)
            walk(child, path, depth + 1)

    if isinstance(given, dict):
        walk(given.get("pool"), "", 0)
    return found

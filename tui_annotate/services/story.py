"""What happened to a document, from its import to the runs that learned from it, a line a step.

The loop has seven steps: a text is taken, the current model labels it, it comes in, somebody reviews it, confirms it,
the model is trained again (and webhooks are told), and so on. Each line says which of them it is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from tui_annotate.domain.annotations import Suggestion
from tui_annotate.domain.decisions import Changes, Decision, Kind, LoggedDecision
from tui_annotate.domain.documents import text_hash
from tui_annotate.store import documents, log, outbox, runs, sources, suggestions
from tui_annotate.store.connection import Corpus
from tui_annotate.store.learned import learned

Step = Literal["came in", "suggested", "reviewed", "confirmed", "told", "learned"]
_AT_ONCE = 500
_WORDS = {
    Kind.SET_LABEL: "set",
    Kind.SET_ATTRIBUTE: "set",
    Kind.RELATE: "linked",
    Kind.REOPEN: "opened again",
    Kind.SKIP: "skipped",
    Kind.ACCEPT: "accepted",
    Kind.REJECT: "rejected",
    Kind.CHANGE: "changed",
    Kind.ADD: "added",
    Kind.REMOVE: "removed",
    Kind.IMPORT: "imported",
    Kind.CONFIRM: "confirmed",
    Kind.UNDO: "took back",
    Kind.REDO: "did again",
}


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that happened."""

    at: str
    """UTC; empty where nobody noted it."""
    step: Step
    who: str
    what: str


def story(corpus: Corpus, document: int) -> list[Line]:
    """Return what happened to a document, oldest first; suggestions stand behind its import, they bear no time."""
    came, rest = _decided(corpus, document)
    told = [
        Line(row.at, "told", row.hook.name, f"{row.event}: {row.answer or 'waits'}")
        for row in outbox.history(corpus, document=document, limit=_AT_ONCE)
    ]
    timed = sorted([*rest, *told, *_learned(corpus, document)], key=lambda line: line.at)
    return [*came, *_suggested(corpus, document), *timed]


def _decided(corpus: Corpus, document: int) -> tuple[list[Line], list[Line]]:
    row, imported = documents.row(corpus, document), sources.came(corpus, document)
    origin = f"from {imported.source} " if imported.source else ""
    came = [Line(imported.at, "came in", "", f"{origin}as {row.name or row.key}")]
    rest: list[Line] = []
    before: int | None = None
    while page := log.history(corpus, document=document, before=before, limit=_AT_ONCE):
        before = page[-1].sequence
        rest += map(_line, page)
    # What one act decided has one time, so it stays in its order when the lines are sorted.
    return came, rest[::-1]


def _line(entry: LoggedDecision) -> Line:
    decision = entry.decision
    step: Step = "confirmed" if decision.kind is Kind.CONFIRM else "reviewed"
    if decision.kind is Kind.IMPORT:
        step = "came in"
    return Line(entry.at, step, decision.annotator, _words(decision))


def _words(decision: Decision) -> str:
    verb = _WORDS.get(decision.kind, decision.kind.value)
    things = ", ".join(_things(decision.changes))
    tag = decision.details.get("tag")
    return " ".join(filter(None, (verb, things, str(tag) if tag else "")))


def _things(changes: Changes) -> Iterator[str]:
    types = Counter(thing.type for c in changes.entities if (thing := c.after or c.before) is not None)
    yield from (f"{count} {name}" if count > 1 else name for name, count in types.items())
    for label in changes.labels:
        after = label.after
        yield f"{after.name} = {after.value}" if after else f"{label.before.name if label.before else ''} unset"
    links = Counter(link.type for c in changes.relations if (link := c.after or c.before) is not None)
    yield from (f"{count} links {name}" if count > 1 else f"link {name}" for name, count in links.items())
    if not (changes.entities or changes.labels):
        yield from (verdict.key.name for verdict in changes.verdicts[:3])


def _suggested(corpus: Corpus, document: int) -> list[Line]:
    by: dict[str, list[Suggestion]] = {}
    for one in suggestions.of(corpus, document):
        by.setdefault(one.run or (one.who[0] if one.who else one.source), []).append(one)
    return [Line("", "suggested", who, ", ".join(_briefly(found))) for who, found in by.items()]


def _briefly(found: list[Suggestion]) -> Iterator[str]:
    for one in found[:4]:
        value = "" if one.value is None else f" = {one.value}"
        yield f"{one.name}{value} {one.prob:.2f}"
    if len(found) > 4:
        yield f"{len(found) - 4} more"


def _learned(corpus: Corpus, document: int) -> Iterator[Line]:
    mark = text_hash(documents.load(corpus, document).text)
    for run in runs.all(corpus):
        if run.state == "finished" and mark in learned(runs.folder(corpus, run.name)):
            yield Line(run.finished, "learned", run.name, f"trained on it and {run.documents - 1} others")

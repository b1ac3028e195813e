"""Accepting everything at or above a probability: in a document, of a label, or in the whole corpus.

One act, one step of undo. The documents become begun, not confirmed: somebody has read none of them. Held-out
documents and fixed tests are left out, for accepting a model's answers there would measure the model by itself.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from tui_annotate.domain.annotations import Suggestion, Verdict
from tui_annotate.domain.decisions import Decision, Kind
from tui_annotate.domain.documents import DocumentState
from tui_annotate.domain.figures import GRID, supported
from tui_annotate.domain.scheme import ENTITIES, LABELS
from tui_annotate.domain.selection import TEST_TAG
from tui_annotate.errors import DecisionError, NothingToDoError
from tui_annotate.learn.blocking import Worker
from tui_annotate.session import steps
from tui_annotate.session.desk import Desk, Predictions
from tui_annotate.session.working import WorkingDocument
from tui_annotate.store import counters, documents, log, runs, settings, suggestions
from tui_annotate.store.connection import Corpus
from tui_annotate.store.listing import DocumentRow

Tell = Callable[[float, str], None]
Scope = Literal["document", "label", "corpus"]
LEAST = GRID[0]
"""The lowest probability that may be asked for."""
MOST = 1_000
"""Documents of one act: it may take a second."""
_AT_ONCE = 200
_AT_A_TIME = 50
"""Documents whose suggestions are written in one transaction."""
_OPEN = (DocumentState.PENDING, DocumentState.IN_PROGRESS)


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be accepted."""

    prob: float
    scope: Scope
    document: int | None = None
    """Of the scope `document`."""
    name: str = ""
    """Of the scope `label`: entity type or document label."""

    def takes(self, suggestion: Suggestion) -> bool:
        """Say whether a suggestion is meant."""
        of_label = self.scope != "label" or suggestion.name == self.name
        return of_label and suggestion.target in ("entity", "label") and suggestion.prob >= self.prob


@dataclass(frozen=True, slots=True)
class Support:
    """What the holdout says of accepting at or above the probability."""

    task: str
    run: str
    name: str
    """Entity type; empty for the whole task."""
    row: Mapping[str, Any] | None
    """`prob`, `suggestions`, `right`, `value`, `low`, `high`; None: the holdout supports no precision yet."""
    on: str = "held out"
    """What it was measured on: where too little is held out, the documents tagged `Test`."""


@dataclass(frozen=True, slots=True)
class Preview:
    """What would be accepted."""

    wish: Wish
    documents: tuple[int, ...]
    suggestions: int
    by_name: Mapping[str, int]
    by_source: Mapping[str, int]
    """Runs, and `import`, `pattern`, `api`: of these no precision is known."""
    support: tuple[Support, ...]
    more: bool
    """Further documents have some too: they are for the next act."""
    predictions: Mapping[int, tuple[Predictions, ...]] = field(default_factory=dict, repr=False)


def precision_at(corpus: Corpus, wish: Wish) -> tuple[Support, ...]:
    """Return what the holdouts of the deployed runs say of a probability, by task or for the label."""
    found = []
    for task, row in runs.deployed(corpus).items():
        name = ""
        if wish.scope == "label":
            if task == ENTITIES and settings.scheme(corpus).entity(wish.name) is not None:
                name = wish.name
            elif task != LABELS + wish.name:
                continue
        support = Support(task, row.name, name, None)
        for part, words in (("holdout", "held out"), ("test", "tagged Test")):
            above = (row.metrics.get(part) or {}).get("above") or {}
            at = supported(above, name, wish.prob)
            if at is not None:
                support = Support(task, row.name, name, at, words)
                break
        found.append(support)
    return tuple(found)


def preview(corpus: Corpus, annotator: str, wish: Wish, *, nice: int = 0, on_progress: Tell | None = None) -> Preview:
    """Return what a wish would accept; nothing is written.

    Raises:
        DecisionError: The document is confirmed or held out, or the probability is too low to mean anything.
        NothingToDoError: Nothing lies so high.
    """
    if wish.prob < LEAST:
        raise DecisionError(f"{wish.prob:g} is no more likely than not.", hint=f"Give {LEAST:g} or more.")
    desk = Desk(corpus, annotator)
    count, names, sources = 0, Counter[str](), Counter[str]()
    chosen: list[int] = []
    said: dict[int, tuple[Predictions, ...]] = {}
    more = False
    for id, pending, predictions in _candidates(corpus, wish, nice, on_progress):
        if pending and wish.scope != "document":
            # Nobody has decided anything in it yet.
            found = [s for one in predictions for s in one.suggestions if wish.takes(s)]
        else:
            found = _meant(desk.open(id), wish)
        if not found:
            continue
        if len(chosen) == MOST:
            more = True
            break
        chosen.append(id)
        said[id] = predictions
        count += len(found)
        names.update(s.name for s in found)
        sources.update(s.run or s.source for s in found)
    if not chosen:
        raise NothingToDoError(f"Nothing undecided is suggested at {wish.prob:g} or above.")
    support = precision_at(corpus, wish)
    return Preview(wish, tuple(chosen), count, dict(names), dict(sources), support, more, said)


def accept(
    corpus: Corpus, annotator: str, previewed: Preview, *, place: Mapping[str, Any] | None = None
) -> tuple[int, int]:
    """Accept what was previewed and is still undecided, in one act; return how many suggestions in how many documents.

    Raises:
        NothingToDoError: All of it was decided meanwhile.
    """
    desk = Desk(corpus, annotator)
    wish = previewed.wish
    decisions: list[Decision] = []
    count = 0
    for begin in range(0, len(previewed.documents), _AT_A_TIME):
        some = previewed.documents[begin : begin + _AT_A_TIME]
        suggestions.freeze_several(
            corpus, {id: {one.run: one.suggestions for one in previewed.predictions.get(id, ())} for id in some}
        )
    for id in previewed.documents:
        working = desk.open(id)
        found = _meant(working, wish)
        if not found or working.is_confirmed:
            continue
        step = steps.accept_several(working, found, f"user:{annotator}")
        details: dict[str, Any] = {"above": wish.prob, "scope": wish.scope}
        details |= {"label": wish.name} if wish.name else {}
        details |= {"place": dict(place)} if place else {}
        decisions.append(Decision(Kind.ACCEPT, id, annotator, step.changes, details, keys=int(not decisions)))
        count += sum(v.after is Verdict.ACCEPTED for v in step.changes.verdicts)
    if not decisions:
        raise NothingToDoError("All of it was decided meanwhile.")
    log.record(corpus, decisions)
    return count, len(decisions)


def _meant(working: WorkingDocument, wish: Wish) -> list[Suggestion]:
    """Return what a wish takes of a document; beyond the document itself only what a run suggests."""
    items = [item.suggestion for item in working.undecided() if item.suggestion is not None]
    return [s for s in items if wish.takes(s) and (wish.scope == "document" or s.source == "run")]


def _candidates(
    corpus: Corpus, wish: Wish, nice: int, on_progress: Tell | None
) -> Iterator[tuple[int, bool, tuple[Predictions, ...]]]:
    """Yield the documents that may be touched, whether nobody has begun them, and what the deployed runs say."""
    if wish.scope == "document":
        assert wish.document is not None
        row = documents.row(corpus, wish.document)
        if row.holdout or TEST_TAG in row.tags:
            raise DecisionError(
                "This document is held out to measure the model.", hint="Its answers are to be the annotator's own."
            )
        if row.state is DocumentState.CONFIRMED:
            raise DecisionError("This document is confirmed.", hint="Reopen it first.")
        yield wish.document, row.state is DocumentState.PENDING, ()
        return
    deployed = {task: row.name for task, row in runs.deployed(corpus).items()}
    if not deployed:
        raise NothingToDoError("No run is deployed, so nothing is suggested.", hint="Train one first.")
    top = max(1, counters.progress(corpus).total)
    with Worker(corpus.path, nice=nice) as worker:
        worker.serve(deployed)
        for some in documents.ids(corpus, states=_OPEN, size=_AT_ONCE):
            rows = {id: documents.row(corpus, id) for id in some}
            wanted = [id for id, row in rows.items() if _may_be_touched(row)]
            if wanted:
                found = worker.predict(wanted)
                for id in wanted:
                    said = tuple(
                        Predictions(deployed[task], tuple(by_document.get(id, ())))
                        for task, by_document in found.items()
                        if task in deployed
                    )
                    yield id, rows[id].state is DocumentState.PENDING, said
            if on_progress is not None and some:
                on_progress(some[-1] / top, f"{some[-1]:,} of {top:,} documents looked through")


def _may_be_touched(row: DocumentRow) -> bool:
    return not row.holdout and TEST_TAG not in row.tags


def said(support: Sequence[Support]) -> list[str]:
    """Return what the holdout says, a line for each run."""
    lines = []
    for one in support:
        what = f"{one.run}{f', {one.name}' if one.name else ''}"
        if one.row is None:
            lines.append(f"{what}: the holdout supports no precision there yet")
        else:
            row = one.row
            lines.append(
                f"{what}: precision {row['value']:.2f} ({row['low']:.2f}-{row['high']:.2f}),"
                f" {row['right']} of {row['suggestions']} {one.on} at {row['prob']:g} or above"
            )
    return lines or ["no run is deployed: no precision is known"]

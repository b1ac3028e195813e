"""The desk: reads documents for a session and writes its acts. Blocking; everything that touches the disk is here.

The app runs its methods on one writer thread, in the order of the keys.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from tui_annotate.domain.annotations import Suggestion
from tui_annotate.domain.decisions import Changes, Kind, LoggedDecision
from tui_annotate.domain.documents import DocumentState
from tui_annotate.domain.spans import Span
from tui_annotate.session import beside
from tui_annotate.session.items import Place
from tui_annotate.session.review import Act
from tui_annotate.session.working import WorkingDocument
from tui_annotate.store import (
    cold_start,
    documents,
    log,
    patterns,
    queue,
    reviewing,
    runs,
    settings,
    suggestions,
    versions,
)
from tui_annotate.store.connection import Corpus
from tui_annotate.store.queue import NextDocument


@dataclass(frozen=True, slots=True)
class Predictions:
    """What the deployed runs say of one document."""

    run: str
    suggestions: tuple[Suggestion, ...]


@dataclass(frozen=True, slots=True)
class TakenBack:
    """An undo or redo that is written."""

    document: int
    kind: Kind
    """Of the decision that was taken back, or done again."""
    changes: tuple[Changes, ...]
    focus: Place | None
    documents: int = 1
    """How many the act was on."""


class Desk:
    """One annotator's access to a corpus."""

    def __init__(self, corpus: Corpus, annotator: str) -> None:
        self.corpus = corpus
        self.annotator = annotator

    def open(self, document: int, predictions: Sequence[Predictions] = (), *, reason: str = "") -> WorkingDocument:
        """Read a document and freeze its suggestions, on disk before anyone sees them.

        Holdout documents open without what runs and patterns say, unless the corpus is set otherwise.
        """
        corpus = self.corpus
        row = documents.row(corpus, document)
        text = documents.load(corpus, document)
        version = versions.load(corpus, document, self.annotator)
        blind = row.holdout and settings.load(corpus).holdout_blind
        if not blind and row.state is not DocumentState.CONFIRMED:
            for prediction in predictions:
                suggestions.freeze(corpus, document, prediction.suggestions, run=prediction.run)
            if not corpus.readonly:
                patterns.freeze(corpus, document, text)
        found = suggestions.of(corpus, document)
        shown = self._with_patterns([s for s in found if not (blind and s.source in ("run", "pattern"))], version)
        scheme = settings.scheme(corpus) if any(s.target == "attribute" for s in shown) else None
        working = WorkingDocument(row, text, version, without_clashes(shown, version), reason=reason, scheme=scheme)
        if version.review:
            working.note = reviewing.notes(corpus, document).get(self.annotator)
        return working

    def _with_patterns(self, shown: list[Suggestion], version: versions.Version) -> list[Suggestion]:
        if not any(s.source == "pattern" for s in shown):
            return shown
        how, scheme = settings.load(self.corpus).patterns, settings.scheme(self.corpus)
        learned = runs.deployed(self.corpus) if how == "until-run" else ()
        return beside.settle(shown, version.verdicts, scheme, without=scheme.tasks if how == "off" else learned)

    def following(self, count: int = 1, exclude: Collection[int] = ()) -> list[NextDocument]:
        """Return the documents that come next."""
        values = settings.load(self.corpus)
        cold_start.top_up(self.corpus, values, count)
        return queue.following(self.corpus, self.annotator, n=count, exclude=exclude, settings=values)

    def write(self, act: Act) -> list[LoggedDecision]:
        """Write an act; when this returns it is on disk."""
        place = act.decisions[0].details.get("place")
        return log.record(self.corpus, act.decisions, place=place)

    def undo(self) -> TakenBack:
        """Take the annotator's last act back."""
        return self._taken_back(log.undo(self.corpus, self.annotator))

    def redo(self) -> TakenBack:
        """Do again what was taken back last."""
        return self._taken_back(log.redo(self.corpus, self.annotator))

    def pass_over(self, step: int, *, kind: Literal[Kind.UNDO, Kind.REDO]) -> None:
        """Leave a step as it is that undo, or redo, refused."""
        log.pass_over(self.corpus, self.annotator, step, kind=kind)

    def _taken_back(self, undone: log.Undone) -> TakenBack:
        focus = undone.place.get("focus") if undone.place else None
        touched = {d.document for d in undone.decisions if d.document}
        # An act on many documents is taken back to where it was made, unless that was deleted since.
        here = undone.place.get("document") if len(touched) > 1 and undone.place else None
        document = undone.document if here is None or not documents.exists(self.corpus, here) else here
        return TakenBack(
            document,
            undone.kind,
            tuple(d.changes for d in undone.decisions if d.document == document),
            tuple(focus) if focus else None,
            len(touched),
        )

    def resume(self) -> dict[str, Any] | None:
        """Return the place where the annotator stopped."""
        place = log.place(self.corpus, self.annotator)
        return dict(place) if place else None

    def keep_place(self, place: dict[str, Any]) -> None:
        """Keep where the annotator is."""
        log.keep_place(self.corpus, self.annotator, place)


def without_clashes(shown: Sequence[Suggestion], version: versions.Version) -> list[Suggestion]:
    """Leave out what a run or a pattern suggests on text that the annotator has annotated already."""
    taken = _Taken(s for e in version.annotations.entities.values() for s in e.spans)

    def clashes(s: Suggestion) -> bool:
        found = s.source in ("run", "pattern") and s.target == "entity"
        return found and s.key not in version.verdicts and taken.touch(s.span)

    return [s for s in shown if not clashes(s)]


class _Taken:
    """Stretches of text, joined where they overlap, so that one bisection finds whether a span touches any."""

    def __init__(self, spans: Iterable[Span]) -> None:
        self._ends: dict[str, list[int]] = {}
        self._starts: dict[str, list[int]] = {}
        for span in sorted(spans):
            starts, ends = self._starts.setdefault(span.part, []), self._ends.setdefault(span.part, [])
            if ends and span.start <= ends[-1]:
                ends[-1] = max(ends[-1], span.end)
            else:
                starts.append(span.start)
                ends.append(span.end)

    def touch(self, span: Span) -> bool:
        """Say whether any stretch shares a character with the span."""
        ends = self._ends.get(span.part, [])
        index = bisect_right(ends, span.start)
        return index < len(ends) and self._starts[span.part][index] < span.end

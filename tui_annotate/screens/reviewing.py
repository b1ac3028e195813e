"""Reviewing: joins session, corpus thread and learning loop into what a key does. Headless: a view is told.

Everything here runs in the lane, one job after the other; only the disk is elsewhere.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Literal

from tui_annotate.domain.decisions import Kind, confirmations
from tui_annotate.domain.scheme import DocumentLabel, EntityType, Scheme
from tui_annotate.domain.scheme_changes import gone_names
from tui_annotate.errors import (
    BlockedStepError,
    ChangedMeanwhileError,
    DecisionError,
    DocumentGoneError,
    StoreError,
    UndoError,
)
from tui_annotate.keymaps import keeping
from tui_annotate.screens import news
from tui_annotate.screens.corpus_thread import CorpusThread
from tui_annotate.screens.news import Known, News
from tui_annotate.screens.resuming import Opening
from tui_annotate.screens.roles import Loop, View
from tui_annotate.session.desk import Desk, TakenBack
from tui_annotate.session.items import Place
from tui_annotate.session.review import Act, ReviewSession
from tui_annotate.session.working import WorkingDocument
from tui_annotate.store import aliases, counters, documents, settings, versions
from tui_annotate.store.connection import Corpus
from tui_annotate.store.counters import Progress
from tui_annotate.store.queue import NextDocument

AHEAD = 4
"""Documents asked for at once: the next one, and those that are predicted meanwhile."""


class Reviewing:
    """What the keys of the review screen do."""

    def __init__(
        self,
        corpus: CorpusThread,
        start: Opening,
        annotator: str,
        view: View,
        *,
        keys: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        self.corpus = corpus
        self._keys = keys
        """The annotator's own, by action."""
        self._left_open = 0
        """The document whose missing answer was pointed out."""
        self.session = ReviewSession(
            annotator, start.scheme, strict=start.settings.confirm_strictly, eager=start.settings.confirm_when_decided
        )
        self.progress = start.progress
        self.readonly = start.readonly
        self.loop: Loop | None = None
        self._view = view
        self._data_version = start.data_version
        self.on_others: Callable[[], Awaitable[None]] | None = None
        """Called when another program wrote."""
        self._background: set[asyncio.Task[None]] = set()
        self._kept_place: dict[str, Any] | None = None
        self._decided: int | None = None
        """The last decision on the open version that is on the screen; None when that was not asked yet."""
        self._told = False
        """That another program changed the open version."""
        self._gone = ""
        """That another program deleted the open document, in a sentence."""
        self._refused: tuple[Kind, int] | None = None
        """The step that the last undo or redo could not turn: the same again passes it over."""
        self.importing = False
        """Documents come in because somebody asked for it here."""
        if start.working is not None:
            self.session.show(start.working, start.focus)

    # Deciding

    async def decide(self, plan: Callable[[], Act]) -> None:
        """Work an act out, write it, and only then show it; go on to the next document when it leaves this one.

        Raises:
            DecisionError: It makes no sense here.
            StoreError: It is not on disk; the document stays as it was.
        """
        act = plan()
        annotator = self.session.annotator
        counted = any(decision.changes.state is not None for decision in act.decisions)

        here, known, before = self.session.document.id, self._decided, self._known()

        def write(corpus: Corpus) -> tuple[Progress | None, int]:
            news.require(corpus, before)
            if known not in (None, versions.last_decision(corpus, here, annotator)):
                raise ChangedMeanwhileError("Another program changed this document meanwhile.")
            Desk(corpus, annotator).write(act)
            decided = versions.last_decision(corpus, here, annotator)
            return counters.progress(corpus) if counted else None, decided

        try:
            progress, self._decided = await self.corpus(write)
        except DocumentGoneError as error:
            self._gone = error.message
            await self.leave_deleted()
            return
        except ChangedMeanwhileError as error:
            await self.renew_scheme()
            await self.reload()
            raise DecisionError(error.message, hint="This is how it is now.") from error
        self._refused = None
        self.session.wrote(act)
        confirmed = sum(confirmations(d.kind, d.changes.state) for d in act.decisions)
        # Counts are shown with the next document: a picture of their own would hold that one up.
        try:
            gone = act.leaves and await self.next()
        finally:
            self._counted(progress, confirmed)
        if gone:
            return
        self._view.marks_changed([decision.changes for decision in act.decisions])
        if act.leaves:
            self._view.tell("That was the last one: every document is confirmed.")

    async def confirm(self) -> None:
        """Confirm and go on; from a document that is confirmed already, just go on."""
        working = self.session.working
        if working is not None and working.is_confirmed:
            await self.go_on()
        elif working is not None and self.session.lacks_answer and self._left_open != working.id:
            # The next press says that it is meant.
            self._left_open = working.id
            raise DecisionError("Not answered yet.", hint="Answer it, or press again to confirm it without an answer.")
        else:
            await self.decide(self.session.confirm)

    async def undo(self) -> None:
        """Take the last act back, in whatever document it was; asked twice, leave one that cannot be."""
        await self._take_back(Desk.undo, Kind.UNDO, "undone", -1)

    async def redo(self) -> None:
        """Do again what was taken back last."""
        await self._take_back(Desk.redo, Kind.REDO, "done again", 1)

    async def _take_back(
        self, verb: Callable[[Desk], TakenBack], kind: Literal[Kind.UNDO, Kind.REDO], word: str, sign: int
    ) -> None:
        annotator = self.session.annotator

        def write(corpus: Corpus) -> tuple[TakenBack, Progress, int]:
            taken = verb(Desk(corpus, annotator))
            return taken, counters.progress(corpus), versions.last_decision(corpus, taken.document, annotator)

        try:
            taken, progress, decided = await self.corpus(write)
        except BlockedStepError as error:
            await self._pass_over(kind, error)
            return
        self._refused = None
        working = self.session.working
        if taken.kind is Kind.SCHEME:
            await self._labels_turned(taken, progress, word)
            return
        if working is not None and working.id == taken.document:
            try:
                self.session.took_back(taken.changes, taken.focus)
                self._decided = decided
                self._view.marks_changed(taken.changes)
            except ValueError:
                await self.open(taken.document, focus=taken.focus)
        else:
            await self.open(taken.document, focus=taken.focus)
        self._counted(progress, sign if taken.kind is Kind.CONFIRM else -sign if taken.kind is Kind.REOPEN else 0)
        many = f" in {taken.documents:,} documents" if taken.documents > 1 else ""
        self._view.tell(f"{word}: {taken.kind.value.replace('_', ' ')}{many}")

    async def _pass_over(self, kind: Literal[Kind.UNDO, Kind.REDO], error: BlockedStepError) -> None:
        """Refuse a step the first time, and leave it as it is for good the second time."""
        annotator, step = self.session.annotator, error.step
        if self._refused != (kind, step):
            self._refused = kind, step
            raise UndoError(error.message, hint=f"{error.hint} The same key again leaves it as it is.".strip())
        await self.corpus(lambda corpus: Desk(corpus, annotator).pass_over(step, kind=kind))
        self._refused = None
        self._view.tell("left as it is: the same key goes on with the step behind it")

    async def _labels_turned(self, taken: TakenBack, progress: Progress, word: str) -> None:
        """Show a change of labels that was taken back or done again: it may be anywhere, so the document stays."""
        await self.renew_scheme()
        self._counted(progress, 0)
        if self.session.working is not None:
            await self.reload()
        self._view.tell(f"{word}: {await self.corpus(aliases.last_change)}, in {taken.documents:,} documents")

    def _counted(self, progress: Progress | None, confirmations: int) -> None:
        if progress is not None:
            self.progress = progress
            self._view.progress_changed()
        if confirmations and self.loop is not None:
            self.loop.confirmed(confirmations)

    # Going to documents

    async def open(self, document: int, *, reason: str = "", focus: Place | None = None) -> None:
        """Open a document; its suggestions are on disk before it is shown."""
        annotator = self.session.annotator
        predictions = await self.loop.predictions_for(document) if self.loop is not None and not self.readonly else []

        def read(corpus: Corpus) -> tuple[WorkingDocument, int]:
            if not documents.exists(corpus, document):
                raise DocumentGoneError("That document was deleted.")
            working = Desk(corpus, annotator).open(document, predictions, reason=reason)
            return working, versions.last_decision(corpus, document, annotator)

        working, self._decided = await self.corpus(read)
        self._told, self._gone = False, ""
        self.session.show(working, focus)
        self._view.document_changed()
        self.keep_place()

    async def next(self) -> bool:
        """Open the document that comes next, and have those after it predicted; False when none is left."""
        found = await self._following()
        if not found:
            return False
        await self.open(found[0].document, reason=found[0].reason)
        if self.loop is not None:
            self.loop.expect([entry.document for entry in found[1:]])
        return True

    async def go_on(self) -> None:
        """Open the document that comes next; raises DecisionError when none is left."""
        if not await self.next():
            raise DecisionError("Every document is confirmed.")

    async def expect(self) -> None:
        """Have the documents predicted that come next."""
        found = await self._following()
        if self.loop is not None:
            self.loop.expect([entry.document for entry in found])

    async def _following(self) -> list[NextDocument]:
        annotator = self.session.annotator
        return await self.corpus(lambda corpus: Desk(corpus, annotator).following(AHEAD))

    async def neighbour(self, step: int) -> None:
        """Open the next or previous document in file order."""
        here = self.session.document.id
        found = await self.corpus(lambda corpus: documents.neighbour(corpus, here, step=1 if step > 0 else -1))
        if found is None:
            raise DecisionError("This is the last document." if step > 0 else "This is the first document.")
        await self.open(found)

    async def back(self) -> None:
        """Open the document that was shown before this one."""
        visited = self.session.visited
        if len(visited) < 2:
            raise DecisionError("No document was shown before this one.")
        visited.pop()
        await self.open(visited[-1])

    def keep_place(self) -> None:
        """Keep where the annotator is, in the background: nothing waits for it, and it may fail."""
        place, annotator = self.session.place(), self.session.annotator
        if self.readonly or place == self._kept_place:
            return
        self._kept_place = place

        async def keep() -> None:
            try:
                await self.corpus(lambda corpus: Desk(corpus, annotator).keep_place(place))
            except StoreError:
                self._kept_place = None

        task = asyncio.ensure_future(keep())
        self._background.add(task)
        task.add_done_callback(self._background.discard)

    async def back_up(self) -> bool:
        """Make a backup when one is due, while keys go on being written; say whether one was made.

        Raises:
            StoreError: It could not be written.
        """
        # Loaded here: the first picture does not wait for it.
        from tui_annotate.services import backing_up

        if self.readonly or not backing_up.is_due(self.corpus.path, self.progress.sequence):
            return False
        thread = self.corpus
        try:
            await thread(lambda corpus: backing_up.make(corpus, between=thread.drain, stop=lambda: thread.closing))
        except backing_up.CopyStopped:
            return False
        return True

    # The scheme

    async def create_type(self, name: str) -> str:
        """Add an entity type to the scheme, unless it is there; return its name."""
        name = " ".join(name.split())
        await self._change_scheme(lambda s: s if s.entity(name) is not None else s.with_entity(EntityType(name)))
        return name

    async def create_label(self, label: DocumentLabel) -> None:
        """Add a document label to the scheme."""
        if self.session.scheme.label(label.name) is not None:
            raise DecisionError(f"There is a document label {label.name} already.")
        await self._change_scheme(lambda scheme: scheme.with_label(label))

    async def _change_scheme(self, change: Callable[[Scheme], Scheme]) -> None:
        annotator = self.session.annotator

        def write(corpus: Corpus) -> Scheme:
            held = settings.scheme(corpus)
            wanted = change(held)
            if wanted == held:
                return held
            return settings.set_scheme(corpus, keeping(held, wanted, self._keys), annotator=annotator, base=held)

        await self._take_scheme(await self.corpus(write))

    async def renew_scheme(self) -> None:
        """Take over the scheme as it is now, when something but a session has changed it on this connection."""
        await self._take_scheme(await self.corpus(settings.scheme))

    async def _take_scheme(self, scheme: Scheme) -> None:
        if scheme != self.session.scheme:
            working, gone = self.session.working, gone_names(self.session.scheme, scheme)
            # Why a document was asked for is told in the names of then.
            if working is not None and any(name in working.reason for name in gone):
                working.reason = ""
            self.session.scheme = scheme
            self._view.scheme_changed()
            if self.loop is not None:
                await self.loop.reload()

    # Other processes

    async def look(self) -> None:
        """Notice what other processes wrote; the open document stays as it is, unless it is deleted."""
        known = self._known()
        found = await self.corpus(lambda corpus: news.read(corpus, known))
        if found is not None:
            await self._take_news(known, found)
        if self._gone:
            self._view.deleted()

    def _known(self) -> Known:
        return news.known(self.session, self._data_version, self.progress.sequence)

    async def _take_news(self, known: Known, found: News) -> None:
        self._data_version = found.data_version
        working = self.session.working
        is_here = working is not None and working.id == known.document
        if is_here and found.gone:
            self._gone = found.gone
        elif is_here and self._decided not in (None, found.decided) and not self._told:
            self._told = True
            self._view.tell("Another program changed this document; the next decision reads it again.", warning=True)
        if self.on_others is not None:
            await self.on_others()
        if found.progress != self.progress:
            arrived = news.arrived(self.progress, found.progress) if not self.importing else ""
            self._counted(found.progress, 0)
            if arrived and not found.gone:
                self._view.tell(arrived, unasked=True)
            if self.loop is not None:
                await self.loop.reload()
        await self._take_scheme(found.scheme)
        if found.labels:
            self._view.tell(f"The labels changed, the next document shows it: {found.labels}")
        if self.session.working is None and found.progress.total:
            await self.next()

    async def leave_deleted(self) -> None:
        """Go on from a document that another program deleted, and say so."""
        said, working = self._gone, self.session.working
        if not said or working is None:
            return
        self._gone = ""
        self.session.forget(working.id)
        is_open = False
        try:
            is_open = await self.next()
        finally:
            if not is_open:
                self._view.document_changed()
            self._view.tell(said, warning=True, unasked=True)

    async def refresh(self) -> None:
        """Show what was written beside the session: another version, a review, a tag."""
        progress = await self.corpus(counters.progress)
        self._counted(progress, progress.confirmed - self.progress.confirmed)
        if self.session.working is not None:
            await self.reload()

    async def reload(self) -> None:
        """Read the open document again, with what other processes wrote in it."""
        await self.open(self.session.document.id, reason=self.session.document.reason, focus=self.session.focus)

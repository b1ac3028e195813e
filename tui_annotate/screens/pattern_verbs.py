"""What the keys for patterns, the queue and identical texts do on the review screen."""

from __future__ import annotations

from tui_annotate.domain.spans import Span
from tui_annotate.errors import DecisionError
from tui_annotate.screens.opened import OpenedCorpus
from tui_annotate.screens.pattern_asking import PatternAsking
from tui_annotate.screens.patterns import PatternsScreen
from tui_annotate.screens.picker import Choice, Picker, matching
from tui_annotate.screens.queue import QueueScreen
from tui_annotate.screens.review import ReviewScreen
from tui_annotate.services import identical
from tui_annotate.services.identical import Copying
from tui_annotate.store import counters, patterns, settings
from tui_annotate.store.connection import Corpus
from tui_annotate.store.counters import Progress


class PatternVerbs:
    """Does what one key is for; made anew for each."""

    def __init__(self, opened: OpenedCorpus, review: ReviewScreen) -> None:
        self._opened = opened
        self._review = review

    def do(self, id: str) -> None:
        """Do what an action is for, behind all keys that came before it."""
        self._review.later(
            {
                "patterns": self._patterns,
                "pattern-from": self._from_focus,
                "pattern-from-selection": self._from_selection,
                "queue": self._queue,
                "copy-to-identical": self._copy,
            }[id]
        )

    async def _patterns(self) -> None:
        before = await self._opened.writer(patterns.stamp)

        def left(_: None) -> None:
            self._review.later(lambda: self._take_over(before))

        self._review.app.push_screen(PatternsScreen(self._opened, self._review.keymap), left)

    async def _take_over(self, before: int) -> None:
        """Show what changed patterns suggest in the open document, as its annotator asked for just now."""
        reviewing = self._review.reviewing
        await reviewing.look()
        if await self._opened.writer(patterns.stamp) != before:
            await reviewing.renew_scheme()
            working = reviewing.session.working
            if working is not None and not working.is_confirmed:
                await reviewing.reload()
            await reviewing.expect()

    async def _queue(self) -> None:
        working = self._review.reviewing.session.working

        def chosen(document: int | None) -> None:
            if document is not None:
                self._review.later(lambda: self._review.reviewing.open(document))

        here = working.id if working is not None else None
        self._review.app.push_screen(QueueScreen(self._opened, self._review.keymap, here), chosen)

    # A pattern from text

    async def _from_focus(self) -> None:
        session = self._review.reviewing.session
        item = session.focused
        if item is None or not item.spans:
            await self._ask("", "")
        else:
            await self._ask(session.document.document.slice(item.spans[0]), item.name)

    async def _from_selection(self) -> None:
        selecting = self._review.selecting
        span: Span | None = selecting.span if selecting is not None else None
        self._review.stop_selecting()
        await self._ask(self._review.reviewing.session.document.document.slice(span) if span is not None else "", "")

    async def _ask(self, text: str, label: str) -> None:
        before = await self._opened.writer(patterns.stamp)

        async def kept() -> None:
            await self._take_over(before)

        asking = PatternAsking(self._review.app, self._opened, tell=self._review.tell, kept=kept)
        text = " ".join(text.split())
        scheme = await self._opened.writer(settings.scheme)
        if scheme.entity(label) is not None:
            asking.text(label, text)
        else:
            await asking.label(text)

    # Identical texts

    async def _copy(self) -> None:
        reviewing = self._review.reviewing
        if reviewing.readonly:
            raise DecisionError("This corpus is read-only.")
        candidates = list(dict.fromkeys(reversed(reviewing.session.visited)))[:2]
        annotator = self._opened.annotator
        plan = await self._opened.writer(lambda corpus: identical.plan(corpus, annotator, candidates))
        count = f"{len(plan.documents)} document{'s' * (len(plan.documents) != 1)}"
        left = f"{plan.left} more are left as they are" if plan.left else ""
        choices = [Choice(True, f"copy to {count}", left), Choice(False, "leave them")]

        def answered(answer: Choice[bool] | str) -> None:
            if isinstance(answer, Choice) and answer.value:
                self._review.write(lambda: self._write_copies(plan))

        title = f"the annotations of {plan.name}, for all with the same text"
        self._review.ask(Picker(title, lambda query: matching(query, choices)), answered)

    async def _write_copies(self, plan: Copying) -> None:
        reviewing = self._review.reviewing
        annotator, place = self._opened.annotator, reviewing.session.place()

        def write(corpus: Corpus) -> tuple[int, Progress]:
            return identical.copy(corpus, annotator, plan, place=place), counters.progress(corpus)

        count, reviewing.progress = await self._opened.writer(write)
        self._review.progress_changed()
        if reviewing.loop is not None:
            reviewing.loop.confirmed(count)
        working = reviewing.session.working
        if working is not None and working.id in plan.documents:
            await reviewing.go_on()
        undo = self._review.keymap.keys("undo")
        self._review.tell(f"copied to {count} documents" + (f"; {undo[0]} takes all of it back" if undo else ""))

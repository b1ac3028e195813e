"""What the commands around figures do: the screens, a second look, accepting everything above a probability."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from tui_annotate.domain.figures import GRID, bounded
from tui_annotate.domain.scheme import Scheme
from tui_annotate.errors import DecisionError
from tui_annotate.screens.corpus_thread import CorpusThread
from tui_annotate.screens.figures import FiguresScreen
from tui_annotate.screens.opened import OpenedCorpus
from tui_annotate.screens.picker import Choice, Picker, matching
from tui_annotate.screens.review import ReviewScreen
from tui_annotate.screens.second_look import SecondLookScreen
from tui_annotate.services import accepting, second_look
from tui_annotate.services.accepting import Preview, Support, Wish
from tui_annotate.services.second_look import Found, Suspect
from tui_annotate.store.connection import Corpus

_NICE = 5


class FigureVerbs:
    """The commands of an open corpus that concern figures."""

    def __init__(self, opened: OpenedCorpus, review: ReviewScreen) -> None:
        self._opened = opened
        self._review = review

    async def do(self, id: str) -> None:
        """Do what a command is for."""
        if id == "second-look":
            await self._look_again()
        elif id == "accept-above":
            self._accept_above()
        else:
            self._figures(stop=id == "stop")

    def _figures(self, *, stop: bool) -> None:
        def closed(next: str | None) -> None:
            if next == "second-look":
                self._review.later(self._look_again)

        screen = FiguresScreen(self._opened, self._review.keymap, section="stop" if stop else "figures")
        self._review.app.push_screen(screen, closed)

    # Second look

    async def _look_again(self) -> None:
        review, path = self._review, self._opened.path
        told = _teller(review, "looking again")

        def look() -> Found:
            with Corpus.open(path, readonly=True) as corpus:
                return second_look.look(corpus, nice=_NICE, on_progress=told)

        review.tell("looking again at what is confirmed …")

        async def work() -> None:
            found = await asyncio.to_thread(look)
            if not found.suspects:
                review.tell(f"Nothing contradicts the {found.looked} confirmed documents.")
                return
            self._show(found)

        self._beside(work)

    def _show(self, found: Found) -> None:
        def chosen(suspect: Suspect | None) -> None:
            if suspect is not None:
                self._review.later(lambda: self._open(suspect))

        self._review.app.push_screen(SecondLookScreen(self._opened, self._review.keymap, found), chosen)

    async def _open(self, suspect: Suspect) -> None:
        reviewing = self._review.reviewing
        if not reviewing.readonly:
            await self._opened.writer(lambda corpus: second_look.put_before(corpus, suspect))
        await reviewing.open(suspect.document, reason=suspect.reason)
        reopen = self._review.keymap.keys("reopen")
        self._review.tell(f"second look: {suspect.reason}" + (f" ({reopen[0]} reopens)" if reopen else ""))

    # Accepting above

    def _accept_above(self) -> None:
        review = self._review
        if review.reviewing.readonly:
            raise DecisionError("This corpus is read-only.")
        session = review.reviewing.session
        scheme, focused, working = session.scheme, session.focused, session.working
        choices: list[Choice[Wish]] = []
        if working is not None:
            choices.append(Choice(Wish(0, "document", working.id), "in this document", "all that is suggested in it"))
        names = _names(scheme, focused.name if focused is not None else "")
        choices += [Choice(Wish(0, "label", name=name), f"of {name}", "in all documents") for name in names]
        choices.append(Choice(Wish(0, "corpus"), "in the corpus", "all documents that nobody has confirmed"))

        def picked(answer: Choice[Wish] | str) -> None:
            if isinstance(answer, Choice):
                review.later(lambda: self._ask_prob(answer.value))

        review.ask(Picker("accept everything above a probability", lambda query: matching(query, choices)), picked)

    async def _ask_prob(self, wish: Wish) -> None:
        def read(corpus: Corpus) -> list[Choice[float]]:
            found = []
            for prob in reversed(GRID):
                support = accepting.precision_at(corpus, _at(wish, prob))
                words = [_words(one) for one in support] or ["no run is deployed"]
                more = f"and of {len(words) - 1} more runs" if len(words) > 1 else ""
                found.append(Choice(prob, f"{prob:g}  {words[0]}", more))
            return found

        choices = await self._opened.reader(read)

        def picked(answer: Choice[float] | str) -> None:
            if isinstance(answer, Choice):
                self._preview(_at(wish, answer.value))

        def fitting(query: str) -> list[Choice[float]]:
            # Of those that begin alike the shortest first: 0.9 is no 0.995.
            return matching(query, sorted(choices, key=lambda choice: choice.value)) if query.strip() else choices

        self._review.ask(Picker("accept from which probability on", fitting), picked)

    def _preview(self, wish: Wish) -> None:
        review, path, annotator = self._review, self._opened.path, self._opened.annotator
        told = _teller(review, "looking what lies so high")

        async def work() -> None:
            thread = CorpusThread(path, name="accept")
            try:
                found = await thread(
                    lambda corpus: accepting.preview(corpus, annotator, wish, nice=_NICE, on_progress=told)
                )
            finally:
                await asyncio.to_thread(thread.close)
            self._ask(found)

        self._beside(work)

    def _ask(self, found: Preview) -> None:
        names = ", ".join(f"{name} {count:,}" for name, count in sorted(found.by_name.items()))
        many = f"{len(found.documents):,} document{'s' * (len(found.documents) != 1)}"
        more = "; more are left for another time" if found.more else ""
        others = [
            f"{count} by {name}" for name, count in found.by_source.items() if name in ("import", "pattern", "api")
        ]
        # What is harmless comes first: the question may come up under a key that was meant for the document.
        choices = [
            Choice(False, "leave them undecided", ", ".join(others)),
            Choice(True, f"accept {found.suggestions:,} in {many}{more}", names),
            *(Choice(False, f"{one.run}{f', {one.name}' if one.name else ''}", _words(one)) for one in found.support),
        ]

        def answered(answer: Choice[bool] | str) -> None:
            if isinstance(answer, Choice) and answer.value:
                self._review.write(lambda: self._accept(found))

        title = f"accept what is suggested at {found.wish.prob:g} or above?"
        self._review.ask(Picker(title, lambda query: matching(query, choices)), answered)

    async def _accept(self, found: Preview) -> None:
        reviewing, annotator = self._review.reviewing, self._opened.annotator
        place = reviewing.session.place()
        count, documents = await self._opened.writer(
            lambda corpus: accepting.accept(corpus, annotator, found, place=place)
        )
        await reviewing.look()
        working = reviewing.session.working
        if working is not None and working.id in found.documents:
            await reviewing.reload()
        undo = self._review.keymap.keys("undo")
        taken = f"; {undo[0]} takes all of it back" if undo else ""
        self._review.tell(f"accepted {count:,} suggestions in {documents:,} documents{taken}")

    def _beside(self, work: Callable[[], Any]) -> None:
        """Do something that takes a while beside the keys; what goes wrong is told."""

        async def guarded() -> None:
            try:
                await work()
            except Exception as error:  # noqa: BLE001 - the rim of a task of its own: the screen tells it
                self._review.failed(error)

        self._review.run_worker(guarded(), exit_on_error=True)


def _at(wish: Wish, prob: float) -> Wish:
    return Wish(prob, wish.scope, wish.document, wish.name)


def _words(one: Support) -> str:
    if one.row is None:
        return "precision: none supported yet"
    return f"precision {bounded(one.row)}, {one.row['suggestions']} {one.on}"


def _names(scheme: Scheme, first: str) -> list[str]:
    """Return entity types and document labels, the focused one first."""
    names = [e.name for e in scheme.entities] + [label.name for label in scheme.labels if label.kind != "text"]
    return sorted(names, key=lambda name: name != first)


def _teller(review: ReviewScreen, what: str) -> Callable[[float, str], None]:
    loop = asyncio.get_running_loop()

    def told(share: float, message: str) -> None:
        loop.call_soon_threadsafe(review.tell, f"{what}: {share:.0%} {message}")

    return told

"""Changing labels in the app: which, into what, a report of what that touches, and only then it is done."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

from tui_annotate.domain import scheme_changes as changes
from tui_annotate.domain.scheme import Scheme
from tui_annotate.domain.scheme_changes import GROUPS, SchemeChange, Target
from tui_annotate.errors import AnnotateError, DecisionError, SchemeError
from tui_annotate.screens.change_report import ChangeReport
from tui_annotate.screens.corpus_thread import CorpusThread
from tui_annotate.screens.live_prompt import LivePrompt
from tui_annotate.screens.opened import OpenedCorpus
from tui_annotate.screens.picker import Choice, Picker, matching
from tui_annotate.screens.prompt import Prompt
from tui_annotate.screens.review import ReviewScreen
from tui_annotate.services import scheme_changes as services
from tui_annotate.services import split_rules
from tui_annotate.services.scheme_report import Report
from tui_annotate.store import settings
from tui_annotate.store.connection import Corpus

_REVIEW = "\0review"
"""Stands for what is to be decided anew."""


class SchemeChanges:
    """Does what one command is for; made anew for each."""

    def __init__(self, opened: OpenedCorpus, review: ReviewScreen) -> None:
        self._opened = opened
        self._review = review

    async def do(self, id: str) -> None:
        """Ask for what a command needs, and do it."""
        if self._review.reviewing.readonly:
            raise DecisionError("This corpus is read-only: its labels cannot be changed.")
        # The session may not have looked since another program changed it.
        await self._review.reviewing.renew_scheme()
        {
            "rename-label": self._rename,
            "merge-labels": self._merge,
            "split-label": self._split,
            "delete-label": self._delete,
        }[id]()

    @property
    def _scheme(self) -> Scheme:
        return self._review.reviewing.session.scheme

    # What is asked

    def _rename(self) -> None:
        def picked(target: Target) -> None:
            hint = "Everything that is annotated, suggested and learned follows."

            def given(text: str) -> None:
                new = " ".join(text.split())
                self._show([target], lambda base, _: changes.rename(base, target, new))

            old = target.option or target.name
            self._review.ask(Prompt(f"{old} is to be called", value=old, hint=hint), given)

        self._pick("rename", _every(self._scheme), picked)

    def _merge(self) -> None:
        def first(target: Target) -> None:
            self._more([target])

        self._pick("merge", _every(self._scheme), first)

    def _more(self, wanted: Sequence[Target]) -> None:
        """Ask for a further label of the same group, until there are enough."""
        of = wanted[0]
        same = [
            one
            for one in _every(self._scheme)
            if one.kind == of.kind
            and bool(one.option) == bool(of.option)
            and (not of.option or one.name == of.name)
            and one not in wanted
        ]
        names = [one.option or one.name for one in wanted]

        def into(answer: Choice[Target | None] | str) -> None:
            name = answer if isinstance(answer, str) else _short(answer.value)
            self._show(wanted, lambda base, _: changes.merge(base, wanted, name))

        def picked(answer: Choice[Target | None] | str) -> None:
            chosen = answer.value if isinstance(answer, Choice) else None
            if chosen is not None:
                self._more([*wanted, chosen])
                return
            every: list[Choice[Target | None]] = [_choice(one) for one in (*wanted, *same)]
            self._review.ask(
                Picker(
                    f"{', '.join(names)} become",
                    lambda query: matching(query, every),
                    create=lambda name: f"a new name: {' '.join(name.split())}",
                ),
                into,
            )

        choices: list[Choice[Target | None]] = [_choice(one) for one in same]
        if len(wanted) > 1 or not same:
            choices.insert(0, Choice(None, "that is all", "enter goes on"))
        self._review.ask(Picker(f"merge {', '.join(names)} and", lambda query: matching(query, choices)), picked)

    def _split(self) -> None:
        able = [one for one in _every(self._scheme) if one.option or one.kind in ("entity", "relation")]

        def picked(target: Target) -> None:
            old = target.option or target.name

            def given(text: str) -> None:
                if names := split_rules.names(text):
                    self._ask_rules(target, names)

            self._review.ask(
                Prompt(f"{old} becomes", hint='New names, with a comma between them; a name with a comma as "a, b".'),
                given,
            )

        self._pick("split", able, picked)

    def _ask_rules(self, target: Target, names: Sequence[str], *, value: str = "") -> None:
        known = [*names, target.option or target.name]

        def fault(text: str) -> str:
            try:
                split_rules.check(text, known)
            except AnnotateError as error:
                return str(error)
            return ""

        def given(text: str) -> None:
            if said := fault(text):
                self._review.tell(said, warning=True)
                self._ask_rules(target, names, value=text)
            else:
                self._ask_rest(target, names, split_rules.several(text, known))

        hint = (
            f"{names[0]}=REGEX, or {names[0]}= and near:REGEX, text:a,b, text:@FILE, attribute:A=B, query:Q."
            " Several with ; between them."
        )
        title = "which become which? (empty: none by rule)"
        self._review.ask(LivePrompt(title, value=value, hint=hint, typed=fault, mending=bool(value)), given)

    def _ask_rest(self, target: Target, names: Sequence[str], rules: Sequence[str]) -> None:
        old = target.option or target.name
        choices = [Choice(old, f"stay {old}")] if old not in names else []
        choices += [Choice(name, f"become {name}" if name != old else f"stay {old}") for name in names]
        if target.kind != "relation":
            choices.append(Choice(_REVIEW, "are decided anew", "suggested again; confirmed documents are opened again"))
        annotator = self._opened.annotator

        def picked(answer: Choice[str] | str) -> None:
            if not isinstance(answer, Choice):
                return
            review, rest = answer.value == _REVIEW, answer.value

            def change(base: Scheme, corpus: Corpus) -> SchemeChange:
                known = [*names, old]
                parsed = [split_rules.parse(rule, known, corpus, annotator=annotator) for rule in rules]
                return changes.split(base, target, names, rules=parsed, rest="" if review else rest, review=review)

            self._show([target], change)

        self._review.ask(Picker("all others", lambda query: matching(query, choices)), picked)

    def _delete(self) -> None:
        self._pick(
            "delete",
            _every(self._scheme),
            lambda target: self._show([target], lambda base, _: changes.delete(base, target)),
        )

    def _pick(self, verb: str, among: Sequence[Target], then: Callable[[Target], None]) -> None:
        if not among:
            raise SchemeError(f"There is no label to {verb}.")
        choices = [_choice(one) for one in among]

        def picked(answer: Choice[Any] | str) -> None:
            if isinstance(answer, Choice):
                then(answer.value)

        self._review.ask(Picker(verb, lambda query: matching(query, choices)), picked)

    # What is done

    def _show(self, wanted: Sequence[Target], make: Callable[[Scheme, Corpus], SchemeChange]) -> None:
        """Report what a change of some labels would do, and do it when that is wanted."""

        async def report() -> None:
            annotator = self._opened.annotator
            # News of others is told first, and not over what is said here.
            await self._review.reviewing.look()

            def look(corpus: Corpus) -> tuple[Scheme, SchemeChange, Report]:
                base = settings.scheme(corpus)
                services.check_there(corpus, base, wanted)
                change = make(base, corpus)
                return base, change, services.preview(corpus, change, base, annotator=annotator)

            self._review.tell("looking at what that touches")
            base, change, found = await self._opened.reader(look)
            self._review.tell("")

            def answered(yes: bool | None) -> None:
                if yes:
                    self._review.write(lambda: self._perform(change, base))

            self._review.app.push_screen(ChangeReport(f"{found.change}?", found.lines), answered)

        self._review.later(report)

    async def _perform(self, change: SchemeChange, base: Scheme) -> None:
        """Do it on a connection of its own: it looks at every document, and keys go on being taken meanwhile."""
        review, reviewing = self._review, self._review.reviewing
        thread = CorpusThread(self._opened.path, name="labels")
        place, annotator = reviewing.session.place(), self._opened.annotator
        loop = asyncio.get_running_loop()

        def tell(fraction: float) -> None:
            loop.call_soon_threadsafe(review.tell, f"changing labels: {fraction:.0%}")

        await reviewing.look()
        try:
            report = await thread(
                lambda corpus: services.perform(
                    corpus, change, base, annotator=annotator, keys=review.own_keys, place=place, on_progress=tell
                )
            )
        finally:
            await asyncio.to_thread(thread.close)
        await reviewing.look()
        if reviewing.session.working is not None:
            await reviewing.reload()
        undo = review.keymap.keys("undo")
        where = f" in {report.documents:,} document{'s' * (report.documents != 1)}" if report.documents else ""
        review.tell(f"{report.change}{where}" + (f"; {undo[0]} takes it back" if undo else ""))


def _every(scheme: Scheme) -> list[Target]:
    return [*changes.targets(scheme), *changes.options(scheme)]


def _short(target: Target | None) -> str:
    return "" if target is None else target.option or target.name


def _choice(target: Target) -> Choice[Any]:
    name = f"{target.name}={target.option}" if target.option else target.name
    return Choice(
        target, name, f"option of {changes.with_article(GROUPS[target.kind])}" if target.option else GROUPS[target.kind]
    )

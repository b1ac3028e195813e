"""What the commands do that concern the corpus as a whole: learning, settings, importing, the table of documents."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Awaitable, Callable
from dataclasses import fields
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tui_annotate.domain.display import shown
from tui_annotate.errors import AnnotateError
from tui_annotate.screens.corpus import CorpusScreen
from tui_annotate.screens.corpus_thread import CorpusThread
from tui_annotate.screens.opened import OpenedCorpus
from tui_annotate.screens.picker import Choice, Picker, matching
from tui_annotate.screens.prompt import Prompt, typed_path
from tui_annotate.screens.report import ReportScreen, import_line, import_lines
from tui_annotate.screens.review import ReviewScreen
from tui_annotate.screens.setting_words import WORDS, choices, word
from tui_annotate.screens.team import Team
from tui_annotate.store import settings
from tui_annotate.store.connection import Corpus
from tui_annotate.store.settings import Settings

if TYPE_CHECKING:
    from tui_annotate.services.training import LearningLoop


_FIGURE_VERBS = ("figures", "stop", "second-look", "accept-above")
_LABEL_VERBS = ("rename-label", "merge-labels", "split-label", "delete-label")
_PATTERN_VERBS = ("patterns", "pattern-from", "pattern-from-selection", "queue", "copy-to-identical")


class Program:
    """The commands of an open corpus."""

    def __init__(self, opened: OpenedCorpus, review: ReviewScreen) -> None:
        self._opened = opened
        self._review = review
        self._importing: asyncio.Task[None] | None = None
        self._table: dict[str, Callable[[], None]] = {
            "corpus": self._corpus,
            "training": lambda: self._show("training", "TrainScreen"),
            "train": lambda: self._learn(self._train),
            "toggle-active-learning": lambda: self._learn(self._toggle),
            "set-every": self._set_every,
            "cancel-training": lambda: self._learn(self._cancel),
            "rollback": self._roll_back,
            "runs": lambda: self._show("runs", "RunsScreen"),
            "edit-scheme": self._edit_scheme,
            **{id: partial(self._change_labels, id) for id in _LABEL_VERBS},
            "load-scheme": lambda: self._edit_scheme(load=True),
            "set-up": self._set_up,
            **{id: partial(self._by_figures, id) for id in _FIGURE_VERBS},
            **Team(opened, review).table,
            "settings": self._settings,
            "messages": self._messages,
            "import": self._import,
            **{id: partial(self._by_pattern, id) for id in _PATTERN_VERBS},
        }

    def do(self, id: str) -> bool:
        """Do what a command is for; False when it is none of these."""
        if id not in self._table:
            return False
        self._table[id]()
        return True

    # Documents

    def _corpus(self) -> None:
        review = self._review

        def chosen(document: int | None) -> None:
            if document is not None:
                review.later(lambda: review.reviewing.open(document))

        reviewing = review.reviewing
        here = reviewing.session.working.id if reviewing.session.working is not None else None
        table = CorpusScreen(self._opened, review.keymap, reviewing.progress, here)
        review.app.push_screen(table, chosen)

    def _import(self) -> None:
        def given(text: str) -> None:
            if text.strip() == "-":
                self._review.tell("Standard input is the keyboard here: name a file or a folder.", warning=True)
            elif text.strip() and self._importing is None:
                self._importing = asyncio.ensure_future(self._import_path(typed_path(text)))

        if self._importing is not None:
            self._review.tell("An import is under way already.", warning=True)
            return
        hint = "A file, a folder or a zip: text, CSV, JSONL, anndoc."
        self._review.ask(Prompt("import from", hint=hint), given)

    async def importing(self) -> None:
        """Wait until the import that is under way has ended."""
        if self._importing is not None:
            await self._importing

    async def _import_path(self, path: Path) -> None:
        """Import on a connection of its own, while keys go on being taken."""
        review = self._review
        thread = CorpusThread(self._opened.path, name="import")
        review.reviewing.importing = True
        try:
            # Readers of formats load when something is imported, and not before.
            importing = await asyncio.to_thread(importlib.import_module, "tui_annotate.services.importing")
            loop = asyncio.get_running_loop()

            def read(count: int) -> None:
                loop.call_soon_threadsafe(review.tell, f"importing: {count} documents read")

            review.tell(f"importing {path}")
            annotator = self._opened.annotator
            report = await thread(
                lambda corpus: importing.import_paths(corpus, [path], annotator=annotator, on_progress=read)
            )
            await review.reviewing.look()
            if self._opened.loop is not None:
                await self._opened.loop.reload()
            review.tell(import_line(report))
            if report.problems:
                review.app.push_screen(ReportScreen("import", import_lines(report)))
        except AnnotateError as error:
            review.tell(str(error), warning=True)
        finally:
            self._importing, review.reviewing.importing = None, False
            await asyncio.to_thread(thread.close)

    def _messages(self) -> None:
        told = list(self._review.frame.notices.told)[::-1]
        self._review.app.push_screen(ReportScreen("messages, the newest first", told or ["Nothing was told yet."]))

    # Learning

    def _learn(self, verb: Callable[[LearningLoop], Awaitable[str]]) -> None:
        loop = self._opened.loop
        review = self._review
        if loop is None:
            why = (
                "This corpus is read-only: nothing is learned."
                if review.reviewing.readonly
                else "Learning starts just now."
            )
            review.tell(why, warning=True)
            return

        async def run() -> None:
            review.tell(await verb(loop))

        review.later(run)

    async def _train(self, loop: LearningLoop) -> str:
        return await loop.train_now()

    async def _toggle(self, loop: LearningLoop) -> str:
        if not await loop.toggle():
            return "active learning is off"
        self._ask_deploying(loop)
        return f"active learning is on: retrains after every {loop.state.every}"

    def _ask_deploying(self, loop: LearningLoop) -> None:
        """Ask what becomes of the runs of active learning; to leave the question changes nothing."""

        def picked(answer: Choice[str] | str) -> None:
            if isinstance(answer, Choice):
                self._review.write(lambda: self._change("deploy", answer.value))

        choices = [
            Choice("always", "deploy at once", "its suggestions come with the next document"),
            Choice("never", "train only", "you deploy what you like in the list of runs"),
        ]
        title = f"after every {loop.state.every} confirmations, a new run is to be"
        self._review.ask(Picker(title, lambda query: matching(query, choices)), picked)

    async def _cancel(self, loop: LearningLoop) -> str:
        loop.cancel()
        return "training cancelled"

    def _set_every(self) -> None:
        def given(text: str) -> None:
            if not text.strip().isdecimal():
                self._review.tell(f"{shown(text)} is no number of confirmations.", warning=True)
                return

            async def change(loop: LearningLoop) -> str:
                await loop.set_every(int(text))
                return f"retrains after every {loop.state.every} confirmations"

            self._learn(change)

        hint = "0 lets the scheme decide: 5 for document labels, 10 with entities."
        every = self._opened.loop.state.every if self._opened.loop is not None else 0
        self._review.ask(Prompt("retrain after how many confirmations", value=str(every), hint=hint), given)

    def _by_pattern(self, id: str) -> None:
        # Loaded when it is asked for, and not at the start.
        verbs = importlib.import_module("tui_annotate.screens.pattern_verbs")
        verbs.PatternVerbs(self._opened, self._review).do(id)

    def _by_figures(self, id: str) -> None:
        async def do() -> None:
            verbs = await asyncio.to_thread(importlib.import_module, "tui_annotate.screens.figure_verbs")
            await verbs.FigureVerbs(self._opened, self._review).do(id)

        self._review.later(do)

    def _show(self, module: str, screen: str) -> None:
        """Show a screen of the open corpus; its module is loaded when it is asked for, and not at the start."""

        async def show() -> None:
            screens = await asyncio.to_thread(importlib.import_module, f"tui_annotate.screens.{module}")
            self._review.app.push_screen(getattr(screens, screen)(self._opened, self._review.keymap))

        self._review.later(show)

    # Labels

    def _edit_scheme(self, *, load: bool = False) -> None:
        review = self._review

        def left(wrote: bool | None) -> None:
            if wrote:
                review.later(review.reviewing.renew_scheme)
                review.later(review.reviewing.refresh)
                review.tell("the labels are as you saved them")

        async def show() -> None:
            screens = await asyncio.to_thread(importlib.import_module, "tui_annotate.screens.scheme_editor")
            keys, colour = review.own_keys, review.has_colour
            screen = screens.SchemeEditorScreen(self._opened, review.keymap, keys=keys, colour=colour, load=load)
            review.app.push_screen(screen, left)

        if review.reviewing.readonly:
            review.tell("This corpus is read-only: its labels cannot be changed.", warning=True)
        else:
            review.later(show)

    def _change_labels(self, id: str) -> None:
        async def do() -> None:
            screens = await asyncio.to_thread(importlib.import_module, "tui_annotate.screens.scheme_changes")
            await screens.SchemeChanges(self._opened, self._review).do(id)

        self._review.later(do)

    def _set_up(self) -> None:
        """Ask what a corpus begins with: labels, their file, or documents."""
        choices = [
            Choice("import", "import documents", "labels that they carry join by themselves"),
            Choice("edit-scheme", "set up labels", "entity types, document labels, their keys"),
            Choice("load-scheme", "load labels", "from TOML, Label Studio, tagtog, doccano or Prodigy"),
        ]

        def picked(answer: Choice[str] | str) -> None:
            if isinstance(answer, Choice):
                self.do(answer.value)

        self._review.ask(Picker("begin with", lambda query: matching(query, choices)), picked)

    def _roll_back(self) -> None:
        loop = self._opened.loop
        runs = dict(loop.state.runs) if loop is not None else {}
        if not runs:
            self._review.tell("No run is deployed.", warning=True)
            return
        choices = [Choice(task, task, run) for task, run in runs.items()]

        def picked(answer: Choice[str] | str) -> None:
            if isinstance(answer, Choice):
                self._learn(lambda loop: loop.rollback(answer.value))

        self._review.ask(Picker("roll back the run of", lambda query: matching(query, choices)), picked)

    # Settings

    def _settings(self) -> None:
        async def ask() -> None:
            held = await self._opened.writer(settings.load)
            rows = [Choice(f.name, f.name.replace("_", " "), word(getattr(held, f.name))) for f in fields(Settings)]

            def picked(answer: Choice[str] | str) -> None:
                if isinstance(answer, Choice):
                    self._ask_setting(answer.value, getattr(held, answer.value))

            self._review.ask(Picker("settings of this corpus", lambda query: matching(query, rows)), picked)

        self._review.later(ask)

    def _ask_setting(self, name: str, value: object) -> None:
        def given(text: str) -> None:
            self._review.write(lambda: self._change(name, text.strip()))

        def picked(answer: Choice[str] | str) -> None:
            if isinstance(answer, Choice):
                given(answer.value)

        possible = choices(name, value)
        if possible:
            self._review.ask(Picker(WORDS[name], lambda query: matching(query, possible)), picked)
        else:
            self._review.ask(Prompt(name.replace("_", " "), value=word(value), hint=WORDS[name]), given)

    async def _change(self, name: str, text: str) -> None:
        def change(corpus: Corpus) -> Settings:
            values: dict[str, Any] = {name: settings.parse(name, text)}
            return settings.change(corpus, **values)

        changed = await self._opened.writer(change)
        self._review.reviewing.session.strict = changed.confirm_strictly
        self._review.reviewing.session.eager = changed.confirm_when_decided
        if self._opened.loop is not None:
            await self._opened.loop.reload()
        self._review.tell(f"{name.replace('_', ' ')}: {word(getattr(changed, name))}")

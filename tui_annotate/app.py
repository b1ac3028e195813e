"""The app: which screen is up, looks, keys, and leaving in order. What is done with a corpus is the screens'."""

from __future__ import annotations

import asyncio
import importlib
import os
import sys
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from textual import events, on
from textual.app import App
from textual.binding import Binding, BindingType
from textual.screen import Screen

from tui_annotate import recent
from tui_annotate.config import Config, Look
from tui_annotate.domain.display import shown
from tui_annotate.errors import AnnotateError
from tui_annotate.keymaps.assignment import assign
from tui_annotate.samples import SAMPLES
from tui_annotate.samples import get as get_sample
from tui_annotate.screens.bindings import bindings, overlay
from tui_annotate.screens.commands import (
    APP_COMMANDS,
    CORPUS_COMMANDS,
    REVIEW_COMMANDS,
    Command,
)
from tui_annotate.screens.looks import ANSI, DARK, LIGHT, NO_COLOUR, THEMES, next_look
from tui_annotate.screens.opened import OpenedCorpus
from tui_annotate.screens.question import Question
from tui_annotate.screens.resuming import Opening
from tui_annotate.screens.review import ReviewScreen
from tui_annotate.screens.rim import RimApp, watch_signals, watch_terminal
from tui_annotate.screens.start import StartScreen
from tui_annotate.screens.status import Learning
from tui_annotate.store.connection import Corpus

if TYPE_CHECKING:
    from textual.command import Provider

    from tui_annotate.screens.picker import Choice
    from tui_annotate.screens.program import Program

_LEAVING = 6.0
"""Seconds that closing may take: a little more than a write waits for a lock."""


def _provider() -> type[Provider]:
    # The palette loads when it is opened.
    from tui_annotate.screens.palette import CommandProvider

    return CommandProvider


class AnnotateApp(RimApp):
    """The whole app; needs an opened corpus, or shows the start screen."""

    COMMANDS = {_provider}  # noqa: RUF012 - Textual's own way
    ENABLE_COMMAND_PALETTE = True
    DEFAULT_MODE = "first"
    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings("app"),
        Binding("ctrl+c,ctrl+q", "do('quit')", "quit", show=False, priority=True),
        Binding("ctrl+z", "suspend_process", "suspend", show=False),
    ]

    def __init__(
        self,
        config: Config,
        annotator: str,
        *,
        corpus: tuple[OpenedCorpus, Opening] | None = None,
        missing: Path | None = None,
        learning: bool = True,
    ) -> None:
        # Before all else: what a look in true colour makes of the names of colours is settled by the theme held then.
        self.set_reactive(App.ansi_theme_dark, DARK)
        self.set_reactive(App.ansi_theme_light, LIGHT)
        if config.look not in ANSI:
            self.set_reactive(App.theme, THEMES[config.look])
        super().__init__(ansi_color=config.look in ANSI)
        self.config = config
        self.annotator = annotator
        self.keymap = assign(None, config.keys)
        self.opened: OpenedCorpus | None = None
        self.review: ReviewScreen | None = None
        self.program: Program | None = None
        self._missing = missing
        self._shown = 0
        # The first screen is a mode like those that follow, so that nothing else is drawn before it.
        self.add_mode(self.DEFAULT_MODE, self._first_screen)
        self._learning = learning
        self._leaving: asyncio.Task[None] | None = None
        self.register_theme(NO_COLOUR)
        # Without its watcher, which would parse all styles a second time.
        self.set_reactive(App.theme, THEMES[config.look])
        if corpus is not None:
            self._take(*corpus)
        self.set_keymap(overlay(self.keymap))

    def _first_screen(self) -> Screen[Any]:
        return self.review if self.review is not None else _start_screen()

    async def _show(self, screen: Screen[Any]) -> None:
        """Show another screen, and forget the one before with all that lies on it."""
        before = self.current_mode
        self._shown += 1
        mode = f"screen-{self._shown}"
        self.add_mode(mode, lambda: screen)
        await self.switch_mode(mode)
        await self.remove_mode(before)

    def on_mount(self) -> None:
        """Watch for what may end the app."""
        if not self.is_headless and sys.__stdin__ is not None:
            watch_signals(self.leave)
            watch_terminal(sys.__stdin__.fileno(), self.leave)
        if self._missing is not None:
            self._offer(self._missing)

    # Corpora

    def _take(self, opened: OpenedCorpus, start: Opening) -> None:
        self.opened = opened
        self.review = ReviewScreen(
            opened.writer, start, self.annotator, config=self.config, path=opened.path, wanted=self.action_do
        )
        self.keymap = self.review.keymap
        recent.remember(opened.path)

    def _offer(self, path: Path) -> None:
        """Ask whether a corpus that does not exist shall be created."""
        from tui_annotate.screens.picker import Choice, Picker, matching

        choices = [Choice(True, f"create {path}", "an empty corpus"), Choice(False, "no", "show what there is")]

        def picked(answer: Choice[bool] | str | None) -> None:
            if isinstance(answer, Choice) and answer.value:
                self._work(lambda: self._create(path))

        question = Picker(f"There is no corpus {path.name}.", lambda query: matching(query, choices))
        self.push_screen(question, picked)

    @on(StartScreen.Chosen)
    def start_chosen(self, event: StartScreen.Chosen) -> None:
        """Open, create or ask further."""
        from tui_annotate.screens.prompt import Prompt

        wish = event.wish
        if wish.kind == "open":
            self._work(lambda: self._open(Path(wish.name)))
        elif wish.kind == "demo":
            self._work(lambda: self._demo(wish.name))
        else:
            new = wish.kind == "new"
            title = "path of the new corpus" if new else "path of the corpus"
            self.push_screen(
                Prompt(title, hint="One file, by custom NAME.db"), lambda text: self._path_given(text, new)
            )

    def _path_given(self, text: str | None, new: bool) -> None:
        from tui_annotate.screens.prompt import typed_path

        if text and text.strip():
            path = typed_path(text)
            if new or path.exists():
                self._work(lambda: self._create(path) if new else self._open(path))
            else:
                self._offer(path)

    async def _create(self, path: Path) -> None:
        await asyncio.to_thread(lambda: Corpus.create(path).close())
        await self._open(path)
        self.program_do("set-up")

    async def _demo(self, name: str) -> None:
        sample = get_sample(name)
        path = Path(f"{name}.db")
        if not path.exists():
            if isinstance(self.screen, StartScreen):
                self.screen.tell(f"preparing {shown(str(path))} …")
            # Readers of formats load for a demo, and not before.
            demo = await asyncio.to_thread(importlib.import_module, "tui_annotate.services.demo")
            await asyncio.to_thread(demo.make, sample, path, annotator=self.annotator)
        await self._open(path)

    async def _open(self, path: Path) -> None:
        opened = OpenedCorpus(path, self.annotator)
        start = await asyncio.to_thread(opened.wait)
        await self._close()
        self._take(opened, start)
        assert self.review is not None
        await self._show(self.review)

    async def _close(self) -> None:
        if self.opened is not None:
            opened, self.opened, self.review, self.program = self.opened, None, None, None
            await opened.close()

    def _work(self, job: Callable[[], Awaitable[None]]) -> None:
        """Do something that may fail on the start screen."""

        async def guarded() -> None:
            try:
                await job()
            except AnnotateError as error:
                if isinstance(self.screen, StartScreen):
                    self.screen.tell(shown(str(error)))
                else:
                    self.notify(shown(str(error)), severity="error", markup=False, timeout=20)

        self.run_worker(guarded(), exclusive=True, group="corpus")

    # Learning

    @on(ReviewScreen.Ready)
    def review_ready(self) -> None:
        """Start learning, now that the first picture is on screen."""
        writable = self.review is not None and not self.review.reviewing.readonly
        if self._learning and writable and self.opened is not None and self.opened.loop is None:
            self.run_worker(self._learn(self.opened), group="learning")
        if writable and self.review is not None:
            self.review.reviewing.on_others = self._deliver
            self.run_worker(self._deliver(), group="webhooks")

    async def _deliver(self) -> None:
        """Tell the webhooks; asked again when another program wrote, which may have added one."""

        def tell(text: str) -> None:
            if self.review is not None and self.review.is_attached:
                self.review.tell(shown(text), warning=True)

        if self.opened is not None:
            await self.opened.deliver(tell)

    async def _learn(self, opened: OpenedCorpus) -> None:
        try:
            loop = await opened.learn(self._learning_changed)
            if self.review is not None and self.opened is opened:
                self.review.reviewing.loop = loop
                self._learning_changed(loop.state)
                await self.review.reviewing.expect()
        except AnnotateError as error:
            if self.review is not None:
                self.review.tell(f"learning: {error}", warning=True)

    def _learning_changed(self, state: Learning) -> None:
        if self.review is not None and self.review.is_attached:
            self.review.learning_changed(state)
        # A question may lie over the screen that follows a training.
        for screen in self.screen_stack:
            follows = getattr(screen, "learning_changed", None) if screen is not self.review else None
            if follows is not None and screen.is_mounted:
                follows(state)

    # Keys

    @on(ReviewScreen.SchemeChanged)
    def scheme_changed(self, event: ReviewScreen.SchemeChanged) -> None:
        """Put the new keymap over the bindings."""
        self.keymap = event.keymap
        self.set_keymap(overlay(event.keymap))

    def on_key(self, event: events.Key) -> None:
        """Take the keys of the scheme, and those that a question is not ready for."""
        screen = self.screen
        if screen is self.review:
            taken = self.review.letter(event.key, event.character) or self.review.scheme_key(event.key)
        else:
            taken = isinstance(screen, Question) and screen.too_early(event)
        if taken:
            event.prevent_default()

    def action_do(self, id: str) -> None:
        """Do what a key or a command is for."""
        own: dict[str, Callable[[], object]] = {
            "palette": self.action_command_palette,
            "help": self._help,
            "quit": self._quit,
            "toggle-look": lambda: self._look(next_look(self.config.look)),
            "start": lambda: self._work(self._start_screen),
            **{f"look-{look}": partial(self._look, look) for look in THEMES},
        }
        if id in own:
            own[id]()
        elif not self.program_do(id) and self.review is not None:
            self.review.verbs.do(id)

    def program_do(self, id: str) -> bool:
        """Do a command of the open corpus; False when it is none, or none is open."""
        if self.program is None and self.opened is not None and self.review is not None:
            # What concerns the corpus as a whole loads when it is asked for, after the first picture.
            from tui_annotate.screens.program import Program

            self.program = Program(self.opened, self.review)
        return self.program is not None and self.program.do(id)

    def extra_commands(self, screen: Screen[object]) -> Iterable[Command]:
        """Return the commands that have no binding, as far as they make sense on a screen."""
        if isinstance(screen, ReviewScreen):
            yield from REVIEW_COMMANDS
        if self.opened is not None and not screen.is_modal:
            yield from CORPUS_COMMANDS
        yield from APP_COMMANDS

    def _help(self) -> None:
        # The help loads when it is asked for.
        from tui_annotate.screens.help import HelpScreen, live_sections, not_as_asked, scheme_section, who_you_are

        scheme = scheme_section(self.keymap) if isinstance(self.screen, ReviewScreen) else []
        odd = not_as_asked(self.keymap, self.config.notices)
        you = who_you_are(self.annotator)
        self.push_screen(HelpScreen([*live_sections(self.screen), *scheme, *you, *odd]))

    def _look(self, look: Look) -> None:
        self.config = replace(self.config, look=look)
        self.ansi_color = look in ANSI
        self.theme = THEMES[look]
        if self.review is not None:
            self.review.look_changed(colour=look != "no-colour")
            self.review.tell(f"look: {look}")

    async def _start_screen(self) -> None:
        await self._close()
        await self._show(_start_screen())

    # Leaving

    def _quit(self) -> None:
        """Leave behind the keys that came before; a screen with something unsaved asks about it first."""
        holds_back = getattr(self.screen, "holds_back", None)
        if holds_back is not None and holds_back():
            return
        if self.review is not None and self.review.lane.busy:
            self.review.tell("leaving when this is written …")
            self.review.later(self.leave)
        else:
            self.leave()

    def leave(self, code: int = 0) -> None:
        """End the learning children, finish what is being written, restore the terminal."""
        if self._leaving is None:
            self._leaving = asyncio.ensure_future(self._leave(code))

    async def _leave(self, code: int) -> None:
        try:
            async with asyncio.timeout(_LEAVING):
                await self._close()
        except (TimeoutError, AnnotateError):
            pass
        self.exit(return_code=code)


def _start_screen() -> StartScreen:
    return StartScreen(recent.recent(), [(sample.name, sample.title) for sample in SAMPLES])


def run(corpus: Path | None, *, config: Config, annotator: str | None = None) -> int:
    """Run the app until the annotator leaves, and return the exit code: 128 + n after signal n.

    Raises:
        AnnotateError: The corpus cannot be opened.
        Exception: What ended the app unexpectedly; the terminal is restored.
    """
    who = annotator or config.who
    if config.look == "no-colour":
        os.environ["NO_COLOR"] = "1"
    exists = corpus is not None and corpus.exists()
    opened = OpenedCorpus(corpus, who) if corpus is not None and exists else None
    first = (opened, opened.wait()) if opened is not None else None
    app = AnnotateApp(config, who, corpus=first, missing=None if exists else corpus)
    asyncio.run(_main(app, mouse=config.mouse))
    if app.fatal is not None:
        raise app.fatal
    return app.return_code or 0


async def _main(app: AnnotateApp, *, mouse: bool) -> None:
    try:
        await app.run_async(mouse=mouse)
    finally:
        if app.opened is not None:
            await app.opened.close()

"""The figures screen: what a run is worth, section by section, and whether to go on."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.widgets import Static

from tui_annotate.domain.display import shown
from tui_annotate.domain.figures import said
from tui_annotate.errors import AnnotateError, NothingToDoError
from tui_annotate.keymaps.assignment import Keymap
from tui_annotate.keymaps.names import display_key
from tui_annotate.learn.messages import CurveDrawn
from tui_annotate.screens import figure_text
from tui_annotate.screens.bindings import bindings
from tui_annotate.screens.figure_text import SECTIONS, Held, Section, read
from tui_annotate.screens.leaving import LeftOnce
from tui_annotate.screens.lines import Lines, Piece, row
from tui_annotate.screens.opened import OpenedCorpus
from tui_annotate.screens.picker import Choice, Picker, matching
from tui_annotate.screens.prompt import Prompt
from tui_annotate.services import figures, stopping
from tui_annotate.store import settings
from tui_annotate.store.connection import Corpus
from tui_annotate.store.runs import RunRow

_HINTS = (
    ("next-section", "next"),
    ("choose-task", "task"),
    ("choose-run", "run"),
    ("compare-run", "compare"),
    ("evaluate", "anew"),
    ("draw-curve", "curve"),
    ("audit", "audit"),
    ("set-target", "target"),
    ("look-again", "second look"),
    ("figures-close", "back"),
)
_NICE = 5


class FiguresScreen(LeftOnce[str]):
    """Shows figures; its result is `second-look` where that is to follow."""

    DEFAULT_CSS = """
    FiguresScreen { layout: vertical; overflow: hidden; }
    FiguresScreen VerticalScroll { height: 1fr; padding: 0 1; }
    FiguresScreen Static { height: auto; width: 100%; }
    """
    AUTO_FOCUS = ""
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("figures")]

    def __init__(self, opened: OpenedCorpus, keymap: Keymap, *, section: Section = "figures") -> None:
        super().__init__()
        self._opened = opened
        self._keymap = keymap
        self._section: Section = section
        self._of_task = ""
        self._of_run = ""
        self._held = Held()
        self._anew: dict[str, dict[str, Any]] = {}
        """Figures that were measured here, by run."""
        self._beside: dict[str, Any] = {}
        """What comparing the run on screen came to, by part."""
        self._busy: asyncio.Task[None] | None = None

    def compose(self) -> ComposeResult:
        """Lay out heading, figures and keys."""
        yield Lines(3, id="heading")
        with VerticalScroll(can_focus=False):
            yield Static(markup=False)
        yield Lines(1, id="keys")

    async def on_mount(self) -> None:
        """Show what is known."""
        hints = [piece for id, word in _HINTS for piece in self._hint(id, word)]
        self.query_one("#keys", Lines).put(0, row(*hints, right=self._hint("help", "help")))
        self.query_one("#heading", Lines).put(2, row(fill="─", fill_style="dim"))
        await self.renew()

    def _hint(self, id: str, word: str) -> list[Piece]:
        keys = self._keymap.keys(id)
        return [(f" {display_key(keys[0])}", "bold"), (f" {word} ", "")] if keys else []

    async def renew(self) -> None:
        """Read again and show it."""
        self._held = await self._opened.reader(partial(read, task=self._of_task))
        if self._of_task not in self._held.tasks:
            self._of_task = next(iter(self._held.tasks), "")
        self.draw()

    # Showing

    @property
    def chosen(self) -> RunRow | None:
        """The run on screen: the one chosen, else the deployed one of the task."""
        for one in self._held.rows:
            if one.name == self._of_run:
                return one
        return self._held.deployed.get(self._of_task)

    def draw(self, notice: str = "") -> None:
        """Show the section."""
        run = self.chosen
        name = run.name if run is not None else "no run is deployed"
        where: list[Piece] = [(f" {shown(self._opened.path.name, 30)}", "bold"), (f"  {shown(self._of_task, 40)}", "")]
        where.append((f"  {shown(name, 40)}{' (deployed)' if run is not None and run.deployed else ''}", "bold"))
        heading = self.query_one("#heading", Lines)
        heading.put(0, row(*where, right=[(shown(notice), "bold")]))
        tabs: list[Piece] = []
        for section, title in SECTIONS.items():
            tabs.append((f" {title} ", "reverse bold" if section == self._section else ""))
        heading.put(1, row(*tabs))
        lines = figure_text.lines(
            self._section,
            self._held,
            run,
            width=self.size.width,
            measured=self._anew.get(name),
            beside=self._beside.get(name),
        )
        text = "\n".join(shown(line, 400) for line in lines)
        self.query_one(Static).update(Text(text, no_wrap=True, overflow="ellipsis"))

    # Keys

    def action_do(self, id: str) -> None:
        """Do what a key is for."""
        scroll = self.query_one(VerticalScroll)
        page = max(scroll.size.height - 1, 1)
        table: dict[str, Callable[[], object]] = {
            "next-section": lambda: self._turn(1),
            "previous-section": lambda: self._turn(-1),
            "choose-task": self._choose_task,
            "choose-run": self._choose_run,
            "compare-run": self._choose_other,
            "evaluate": lambda: self._work("measuring", self._evaluate),
            "draw-curve": lambda: self._work("drawing the curve", self._draw_curve),
            "audit": self._audit,
            "set-target": self._target,
            "look-again": lambda: self.dismiss("second-look"),
            "figures-down": lambda: scroll.scroll_relative(y=1, animate=False),
            "figures-up": lambda: scroll.scroll_relative(y=-1, animate=False),
            "figures-page-down": lambda: scroll.scroll_relative(y=page, animate=False),
            "figures-page-up": lambda: scroll.scroll_relative(y=-page, animate=False),
            "figures-close": lambda: self.dismiss(None),
        }
        if id in table:
            table[id]()

    def _turn(self, step: int) -> None:
        names = list(SECTIONS)
        self._section = names[(names.index(self._section) + step) % len(names)]
        self.draw()
        self.query_one(VerticalScroll).scroll_home(animate=False)

    def _choose_task(self) -> None:
        choices = [
            Choice(task, task, self._held.deployed[task].name if task in self._held.deployed else "nothing learned yet")
            for task in self._held.tasks
        ]

        def picked(answer: Choice[str] | str | None) -> None:
            if isinstance(answer, Choice):
                self._of_task, self._of_run = answer.value, ""
                self._later(self.renew)

        self.app.push_screen(Picker("figures of which task", lambda query: matching(query, choices)), picked)

    def _pick_run(self, title: str, rows: list[RunRow], taken: Callable[[str], None]) -> None:
        choices = [Choice(one.name, one.name, _note(one)) for one in rows]

        def picked(answer: Choice[str] | str | None) -> None:
            if isinstance(answer, Choice):
                taken(answer.value)

        self.app.push_screen(Picker(title, lambda query: matching(query, choices)), picked)

    def _choose_run(self) -> None:
        def taken(name: str) -> None:
            self._of_run = name
            self.draw()

        self._pick_run("figures of which run", self._held.rows, taken)

    def _choose_other(self) -> None:
        run = self.chosen
        others = [one for one in self._held.rows if run is not None and one.name != run.name]
        if run is None or not others:
            self.draw("there is no other run to compare with")
            return
        self._pick_run(
            f"compare {run.name} with",
            others,
            lambda name: self._work(f"comparing with {name}", partial(self._compare, run.name, name)),
        )

    def _later(self, job: Callable[[], Awaitable[None]]) -> None:
        async def guarded() -> None:
            try:
                await job()
            except AnnotateError as error:
                self.draw(str(error))

        self.run_worker(guarded(), exit_on_error=True)

    # What takes a while

    def _work(self, what: str, job: Callable[[Callable[[float, str], None]], Awaitable[None]]) -> None:
        """Do something in a child while the screen goes on; one thing at a time."""
        if self._busy is not None and not self._busy.done():
            self.draw("something is under way already")
            return
        loop = asyncio.get_running_loop()

        def told(share: float, message: str) -> None:
            loop.call_soon_threadsafe(self._told, f"{what}: {share:.0%} {message}")

        async def guarded() -> None:
            try:
                await job(told)
                self.draw()
            except AnnotateError as error:
                self.draw(str(error))

        self.draw(f"{what} …")
        self._busy = asyncio.ensure_future(guarded())

    def _told(self, notice: str) -> None:
        if self.is_attached:
            self.draw(notice)

    async def _evaluate(self, told: Callable[[float, str], None]) -> None:
        run = self.chosen
        if run is None:
            raise NothingToDoError("No run is deployed.")
        path = self._opened.path

        def measure() -> dict[str, Any]:
            with Corpus.open(path, readonly=True) as corpus:
                return figures.evaluate(corpus, run=run.name, on_progress=told)

        self._anew[run.name] = (await asyncio.to_thread(measure))[run.task]

    async def _draw_curve(self, told: Callable[[float, str], None]) -> None:
        path, task = self._opened.path, self._of_task
        run = self._held.deployed.get(task)
        engine = run.engine if run is not None else ""
        parameters = run.parameters if run is not None else {}

        def draw() -> CurveDrawn:
            with Corpus.open(path) as corpus:
                return figures.curve(corpus, task, engine=engine, parameters=parameters, nice=_NICE, on_progress=told)

        await asyncio.to_thread(draw)
        if self._section not in ("curve", "stop"):
            self._section = "curve"
        await self.renew()

    async def _compare(self, run: str, other: str, told: Callable[[float, str], None]) -> None:
        path = self._opened.path

        def compare() -> dict[str, dict[str, Any]]:
            with Corpus.open(path, readonly=True) as corpus:
                return figures.compare(corpus, run, other, on_progress=told)

        self._beside[run] = await asyncio.to_thread(compare)
        self._section = "compared"

    # Asking

    def _audit(self) -> None:
        def given(text: str | None) -> None:
            if text is None:
                return
            if not text.strip().isdecimal() or not int(text):
                self.draw(f"{text} is no number of documents")
                return
            self._later(partial(self._ask_audit, int(text)))

        widths = ", ".join(f"{count}: ±{width / 2:g}" for count, width in stopping.AUDIT_WIDTHS.items())
        self.app.push_screen(Prompt("audit how many random documents", value="30", hint=widths), given)

    async def _ask_audit(self, count: int) -> None:
        coming = await self._opened.writer(partial(stopping.audit, count=count))
        self.draw(f"{coming} random documents come next, to be measured on")

    def _target(self) -> None:
        def given(text: str | None) -> None:
            if text is not None:
                self._later(partial(self._set_target, text.strip() or "0"))

        held = self._held.stop[0].target if self._held.stop else None
        hint = "On what was held out, such as 0.9; empty for none."
        self.app.push_screen(Prompt("figure that is enough", value=f"{held:g}" if held else "", hint=hint), given)

    async def _set_target(self, text: str) -> None:
        value = settings.parse("target", text)
        await self._opened.writer(lambda corpus: settings.change(corpus, target=value))
        self._section = "stop"
        await self.renew()


def _note(run: RunRow) -> str:
    return f"{said(run.metrics)}{', deployed' if run.deployed else ''}"

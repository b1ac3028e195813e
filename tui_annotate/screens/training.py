"""The train screen: what to train and how, in three steps or on one page; what there is to learn from; the live log."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar, get_args

from textual.binding import BindingType

from tui_annotate.domain.scheme import Scheme
from tui_annotate.errors import AnnotateError
from tui_annotate.keymaps.assignment import Keymap
from tui_annotate.learn.messages import CAUSES
from tui_annotate.screens.bindings import bindings
from tui_annotate.screens.opened import OpenedCorpus
from tui_annotate.screens.picker import Choice, Picker, matching
from tui_annotate.screens.prompt import Prompt
from tui_annotate.screens.report import ReportScreen
from tui_annotate.screens.rows_screen import RowsScreen, TableRow
from tui_annotate.screens.training_words import checked, progress
from tui_annotate.services import preflight
from tui_annotate.services.loop_state import LoopState
from tui_annotate.services.preflight import Preflight
from tui_annotate.services.training_form import STEPS, Control, Step, TrainingForm
from tui_annotate.store import runs, settings
from tui_annotate.store.connection import Corpus
from tui_annotate.store.settings import Settings

_LOG_LINES = 6


class TrainScreen(RowsScreen[None]):
    """Asks for a training; stays open while it runs, and closes whenever one likes."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("training")]
    HINTS = (
        ("change-option", "change"),
        ("start-training", "train"),
        ("next-step", "next step"),
        ("whole-form", "steps or page"),
        ("training-log", "log"),
        ("stop-training", "cancel"),
    )

    def __init__(self, opened: OpenedCorpus, keymap: Keymap) -> None:
        super().__init__(f"{opened.path.name}: train", keymap)
        self._opened = opened
        self._form: TrainingForm | None = None
        self._step: Step | None = None
        """The step of the wizard; None: the whole form on one page."""
        self._check: Preflight | None = None
        self._agreed = False
        """Somebody said that few examples are enough."""

    def on_mount(self) -> None:
        """Read what the corpus is set to; the first training goes by steps."""
        if self._opened.loop is not None:
            self.learning_changed(self._opened.loop.state)
        self.later(self._begin)
        self.set_interval(1, self._tick)

    def _tick(self) -> None:
        """Let the seconds go on while a training says nothing."""
        loop = self._opened.loop
        if loop is not None and loop.state.course is not None:
            self.learning_changed(loop.state)

    async def _begin(self) -> None:
        def read(corpus: Corpus) -> tuple[Scheme, Settings, bool]:
            return settings.scheme(corpus), settings.load(corpus), bool(runs.all(corpus))

        scheme, held, trained = await self._opened.writer(read)
        self._form = TrainingForm(scheme, held)
        self._step = None if trained else 1
        if not scheme.tasks:
            self.tell(
                "There is nothing to learn yet: give the corpus an entity type or a document label.", warning=True
            )
        await self._renew()

    # What is shown

    async def _renew(self) -> None:
        """Look at the gold again, and show the form."""
        form = self._form
        if form is None:
            return
        self._agreed = False
        try:
            options = form.options()
            # A thread of its own: much gold takes a while to count.
            self._check = await self._opened.reader(lambda corpus: preflight.preflight(corpus, options))
        except AnnotateError as error:
            self._check = None
            self.tell(str(error), warning=True)
        self._draw()

    def _draw(self) -> None:
        if self._form is None:
            return
        self._heading, hint = f"{self._opened.path.name}: train", ""
        if self._step is not None:
            title, hint = STEPS[self._step]
            self._heading += f" - step {self._step} of {len(STEPS)}, {title}"
        self.tell(hint)
        controls = self._form.controls(self._step)
        self.fill(
            ("", ""),
            [TableRow(c.id, (c.title, c.value), "bold" if c.changed else "") for c in controls],
            cursor=self.chosen,
        )
        if self._check is not None and self._check.obstacle is not None:
            self.tell(f"cannot start: {self._check.obstacle}", warning=True)

    def details(self, key: str) -> str:
        """Return what a line means, and what there is to learn from."""
        control = self._control(key)
        lines = [control.help] if control is not None else []
        if self._check is not None:
            lines += ["", *checked(self._check)]
        return "\n".join(lines)

    def learning_changed(self, state: LoopState) -> None:
        """Show how far the training is, and the end of its log."""
        log = state.course.lines if state.course is not None else state.log
        lines = [progress(state), *log[-_LOG_LINES:]]
        if state.failed and state.cause is not None and state.course is None:
            lines.insert(0, f"The last training failed: {CAUSES[state.cause]}.")
        self.show_below([line for line in lines if line])

    def _control(self, key: str) -> Control | None:
        controls = self._form.controls(self._step) if self._form is not None else []
        return next((control for control in controls if control.id == key), None)

    # Keys

    def action_do(self, id: str) -> None:
        """Do what a key is for."""
        table: dict[str, Callable[[], None]] = {
            "change-option": self._change,
            "start-training": self._start,
            "next-step": lambda: self._go(1),
            "previous-step": lambda: self._go(-1),
            "whole-form": self._turn,
            "training-log": self._log,
            "stop-training": self._stop,
        }
        if id in table:
            table[id]()
        else:
            super().action_do(id)

    def _go(self, by: int) -> None:
        steps: tuple[Step, ...] = get_args(Step)
        at = steps.index(self._step) + by if self._step is not None else 0
        if 0 <= at < len(steps):
            self._step = steps[at]
            self._draw()
        elif by > 0:
            self.tell("That was the last step: train, or go back.")

    def _turn(self) -> None:
        self._step = 1 if self._step is None else None
        self._draw()

    def _change(self) -> None:
        control = self._control(self.chosen or "")
        if control is None:
            return
        if len(control.options) == 2:
            one, other = control.options
            self._changed(control.id, other.value if control.typed == one.value else one.value)
            return

        def given(text: str | None) -> None:
            if text is not None:
                self._changed(control.id, text)

        def picked(answer: Choice[str] | str | None) -> None:
            given(answer.value if isinstance(answer, Choice) else None)

        title = control.title.strip()
        if control.options:
            choices = [Choice(option.value, option.word, option.note) for option in control.options]
            self.app.push_screen(Picker(title, lambda query: matching(query, choices)), picked)
        else:
            self.app.push_screen(Prompt(title, value=control.typed, hint=control.help), given)

    def _changed(self, id: str, text: str) -> None:
        assert self._form is not None
        self.tell("")
        try:
            self._form.change(id, text)
        except AnnotateError as error:
            self.tell(str(error), warning=True)
            return
        self.later(self._renew, group="check")

    def _start(self) -> None:
        check = self._check
        if self._form is None or check is None:
            return
        if check.obstacle is not None:
            self.tell(f"cannot start: {check.obstacle}", warning=True)
            return
        few = [row.name for task in check.tasks if task.obstacle is None for row in task.examples if row.advice != "OK"]
        if few and not self._agreed:
            self._agreed = True
            names = ", ".join(few[:4]) + (" …" if len(few) > 4 else "")
            self.tell(f"few examples of {names}: 40 to 50 of each are advised. Again trains anyway.", warning=True)
            return
        form = self._form
        self.later(lambda: self._train(form))

    async def _train(self, form: TrainingForm) -> None:
        loop = self._opened.loop
        if loop is None:
            self.tell("nothing is learned here: the corpus is read-only, or was just opened", warning=True)
            return
        changes = form.settings()
        if changes:
            await self._opened.writer(lambda corpus: settings.change(corpus, **changes))
            await loop.reload()
        self.tell(await loop.train_now(form.options()))

    def _stop(self) -> None:
        loop = self._opened.loop
        if loop is None or loop.state.course is None:
            self.tell("no training runs")
        else:
            loop.cancel()

    def _log(self) -> None:
        loop = self._opened.loop
        course = loop.state.course if loop is not None else None
        lines = () if loop is None else loop.state.log if course is None else course.lines
        if lines:
            self.app.push_screen(ReportScreen("log", lines))
        elif course is not None:
            self.tell("the training has just begun and said nothing yet")
        else:
            self.tell("nothing was trained since this corpus was opened; the list of runs has the older logs")

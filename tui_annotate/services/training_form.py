"""The form of a training: what can be chosen, what is chosen, and what that asks of the learner.

Headless: the screen shows the controls and hands back what somebody typed. The same controls are the wizard's
three steps and the one-screen form.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from tui_annotate.domain.scheme import Scheme
from tui_annotate.errors import ParameterError
from tui_annotate.learn import asked, catalogue
from tui_annotate.learn.catalogue import EngineInfo, Field
from tui_annotate.learn.messages import TrainOptions
from tui_annotate.store import settings as stored
from tui_annotate.store.settings import Settings

Step = Literal[1, 2, 3]
STEPS: Mapping[Step, tuple[str, str]] = {
    1: ("what to train", "Which tasks, and with which engine. The table below says what there is to learn from."),
    2: ("parameters and data", "What is not changed is as it has proved itself. Nothing held out is ever learned."),
    3: ("active learning and deploying", "Whether it goes on by itself from here, and when new runs serve."),
}
_CUSTOM = "custom"
_SEED_DIGITS = 9
PRESETS = (0, 5, 10, 25, 50, 100)
"""N to pick from; 0 is the default of the scheme, 50 is Annotation Lab's."""


@dataclass(frozen=True, slots=True)
class Option:
    """A value that a control can have."""

    value: str
    word: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Control:
    """One line of the form."""

    id: str
    title: str
    value: str
    """As it is shown."""
    help: str
    step: Step
    options: tuple[Option, ...] = ()
    """What there is to pick from; empty where it is typed."""
    typed: str = ""
    """The value as one would type it."""
    changed: bool = False
    """It is not the default."""


class TrainingForm:
    """What is chosen so far. It starts with what the corpus is set to."""

    def __init__(self, scheme: Scheme, settings: Settings) -> None:
        self.scheme = scheme
        self._tasks = dict.fromkeys(scheme.tasks, True)
        self._engines = {task: settings.engines.get(task, "") for task in scheme.tasks}
        self._parameters: dict[str, dict[str, Any]] = {}
        """Of each engine, those that were changed."""
        self._held = settings
        self._settings: dict[str, Any] = {}
        """Those that were changed."""
        self._validation = asked.VALIDATION
        self._warm = False
        self._script = ""
        self._seed: int | None = None
        self._tags = settings.train_tags
        self._reviewed = settings.train_on == "reviewed"
        self._deploy = True

    # What is shown

    def controls(self, step: Step | None = None) -> list[Control]:
        """Return the lines of one step of the wizard, or of the whole form."""
        found = [*self._what(), *self._how(), *self._on()]
        return [control for control in found if step is None or control.step == step]

    def options(self) -> TrainOptions:
        """Return what the learner is asked for.

        Raises:
            ParameterError: No task is chosen.
        """
        tasks = [task for task, chosen in self._tasks.items() if chosen]
        if not tasks:
            raise ParameterError("No task is chosen.", hint="Choose one in the first lines.")
        parameters: dict[str, Any] = {}
        for engine in self._used():
            parameters.update({f"{engine}.{name}": v for name, v in self._parameters.get(engine, {}).items()})
        return TrainOptions(
            tasks=tasks,
            engines={task: name for task, name in self._engines.items() if name and task in tasks},
            parameters=parameters,
            tags=list(self._tags),
            reviewed=self._reviewed,
            validation=self._validation,
            warm=self._warm,
            script=self._script if _CUSTOM in self._used() else "",
            seed=self._seed,
            deploy=self._deploy,
        )

    def settings(self) -> dict[str, Any]:
        """Return the settings of the corpus that the form changes."""
        return dict(self._settings)

    def engine(self, task: str) -> EngineInfo:
        """Return the engine that a task is trained with."""
        fitting = catalogue.engines_for(task, self.scheme)
        return next((info for info in fitting if info.name == self._engines[task]), fitting[0])

    @property
    def tags(self) -> tuple[str, ...]:
        """Documents with one of these are trained on; none: all."""
        return self._tags

    @property
    def reviewed(self) -> bool:
        """Only versions that a reviewer accepted are trained on."""
        return self._reviewed

    # What is changed

    def change(self, id: str, text: str) -> None:
        """Give a control another value, as it was picked or typed.

        Raises:
            ParameterError: The value does not fit.
        """
        kind, _, rest = id.partition(" ")
        if kind == "task":
            self._tasks[rest] = text == "yes"
        elif kind == "engine":
            self._engines[rest] = text
        elif kind == "parameter":
            engine, _, name = rest.rpartition(" ")
            self._change_parameter(engine, name, text)
        elif kind == "setting":
            value = stored.parse(rest, text)
            if value == getattr(self._held, rest):
                self._settings.pop(rest, None)
            else:
                self._settings[rest] = value
        else:
            self._change_own(kind, text)

    def _change_own(self, id: str, text: str) -> None:
        if id == "validation":
            share = _number(text, "validation")
            if not 0 <= share <= 0.5:
                raise ParameterError(f"Validation is a share from 0 to 0.5, not {text}.")
            self._validation = share
        elif id == "tags":
            self._tags = tuple(tag.strip() for tag in text.split(",") if tag.strip())
        elif id == "reviewed":
            self._reviewed = text == "yes"
        elif id == "warm":
            self._warm = text == "yes"
        elif id == "deploy":
            self._deploy = text == "yes"
        elif id == "script":
            self._script = text.strip()
        elif id == "seed":
            digits = text.strip()
            if digits and not (digits.isdecimal() and len(digits) <= _SEED_DIGITS):
                raise ParameterError(f"A seed is a whole number of at most {_SEED_DIGITS} digits, not {text}.")
            self._seed = int(digits) if digits else None

    def _change_parameter(self, engine: str, name: str, text: str) -> None:
        field = next(f for f in _fields(self._used()[engine]) if f.name == name)
        value = _value(field, text.strip())
        if value == field.default:
            self._parameters.get(engine, {}).pop(name, None)
        else:
            self._parameters.setdefault(engine, {})[name] = value

    def _used(self) -> dict[str, EngineInfo]:
        """Return the engines that the chosen tasks are trained with, by name."""
        infos = [self.engine(task) for task, chosen in self._tasks.items() if chosen]
        return {info.name: info for info in infos}

    # The lines

    def _what(self) -> list[Control]:
        found = []
        for task in self.scheme.tasks:
            if len(self.scheme.tasks) > 1:
                found.append(_yes_no(f"task {task}", task, self._tasks[task], 1, "Train this one.", default=True))
            if not self._tasks[task]:
                continue
            fitting = catalogue.engines_for(task, self.scheme)
            options = tuple(Option(info.name, info.name, info.description) for info in fitting)
            engine = self.engine(task)
            note = engine.description + ("; takes minutes" if engine.slow else "")
            title = "engine" if len(self.scheme.tasks) == 1 else f"  engine of {task}"
            control = Control(
                f"engine {task}", title, engine.name, note, 1, options, engine.name, engine.name != fitting[0].name
            )
            found.append(control)
        return found

    def _how(self) -> list[Control]:
        used = self._used()
        found = [self._parameter(info, field) for info in used.values() for field in _fields(info)]
        if _CUSTOM in used:
            text = f"Python file that the engine `{_CUSTOM}` runs; its code runs on this machine."
            found.append(Control("script", "script", self._script or "none yet", text, 2, (), self._script))
        seed = "the corpus's" if self._seed is None else str(self._seed)
        typed = "" if self._seed is None else str(self._seed)
        return [
            *found,
            Control(
                "validation",
                "validation split",
                f"{self._validation:g}",
                "Share of the gold set apart to see overfitting; fast engines learn it all afterwards.",
                2,
                (),
                f"{self._validation:g}",
                self._validation != asked.VALIDATION,
            ),
            Control(
                "tags",
                "only documents tagged",
                ", ".join(self._tags) or "any",
                "Tags, with commas between them; empty for all. Those tagged Test are never learned.",
                2,
                (),
                ",".join(self._tags),
                bool(self._tags),
            ),
            _yes_no("reviewed", "only what a reviewer accepted", self._reviewed, 2, "No: all that was submitted."),
            _yes_no(
                "warm", "go on from the deployed run", self._warm, 2, "No: from the beginning. Not all engines can."
            ),
            Control("seed", "seed", seed, "A whole number: the same one draws the same.", 2, (), typed, bool(typed)),
        ]

    def _parameter(self, engine: EngineInfo, field: Field) -> Control:
        held = self._parameters.get(engine.name, {}).get(field.name, field.default)
        title = f"{field.title}{f' of {engine.name}' if len(self._used()) > 1 else ''}"
        title = title[:1].lower() + title[1:] if not title[:2].isupper() and not title[1:2].isdigit() else title
        id = f"parameter {engine.name} {field.name}"
        if field.kind == "bool":
            return _yes_no(id, title, bool(held), 2, field.help, default=bool(field.default))
        return Control(
            id, title, _shown(held), field.help + _bounds(field), 2, (), str(held), changed=held != field.default
        )

    def _on(self) -> list[Control]:
        active = self._setting("active_learning")
        found = [
            _yes_no("deploy", "deploy when trained", self._deploy, 3, "No: train only; the runs wait.", default=True),
            _yes_no("setting active_learning", "active learning", active, 3, "Retrain after every N.", default=True),
        ]
        if active:
            every = self._setting("retrain_every")
            usual = stored.effective_n(Settings(), self.scheme)
            options = tuple(Option(str(n), str(n) if n else f"{usual}, the default") for n in PRESETS)
            later = self._setting("deploy") == "always"
            found += [
                Control(
                    "setting retrain_every",
                    "  retrain after every",
                    f"{every or usual} confirmations",
                    "N: confirmations from one training to the next. Another number can be set in the settings.",
                    3,
                    options,
                    str(every),
                    every != 0,
                ),
                Control(
                    "setting deploy",
                    "  deploy those at once",
                    "yes" if later else "no",
                    "No: active learning trains only, and you deploy what you like in the list of runs.",
                    3,
                    (Option("always", "yes"), Option("never", "no")),
                    str(self._setting("deploy")),
                    not later,
                ),
            ]
        return found

    def _setting(self, name: str) -> Any:
        return self._settings.get(name, getattr(self._held, name))


def _fields(info: EngineInfo) -> list[Field]:
    return catalogue.fields(info.parameters) if info.parameters is not None else []


def _yes_no(id: str, title: str, value: Any, step: Step, help: str, *, default: bool = False) -> Control:
    yes = id.startswith("setting")
    options = (Option("true" if yes else "yes", "yes"), Option("false" if yes else "no", "no"))
    return Control(
        id, title, "yes" if value else "no", help, step, options, options[not value].value, bool(value) != default
    )


def _value(field: Field, text: str) -> bool | int | float | str:
    if field.kind == "bool":
        return text == "yes"
    if field.kind == "str":
        return text
    number = _number(text, field.title)
    if field.kind == "int" and number != int(number):
        raise ParameterError(f"{field.title} is a whole number, not {text}.")
    for bound, too_far, open_end in (
        (field.low, field.low is not None and number < field.low, field.open_ends[0]),
        (field.high, field.high is not None and number > field.high, field.open_ends[1]),
    ):
        if bound is not None and (too_far or (open_end and number == bound)):
            raise ParameterError(f"{field.title}: {text} does not fit.{_bounds(field)}")
    return int(number) if field.kind == "int" else number


def _number(text: str, what: str) -> float:
    try:
        number = float(text)
    except ValueError:
        raise ParameterError(f"{what}: {text!r} is no number.") from None
    if number != number or number in (float("inf"), float("-inf")):
        raise ParameterError(f"{what}: {text} is no number to compute with.")
    return number


def _bounds(field: Field) -> str:
    return f" Takes {field.bounds}." if field.bounds else ""


def _shown(value: object) -> str:
    if isinstance(value, float):
        return f"{value:g}"
    return str(value) if str(value) else "as it comes"

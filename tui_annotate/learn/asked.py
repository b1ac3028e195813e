"""What a training was asked for, made definite: which tasks, by which engine, with which parameters, on what.

Everything that can be wrong about the question itself is found here, before anything slow begins.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import msgspec

from tui_annotate.domain.scheme import Scheme
from tui_annotate.domain.selection import Tie
from tui_annotate.domain.tasks import resolve
from tui_annotate.errors import ParameterError, UsageError
from tui_annotate.learn import catalogue
from tui_annotate.learn.catalogue import EngineInfo
from tui_annotate.learn.messages import TrainOptions, Trigger
from tui_annotate.store.settings import Settings

VALIDATION = 0.2
"""Share of the gold set apart to see overfitting where somebody asks for a training, as Annotation Lab has it."""
_MOST = 1 << 53
"""No parameter is as large: beyond it whole numbers are no longer told apart."""
_SEEDS = 1 << 32
"""Engines take seeds below it."""
_CUSTOM = "custom"
_SCRIPT = "script"


@dataclass(frozen=True, slots=True)
class Lesson:
    """One task to be trained."""

    task: str
    engine: EngineInfo
    parameters: Mapping[str, Any]
    """Those that were given, by their right names."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A training made definite."""

    lessons: tuple[Lesson, ...]
    refused: Mapping[str, UsageError]
    """Tasks that active learning leaves alone, with the reason."""
    tags: tuple[str, ...]
    reviewed: bool
    tie: Tie
    seed: int
    validation: float
    warm: bool


def settle(options: TrainOptions, scheme: Scheme, settings: Settings, *, trigger: Trigger = "manual") -> Asked:
    """Return what a training comes to; what was not asked for is as the corpus is set.

    Raises:
        UsageError: No such task or engine, or one that cannot learn the task.
        ParameterError: No such parameter, a value that does not fit it, a script that is not there.
    """
    tasks = resolve(scheme, options.tasks)
    by_name = set(tasks) != set(scheme.tasks) or len(tasks) == 1 or bool(options.engine)
    engines: dict[str, EngineInfo] = {}
    refused: dict[str, UsageError] = {}
    for task in tasks:
        try:
            engines[task] = _engine(task, options, scheme, settings)
        except UsageError as error:
            # What nobody asked for by name is no reason to train nothing.
            if trigger == "manual" and by_name:
                raise
            refused[task] = error
    given = dict(options.parameters)
    if options.script:
        _check_script_tasks([task for task, info in engines.items() if info.name == _CUSTOM])
        given[_SCRIPT] = _script(options.script)
    for name, value in given.items():
        _check_number(name, value)
    _check_names(given, list(engines.values()))
    lessons = tuple(
        Lesson(task, info, _in_language(_parameters(given, info), info, settings.language))
        for task, info in engines.items()
    )
    return Asked(
        lessons,
        refused,
        tuple(settings.train_tags if options.tags is None else options.tags),
        settings.train_on == "reviewed" if options.reviewed is None else options.reviewed,
        options.tie or settings.tie,
        _seed(settings.seed if options.seed is None else options.seed),
        _share(options.validation, trigger),
        options.warm or any(lesson.parameters.get("rehearse") is True for lesson in lessons),
    )


def _check_script_tasks(tasks: list[str]) -> None:
    if not tasks:
        raise UsageError("A script is for the engine custom.", hint="Name that engine, or none.")
    if len(tasks) > 1:
        raise UsageError("A script learns one task.", hint=f"Say which: --task {', --task '.join(tasks)}.")


def _check_number(name: str, value: Any) -> None:
    """Raise ParameterError for what neither an engine nor a message can hold: no number, or one without end."""
    if isinstance(value, int | float) and not abs(value) < _MOST:
        raise ParameterError(f"{name}: {value} is no number to compute with.")


def _seed(asked: int) -> int:
    if not 0 <= asked < _SEEDS:
        raise ParameterError(f"A seed is a whole number from 0 to {_SEEDS - 1}, not {asked}.")
    return asked


def _share(asked: float | None, trigger: Trigger) -> float:
    if asked is None:
        return VALIDATION if trigger == "manual" else 0.0
    if not 0 <= asked <= 0.5:
        raise ParameterError(f"validation is a share from 0 to 0.5, not {asked}.")
    return asked


def _engine(task: str, options: TrainOptions, scheme: Scheme, settings: Settings) -> EngineInfo:
    usual = settings.engines.get(task, "")
    if options.script and _CUSTOM not in options.engines.values():
        usual = _CUSTOM
    name = options.engines.get(task) or options.engine or usual
    if name:
        info = engine(name)
        if not info.handles(task, scheme):
            fitting = [one.name for one in catalogue.engines_for(task, scheme)]
            raise UsageError(f"The engine {name!r} cannot learn {task!r}.", hint=f"These can: {', '.join(fitting)}.")
        if name == _CUSTOM and not (options.script or _SCRIPT in map(_bare, options.parameters)):
            raise UsageError("The engine custom needs a script.", hint="Name one: --script FILE.")
        return info
    for info in catalogue.engines_for(task, scheme):
        if not info.slow:
            return info
    raise UsageError(f"Nothing quick can learn {task!r}.", hint="Name an engine: --engine, or the setting `engines`.")


def engine(name: str) -> EngineInfo:
    """Return an engine by name; raises UsageError with the nearest one."""
    known = catalogue.catalogue()
    if name not in known:
        near = get_close_matches(name, known, n=1)
        hint = f"Did you mean {near[0]}? " if near else ""
        raise UsageError(f"There is no engine {name!r}.", hint=f"{hint}Engines: {', '.join(known)}.")
    return known[name]


def _script(path: str) -> str:
    file = Path(path).expanduser().absolute()
    if not file.is_file():
        raise ParameterError(f"There is no script {path}.", hint="Name a Python file.")
    return str(file)


def _check_names(given: Mapping[str, Any], engines: list[EngineInfo]) -> None:
    """Raise ParameterError for a parameter that none of the engines has, with the nearest right name."""
    if any(info.parameters is None or info.name == _CUSTOM for info in engines):
        return
    known: dict[str, str] = {}
    for info in engines:
        known.update(_spellings(info))
    for key in given:
        engine_name, dot, bare = key.rpartition(".")
        if dot and engine_name not in {info.name for info in engines}:
            raise ParameterError(
                f"{key}: no engine {engine_name!r} is to be trained.",
                hint=f"Engines: {', '.join(sorted({info.name for info in engines}))}.",
            )
        if _plain(bare) not in known:
            near = get_close_matches(_plain(bare), known, n=1)
            hint = f"Did you mean {known[near[0]]}?" if near else f"Parameters: {', '.join(_names(engines))}."
            raise ParameterError(f"There is no parameter {bare!r}.", hint=hint)


def _parameters(given: Mapping[str, Any], info: EngineInfo) -> dict[str, Any]:
    """Return the parameters that are meant for an engine: those it has, or that name it as in `spacy-ner.epochs`."""
    own = info.parameters is None or info.name == _CUSTOM
    spellings = _spellings(info)
    found: dict[str, Any] = {}
    for key, value in given.items():
        engine_name, dot, bare = key.rpartition(".")
        if dot and engine_name != info.name:
            continue
        name = spellings.get(_plain(bare), bare if own else "")
        if name:
            found[name] = value
    if info.parameters is not None and not own:
        _check_values(found, info)
    return found


def _in_language(found: dict[str, Any], info: EngineInfo, language: str) -> dict[str, Any]:
    """Add the corpus's language for an engine that asks for one and was told none."""
    asks = info.parameters is not None and "language" in info.parameters.__struct_fields__
    return {**found, "language": language} if asks and language and "language" not in found else found


def _check_values(found: Mapping[str, Any], info: EngineInfo) -> None:
    assert info.parameters is not None
    try:
        msgspec.convert(dict(found), info.parameters, strict=False)
    except msgspec.ValidationError as error:
        name = str(error).rpartition("$.")[2].rstrip("`")
        field = next((one for one in catalogue.fields(info.parameters) if one.name == name), None)
        if field is None:
            raise ParameterError(f"A parameter of {info.name} does not fit: {error}.") from None
        raise ParameterError(f"{name} of {info.name} takes {field.takes}, not {found.get(name)}.") from None


def _bare(key: str) -> str:
    """Return a parameter's name without the engine before it."""
    return _plain(key.rpartition(".")[2])


def _names(engines: list[EngineInfo]) -> list[str]:
    fields = [field.name for info in engines if info.parameters for field in catalogue.fields(info.parameters)]
    return list(dict.fromkeys(fields))


def _spellings(info: EngineInfo) -> dict[str, str]:
    """Return how each parameter may be written: by its name, or by its title as Annotation Lab has it (`epochs`)."""
    if info.parameters is None:
        return {}
    fields = catalogue.fields(info.parameters)
    return {
        **{_plain(field.title): field.name for field in fields},
        **{_plain(field.name): field.name for field in fields},
    }


def _plain(name: str) -> str:
    return name.strip().lower().replace("-", "_").replace(" ", "_")

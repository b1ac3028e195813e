"""The registry of engines: ours, and those that installed packages offer as entry points.

An engine's module is imported when the engine is asked for by name, or tried for a task: spaCy alone takes a
second, and nobody who does not use it should wait for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points

from tui_annotate.domain.scheme import Scheme
from tui_annotate.errors import LearnError, UsageError
from tui_annotate.learn import catalogue
from tui_annotate.learn.engines.base import EngineFactory

ENTRY_POINTS = "tui_annotate.engines"
OURS: Mapping[str, str] = {
    "labels": "tui_annotate.learn.engines.labels:LabelEngines",
    "entities": "tui_annotate.learn.engines.entities:EntityEngines",
    "attributes": "tui_annotate.learn.engines.assertion:AttributeEngines",
    "spacy-ner": "tui_annotate.learn.engines.spacy_engine:SpacyEngines",
    "spacy-spancat": "tui_annotate.learn.engines.spacy_engine:SpancatEngines",
    "custom": "tui_annotate.learn.engines.custom:CustomEngines",
}
"""Module and class by name."""
QUICK = tuple(info for info in catalogue.OURS if not info.slow)
"""What a task falls to that no engine is named for, the first that handles it."""

_loaded: dict[str, EngineFactory] = {}


def names() -> list[str]:
    """Return the names of all engines, ours first; none is imported."""
    return list(dict.fromkeys([*OURS, *_foreign()]))


def engine(name: str) -> EngineFactory:
    """Return an engine by name, importing it.

    Raises:
        UsageError: There is none of that name.
        LearnError: It is of another package, and does not load.
    """
    if name not in _loaded:
        _loaded[name] = _ours(name) if name in OURS else _of_package(name)
    return _loaded[name]


def _ours(name: str) -> EngineFactory:
    module, _, factory = OURS[name].partition(":")
    made: EngineFactory = getattr(import_module(module), factory)()
    return made


def _of_package(name: str) -> EngineFactory:
    found = _foreign()
    if name not in found:
        near = get_close_matches(name, names(), n=1)
        hint = f"Did you mean {near[0]}?" if near else f"Engines: {', '.join(names())}."
        raise UsageError(f"There is no engine {name!r}.", hint=hint)
    point = found[name]
    try:
        factory = point.load()
        made: EngineFactory = factory() if isinstance(factory, type) else factory
    except Exception as error:
        raise LearnError(
            f"The engine {name!r} ({point.value}) does not load: {error}", hint="Mend or remove it."
        ) from error
    return made


def _foreign() -> dict[str, EntryPoint]:
    return {point.name: point for point in entry_points(group=ENTRY_POINTS)}


def engine_for(task: str, scheme: Scheme, *, name: str = "") -> EngineFactory:
    """Return the engine asked for, or the first that handles the task.

    Raises:
        UsageError: None does, or the one asked for does not.
    """
    if name:
        factory = engine(name)
        if not factory.handles(task, scheme):
            raise UsageError(f"The engine {name!r} cannot learn {task!r} with this scheme.")
        return factory
    for known in names():
        if known in OURS and not any(info.name == known and info.handles(task, scheme) for info in QUICK):
            continue
        if (factory := engine(known)).handles(task, scheme):
            return factory
    raise UsageError(
        f"Nothing can learn {task!r} with this scheme.", hint=f"Tasks: {', '.join(scheme.tasks) or 'none'}."
    )

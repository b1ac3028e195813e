"""The registry of engines: ours, and those that installed packages offer as entry points."""

from __future__ import annotations

from importlib.metadata import entry_points

from tui_annotate.domain.scheme import Scheme
from tui_annotate.errors import UsageError
from tui_annotate.learn.engines.base import EngineFactory
from tui_annotate.learn.engines.entities import EntityEngines
from tui_annotate.learn.engines.labels import LabelEngines

ENTRY_POINTS = "tui_annotate.engines"


def engines() -> dict[str, EngineFactory]:
    """Return the engines by name: ours, then those that installed packages offer as entry points."""
    ours: list[EngineFactory] = [LabelEngines(), EntityEngines()]
    found = {factory.name: factory for factory in ours}
    for point in entry_points(group=ENTRY_POINTS):
        if point.name in found:
            continue
        factory = point.load()
        found[point.name] = factory() if isinstance(factory, type) else factory
    return found


def engine(name: str) -> EngineFactory:
    """Return an engine by name; raises UsageError naming those that exist."""
    known = engines()
    if name not in known:
        raise UsageError(f"There is no engine {name!r}.", hint=f"Engines: {', '.join(sorted(known))}.")
    return known[name]


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
    for factory in engines().values():
        if factory.handles(task, scheme):
            return factory
    raise UsageError(
        f"Nothing can learn {task!r} with this scheme.", hint=f"Tasks: {', '.join(scheme.tasks) or 'none'}."
    )

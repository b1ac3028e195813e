"""The engines as the app and the command line show them: names, what they learn, what can be set.

No engine is imported here. Engines of other packages are known by the name of their entry
point alone, until a learning process loads them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import entry_points
from typing import Any, Literal

import msgspec

from tui_annotate.domain.scheme import ATTRIBUTES, ENTITIES, LABELS, Scheme
from tui_annotate.learn import parameters

ENTRY_POINTS = "tui_annotate.engines"

FieldKind = Literal["bool", "int", "float", "str"]


@dataclass(frozen=True, slots=True)
class Field:
    """One parameter of an engine."""

    name: str
    title: str
    kind: FieldKind
    default: bool | int | float | str
    help: str
    low: float | None = None
    """Least value; None for no bound."""
    high: float | None = None
    open_ends: tuple[bool, bool] = (False, False)
    """Whether the bounds themselves are too little, and too much."""

    @property
    def takes(self) -> str:
        """What it takes, in words: `a whole number from 1`."""
        words = {"bool": "true or false", "int": "a whole number", "float": "a number", "str": "a text"}
        return f"{words[self.kind]} {self.bounds}".strip()

    @property
    def bounds(self) -> str:
        """Where its values end, in words: `from 0 below 1`; empty where they do not."""
        low = "" if self.low is None else f"{'above' if self.open_ends[0] else 'from'} {self.low:g}"
        high = "" if self.high is None else f"{'below' if self.open_ends[1] else 'to'} {self.high:g}"
        return " ".join(filter(None, (low, high)))


@dataclass(frozen=True, slots=True)
class EngineInfo:
    """An engine before it is loaded."""

    name: str
    title: str
    description: str
    handles: Callable[[str, Scheme], bool]
    """Takes a task and the scheme."""
    parameters: type[msgspec.Struct] | None = None
    """None for an engine of another package, whose parameters are its own."""
    slow: bool = False
    """Takes minutes: never started by active learning unless the corpus is set so."""


def _entities(task: str, scheme: Scheme) -> bool:
    return task == ENTITIES and bool(scheme.entities)


def _label(task: str, scheme: Scheme) -> bool:
    label = scheme.label(task.removeprefix(LABELS)) if task.startswith(LABELS) else None
    return label is not None and label.kind != "text"


def _attribute(task: str, scheme: Scheme) -> bool:
    attribute = scheme.attribute(task.removeprefix(ATTRIBUTES)) if task.startswith(ATTRIBUTES) else None
    return attribute is not None and attribute.kind != "text"


def _any(task: str, scheme: Scheme) -> bool:
    return task in scheme.tasks


OURS: tuple[EngineInfo, ...] = (
    EngineInfo(
        "labels",
        "fast",
        "document labels: logistic regression over n-grams and directions of all imported text",
        _label,
        parameters.LabelParameters,
    ),
    EngineInfo(
        "entities",
        "fast",
        "entities: a CRF over words, their shape, their neighbours and vectors of all imported text",
        _entities,
        parameters.EntityParameters,
    ),
    EngineInfo(
        "attributes",
        "fast",
        "attributes of entities: logistic regression over what stands left and right",
        _attribute,
        parameters.AttributeParameters,
    ),
    EngineInfo(
        "spacy-ner",
        "spaCy ner",
        "entities: a spaCy pipeline; for entities that do not overlap",
        _entities,
        parameters.SpacyParameters,
        slow=True,
    ),
    EngineInfo(
        "spacy-spancat",
        "spaCy spancat",
        "entities: a spaCy pipeline; for entities that overlap",
        _entities,
        parameters.SpacyParameters,
        slow=True,
    ),
    EngineInfo(
        "custom", "your script", "any task: a Python file of yours", _any, parameters.CustomParameters, slow=True
    ),
)


def catalogue() -> dict[str, EngineInfo]:
    """Return all engines by name: ours, then those that installed packages offer."""
    found = {info.name: info for info in OURS}
    for point in entry_points(group=ENTRY_POINTS):
        if point.name not in found:
            found[point.name] = EngineInfo(point.name, point.name, f"from {point.value}", _any)
    return found


def engines_for(task: str, scheme: Scheme) -> list[EngineInfo]:
    """Return the engines that may learn a task, the default one first."""
    return [info for info in catalogue().values() if info.handles(task, scheme)]


def fields(parameters: type[msgspec.Struct]) -> list[Field]:
    """Return the parameters of an engine in the order in which they are shown."""
    found = []
    described = msgspec.inspect.type_info(parameters)
    assert isinstance(described, msgspec.inspect.StructType)
    for field in described.fields:
        extra: Any = field.type
        title, help = field.name, ""
        if isinstance(extra, msgspec.inspect.Metadata):
            schema = extra.extra_json_schema or {}
            title, help = schema.get("title", field.name), schema.get("description", "")
            extra = extra.type
        low = _bound(extra, "ge", "gt")
        high = _bound(extra, "le", "lt")
        kinds: dict[type, FieldKind] = {bool: "bool", int: "int", float: "float", str: "str"}
        found.append(
            Field(
                field.name,
                title,
                kinds[type(field.default)],
                field.default,
                help,
                low,
                high,
                (getattr(extra, "gt", None) is not None, getattr(extra, "lt", None) is not None),
            )
        )
    return found


def _bound(described: Any, closed: str, opened: str) -> float | None:
    value = getattr(described, closed, None)
    return value if value is not None else getattr(described, opened, None)

"""Label values from outside, fitted to the kinds that the scheme has: `"yes"` for a boolean, one value for a list."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from tui_annotate.domain.annotations import Annotations, LabelContent, LabelValue
from tui_annotate.domain.interchange import ExchangedDocument, ExchangedVersion, Problem
from tui_annotate.domain.scheme import DocumentLabel
from tui_annotate.domain.wording import counted

_WORDS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


@dataclass(slots=True)
class _Met:
    """Values of one label that were read as another kind."""

    where: str
    first: LabelContent
    as_: LabelContent
    kind: str
    count: int = 0


class Converted:
    """Counts the values that were read as what their label has, to be told once a label, not once a value."""

    def __init__(self) -> None:
        self._met: dict[str, _Met] = {}

    def add(self, where: str, label: DocumentLabel, value: LabelContent, new: LabelContent) -> None:
        """Count a value."""
        met = self._met.setdefault(label.name, _Met(where, value, new, label.kind))
        met.count += 1

    def problems(self) -> Iterator[Problem]:
        """Yield what was met since this was asked last, a line a label."""
        for name, met in self._met.items():
            if isinstance(met.as_, tuple):
                values = counted(met.count, "single values")
                reason = f"lists of one, since the label is {met.kind}: first {shown(met.first)}"
            else:
                values = counted(met.count, "values")
                reason = f"what a {met.kind} label has: first {shown(met.first)} as {shown(met.as_)}"
            are = "is" if met.count == 1 else "are"
            severity: Literal["noted", "repaired"] = "noted" if isinstance(met.as_, tuple) else "repaired"
            yield Problem(severity, met.where, name, f"{values} {are} read as {reason}")
        self._met = {}


def shown(value: LabelContent) -> str:
    """Return a value as reports say it."""
    if isinstance(value, bool):
        return str(value).lower()
    return ", ".join(map(repr, value)) if isinstance(value, tuple) else repr(value)


def fitted(
    document: ExchangedDocument, labels: Mapping[str, DocumentLabel], converted: Converted | None = None
) -> tuple[ExchangedDocument, list[Problem]]:
    """Return the document with label values of the right kinds; a value that cannot be one is left out and reported.

    Args:
        converted: Counts those that were read as another kind; without it each is reported.
    """
    problems: list[Problem] = []
    met = converted or Converted()
    versions = tuple(_version(version, labels, document.where, problems, met) for version in document.versions)
    if converted is None:
        problems += met.problems()
    if all(new is old for new, old in zip(versions, document.versions, strict=True)):
        return document, []
    return replace(document, versions=versions), problems


def _version(
    version: ExchangedVersion,
    labels: Mapping[str, DocumentLabel],
    where: str,
    problems: list[Problem],
    converted: Converted,
) -> ExchangedVersion:
    changed: dict[str, LabelValue | None] = {}
    for value in version.annotations.labels.values():
        label = labels.get(value.name)
        if label is None or _fits(value.value, label):
            continue
        new = _converted(value.value, label)
        changed[value.name] = None if new is None else replace(value, value=new)
        if new is None:
            reason = f"{shown(value.value)} is no value of a {label.kind} label; left out"
            problems.append(Problem("refused", where, value.name, reason))
        else:
            converted.add(where, label, value.value, new)
    if not changed:
        return version
    held = version.annotations
    kept = {name: changed.get(name, value) for name, value in held.labels.items()}
    new_labels = {name: value for name, value in kept.items() if value is not None}
    # What lost something is not what was confirmed.
    confirmed = version.confirmed and len(new_labels) == len(held.labels)
    annotations = Annotations(held.entities, new_labels, held.relations, held.extra)
    return replace(version, annotations=annotations, confirmed=confirmed)


def _fits(value: LabelContent, label: DocumentLabel) -> bool:
    if label.kind == "boolean":
        return isinstance(value, bool)
    if label.kind == "choices":
        return isinstance(value, tuple)
    if label.kind == "choice":
        return isinstance(value, str)
    return not isinstance(value, tuple)


def _converted(value: LabelContent, label: DocumentLabel) -> LabelContent | None:
    """Return the value as one of the label's kind; None when it cannot be."""
    if isinstance(value, tuple):
        return value[0] if label.kind != "boolean" and len(value) == 1 else None
    said = str(value).lower() if isinstance(value, bool) else str(value)
    if label.kind == "boolean":
        return _WORDS.get(said.strip().casefold())
    return (said,) if label.kind == "choices" else said

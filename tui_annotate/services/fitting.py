"""Label values from outside, fitted to the kinds that the scheme has: `"yes"` for a boolean, one value for a list."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from tui_annotate.domain.annotations import Annotations, LabelContent, LabelValue
from tui_annotate.domain.interchange import ExchangedDocument, ExchangedVersion, Problem
from tui_annotate.domain.scheme import DocumentLabel

_WORDS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


def fitted(document: ExchangedDocument, labels: Mapping[str, DocumentLabel]) -> tuple[ExchangedDocument, list[Problem]]:
    """Return the document with label values of the right kinds; a value that cannot be one is left out and reported."""
    problems: list[Problem] = []
    versions = tuple(_version(version, labels, document.where, problems) for version in document.versions)
    if all(new is old for new, old in zip(versions, document.versions, strict=True)):
        return document, []
    return replace(document, versions=versions), problems


def _version(
    version: ExchangedVersion, labels: Mapping[str, DocumentLabel], where: str, problems: list[Problem]
) -> ExchangedVersion:
    changed: dict[str, LabelValue | None] = {}
    for value in version.annotations.labels.values():
        label = labels.get(value.name)
        if label is None or _fits(value.value, label):
            continue
        new = _converted(value.value, label)
        changed[value.name] = None if new is None else replace(value, value=new)
        if new is None:
            reason = f"{value.value!r} is no value of a {label.kind} label; left out"
            problems.append(Problem("refused", where, value.name, reason))
        else:
            reason = f"{value.value!r} is read as {new!r}, since the label is {label.kind}"
            problems.append(Problem("repaired", where, value.name, reason))
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

"""Writing JSON lines: one row per document, only what is not the default."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, BinaryIO

import msgspec

from tui_annotate.domain.annotations import Annotations, Entity, LabelValue
from tui_annotate.domain.documents import Document
from tui_annotate.domain.interchange import MASTER, ExchangedDocument, ExchangedVersion, Problem
from tui_annotate.formats.base import WriteOptions, chosen_version
from tui_annotate.formats.reducing import part_starts

KNOWN = frozenset(("id", "text", "spans", "label", "labels", "confirmed", "tokens", "tags", "annotator", "relations"))
KNOWN |= {"parts", "name", "folder", "language", "document_tags", "version_extra"}
"""What a row says that is read; all else is kept, and never taken for one of these."""

_encode = msgspec.json.Encoder().encode


def write(documents: Iterable[ExchangedDocument], stream: BinaryIO, options: WriteOptions) -> Iterator[Problem]:
    """Write a row per document with one of its versions; say which documents had more."""
    for exchanged in documents:
        index = chosen_version(exchanged, options)
        version = None if index is None else exchanged.versions[index]
        stream.write(_encode(row(exchanged, version)))
        stream.write(b"\n")
        if len(exchanged.versions) > 1 and version is not None:
            others = ", ".join(v.annotator for v in exchanged.versions if v is not version)
            yield Problem("noted", exchanged.document.key, "", f"a row holds one version: left out those of {others}")


def row(exchanged: ExchangedDocument, version: ExchangedVersion | None) -> dict[str, Any]:
    """Return the row of a document."""
    document = exchanged.document
    starts = part_starts(document)
    made: dict[str, Any] = {"id": document.key, "text": document.text} | about(document, starts)
    if version is not None:
        _add_version(made, version, starts)
    return made | {key: value for key, value in exchanged.extra.items() if key not in made and key not in KNOWN}


def _add_version(made: dict[str, Any], version: ExchangedVersion, starts: dict[str, int]) -> None:
    annotations = version.annotations
    made["spans"] = [_span(entity, starts) for entity in annotations.entities.values()]
    if annotations.labels:
        made.update(_labels(annotations))
    if annotations.relations:
        position = {number: index for index, number in enumerate(annotations.entities, 1)}
        made["relations"] = [
            {"label": r.type, "from": position[r.ends[0]], "to": position[r.ends[1]]}
            | ({"directed": True} if r.directed else {})
            | made_by(r.who, r.prob, r.state)
            | dict(r.extra)
            for r in annotations.relations.values()
        ]
    if version.confirmed is not None:
        made["confirmed"] = version.confirmed
    if version.annotator != MASTER:
        made["annotator"] = version.annotator
    if annotations.extra:
        made["version_extra"] = annotations.extra


def about(document: Document, starts: dict[str, int]) -> dict[str, Any]:
    """Return what a row says about its document besides id and text."""
    made: dict[str, Any] = {}
    if len(document.parts) != 1 or document.parts[0].id != "s1v1":
        made["parts"] = [[p.id, starts[p.id], starts[p.id] + len(p.text)] for p in document.parts]
    for field, value in (("name", document.name), ("folder", document.folder), ("language", document.language)):
        if value:
            made[field] = value
    if document.tags:
        made["document_tags"] = list(document.tags)
    return made


def _span(entity: Entity, starts: dict[str, int]) -> dict[str, Any]:
    hull = entity.span
    offset = starts[hull.part]
    made: dict[str, Any] = {"start": hull.start + offset, "end": hull.end + offset, "label": entity.type}
    if len(entity.spans) > 1:
        made["fragments"] = [[span.start + offset, span.end + offset] for span in entity.spans]
    if entity.attributes:
        made["attributes"] = dict(entity.attributes)
    return made | made_by(entity.who, entity.prob, entity.state) | dict(entity.extra)


def made_by(who: tuple[str, ...], prob: float, state: str) -> dict[str, Any]:
    """Return who made an annotation and how sure they were, where that is not the default."""
    made: dict[str, Any] = {}
    if prob != 1.0:
        made["prob"] = prob
    if who:
        made["who"] = list(who)
    if state != "pre-added":
        made["state"] = state
    return made


def _labels(annotations: Annotations) -> dict[str, Any]:
    """Return `label`, `labels` as a list, or `labels` as an object: the plainest that says the same."""
    values = list(annotations.labels.values())
    plain = all(label.prob == 1.0 and not label.who and not label.extra for label in values)
    if len(values) == 1 and plain and values[0].state == "pre-added":
        value = values[0].value
        if values[0].name == "label" and not isinstance(value, tuple):
            return {"label": value}
        if values[0].name == "labels" and isinstance(value, tuple):
            return {"labels": list(value)}
    return {"labels": {label.name: label_row(label) for label in values}}


def label_row(label: LabelValue) -> Any:
    """Return a label's value, with what is known besides when that is not the default."""
    value = list(label.value) if isinstance(label.value, tuple) else label.value
    more = made_by(label.who, label.prob, label.state) | dict(label.extra)
    return {"value": value} | more if more else value

"""What is left of a document in a format that has no room for all of it.

A writer that begins with this, and a meaning made of it, agree on what the format holds.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import replace

from tui_annotate.domain.annotations import Annotations, Entity, LabelValue, Relation
from tui_annotate.domain.documents import Document, Part
from tui_annotate.domain.interchange import MASTER, ExchangedDocument, ExchangedVersion
from tui_annotate.domain.spans import Span
from tui_annotate.formats.base import Feature, WriteOptions, chosen_version

JOINED = "s1v1"
"""Id of the one part of a document whose parts are joined."""


def reduced(exchanged: ExchangedDocument, holds: frozenset[Feature], options: WriteOptions) -> ExchangedDocument:
    """Return a document without what a format has no room for, and without what is anndoc's alone.

    Parts that cannot be told apart become one text, a newline between them. Entities that lie over each other give
    way to the longest. A version that then says nothing is none. Unknown keys, sources and anndoc's states of
    confidence are left out.
    """
    document = exchanged.document
    starts = {} if "parts" in holds else part_starts(document)
    index = chosen_version(exchanged, options)
    chosen = exchanged.versions if "versions" in holds else () if index is None else (exchanged.versions[index],)
    versions = (_version(version, document, starts, holds) for version in chosen)
    return ExchangedDocument(
        _document(document, holds), tuple(v for v in versions if says_something(v)), exchanged.where
    )


def part_starts(document: Document) -> dict[str, int]:
    """Return where each part begins in the document's text."""
    starts, at = {}, 0
    for part in document.parts:
        starts[part.id] = at
        at += len(part.text) + 1
    return starts


def placed(document: Document, start: int, end: int) -> Span | None:
    """Return a stretch of the document's text as a span of one of its parts; None where it crosses their borders."""
    at = 0
    for part in document.parts:
        if at <= start < end <= at + len(part.text):
            return Span(part.id, start - at, end - at)
        at += len(part.text) + 1
    return None


def apart(entities: Mapping[int, Entity], document: Document) -> dict[int, Entity]:
    """Return those entities that do not lie over each other: the longest, of equal ones the first in the text."""
    taken: dict[str, list[tuple[int, int]]] = {}
    kept: set[int] = set()
    for number, entity in sorted(entities.items(), key=lambda one: _rank(one[1], document)):
        hull = entity.span
        spans = taken.setdefault(hull.part, [])
        # Those taken lie side by side, so only the neighbours can be in the way.
        at = bisect_left(spans, (hull.start, hull.end))
        if (at and spans[at - 1][1] > hull.start) or (at < len(spans) and spans[at][0] < hull.end):
            continue
        spans.insert(at, (hull.start, hull.end))
        kept.add(number)
    return {number: entity for number, entity in entities.items() if number in kept}


def _rank(entity: Entity, document: Document) -> tuple[int, tuple[int, int, int], str]:
    return entity.span.start - entity.span.end, document.order(entity.span), entity.type


def _document(document: Document, holds: frozenset[Feature]) -> Document:
    return Document(
        document.key if "ids" in holds else "",
        document.parts if "parts" in holds else (Part(JOINED, document.text),),
        document.name if "names" in holds else "",
        document.folder if "folders" in holds else "",
        document.language if "language" in holds else "",
        document.tags if "tags" in holds else (),
    )


def _version(
    version: ExchangedVersion, document: Document, starts: Mapping[str, int], holds: frozenset[Feature]
) -> ExchangedVersion:
    held = version.annotations
    entities: dict[int, Entity] = {}
    if "entities" in holds:
        found = held.entities if "overlaps" in holds else apart(held.entities, document)
        entities = {number: _entity(entity, starts, holds) for number, entity in found.items()}
    labels = {name: _label(label, holds) for name, label in held.labels.items()} if "labels" in holds else {}
    relations = {
        number: _relation(relation, holds)
        for number, relation in held.relations.items()
        if "relations" in holds and entities.keys() >= set(relation.ends)
    }
    return ExchangedVersion(
        Annotations(entities, labels, relations),
        version.confirmed if "states" in holds else None,
        version.annotator if "authors" in holds or "versions" in holds else MASTER,
    )


def _entity(entity: Entity, starts: Mapping[str, int], holds: frozenset[Feature]) -> Entity:
    spans = entity.spans if "fragments" in holds else (entity.span,)
    if starts:
        offset = starts[spans[0].part]
        spans = tuple(Span(JOINED, span.start + offset, span.end + offset) for span in spans)
    return replace(
        entity,
        spans=spans,
        who=entity.who if "authors" in holds else (),
        prob=entity.prob if "probabilities" in holds else 1.0,
        state="pre-added",
        attributes=entity.attributes if "attributes" in holds else {},
        extra={},
    )


def _label(label: LabelValue, holds: frozenset[Feature]) -> LabelValue:
    return replace(
        label,
        who=label.who if "authors" in holds else (),
        prob=label.prob if "probabilities" in holds else 1.0,
        state="pre-added",
        extra={},
    )


def _relation(relation: Relation, holds: frozenset[Feature]) -> Relation:
    return replace(
        relation,
        who=relation.who if "authors" in holds else (),
        prob=relation.prob if "probabilities" in holds else 1.0,
        state="pre-added",
        extra={},
    )


def says_something(version: ExchangedVersion) -> bool:
    """Say whether a version holds anything, or at least a state."""
    held = version.annotations
    return bool(held.entities or held.labels or held.relations) or version.confirmed is not None

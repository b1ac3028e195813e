"""Writing doccano's JSONL as its newest generation imports it, in the shape that the scheme asks for.

Spans alone are `label` triples, categories alone `label` strings, both `entities` and `cats`; relations
make entities objects with ids. What doccano has no field for stands in columns of our own, which it keeps as meta.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, BinaryIO

import msgspec

from tui_annotate.domain.annotations import Annotations, Entity
from tui_annotate.domain.interchange import ExchangedDocument, Problem
from tui_annotate.domain.scheme import Scheme
from tui_annotate.formats import categories
from tui_annotate.formats.base import WriteOptions, chosen_version
from tui_annotate.formats.jsonl.write import about
from tui_annotate.formats.kept import of, without_tools
from tui_annotate.formats.offset_evidence import covered
from tui_annotate.formats.reducing import part_starts

_encode = msgspec.json.Encoder().encode


def write(documents: Iterable[ExchangedDocument], stream: BinaryIO, options: WriteOptions) -> Iterator[Problem]:
    """Write a row per document with one of its versions."""
    ids = 0
    for exchanged in documents:
        made, ids = row(exchanged, options, ids)
        stream.write(_encode(made))
        stream.write(b"\n")
    yield from ()


def row(exchanged: ExchangedDocument, options: WriteOptions, ids: int) -> tuple[dict[str, Any], int]:
    """Return the row of a document, and the last id that was given.

    Args:
        ids: The last id given before; doccano's are numbers, and differ over the whole file.
    """
    document = exchanged.document
    starts = part_starts(document)
    key = document.key
    made: dict[str, Any] = {"id": int(key) if _is_number(key) else key, "text": document.text}
    index = chosen_version(exchanged, options)
    if index is not None:
        version = exchanged.versions[index]
        held = version.annotations
        ids = _add(made, held, starts, options.scheme, ids)
        triples = [_triple(entity, starts) for entity in held.entities.values()]
        made |= covered(document.text, [(start, end) for start, end, _ in triples])
        if version.confirmed is not None:
            made["confirmed"] = version.confirmed
    made["Comments"] = of(exchanged.extra, "doccano").get("Comments", [])
    made |= about(document, starts)
    return made | {name: value for name, value in without_tools(exchanged.extra).items() if name not in made}, ids


def _is_number(key: str) -> bool:
    return key.isascii() and key.isdecimal() and len(key) < 16 and str(int(key)) == key


def _add(made: dict[str, Any], held: Annotations, starts: dict[str, int], scheme: Scheme, ids: int) -> int:
    with_relations = bool(scheme.relations or held.relations)
    with_spans = bool(scheme.entities or held.entities)
    with_labels = bool(scheme.labels or held.labels)
    chosen = categories.of_labels(held.labels, scheme)
    has_state = any(entity.state != "pre-added" for entity in held.entities.values())
    if with_relations or has_state:
        numbers = {number: at for at, number in enumerate(held.entities, ids + 1)}
        ids += len(numbers)
        made["entities"] = [_object(entity, numbers[n], starts) for n, entity in held.entities.items()]
        made["relations"] = [
            {"id": at, "from_id": numbers[one.ends[0]], "to_id": numbers[one.ends[1]], "type": one.type}
            | ({} if one.directed else {"directed": False})
            | ({} if one.state == "pre-added" else {"state": one.state})
            | {key: value for key, value in without_tools(one.extra).items() if key != "id"}
            for at, one in enumerate(held.relations.values(), ids + 1)
        ]
        ids += len(held.relations)
    elif with_spans:
        made["entities" if with_labels else "label"] = [_triple(entity, starts) for entity in held.entities.values()]
    if with_labels:
        made["cats" if "entities" in made else "label"] = chosen
        made |= categories.columns(held.labels, chosen)
    return ids


def _triple(entity: Entity, starts: dict[str, int]) -> list[Any]:
    offset = starts[entity.span.part]
    return [entity.span.start + offset, entity.span.end + offset, entity.type]


def _object(entity: Entity, id: int, starts: dict[str, int]) -> dict[str, Any]:
    start, end, label = _triple(entity, starts)
    made: dict[str, Any] = {"id": id, "label": label, "start_offset": start, "end_offset": end}
    if entity.state != "pre-added":
        made["state"] = entity.state
    return made

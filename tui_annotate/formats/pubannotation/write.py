"""Writing PubAnnotation's JSON: an array of texts with denotations; versions besides the agreed one are tracks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, BinaryIO

import msgspec

from tui_annotate.domain.annotations import Annotations, Entity
from tui_annotate.domain.documents import Document
from tui_annotate.domain.interchange import MASTER, ExchangedDocument, Problem
from tui_annotate.formats.base import WriteOptions
from tui_annotate.formats.kept import of
from tui_annotate.formats.offset_evidence import covered
from tui_annotate.formats.reducing import part_starts

OURS = "@tui-annotate"
"""The database that texts come from which PubAnnotation did not name; such names begin with an at sign there."""
_encode = msgspec.json.Encoder().encode


def write(documents: Iterable[ExchangedDocument], stream: BinaryIO, options: WriteOptions) -> Iterator[Problem]:
    """Write an array with an object a line."""
    stream.write(b"[")
    for at, exchanged in enumerate(documents):
        stream.write(b",\n" if at else b"\n")
        stream.write(_encode(_object(exchanged)))
    stream.write(b"\n]\n")
    yield from ()


def _object(exchanged: ExchangedDocument) -> dict[str, Any]:
    document, kept = exchanged.document, of(exchanged.extra, "pubannotation")
    made: dict[str, Any] = {"text": document.text}
    if "sourceid" not in kept:
        made |= {"sourcedb": OURS, "sourceid": document.key}
    made |= {key: value for key, value in kept.items() if key not in made}
    named = [version for version in exchanged.versions if version.annotator != MASTER]
    spans: list[tuple[int, int]] = []
    for version in exchanged.versions:
        if version.annotator == MASTER:
            made |= _groups(document, version.annotations, spans)
    if named:
        made["tracks"] = [
            {"project": version.annotator} | _groups(document, version.annotations, spans) for version in named
        ]
    return made | covered(document.text, spans)


def _groups(document: Document, held: Annotations, spans: list[tuple[int, int]]) -> dict[str, Any]:
    """Return the groups of one track, and add their offsets to `spans` in the order they stand in."""
    starts = part_starts(document)
    ids = _ids(held)
    made: dict[str, list[Any]] = {"denotations": []}
    ordered = sorted(
        held.entities.values(), key=lambda entity: of(entity.extra, "pubannotation").get("group") == "blocks"
    )
    attributes: list[Any] = []
    for entity in ordered:
        kept = of(entity.extra, "pubannotation")
        offset = starts[entity.span.part]
        pieces = [(span.start + offset, span.end + offset) for span in entity.spans]
        spans += pieces
        found = [{"begin": begin, "end": end} for begin, end in pieces]
        row: dict[str, Any] = {"id": ids[entity.number], "span": found[0] if len(found) == 1 else found}
        row["obj"] = entity.type
        row |= {key: value for key, value in kept.items() if key not in ("id", "group")}
        made.setdefault("blocks" if kept.get("group") == "blocks" else "denotations", []).append(row)
        attributes += [
            {"id": f"A{len(attributes) + at}", "subj": row["id"], "pred": name, "obj": value}
            for at, (name, value) in enumerate(entity.attributes.items(), 1)
        ]
    if held.relations:
        made["relations"] = [
            {"id": f"R{at}", "subj": ids[one.ends[0]], "pred": one.type, "obj": ids[one.ends[1]]}
            | ({} if one.directed else {"directed": False})
            | dict(of(one.extra, "pubannotation"))
            for at, one in enumerate(held.relations.values(), 1)
        ]
    if attributes:
        made["attributes"] = attributes
    beside = of(held.extra, "pubannotation").get("beside")
    for group, rows in beside.items() if isinstance(beside, dict) else ():
        made[group] = made.get(group, []) + (rows if isinstance(rows, list) else [])
    rest = {key: value for key, value in of(held.extra, "pubannotation").items() if key not in ("beside", *made)}
    return made | rest


def _ids(held: Annotations) -> dict[int, str]:
    """Return an id for each entity: its own where it came with one that no other has."""
    ids: dict[int, str] = {}
    taken: set[str] = set()
    for number, entity in held.entities.items():
        id = _given_id(entity)
        if not id or id in taken:
            id = f"T{number}"
            while id in taken:
                id += "-"
        taken.add(id)
        ids[number] = id
    return ids


def _given_id(entity: Entity) -> str:
    given = of(entity.extra, "pubannotation").get("id")
    return given if isinstance(given, str) else ""

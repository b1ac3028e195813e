"""UIMA XMI written: a file per document in the types of DKPro and INCEpTION, with their type system."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any

from tui_annotate.domain.interchange import ExchangedDocument, Problem
from tui_annotate.formats import plain_values
from tui_annotate.formats.base import Feature, Put, WriteOptions
from tui_annotate.formats.meaning import plain
from tui_annotate.formats.safety import Names, safe_path
from tui_annotate.formats.units import from_points
from tui_annotate.formats.xmi.types import DOCUMENT_LABEL, METADATA, NER, RELATION, FeatureNames, written
from tui_annotate.formats.xml_events import attribute, fit, unfit

HOLDS: frozenset[Feature] = frozenset(
    ("entities", "overlaps", "attributes", "labels", "relations", "ids", "names", "language")
)
TYPE_SYSTEM = "TypeSystem.xml"
UNSPECIFIED = "x-unspecified"
_SPACES = {type: f"p{number}" for number, type in enumerate((METADATA, NER, RELATION), 1)}
_SPACES[DOCUMENT_LABEL] = _SPACES[RELATION]


def space(type: str) -> str:
    """Return the namespace of a type's package."""
    return f"http:///{type.rpartition('.')[0].replace('.', '/')}.ecore"


_NAMESPACES = "".join(f'\n  xmlns:{prefix}="{space(type)}"' for type, prefix in _SPACES.items() if type != RELATION)
_HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<xmi:XMI xmlns:xmi="http://www.omg.org/XMI" '
    f'xmlns:cas="http:///uima/cas.ecore"{_NAMESPACES}\n  xmi:version="2.0">\n<cas:NULL xmi:id="0"/>\n'
)


def write(documents: Iterable[ExchangedDocument], put: Put, options: WriteOptions) -> Iterator[Problem]:
    """Write a file per document, and the type system last, when all attributes are known."""
    names, features = Names(), FeatureNames()
    for exchanged in documents:
        key = exchanged.document.key
        lost = unfit(exchanged.document.text)
        if lost:
            reason = f"{lost} control characters, which XML cannot hold, are written as U+FFFD"
            yield Problem("noted", key, "text", reason)
        name = safe_path(key)
        name = name if PurePosixPath(name).suffix.lower() == ".xmi" else f"{name}.xmi"
        put(names.take(name, key), _file(prepared(exchanged, options), features).encode())
    put(TYPE_SYSTEM, written(features.by_attribute))


def prepared(exchanged: ExchangedDocument, options: WriteOptions) -> ExchangedDocument:
    """Return a document as it reads back."""
    return plain_values.reduced_to_strings(exchanged, HOLDS, options, fit=fit)


def meaning(exchanged: ExchangedDocument, options: WriteOptions) -> Any:
    """What is left of a document in XMI."""
    return plain(prepared(exchanged, options))


def counts_lost(exchanged: ExchangedDocument, options: WriteOptions) -> Mapping[str, int]:
    """Count what XML cannot hold."""
    return {"control characters, which XML cannot hold": unfit(exchanged.document.text)}


def _file(left: ExchangedDocument, features: FeatureNames) -> str:
    document, body = left.document, left.document.text
    rows: list[str] = []
    ids: dict[int, int] = {}

    def add(type: str, values: Mapping[str, str], place: tuple[int, int] | None = None) -> int:
        id = len(rows) + 2
        where = f' begin="{place[0]}" end="{place[1]}"' if place else ""
        more = "".join(f' {name}="{attribute(value)}"' for name, value in values.items())
        rows.append(f'<{_SPACES[type]}:{type.rpartition(".")[2]} xmi:id="{id}" sofa="1"{where}{more}/>\n')
        return id

    about = {"language": document.language or UNSPECIFIED, "documentId": document.key}
    about |= {"documentTitle": document.name} if document.name else {}
    add(METADATA, about, (0, from_points(body, len(body), "UTF-16")))
    for version in left.versions:
        held = version.annotations
        places = {}
        for number, entity in held.entities.items():
            span = entity.span
            places[number] = (from_points(body, span.start, "UTF-16"), from_points(body, span.end, "UTF-16"))
            values = {features.of(name): plain_values.written(value) for name, value in entity.attributes.items()}
            ids[number] = add(NER, {"value": entity.type, **values}, places[number])
        for relation in held.relations.values():
            ends = {"Governor": str(ids[relation.ends[0]]), "Dependent": str(ids[relation.ends[1]])}
            directed = plain_values.written(relation.directed)
            add(RELATION, {**ends, "label": relation.type, "directed": directed}, places[relation.ends[1]])
        for label in held.labels.values():
            for value in label.value if isinstance(label.value, tuple) else (plain_values.written(label.value),):
                add(DOCUMENT_LABEL, {"name": label.name, "value": value})
    members = " ".join(str(id) for id in range(2, len(rows) + 2))
    return (
        f"{_HEAD}{''.join(rows)}"
        f'<cas:Sofa xmi:id="1" sofaNum="1" sofaID="_InitialView" mimeType="text" sofaString="{attribute(body)}"/>\n'
        f'<cas:View sofa="1" members="{members}"/>\n</xmi:XMI>\n'
    )

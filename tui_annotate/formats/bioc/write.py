"""What is left of a document in BioC, and how it is written there."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from tui_annotate.domain.annotations import Annotations, Entity, Relation
from tui_annotate.domain.interchange import MASTER, ExchangedDocument, ExchangedVersion
from tui_annotate.formats import plain_values
from tui_annotate.formats.base import Meaning, WriteOptions, chosen_version
from tui_annotate.formats.bioc.format import HOLDS, LABEL, LABELS, OWN, objects, prefixed
from tui_annotate.formats.meaning import plain


def prepared(
    exchanged: ExchangedDocument, options: WriteOptions, *, fit: Callable[[str], str] = str
) -> ExchangedDocument:
    """Return a document as it reads back: strings for values, no author or probability of a document label."""
    left = plain_values.reduced_to_strings(exchanged, HOLDS, options, fit=fit)
    return replace(left, versions=tuple(_prepared(version) for version in left.versions))


def _prepared(version: ExchangedVersion) -> ExchangedVersion:
    held = version.annotations
    entities = {
        number: replace(
            entity,
            who=prefixed(entity.who),
            attributes={name: value for name, value in entity.attributes.items() if name not in OWN},
        )
        for number, entity in held.entities.items()
    }
    labels = {name: replace(one, who=(), prob=1.0) for name, one in held.labels.items()}
    relations = {number: replace(one, who=prefixed(one.who)) for number, one in held.relations.items()}
    return replace(version, annotations=Annotations(entities, labels, relations))


def meaning(fit: Callable[[str], str] = str) -> Meaning:
    """Return the meaning of documents in BioC."""

    def of(exchanged: ExchangedDocument, options: WriteOptions) -> Any:
        return plain(prepared(exchanged, options, fit=fit))

    return of


def counts_lost(exchanged: ExchangedDocument, options: WriteOptions) -> Mapping[str, int]:
    """Count what is lost of document labels and of attributes that are called like an infon of ours."""
    index = chosen_version(exchanged, options)
    if index is None:
        return {}
    held = exchanged.versions[index].annotations
    return {
        "probabilities of document labels": sum(one.prob != 1.0 for one in held.labels.values()),
        "authors of document labels": sum(bool(one.who) for one in held.labels.values()),
        f"attributes called {', '.join(sorted(OWN))}": sum(
            name in OWN for entity in held.entities.values() for name in entity.attributes
        ),
    }


def written(exchanged: ExchangedDocument, kept: Mapping[str, Any]) -> dict[str, Any]:
    """Return a document, reduced to what BioC holds, as BioC JSON has it.

    Args:
        kept: What its reader kept of a BioC document: infons and relations that mean nothing here.
    """
    document = exchanged.document
    version = exchanged.versions[0] if exchanged.versions else None
    held = version.annotations if version else Annotations()
    infons: dict[str, Any] = dict(kept.get("bioc_infons") or {})
    if version is not None:
        if version.confirmed is not None:
            infons["confirmed"] = plain_values.written(version.confirmed)
        if version.annotator != MASTER:
            infons["annotator"] = version.annotator
    for one in held.labels.values():
        if isinstance(one.value, tuple):
            infons[LABELS + one.name] = list(one.value)
        else:
            infons[LABEL + one.name] = plain_values.written(one.value)
    passages, at = [], 0
    for part in document.parts:
        entities = [(number, entity) for number, entity in held.entities.items() if entity.span.part == part.id]
        kind = "title" if re.search(r"h\d+$", part.id) else "paragraph"
        passages.append(
            {
                "infons": {"type": kind, "part": part.id},
                "offset": at,
                "text": part.text,
                "sentences": [],
                "annotations": [_annotation(number, entity, part.text, at) for number, entity in entities],
                "relations": [],
            }
        )
        at += len(part.text) + 1
    relations = [_relation(number, relation) for number, relation in held.relations.items()]
    relations += objects(kept.get("bioc_relations"))
    return {
        "id": document.key,
        "infons": infons,
        "passages": passages,
        "annotations": [],
        "relations": relations,
    }


def _annotation(number: int, entity: Entity, text: str, at: int) -> dict[str, Any]:
    infons: dict[str, Any] = {name: plain_values.written(value) for name, value in entity.attributes.items()}
    return {
        "id": f"T{number}",
        "infons": {name: value for name, value in infons.items() if name not in OWN}
        | {"type": entity.type}
        | _made_by(entity.who, entity.prob),
        "text": " ".join(text[span.start : span.end] for span in entity.spans),
        "locations": [{"offset": span.start + at, "length": span.end - span.start} for span in entity.spans],
    }


def _relation(number: int, relation: Relation) -> dict[str, Any]:
    infons: dict[str, Any] = {"type": relation.type, **_made_by(relation.who, relation.prob)}
    if relation.directed:
        infons["directed"] = "true"
    roles = ("source", "target") if relation.directed else ("", "")
    nodes = [{"refid": f"T{end}", "role": role} for end, role in zip(relation.ends, roles, strict=True)]
    return {"id": f"R{number}", "infons": infons, "nodes": nodes}


def _made_by(who: Sequence[str], prob: float) -> dict[str, Any]:
    made: dict[str, Any] = {}
    if who:
        made["annotator"] = list(who) if len(who) > 1 else who[0]
    if prob != 1.0:
        made["prob"] = repr(prob)
    return made

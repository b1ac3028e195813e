"""Writing Prodigy's JSONL: a row per document and version, with tokens where there are spans, and with hashes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, BinaryIO

import msgspec

from tui_annotate.domain.annotations import Annotations, Entity, LabelValue, Relation
from tui_annotate.domain.documents import Document
from tui_annotate.domain.interchange import MASTER, ExchangedDocument, ExchangedVersion, Problem
from tui_annotate.domain.scheme import Scheme
from tui_annotate.domain.tokens import tokenize
from tui_annotate.formats import categories
from tui_annotate.formats.base import WriteOptions
from tui_annotate.formats.jsonl.write import about, made_by
from tui_annotate.formats.kept import of, without_tools
from tui_annotate.formats.prodigy.hashes import input_hash, task_hash
from tui_annotate.formats.reducing import part_starts

_ANSWERS = {True: "accept", False: "ignore"}
BINARY_VIEWS = ("classification", "ner", "spans")
"""Views that ask about one label or one span."""
_NOT_WRITTEN = frozenset(("rejected", "options", "_session_id", "_annotator_id", "_task_hash"))
_encode = msgspec.json.Encoder().encode


def write(documents: Iterable[ExchangedDocument], stream: BinaryIO, options: WriteOptions) -> Iterator[Problem]:
    """Write a row per version, or one for a document without any."""
    for exchanged in documents:
        for version in exchanged.versions or (None,):
            stream.write(_encode(row(exchanged, version, options.scheme)))
            stream.write(b"\n")
    yield from ()


def row(exchanged: ExchangedDocument, version: ExchangedVersion | None, scheme: Scheme) -> dict[str, Any]:
    """Return the row of one version."""
    document = exchanged.document
    made: dict[str, Any] = {"text": document.text, "id": document.key}
    about_it = of(exchanged.extra, "prodigy")
    if "meta" in about_it:
        made["meta"] = about_it["meta"]
    kept_hash = about_it.get("_input_hash")
    made["_input_hash"] = kept_hash if type(kept_hash) is int else input_hash(document.text)
    question: dict[str, Any] = {}
    kept: Mapping[str, Any] = {}
    if version is not None:
        kept = of(version.annotations.extra, "prodigy")
        question = _add_version(made, document, version, scheme, kept)
    given = kept.get("_task_hash", about_it.get("_task_hash"))
    made["_task_hash"] = given if type(given) is int else task_hash(made["_input_hash"], document.text, question)
    if version is not None:
        _add_answer(made, version, kept)
    made |= about(document, part_starts(document))
    rest = {**without_tools(exchanged.extra), **about_it}
    return made | {key: value for key, value in rest.items() if key not in made}


def _add_version(
    made: dict[str, Any], document: Document, version: ExchangedVersion, scheme: Scheme, kept: Mapping[str, Any]
) -> dict[str, Any]:
    """Add what a version holds; return the part of it that is the question, for its hash."""
    held = version.annotations
    if held.entities:
        made |= _Spans(document, held).columns()
    elif scheme.entities or not held.labels:
        made["spans"] = []
    if not held.labels:
        return {}
    asked = _single_boolean(version)
    if asked is not None:
        made |= {"label": asked.name} | categories.columns(held.labels, [])
        return {"label": asked.name}
    accept = categories.of_labels(held.labels, scheme)
    booleans = [label.name for label in held.labels.values() if isinstance(label.value, bool)]
    options = _options([*booleans, *accept], scheme, kept)
    made |= {"options": options, "accept": accept} | categories.columns(held.labels, accept)
    return {"options": options}


def _is_empty(held: Annotations) -> bool:
    return not (held.entities or held.labels or held.relations)


def _single_boolean(version: ExchangedVersion) -> LabelValue | None:
    """Return the label of a version that Prodigy would ask as a yes-or-no question: nothing but one boolean."""
    held = version.annotations
    if held.entities or len(held.labels) != 1 or version.confirmed is not True:
        return None
    (label,) = held.labels.values()
    return label if isinstance(label.value, bool) else None


def _options(met: list[str], scheme: Scheme, kept: Mapping[str, Any]) -> list[Any]:
    given = kept.get("options")
    options = list(given) if isinstance(given, list) else []
    known = {option.get("id") for option in options if isinstance(option, dict)}
    named = dict.fromkeys([*(() if options else categories.options_of(scheme)), *met])
    return options + [{"id": id, "text": id} for id in named if id not in known]


def _add_answer(made: dict[str, Any], version: ExchangedVersion, kept: Mapping[str, Any]) -> None:
    made |= {key: value for key, value in kept.items() if key not in _NOT_WRITTEN}
    if made.get("_is_binary") or made.get("_view_id") in BINARY_VIEWS:
        made["_is_binary"] = "label" in made
        if "label" not in made:
            made.pop("_view_id", None)
    if version.confirmed is not None:
        (label,) = version.annotations.labels.values() if "label" in made else (None,)
        made["answer"] = "reject" if label and label.value is False else _ANSWERS[version.confirmed]
    if version.confirmed is False and _is_empty(version.annotations) and isinstance(kept.get("rejected"), list):
        made |= {"spans": kept["rejected"], "answer": "reject"}
    if version.annotator != MASTER:
        made["_session_id"] = made["_annotator_id"] = version.annotator
    else:
        made |= {key: kept[key] for key in ("_session_id", "_annotator_id") if key in kept}


class _Spans:
    """The spans of one version with their tokens, and the relations between them."""

    def __init__(self, document: Document, held: Annotations) -> None:
        self._held = held
        self._starts = part_starts(document)
        text = document.text
        self._tokens: list[dict[str, Any]] = [
            {"text": t.text, "start": t.start, "end": t.end, "id": at, "ws": text[t.end : t.end + 1].isspace()}
            for at, t in enumerate(tokenize(text))
        ]
        self._begins = {token["start"]: token["id"] for token in self._tokens}
        self._ends = {token["end"]: token["id"] for token in self._tokens}

    def columns(self) -> dict[str, Any]:
        """Return `tokens`, `spans` and `relations`."""
        spans = {number: self._span(entity) for number, entity in self._held.entities.items()}
        made: dict[str, Any] = {"tokens": self._tokens, "spans": list(spans.values())}
        if self._held.relations:
            made["relations"] = [self._relation(one, spans) for one in self._held.relations.values()]
        return made

    def _span(self, entity: Entity) -> dict[str, Any]:
        hull, offset = entity.span, self._starts[entity.span.part]
        start, end = hull.start + offset, hull.end + offset
        made: dict[str, Any] = {"start": start, "end": end, "label": entity.type}
        if start in self._begins and end in self._ends:
            made |= {"token_start": self._begins[start], "token_end": self._ends[end]}
        if len(entity.spans) > 1:
            made["fragments"] = [[span.start + offset, span.end + offset] for span in entity.spans]
        if entity.attributes:
            made["attributes"] = dict(entity.attributes)
        return (
            made | _said(entity) | {key: value for key, value in without_tools(entity.extra).items() if key not in made}
        )

    def _relation(self, relation: Relation, spans: Mapping[int, dict[str, Any]]) -> dict[str, Any]:
        ends = [{key: value for key, value in spans[end].items() if key in _END} for end in relation.ends]
        made: dict[str, Any] = {
            "head": self._last_token(ends[0]),
            "child": self._last_token(ends[1]),
            "head_span": ends[0],
            "child_span": ends[1],
            "label": relation.type,
        }
        if not relation.directed:
            made["directed"] = False
        return (
            made
            | _said(relation)
            | {key: value for key, value in without_tools(relation.extra).items() if key not in made}
        )

    def _last_token(self, span: Mapping[str, Any]) -> int:
        """Return the token by which Prodigy names a span: its last one, or the last that begins before its end."""
        if "token_end" in span:
            return int(span["token_end"])
        before = [token["id"] for token in self._tokens if token["start"] < span["end"]]
        return before[-1] if before else 0


_END = frozenset(("start", "end", "label", "token_start", "token_end"))


def _said(thing: Entity | Relation) -> dict[str, Any]:
    said = made_by(thing.who, thing.prob, thing.state)
    if "prob" in said:
        said["score"] = said.pop("prob")
    return said

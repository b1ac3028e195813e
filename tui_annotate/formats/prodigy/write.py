"""Writing Prodigy's JSONL: a row per document and version, with tokens where there are spans, and with hashes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, BinaryIO

import msgspec

from tui_annotate.domain.annotations import Annotations, Entity, LabelValue, Relation
from tui_annotate.domain.interchange import MASTER, ExchangedDocument, ExchangedVersion, Problem
from tui_annotate.domain.scheme import Scheme
from tui_annotate.formats import categories
from tui_annotate.formats.base import WriteOptions
from tui_annotate.formats.jsonl.write import about, made_by
from tui_annotate.formats.kept import of, without_tools
from tui_annotate.formats.prodigy.hashes import input_hash, task_hash
from tui_annotate.formats.prodigy.tokens import fits, made_tokens
from tui_annotate.formats.reducing import part_starts

_ANSWERS = {True: "accept", False: "ignore"}
BINARY_VIEWS = ("classification", "ner", "spans")
"""Views that ask about one label or one span."""
_NOT_WRITTEN = frozenset(("rejected", "options", "accept", "_session_id", "_annotator_id", "_task_hash"))
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
        question = _add_version(made, exchanged, version, scheme, kept)
    given = kept.get("_task_hash", about_it.get("_task_hash"))
    made["_task_hash"] = given if type(given) is int else task_hash(made["_input_hash"], document.text, question)
    if version is not None:
        _add_answer(made, version, kept)
    made |= about(document, part_starts(document))
    rest = {**without_tools(exchanged.extra), **about_it}
    if not fits(rest.get("tokens"), document.text):
        rest.pop("tokens", None)
    return made | {key: value for key, value in rest.items() if key not in made}


def _add_version(
    made: dict[str, Any],
    exchanged: ExchangedDocument,
    version: ExchangedVersion,
    scheme: Scheme,
    kept: Mapping[str, Any],
) -> dict[str, Any]:
    """Add what a version holds; return the part of it that is the question, for its hash."""
    held, asked = version.annotations, _single_boolean(version)
    given = _given_options(kept)
    is_question = bool(kept) and bool(asked is not None or given)
    if held.entities:
        made |= _Spans(exchanged, held).columns()
    elif not is_question and (scheme.entities or not held.labels):
        made["spans"] = []
    if asked is not None and not given:
        made |= {"label": asked.name} | categories.columns(held.labels, [])
        return {"label": asked.name}
    if not held.labels:
        if given:
            made |= {"options": given} | ({} if version.confirmed is None else {"accept": []})
        return {}
    ids, names = _accepted(held, scheme, given, kept)
    booleans = [label.name for label in held.labels.values() if isinstance(label.value, bool)]
    options = _options([*booleans, *(id for id in ids if isinstance(id, str))], scheme, given)
    made |= {"options": options, "accept": ids} | categories.columns(held.labels, sorted(names))
    return {"options": options}


def _given_options(kept: Mapping[str, Any]) -> list[Any]:
    given = kept.get("options")
    return list(given) if isinstance(given, list) else []


def option_texts(options: Any) -> dict[int, str]:
    """Return what options say whose ids are mere numbers."""
    if type(options) is not list:
        return {}
    rows = [option for option in options if type(option) is dict and type(option.get("id")) is int]
    return {row["id"]: row["text"] for row in rows if type(row.get("text")) is str and row["text"].strip()}


def _accepted(
    held: Annotations, scheme: Scheme, given: list[Any], kept: Mapping[str, Any]
) -> tuple[list[Any], list[str]]:
    """Return the ids of the options that labels come to, and the names that these are read as.

    An option that came with the row is called as it was, though labels of its name may be several here.
    """
    texts = option_texts(given)
    known: dict[Any, Any] = {id: id for id in _ids(given)}
    known |= {text: id for id, text in reversed(texts.items())}
    ids: dict[Any, str] = {}
    for name in categories.of_labels(held.labels, scheme):
        label, equals, value = name.partition("=")
        bare = value if equals and label in held.labels else name
        id = known.get(name, known.get(bare, name))
        id = name if id in ids else id
        ids[id] = texts.get(id, str(id)) if isinstance(id, int) else id
    before = kept.get("accept")
    if isinstance(before, list) and sorted(map(repr, before)) == sorted(map(repr, ids)):
        return before, list(ids.values())
    return sorted(ids, key=str), list(ids.values())


def _is_empty(held: Annotations) -> bool:
    return not (held.entities or held.labels or held.relations)


def _single_boolean(version: ExchangedVersion) -> LabelValue | None:
    """Return the label of a version that Prodigy would ask as a yes-or-no question: nothing but one boolean."""
    held = version.annotations
    if held.entities or len(held.labels) != 1 or version.confirmed is not True:
        return None
    (label,) = held.labels.values()
    return label if isinstance(label.value, bool) else None


def _ids(given: list[Any]) -> set[Any]:
    ids = (option.get("id") for option in given if isinstance(option, dict))
    return {id for id in ids if type(id) in (str, int)}


def _options(met: list[str], scheme: Scheme, given: list[Any]) -> list[Any]:
    known = _ids(given)
    named = dict.fromkeys([*(() if given else categories.options_of(scheme)), *met])
    return given + [{"id": id, "text": id} for id in named if id not in known]


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

    def __init__(self, exchanged: ExchangedDocument, held: Annotations) -> None:
        self._held = held
        self._starts = part_starts(exchanged.document)
        text = exchanged.document.text
        came: Any = of(exchanged.extra, "prodigy").get("tokens")
        self._tokens: list[dict[str, Any]] = came if fits(came, text) else made_tokens(text)
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

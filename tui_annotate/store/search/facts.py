"""Facts of documents: short texts such as `e DRUG aspirin`, each true of a document or not, that searches look for.

A fact is a kind and its values with a separator between; values are without regard to case. All of a document's
facts follow from its rows, so they can be worked out again at any time.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from hashlib import blake2b
from typing import Any

from tui_annotate.domain.annotations import Entity, LabelContent, Suggestion, target_of
from tui_annotate.domain.documents import DocumentState, Part
from tui_annotate.domain.spans import Span
from tui_annotate.store import documents, rows, suggestions
from tui_annotate.store.connection import Corpus

SEPARATOR = "\x1f"
EXISTS = "*"
"""True of every document."""
FOLDER, TAG, STATE, LANGUAGE, SOURCE = "f", "t", "s", "g", "o"
BY, CONFIRMED_BY, ASSIGNED = "v", "w", "a"
CREATED, CREATED_HOUR, UPDATED, UPDATED_HOUR = "c", "C", "u", "U"
LABEL, ENTITY, ATTRIBUTE, RELATION, COUNT = "l", "e", "b", "r", "n"
SUGGESTED, REJECTED, RUN, PROB = "p", "x", "k", "q"
HOUR = len("2024-05-31T08")
_LONGEST = 120
"""Characters of a value that are kept; a longer one is told from others by a hash."""
_IN = "IN (SELECT value FROM json_each(?))"


def fact(kind: str, *values: str) -> str:
    """Return a fact."""
    return SEPARATOR.join((kind, *values))


def value(text: str) -> str:
    """Return a value as facts have it."""
    folded = " ".join(text.casefold().replace(SEPARATOR, " ").split()).encode("utf-8", "replace").decode()
    if len(folded) <= _LONGEST:
        return folded
    digest = blake2b(folded.encode(), digest_size=8).hexdigest()
    return f"{folded[:_LONGEST]}{digest}"


def said(content: LabelContent) -> Iterable[str]:
    """Yield the values of a label."""
    if isinstance(content, tuple):
        yield from content
    elif isinstance(content, bool):
        yield "true" if content else "false"
    else:
        yield str(content)


def gather(corpus: Corpus, db: sqlite3.Connection, ids: Sequence[int]) -> dict[int, set[str]]:
    """Return the facts of documents, those that exist; inside a transaction."""
    return _Gathering(corpus, db, ids).facts


class _Gathering:
    """Reads table after table for some documents."""

    def __init__(self, corpus: Corpus, db: sqlite3.Connection, ids: Sequence[int]) -> None:
        self.corpus = corpus
        self.db = db
        self.wanted = rows.encode(list(ids))
        self.facts: dict[int, set[str]] = {}
        self.annotators = dict(db.execute("SELECT id, name FROM annotator").fetchall())
        self.texts: dict[int, dict[str, str]] = {}
        self._documents()
        self._marks()
        self._versions()
        self._suggestions()

    def _rows(self, sql: str) -> list[tuple[Any, ...]]:
        return self.db.execute(sql, (self.wanted,)).fetchall()

    def _documents(self) -> None:
        sql = (
            "SELECT d.id, d.folder, d.language, s.name, d.imported_at, l.at, d.holdout, d.given, d.state, d.adjudicate"
            " FROM document d LEFT JOIN source s ON s.id = d.source LEFT JOIN decision l ON l.sequence = d.changed"
            f" WHERE d.id {_IN}"
        )
        shared: dict[tuple[Any, ...], set[str]] = {}
        for id, *described in self._rows(sql):
            key = tuple(described)
            if key not in shared:
                shared[key] = set(_described(*described))
            self.facts[id] = shared[key].copy()

    def _marks(self) -> None:
        for id, tag in self._rows(f"SELECT document, tag FROM document_tag WHERE document {_IN}"):
            self._add(id, fact(TAG, value(tag)))
        for id, annotator in self._rows(f"SELECT document, annotator FROM assignment WHERE document {_IN}"):
            self._add(id, fact(ASSIGNED, value(self.annotators[annotator])))

    def _versions(self) -> None:
        sql = f"SELECT id, document, annotator, state, review FROM version WHERE document {_IN} AND state IS NOT NULL"
        documents: dict[int, int] = {}
        for id, document, annotator, state, review in self._rows(sql):
            documents[id] = document
            name = self.annotators[annotator]
            if annotator != 1:
                self._add(document, fact(BY, value(name)))
                if state == DocumentState.CONFIRMED:
                    self._add(document, fact(CONFIRMED_BY, value(name)))
            if review:
                self._add(document, fact(STATE, "reviewed"), fact(STATE, review))
        if not documents:
            return
        self.wanted, whole = rows.encode(list(documents)), self.wanted
        for version, body in self._rows(f"SELECT version, body FROM label WHERE version {_IN}"):
            held = rows.decode_label(body)
            self._valued(documents[version], LABEL, held.name, said(held.value))
            self._probable(documents[version], held.prob)
        counts: dict[tuple[int, str], int] = {}
        for version, body in self._rows(f"SELECT version, body FROM entity WHERE version {_IN}"):
            entity = rows.decode_entity(body)
            counts[version, entity.type] = counts.get((version, entity.type), 0) + 1
            self._entity(documents[version], entity)
        for (version, type), number in counts.items():
            self._add(documents[version], fact(COUNT, type, str(number)))
        for version, type in self._rows(f"SELECT version, type FROM relation WHERE version {_IN}"):
            self._add(documents[version], fact(RELATION, type))
        for version, key in self._rows(
            f"SELECT version, key FROM verdict WHERE verdict = 'rejected' AND version {_IN}"
        ):
            rejected = rows.decode_key(key)
            document = documents[version]
            values: Iterable[str] = ()
            if rejected.value is not None and target_of(rejected) != "relation":
                values = said(rejected.value)
            if rejected.value is None:
                values = (self._text(document, [Span(rejected.part, *ends) for ends in rejected.spans]),)
            self._valued(document, REJECTED, rejected.name, values)
        self.wanted = whole

    def _entity(self, document: int, entity: Entity) -> None:
        texts = [self._text(document, entity.spans), *_normalized(entity.extra)]
        self._valued(document, ENTITY, entity.type, texts)
        for name, content in entity.attributes.items():
            self._valued(document, ATTRIBUTE, name, said(content))
        self._probable(document, entity.prob)

    def _suggestions(self) -> None:
        found = self._rows(
            f"SELECT DISTINCT document, CASE source WHEN 'run' THEN run END FROM suggestion WHERE document {_IN}"
        )
        for document, run in found:
            if run:
                self._add(document, fact(RUN, value(run)))
        for document in dict.fromkeys(document for document, _ in found):
            sql = "SELECT k.key FROM version v JOIN verdict k ON k.version = v.id WHERE v.document = ?"
            decided = {rows.decode_key(key) for (key,) in self.db.execute(sql, (document,))}
            for suggestion in suggestions.of(self.corpus, document):
                if suggestion.key not in decided:
                    self._suggested(document, suggestion)

    def _suggested(self, document: int, suggestion: Suggestion) -> None:
        values = () if suggestion.value is None else said(suggestion.value)
        if suggestion.value is None:
            values = (self._text(document, suggestion.spans),)
        self._valued(document, SUGGESTED, suggestion.name, values)
        self._probable(document, suggestion.prob)

    def _text(self, document: int, spans: Sequence[Span]) -> str:
        if document not in self.texts:
            sql = "SELECT part, text FROM content WHERE document = ?"
            parts: tuple[Part, ...] = documents.decode_content(*self.db.execute(sql, (document,)).fetchone())
            self.texts[document] = {part.id: part.text for part in parts}
        held = self.texts[document]
        return " ".join(held.get(span.part, "")[span.start : span.end] for span in spans)

    def _valued(self, document: int, kind: str, name: str, values: Iterable[str]) -> None:
        self._add(document, fact(kind, name), *(fact(kind, name, value(text)) for text in values))

    def _probable(self, document: int, prob: float) -> None:
        self._add(document, fact(PROB, f"{prob:.2f}"))

    def _add(self, document: int, *found: str) -> None:
        held = self.facts.get(document)
        if held is not None:
            held.update(found)


def _described(
    folder: str, language: str, source: str | None, created: str, changed: str | None, *marks: int
) -> Iterable[str]:
    """Yield what a document's own row says."""
    holdout, given, state, adjudicate = marks
    yield EXISTS
    levels = value(folder).split("/") if folder else []
    yield fact(FOLDER, "")
    for depth in range(1, len(levels) + 1):
        yield fact(FOLDER, "/".join(levels[:depth]))
    if language:
        yield fact(LANGUAGE, value(language))
    if source:
        yield fact(SOURCE, value(source))
    updated = changed or created
    yield fact(CREATED, created)
    yield fact(CREATED_HOUR, created[:HOUR])
    yield fact(UPDATED, updated)
    yield fact(UPDATED_HOUR, updated[:HOUR])
    yield fact(STATE, DocumentState(state).name.lower())
    for name, holds in (("holdout", holdout), ("given", given), ("adjudicate", adjudicate)):
        if holds:
            yield fact(STATE, name)


def _normalized(extra: Mapping[str, Any]) -> Iterable[str]:
    """Yield by what an entity is normalized: anndoc's `normalizations`, their ids and recommended names."""
    held = extra.get("normalizations")
    for one in held.values() if isinstance(held, dict) else ():
        if not isinstance(one, dict):
            continue
        source = one.get("source")
        found = [one.get("recName"), *(source.get(key) for key in ("id", "name") if isinstance(source, dict))]
        yield from (text for text in found if isinstance(text, str) and text)

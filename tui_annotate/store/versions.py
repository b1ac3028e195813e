"""Versions: one annotator's annotations of one document, loaded as a working copy."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

from tui_annotate.domain.annotations import Annotations, SuggestionKey, Verdict
from tui_annotate.domain.decisions import VersionState
from tui_annotate.domain.documents import Document
from tui_annotate.domain.selection import Candidate, Marks, Review, Selected, Tie, select
from tui_annotate.store import documents, rows
from tui_annotate.store.connection import Corpus
from tui_annotate.store.listing import tags_of
from tui_annotate.store.rows import STATES


@dataclass(slots=True)
class Version:
    """A working copy; changing it writes nothing."""

    document: int
    annotator: str
    state: VersionState | None
    """None: it does not exist yet, and the annotations are a copy of master's."""
    review: str
    annotations: Annotations
    verdicts: dict[SuggestionKey, Verdict]
    next_number: int
    """The next new entity's or relation's number."""
    master_by: str
    """Whose version is agreed on: empty for none, `master` for the imported one, else an annotator."""
    exists: bool
    agreed: bool = False
    """Another's version is master, and it is confirmed."""


@dataclass(frozen=True, slots=True)
class VersionRow:
    """What lists show of a version."""

    id: int
    document: int
    annotator: str
    state: VersionState
    review: Review
    priority: int
    sequence: int
    """Of the last decision on it."""
    confirmed: int
    """Sequence of the decision that confirmed it, 0 when it is not."""
    is_master: bool


_ROW = (
    "SELECT v.id, v.document, a.name, v.state, v.review, a.priority, v.sequence, v.confirmed, d.master IS v.id"
    " FROM version v JOIN annotator a ON a.id = v.annotator JOIN document d ON d.id = v.document"
)


def versions(corpus: Corpus, document: int) -> list[VersionRow]:
    """Return the versions that exist of a document, in the order of their making."""
    with corpus.reading() as db:
        found = db.execute(f"{_ROW} WHERE v.document = ? AND v.state IS NOT NULL ORDER BY v.id", (document,)).fetchall()
    return [to_row(row) for row in found]


def to_row(row: tuple[Any, ...]) -> VersionRow:
    """Make a row of the columns of a version."""
    id, document, annotator, state, review, priority, sequence, confirmed, is_master = row
    held = STATES[state]
    assert held is not None
    return VersionRow(id, document, annotator, held, Review(review), priority, sequence, confirmed, bool(is_master))


def load(corpus: Corpus, document: int, annotator: str) -> Version:
    """Return an annotator's version, or what it would begin with: a copy of master, or nothing."""
    with corpus.reading() as db:
        own = db.execute(
            "SELECT v.id, v.state, v.review, v.next_number FROM version v JOIN annotator a ON a.id = v.annotator"
            " WHERE v.document = ? AND a.name = ?",
            (document, annotator),
        ).fetchone()
        master = db.execute(
            "SELECT v.id, a.name, v.next_number, v.state FROM document d JOIN version v ON v.id = d.master"
            " JOIN annotator a ON a.id = v.annotator WHERE d.id = ?",
            (document,),
        ).fetchone()
        master_by = master[1] if master else ""
        agreed = master_by not in ("", annotator) and STATES[master[3] or 0] is VersionState.CONFIRMED
        if own is not None and own[1] is not None:
            state = STATES[own[1]]
            return Version(
                document,
                annotator,
                state,
                own[2],
                contents(db, own[0]),
                verdicts(db, own[0]),
                own[3],
                master_by,
                True,
                agreed,
            )
        copied = contents(db, master[0]) if master else Annotations()
        number = max(own[3] if own else 1, master[2] if master else 1)
        return Version(document, annotator, None, "", copied, {}, number, master_by, False, agreed)


def contents(db: sqlite3.Connection, version: int) -> Annotations:
    """Return a version's annotations by its row id."""
    (extra,) = db.execute("SELECT extra FROM version WHERE id = ?", (version,)).fetchone()
    of = (version,)
    entities = db.execute("SELECT number, body FROM entity WHERE version = ? ORDER BY number", of).fetchall()
    labels = db.execute("SELECT name, body FROM label WHERE version = ? ORDER BY name", of).fetchall()
    relations = db.execute("SELECT number, body FROM relation WHERE version = ? ORDER BY number", of).fetchall()
    return Annotations(
        {number: rows.decode_entity(body) for number, body in entities},
        {name: rows.decode_label(body) for name, body in labels},
        {number: rows.decode_relation(body) for number, body in relations},
        rows.object_or_empty(extra),
    )


def verdicts(db: sqlite3.Connection, version: int) -> dict[SuggestionKey, Verdict]:
    """Return a version's verdicts by its row id."""
    found = db.execute("SELECT key, verdict FROM verdict WHERE version = ?", (version,)).fetchall()
    return {rows.decode_key(key): Verdict(verdict) for key, verdict in found}


@dataclass(frozen=True, slots=True)
class GoldDocument:
    """A document with the version that counts."""

    id: int
    document: Document
    annotations: Annotations
    """Without what is proposed for deletion."""
    annotator: str
    rule: str
    """Why this version: `Selected.rule`."""
    marks: Marks
    confirmed: int
    """Sequence of the decision that confirmed it."""


def choices(
    corpus: Corpus, *, tie: Tie = "priority", tags: Collection[str] = (), after: int = 0
) -> Iterator[tuple[VersionRow, Selected]]:
    """Yield which version of each confirmed document counts, and why; documents in file order.

    Args:
        tags: Only documents that have at least one of these; empty for all.
        after: Only versions that a decision after this sequence touched.
    """
    document = 0
    while True:
        with corpus.reading() as db:
            found = db.execute(
                f"{_ROW} WHERE v.document IN (SELECT DISTINCT document FROM version WHERE document > ? AND state = 3"
                " ORDER BY document LIMIT 200) AND v.state IS NOT NULL ORDER BY v.document, v.id",
                (document,),
            ).fetchall()
            held: dict[int, list[VersionRow]] = {}
            for row in map(to_row, found):
                held.setdefault(row.document, []).append(row)
            tagged = tags_of(db, list(held)) if tags else {}
        for document, candidates in held.items():
            if tags and not set(tags) & set(tagged.get(document, ())):
                continue
            chosen = select(
                (Candidate(c.annotator, c.state, c.review, c.priority, c.confirmed) for c in candidates), tie=tie
            )
            for candidate in candidates:
                if chosen and candidate.annotator == chosen.annotator and candidate.sequence > after:
                    yield candidate, chosen
        if not held:
            return


def gold(
    corpus: Corpus, *, after: int = 0, tags: Collection[str] = (), tie: Tie = "priority"
) -> Iterator[GoldDocument]:
    """Yield the documents that training and figures may use, in file order; see `choices`."""
    waiting: list[tuple[VersionRow, Selected]] = []
    for choice in choices(corpus, tie=tie, tags=tags, after=after):
        waiting.append(choice)
        if len(waiting) == 100:
            yield from _gold(corpus, waiting)
            waiting = []
    yield from _gold(corpus, waiting)


def _gold(corpus: Corpus, chosen: list[tuple[VersionRow, Selected]]) -> list[GoldDocument]:
    ids = [row.document for row, _ in chosen]
    with corpus.reading() as db:
        texts = documents.load_some(corpus, ids)
        sql = "SELECT id, holdout, text_hash FROM document WHERE id IN (SELECT value FROM json_each(?))"
        marks = {
            id: Marks(texts[id].tags, bool(holdout), text_hash)
            for id, holdout, text_hash in db.execute(sql, (rows.encode(ids),))
        }
        sql = "SELECT id, sequence FROM version WHERE id IN (SELECT value FROM json_each(?))"
        newest = dict(db.execute(sql, (rows.encode([row.id for row, _ in chosen]),)).fetchall())
        return [
            GoldDocument(
                row.document,
                texts[row.document],
                _settled(contents(db, row.id)),
                row.annotator,
                selected.rule,
                marks[row.document],
                row.confirmed,
            )
            for row, selected in chosen
            # What was decided on since it was chosen may not be confirmed any more.
            if newest[row.id] == row.sequence
        ]


def _settled(annotations: Annotations) -> Annotations:
    return Annotations(
        {n: e for n, e in annotations.entities.items() if e.state != "pre-removed"},
        {n: v for n, v in annotations.labels.items() if v.state != "pre-removed"},
        {n: r for n, r in annotations.relations.items() if r.state != "pre-removed"},
        annotations.extra,
    )

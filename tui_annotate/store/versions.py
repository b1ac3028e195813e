"""Versions: one annotator's annotations of one document, loaded as a working copy."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from tui_annotate.domain.annotations import Annotations, SuggestionKey, Verdict
from tui_annotate.domain.decisions import VersionState
from tui_annotate.domain.documents import Document
from tui_annotate.domain.selection import Candidate, Marks, Review, Rule, Selected, Tie, select, why_none
from tui_annotate.store import documents, rows
from tui_annotate.store.connection import Corpus
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


_ROWS_AT_ONCE = 500
"""Read in one transaction, about: whoever writes waits as long."""
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


def last_decision(corpus: Corpus, document: int, annotator: str) -> int:
    """Return the sequence of the last decision on an annotator's version, those on the scheme left out; 0 for none."""
    sql = (
        "SELECT coalesce(max(l.sequence), 0) FROM decision l JOIN annotator a ON a.id = l.annotator"
        " WHERE l.document = ? AND a.name = ? AND l.changes IS NOT NULL AND l.kind <> 'scheme'"
    )
    with corpus.reading() as db:
        return int(db.execute(sql, (document, annotator)).fetchone()[0])


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
    rule: Rule
    """Why this version."""
    marks: Marks
    confirmed: int
    """Sequence of the decision that confirmed it."""


@dataclass(frozen=True, slots=True)
class Considered:
    """A document that somebody has begun, with the version of it that counts, or why none does."""

    document: int
    chosen: VersionRow | None
    selected: Selected | None
    why_none: str = ""


def considered(corpus: Corpus, *, tie: Tie = "priority", reviewed: bool = False) -> Iterator[Considered]:
    """Yield every document that has a version, in file order, with what selection says of it.

    Args:
        reviewed: Only what a reviewer accepted counts.
    """
    for page in _considered(corpus, tie, reviewed):
        yield from page


def _considered(corpus: Corpus, tie: Tie, reviewed: bool) -> Iterator[list[Considered]]:
    document = 0
    while True:
        with corpus.reading() as db:
            found = db.execute(
                f"{_ROW} WHERE v.document IN (SELECT DISTINCT document FROM version WHERE document > ?"
                " AND state IS NOT NULL ORDER BY document LIMIT 200) AND v.state IS NOT NULL ORDER BY v.document, v.id",
                (document,),
            ).fetchall()
        held: dict[int, list[VersionRow]] = {}
        for row in map(to_row, found):
            held.setdefault(row.document, []).append(row)
        if not held:
            return
        yield [_consider(document, rows, tie, reviewed) for document, rows in held.items()]
        document = max(held)


def _consider(document: int, found: Sequence[VersionRow], tie: Tie, reviewed: bool) -> Considered:
    candidates = [candidate(row) for row in found]
    selected = select(candidates, tie=tie, reviewed=reviewed)
    if selected is None:
        return Considered(document, None, None, why_none(candidates, reviewed=reviewed))
    return Considered(document, next(row for row in found if row.annotator == selected.annotator), selected)


def candidate(row: VersionRow) -> Candidate:
    """Return what selection has to know of a version."""
    return Candidate(row.annotator, row.state, row.review, row.priority, row.confirmed)


def choices(
    corpus: Corpus, *, tie: Tie = "priority", tags: Collection[str] = (), after: int = 0, reviewed: bool = False
) -> Iterator[tuple[VersionRow, Selected]]:
    """Yield which version of each confirmed document counts, and why; documents in file order.

    Args:
        tags: Only documents that have at least one of these; empty for all.
        after: Only versions that a decision after this sequence touched.
        reviewed: Only what a reviewer accepted counts.
    """
    wanted = set(tags)
    for page in _considered(corpus, tie, reviewed):
        tagged = documents.tags(corpus, [one.document for one in page]) if wanted else {}
        for one in page:
            if one.chosen is None or one.selected is None or one.chosen.sequence <= after:
                continue
            if not wanted or wanted & set(tagged.get(one.document, ())):
                yield one.chosen, one.selected


def gold(
    corpus: Corpus, *, after: int = 0, tags: Collection[str] = (), tie: Tie = "priority", reviewed: bool = False
) -> Iterator[GoldDocument]:
    """Yield the documents that training and figures may use, in file order; see `choices`."""
    waiting: list[tuple[VersionRow, Selected]] = []
    for choice in choices(corpus, tie=tie, tags=tags, after=after, reviewed=reviewed):
        waiting.append(choice)
        if len(waiting) == 100:
            yield from _all_of(corpus, waiting)
            waiting = []
    yield from _all_of(corpus, waiting)


def _all_of(corpus: Corpus, chosen: Sequence[tuple[VersionRow, Selected]]) -> Iterator[GoldDocument]:
    while chosen:
        read, found = _some_of(corpus, chosen)
        yield from found
        chosen = chosen[read:]


def _some_of(corpus: Corpus, chosen: Sequence[tuple[VersionRow, Selected]]) -> tuple[int, list[GoldDocument]]:
    """Read the first of some gold documents in one transaction, and say how many of them that were."""
    held: list[tuple[VersionRow, Selected, Annotations]] = []
    read = 0
    with corpus.reading() as db:
        for row, selected in chosen:
            annotations = contents(db, row.id)
            held.append((row, selected, annotations))
            read += 2 + len(annotations.entities) + len(annotations.labels) + len(annotations.relations)
            if read >= _ROWS_AT_ONCE:
                break
        ids = [row.document for row, *_ in held]
        texts = documents.load_some(corpus, ids)
        sql = "SELECT id, holdout, text_hash FROM document WHERE id IN (SELECT value FROM json_each(?))"
        marks = {
            id: Marks(texts[id].tags, bool(holdout), text_hash)
            for id, holdout, text_hash in db.execute(sql, (rows.encode(ids),))
        }
        sql = "SELECT id, sequence FROM version WHERE id IN (SELECT value FROM json_each(?))"
        newest = dict(db.execute(sql, (rows.encode([row.id for row, *_ in held]),)).fetchall())
    # What was decided on since it was chosen may not be confirmed any more.
    current = [one for one in held if newest[one[0].id] == one[0].sequence]
    return len(held), [
        GoldDocument(
            row.document,
            texts[row.document],
            _settled(annotations),
            row.annotator,
            selected.rule,
            replace(marks[row.document], accepted=selected.is_accepted),
            row.confirmed,
        )
        for row, selected, annotations in current
    ]


def _settled(annotations: Annotations) -> Annotations:
    return Annotations(
        {n: e for n, e in annotations.entities.items() if e.state != "pre-removed"},
        {n: v for n, v in annotations.labels.items() if v.state != "pre-removed"},
        {n: r for n, r in annotations.relations.items() if r.state != "pre-removed"},
        annotations.extra,
    )

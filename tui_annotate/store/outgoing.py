"""Documents on their way out: each with its versions and what is still undecided, read in short transactions.

One transaction covers whole documents, so each is consistent in itself, and
stops at some 500 rows.
"""

from __future__ import annotations

import sqlite3
from bisect import bisect_right
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

from tui_annotate.domain.annotations import Annotations, Suggestion, SuggestionKey, Verdict
from tui_annotate.domain.documents import Document, DocumentState
from tui_annotate.domain.interchange import ExchangedVersion
from tui_annotate.errors import CorruptError
from tui_annotate.store import documents, rows, suggestions, trouble, versions
from tui_annotate.store.connection import Corpus
from tui_annotate.store.versions import VersionRow

_DOCUMENTS = 100
_ROWS = 500
_STATES = frozenset(DocumentState)


@dataclass(frozen=True, slots=True)
class OutgoingVersion:
    """A version that exists."""

    row: VersionRow
    annotations: Annotations
    verdicts: dict[SuggestionKey, Verdict]


@dataclass(frozen=True, slots=True)
class Outgoing:
    """All that the corpus holds of a document."""

    id: int
    document: Document
    state: DocumentState
    extra: dict[str, Any]
    files: dict[str, bytes]
    versions: tuple[OutgoingVersion, ...]
    proposals: tuple[ExchangedVersion, ...]
    """Unconfirmed versions as they were imported."""
    suggestions: tuple[Suggestion, ...]
    """What is shown of the document, decided or not."""


def outgoing(
    corpus: Corpus, *, states: Collection[DocumentState] = (), ids: Collection[int] | None = None
) -> Iterator[Outgoing]:
    """Yield documents in file order; `ids` keeps to some of them."""
    after = 0
    wanted = sorted(ids) if ids is not None else None
    while True:
        with corpus.reading() as db:
            found = _some(db, after, states, wanted)
            held: list[Outgoing] = []
            read = 0
            texts = documents.load_some(corpus, [id for id, _ in found])
            for id, state in found:
                if id not in texts or state not in _STATES:
                    raise CorruptError(f"Document {id} of {corpus.path.name} is damaged.", hint=trouble.DAMAGED_HINT)
                held.append(_one(db, corpus, id, DocumentState(state), texts[id]))
                after = id
                read += _rows_of(held[-1])
                if read >= _ROWS:
                    break
        yield from held
        if not held:
            return


def has_several_versions(corpus: Corpus) -> bool:
    """Say whether any document has versions, made here or imported, of more than one annotator."""
    after, last = 0, 0
    while True:
        with corpus.reading() as db:
            last = last or db.execute("SELECT MAX(id) FROM document").fetchone()[0] or 0
            found = db.execute(
                "SELECT 1 FROM (SELECT document, annotator FROM version WHERE document > :after AND document <= :to"
                " UNION SELECT document, annotator FROM proposal WHERE document > :after AND document <= :to)"
                " GROUP BY document HAVING COUNT(*) > 1 LIMIT 1",
                {"after": after, "to": after + _ROWS},
            ).fetchone()
        after += _ROWS
        if found or after >= last:
            return bool(found)


def _some(
    db: sqlite3.Connection, after: int, states: Collection[DocumentState], wanted: list[int] | None
) -> list[tuple[int, int]]:
    conditions = ["id > ?"]
    values: list[int | str] = [after]
    if states:
        conditions.append(f"state IN ({', '.join('?' * len(states))})")
        values += [int(state) for state in states]
    if wanted is not None:
        conditions.append("id IN (SELECT value FROM json_each(?))")
        begin = bisect_right(wanted, after)
        values.append(rows.encode(wanted[begin : begin + _DOCUMENTS]))
    sql = f"SELECT id, state FROM document WHERE {' AND '.join(conditions)} ORDER BY id LIMIT {_DOCUMENTS}"
    return db.execute(sql, values).fetchall()


def _one(db: sqlite3.Connection, corpus: Corpus, id: int, state: DocumentState, document: Document) -> Outgoing:
    held = [
        OutgoingVersion(row, versions.contents(db, row.id), versions.verdicts(db, row.id))
        for row in versions.versions(corpus, id)
    ]
    for version in held:
        for entity in version.annotations.entities.values():
            if not all(map(document.has, entity.spans)):
                place = f"entity {entity.number} of the version of {version.row.annotator}"
                reason = f"Document {id} of {corpus.path.name} is damaged: {place} points outside its text."
                raise CorruptError(reason, hint=trouble.DAMAGED_HINT)
    return Outgoing(
        id,
        document,
        state,
        documents.extra(corpus, id),
        documents.files(corpus, id),
        tuple(held),
        tuple(suggestions.read_proposals(db, id).values()),
        tuple(suggestions.of(corpus, id)),
    )


def _rows_of(one: Outgoing) -> int:
    held = sum(len(v.annotations.entities) + len(v.annotations.labels) + len(v.verdicts) for v in one.versions)
    return 1 + held + len(one.suggestions)

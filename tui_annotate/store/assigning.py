"""Assignments: which annotators are asked to look at a document."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from tui_annotate.store import annotators, rows
from tui_annotate.store.connection import Corpus


def assign(corpus: Corpus, document_ids: Sequence[int], names: Collection[str]) -> int:
    """Assign documents to annotators, besides whom they are assigned to already; return how many are new."""
    if not document_ids or not names:
        return 0
    sql = "INSERT OR IGNORE INTO assignment(document, annotator, at) VALUES (?, ?, ?)"
    now = rows.now()
    with corpus.transaction() as db:
        who = [annotators.ensure(corpus, db, name) for name in sorted(names)]
        return sum(db.execute(sql, (document, one, now)).rowcount for document in document_ids for one in who)


def assigned(corpus: Corpus, document_id: int) -> list[str]:
    """Return whom a document is assigned to, by name."""
    sql = "SELECT a.name FROM assignment s JOIN annotator a ON a.id = s.annotator WHERE s.document = ? ORDER BY a.name"
    with corpus.reading() as db:
        return [name for (name,) in db.execute(sql, (document_id,))]

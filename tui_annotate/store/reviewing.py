"""Reviewing: what one annotator says about another's version."""

from __future__ import annotations

from tui_annotate.domain.decisions import Kind
from tui_annotate.domain.selection import Review
from tui_annotate.errors import DecisionError
from tui_annotate.store import annotators, rows
from tui_annotate.store.connection import Corpus


def review(corpus: Corpus, document: int, annotator: str, verdict: Review, *, by: str) -> None:
    """Accept, reject or send back an annotator's version, or take that back, and log it.

    Raises:
        DecisionError: There is no such version.
    """
    with corpus.transaction() as db:
        found = db.execute(
            "SELECT v.id, v.review FROM version v JOIN annotator a ON a.id = v.annotator"
            " WHERE v.document = ? AND a.name = ? AND v.state IS NOT NULL",
            (document, annotator),
        ).fetchone()
        if found is None:
            raise DecisionError(f"{annotator} has no version of document {document}.")
        version, before = found
        if before == verdict:
            return
        who = annotators.ensure(corpus, db, by)
        (sequence,) = db.execute("SELECT max(sequence) + 1 FROM decision").fetchone()
        details = rows.encode({"version": annotator, "before": before, "after": verdict})
        db.execute(
            "INSERT INTO decision VALUES (?, ?, ?, ?, ?, ?, NULL, ?, 0, 0)",
            (sequence, rows.now(), sequence, Kind.REVIEW, document, who, details),
        )
        db.execute("UPDATE version SET review = ?, sequence = ? WHERE id = ?", (verdict, sequence, version))
        db.execute("UPDATE document SET changed = ? WHERE id = ?", (sequence, document))

"""Which version of a document is master, and whether it is to be adjudicated: as the rows are."""

from __future__ import annotations

import sqlite3

from tui_annotate.domain.decisions import Kind
from tui_annotate.domain.selection import Candidate, Review, agree
from tui_annotate.store.rows import STATES


def agreement(db: sqlite3.Connection, document: int) -> tuple[int | None, bool]:
    """Return the row of a document's master version, None for none, and whether it is to be adjudicated."""
    found = db.execute(
        "SELECT v.id, a.name, v.state, v.review, v.confirmed, l.kind FROM version v"
        " JOIN annotator a ON a.id = v.annotator LEFT JOIN decision l ON l.sequence = v.confirmed"
        " WHERE v.document = ? AND v.state IS NOT NULL",
        (document,),
    ).fetchall()
    agreed = agree(
        Candidate(name, STATES[state], Review(review), 0, confirmed, kind == Kind.IMPORT)
        for _, name, state, review, confirmed, kind in found
    )
    rows = {name: id for id, name, *_ in found}
    return rows.get(agreed.master), agreed.adjudicate

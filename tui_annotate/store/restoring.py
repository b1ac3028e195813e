"""Storing the state that was derived from the log in place of the rows that are there."""

from __future__ import annotations

import sqlite3

from tui_annotate.store import rows
from tui_annotate.store.replaying import ReplayedDocument, ReplayedVersion
from tui_annotate.store.rows import STATE_NUMBERS


def restore(db: sqlite3.Connection, document: int, derived: ReplayedDocument) -> None:
    """Rewrite a document's versions and what sums them up, inside a transaction; counters are recounted after all."""
    known = dict(
        db.execute(
            "SELECT a.name, v.id FROM version v JOIN annotator a ON a.id = v.annotator WHERE v.document = ?",
            (document,),
        ).fetchall()
    )
    db.execute("UPDATE document SET master = NULL WHERE id = ?", (document,))
    for name, id in known.items():
        _empty(db, id)
        if name not in derived.versions:
            db.execute("DELETE FROM version WHERE id = ?", (id,))
    for name, version in derived.versions.items():
        if name not in known:
            sql = "INSERT INTO version(document, annotator) SELECT ?, id FROM annotator WHERE name = ? RETURNING id"
            (known[name],) = db.execute(sql, (document, name)).fetchone()
        _fill(db, known[name], version)
    db.execute(
        "UPDATE document SET state = ?, master = ?, adjudicate = ?, changed = ? WHERE id = ?",
        (derived.state, known.get(derived.master), derived.adjudicate, derived.changed, document),
    )


def _empty(db: sqlite3.Connection, version: int) -> None:
    for table in ("entity", "label", "relation", "verdict"):
        db.execute(f"DELETE FROM {table} WHERE version = ?", (version,))


def _fill(db: sqlite3.Connection, id: int, version: ReplayedVersion) -> None:
    held = version.annotations
    db.execute(
        "UPDATE version SET state = ?, review = ?, next_number = ?, sequence = ?, confirmed = ?, extra = ?"
        " WHERE id = ?",
        (
            STATE_NUMBERS[version.state] or None,
            version.review,
            version.next_number,
            version.sequence,
            version.confirmed,
            rows.encode_object(held.extra),
            id,
        ),
    )
    db.executemany(
        "INSERT INTO entity VALUES (?, ?, ?, ?)", [(id, n, e.type, rows.encode(e)) for n, e in held.entities.items()]
    )
    db.executemany(
        "INSERT INTO relation VALUES (?, ?, ?, ?)", [(id, n, r.type, rows.encode(r)) for n, r in held.relations.items()]
    )
    db.executemany("INSERT INTO label VALUES (?, ?, ?)", [(id, n, rows.encode(v)) for n, v in held.labels.items()])
    db.executemany(
        "INSERT INTO verdict VALUES (?, ?, ?)", [(id, rows.encode(k), v) for k, v in version.verdicts.items()]
    )

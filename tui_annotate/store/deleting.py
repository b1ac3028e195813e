"""Deleting documents: they go with all that hangs on them, the decisions on them too; the log says that they went.

The log of a document stays as long as the document does (a trigger sees to that). A deletion is itself a decision,
about no document: how many went, their ids and how many decisions went with them. So `rebuild` finds a log that fits
what is there. Undo does not bring documents back: the copy that `services.deleting` makes first does.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Collection

from tui_annotate.domain.decisions import Kind
from tui_annotate.store import annotators, counters, documents, rows, steps
from tui_annotate.store.connection import Corpus
from tui_annotate.store.search import indexing

_AT_ONCE = 50
_CHARACTERS = 200_000
_PAUSE = 0.01
_EVER = (1 << 63) - 1
_THESE = "IN (SELECT value FROM json_each(?))"


def delete(corpus: Corpus, ids: Collection[int], *, annotator: str, until: int = _EVER) -> int:
    """Delete documents by row id, some at a time in short transactions, and return how many there were.

    Each transaction is complete in itself: whoever is stopped in between has deleted whole documents.

    Args:
        until: Documents that somebody decided on after this decision stay.
    """
    deleted = 0
    wanted = sorted(set(ids))
    while wanted:
        some, wanted = _some(corpus, wanted)
        deleted += _delete(corpus, some, annotator, until)
        if wanted:
            time.sleep(_PAUSE)
    return deleted


def _some(corpus: Corpus, wanted: list[int]) -> tuple[list[int], list[int]]:
    """Return the documents of the next transaction, and the rest."""
    first = wanted[:_AT_ONCE]
    with corpus.reading() as db:
        sql = f"SELECT id, length FROM document WHERE id {_THESE}"
        lengths = dict(db.execute(sql, (rows.encode(first),)).fetchall())
    weight = count = 0
    for id in first:
        weight += lengths.get(id, 0)
        if count and weight > _CHARACTERS:
            break
        count += 1
    return wanted[:count], wanted[count:]


def _delete(corpus: Corpus, wanted: list[int], annotator: str, until: int) -> int:
    with corpus.transaction() as db:
        held = db.execute(
            f"SELECT id, key FROM document d WHERE id {_THESE}"
            " AND NOT EXISTS (SELECT 1 FROM decision WHERE document = d.id AND sequence > ?) ORDER BY id",
            (rows.encode(wanted), until),
        ).fetchall()
        if not held:
            return 0
        these = rows.encode([id for id, _ in held])
        counters.take_away(db, these)
        indexing.remove(db, {id: one.text for id, one in documents.load_some(corpus, [id for id, _ in held]).items()})
        db.execute("UPDATE gone SET document = max(document, ?)", (held[-1][0],))
        (decisions,) = db.execute(f"SELECT count(*) FROM decision WHERE document {_THESE}", (these,)).fetchone()
        details = {"documents": [key for _, key in held], "decisions": decisions}
        who = annotators.ensure(corpus, db, annotator)
        db.execute(
            "INSERT INTO decision(sequence, at, step, kind, annotator, details, milliseconds, keys)"
            " SELECT max(sequence) + 1, ?, max(sequence) + 1, ?, ?, ?, 0, 0 FROM decision",
            (rows.now(), Kind.DELETE, who, rows.encode(details)),
        )
        touched = db.execute(
            f"SELECT DISTINCT annotator, step FROM decision WHERE document {_THESE}", (these,)
        ).fetchall()
        _drop(db, these)
        for annotator_id, step in touched:
            if not _holds(db, annotator_id, step):
                db.execute("DELETE FROM step WHERE annotator = ? AND sequence = ?", (annotator_id, step))
        db.execute("UPDATE step SET undone = ? WHERE undone = ?", (steps.BURIED, steps.TAKEN_BACK))
    return len(held)


def _drop(db: sqlite3.Connection, these: str) -> None:
    """Delete the rows of every table that refers to the documents or their versions, whatever tables there are."""
    db.execute("PRAGMA defer_foreign_keys = ON")
    children = _children(db)
    versions = f"IN (SELECT id FROM version WHERE document {_THESE})"
    for table, column in children["version"]:
        if table != "document":
            db.execute(f'DELETE FROM "{table}" WHERE "{column}" {versions}', (these,))
    db.execute(f"UPDATE document SET master = NULL WHERE id {_THESE}", (these,))
    for table, column in children["document"]:
        if table != "decision":
            db.execute(f'DELETE FROM "{table}" WHERE "{column}" {_THESE}', (these,))
    db.execute(f"DELETE FROM document WHERE id {_THESE}", (these,))
    # Whoever was there last begins with the next document.
    db.execute(f"UPDATE annotator SET place = NULL WHERE json_extract(place, '$.document') {_THESE}", (these,))
    db.execute(f"DELETE FROM decision WHERE document {_THESE}", (these,))
    # What was noted as changed by all this is not there any more.
    db.execute(f"DELETE FROM search_stale WHERE document {_THESE}", (these,))


def _children(db: sqlite3.Connection) -> dict[str, list[tuple[str, str]]]:
    """Return the tables and columns that refer to documents, and to versions."""
    sql = (
        "SELECT f.'table', t.name, f.'from' FROM sqlite_schema t JOIN pragma_foreign_key_list(t.name) f"
        " WHERE t.type = 'table' AND f.'table' IN ('document', 'version')"
    )
    found: dict[str, list[tuple[str, str]]] = {"document": [], "version": []}
    for parent, table, column in db.execute(sql).fetchall():
        found[parent].append((table, column))
    return found


def _holds(db: sqlite3.Connection, annotator: int, step: int) -> bool:
    """Say whether anything is left of a step that undo could take back."""
    cursor = db.execute(
        "SELECT step, annotator, kind, changes IS NOT NULL FROM decision WHERE sequence >= ? ORDER BY sequence", (step,)
    )
    for its_step, its_annotator, kind, has_changes in cursor:
        if its_step != step:
            return False
        if its_annotator == annotator and (has_changes or kind in (Kind.REVIEW, Kind.SCHEME)):
            return True
    return False

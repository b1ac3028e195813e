"""The log: every decision goes through here, one act a transaction, and is on disk when the call returns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tui_annotate.domain.decisions import Changes, Decision, Kind, LoggedDecision
from tui_annotate.errors import DecisionError
from tui_annotate.store import annotators, rows, steps
from tui_annotate.store.acts import Act
from tui_annotate.store.annotators import keep_place, place
from tui_annotate.store.connection import Corpus
from tui_annotate.store.steps import Undone, pass_over, redo, undo

__all__ = ["Undone", "deleted_by", "history", "keep_place", "pass_over", "place", "record", "redo", "to_logged", "undo"]

COLUMNS = "l.sequence, l.at, l.step, l.kind, l.document, a.name, l.changes, l.details, l.milliseconds, l.keys"
"""What `to_logged` takes, from `decision l JOIN annotator a`."""


def record(
    corpus: Corpus, decisions: Sequence[Decision], *, place: Mapping[str, Any] | None = None
) -> list[LoggedDecision]:
    """Write one act: all of its decisions or none, one step of undo.

    A version that does not exist begins as a copy of master, which is logged as a base of its own
    in the same step. The state in a decision may differ from what was asked: it then starts from
    that copy. A confirmation publishes to master or calls for adjudication (`domain.selection.agree`), and outdates
    what a reviewer said of the version before.

    Args:
        place: Where the annotator is now, kept with it.

    Raises:
        DecisionError: Something is not as a decision expects, because another program changed it.
        StoreError: It could not be written; nothing of it was.
    """
    if not decisions:
        return []
    if len({decision.annotator for decision in decisions}) > 1:
        raise DecisionError("One act is one annotator's; nothing was changed.")
    with corpus.transaction() as db:
        act = Act(corpus, db)
        logged = [act.take(decision) for decision in decisions]
        act.finish()
        who = annotators.ensure(corpus, db, decisions[0].annotator)
        if any(decision.changes for decision in decisions):
            steps.add(db, who, act.step)
        if place is not None:
            annotators.write_place(db, who, place)
    return logged


def history(
    corpus: Corpus,
    *,
    document: int | None = None,
    annotator: str | None = None,
    before: int | None = None,
    limit: int = 100,
) -> list[LoggedDecision]:
    """Return decisions, the newest first; at most 500.

    Args:
        before: Only decisions with a lower sequence: the last one of the page before.
    """
    conditions = ["l.sequence < ?"]
    values: list[Any] = [before if before is not None else 1 << 62]
    if document is not None:
        conditions.append("l.document = ?")
        values.append(document)
    if annotator is not None:
        conditions.append("a.name = ?")
        values.append(annotator)
    sql = (
        f"SELECT {COLUMNS} FROM decision l CROSS JOIN annotator a ON a.id = l.annotator"
        f" WHERE {' AND '.join(conditions)} ORDER BY l.sequence DESC LIMIT ?"
    )
    with corpus.reading() as db:
        return [to_logged(row) for row in db.execute(sql, (*values, min(limit, 500)))]


def deleted_by(corpus: Corpus, key: str, *, since: int) -> str:
    """Return who deleted a document last, after a decision; empty where nobody did."""
    sql = (
        "SELECT a.name FROM decision l JOIN annotator a ON a.id = l.annotator"
        " WHERE l.sequence > ? AND l.kind = ?"
        " AND EXISTS (SELECT 1 FROM json_each(l.details, '$.documents') d WHERE d.value = ?)"
        " ORDER BY l.sequence DESC LIMIT 1"
    )
    with corpus.reading() as db:
        found = db.execute(sql, (since, Kind.DELETE, key)).fetchone()
    return str(found[0]) if found else ""


def times(corpus: Corpus, sequences: Sequence[int]) -> dict[int, str]:
    """Return when these decisions were made, in UTC; those that do not exist are left out."""
    sql = "SELECT sequence, at FROM decision WHERE sequence IN (SELECT value FROM json_each(?))"
    with corpus.reading() as db:
        return dict(db.execute(sql, (rows.encode(list(sequences)),)).fetchall())


def to_logged(row: tuple[Any, ...]) -> LoggedDecision:
    """Make a decision of what was selected as `COLUMNS`."""
    sequence, at, step, kind, document, annotator, changes, details, milliseconds, keys = row
    return LoggedDecision(
        sequence,
        at,
        step,
        Decision(
            Kind(kind),
            document or 0,
            annotator,
            rows.decode_changes(changes) if changes else Changes(),
            rows.object_or_empty(details),
            milliseconds,
            keys,
        ),
    )

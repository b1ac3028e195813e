"""Writing what a change of labels comes to: decisions of one act, and rows whose content before the log keeps."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any

from tui_annotate.domain.decisions import Changes, Decision, Kind
from tui_annotate.domain.scheme import Scheme
from tui_annotate.store import patterns, rows
from tui_annotate.store.acts import Act
from tui_annotate.store.relabelling import row_changes
from tui_annotate.store.relabelling.plan import DocumentPlan
from tui_annotate.store.relabelling.row_changes import RowChange

_ROWS = 500
"""Rows that one decision of the log keeps."""


class Writer:
    """Writes what was worked out as decisions of one act."""

    def __init__(self, act: Act, annotator: str, kind: Kind, details: Mapping[str, Any]) -> None:
        self.act = act
        self.annotator = annotator
        self._kind = kind
        self._details = details
        self._next: int | None = None

    def document(self, plan: DocumentPlan) -> None:
        """Change the versions of a document, then what is suggested for it."""
        for version in plan.versions:
            changes = version.worked.changes
            details = dict(self._details)
            if version.annotator != self.annotator:
                details["in"] = version.annotator
            if changes.state is not None:
                details["confirmed"] = version.confirmed
            self.act.apply(Decision(self._kind, plan.id, self.annotator, changes, details))
        again = {suggestion.key: suggestion for suggestion in plan.again}
        came = [self._suggest(plan.id, rows.encode(suggestion)) for suggestion in again.values()]
        self.rows([*plan.rows, *came], plan.id)

    def rows(self, changes: Sequence[RowChange], document: int = 0) -> None:
        """Change rows, and log what they were."""
        write_rows(self.act.db, changes)
        for start in range(0, len(changes), _ROWS):
            kept = row_changes.encode(changes[start : start + _ROWS])
            details = {**self._details, "rows": kept}
            self.act.note(Decision(self._kind, document, self.annotator, Changes(), details))

    def _suggest(self, document: int, body: str) -> RowChange:
        if self._next is None:
            (self._next,) = self.act.db.execute("SELECT coalesce(max(id), 0) FROM suggestion").fetchone()
        assert self._next is not None
        self._next += 1
        return RowChange("suggestion row", (self._next,), None, (document, "api", "", None, 0, body))


def write_rows(db: sqlite3.Connection, changes: Sequence[RowChange]) -> None:
    """Change rows beside the versions; whoever has compiled the patterns notices."""
    row_changes.write(db, changes)
    if any(change.table in ("pattern", "pattern row") for change in changes):
        patterns.note_change(db)


def put_scheme(db: sqlite3.Connection, act: Act, number: int, scheme: Scheme, who: int) -> None:
    """Put a scheme in force, inside a transaction; the older ones are kept."""
    db.execute("INSERT INTO scheme VALUES (?, ?, ?, ?)", (number, rows.encode(scheme), who, act.at))


def changed_since(db: sqlite3.Connection, mark: tuple[int, int]) -> list[int]:
    """Return the documents that something was decided on, or suggested for, since a mark."""
    found = db.execute(
        "SELECT id FROM document WHERE changed > ? UNION SELECT document FROM suggestion WHERE id > ? ORDER BY 1", mark
    )
    return [id for (id,) in found]

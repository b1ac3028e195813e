"""Rows beside the versions that a change of labels touches, as the log keeps them: before, and after.

What they were stands in the decisions of the step, so that undo brings back just that. A row that something else has
changed since stays as it is.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

Table = Literal[
    "suggestion",
    "suggestion row",
    "proposal",
    "pattern",
    "pattern row",
    "setting",
    "run",
    "deployment",
    "frozen",
    "queue",
]
Values = tuple[Any, ...]

_DOCUMENT = "SELECT 1 FROM document WHERE id = ?"
_TABLES: dict[Table, tuple[str, tuple[str, ...], tuple[str, ...]]] = {
    "suggestion": ("suggestion", ("id",), ("body",)),
    "suggestion row": ("suggestion", ("id",), ("document", "source", "run", "origin", "number", "body")),
    "proposal": ("proposal", ("document", "annotator"), ("body",)),
    "pattern": ("pattern", ("id",), ("name", "body")),
    "pattern row": ("pattern", ("id",), ("target", "name", "kind", "body", "enabled", "annotator", "at")),
    "setting": ("setting", ("name",), ("value",)),
    "run": ("run", ("name",), ("task",)),
    "deployment": ("deployment", ("id",), ("task", "withdrawn")),
    "frozen": ("frozen", ("document", "task"), ("run",)),
    "queue": ("queue", ("document",), ("task",)),
}


@dataclass(frozen=True, slots=True)
class RowChange:
    """A row that came (`before` is None), went (`after` is None) or has other values."""

    table: Table
    key: Values
    before: Values | None
    after: Values | None

    @property
    def inverted(self) -> RowChange:
        """What takes it back."""
        return RowChange(self.table, self.key, self.after, self.before)


def encode(changes: Iterable[RowChange]) -> list[list[Any]]:
    """Return changes as a decision's details keep them."""
    return [[one.table, one.key, one.before, one.after] for one in changes]


def decode(held: Iterable[list[Any]]) -> list[RowChange]:
    """Return what `encode` made."""
    return [
        RowChange(table, tuple(key), None if before is None else tuple(before), None if after is None else tuple(after))
        for table, key, before, after in held
    ]


def write(db: sqlite3.Connection, changes: Iterable[RowChange]) -> None:
    """Write changes, each where the row is still as it was before."""
    for change in changes:
        table, keys, columns = _TABLES[change.table]
        where = " AND ".join(f"{name} = ?" for name in keys)
        if change.before is None:
            assert change.after is not None
            names = (*keys, *columns)
            values = (*change.key, *change.after)
            given = dict(zip(names, values, strict=True))
            # A document that was deleted since has no rows any more.
            if "document" in given and not db.execute(_DOCUMENT, (given["document"],)).fetchone():
                continue
            marks = ", ".join("?" * len(names))
            db.execute(f"INSERT OR IGNORE INTO {table}({', '.join(names)}) VALUES ({marks})", values)
        elif change.after is None:
            db.execute(f"DELETE FROM {table} WHERE {where}", change.key)
        else:
            assigned = ", ".join(f"{name} = ?" for name in columns)
            same = " AND ".join(f"{name} IS ?" for name in columns)
            db.execute(
                f"UPDATE OR IGNORE {table} SET {assigned} WHERE {where} AND {same}",
                (*change.after, *change.key, *change.before),
            )

"""Rows beside the versions that a change of labels touches, as the log keeps them: before, and after.

What they were stands in the decisions of the step, so that undo brings back just that. A row that something else has
changed since stays as it is.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

from tui_annotate.store import rows

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

_decode = rows.decoder(Any)
_ABSENT = object()
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
_IN_PIECES: tuple[Table, ...] = ("suggestion", "proposal")
"""Rows of one JSON body, of which a change of other labels may have changed other values since."""
_NUMBERED: dict[Table, tuple[str, ...]] = {
    "suggestion row": ("document", "source", "run", "origin", "number"),
    "pattern row": ("target", "kind", "annotator", "at"),
}
"""Rows whose key is a number that SQLite gives to another row once they are gone, and what of them never changes."""


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
        if change.before is None:
            _insert(db, change)
        elif change.after is None:
            _delete(db, change)
        else:
            _update(db, change, change.before, change.after)


def _update(db: sqlite3.Connection, change: RowChange, before: Values, after: Values) -> None:
    table, keys, columns = _TABLES[change.table]
    if change.table in _IN_PIECES:
        held = db.execute(f"SELECT body FROM {table} WHERE {_same(keys)}", change.key).fetchone()
        if held is not None and held != before:
            before, after = held, (_merged(held[0], before[0], after[0]),)
    assigned = ", ".join(f"{name} = ?" for name in columns)
    db.execute(
        f"UPDATE OR IGNORE {table} SET {assigned} WHERE {_same(keys)} AND {_same(columns)}",
        (*after, *change.key, *before),
    )


def _merged(held: str, before: str, after: str) -> str:
    """Return a body that something else has changed since, with what a change makes of its other values."""
    return rows.encode(_merge(*map(_decode, (held, before, after))))


def _merge(held: Any, before: Any, after: Any) -> Any:
    if held == before:
        return after
    if isinstance(held, dict) and isinstance(before, dict) and isinstance(after, dict):
        names = dict.fromkeys((*held, *after))
        found = {name: _merge(*(one.get(name, _ABSENT) for one in (held, before, after))) for name in names}
        return {name: value for name, value in found.items() if value is not _ABSENT}
    lists = [one for one in (held, before, after) if isinstance(one, list)]
    if len(lists) == 3 and len(set(map(len, lists))) == 1:
        return [_merge(*ones) for ones in zip(*lists, strict=True)]
    return held


def _insert(db: sqlite3.Connection, change: RowChange) -> None:
    assert change.after is not None
    table, keys, columns = _TABLES[change.table]
    given = dict(zip((*keys, *columns), (*change.key, *change.after), strict=True))
    # A document that was deleted since has no rows any more.
    if "document" in given and not db.execute(_DOCUMENT, (given["document"],)).fetchone():
        return
    if change.table in _NUMBERED and db.execute(f"SELECT 1 FROM {table} WHERE id = ?", change.key).fetchone():
        # Another row got the number since.
        del given["id"]
    marks = ", ".join("?" * len(given))
    db.execute(f"INSERT OR IGNORE INTO {table}({', '.join(given)}) VALUES ({marks})", tuple(given.values()))


def _delete(db: sqlite3.Connection, change: RowChange) -> None:
    assert change.before is not None
    table, keys, columns = _TABLES[change.table]
    if change.table not in _NUMBERED:
        values = (*change.key, *change.before)
        db.execute(f"DELETE FROM {table} WHERE {_same(keys)} AND {_same(columns)}", values)
        return
    # It may have come back under another number; or stand under its own, called otherwise since.
    stays = _NUMBERED[change.table]
    held = dict(zip(columns, change.before, strict=True))
    same = f"SELECT id FROM {table} WHERE {_same(columns)} ORDER BY id <> ? LIMIT 1"
    changed = f"SELECT id FROM {table} WHERE id = ? AND {_same(stays)}"
    found = db.execute(same, (*change.before, *change.key)).fetchone()
    found = found or db.execute(changed, (*change.key, *(held[name] for name in stays))).fetchone()
    if found is not None:
        db.execute(f"DELETE FROM {table} WHERE id = ?", found)


def _same(columns: Iterable[str]) -> str:
    return " AND ".join(f"{name} IS ?" for name in columns)

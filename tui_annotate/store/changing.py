"""Working the changes of a decision into the rows of a version, one row for each thing that changes.

What a change says was there before is checked against the row, so two programs
that work on one version cannot overwrite each other.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable
from typing import Protocol, TypeVar

from tui_annotate.domain.annotations import Verdict
from tui_annotate.domain.decisions import Changes, EntityChange, LabelChange, RelationChange, VerdictChange
from tui_annotate.store import rows

T = TypeVar("T")


class StaleError(Exception):
    """A row is not as the change expects; the message says which."""


class _Numbered(Protocol):
    @property
    def number(self) -> int: ...
    @property
    def type(self) -> str: ...


def write(db: sqlite3.Connection, version: int, changes: Changes) -> int:
    """Write all but the state, and return the highest number met, 0 for none.

    Raises:
        StaleError: The rows are not as the changes expect.
    """
    highest = max(
        _write_numbered(db, "entity", version, changes.entities, rows.decode_entity) if changes.entities else 0,
        _write_numbered(db, "relation", version, changes.relations, rows.decode_relation) if changes.relations else 0,
    )
    for label in changes.labels:
        _write_label(db, version, label)
    for verdict in changes.verdicts:
        _write_verdict(db, version, verdict)
    return highest


def _write_numbered(
    db: sqlite3.Connection,
    table: str,
    version: int,
    changes: Iterable[EntityChange] | Iterable[RelationChange],
    decode: Callable[[str], object],
) -> int:
    highest = 0
    for change in changes:
        before: _Numbered | None = change.before
        after: _Numbered | None = change.after
        thing = before or after
        if thing is None:
            continue
        number = thing.number
        highest = max(highest, number)
        if before is None:
            sql = f"INSERT OR IGNORE INTO {table}(version, number, type, body) VALUES (?, ?, ?, ?)"
            done = db.execute(sql, (version, number, thing.type, rows.encode(after))).rowcount
        else:
            body = rows.encode(before)
            done = _change_numbered(db, table, after, (version, number, body))
            if not done:
                sql = f"SELECT body FROM {table} WHERE version = ? AND number = ?"
                held = _as_held(db, sql, (version, number), before, decode)
                done = 0 if held is None else _change_numbered(db, table, after, (version, number, held))
        if not done:
            raise StaleError(f"{table} {number} ({thing.type})")
    return highest


def _change_numbered(db: sqlite3.Connection, table: str, after: _Numbered | None, where: tuple[int, int, str]) -> int:
    """Change or delete a row that has just this body; return how many there were."""
    if after is None:
        return db.execute(f"DELETE FROM {table} WHERE version = ? AND number = ? AND body = ?", where).rowcount
    sql = f"UPDATE {table} SET type = ?, body = ? WHERE version = ? AND number = ? AND body = ?"
    return db.execute(sql, (after.type, rows.encode(after), *where)).rowcount


def _write_label(db: sqlite3.Connection, version: int, change: LabelChange) -> None:
    label = change.before or change.after
    if label is None:
        return
    where = (version, label.name)
    if change.before is None:
        sql = "INSERT OR IGNORE INTO label(body, version, name) VALUES (?, ?, ?)"
        done = db.execute(sql, (rows.encode(change.after), *where)).rowcount
    elif not _as_held(
        db, "SELECT body FROM label WHERE version = ? AND name = ?", where, change.before, rows.decode_label
    ):
        done = 0
    elif change.after is None:
        done = db.execute("DELETE FROM label WHERE version = ? AND name = ?", where).rowcount
    else:
        sql = "UPDATE label SET body = ? WHERE version = ? AND name = ?"
        done = db.execute(sql, (rows.encode(change.after), *where)).rowcount
    if not done:
        raise StaleError(f"label {label.name}")


def _as_held(
    db: sqlite3.Connection, sql: str, where: tuple[int, int | str], before: object, decode: Callable[[str], object]
) -> str | None:
    """Return the row's body when it says the same as `before`; the order of keys in it may differ."""
    found = db.execute(sql, where).fetchone()
    if found is None:
        return None
    body: str = found[0]
    return body if body == rows.encode(before) or decode(body) == before else None


def _write_verdict(db: sqlite3.Connection, version: int, change: VerdictChange) -> None:
    where = (version, rows.encode(change.key))
    if change.before is change.after:
        sql = "SELECT 1 FROM verdict WHERE version = ? AND key = ? AND verdict = ?"
        done = int(
            (db.execute(sql, (*where, change.after)).fetchone() is not None) == (change.after is not Verdict.UNDECIDED)
        )
    elif change.before is Verdict.UNDECIDED:
        sql = "INSERT OR IGNORE INTO verdict(version, key, verdict) VALUES (?, ?, ?)"
        done = db.execute(sql, (*where, change.after)).rowcount
    elif change.after is Verdict.UNDECIDED:
        done = db.execute(
            "DELETE FROM verdict WHERE version = ? AND key = ? AND verdict = ?", (*where, change.before)
        ).rowcount
    else:
        sql = "UPDATE verdict SET verdict = ?3 WHERE version = ?1 AND key = ?2 AND verdict = ?4"
        done = db.execute(sql, (*where, change.after, change.before)).rowcount
    if not done:
        raise StaleError(f"suggestion {change.key.name}")

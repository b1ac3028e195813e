"""The outbox: what webhooks are to be told, written in the same transaction as what it tells of.

Rows of a document are told in order, one after the other, by whichever program claims them first. A claim is
a lease: should the program be killed, the row is due again when the lease ends. A change that was not told
yet stands for those that follow it, because what is told is looked up at the time of telling.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from tui_annotate.domain.hooks import Event, Hook
from tui_annotate.store import hooks, rows
from tui_annotate.store.connection import Corpus

WAITING, SENT, REFUSED = 0, 1, 2
SETTLING = 2.0
"""Seconds that a saved change waits for others of the same version, so that not every key is told."""
KEPT = 1000
"""Rows told that stay for `hook log`, a webhook."""


@dataclass(frozen=True, slots=True)
class Told:
    """A change that webhooks want to know of."""

    document: int
    member: str
    """Whose version; `master` for a document that came in."""
    event: Event
    status: Literal["created", "updated"] = "updated"


@dataclass(frozen=True, slots=True)
class Row:
    """One event for one webhook."""

    id: int
    hook: Hook
    document: int
    key: str
    member: str
    event: Event
    status: str
    source: str
    at: str
    attempts: int
    """Of delivering it, this one counted."""
    state: int
    """WAITING, SENT or REFUSED."""
    answer: str
    """What the last attempt met with."""


def tell(corpus: Corpus, db: sqlite3.Connection, told: Iterable[Told]) -> None:
    """Write events for every webhook that wants them; part of the transaction that made the changes."""
    listening = db.execute("SELECT id, body FROM hook WHERE enabled = 1").fetchall()
    if not listening:
        return
    told = list(told)
    now = time.time()
    for id, body in listening:
        hook = hooks.decode(body)
        if hook.only_app and corpus.source != "GUI":
            continue
        for one in told:
            if one.event in hook.events:
                _write(db, id, one, corpus.source, now)
            elif one.event == "confirmed" and "saved" in hook.events:
                _write(db, id, Told(one.document, one.member, "saved", one.status), corpus.source, now)


def _write(db: sqlite3.Connection, hook: int, told: Told, source: str, now: float) -> None:
    """Write one event, or let the last one that waits for this version stand for it."""
    if told.event != "created":
        found = db.execute(
            "SELECT id, member, event, attempts, source FROM outbox INDEXED BY outbox_waiting"
            " WHERE hook = ? AND document = ? AND sent = 0 ORDER BY id DESC LIMIT 1",
            (hook, told.document),
        ).fetchone()
        if found and found[1] == told.member and found[2] != "created" and found[3] == 0 and found[4] == source:
            if told.event == "confirmed":
                db.execute("UPDATE outbox SET event = 'confirmed', due = ? WHERE id = ?", (now, found[0]))
            elif found[2] == "saved":
                db.execute("UPDATE outbox SET due = ? WHERE id = ?", (now + SETTLING, found[0]))
            if found[2] == told.event or told.event == "confirmed":
                return
    due = now + SETTLING if told.event == "saved" else now
    db.execute(
        "INSERT INTO outbox(hook, document, key, member, event, status, source, at, due)"
        " SELECT ?, id, key, ?, ?, ?, ?, ?, ? FROM document WHERE id = ?",
        (hook, told.member, told.event, told.status, source, rows.now(), due, told.document),
    )


_COLUMNS = (
    "o.id, h.body, o.document, o.key, o.member, o.event, o.status, o.source, o.at, o.attempts, o.sent, o.answer"
    " FROM outbox o JOIN hook h ON h.id = o.hook"
)


def claim(corpus: Corpus, *, only: str, now: float, limit: int = 20) -> list[Row]:
    """Take what is due of a webhook: of each document the oldest alone, the oldest documents first.

    A claim holds for the webhook's timeout, as many times as rows were taken, and a minute; then the row is due
    again. Rows are looked at by id, so that a long outbox costs no more than a short one.
    """
    sql = (
        "SELECT o.id FROM outbox o NOT INDEXED WHERE o.sent = 0 AND o.due <= ?1 AND o.hook ="
        " (SELECT id FROM hook WHERE name = ?2 AND enabled = 1)"
        " AND NOT EXISTS (SELECT 1 FROM outbox e INDEXED BY outbox_waiting WHERE e.hook = o.hook"
        " AND e.document = o.document AND e.sent = 0 AND e.id < o.id) ORDER BY o.id LIMIT ?3"
    )
    with corpus.reading() as db:
        if not db.execute(sql, (now, only, 1)).fetchall():
            return []
    with corpus.transaction() as db:
        ids = rows.encode([id for (id,) in db.execute(sql, (now, only, limit))])
        db.execute(
            "UPDATE outbox SET attempts = attempts + 1, due = ? + 60 + ? *"
            " (SELECT coalesce(json_extract(body, '$.timeout'), 30) FROM hook WHERE id = hook)"
            " WHERE id IN (SELECT value FROM json_each(?))",
            (now, limit, ids),
        )
        chosen = f"SELECT {_COLUMNS} WHERE o.id IN (SELECT value FROM json_each(?)) ORDER BY o.id"
        return [_row(found) for found in db.execute(chosen, (ids,)).fetchall()]


def settle(corpus: Corpus, id: int, *, state: int, answer: str, due: float = 0.0, counts: bool = True) -> None:
    """Write what became of a claimed row: told, refused for good, or to be tried again at `due`.

    Args:
        counts: It was an attempt of its own; not when the receiver took nothing at all.
    """
    with corpus.transaction() as db:
        sql = "UPDATE outbox SET sent = ?, answer = ?, due = ?, attempts = attempts - ? WHERE id = ?"
        db.execute(sql, (state, answer[:500], due, int(not counts), id))
        if state == SENT and id % 100 == 0:
            db.execute(
                "DELETE FROM outbox WHERE sent = 1 AND id <= ? AND hook = (SELECT hook FROM outbox WHERE id = ?)",
                (id - KEPT, id),
            )


def release(corpus: Corpus, id: int) -> None:
    """Give a claimed row back untried."""
    with corpus.transaction() as db:
        sql = "UPDATE outbox SET attempts = max(attempts - 1, 0), due = 0 WHERE id = ? AND sent = 0"
        db.execute(sql, (id,))


def history(corpus: Corpus, *, hook: str = "", document: int = 0, limit: int = 50) -> list[Row]:
    """Return what was told last and what waits, newest first, of one webhook or document or of all."""
    with corpus.reading() as db:
        sql = f"SELECT {_COLUMNS} WHERE ?1 IN ('', h.name) AND ?2 IN (0, o.document) ORDER BY o.id DESC LIMIT ?3"
        return [_row(found) for found in db.execute(sql, (hook, document, limit)).fetchall()]


def retry(corpus: Corpus, name: str) -> int:
    """Make everything due that a webhook waits for or was refused; returns how many events that is."""
    row = hooks.get(corpus, name)
    with corpus.transaction() as db:
        sql = "UPDATE outbox SET sent = 0, due = ? WHERE hook = ? AND sent <> 1"
        return db.execute(sql, (time.time(), row.id)).rowcount


def _row(found: tuple[object, ...]) -> Row:
    id, body, *rest = found
    return Row(id, hooks.decode(str(body)), *rest)  # type: ignore[arg-type]

"""What a change of labels does to rows that no document holds: patterns, settings, runs, deployments, the queue."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterator

from tui_annotate.domain.annotations import Suggestion
from tui_annotate.domain.changed_scheme import followed_task
from tui_annotate.domain.documents import Document, Part
from tui_annotate.domain.renaming import Renaming
from tui_annotate.domain.spans import Span
from tui_annotate.store import rows
from tui_annotate.store.relabelling.row_changes import RowChange
from tui_annotate.store.runs import DELETED

_ENGINES = "engines"


def beside(db: sqlite3.Connection, renaming: Renaming, counts: Counter[str]) -> list[RowChange]:
    """Return the rows that change, and count them: `patterns`, `settings`, `runs`, `deployments`, `queued`."""
    changes = list(_patterns(db, renaming, counts))
    tasks = _tasks(db, renaming)
    if tasks:
        changes += _settings(db, tasks, counts)
        changes += _runs(db, tasks, counts)
    return changes


def _patterns(db: sqlite3.Connection, renaming: Renaming, counts: Counter[str]) -> Iterator[RowChange]:
    if renaming.change.kind not in ("entity", "label"):
        return
    sql = "SELECT id, target, name, kind, body, enabled, annotator, at FROM pattern ORDER BY id"
    every = db.execute(sql).fetchall()
    taken = {row[1:5] for row in every}
    for id, target, name, kind, body, *rest in every:
        held = rows.decode_object(body)
        text = str(held.get("text", ""))
        placed = target == "entity" and kind == "words" and bool(text)
        site = (Span("p", 0, len(text)),) if placed else ()
        stands = Document("", (Part("p", text),)) if site else None
        now = renaming.suggestion(Suggestion(target, name, site, held.get("value")), stands)
        if now is not None and (now.name, now.value) == (name, held.get("value")):
            continue
        counts["patterns"] += 1
        after = None
        if now is not None:
            after = (now.name, rows.encode({**held, "value": now.value}) if held.get("value") != now.value else body)
        if after is None or (target, after[0], kind, after[1]) in taken:
            counts["patterns gone"] += 1
            yield RowChange("pattern row", (id,), (target, name, kind, body, *rest), None)
        else:
            taken.add((target, after[0], kind, after[1]))
            yield RowChange("pattern", (id,), (name, body), after)


def _tasks(db: sqlite3.Connection, renaming: Renaming) -> dict[str, str | None]:
    """Return what tasks that occur anywhere become, where they do not stay."""
    met = {task for (task,) in db.execute("SELECT DISTINCT task FROM run UNION SELECT DISTINCT task FROM deployment")}
    met |= {task for (task,) in db.execute("SELECT DISTINCT task FROM queue UNION SELECT DISTINCT task FROM frozen")}
    met |= set(_engines(db))
    sql = "SELECT name FROM setting WHERE name LIKE ?"
    met |= {name.removeprefix(DELETED) for (name,) in db.execute(sql, (f"{DELETED}%",))}
    followed = {task: followed_task(task, renaming.change) for task in met}
    return {task: now for task, now in followed.items() if now != task}


def _engines(db: sqlite3.Connection) -> dict[str, str]:
    found = db.execute("SELECT value FROM setting WHERE name = ?", (_ENGINES,)).fetchone()
    return rows.decode_object(found[0]) if found else {}


def _settings(db: sqlite3.Connection, tasks: dict[str, str | None], counts: Counter[str]) -> Iterator[RowChange]:
    engines = _engines(db)
    if tasks.keys() & engines.keys():
        counts["settings"] += 1
        after: dict[str, str] = {}
        for task, engine in engines.items():
            now = tasks.get(task, task)
            if now is not None:
                after.setdefault(now, engine)
        (text,) = db.execute("SELECT value FROM setting WHERE name = ?", (_ENGINES,)).fetchone()
        yield RowChange("setting", (_ENGINES,), (text,), (rows.encode(after),))
    for task, now in tasks.items():
        found = db.execute("SELECT value FROM setting WHERE name = ?", (DELETED + task,)).fetchone()
        if found and now is not None:
            yield RowChange("setting", (DELETED + task,), found, None)
            yield RowChange("setting", (DELETED + now,), None, found)


def _runs(db: sqlite3.Connection, tasks: dict[str, str | None], counts: Counter[str]) -> Iterator[RowChange]:
    """Yield what follows a renamed task, and what is of no use any more where there is no such task."""
    for task, now in tasks.items():
        if now is not None:
            for (name,) in db.execute("SELECT name FROM run WHERE task = ?", (task,)).fetchall():
                counts["runs"] += 1
                yield RowChange("run", (name,), (task,), (now,))
        for id, withdrawn in db.execute("SELECT id, withdrawn FROM deployment WHERE task = ?", (task,)).fetchall():
            counts["deployments"] += not withdrawn
            counts["deployments gone"] += now is None and not withdrawn
            yield RowChange("deployment", (id,), (task, withdrawn), (task, 1) if now is None else (now, withdrawn))
        for document, run in db.execute("SELECT document, run FROM frozen WHERE task = ?", (task,)).fetchall():
            yield RowChange("frozen", (document, task), (run,), None)
            if now is not None:
                yield RowChange("frozen", (document, now), None, (run,))
        for (document,) in db.execute("SELECT document FROM queue WHERE task = ?", (task,)).fetchall():
            counts["queued"] += 1
            yield RowChange("queue", (document,), (task,), (now or "",))

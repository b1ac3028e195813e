"""Runs: one training each, registered here, with a folder of its own beside the corpus.

The corpus needs no run folder to open or to be understood; a lost one costs its model only.
"""

from __future__ import annotations

import errno
import os
import shutil
import sqlite3
from dataclasses import dataclass, field
from difflib import get_close_matches
from hashlib import blake2b
from pathlib import Path
from types import TracebackType
from typing import Any, Literal
from urllib.parse import quote, unquote

from tui_annotate.errors import DiskFullError, NothingToDoError, StoreError, UsageError
from tui_annotate.store import aliases, rows
from tui_annotate.store.connection import Corpus
from tui_annotate.store.files import sweep, sync_folder, sync_tree
from tui_annotate.store.learned import learned, write_learned
from tui_annotate.store.predictions import predictions, write_predictions

__all__ = [
    "LOG",
    "RunFolder",
    "RunRow",
    "all",
    "delete",
    "deploy",
    "deployed",
    "deployed_before",
    "folder",
    "get",
    "learned",
    "new_name",
    "predictions",
    "register",
    "rollback",
    "write_learned",
    "write_predictions",
]

LOG = "log.txt"
"""In a run's folder: what its training said."""
_LONGEST = 120
_STATES = ("", "-failed", "-cancelled")
"""Behind the number of a run, by what became of it."""
DELETED = "runs-deleted "
"""Before a task: the setting that holds the highest number of its deleted runs."""


@dataclass(frozen=True, slots=True)
class RunRow:
    """One training, as the registry knows it."""

    name: str
    """`<task>-<n>`."""
    task: str
    engine: str
    trigger: Literal["manual", "active learning"] = "manual"
    state: Literal["finished", "failed", "cancelled"] = "finished"
    created: str = ""
    """UTC."""
    finished: str = ""
    documents: int = 0
    """How many it was trained on."""
    sequence: int = 0
    """Newest decision when it read its data: confirmations after it count towards the next training."""
    parameters: dict[str, Any] = field(default_factory=dict)
    metrics: dict[str, Any] = field(default_factory=dict)
    folder: str = ""
    """Name of its folder; given by `get`, not stored."""
    deployed: bool = False
    """Its predictions are shown; given by `get`, not stored."""
    by: str = ""
    """The annotator who asked for it, or whose confirmation did."""
    error: str = ""
    id: str = ""
    """Identity over copies of the corpus, when the trainer gives one."""


_IS_DEPLOYED = (
    "name = (SELECT d.run FROM deployment d WHERE d.task = run.task AND NOT d.withdrawn ORDER BY d.id DESC LIMIT 1)"
)
_COLUMNS = (
    "name, task, engine, trigger, state, created, finished, documents, sequence, parameters, metrics, by, error, id,"
    f" {_IS_DEPLOYED}"
)


def new_name(corpus: Corpus, task: str) -> str:
    """Return a name that no run has or ever had, and no folder: documents keep what deleted runs suggested."""
    with corpus.reading() as db:
        # A run keeps its name when its task is renamed, so that name may be another task's.
        sql = "SELECT name FROM run WHERE task = ?1 OR substr(name, 1, length(?1) + 1) = ?1 || '-'"
        names = {name for (name,) in db.execute(sql, (task,))}
        number = max((_highest_deleted(db, task), *(_number(name, task) for name in names))) + 1
    while any(folder(corpus, f"{task}-{number}{state}").exists() for state in _STATES):
        number += 1
    return f"{task}-{number}"


def _number(name: str, task: str) -> int:
    """Return the number of a run: 7 of `entities-7` and of `entities-7-failed`."""
    number = name.removeprefix(f"{task}-").partition("-")[0]
    return int(number) if number.isascii() and number.isdecimal() else 0


def folder(corpus: Corpus, name: str) -> Path:
    """Return where a run's folder is or would be; always inside the folder of runs, whatever the name."""
    return corpus.runs_folder / _folder_name(name)


def _folder_name(name: str) -> str:
    safe = quote(name, safe="").replace("~", "%7E")
    if safe.startswith("."):
        safe = f"%2E{safe[1:]}"
    if len(safe) > _LONGEST:
        safe = f"{safe[: _LONGEST - 17].rstrip('%')}-{blake2b(name.encode(), digest_size=8).hexdigest()}"
    return safe


class RunFolder:
    """A run's folder in the making: `with RunFolder(target) as aside:` fills it; it gets its name when all is on disk.

    When the block raises, nothing is left. Two processes may make a run of the same name at once: each fills a
    folder of its own, and the second is told.

    Raises:
        StoreError: It cannot be written, or another process made a run of this name meanwhile.
    """

    def __init__(self, target: Path) -> None:
        self.target = target
        self.aside = target.with_name(f".{target.name}.{os.getpid()}.new")

    def __enter__(self) -> Path:
        sweep(self.target.parent, ".*.new")
        shutil.rmtree(self.aside, ignore_errors=True)
        try:
            self.aside.mkdir(parents=True)
        except OSError as problem:
            raise self._trouble(problem) from problem
        return self.aside

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            shutil.rmtree(self.aside, ignore_errors=True)
            if isinstance(error, OSError):
                raise self._trouble(error) from error
            return
        try:
            sync_tree(self.aside)
            self.aside.rename(self.target)
        except OSError as problem:
            shutil.rmtree(self.aside, ignore_errors=True)
            if self.target.exists():
                name = unquote(self.target.name)
                raise StoreError(f"Another training became {name} at the same time.", hint="Train again.") from problem
            raise self._trouble(problem) from problem
        sync_folder(self.target.parent)

    def _trouble(self, error: OSError) -> StoreError:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            return DiskFullError(f"No room left to write {self.target}.", hint="Free some space.")
        return StoreError(f"{self.target}: cannot be written: {error.strerror or error}.")


def register(corpus: Corpus, run: RunRow) -> None:
    """Enter a run; its folder, when it has one, is there already.

    Raises:
        UsageError: There is a run of this name.
    """

    def values(task: str) -> tuple[Any, ...]:
        return (
            run.name,
            run.id,
            task,
            run.engine,
            run.trigger,
            run.state,
            run.created or rows.now(),
            run.finished,
            run.documents,
            run.sequence,
            rows.encode(run.parameters),
            rows.encode(run.metrics),
            run.by,
            run.error,
        )

    sql = (
        "INSERT OR IGNORE INTO run(name, id, task, engine, trigger, state, created, finished, documents, sequence,"
        " parameters, metrics, by, error) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
    )
    with corpus.transaction() as db:
        # The label may have been renamed while it was trained.
        task = aliases.task_now(db, run.task, run.sequence)
        if not db.execute(sql, values(task)).rowcount:
            raise UsageError(f"There is a run {run.name} already.")


def deploy(corpus: Corpus, name: str) -> RunRow:
    """Put a finished run to use for its task; deploying the deployed one changes nothing."""
    run = get(corpus, name)
    if run.state != "finished":
        ended = "failed" if run.state == "failed" else f"was {run.state}"
        raise UsageError(f"Run {name} has no model to deploy: its training {ended}.")
    if not run.deployed:
        with corpus.transaction() as db:
            db.execute("INSERT INTO deployment(task, run, at) VALUES (?, ?, ?)", (run.task, name, rows.now()))
    return get(corpus, name)


def rollback(corpus: Corpus, task: str) -> RunRow:
    """Go back to the run that was deployed before, and return it; again and again as far as there are some.

    Raises:
        NothingToDoError: No other run was deployed before.
    """
    with corpus.transaction() as db:
        held = db.execute(
            "SELECT id, run FROM deployment WHERE task = ? AND NOT withdrawn ORDER BY id DESC LIMIT 2", (task,)
        ).fetchall()
        if len(held) < 2:
            raise NothingToDoError(f"No other run of {task} was deployed before.")
        db.execute("UPDATE deployment SET withdrawn = 1 WHERE id = ?", (held[0][0],))
    return get(corpus, held[1][1])


def deployed(corpus: Corpus) -> dict[str, RunRow]:
    """Return the deployed run of each task; the figures of the others, of which there may be hundreds, stay unread."""
    with corpus.reading() as db:
        found = db.execute(f"SELECT {_COLUMNS} FROM run WHERE {_IS_DEPLOYED} ORDER BY rowid").fetchall()
    return {run.task: run for run in map(_to_row, found)}


def deployed_before(corpus: Corpus, task: str) -> list[str]:
    """Return the runs that were deployed before the deployed one and not taken back, the newest first."""
    sql = "SELECT run FROM deployment WHERE task = ? AND NOT withdrawn ORDER BY id DESC LIMIT 100"
    with corpus.reading() as db:
        names = [name for (name,) in db.execute(sql, (task,))]
    return list(dict.fromkeys(names[1:]))


def all(corpus: Corpus, *, task: str = "") -> list[RunRow]:
    """Return the runs in the order they were entered."""
    where = " WHERE task = ?" if task else ""
    with corpus.reading() as db:
        found = db.execute(f"SELECT {_COLUMNS} FROM run{where} ORDER BY rowid", (task,) if task else ()).fetchall()
    return [_to_row(row) for row in found]


def get(corpus: Corpus, name: str) -> RunRow:
    """Return a run; raises UsageError with the nearest name."""
    with corpus.reading() as db:
        found = db.execute(f"SELECT {_COLUMNS} FROM run WHERE name = ?", (name,)).fetchone()
        names = [] if found else [n for (n,) in db.execute("SELECT name FROM run ORDER BY rowid DESC LIMIT 500")]
    if found is None:
        near = get_close_matches(name, names, n=1)
        hint = f"Did you mean {near[0]}?" if near else "`tui-annotate runs list` shows them."
        raise UsageError(f"There is no run {name}.", hint=hint)
    return _to_row(found)


def delete(corpus: Corpus, name: str) -> None:
    """Remove a run and its folder; the deployed one is refused. What was decided on its suggestions stays."""
    if get(corpus, name).deployed:
        raise UsageError(f"Run {name} is deployed.", hint="Deploy another one, or roll back, first.")
    task, _, number = name.rpartition("-")
    with corpus.transaction() as db:
        db.execute("DELETE FROM deployment WHERE run = ?", (name,))
        db.execute("DELETE FROM run WHERE name = ?", (name,))
        if number.isdecimal() and int(number) > _highest_deleted(db, task):
            db.execute(
                "INSERT INTO setting(name, value) VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value",
                (DELETED + task, number),
            )
    shutil.rmtree(folder(corpus, name), ignore_errors=True)


def _highest_deleted(db: sqlite3.Connection, task: str) -> int:
    """Return the highest number of a run of a task that was deleted."""
    found = db.execute("SELECT CAST(value AS INTEGER) FROM setting WHERE name = ?", (DELETED + task,)).fetchone()
    return int(found[0]) if found else 0


def _to_row(row: tuple[Any, ...]) -> RunRow:
    name, task, engine, trigger, state, created, finished, documents, sequence, *rest = row
    parameters, metrics, by, error, id, is_deployed = rest
    return RunRow(
        name,
        task,
        engine,
        trigger,
        state,
        created,
        finished,
        documents,
        sequence,
        rows.decode_object(parameters),
        rows.decode_object(metrics),
        _folder_name(name),
        bool(is_deployed),
        by,
        error,
        id,
    )

"""Figures when somebody asks: of a run, of two beside each other, over time, and over parts of the gold."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from tui_annotate.domain.figures import headline
from tui_annotate.errors import NothingToDoError, UsageError
from tui_annotate.learn.inquiring import Inquirer
from tui_annotate.learn.messages import CurveDrawn
from tui_annotate.store import runs, settings
from tui_annotate.store.connection import Corpus
from tui_annotate.store.runs import RunRow

Tell = Callable[[float, str], None]
SHARES = (0.25, 0.5, 0.75, 1.0)


@dataclass(frozen=True, slots=True)
class Point:
    """One run in the course of time."""

    run: str
    documents: int
    """Trained on."""
    created: str
    name: str
    """Of the figure."""
    value: float
    low: float
    high: float
    measured_on: int
    """Held-out documents."""
    deployed: bool
    engine: str


def chosen(corpus: Corpus, *, tasks: Sequence[str] = (), run: str = "") -> dict[str, RunRow]:
    """Return by task the deployed runs, or the one asked for.

    Raises:
        NothingToDoError: None is deployed.
        UsageError: There is no such run, or it did not finish.
    """
    if run:
        row = runs.get(corpus, run)
        if row.state != "finished":
            raise UsageError(f"Run {run} {row.state}, it has no figures.")
        return {row.task: row}
    deployed = {task: row for task, row in runs.deployed(corpus).items() if not tasks or task in tasks}
    if not deployed:
        which = f" of {', '.join(tasks)}" if tasks else ""
        raise NothingToDoError(f"No run{which} is deployed.", hint="Train one first.")
    return deployed


def evaluate(
    corpus: Corpus, *, tasks: Sequence[str] = (), run: str = "", on_progress: Tell | None = None
) -> dict[str, dict[str, Any]]:
    """Hold runs against the gold as it is now, as far as they were never trained on it.

    Returns:
        By task: `run`, `holdout` (drawn at random: the honest figure) and `test` (documents tagged
        `Test`, None when there are none), as `learn.metrics.evaluate` describes them.
    """
    wanted = chosen(corpus, tasks=tasks, run=run)
    found = {}
    with Inquirer(corpus.path) as worker:
        for task, row in wanted.items():
            parts = worker.measure(task, row.name, on_progress=on_progress)
            found[task] = {"run": row.name, "holdout": parts["holdout"], "test": parts.get("test")}
    return found


def compare(corpus: Corpus, run: str, other: str, *, on_progress: Tell | None = None) -> dict[str, dict[str, Any]]:
    """Hold a run against another of the same task on the same documents.

    Returns:
        By `holdout` and, where documents are tagged so, `test`: see `learn.comparing.compare`.

    Raises:
        UsageError: They are not of the same task, are the same, or one did not finish.
    """
    first, second = runs.get(corpus, run), runs.get(corpus, other)
    for row in (first, second):
        if row.state != "finished":
            raise UsageError(f"Run {row.name} {row.state}, there is nothing to compare.")
    if first.name == second.name:
        raise UsageError(f"{run} is the same run.", hint="Name two runs of one task.")
    if first.task != second.task:
        raise UsageError(f"{run} learned {first.task}, {other} {second.task}.", hint="Name two runs of one task.")
    with Inquirer(corpus.path) as worker:
        return worker.compare(first.task, first.name, second.name, on_progress=on_progress).parts


def history(corpus: Corpus, task: str) -> list[Point]:
    """Return the runs of a task that have a figure on what was held out, in the order of their making."""
    found = []
    for row in runs.all(corpus, task=task):
        best = headline(row.metrics)
        if row.state != "finished" or best is None:
            continue
        found.append(
            Point(
                row.name,
                row.documents,
                row.created,
                best["name"],
                best["value"],
                best["low"],
                best["high"],
                row.metrics["holdout"]["documents"],
                row.deployed,
                row.engine,
            )
        )
    return found


def curve(
    corpus: Corpus,
    task: str,
    *,
    engine: str = "",
    parameters: Mapping[str, Any] | None = None,
    shares: Sequence[float] = SHARES,
    draws: int = 0,
    nice: int = 0,
    on_progress: Tell | None = None,
) -> CurveDrawn:
    """Train on parts of the gold and return the learning curve, which is kept beside the runs.

    Args:
        draws: Draws of each part; 0: several where a fit is cheap.

    Raises:
        TooFewExamplesError: There is too little gold to train or to measure on.
    """
    check_task(corpus, task)
    with Inquirer(corpus.path, nice=nice) as worker:
        found = worker.curve(
            task, engine=engine, parameters=parameters, shares=shares, draws=draws, on_progress=on_progress
        )
    if not corpus.readonly:
        _keep(_curve_file(corpus, task), found)
    return found


def kept_curve(corpus: Corpus, task: str) -> CurveDrawn | None:
    """Return the learning curve that was drawn last; None when none was."""
    try:
        return msgspec.json.decode(_curve_file(corpus, task).read_bytes(), type=CurveDrawn)
    except (OSError, msgspec.DecodeError):
        return None


def check_task(corpus: Corpus, task: str) -> None:
    """Raise UsageError where the scheme has no such task."""
    tasks = settings.scheme(corpus).tasks
    if task not in tasks:
        raise UsageError(f"The scheme has no task {task!r}.", hint=f"Tasks: {', '.join(tasks) or 'none'}.")


def _curve_file(corpus: Corpus, task: str) -> Path:
    name = runs.folder(corpus, task).name
    return corpus.runs_folder / "cache" / f"curve-{name}.json"


def _keep(path: Path, found: CurveDrawn) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        aside.write_bytes(msgspec.json.encode(found))
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)

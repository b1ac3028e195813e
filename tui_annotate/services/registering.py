"""Registering runs, those that failed too, deploying them, and saying in a line what that changed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal
from uuid import uuid4

from tui_annotate.domain import deployment
from tui_annotate.domain.deployment import Change
from tui_annotate.domain.figures import changed, compared, headline, said
from tui_annotate.errors import AnnotateError, UsageError
from tui_annotate.learn.asked import settle
from tui_annotate.learn.messages import CAUSES, FinishedRun, TaskFailure, TrainingFailed, TrainingFinished, Trigger
from tui_annotate.store import rows, runs, settings
from tui_annotate.store.connection import Corpus
from tui_annotate.store.runs import RunRow


@dataclass(frozen=True, slots=True)
class Registered:
    """What registering finished runs came to."""

    news: str
    """What changed, for one line."""
    changes: tuple[Change, ...] = ()
    """By label; empty where nothing was deployed."""


def register(corpus: Corpus, finished: Sequence[FinishedRun], *, trigger: Trigger, by: str, deploy: bool) -> Registered:
    """Enter finished runs, deploy them if asked, and return what changed.

    A run all of whose labels the scheme ties to an outside model is not deployed.
    """
    news: list[str] = []
    changed: list[Change] = []
    for run in finished:
        row = RunRow(
            run.name,
            run.task,
            run.engine,
            trigger=trigger,
            created=run.created,
            finished=rows.now(),
            documents=run.documents,
            sequence=run.sequence,
            parameters=run.parameters,
            metrics={**run.metrics, "training": run.training, "seconds": run.seconds},
            by=by,
        )
        old = runs.deployed(corpus).get(run.task)
        runs.register(corpus, row)
        found = deployment_diff(corpus, [run.name]) if deploy else ()
        serves = any(change.is_change for change in found)
        if serves:
            runs.deploy(corpus, run.name)
        news += [_comparison(run.name, old, row, deployed=serves), *_kept(found)]
        changed += found
    return Registered("; ".join(news), tuple(changed))


def deployment_diff(corpus: Corpus, names: Sequence[str]) -> tuple[Change, ...]:
    """Return what deploying these runs changes: label, old run, new run, and what stays with an outside model."""
    deployed = runs.deployed(corpus)
    scheme = settings.scheme(corpus)
    found: list[Change] = []
    for row in (runs.get(corpus, name) for name in names):
        old = deployed.get(row.task)
        found += deployment.changes(scheme, row.task, old=old.name if old is not None else "", new=row.name)
    return tuple(found)


def deploy(corpus: Corpus, name: str) -> tuple[Change, ...]:
    """Put a finished run to use and return what changed; no rows when it served already.

    Raises:
        UsageError: It did not finish, or the scheme ties all its labels to an outside model.
    """
    found = deployment_diff(corpus, [name])
    tied = [change for change in found if change.outside]
    if found and len(tied) == len(found):
        raise UsageError(
            f"{', '.join(c.label for c in tied)} stays with the outside model {tied[0].outside}.",
            hint="Take `model` out of the scheme to let our runs suggest it.",
        )
    runs.deploy(corpus, name)
    return found if any(change.is_change for change in found) else ()


def register_failures(corpus: Corpus, ended: TrainingFailed | TrainingFinished) -> list[RunRow]:
    """Enter the tasks of a training that failed or were cancelled, each with the log as far as it came.

    What active learning tried too early is left out, and what it failed with just before: it would fill the list
    after every few confirmations.
    """
    cancelled = isinstance(ended, TrainingFailed) and ended.cancelled
    wanted = [
        failure
        for failure in ended.failures
        if ended.trigger == "manual"
        or not (failure.cause in ("completions", "quality") or _failed_so_before(corpus, failure))
    ]
    training = ended.runs[0].training if ended.runs else uuid4().hex[:12]
    return [_register_failure(corpus, failure, ended, cancelled=cancelled, training=training) for failure in wanted]


def _failed_so_before(corpus: Corpus, failure: TaskFailure) -> bool:
    before = runs.all(corpus, task=failure.task)[-1:]
    return any(run.state == "failed" and run.error == str(failure) for run in before)


def _register_failure(
    corpus: Corpus,
    failure: TaskFailure,
    ended: TrainingFailed | TrainingFinished,
    *,
    cancelled: bool,
    training: str,
) -> RunRow:
    state: Literal["failed", "cancelled"] = "cancelled" if cancelled else "failed"
    # A name of its own: the child that trains next may be giving the next number to a run just now.
    name = f"{runs.new_name(corpus, failure.task)}-{state}"
    options = ended.options
    row = RunRow(
        name,
        failure.task,
        failure.engine or _engine(corpus, failure.task, ended),
        trigger=ended.trigger,
        state=state,
        finished=rows.now(),
        parameters=dict(options.parameters),
        metrics={"training": training, "cause": failure.cause},
        by=ended.by,
        error=str(failure),
    )
    said_last = "cancelled." if cancelled else f"failed ({CAUSES[failure.cause]}): {failure}"
    with runs.RunFolder(runs.folder(corpus, name)) as folder:
        (folder / runs.LOG).write_text("\n".join([*ended.lines, f"run {name} {said_last}"]) + "\n", "utf-8")
    runs.register(corpus, row)
    return row


def _engine(corpus: Corpus, task: str, ended: TrainingFailed | TrainingFinished) -> str:
    """Return the engine that a task was to have; empty where the options themselves were wrong."""
    try:
        asked = settle(ended.options, settings.scheme(corpus), settings.load(corpus), trigger=ended.trigger)
    except AnnotateError:
        return ""
    return next((lesson.engine.name for lesson in asked.lessons if lesson.task == task), "")


def _kept(found: Iterable[Change]) -> list[str]:
    return deployment.said(change for change in found if change.outside)


def _comparison(name: str, old: RunRow | None, new: RunRow, *, deployed: bool) -> str:
    verb = "serves" if deployed else "is not deployed"
    subject = f"{old.name} → {name}" if old is not None and deployed else name
    now, then = headline(new.metrics), headline(old.metrics) if old else None
    beside = new.metrics.get("paired") or {}
    verdict = f", {compared(beside)}" if beside.get("outcome") in ("better", "worse", "not distinguishable") else ""
    moved = changed(new.metrics.get("stability"))
    verdict += f", {moved}" if moved else ""
    if now is None:
        return f"{subject} {verb}, trained on {new.documents}{verdict}"
    if then is None or then["name"] != now["name"]:
        return f"{subject} {verb}: {now['name']} {now['value']:.2f}{verdict}"
    return f"{subject} {verb}: {now['name']} {then['value']:.2f} to {now['value']:.2f}{verdict}"


def figure(deployed: Iterable[RunRow]) -> str:
    """Return the deployed runs' holdout figures: `F1 0.81 (0.70-0.89, 38 held out)`, or `12/30 held out`.

    What several runs have alike is said once: a line over the text has no room to lose.
    """
    return "; ".join(dict.fromkeys(said(run.metrics) for run in deployed))

"""What the children report to the app, and the client in their place when one has died."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from tui_annotate.domain.annotations import Suggestion
from tui_annotate.learn.commands import TrainOptions, Trigger
from tui_annotate.learn.outcomes import Cause, FinishedRun, TaskFailure, cause_of
from tui_annotate.store.queue import QueueEntry


class Event(msgspec.Struct, frozen=True, tag=True, kw_only=True):
    """What a child, or the client itself, reports."""

    request: int = 0


class Ready(Event, frozen=True):
    """A child has loaded what it needs and waits."""


class TrainingStarted(Event, frozen=True):
    """A training began."""

    tasks: list[str]
    trigger: Trigger = "manual"


class TrainingProgress(Event, frozen=True):
    """How far the training is, 0..1, and what it does."""

    fraction: float
    message: str
    task: str = ""


class TrainingLog(Event, frozen=True):
    """A line of the log, as it is written."""

    line: str


class TaskTrained(Event, frozen=True):
    """One task of a training is done; its run is there whatever happens to the others."""

    run: FinishedRun


class TrainingFinished(Event, frozen=True):
    """A training ended with at least one run."""

    runs: list[FinishedRun]
    trigger: Trigger = "manual"
    by: str = ""
    failures: list[TaskFailure] = []
    """Tasks that could not be learned."""
    options: TrainOptions = TrainOptions()
    """What was asked for; the client fills it in."""
    lines: list[str] = []
    """The log; the client fills it in."""

    @property
    def left_out(self) -> dict[str, str]:
        """Tasks that could not be learned, each with the reason."""
        return {failure.task: str(failure) for failure in self.failures}


class TrainingFailed(Event, frozen=True):
    """A training ended before its time; the deployed runs keep serving."""

    message: str
    hint: str = ""
    kind: str = "LearnError"
    """Name of the error class, see `errors`."""
    cancelled: bool = False
    trigger: Trigger = "manual"
    by: str = ""
    failures: list[TaskFailure] = []
    """By task, where it got that far."""
    runs: list[FinishedRun] = []
    """Tasks that were done before; the client fills it in."""
    options: TrainOptions = TrainOptions()
    """What was asked for; the client fills it in."""
    lines: list[str] = []
    """The log; the client fills it in."""

    @property
    def cause(self) -> Cause:
        """Which of Annotation Lab's causes it was."""
        return cause_of(self.kind)


class ServerReady(Event, frozen=True):
    """These runs are loaded, by task."""

    runs: dict[str, str]
    failed: dict[str, str] = {}
    """Tasks whose run could not be loaded, each with the reason and with what serves instead."""


class PredictionsReady(Event, frozen=True):
    """What one run suggests for documents; a document without suggestions has an empty list."""

    run: str
    task: str
    predictions: dict[int, list[Suggestion]]
    last: bool = True
    """No more of the same request follow."""


class QueueRanked(Event, frozen=True):
    """The pool in order, most informative first."""

    entries: list[QueueEntry]
    run: str


class Fitted(Event, frozen=True):
    """A model is in memory."""

    task: str
    documents: int
    seconds: float
    notes: list[str] = []


class Evaluated(Event, frozen=True):
    """Figures as `metrics.evaluate` gives them."""

    figures: dict[str, Any]


class CurvePoint(msgspec.Struct, frozen=True):
    """One training on a part of the gold."""

    documents: int
    draw: int
    value: float
    low: float
    high: float
    macro: float | None
    seconds: float


class CurveDrawn(Event, frozen=True):
    """A learning curve."""

    task: str
    engine: str
    name: str
    """Of the figure."""
    measured: str
    """What it was measured on, in words."""
    measured_on: int
    """How many documents that are."""
    points: list[CurvePoint]
    """By documents."""

    @property
    def is_apart(self) -> bool:
        """Say whether it was measured on gold that was set apart for it, with what the model picked itself."""
        return self.measured.startswith("set apart")

    @property
    def gold(self) -> int:
        """How many documents there were to learn from; those set apart for the curve are some of them."""
        most = max((point.documents for point in self.points), default=0)
        return most + (self.measured_on if self.is_apart else 0)


class Suspect(msgspec.Struct, frozen=True):
    """A confirmed document that is contradicted."""

    document: int
    task: str
    score: float
    reason: str
    suggestions: list[Suggestion] = []
    """What is said instead."""


class Suspects(Event, frozen=True):
    """What a second look found, the most suspicious first."""

    found: list[Suspect]
    looked: int
    """How many documents were looked at."""


class Measured(Event, frozen=True):
    """The figures of a run on `holdout`, and on `test` where documents are tagged so; see `metrics.evaluate`."""

    parts: dict[str, dict[str, Any]]


class Compared(Event, frozen=True):
    """Two runs beside each other, by what they were held against: `holdout` and `test`, see `comparing.compare`."""

    parts: dict[str, dict[str, Any]]


class Failed(Event, frozen=True):
    """A command other than a training could not be done."""

    message: str
    hint: str = ""
    kind: str = "LearnError"


class ChildDied(Event, frozen=True):
    """A child ended unasked; the client starts it again unless it keeps dying."""

    which: Literal["trainer", "server", "worker"]
    message: str
    log: str = ""
    """File with what it said last."""
    restarted: bool = True

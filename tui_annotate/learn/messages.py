"""What the app and its two children say to each other: JSON lines, ids and file names, never texts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from tui_annotate.domain.annotations import Suggestion
from tui_annotate.domain.selection import Tie
from tui_annotate.store.queue import QueueEntry

Trigger = Literal["manual", "active learning"]
Cause = Literal["completions", "quality", "resources", "parameters", "other"]
CAUSES: dict[Cause, str] = {
    "completions": "not enough completions",
    "quality": "completions of poor quality",
    "resources": "not enough memory or processor time",
    "parameters": "wrong training parameters",
    "other": "something else",
}
"""What may make a training fail, as Annotation Lab lists it, in words."""
_CAUSE_OF: dict[str, Cause] = {
    "PoorExamplesError": "quality",
    "TooFewExamplesError": "completions",
    "ResourcesError": "resources",
    "DiskFullError": "resources",
    "ParameterError": "parameters",
    "UsageError": "parameters",
}


def cause_of(kind: str) -> Cause:
    """Return the cause that an error class, by its name, stands for."""
    return _CAUSE_OF.get(kind, "other")


class Command(msgspec.Struct, frozen=True, tag=True):
    """What a child is asked to do; `request` comes back with the answers."""

    request: int = 0


class TrainOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody may ask of a training; what is None or empty is as the corpus is set."""

    tasks: list[str] = []
    """Empty: every task of the scheme. `labels`: one classifier only, see `domain.tasks`."""
    engine: str = ""
    """Of every task that `engines` does not name."""
    engines: dict[str, str] = {}
    """By task."""
    parameters: dict[str, Any] = {}
    """Each engine takes those that it has; `spacy-ner.epochs` is for that engine alone."""
    tags: list[str] | None = None
    """Train on documents with one of these tags; none: on all."""
    reviewed: bool | None = None
    """Train only on versions that a reviewer accepted."""
    tie: Tie | None = None
    """What decides between several versions of a document."""
    validation: float | None = None
    """Share of the gold set apart to see overfitting; None: as `asked.VALIDATION` when somebody asks, else none."""
    warm: bool = False
    """Go on from the deployed run, where the engine can; off: from the beginning."""
    script: str = ""
    """File that the engine `custom` runs."""
    seed: int | None = None
    deploy: bool | None = None
    """Put the runs to use; None: yes when somebody asked, else as the corpus is set."""


class Train(TrainOptions, frozen=True, kw_only=True, tag=True):
    """Train, write a run folder for each task, report."""

    request: int = 0
    trigger: Trigger = "manual"
    by: str = ""
    documents: list[int] | None = None
    """Train on just these of the gold; None: all that is not held out."""


class Serve(Command, frozen=True, kw_only=True):
    """Load runs, by task; those loaded already are kept, others dropped."""

    runs: dict[str, str]


class Predict(Command, frozen=True, kw_only=True):
    """Predict documents with every loaded run."""

    documents: list[int]
    minimum: float | None = None
    """Probability from which an entity is suggested; None: as the corpus is set."""


class Rank(Command, frozen=True, kw_only=True):
    """Order the pool by what teaches most."""

    strategy: str = "default"
    size: int = 500
    n: int = 10
    seed: int = 0
    documents: list[int] | None = None
    """Only these; None: what is pending and not held out, a sample of it where it is large."""


class Fit(Command, frozen=True, kw_only=True):
    """Fit on these documents of the gold and keep the model in memory; nothing is written."""

    task: str
    documents: list[int]
    engine: str = ""
    parameters: dict[str, Any] = {}
    seed: int = 0


class Evaluate(Command, frozen=True, kw_only=True):
    """Hold the predictions of a task's loaded run against these documents of the gold."""

    task: str
    documents: list[int]
    minimum: float | None = None
    least: int | None = None


class Curve(Command, frozen=True, kw_only=True):
    """Train on parts of the gold, to see what more of it brings; nothing is written."""

    task: str
    engine: str = ""
    parameters: dict[str, Any] = {}
    shares: list[float]
    draws: int = 0
    """Draws of each part; 0: several where a fit is cheap, else one."""


class LookAgain(Command, frozen=True, kw_only=True):
    """Find confirmed documents that models contradict which never saw them."""

    task: str
    engine: str = ""
    parameters: dict[str, Any] = {}
    folds: int = 5
    most: int = 500
    """Suspects that are returned."""


class Compare(Command, frozen=True, kw_only=True):
    """Hold a run against another on the same documents."""

    task: str
    run: str
    other: str


class Measure(Command, frozen=True, kw_only=True):
    """Hold a run against the gold that no run was trained on."""

    task: str
    run: str


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


class FinishedRun(msgspec.Struct, frozen=True):
    """A run whose folder is in place, ready to be registered and deployed."""

    name: str
    task: str
    engine: str
    folder: str
    documents: int
    sequence: int
    """Newest decision when the gold was read."""
    metrics: dict[str, Any]
    parameters: dict[str, Any]
    created: str
    seconds: float
    training: str = ""
    """Equal for the runs of one training."""


class TaskTrained(Event, frozen=True):
    """One task of a training is done; its run is there whatever happens to the others."""

    run: FinishedRun


class TaskFailure(msgspec.Struct, frozen=True):
    """A task that could not be learned."""

    task: str
    message: str
    hint: str = ""
    kind: str = "LearnError"
    """Name of the error class, see `errors`."""
    engine: str = ""

    @property
    def cause(self) -> Cause:
        """Which of Annotation Lab's causes it was."""
        return cause_of(self.kind)

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()


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


AnyCommand = Train | Serve | Predict | Rank | Fit | Evaluate | Curve | LookAgain | Compare | Measure
AnyEvent = (
    Ready
    | TrainingStarted
    | TrainingProgress
    | TrainingLog
    | TaskTrained
    | TrainingFinished
    | TrainingFailed
    | ServerReady
    | PredictionsReady
    | QueueRanked
    | Fitted
    | Evaluated
    | CurveDrawn
    | Suspects
    | Compared
    | Measured
    | Failed
    | ChildDied
)
LINE_LIMIT = 64 << 20
"""Bytes of the longest line accepted; asyncio's own limit of 64 kB is below one answer."""


def _plain(value: object) -> object:
    if isinstance(value, Mapping):
        return dict(value)
    if hasattr(value, "item"):
        return value.item()  # a scalar of numpy
    raise NotImplementedError(f"{type(value).__name__} in a message")


_encoder = msgspec.json.Encoder(enc_hook=_plain)
decode_command = msgspec.json.Decoder(AnyCommand).decode
decode_event = msgspec.json.Decoder(AnyEvent).decode


def line(message: Command | Train | Event) -> bytes:
    """Return a message as one line."""
    return _encoder.encode(message) + b"\n"

"""What the app and its two children say to each other: JSON lines, ids and file names, never texts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from tui_annotate.domain.annotations import Suggestion
from tui_annotate.store.queue import QueueEntry

Trigger = Literal["manual", "active learning"]


class Command(msgspec.Struct, frozen=True, tag=True):
    """What a child is asked to do; `request` comes back with the answers."""

    request: int = 0


class Train(Command, frozen=True, kw_only=True):
    """Train, write a run folder for each task, report."""

    tasks: list[str] = []
    """Empty: every task of the scheme."""
    trigger: Trigger = "manual"
    by: str = ""
    engine: str = ""
    """Empty: the first that handles the task."""
    parameters: dict[str, Any] = {}
    documents: list[int] | None = None
    """Train on just these of the gold; None: all that is not held out."""
    tags: list[str] = []
    """Train on documents with one of these tags; empty: on all."""
    reviewed: bool = False
    """Train only on versions that a reviewer accepted."""
    validation: float = 0.0
    """Share of the gold that is set apart to see overfitting; fast engines learn it all afterwards."""
    warm: bool = False
    """Go on from the deployed run, where the engine can; off: from the beginning."""
    script: str = ""
    """File that the engine `custom` runs."""


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


class TrainingFinished(Event, frozen=True):
    """A training ended with at least one run."""

    runs: list[FinishedRun]
    trigger: Trigger = "manual"
    by: str = ""
    left_out: dict[str, str] = {}
    """Tasks that could not be learned, each with the reason."""


class TrainingFailed(Event, frozen=True):
    """A training ended without a run; the deployed ones keep serving."""

    message: str
    hint: str = ""
    kind: str = "LearnError"
    """Name of the error class, see `errors`."""
    cancelled: bool = False
    trigger: Trigger = "manual"
    by: str = ""


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


AnyCommand = Train | Serve | Predict | Rank | Fit | Evaluate
AnyEvent = (
    Ready
    | TrainingStarted
    | TrainingProgress
    | TrainingFinished
    | TrainingFailed
    | ServerReady
    | PredictionsReady
    | QueueRanked
    | Fitted
    | Evaluated
    | Failed
    | ChildDied
)
LINE_LIMIT = 64 << 20
"""Bytes of the longest line accepted; asyncio's own limit of 64 kB is below one answer."""


def _plain(value: object) -> object:
    if isinstance(value, Mapping):
        return dict(value)
    raise NotImplementedError(f"{type(value).__name__} in a message")


_encoder = msgspec.json.Encoder(enc_hook=_plain)
decode_command = msgspec.json.Decoder(AnyCommand).decode
decode_event = msgspec.json.Decoder(AnyEvent).decode


def line(message: Command | Event) -> bytes:
    """Return a message as one line."""
    return _encoder.encode(message) + b"\n"

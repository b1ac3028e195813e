"""The wire between the app and its two children: JSON lines, ids and file names, never texts.

Commands go down, events come up; every message is named here, whichever way it goes.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from tui_annotate.learn.commands import (
    Command,
    Compare,
    Curve,
    Evaluate,
    Fit,
    LookAgain,
    Measure,
    Predict,
    Rank,
    Serve,
    Train,
    TrainOptions,
    Trigger,
)
from tui_annotate.learn.events import (
    ChildDied,
    Compared,
    CurveDrawn,
    CurvePoint,
    Evaluated,
    Event,
    Failed,
    Fitted,
    Measured,
    PredictionsReady,
    QueueRanked,
    Ready,
    ServerReady,
    Suspect,
    Suspects,
    TaskTrained,
    TrainingFailed,
    TrainingFinished,
    TrainingLog,
    TrainingProgress,
    TrainingStarted,
)
from tui_annotate.learn.outcomes import (
    CAUSES,
    Cause,
    FinishedRun,
    TaskFailure,
    cause_of,
)

__all__ = [
    "CAUSES",
    "LINE_LIMIT",
    "AnyCommand",
    "AnyEvent",
    "Cause",
    "ChildDied",
    "Command",
    "Compare",
    "Compared",
    "Curve",
    "CurveDrawn",
    "CurvePoint",
    "Evaluate",
    "Evaluated",
    "Event",
    "Failed",
    "FinishedRun",
    "Fit",
    "Fitted",
    "LookAgain",
    "Measure",
    "Measured",
    "Predict",
    "PredictionsReady",
    "QueueRanked",
    "Rank",
    "Ready",
    "Serve",
    "ServerReady",
    "Suspect",
    "Suspects",
    "TaskFailure",
    "TaskTrained",
    "Train",
    "TrainOptions",
    "TrainingFailed",
    "TrainingFinished",
    "TrainingLog",
    "TrainingProgress",
    "TrainingStarted",
    "Trigger",
    "cause_of",
    "decode_command",
    "decode_event",
    "line",
]

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

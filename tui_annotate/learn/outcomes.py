"""What a training leaves, task by task: finished runs, and failures with what made them fail."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

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

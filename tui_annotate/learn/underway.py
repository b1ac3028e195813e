"""A training that runs, as its parent knows it: how far, how long still, what the log says so far."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace

import msgspec

from tui_annotate.learn.messages import (
    AnyEvent,
    FinishedRun,
    TaskFailure,
    TaskTrained,
    Train,
    TrainingFailed,
    TrainingFinished,
    TrainingLog,
    TrainingProgress,
)

MOST_LINES = 2_000
"""Lines of a log that are kept here; the oldest go first. The run's own log has all."""
_SURE = 0.05
"""Share done under which nothing is said of the time left."""


@dataclass(frozen=True, slots=True)
class Underway:
    """One training from its start on; `after` gives the next state of it."""

    command: Train
    tasks: tuple[str, ...]
    """What is trained; as asked for, so empty for all."""
    task: str = ""
    """The one at work."""
    fraction: float = 0.0
    message: str = ""
    lines: tuple[str, ...] = ()
    runs: tuple[FinishedRun, ...] = ()
    """Those of the tasks that are done."""
    failures: tuple[TaskFailure, ...] = ()
    """Those of the tasks that the child said could not be learned."""
    began: float = field(default_factory=time.monotonic)
    heard: float = field(default_factory=time.monotonic)
    """When anything was last heard of it."""

    @property
    def seconds(self) -> float:
        """How long it has run."""
        return time.monotonic() - self.began

    @property
    def silent(self) -> float:
        """Seconds since anything was heard of it: what says nothing for long may hang."""
        return time.monotonic() - self.heard

    @property
    def left(self) -> float | None:
        """Seconds that it will still take if it goes on like this; None while that is anyone's guess."""
        if self.fraction < _SURE:
            return None
        return self.seconds * (1 - self.fraction) / self.fraction

    def after(self, event: AnyEvent) -> Underway:
        """Return what is known after an event; one of another training changes nothing."""
        if event.request != self.command.request:
            return self
        return replace(self._after(event), heard=time.monotonic())

    def _after(self, event: AnyEvent) -> Underway:
        if isinstance(event, TrainingProgress):
            fraction = max(self.fraction, event.fraction)
            return replace(self, fraction=fraction, message=event.message, task=event.task or self.task)
        if isinstance(event, TrainingLog):
            return replace(self, lines=(*self.lines[-MOST_LINES + 1 :], event.line))
        if isinstance(event, TaskTrained):
            return replace(self, runs=(*self.runs, event.run))
        if isinstance(event, TrainingFailed):
            return replace(self, failures=tuple(event.failures))
        return self

    def again(self, why: str) -> Underway:
        """Return it as begun from the beginning, with the reason in the log."""
        return Underway(self.command, self.tasks, lines=(*self.lines, why))

    def finished(self, event: TrainingFinished) -> TrainingFinished:
        """Return the end with what only the parent knows."""
        return msgspec.structs.replace(event, options=self.command, lines=list(self.lines))

    def failed(
        self, *, message: str, hint: str = "", kind: str = "LearnError", cancelled: bool = False
    ) -> TrainingFailed:
        """Return the end of a training that the child could not report itself."""
        at = self.task or next(iter(self.tasks), "")
        failures = [TaskFailure(at, message, hint, kind)] if at else []
        return TrainingFailed(
            request=self.command.request,
            message=message,
            hint=hint,
            kind=kind,
            cancelled=cancelled,
            trigger=self.command.trigger,
            by=self.command.by,
            failures=list(self.failures) or failures,
            runs=list(self.runs),
            options=self.command,
            lines=list(self.lines),
        )

    def told(self, event: TrainingFailed) -> TrainingFailed:
        """Return a failure that the child reported with what only the parent knows.

        One that came before any task counts as that of the first, so that it is found among the runs.
        """
        failures = event.failures or self.failed(message=event.message, hint=event.hint, kind=event.kind).failures
        return msgspec.structs.replace(
            event, failures=failures, runs=list(self.runs), options=self.command, lines=list(self.lines)
        )


def duration(seconds: float) -> str:
    """Return a time as it is said: `40 s`, `3 min`, `1 h 20 min`."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes = round(whole / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"

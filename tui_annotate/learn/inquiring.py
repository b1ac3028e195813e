"""The caller's side of `inquiry`: a worker that is also asked for curves, second looks and comparisons."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Self, TypeVar

from tui_annotate.learn.blocking import Tell, Worker
from tui_annotate.learn.messages import (
    AnyEvent,
    Compare,
    Compared,
    Curve,
    CurveDrawn,
    LookAgain,
    Measure,
    Measured,
    Suspects,
    TrainingProgress,
)

E = TypeVar("E")


class Inquirer(Worker):
    """See `Worker`."""

    def __enter__(self) -> Self:
        return self

    def curve(
        self,
        task: str,
        *,
        shares: Sequence[float],
        draws: int = 0,
        engine: str = "",
        parameters: Mapping[str, Any] | None = None,
        on_progress: Tell | None = None,
    ) -> CurveDrawn:
        """Train on parts of the gold; see `curve.draw`."""
        command = Curve(
            request=self._next(),
            task=task,
            engine=engine,
            parameters=dict(parameters or {}),
            shares=list(shares),
            draws=draws,
        )
        return self._inquire(command, CurveDrawn, on_progress)

    def look_again(
        self,
        task: str,
        *,
        engine: str = "",
        parameters: Mapping[str, Any] | None = None,
        on_progress: Tell | None = None,
    ) -> Suspects:
        """Return the confirmed documents that are contradicted; see `inquiry.look_again`."""
        command = LookAgain(request=self._next(), task=task, engine=engine, parameters=dict(parameters or {}))
        return self._inquire(command, Suspects, on_progress)

    def compare(self, task: str, run: str, other: str, *, on_progress: Tell | None = None) -> Compared:
        """Hold a run against another on what was held out and on the fixed test."""
        return self._inquire(Compare(request=self._next(), task=task, run=run, other=other), Compared, on_progress)

    def measure(self, task: str, run: str, *, on_progress: Tell | None = None) -> dict[str, dict[str, Any]]:
        """Return the figures of a run on `holdout`, and on `test` where documents are tagged so."""
        return self._inquire(Measure(request=self._next(), task=task, run=run), Measured, on_progress).parts

    def _inquire(self, command: Curve | LookAgain | Compare | Measure, answer: type[E], on_progress: Tell | None) -> E:
        def heard(event: AnyEvent) -> None:
            if isinstance(event, TrainingProgress) and on_progress is not None:
                on_progress(event.fraction, event.message)

        self._send(command)
        return self._await(command.request, answer, on_other=heard)

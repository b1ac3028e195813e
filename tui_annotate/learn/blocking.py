"""A child for callers without an event loop: the command line and `simulate` ask, wait and get the answer."""

from __future__ import annotations

import contextlib
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, NoReturn, TypeVar

import msgspec

from tui_annotate import errors
from tui_annotate.domain.annotations import Suggestion
from tui_annotate.errors import AnnotateError, LearnError, ResourcesError
from tui_annotate.learn import launching
from tui_annotate.learn.messages import (
    AnyCommand,
    AnyEvent,
    Evaluate,
    Evaluated,
    Failed,
    Fit,
    Fitted,
    Predict,
    PredictionsReady,
    QueueRanked,
    Rank,
    Ready,
    Serve,
    ServerReady,
    Train,
    TrainingFailed,
    TrainingFinished,
    TrainingProgress,
    TrainOptions,
    Trigger,
    decode_event,
    line,
)
from tui_annotate.learn.underway import Underway
from tui_annotate.store.queue import QueueEntry

E = TypeVar("E")
Tell = Callable[[float, str], None]
ANYTHING = TrainOptions()


class Worker:
    """One child that does many jobs, keeping gold, spaces and encoded documents in memory between them.

    Every method raises LearnError (or the class that the child names) with a message for the user when it
    fails; the worker can be used further unless it has died.
    """

    def __init__(self, path: Path | str, *, nice: int = 0) -> None:
        self.path = Path(path)
        self.log = launching.log_path(self.path, "worker")
        self._request = 0
        with launching.open_log(self.log) as log:
            self._process = subprocess.Popen(
                launching.command("worker", self.path, nice=nice),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                env=launching.environment(),
                start_new_session=True,
            )
        try:
            self._await(0, Ready)
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Worker:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def pid(self) -> int:
        """Process id of the child."""
        return self._process.pid

    def close(self) -> None:
        """End the child at once; closing twice does nothing."""
        self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()

    def train(
        self,
        options: TrainOptions = ANYTHING,
        *,
        documents: Sequence[int] | None = None,
        trigger: Trigger = "manual",
        by: str = "",
        on_progress: Tell | None = None,
        on_underway: Callable[[Underway], None] | None = None,
    ) -> TrainingFinished:
        """Train and write a run folder for each task; the caller registers and deploys them.

        Args:
            on_underway: Called with the state of the training after everything that was heard of it; what it says
                last holds also when this raises.
        """
        command = Train(
            request=self._next(),
            documents=None if documents is None else list(documents),
            trigger=trigger,
            by=by,
            **msgspec.structs.asdict(options),
        )
        underway = Underway(command, tuple(command.tasks))

        def heard(event: AnyEvent) -> None:
            nonlocal underway
            underway = underway.after(event)
            if on_underway is not None:
                on_underway(underway)
            if isinstance(event, TrainingProgress) and on_progress is not None:
                on_progress(event.fraction, event.message)

        self._send(command)
        return underway.finished(self._await(command.request, TrainingFinished, on_other=heard))

    def serve(self, runs: Mapping[str, str]) -> dict[str, str]:
        """Load runs by task."""
        return self._ask(Serve(request=self._next(), runs=dict(runs)), ServerReady).runs

    def fit(
        self,
        task: str,
        documents: Sequence[int],
        *,
        engine: str = "",
        parameters: Mapping[str, Any] | None = None,
        seed: int = 0,
    ) -> Fitted:
        """Fit on these documents of the gold, in memory; `predict`, `rank` and `evaluate` use the model then."""
        command = Fit(
            request=self._next(),
            task=task,
            documents=list(documents),
            engine=engine,
            parameters=dict(parameters or {}),
            seed=seed,
        )
        return self._ask(command, Fitted)

    def predict(
        self, documents: Sequence[int], *, minimum: float | None = None
    ) -> dict[str, dict[int, list[Suggestion]]]:
        """Return the suggestions of every loaded run, by its task and by document."""
        found: dict[str, dict[int, list[Suggestion]]] = {}
        command = Predict(request=self._next(), documents=list(documents), minimum=minimum)
        self._send(command)
        while True:
            event = self._await(command.request, PredictionsReady)
            found.setdefault(event.task, {}).update(event.predictions)
            if event.last:
                return found

    def rank(
        self,
        *,
        strategy: str = "default",
        size: int = 500,
        n: int = 10,
        seed: int = 0,
        documents: Sequence[int] | None = None,
    ) -> list[QueueEntry]:
        """Return the most informative of these documents, or of the pending ones that are not held out."""
        command = Rank(
            request=self._next(),
            strategy=strategy,
            size=size,
            n=n,
            seed=seed,
            documents=None if documents is None else list(documents),
        )
        return self._ask(command, QueueRanked).entries

    def evaluate(
        self, task: str, documents: Sequence[int], *, minimum: float | None = None, least: int | None = None
    ) -> dict[str, Any]:
        """Return the figures of a task's loaded model on these documents of the gold; see `metrics.evaluate`."""
        command = Evaluate(request=self._next(), task=task, documents=list(documents), minimum=minimum, least=least)
        return self._ask(command, Evaluated).figures

    def _next(self) -> int:
        self._request += 1
        return self._request

    def _ask(self, command: AnyCommand, answer: type[E]) -> E:
        self._send(command)
        return self._await(command.request, answer)

    def _send(self, command: AnyCommand) -> None:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(line(command))
            self._process.stdin.flush()
        except (OSError, ValueError):
            self._fail_dead()

    def _await(self, request: int, answer: type[E], *, on_other: Callable[[AnyEvent], None] | None = None) -> E:
        while True:
            event = self._read()
            if getattr(event, "request", 0) != request:
                continue
            if isinstance(event, answer):
                return event
            if on_other is not None:
                on_other(event)
            if isinstance(event, Failed | TrainingFailed):
                raise error_of(event)

    def _read(self) -> AnyEvent:
        assert self._process.stdout is not None
        text = self._process.stdout.readline()
        if not text:
            self._fail_dead()
        try:
            event: AnyEvent = decode_event(text)
        except msgspec.DecodeError as error:
            raise LearnError(f"The learning process gave no answer: {error}.", hint=f"See {self.log}.") from error
        return event

    def _fail_dead(self) -> NoReturn:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout=5)
        code = self._process.returncode
        if code == -signal.SIGKILL:
            raise ResourcesError(
                "The learning process was killed.",
                hint="Most likely memory ran out: close other programs, or train on fewer documents (by tag).",
            )
        said = launching.tail(self.log)
        raise LearnError(
            f"The learning process ended with code {code}{f': {said}' if said else ''}.",
            hint=f"{self.log} has the details.",
        )


def error_of(event: Failed | TrainingFailed) -> AnnotateError:
    """Return the exception that a failure stands for."""
    kind = getattr(errors, event.kind, LearnError)
    if not (isinstance(kind, type) and issubclass(kind, AnnotateError)):
        kind = LearnError
    return kind(event.message, hint=event.hint)

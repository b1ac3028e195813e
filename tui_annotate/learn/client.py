"""The parent side of learning: starts the children, asks, passes on what they say, and leaves no orphan.

One training runs and at most one waits; a newer one takes the place of the one that
waits, but none of active learning that of one that somebody asked for. A trainer is always
kept ready ahead: it has read everything before it is asked. A failure keeps the deployed run serving.
"""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import msgspec

from tui_annotate.learn import launching
from tui_annotate.learn.blocking import Worker
from tui_annotate.learn.catalogue import OURS
from tui_annotate.learn.child import Child, Which
from tui_annotate.learn.messages import (
    AnyCommand,
    AnyEvent,
    ChildDied,
    Predict,
    Rank,
    Ready,
    Serve,
    Train,
    TrainingFailed,
    TrainingFinished,
    TrainingStarted,
    TrainOptions,
    Trigger,
)
from tui_annotate.learn.underway import Underway

__all__ = ["Learner", "Worker"]

NICE = 5
OVERDUE = 20.0
"""Seconds after which a training that other programs keep from the processor is started again at nice 0."""
_ENOUGH = 0.5
"""Share of a processor that a training needs to count as running."""
ANYTHING = TrainOptions()
RESTARTS = 3
"""Deaths in a row, without an answer between, after which a child is not started again until it is asked something."""


class Learner:
    """Learning for one open corpus, on one event loop. Every method but `start` and `stop` returns at once.

    `on_event` is called on the loop with each event, in the order in which they happened.
    """

    def __init__(
        self,
        path: Path,
        *,
        on_event: Callable[[AnyEvent], None],
        annotator: str = "",
        overdue: float = OVERDUE,
    ) -> None:
        self.path = path
        self.annotator = annotator
        self._tell = on_event
        self._overdue = overdue
        self._server: Child | None = None
        self._trainer: Child | None = None
        self._running: Underway | None = None
        self._waiting: Train | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._runs: dict[str, str] = {}
        self._asked: dict[type[AnyCommand], AnyCommand] = {}
        self._deaths: dict[Which, int] = {"trainer": 0, "server": 0}
        self._starting: set[asyncio.Task[None]] = set()
        self._children: set[Child] = set()
        self._request = 0
        self._stopped = True

    @property
    def underway(self) -> Underway | None:
        """The training that runs, None when none does: nobody else keeps account of it."""
        return self._running

    @property
    def waiting(self) -> bool:
        """Say whether another waits behind it."""
        return self._waiting is not None

    @property
    def ready(self) -> bool:
        """Say whether a trainer has read everything, so that the next training starts at once."""
        return self._trainer is not None and self._trainer.ready

    async def start(self, *, ahead: bool = True) -> None:
        """Begin to take requests.

        Args:
            ahead: Start both children now; else each when it is first asked for, or by `get_ready`.
        """
        self._stopped = False
        self._deaths = {"trainer": 0, "server": 0}
        if ahead:
            self.get_ready()
        await asyncio.gather(*self._starting)

    def get_ready(self) -> None:
        """Start the children that do not run yet: each takes a processor for some seconds until it is ready."""
        if self._stopped:
            return
        if self._server is None:
            self._server = self._launch("server", NICE)
        if self._trainer is None:
            self._trainer = self._launch("trainer", NICE)

    async def stop(self) -> None:
        """End the children at once and wait until they are gone; a training that runs is lost."""
        self._stopped = True
        self._running = self._waiting = None
        self._stop_timer()
        await asyncio.gather(*self._starting, return_exceptions=True)
        for child in self._children:
            child.kill()
        await asyncio.gather(*(child.gone() for child in self._children))
        self._children.clear()
        self._server = self._trainer = None

    def train(self, options: TrainOptions = ANYTHING, *, trigger: Trigger = "manual") -> int:
        """Train now, or as soon as the training that runs has ended; returns the number that its events carry.

        Of active learning none waits in place of one that somebody asked for.
        """
        command = Train(request=self._next(), trigger=trigger, by=self.annotator, **msgspec.structs.asdict(options))
        if self._running is None:
            self._run(command)
        elif self._waiting is None or trigger == "manual" or self._waiting.trigger != "manual":
            self._waiting = command
        return command.request

    def cancel(self) -> None:
        """End the training that runs, and forget the one that waits; tasks that were done keep their runs."""
        cancelled, self._running, self._waiting = self._running, None, None
        self._stop_timer()
        if cancelled is None:
            return
        self._replace_trainer(NICE)
        self._tell(cancelled.failed(message="Cancelled.", cancelled=True))

    def serve(self, runs: Mapping[str, str]) -> None:
        """Load the deployed runs, by task; a server that has to be started again loads them again."""
        self._runs = dict(runs)
        self._ask(Serve(request=self._next(), runs=self._runs))

    def predict(self, documents: Sequence[int], *, minimum: float | None = None) -> int:
        """Ask for suggestions; `PredictionsReady` brings them, one event for each run."""
        command = Predict(request=self._next(), documents=list(documents), minimum=minimum)
        self._ask(command)
        return command.request

    def rank(self, *, strategy: str = "default", size: int = 500, n: int = 10, seed: int = 0) -> int:
        """Ask for the pool in order; a newer call replaces an older one that is not done yet."""
        command = Rank(request=self._next(), strategy=strategy, size=size, n=n, seed=seed)
        self._ask(command)
        return command.request

    def _next(self) -> int:
        self._request += 1
        return self._request

    def _ask(self, command: AnyCommand) -> None:
        self._asked[type(command)] = command
        if self._server is not None:
            self._server.send(command)
        elif not self._stopped:
            self._server = self._launch("server", NICE)

    def _run(self, command: Train) -> None:
        self._running = Underway(command, tuple(command.tasks))
        self._tell(TrainingStarted(request=command.request, tasks=command.tasks, trigger=command.trigger))
        if self._trainer is None:
            self._trainer = self._launch("trainer", NICE)
        self._trainer.send(command)
        self._start_timer(self._trainer)

    def _launch(self, which: Which, nice: int) -> Child:
        child = Child(which, self.path, nice=nice, on_event=self._heard, on_end=self._ended)
        self._children = {known for known in self._children if not known.over} | {child}
        task = asyncio.get_running_loop().create_task(self._bring_up(child))
        self._starting.add(task)
        task.add_done_callback(self._starting.discard)
        return child

    async def _bring_up(self, child: Child) -> None:
        """Start the process, then send what was asked of it meanwhile."""
        try:
            await child.start()
        except OSError as error:
            self._deaths[child.which] = RESTARTS
            self._died(child, f"it could not be started: {error}")
            return
        if child is self._server:
            for kind in (Serve, Predict, Rank):
                if kind in self._asked:
                    child.send(self._asked[kind])
        elif child is self._trainer and self._running is not None:
            child.send(self._running.command)

    def _heard(self, child: Child, event: AnyEvent) -> None:
        if isinstance(event, Ready) or child not in (self._server, self._trainer):
            return
        self._deaths[child.which] = 0
        if child is self._server:
            self._tell(event)
        elif self._running is not None and event.request == self._running.command.request:
            self._hear_training(self._running, event)

    def _hear_training(self, running: Underway, event: AnyEvent) -> None:
        """Keep account of the training that runs, and bring the next one up when it has ended."""
        if not isinstance(event, TrainingFinished | TrainingFailed):
            self._running = running.after(event)
            self._tell(event)
            return
        self._running = None
        self._stop_timer()
        if self._trainer is not None:
            self._trainer.wanted = False
        self._trainer = self._launch("trainer", NICE)
        self._tell(running.finished(event) if isinstance(event, TrainingFinished) else running.told(event))
        self._run_waiting()

    def _run_waiting(self) -> None:
        following, self._waiting = self._waiting, None
        if following is not None and self._running is None:
            self._run(following)

    def _ended(self, child: Child, code: int) -> None:
        self._children.discard(child)
        if not self._stopped and child in (self._server, self._trainer):
            self._deaths[child.which] += 1
            killed = code == -signal.SIGKILL and not child.garbled
            self._died(child, _how(child, code), killed=killed)

    def _died(self, child: Child, message: str, *, killed: bool = False) -> None:
        """Report a death, fail its training, start it again unless it keeps dying."""
        again = self._deaths[child.which] < RESTARTS
        failed = self._running if child is self._trainer else None
        if child is self._trainer:
            self._running = None
            self._stop_timer()
            self._trainer = self._launch("trainer", NICE) if again else None
        else:
            # What it was at may be what it died of: it is not asked again by itself.
            self._asked.pop(Predict, None)
            self._asked.pop(Rank, None)
            self._server = self._launch("server", NICE) if again else None
        self._tell(ChildDied(which=child.which, message=message, log=str(child.log), restarted=again))
        if failed is not None:
            self._tell(_lost(failed, message, killed=killed))
            self._run_waiting()

    def _replace_trainer(self, nice: int) -> None:
        if self._trainer is not None:
            self._trainer.kill()
        self._trainer = self._launch("trainer", nice)

    def _start_timer(self, child: Child) -> None:
        self._stop_timer()
        if child.nice and self._running is not None and not _is_slow(self._running.command):
            since = (time.monotonic(), launching.processor_seconds(child.pid))
            self._timer = asyncio.get_running_loop().call_later(self._overdue, self._hurry, child, since)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _hurry(self, child: Child, since: tuple[float, float]) -> None:
        """Start a training that others keep from the processor again at nice 0.

        A user cannot raise the priority of the one that runs. One that has the processor, and only has much to do,
        is left alone, and so is one that has finished a task: to begin again would cost what is done.
        """
        if child is not self._trainer or self._running is None:
            return
        waited, used = time.monotonic() - since[0], launching.processor_seconds(child.pid) - since[1]
        if used > _ENOUGH * waited or self._running.runs:
            self._start_timer(child)
            return
        self._running = self._running.again("others kept it from the processor: begun again at normal priority")
        self._replace_trainer(0)


def _how(child: Child, code: int) -> str:
    if child.garbled:
        return "it said what is no answer, and was ended"
    if code < 0:
        return f"it ended by signal {-code}"
    said = launching.tail(child.log)
    return f"it ended with code {code}{f': {said}' if said else ''}"


def _lost(running: Underway, how: str, *, killed: bool) -> TrainingFailed:
    """Return the end of a training whose process is gone; the system kills what takes too much memory."""
    if killed:
        hint = "Most likely memory ran out: close other programs, or train on fewer documents (by tag)."
        return running.failed(message=f"The training was lost: {how}.", hint=hint, kind="ResourcesError")
    return running.failed(message=f"The training was lost: {how}.", hint="The log of the trainer has the details.")


def _is_slow(command: Train) -> bool:
    """Say whether a training may take long by its nature: to begin again would only cost what is done."""
    quick = {info.name for info in OURS if not info.slow}
    return bool(command.script) or any(
        name not in quick for name in (command.engine, *command.engines.values()) if name
    )

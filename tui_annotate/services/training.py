"""The learning loop of an open corpus: retrain after every N confirmations, deploy, rank, predict what comes next.

It owns no widget and no connection: the caller lends its writer, and is told of every change of `LoopState`.
A training never changes what is on screen; its suggestions arrive with the next document.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Protocol, TypeVar

import msgspec

from tui_annotate.domain import deployment
from tui_annotate.domain.scheme import Scheme
from tui_annotate.domain.tasks import resolve
from tui_annotate.errors import AnnotateError, LearnError, StoreError
from tui_annotate.learn import messages
from tui_annotate.learn.asked import settle
from tui_annotate.learn.client import ANYTHING, Learner
from tui_annotate.learn.messages import TrainOptions
from tui_annotate.services import ordering, registering
from tui_annotate.services.kept_predictions import KeptPredictions, written
from tui_annotate.services.loop_state import LoopState, stored
from tui_annotate.services.registering import Registered
from tui_annotate.session.desk import Predictions
from tui_annotate.store import queue, runs, settings
from tui_annotate.store.connection import Corpus
from tui_annotate.store.settings import Settings

T = TypeVar("T")

_AHEAD = 3
"""Confirmations before a training at which its child is started; it needs some seconds to get ready."""
_LOG_EVERY = 0.1
"""Seconds between two looks at a log that grows."""
_PATIENCE = 0.15
"""Seconds that opening a document waits for a server that is ready; a person feels more than that."""


class Write(Protocol):
    """Runs a function with the corpus of the writer thread, in order with all other writes."""

    def __call__(self, function: Callable[[Corpus], T]) -> Awaitable[T]: ...


class LearningLoop:
    """The parent side of learning, for as long as a corpus is open."""

    def __init__(self, path: Path, annotator: str, *, write: Write, on_change: Callable[[LoopState], None]) -> None:
        self.state = LoopState()
        self._annotator = annotator
        self._write = write
        self._on_change = on_change
        self._learner = Learner(path, on_event=self._on_event, annotator=annotator)
        self._settings = Settings()
        self._scheme = Scheme()
        self._loaded: Mapping[str, str] = {}
        """Run that suggests, by task; empty before the server has loaded any."""
        self._expected: tuple[int, ...] = ()
        self._predictions = KeptPredictions()
        self._follow_ups: set[asyncio.Task[None]] = set()
        self._telling: asyncio.TimerHandle | None = None

    async def start(self) -> None:
        """Load the deployed runs; train when that is due already, else start the trainer when it is near."""
        await self._look()
        await self._learner.start(ahead=False)
        self._serve()
        if self.state.active and self.state.since >= self.state.every:
            self._train("active learning")
        else:
            self._get_ready()

    async def stop(self) -> None:
        """End the children; nothing that was shown as done depends on them."""
        for follow_up in self._follow_ups:
            follow_up.cancel()
        if self._telling is not None:
            self._telling.cancel()
        await self._learner.stop()

    async def reload(self) -> None:
        """Read settings and scheme again after they changed; the server learns what tasks are called now."""
        tasks = self.state.runs
        await self._look()
        if self._loaded and self.state.runs.keys() != tasks.keys():
            self._serve()
        self._changed()

    def confirmed(self, change: int = 1) -> None:
        """Count a confirmation (or -1 for one that was taken back), and retrain when N is full."""
        self._changed(since=max(0, self.state.since + change))
        if self.state.active and change > 0 and self.state.since >= self.state.every:
            self._train("active learning")
        else:
            self._get_ready()

    def expect(self, documents: Sequence[int]) -> None:
        """Say which documents come next, so that they are predicted first."""
        self._expected = tuple(documents)
        wanted = [d for d in documents if not self._known(d)]
        if self._loaded and wanted:
            self._learner.predict(wanted)

    async def predictions_for(self, document: int) -> list[Predictions]:
        """Return what the deployed runs say of a document, waiting for them a moment at most."""
        if not self._loaded:
            return await self._written(document)
        if not self._known(document):
            self._learner.predict([document])
            if not await self._predictions.wait_for(document, self._loaded, patience=_PATIENCE):
                return []
        return self._predictions.of(document)

    async def train_now(self, options: TrainOptions = ANYTHING) -> str:
        """Train now, or as soon as the running training ends; return what happens.

        Raises:
            UsageError: No such task or engine.
            ParameterError: No such parameter, or a value that does not fit it.
            LearnError: Nothing to train, or one runs and the corpus is set to let none wait.
        """
        if not self._scheme.tasks:
            raise LearnError(
                "There is nothing to train yet.", hint="Give the corpus an entity type or a document label."
            )
        settle(options, self._scheme, self._settings)
        if why := self.why_not_now:
            raise LearnError(why, hint="Wait for it, cancel it, or set queue_trainings=true.")
        self._train("manual", options)
        return "waits for the running training" if self._learner.waiting else "training started"

    @property
    def why_not_now(self) -> str:
        """Why no training can be asked for just now; empty when one can, if only to wait."""
        if self._learner.underway is None or self._settings.queue_trainings:
            return ""
        return f"A training runs already: {self.state.training}."

    def cancel(self) -> None:
        """End the running training; tasks that were done keep their runs, the others the deployed ones."""
        self._learner.cancel()

    async def toggle(self) -> bool:
        """Switch active learning on or off, for this corpus; return how it is now."""
        active = not self.state.active
        await self._write(lambda corpus: settings.change(corpus, active_learning=active))
        await self.reload()
        return active

    async def set_every(self, n: int) -> None:
        """Set N; 0 is the default for the scheme."""
        await self._write(lambda corpus: settings.change(corpus, retrain_every=n))
        await self.reload()
        self.confirmed(0)

    async def rollback(self, task: str) -> str:
        """Deploy the run that was deployed before; return what changed."""
        old = self.state.runs.get(task, "")
        row = await self._write(lambda corpus: runs.rollback(corpus, task))
        return await self._redeploy(f"{task}: {old} taken back, {row.name} serves")

    async def deploy(self, run: str) -> str:
        """Put a finished run to use; return what changed.

        Raises:
            UsageError: It did not finish, or an outside model has all its labels.
        """
        changed = await self._write(lambda corpus: registering.deploy(corpus, run))
        if not changed:
            return f"{run} serves already"
        news = await self._redeploy("; ".join(deployment.said(changed)))
        self._changed(changes=changed)
        return news

    async def _redeploy(self, news: str) -> str:
        await self._look()
        self._loaded = {}
        self._serve()
        self._changed(news=news)
        return news

    # Inside

    def _get_ready(self) -> None:
        """Have the children ready when a training is near; before, they would only slow the first keys down."""
        if self.state.active and self._scheme.tasks and self.state.since + _AHEAD >= self.state.every:
            self._learner.get_ready()

    async def _look(self) -> None:
        """Take over what stands in the corpus. The writer's thread only reads: `state` belongs to the event loop."""
        found = await self._write(stored)
        if found.settings.suggest_from != self._settings.suggest_from or found.scheme != self._scheme:
            self._predictions.clear()
        self._settings, self._scheme = found.settings, found.scheme
        self.state = replace(
            self.state,
            active=found.settings.active_learning,
            every=settings.effective_n(found.settings, found.scheme),
            since=self.state.since if self._learner.underway is not None else found.since,
            runs={task: row.name for task, row in found.deployed.items()},
            figure=registering.figure(found.deployed.values()),
        )

    def _serve(self) -> None:
        """Have the deployed runs loaded; until they are, those loaded before go on suggesting."""
        if self.state.runs:
            self._learner.serve(self.state.runs)
        elif self.state.active and self._scheme.labels and self._settings.order == "informative":
            # Before there is a run, the server asks for documents that stand for many others.
            self._rank()
        self._changed()

    async def _written(self, document: int) -> list[Predictions]:
        """Return what `tui-annotate predict` has written of the deployed runs."""
        deployed, scheme = list(self.state.runs.values()), self._scheme
        try:
            return await self._write(lambda corpus: written(corpus, document, deployed, scheme)) if deployed else []
        except StoreError as error:
            self._changed(failed=True, news=str(error))
            return []

    def _train(self, trigger: messages.Trigger, options: TrainOptions = ANYTHING) -> None:
        if not self._scheme.tasks or self.why_not_now:
            return
        engines = {} if options.engine or options.script else self._settings.engines
        whole = msgspec.structs.replace(
            options, tasks=resolve(self._scheme, options.tasks), engines={**engines, **options.engines}
        )
        self._learner.train(whole, trigger=trigger)
        self._changed(since=0, failed=False)

    def _known(self, document: int) -> bool:
        return self._predictions.has(document, self._loaded)

    def _changed(self, **values: object) -> None:
        """Take over new values, and of the training what the learner says; tell the owner."""
        self._telling = None
        learner = self._learner
        self.state = replace(self.state, course=learner.underway, waiting=learner.waiting, **values)  # type: ignore[arg-type]
        self._on_change(self.state)

    def _changed_soon(self) -> None:
        """Tell of many small changes at once: lines of a log come in bursts."""
        if self._telling is None:
            self._telling = asyncio.get_running_loop().call_later(_LOG_EVERY, self._changed)

    def _on_event(self, event: messages.AnyEvent) -> None:
        """Take an event of the children; what needs the disk goes to the writer."""
        match event:
            case messages.TrainingStarted() | messages.TrainingProgress():
                self._changed()
            case messages.TrainingLog() | messages.TaskTrained():
                self._changed_soon()
            case messages.TrainingFinished():
                self._later(self._finish(event))
            case messages.TrainingFailed():
                self._later(self._fail(event))
            case messages.ServerReady():
                if event.runs != self._loaded:
                    self._predictions.clear()
                self._loaded = event.runs
                if event.failed:
                    self._changed(failed=True, news="; ".join(event.failed.values()))
                if self._loaded:
                    self.expect(self._expected)
                    self._rank()
            case messages.Failed():
                self._changed(failed=True, news=f"{event.message} {event.hint}".strip())
            case messages.PredictionsReady():
                self._later(self._take(event))
            case messages.QueueRanked():
                self._later(self._order(event))
            case messages.ChildDied():
                if event.which == "server":
                    self._loaded = {}
                self._changed(failed=True, news=f"the {event.which} ended: {event.message}")

    def _ended(self, **values: object) -> None:
        """Tell how a training ended, and begin the one that came due meanwhile where none could wait."""
        self._changed(**values)
        if self.state.active and self.state.since >= self.state.every > 0 and self._learner.underway is None:
            self._train("active learning")

    def _rank(self) -> None:
        self._learner.rank(
            strategy=self._settings.strategy, size=queue.LENGTH, n=self.state.every, seed=self._settings.seed
        )

    async def _finish(self, event: messages.TrainingFinished) -> None:
        """Register what was trained, deploy it when that was asked for, and go on with it."""
        done = await self._register(event)
        left_out = (f"{task}: {reason}" for task, reason in event.left_out.items())
        news = "; ".join(filter(None, (done.news, *left_out)))
        self._ended(failed=False, cause=None, news=news, log=tuple(event.lines), changes=done.changes)

    async def _fail(self, event: messages.TrainingFailed) -> None:
        """Register what failed, and what was done before; the deployed runs go on serving."""
        said = "training cancelled" if event.cancelled else f"not trained: {event.message} {event.hint}".strip()
        done = await self._register(event)
        # Too few answers yet is no failure: the next training has more of them.
        too_early = event.cause in ("completions", "quality")
        self._ended(
            failed=not (event.cancelled or too_early),
            cause=None if event.cancelled else event.cause,
            news="; ".join(filter(None, (said, done.news))),
            log=tuple(event.lines),
            changes=done.changes,
        )

    async def _register(self, event: messages.TrainingFinished | messages.TrainingFailed) -> Registered:
        """Enter the runs of a training and what failed of it; have the deployed ones loaded."""
        asked = event.options.deploy
        deploy = (event.trigger == "manual" or self._settings.deploy == "always") if asked is None else asked
        by = event.by or self._annotator

        def enter(corpus: Corpus) -> Registered:
            done = registering.register(corpus, event.runs, trigger=event.trigger, by=by, deploy=deploy)
            registering.register_failures(corpus, event)
            return done

        done = await self._write(enter)
        if event.runs:
            await self._look()
            if deploy:
                self._serve()
        return done

    async def _take(self, event: messages.PredictionsReady) -> None:
        if self._loaded.get(event.task) == event.run:
            shown = {id: deployment.ours(self._scheme, found) for id, found in event.predictions.items()}
            await self._predictions.take(event.task, event.run, shown)

    async def _order(self, event: messages.QueueRanked) -> None:
        await self._write(lambda corpus: ordering.take_over(corpus, event.entries, run=event.run))

    def _later(self, work: Awaitable[None]) -> None:
        task = asyncio.ensure_future(self._guarded(work))
        self._follow_ups.add(task)
        task.add_done_callback(self._follow_ups.discard)

    async def _guarded(self, work: Awaitable[None]) -> None:
        try:
            await work
        except AnnotateError as error:
            self._changed(failed=True, news=str(error))

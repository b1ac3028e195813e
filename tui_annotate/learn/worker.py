"""The worker: `python -m tui_annotate.learn.worker CORPUS` does what trainer and server do, one command after another.

For the command line and `simulate`, where somebody waits for each answer.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from tui_annotate.errors import TooFewExamplesError, UsageError
from tui_annotate.learn import metrics
from tui_annotate.learn.channel import Channel, begin, describe, end
from tui_annotate.learn.inquiry import inquire
from tui_annotate.learn.mentions import of_gold
from tui_annotate.learn.messages import (
    AnyCommand,
    Compare,
    Curve,
    Evaluate,
    Evaluated,
    Failed,
    Fit,
    Fitted,
    LookAgain,
    Measure,
    Predict,
    PredictionsReady,
    QueueRanked,
    Rank,
    Ready,
    Serve,
    ServerReady,
    Train,
    TrainingProgress,
)
from tui_annotate.learn.server import AT_ONCE
from tui_annotate.learn.serving import Serving
from tui_annotate.learn.trainer import arguments, train
from tui_annotate.learn.training import Training
from tui_annotate.store.connection import Corpus


class Work:
    """Carries out commands of every kind; gold, spaces and encoded documents stay in memory between them."""

    def __init__(self, corpus: Corpus, channel: Channel) -> None:
        self.training = Training(corpus)
        self.serving = Serving(corpus)
        self.channel = channel

    def do(self, command: AnyCommand) -> None:
        """Carry out one command and answer it."""
        if isinstance(command, Train):
            train(self.training, command, self.channel)
        elif isinstance(command, Serve):
            loaded = self.serving.serve(dict(command.runs))
            self.channel.send(ServerReady(request=command.request, runs=loaded))
        elif isinstance(command, Fit):
            self._fit(command)
        elif isinstance(command, Predict):
            self._predict(command)
        elif isinstance(command, Evaluate):
            self._evaluate(command)
        elif isinstance(command, Curve | LookAgain | Compare | Measure):
            self.channel.send(inquire(self.training, command, self._tell(command.request)))
        else:
            self._rank(command)

    def _fit(self, command: Fit) -> None:
        started = time.perf_counter()
        self.training.refresh()
        course = self.training.course(command.task, engine=command.engine)
        examples = self.training.gold.examples(command.documents)
        if not examples:
            raise TooFewExamplesError(f"{command.task}: none of the {len(command.documents)} documents is confirmed.")
        model = course.engine.fit(
            examples,
            self.training.encode(course, examples),
            parameters=command.parameters,
            seed=command.seed,
            progress=lambda share, message: None,
        )
        self.serving.put(command.task, "", model, course.encoded)
        seconds = round(time.perf_counter() - started, 4)
        notes = list(model.report.notes)
        self.channel.send(
            Fitted(request=command.request, task=command.task, documents=len(examples), seconds=seconds, notes=notes)
        )

    def _predict(self, command: Predict) -> None:
        if not self.serving.loaded:
            raise UsageError("No run is loaded.", hint="Train or deploy one first.")
        ids = command.documents
        for begin_at in range(0, max(len(ids), 1), AT_ONCE):
            last = begin_at + AT_ONCE >= len(ids)
            found = list(self.serving.predict(ids[begin_at : begin_at + AT_ONCE], minimum=command.minimum))
            for place, (one, predicted) in enumerate(found, start=1):
                self.channel.send(
                    PredictionsReady(
                        request=command.request,
                        run=one.run,
                        task=one.task,
                        predictions=predicted,
                        last=last and place == len(found),
                    )
                )

    def _evaluate(self, command: Evaluate) -> None:
        if command.task not in self.serving.loaded:
            raise UsageError(f"No run of {command.task} is loaded.", hint="Train or deploy one first.")
        self.training.refresh()
        gold = {example.id: example.annotations for example in self.training.gold.examples(command.documents)}
        mentions = {id: of_gold(annotations) for id, annotations in gold.items()}
        ((_, predicted),) = self.serving.predict(
            list(gold), minimum=command.minimum, tasks=[command.task], mentions=mentions
        )
        found = [predicted[id] for id in gold]
        figures = metrics.evaluate(command.task, self.training.scheme, list(gold.values()), found, least=command.least)
        self.channel.send(Evaluated(request=command.request, figures=figures))

    def _tell(self, request: int) -> Callable[[float, str], None]:
        def send(share: float, message: str) -> None:
            self.channel.send(TrainingProgress(request=request, fraction=round(share, 3), message=message))

        return self.channel.now_and_then(send)

    def _rank(self, command: Rank) -> None:
        entries = self.serving.rank(command) or []
        run = " ".join(one.run for one in self.serving.loaded.values())
        self.channel.send(QueueRanked(request=command.request, entries=entries, run=run))


def main() -> int:
    """Run the child."""
    options = arguments("tui_annotate.learn.worker")
    channel = begin(nice=options.nice, parent=options.parent)
    with Corpus.open(options.corpus, readonly=True) as corpus:
        work = Work(corpus, channel)
        channel.send(Ready())
        while True:
            command = channel.commands.get()
            try:
                work.do(command)
            except Exception as error:  # noqa: BLE001 - the rim of the child: reported, and the next command is tried
                message, hint, kind = describe(error)
                channel.send(Failed(request=command.request, message=message, hint=hint, kind=kind))


if __name__ == "__main__":
    end(main)

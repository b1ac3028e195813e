"""The server: `python -m tui_annotate.learn.server CORPUS` predicts and ranks with the deployed runs until told to end.

Predicting goes first: a ranking is done in slices, and looks between them for documents that
somebody waits for. A newer ranking replaces one that is going on.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

from tui_annotate.errors import AnnotateError
from tui_annotate.learn.channel import Channel, begin, describe, end
from tui_annotate.learn.engines.registry import engine
from tui_annotate.learn.messages import (
    AnyCommand,
    Command,
    Failed,
    Predict,
    PredictionsReady,
    QueueRanked,
    Rank,
    Ready,
    Serve,
    ServerReady,
)
from tui_annotate.learn.serving import Serving
from tui_annotate.learn.trainer import arguments
from tui_annotate.store import runs
from tui_annotate.store.connection import Corpus

C = TypeVar("C", bound=Command)

AT_ONCE = 100
"""Documents predicted between two answers."""


class Server:
    """Carries out commands, the urgent ones first."""

    def __init__(self, serving: Serving, channel: Channel) -> None:
        self.serving = serving
        self.channel = channel
        self._later: deque[Rank] = deque(maxlen=1)

    def run(self) -> None:
        """Work until the parent is gone."""
        while True:
            while self.channel.waiting() or not self._later:
                self._take(self.channel.commands.get())
            self._try(self._later.popleft(), self._rank)

    def _take(self, command: AnyCommand) -> None:
        if isinstance(command, Rank):
            self._later.append(command)
        elif isinstance(command, Serve):
            self._try(command, self._serve)
        elif isinstance(command, Predict):
            self._try(command, self._predict)

    def _try(self, command: C, action: Callable[[C], None]) -> None:
        try:
            action(command)
        except Exception as error:  # noqa: BLE001 - the rim of the child: reported, and the next command is tried
            message, hint, kind = describe(error)
            self.channel.send(Failed(request=command.request, message=message, hint=hint, kind=kind))

    def _serve(self, command: Serve) -> None:
        failed = self.serving.serve_what_loads(dict(command.runs))
        loaded = {task: one.run for task, one in self.serving.loaded.items()}
        self.channel.send(ServerReady(request=command.request, runs=loaded, failed=failed))

    def _predict(self, command: Predict) -> None:
        ids = command.documents
        for begin_at in range(0, len(ids), AT_ONCE):
            for one, found in self.serving.predict(ids[begin_at : begin_at + AT_ONCE], minimum=command.minimum):
                last = begin_at + AT_ONCE >= len(ids)
                self.channel.send(
                    PredictionsReady(request=command.request, run=one.run, task=one.task, predictions=found, last=last)
                )

    def _rank(self, command: Rank) -> None:
        entries = self.serving.rank(command, between=self._between)
        if entries is not None:
            run = " ".join(one.run for one in self.serving.loaded.values())
            self.channel.send(QueueRanked(request=command.request, entries=entries, run=run))

    def _between(self) -> bool:
        """Serve who waits; False when the ranking at hand is out of date."""
        before = dict(self.serving.loaded)
        while self.channel.waiting():
            self._take(self.channel.commands.get())
        return not self._later and before == self.serving.loaded


def main() -> int:
    """Run the child."""
    options = arguments("tui_annotate.learn.server")
    channel = begin(nice=options.nice, parent=options.parent)
    with Corpus.open(options.corpus, readonly=True) as corpus:
        for run in runs.deployed(corpus).values():
            # What cannot be had is said where the run is asked for.
            with suppress(AnnotateError):
                engine(run.engine)
        channel.send(Ready())
        Server(Serving(corpus), channel).run()
    return 0


if __name__ == "__main__":
    end(main)

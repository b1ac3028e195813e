"""The trainer: `python -m tui_annotate.learn.trainer CORPUS` gets ready, waits for one training, does it and ends."""

from __future__ import annotations

import argparse
from pathlib import Path

from tui_annotate.learn.channel import Channel, begin, describe, end
from tui_annotate.learn.messages import (
    Ready,
    TaskFailure,
    TaskTrained,
    Train,
    TrainingFailed,
    TrainingFinished,
    TrainingLog,
    TrainingProgress,
)
from tui_annotate.learn.training import Training
from tui_annotate.store.connection import Corpus


def arguments(name: str) -> argparse.Namespace:
    """Return the command line that all children have."""
    parser = argparse.ArgumentParser(prog=f"python -m {name}")
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--nice", type=int, default=0)
    parser.add_argument("--parent", type=int, default=0)
    return parser.parse_args()


def train(training: Training, command: Train, channel: Channel) -> None:
    """Do one training and report how it goes and how it ended."""
    failures: list[TaskFailure] = []
    at: list[str] = [""]

    def tell(share: float, message: str) -> None:
        share = round(share, 3)
        channel.send(TrainingProgress(request=command.request, fraction=share, message=message, task=at[-1]))

    try:
        runs, _ = training.train(
            command,
            channel.now_and_then(tell),
            begun=at.append,
            log=lambda line: channel.send(TrainingLog(request=command.request, line=line)),
            done=lambda run: channel.send(TaskTrained(request=command.request, run=run)),
            failed=failures.append,
        )
    except Exception as error:  # noqa: BLE001 - the rim of the child: whatever an engine does is reported
        message, hint, kind = describe(error)
        channel.send(
            TrainingFailed(
                request=command.request,
                message=message,
                hint=hint,
                kind=kind,
                trigger=command.trigger,
                by=command.by,
                failures=failures,
            )
        )
        return
    channel.send(
        TrainingFinished(request=command.request, runs=runs, trigger=command.trigger, by=command.by, failures=failures)
    )


def main() -> int:
    """Run the child."""
    options = arguments("tui_annotate.learn.trainer")
    channel = begin(nice=options.nice, parent=options.parent)
    with Corpus.open(options.corpus, readonly=True) as corpus:
        training = Training(corpus)
        try:
            training.prepare()
        except Exception as error:  # noqa: BLE001 - preparing only saves time; the training itself will say what is wrong
            describe(error)
        channel.send(Ready())
        command = channel.commands.get()
        if isinstance(command, Train):
            train(training, command, channel)
    return 0


if __name__ == "__main__":
    end(main)

"""A process that is killed while it writes loses nothing that it was told is on disk."""

from __future__ import annotations

import multiprocessing
import os
import signal
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from tests.store import making
from tui_annotate.store import counters, log, rebuild, verify
from tui_annotate.store.connection import Corpus
from tui_annotate.store.intake import Intake


def _decide(path: Path, told: Connection) -> None:
    """Decide without end, and tell each sequence that is on disk."""
    with Corpus.open(path) as corpus:
        log.record(corpus, [making.begin(3)])
        for number in range(2, 1_000_000):
            if number % 5 == 0:
                log.undo(corpus, "ann")
            (logged,) = log.record(corpus, [making.add(3, number)])
            told.send(logged.sequence)


def _import(path: Path, told: Connection) -> None:
    """Import without end, and tell how many documents are on disk."""
    with Corpus.open(path) as corpus:
        intake = Intake(corpus)
        for number in range(1_000_000):
            list(intake.add([making.document(f"new{number}-{n}") for n in range(50)]))
            told.send(20 + intake.counts.created)


@pytest.mark.parametrize("work", [_decide, _import])
@pytest.mark.parametrize("after", [1, 23, 60])
def test_kill_9_loses_nothing_that_was_written(corpus: Corpus, work: object, after: int) -> None:
    path = corpus.path
    corpus.close()
    ours, theirs = multiprocessing.Pipe(duplex=False)
    process = multiprocessing.get_context("fork").Process(target=work, args=(path, theirs))  # type: ignore[arg-type]
    process.start()
    theirs.close()
    told = [ours.recv() for _ in range(after)]
    assert process.pid is not None
    os.kill(process.pid, signal.SIGKILL)
    try:
        while True:
            told.append(ours.recv())
    except EOFError:
        process.join()
    with Corpus.open(path) as again:
        progress = counters.progress(again)
        reached = progress.sequence if work is _decide else progress.total
        assert reached >= told[-1]
        assert verify.verify(again) == []
        assert rebuild.rebuild(again).differences == []
        if work is _decide:
            log.record(again, [making.begin(5)])
            logged = {d.sequence for d in log.history(again, limit=500)}
            assert set(told[-400:]) <= logged
            log.undo(again, "ann")

"""A process that is killed while it writes loses nothing that it was told is on disk."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sqlite3
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from tests.store import making
from tui_annotate.store import counters, documents, log, rebuild, verify
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


def _break_off(path: Path) -> None:
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("PRAGMA journal_mode = TRUNCATE")
    db.execute("PRAGMA cache_size = 2")
    db.execute("BEGIN IMMEDIATE")
    db.execute("UPDATE content SET text = text || ?", ("x" * 20_000,))
    os.kill(os.getpid(), signal.SIGKILL)


def test_a_reader_opens_what_a_killed_writer_left(corpus: Corpus) -> None:
    before = documents.load(corpus, 1)
    corpus.close()
    process = multiprocessing.get_context("spawn").Process(target=_break_off, args=(corpus.path,))
    process.start()
    process.join()
    journal = corpus.path.with_name(f"{corpus.path.name}-journal")
    assert journal.stat().st_size
    with Corpus.open(corpus.path, readonly=True) as again:
        assert documents.load(again, 1) == before
    assert not journal.exists() or not journal.stat().st_size


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

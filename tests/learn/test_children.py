"""The children as processes, and the client that keeps them. Slow to start, so each test does much."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TypeVar

import pytest

from tests.learn.making import SCHEME, corpus
from tui_annotate.domain.scheme import Scheme
from tui_annotate.errors import LearnError, ResourcesError, TooFewExamplesError, UsageError
from tui_annotate.learn import launching
from tui_annotate.learn.blocking import Worker
from tui_annotate.learn.client import Learner
from tui_annotate.learn.messages import (
    AnyEvent,
    ChildDied,
    PredictionsReady,
    QueueRanked,
    Ready,
    ServerReady,
    TaskTrained,
    TrainingFailed,
    TrainingFinished,
    TrainingLog,
    TrainingProgress,
    TrainingStarted,
    TrainOptions,
    decode_event,
)
from tui_annotate.learn.training import Training
from tui_annotate.store.connection import Corpus

E = TypeVar("E")
LONG = 60


class Desk:
    """A learner with its events at hand."""

    def __init__(self, path: Path, *, overdue: float = LONG) -> None:
        self.events: asyncio.Queue[AnyEvent] = asyncio.Queue()
        self.seen: list[AnyEvent] = []
        self.learner = Learner(path, on_event=self.events.put_nowait, annotator="ann", overdue=overdue)

    async def expect(self, kind: type[E]) -> E:
        """Return the next event of a kind, remembering all on the way."""
        while True:
            event = await asyncio.wait_for(self.events.get(), LONG)
            self.seen.append(event)
            if isinstance(event, kind):
                return event

    @property
    def pids(self) -> set[int]:
        """Return the running children."""
        return {child.pid for child in self.learner._children if child.pid}


def alive(pid: int) -> bool:
    """Say whether a process runs; one that ended and was not waited for does not."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    return False


async def until_gone(pids: set[int]) -> None:
    """Wait until none of the processes runs."""
    async with asyncio.timeout(LONG):
        while any(alive(pid) for pid in pids):
            await asyncio.sleep(0.02)


@pytest.fixture
def own(made_corpus: Path, tmp_path: Path) -> Path:
    """Return a corpus of this test's own."""
    return Path(shutil.copy(made_corpus, tmp_path / "notes.db"))


@pytest.fixture(scope="module")
def read_corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a corpus of entities alone whose texts were learned from: no child has to load scikit-learn for it."""
    path = tmp_path_factory.mktemp("read") / "notes.db"
    corpus(path, gold=25, test=5, pending=30, scheme=Scheme(entities=SCHEME.entities))
    with Corpus.open(path) as opened:
        Training(opened).prepare()
    return path


@pytest.fixture
def light(read_corpus: Path, tmp_path: Path) -> Path:
    """Return a copy of it, with what was learned from its texts."""
    shutil.copytree(read_corpus.with_suffix(".runs"), tmp_path / "notes.runs")
    return Path(shutil.copy(read_corpus, tmp_path / "notes.db"))


@pytest.fixture
async def desk(light: Path) -> AsyncIterator[Desk]:
    """Return a started learner."""
    started = Desk(light)
    await started.learner.start()
    yield started
    await started.learner.stop()


async def test_the_loop_from_training_to_suggestions_and_back(desk: Desk, light: Path) -> None:
    request = desk.learner.train(TrainOptions(tasks=["entities"]), trigger="active learning")
    assert desk.learner.underway
    finished = await desk.expect(TrainingFinished)
    assert (finished.request, finished.trigger, finished.by) == (request, "active learning", "ann")
    (run,) = finished.runs
    assert (light.with_suffix(".runs") / run.folder / "model.json").exists()
    assert isinstance(desk.seen[0], TrainingStarted)
    assert all(isinstance(event, TrainingProgress | TrainingLog | TaskTrained) for event in desk.seen[1:-1])
    assert not desk.learner.underway

    desk.learner.serve({run.task: run.name})
    asked = desk.learner.predict([40, 41])
    desk.learner.rank(size=7, n=3)
    assert (await desk.expect(ServerReady)).runs == {"entities": run.name}
    ready = await desk.expect(PredictionsReady)
    assert (ready.request, ready.run, set(ready.predictions)) == (asked, run.name, {40, 41})
    assert ready.predictions[40][0].who == (f"ml:{run.name}",)
    assert len((await desk.expect(QueueRanked)).entries) == 7

    # A server that is killed comes back with the same runs, and the trainer never noticed.
    server = desk.learner._server
    assert server is not None
    os.kill(server.pid, signal.SIGKILL)
    died = await desk.expect(ChildDied)
    assert (died.which, died.restarted) == ("server", True)
    assert (await desk.expect(ServerReady)).runs == {"entities": run.name}

    # A run that is not there is an answer, and the server goes on.
    desk.learner.serve({"entities": "entities-99"})
    gone = await desk.expect(ServerReady)
    assert gone.runs == {}
    assert "model.json" in gone.failed["entities"]
    desk.learner.serve({run.task: run.name})
    again = desk.learner.predict([42])
    while (await desk.expect(PredictionsReady)).request != again:
        pass


async def test_of_three_trainings_the_newest_waits_and_the_middle_is_forgotten(desk: Desk) -> None:
    first = desk.learner.train(TrainOptions(tasks=["entities"]))
    middle = desk.learner.train(TrainOptions(tasks=["entities"]))
    newest = desk.learner.train(TrainOptions(tasks=["entities"]))
    assert desk.learner.waiting
    assert (await desk.expect(TrainingFinished)).request == first
    assert (await desk.expect(TrainingFinished)).request == newest
    assert middle not in {event.request for event in desk.seen}
    started = [event.request for event in desk.seen if isinstance(event, TrainingStarted)]
    assert started == [first, newest]

    # Cancelling kills at once and says so; the next training works.
    cancelled = desk.learner.train(TrainOptions(tasks=["entities"]))
    desk.learner.cancel()
    failed = await desk.expect(TrainingFailed)
    assert (failed.request, failed.cancelled) == (cancelled, True)
    assert not desk.learner.underway
    after = desk.learner.train(TrainOptions(tasks=["nonsense"]))
    refused = await desk.expect(TrainingFailed)
    assert (refused.request, refused.kind, refused.cancelled) == (after, "UsageError", False)


async def test_a_trainer_killed_at_work_is_reported_and_the_waiting_one_runs(desk: Desk) -> None:
    lost = desk.learner.train(TrainOptions(tasks=["entities"]))
    waiting = desk.learner.train(TrainOptions(tasks=["entities"]))
    trainer = desk.learner._trainer
    assert trainer is not None
    os.kill(trainer.pid, signal.SIGKILL)
    died = await desk.expect(ChildDied)
    assert (died.which, died.restarted) == ("trainer", True)
    failed = await desk.expect(TrainingFailed)
    assert (failed.request, failed.cancelled, failed.cause) == (lost, False, "resources")
    assert "signal 9" in failed.message
    assert (await desk.expect(TrainingFinished)).request == waiting


async def test_an_overdue_training_is_started_again_and_ends_once(light: Path) -> None:
    desk = Desk(light, overdue=0.0)
    await desk.learner.start()
    before = desk.pids
    try:
        request = desk.learner.train(TrainOptions(tasks=["entities"]))
        finished = await desk.expect(TrainingFinished)
        assert finished.request == request
        assert len(finished.runs) == 1
        assert [event.request for event in desk.seen if isinstance(event, TrainingStarted)] == [request]
        assert desk.pids - before
    finally:
        await desk.learner.stop()


async def test_stopping_leaves_no_process(light: Path) -> None:
    desk = Desk(light)
    await desk.learner.start()
    pids = desk.pids
    assert len(pids) == 2
    desk.learner.train()
    await desk.learner.stop()
    assert not any(alive(pid) for pid in pids)
    await desk.learner.stop()


async def test_a_child_that_keeps_dying_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # It dies as one on no corpus does (see below), without loading all that a child loads before it looks.
    dying = [sys.executable, "-S", "-c", "import sys; sys.exit('no.db is no corpus')"]
    monkeypatch.setattr(launching, "command", lambda which, corpus, *, nice: dying)
    desk = Desk(tmp_path / "no.db")
    await desk.learner.start()
    try:
        died: list[ChildDied] = []
        while sum(not event.restarted for event in died) < 2:
            died.append(await desk.expect(ChildDied))
        assert {event.which for event in died} == {"server", "trainer"}
        assert len(died) == 6
        assert "no.db" in died[0].message
        assert Path(died[0].log).exists()
        # Asked again, each is tried once more.
        desk.learner.predict([1])
        desk.learner.train()
        late: list[AnyEvent] = []
        while not {"server", "trainer", "lost"} <= {getattr(event, "which", "lost") for event in late}:
            event = await desk.expect(ChildDied | TrainingFailed)  # type: ignore[arg-type]
            late.append(event)
        failed = next(event for event in late if isinstance(event, TrainingFailed))
        assert failed.message.startswith("The training was lost")
    finally:
        await desk.learner.stop()


FAKE = """
import sys, time
print('{"type":"Ready"}', flush=True)
sys.stdin.readline()
print('{"type":"TrainingProgress","request":1,"fraction":0.5,"message":"fitting","task":"labels:kind"}', flush=True)
print('{"type":"TrainingLog","request":1,"line":"half way"}', flush=True)
END
"""


async def test_a_training_that_hangs_or_says_garbage_is_contained(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ends = {"hang": "time.sleep(1000)", "garbage": "print('loss nan', flush=True); time.sleep(1000)"}
    for how, end in ends.items():
        fake = [sys.executable, "-S", "-c", FAKE.replace("END", end)]
        monkeypatch.setattr(launching, "command", lambda which, corpus, *, nice, fake=fake: fake)
        desk = Desk(tmp_path / "no.db")
        await desk.learner.start(ahead=False)
        try:
            desk.learner.train(TrainOptions(tasks=["labels:kind"]))
            await desk.expect(TrainingLog)
            if how == "hang":
                assert desk.learner.underway is not None
                assert (desk.learner.underway.fraction, desk.learner.underway.task) == (0.5, "labels:kind")
                desk.learner.cancel()
            failed = await desk.expect(TrainingFailed)
            assert (failed.cancelled, failed.lines) == (how == "hang", ["half way"])
            assert [failure.task for failure in failed.failures] == ["labels:kind"]
            assert ("no answer" in failed.message) == (how == "garbage")
            assert desk.learner.underway is None
        finally:
            await desk.learner.stop()


PARENT = """
import asyncio, sys
from pathlib import Path
from tui_annotate.learn.client import Learner

async def main():
    learner = Learner(Path(sys.argv[1]), on_event=lambda event: None)
    await learner.start()
    print(*(child.pid for child in learner._children), flush=True)
    learner.train()
    await asyncio.sleep(1000)

asyncio.run(main())
"""


async def test_children_of_a_killed_parent_end(light: Path) -> None:
    parent = subprocess.Popen([sys.executable, "-c", PARENT, str(light)], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    pids = {int(pid) for pid in parent.stdout.readline().split()}
    assert len(pids) == 2
    parent.kill()
    parent.wait()
    parent.stdout.close()
    await until_gone(pids)


async def test_a_child_ends_with_its_input_and_survives_garbage(light: Path) -> None:
    command = launching.command("server", light, nice=0)
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=launching.environment()
    ) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        child.stdin.write(b'garbage\n{"type":"Unknown"}\n\xff\n{"type":"Serve","request":5,"runs":{}}\n')
        child.stdin.flush()
        assert isinstance(decode_event(child.stdout.readline()), Ready)
        answer = decode_event(child.stdout.readline())
        assert isinstance(answer, ServerReady)
        assert answer.request == 5
        child.stdin.close()
        assert child.wait(timeout=LONG) == 0


def test_the_worker_does_many_jobs_and_says_what_fails(own: Path) -> None:
    with Worker(own) as worker:
        with pytest.raises(UsageError, match="No run is loaded"):
            worker.predict([1])
        told: list[float] = []
        finished = worker.train(
            TrainOptions(tasks=["labels:kind"]), by="ann", on_progress=lambda share, message: told.append(share)
        )
        assert finished.runs[0].documents == 40
        fitted = worker.fit("labels:kind", range(1, 21), seed=3)
        assert fitted.documents == 20
        figures = worker.evaluate("labels:kind", range(21, 41), least=1)
        assert figures["documents"] == 20
        assert figures["accuracy"]["value"] > 0.8
        with pytest.raises(TooFewExamplesError):
            worker.fit("labels:kind", [1])
        entries = worker.rank(documents=range(60, 90), n=4, size=10, seed=1)
        assert len({entry.document for entry in entries} & set(range(60, 90))) == 10
        assert worker.serve({"labels:kind": finished.runs[0].name}) == {"labels:kind": "labels:kind-1"}
        worker.fit("entities", range(1, 41))
        found = worker.predict(range(50, 53), minimum=0.5)
        assert set(found) == {"labels:kind", "entities"}
        assert all(set(predicted) == {50, 51, 52} for predicted in found.values())
        os.kill(worker.pid, signal.SIGKILL)
        with pytest.raises(ResourcesError, match="was killed"):
            worker.rank()


def test_a_worker_on_no_corpus_says_why(tmp_path: Path) -> None:
    path = corpus(tmp_path / "c.db", gold=0, pending=1)
    path.write_bytes(b"nothing" * 1000)
    with pytest.raises(LearnError, match=r"c\.db"):
        Worker(path)


def test_the_parent_side_loads_no_learning_library() -> None:
    code = "import sys, tui_annotate.learn.client; print(*sorted({m.partition('.')[0] for m in sys.modules}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    heavy = {"numpy", "scipy", "sklearn", "skops", "pycrfsuite", "spacy", "textual", "sqlite_utils"}
    assert not set(done.stdout.split()) & heavy


def test_children_look_for_modules_neither_here_nor_with_more_threads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "4")
    assert "-P" in launching.command("server", tmp_path / "c.db", nice=5)
    assert launching.environment()["OMP_NUM_THREADS"] == "1"

"""A training that runs, as its parent knows it."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from tui_annotate.learn import launching, underway
from tui_annotate.learn.client import Learner
from tui_annotate.learn.messages import (
    FinishedRun,
    TaskFailure,
    TaskTrained,
    Train,
    TrainingFailed,
    TrainingLog,
    TrainingProgress,
    TrainOptions,
)
from tui_annotate.learn.underway import Underway, duration

RUN = FinishedRun("entities-1", "entities", "entities", "", 1, 1, {}, {}, "", 0.1, "abc")


def test_what_was_heard_adds_up_and_other_trainings_do_not_count() -> None:
    state = Underway(Train(request=4), ("entities", "labels:a"), began=time.monotonic() - 10)
    assert state.left is None
    for event in (
        TrainingProgress(request=4, fraction=0.25, message="fitting", task="entities"),
        TrainingLog(request=4, line="one"),
        TaskTrained(request=4, run=RUN),
        TrainingProgress(request=3, fraction=0.9, message="old"),
        TrainingLog(request=4, line="two"),
    ):
        state = state.after(event)
    assert (state.fraction, state.message, state.task, state.lines) == (0.25, "fitting", "entities", ("one", "two"))
    assert state.left == pytest.approx(30, rel=0.05)
    assert state.silent < 5
    lost = state.failed(message="Gone.", kind="ResourcesError")
    assert (lost.cause, lost.runs, lost.lines) == ("resources", [RUN], ["one", "two"])
    assert [failure.task for failure in lost.failures] == ["entities"]


def test_a_failure_before_any_task_is_that_of_the_first() -> None:
    state = Underway(Train(request=1), ("entities", "labels:a")).after(TrainingLog(request=1, line="one"))
    told = state.told(TrainingFailed(request=1, message="The corpus is damaged.", kind="CorruptError"))
    assert [(failure.task, failure.message) for failure in told.failures] == [("entities", "The corpus is damaged.")]
    own = [TaskFailure("labels:a", "Too few.", kind="TooFewExamplesError")]
    told = state.told(TrainingFailed(request=1, message="Too few.", failures=own))
    assert (told.failures, told.lines) == (own, ["one"])


def test_active_learning_does_not_take_the_place_of_what_somebody_asked_for(tmp_path: Path) -> None:
    learner = Learner(tmp_path / "c.db", on_event=lambda _: None)
    learner._running = Underway(Train(request=9), ("entities",))
    learner.train(TrainOptions(seed=1), trigger="active learning")
    learner.train(TrainOptions(seed=2))
    learner.train(TrainOptions(seed=3), trigger="active learning")
    assert learner._waiting is not None
    assert learner._waiting.seed == 2
    learner.train(TrainOptions(seed=4))
    assert learner._waiting.seed == 4


def test_a_long_log_keeps_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(underway, "MOST_LINES", 3)
    state = Underway(Train(request=1), ())
    for n in range(5):
        state = state.after(TrainingLog(request=1, line=str(n)))
    assert state.lines == ("2", "3", "4")


@pytest.mark.parametrize(("seconds", "said"), [(3.4, "3 s"), (59.6, "1 min"), (200, "3 min"), (4800, "1 h 20 min")])
def test_times_are_said_shortly(seconds: float, said: str) -> None:
    assert duration(seconds) == said


def test_a_training_begun_again_keeps_its_log_and_says_why() -> None:
    state = Underway(Train(request=1), ("entities",), fraction=0.4, lines=("one",)).again("the processor was busy")
    assert (state.fraction, state.lines, state.tasks) == (0.0, ("one", "the processor was busy"), ("entities",))


def test_the_processor_time_of_a_process_is_known_and_of_none_is_nothing() -> None:
    assert launching.processor_seconds(os.getpid()) > 0
    assert launching.processor_seconds(-1) == 0

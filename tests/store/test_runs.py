"""Runs: registered, deployed, taken back, and not needed by the corpus."""

from __future__ import annotations

import errno
import os
import shutil
from pathlib import Path

import pytest

from tests.store import making
from tests.store.making import CONFIRMED
from tui_annotate.errors import DiskFullError, NothingToDoError, StoreError, UsageError
from tui_annotate.store import counters, log, runs
from tui_annotate.store.connection import Corpus
from tui_annotate.store.runs import RunFolder, RunRow


def make(corpus: Corpus, task: str = "entities", **values: object) -> str:
    """Register a run with a folder and return its name."""
    name = runs.new_name(corpus, task)
    with RunFolder(runs.folder(corpus, name)) as aside:
        (aside / "model").write_text(name)
    runs.register(corpus, RunRow(name, task, "crf", **values))  # type: ignore[arg-type]
    return name


def test_a_run_is_found_with_all_that_was_entered(corpus: Corpus) -> None:
    name = make(corpus, documents=7, parameters={"c1": 0.05}, metrics={"f1": 0.5}, trigger="active learning", by="ann")
    run = runs.get(corpus, name)
    assert (run.name, run.documents, run.parameters, run.metrics) == ("entities-1", 7, {"c1": 0.05}, {"f1": 0.5})
    assert (run.trigger, run.by, run.deployed, run.state) == ("active learning", "ann", False, "finished")
    assert (corpus.runs_folder / run.folder / "model").read_text() == name
    assert runs.all(corpus) == [run]
    with pytest.raises(UsageError, match="already"):
        runs.register(corpus, run)
    with pytest.raises(UsageError, match="Did you mean entities-1"):
        runs.get(corpus, "entities-l")


def test_names_count_on_and_never_take_a_folder_that_is_there(corpus: Corpus) -> None:
    assert [make(corpus), make(corpus), make(corpus, "labels:kind")] == ["entities-1", "entities-2", "labels:kind-1"]
    runs.folder(corpus, "entities-3").mkdir()
    assert runs.new_name(corpus, "entities") == "entities-4"


def test_a_deleted_runs_name_is_never_given_again(corpus: Corpus) -> None:
    for task in ("entities", "entities", "labels:kind"):
        make(corpus, task)
    runs.delete(corpus, "entities-2")
    runs.delete(corpus, "entities-1")
    assert (runs.new_name(corpus, "entities"), runs.new_name(corpus, "labels:kind")) == ("entities-3", "labels:kind-2")


def test_two_trainings_of_one_name_at_once_do_not_touch_each_other(
    corpus: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = runs.folder(corpus, "entities-1")
    with RunFolder(target) as first:
        (first / "model").write_text("first")
        monkeypatch.setattr("os.getpid", lambda: -1)
        second = RunFolder(target)
        (second.__enter__() / "model").write_text("second")
        monkeypatch.undo()
    with pytest.raises(StoreError, match="Another training became entities-1"):
        second.__exit__(None, None, None)
    assert (target / "model").read_text() == "first"
    assert list(corpus.runs_folder.iterdir()) == [target]


def test_a_run_that_does_not_fit_on_the_disk_is_told_and_leaves_nothing(corpus: Corpus) -> None:
    with pytest.raises(DiskFullError, match="entities-1"), RunFolder(runs.folder(corpus, "entities-1")):
        raise OSError(errno.ENOSPC, "No space left on device")
    assert list(corpus.runs_folder.iterdir()) == []
    shutil.rmtree(corpus.runs_folder)
    corpus.runs_folder.write_text("in the way")
    with pytest.raises(StoreError, match="cannot be written"), RunFolder(runs.folder(corpus, "entities-1")):
        raise AssertionError("the block is not reached")


def test_what_a_killed_training_left_is_swept_away_later(corpus: Corpus) -> None:
    left = corpus.runs_folder / ".entities-1.123.new"
    left.mkdir(parents=True)
    make(corpus)
    assert left.exists()
    os.utime(left, (0, 0))
    make(corpus)
    assert not left.exists()


@pytest.mark.parametrize(
    "name", ["labels:../../etc-1", "labels:a/b-2", "..", ".", "labels:" + "long " * 99 + "-3", "a\0b"]
)
def test_a_runs_folder_lies_in_the_folder_of_runs_whatever_its_name(corpus: Corpus, name: str) -> None:
    folder = runs.folder(corpus, name)
    assert folder.parent == corpus.runs_folder
    assert folder.name not in ("", ".", "..")
    folder.mkdir(parents=True)
    assert folder.resolve().parent == corpus.runs_folder.resolve()


def test_different_names_have_different_folders(corpus: Corpus) -> None:
    names = ["labels:a/b-1", "labels:a%2Fb-1", "labels:a b-1", "x" * 200, "x" * 201]
    assert len({runs.folder(corpus, name) for name in names}) == len(names)


def test_deploying_and_rolling_back_goes_through_what_was_deployed(corpus: Corpus) -> None:
    one, two, three = make(corpus), make(corpus), make(corpus)
    with pytest.raises(NothingToDoError):
        runs.rollback(corpus, "entities")
    for name in (one, two, two, three):
        assert runs.deploy(corpus, name).deployed
    assert {task: run.name for task, run in runs.deployed(corpus).items()} == {"entities": three}
    assert runs.rollback(corpus, "entities").name == two
    assert runs.rollback(corpus, "entities").name == one
    with pytest.raises(NothingToDoError, match="No other run"):
        runs.rollback(corpus, "entities")
    runs.deploy(corpus, three)
    assert runs.rollback(corpus, "entities").name == one


def test_a_failed_run_is_not_deployed_and_the_deployed_one_not_deleted(corpus: Corpus) -> None:
    failed = make(corpus, state="failed", error="out of memory")
    with pytest.raises(UsageError, match="no model"):
        runs.deploy(corpus, failed)
    good = make(corpus)
    runs.deploy(corpus, good)
    with pytest.raises(UsageError, match="deployed"):
        runs.delete(corpus, good)
    runs.delete(corpus, failed)
    assert [run.name for run in runs.all(corpus)] == [good]
    assert not runs.folder(corpus, failed).exists()


def test_a_run_that_did_not_end_leaves_no_folder(corpus: Corpus) -> None:
    target = runs.folder(corpus, "entities-1")

    def fail() -> None:
        with RunFolder(target) as aside:
            (aside / "half").touch()
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert list(corpus.runs_folder.iterdir()) == []


def test_the_corpus_opens_without_its_run_folders(corpus: Corpus) -> None:
    name = make(corpus)
    runs.deploy(corpus, name)
    shutil.rmtree(corpus.runs_folder)
    with Corpus.open(corpus.path) as again:
        assert runs.deployed(again)["entities"].name == name
        assert runs.predictions(runs.folder(again, name), [1, 2]) == {}


def test_predictions_lie_in_the_runs_folder(tmp_path: Path) -> None:
    found = [making.suggestion(), making.suggestion(4, 6)]
    assert runs.write_predictions(tmp_path, [(3, found), (4, [])]) == 2
    assert runs.predictions(tmp_path, [3, 4, 5]) == {3: found, 4: []}
    runs.write_predictions(tmp_path, [(5, found)])
    assert runs.predictions(tmp_path, [3, 5]) == {5: found}
    assert [p.name for p in tmp_path.iterdir()] == ["predictions.db"]


def test_confirmations_since_a_run_read_its_data(corpus: Corpus) -> None:
    assert counters.confirmed_since_training(corpus) == 0
    log.record(corpus, [making.turn(1, None, CONFIRMED)])
    assert counters.confirmed_since_training(corpus) == 1
    make(corpus, sequence=counters.progress(corpus).sequence)
    assert counters.confirmed_since_training(corpus) == 0
    for document in (2, 3):
        log.record(corpus, [making.turn(document, None, CONFIRMED)])
    assert counters.confirmed_since_training(corpus) == 2
    log.undo(corpus, "ann")
    assert counters.confirmed_since_training(corpus) == 1


def test_a_run_that_failed_keeps_its_number_whatever_is_deleted(corpus: Corpus) -> None:
    for name in ("entities-1", "entities-2", "entities-3-failed", "entities-4"):
        runs.register(corpus, RunRow(name, "entities", "entities", state="failed" if "failed" in name else "finished"))
    runs.delete(corpus, "entities-2")
    runs.delete(corpus, "entities-4")
    assert runs.new_name(corpus, "entities") == "entities-5"
    runs.register(corpus, RunRow("entities-5-failed", "entities", "entities", state="failed"))
    assert runs.new_name(corpus, "entities") == "entities-6"
    runs.folder(corpus, "entities-6-cancelled").mkdir(parents=True)
    assert runs.new_name(corpus, "entities") == "entities-7"

"""Runs go on when labels are renamed: they are asked and graded in today's names."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.learn.making import corpus
from tests.learn.test_training import train
from tui_annotate.domain.documents import DocumentState
from tui_annotate.errors import NothingToDoError
from tui_annotate.learn.deployed import load_run
from tui_annotate.learn.inquiry import inquire
from tui_annotate.learn.messages import Measure, Measured, Train
from tui_annotate.learn.serving import Serving
from tui_annotate.learn.training import Training
from tui_annotate.services import kept_predictions, registering, scheme_changes
from tui_annotate.store import documents, log, runs, settings
from tui_annotate.store.connection import Corpus


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """Return a corpus with enough to measure on."""
    return corpus(tmp_path / "notes.db", gold=16, test=30, pending=20)


def said(serving: Serving, ids: list[int], task: str) -> set[str]:
    """Return the entity types, or labels with their values, that a loaded run suggests."""
    found = [s for one, by in serving.predict(ids, tasks=[task]) for some in by.values() for s in some]
    return {s.name if s.value is None else f"{s.name}={s.value}" for s in found}


def test_a_run_is_served_measured_and_trained_on_in_todays_names(own: Path) -> None:
    with Corpus.open(own) as opened:
        made = train(opened, "entities", "labels:kind")
        registering.register(opened, made, trigger="manual", by="ann", deploy=True)
        serving = Serving(opened)
        serving.serve({run.task: run.name for run in made})
        pending = [row.id for row in documents.page(opened, limit=500) if row.state is DocumentState.PENDING][:20]
        assert said(serving, pending, "entities") == {"DRUG", "DISEASE"}
        measured = measure(opened, made[0].name, "entities")

        scheme_changes.rename(opened, "entity", "DRUG", "MEDICINE", annotator="ann")
        scheme_changes.rename(opened, "label", "kind", "genre", annotator="ann")
        scheme_changes.rename(opened, "label", "note", "memo", of="genre", annotator="ann")
        # A model that is in memory goes on, and one that is loaded now is of the task as it is called now.
        assert said(serving, pending, "entities") == {"MEDICINE", "DISEASE"}
        deployed = {task: run.name for task, run in runs.deployed(opened).items()}
        assert deployed == {"entities": made[0].name, "labels:genre": made[1].name}
        assert Serving(opened).serve_what_loads(deployed) == {}
        serving.serve(deployed)
        assert said(serving, pending, "labels:genre") <= {"genre=memo", "genre=order"}
        # What it is measured on has other names, and its figures are what they were.
        assert measure(opened, made[0].name, "entities")["f1"] == measured["f1"]
        with pytest.raises(NothingToDoError, match="were changed since"):
            load_run(opened, made[0].name).model.to_go_on_from()
        written = kept_predictions.written(opened, held_out(opened), [made[0].name], settings.scheme(opened))
        assert "DRUG" not in {s.name for one in written for s in one.suggestions}

        again = train(opened, "entities", "labels:genre")
        registering.register(opened, again, trigger="manual", by="ann", deploy=True)
        assert [run.name for run in again] == ["entities-2", "labels:genre-1"]
        for _ in range(3):
            log.undo(opened, "ann")
        assert {task: run.name for task, run in runs.deployed(opened).items()} == {
            "entities": "entities-2",
            "labels:kind": "labels:genre-1",
        }
        assert said(serving, pending, "entities") == {"DRUG", "DISEASE"}
        serving.serve({task: run.name for task, run in runs.deployed(opened).items()})
        assert said(serving, pending, "entities") == {"DRUG", "DISEASE"}


def measure(opened: Corpus, run: str, task: str) -> dict[str, object]:
    """Return the figures on the fixed test."""
    answer = inquire(Training(opened), Measure(run=run, task=task), lambda share, message: None)
    assert isinstance(answer, Measured)
    return answer.parts["test"]


def held_out(opened: Corpus) -> int:
    """Return a document that is measured on, so that the run's folder has its predictions."""
    return next(row.id for row in documents.page(opened, limit=500) if "Test" in row.tags)


def test_a_run_of_a_label_that_is_gone_is_not_deployed_any_more(own: Path) -> None:
    with Corpus.open(own) as opened:
        made, *_ = Training(opened).train(Train(tasks=["labels:urgent"]), lambda share, message: None)
        registering.register(opened, made, trigger="manual", by="ann", deploy=True)
        report = scheme_changes.delete(opened, "label", "urgent", annotator="ann")
        assert any("not deployed any more" in line for line in report.lines)
        assert runs.deployed(opened) == {}
        log.undo(opened, "ann")
        assert list(runs.deployed(opened)) == ["labels:urgent"]

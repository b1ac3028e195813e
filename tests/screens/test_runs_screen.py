"""The runs screen: what was trained, and what can be done with it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.screens.conftest import app_on, document, picture, settled
from tui_annotate.errors import LockedError
from tui_annotate.screens.prompt import typed_path
from tui_annotate.screens.report import ReportScreen
from tui_annotate.screens.review import ReviewScreen
from tui_annotate.screens.run_words import described
from tui_annotate.screens.runs import RunsScreen
from tui_annotate.store import runs
from tui_annotate.store.connection import Corpus
from tui_annotate.store.runs import RunRow

MakeCorpus = Callable[..., Path]
F1 = {"value": 0.81, "low": 0.7, "high": 0.89}
METRICS = {
    "trained_on": {"DRUG": 60},
    "notes": ["2 entities were cut to words"],
    "holdout": {
        "documents": 38,
        "needed": 30,
        "headline": {"name": "F1", **F1},
        "types": {
            "DRUG": {"positives": 40, "precision": 0.8, "recall": 0.82, "f1": F1},
            "DOSE": {"positives": 4, "needed": 10},
        },
    },
}


def test_a_run_is_described_by_its_data_and_figures() -> None:
    lines = described(METRICS)
    assert lines[0] == "learned from: DRUG 60"
    assert "held out: F1 0.81 (0.70-0.89, 38 documents)" in lines
    assert "  DRUG  P 0.80  R 0.82  F1 0.81 (0.70-0.89), 40 positives" in lines
    assert "  DOSE  4/10 positives, too few for a figure" in lines
    assert described({"from": "x.db, run y", "elsewhere": METRICS})[0].startswith("attached from x.db")


async def test_runs_are_listed_newest_first_and_the_deployed_one_is_kept(make_corpus: MakeCorpus) -> None:
    path = make_corpus(document("one"))
    with Corpus.open(path) as corpus:
        for number in (1, 2, 3):
            runs.register(corpus, RunRow(f"entities-{number}", "entities", "entities", metrics=METRICS))
        runs.deploy(corpus, "entities-3")
    app = app_on(path)
    async with app.run_test(size=(120, 24)) as pilot:
        await settled(pilot)
        await pilot.press("R")
        await settled(pilot)
        await app.workers.wait_for_complete()
        await pilot.pause()
        shown = picture(app)
        assert [line.split()[0] for line in shown[2:5]] == ["★", "entities-2", "entities-1"]
        assert "F1 0.81 (0.70-0.89, 38 held out)" in shown[2]
        await pilot.press("x", "d", "e", "l", "enter")
        await app.workers.wait_for_complete()
        await pilot.pause()
        assert "is deployed" in picture(app)[0]
        await pilot.press("j", "delete", "d", "e", "l", "enter")
        await app.workers.wait_for_complete()
        await pilot.pause()
        assert isinstance(app.screen, RunsScreen)
        await pilot.press("escape")
        await settled(pilot)
        assert isinstance(app.screen, ReviewScreen)
    with Corpus.open(path) as corpus:
        assert [run.name for run in runs.all(corpus)] == ["entities-1", "entities-3"]


async def test_a_corpus_that_cannot_be_read_just_now_is_told_and_ends_nothing(
    make_corpus: MakeCorpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    def locked(corpus: Corpus) -> list[RunRow]:
        raise LockedError("The corpus is in use.")

    app = app_on(make_corpus(document("one")))
    async with app.run_test(size=(100, 24)) as pilot:
        await settled(pilot)
        with monkeypatch.context() as patch:
            patch.setattr(runs, "all", locked)
            await pilot.press("R")
            await settled(pilot)
            await app.workers.wait_for_complete()
            await pilot.pause()
        assert isinstance(app.screen, RunsScreen)
        assert "The corpus is in use." in picture(app)[0]
        # What a run is called is no markup where its log is shown.
        app.push_screen(ReportScreen("labels:[/]\x1b[red]-1", ["done"]))
        await pilot.pause()
        assert "labels:[/]␛[red]-1" in "".join(picture(app))


def test_a_home_that_nobody_has_stays_as_it_was_typed() -> None:
    assert typed_path(" ~ ") == Path.home()
    assert typed_path("~no such user/model") == Path("~no such user/model")

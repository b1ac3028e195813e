from __future__ import annotations

import json
from pathlib import Path

from tests.cli.conftest import Run
from tui_annotate import samples
from tui_annotate.learn.engines.base import no_progress
from tui_annotate.learn.messages import Train
from tui_annotate.learn.training import Training
from tui_annotate.services import registering
from tui_annotate.store.connection import Corpus


def slice_of(name: str, size: int, path: Path, *, tests: int = 0) -> Path:
    """Write the first rows of a sample, as documents that somebody has confirmed, the last ones tagged Test."""
    rows = [json.loads(line) for line in samples.get(name).gold.read_text(encoding="utf-8").splitlines()[:size]]
    for number, row in enumerate(rows):
        row["confirmed"] = True
        row["document_tags"] = ["Test"] if number >= size - tests else []
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def teach(path: Path, *tasks: str) -> None:
    """Train and deploy as `train` does, but in this process, which has the libraries loaded."""
    with Corpus.open(path) as corpus:
        finished, _ = Training(corpus).train(Train(tasks=list(tasks)), no_progress)
        registering.register(corpus, finished, trigger="manual", by="ann", deploy=True)


def test_training_predicting_evaluating_and_going_back(run: Run, tmp_path: Path) -> None:
    gold = slice_of("bc5cdr", 110, tmp_path / "gold.jsonl", tests=30)
    run("new", "notes.db")
    assert run("train", "notes.db").code == 6
    assert run("import", "notes.db", gold).code == 0

    rows = json.loads(run("train", "notes.db", "--dry-run", "--json").out)["documents"]
    assert [row["use"] for row in rows] == ["train"] * 80 + ["test"] * 30
    assert run("runs", "list", "notes.db").code == 6

    assert run("predict", "notes.db").code == 6
    ran = run("train", "notes.db", "--task", "entities")
    assert ran.code == 0
    assert ran.out == "entities-1\n"
    found = json.loads(run("evaluate", "notes.db", "--json").out)["entities"]
    assert found["run"] == "entities-1"
    assert found["holdout"]["documents"] == 0
    f1 = found["test"]["f1"]
    assert 0 < f1["low"] < f1["value"] < f1["high"] < 1
    shown = json.loads(run("runs", "show", "notes.db", "entities-1", "--json").out)
    assert shown["documents"] == 80
    assert shown["created"] < shown["finished"]
    assert json.loads(run("predict", "notes.db", "--json").out) == {"entities-1": 0}


def test_what_cannot_be_trained_is_told(run: Run, tmp_path: Path) -> None:
    gold = slice_of("bc5cdr", 20, tmp_path / "gold.jsonl")
    run("new", "notes.db")
    run("import", "notes.db", gold)
    wrong = {
        "Did you mean entities": ("--task", "entitis"),
        "Did you mean iterations": ("--set", "itertions=1"),
        "key=value": ("--set", "c1"),
        "exclude each other": ("--all", "--task", "entities"),
        "tie is priority or recent": ("--set", "tie=newest"),
        "Did you mean entities?": ("--engine", "entitys"),
        "There is no script": ("--script", "gone.py"),
        "0 to 0.5": ("--validation", "0.9"),
    }
    for said, arguments in wrong.items():
        ran = run("train", "notes.db", *arguments)
        assert ran.code == 2, arguments
        assert said in ran.err
    assert run("runs", "list", "notes.db").code == 6


def test_options_of_a_training_reach_it_and_what_fails_stays_in_the_list(run: Run, tmp_path: Path) -> None:
    gold = slice_of("spam", 60, tmp_path / "gold.jsonl")
    run("new", "sms.db")
    run("import", "sms.db", gold)
    told = run("train", "sms.db", "--dry-run")
    assert ["labels:IsSpam", "labels", "True"] in [line.split()[:3] for line in told.out.splitlines()]
    ran = run("train", "sms.db", "--tag", "nowhere", "--log")
    assert ran.code == 6
    assert "no confirmed document" in ran.err
    options = ("--task", "labels", "--set", "epochs=50", "--set", "tie=recent", "--seed", "3", "--no-deploy")
    ran = run("train", "sms.db", *options, "--log", "--json")
    assert "will train: IsSpam (first by name)" in ran.err
    assert "iterations 50 (set)" in ran.err
    assert "; seed 3" in ran.err
    assert "most recent one" in ran.err
    assert "12 for validation (20 %" in ran.err
    found = json.loads(ran.out)
    assert [row["name"] for row in found["runs"]] == ["labels:IsSpam-2"]
    assert found["changes"] == []
    rows = json.loads(run("runs", "list", "sms.db", "--json").out)
    assert [(row["name"], row["state"], row["deployed"]) for row in rows] == [
        ("labels:IsSpam-1-failed", "failed", False),
        ("labels:IsSpam-2", "finished", False),
    ]
    assert rows[0]["metrics"]["cause"] == "completions"
    assert "data: every submitted version" in run("runs", "log", "sms.db", "labels:IsSpam-1-failed").out


def test_simulate_prints_what_the_contract_says(run: Run, tmp_path: Path) -> None:
    gold = slice_of("spam", 80, tmp_path / "gold.jsonl")
    ran = run("simulate", gold, "--n", "10", "--max", "20", "--strategy", "random", "--json")
    assert ran.code == 0
    (play,) = json.loads(ran.out)["runs"]
    assert (play["seed"], play["strategy"], play["task"], play["n"]) == (0, "random", "labels:IsSpam", 10)
    assert [point["confirmations"] for point in play["points"]] == [10, 20]
    contract = {"confirmations", "accuracy", "f1", "tokens", "spans", "keys", "fit_seconds"}
    assert set(play["points"][0]) == contract | {"seconds"}
    point = play["points"][1]
    assert point["seconds"] > point["tokens"] * 60 / 238


def test_simulate_refuses_what_it_cannot_play(run: Run, tmp_path: Path) -> None:
    assert run("simulate", "gone.jsonl").code == 2
    gold = slice_of("spam", 20, tmp_path / "gold.jsonl")
    assert run("simulate", gold, "--plot", "--against", "money").code == 2
    assert "labels:IsSpam" in run("simulate", gold, "--engine", "entities").err
    assert "Engines:" in run("simulate", gold, "--engine", "magic").err
    (tmp_path / "bare.txt").write_text("no labels here")
    assert run("simulate", "bare.txt").code == 6
    gold = slice_of("spam", 40, tmp_path / "gold.jsonl")
    ran = run("simulate", gold, "--strategy", "clever")
    assert ran.code == 2
    assert "margin" in ran.err

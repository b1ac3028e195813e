"""`evaluate`, `curve` and `runs compare` on real gold, through the real learning process."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.cli.test_learning import slice_of, teach
from tui_annotate.errors import TooFewExamplesError
from tui_annotate.learn.messages import CurveDrawn, CurvePoint
from tui_annotate.services import figures, second_look


def test_a_run_is_measured_on_what_it_never_saw(run: Run, tmp_path: Path) -> None:
    gold = slice_of("spam", 100, tmp_path / "gold.jsonl", tests=40)
    run("new", "notes.db")
    run("import", "notes.db", gold)
    assert run("evaluate", "notes.db").code == 6
    teach(tmp_path / "notes.db", "labels:IsSpam")
    told = run("evaluate", "notes.db", "--plot").out
    assert "holdout: 0/30 documents, too few for a figure" in told
    assert "test, 40 documents (in brackets: 90 % interval)" in told
    for title in ("by label", "confusion", "calibration", "precision above a probability"):
        assert f"  {title}\n" in told
    assert "tagged Test: 40 documents" in run("runs", "show", "notes.db", "labels:IsSpam-1").out
    (stop,) = json.loads(run("evaluate", "notes.db", "--stop", "--target", "0.99", "--json").out)
    assert (stop["figure"], stop["target"], stop["test"]["documents"]) == (None, 0.99, 40)
    assert "cannot say yet" in run("evaluate", "notes.db", "--stop").out


def test_what_the_learning_process_answers_is_printed(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slice_of("spam", 3, tmp_path / "gold.jsonl")
    run("new", "notes.db")
    run("import", "notes.db", "gold.jsonl")
    part = {"before": 0.8, "value": 0.9, "difference": {"value": 0.1, "low": 0.02, "high": 0.18}, "outcome": "better"}
    paired = {"run": "a-1", "documents": 60, "needed": 30, "name": "accuracy", "p": 0.031, "parts": {"x": part}, **part}
    monkeypatch.setattr(figures, "compare", lambda *_, **__: {"holdout": paired})
    told = run("runs", "compare", "notes.db", "a-2", "a-1").out
    assert told.startswith("a-2, held out: accuracy better than a-1: +0.10 (+0.02 to +0.18), on 60 documents, p 0.031")
    points = [CurvePoint(n, 0, 1 - 2 * n**-0.5, 0.1, 0.9, None, 0.1) for n in (50, 100)]
    drawn = CurveDrawn(
        task="labels:IsSpam", engine="labels", name="accuracy", measured="held out", measured_on=40, points=points
    )
    monkeypatch.setattr(figures, "curve", lambda *_, **__: drawn)
    assert json.loads(run("curve", "notes.db", "--json").out)[0]["points"][1]["documents"] == 100
    told = run("curve", "notes.db").out
    assert "measured on 40 documents held out" in told
    assert "┤" in told
    assert run("curve", "notes.db", "--shares", "0,half").code == 2
    suspect = second_look.Suspect(1, "d1", "", "labels:IsSpam", 0.97, "IsSpam is no; says yes (0.97)", ())
    monkeypatch.setattr(second_look, "look", lambda *_, **__: second_look.Found((suspect,), 3, {}))
    found = json.loads(run("evaluate", "notes.db", "--second-look", "--json").out)
    assert found["found"] == [
        {"document": "d1", "task": "labels:IsSpam", "score": 0.97, "reason": "IsSpam is no; says yes (0.97)"}
    ]
    ran = run("evaluate", "notes.db", "--second-look")
    assert "0.97  IsSpam is no" in ran.out
    assert "1 of 3 confirmed documents are contradicted." in ran.err
    monkeypatch.setattr(second_look, "look", lambda *_, **__: second_look.Found((), 3, {}))
    assert run("evaluate", "notes.db", "--second-look").code == 6
    assert run("evaluate", "notes.db", "--stop", "--second-look").code == 2


def test_an_audit_is_asked_for(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text(
        "".join(json.dumps({"id": f"d{n}", "text": f"text {n}"}) + "\n" for n in range(9))
    )
    run("new", "notes.db")
    run("import", "notes.db", "a.jsonl")
    ran = run("evaluate", "notes.db", "--audit", "20")
    assert ran.code == 0
    assert "9 documents drawn at random come next (20 were asked for, no more are pending)" in ran.err
    assert "9 documents taken out." in run("queue", "notes.db", "--forget").err


def test_what_a_figure_is_asked_of_is_named_right(run: Run, tmp_path: Path) -> None:
    (tmp_path / "scheme.toml").write_text('[[label]]\nname = "IsSpam"\nkind = "boolean"\n')
    run("new", "notes.db", "--scheme", "scheme.toml")
    for command in (["evaluate"], ["evaluate", "--stop"], ["evaluate", "--second-look"], ["curve"]):
        ran = run(command[0], "notes.db", *command[1:], "--task", "labels:IsSpan")
        assert (ran.code, ran.err.splitlines()[-1]) == (2, "Did you mean labels:IsSpam?")
    assert "Did you mean labels:IsSpam?" in run("runs", "rollback", "notes.db", "IsSpan").err
    assert run("evaluate", "notes.db", "--target", "0.9").code == 2
    assert run("evaluate", "notes.db", "--stop", "--run", "x").code == 2


def test_a_curve_leaves_out_what_has_too_little_gold(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "scheme.toml").write_text(
        '[[label]]\nname = "a"\nkind = "boolean"\n[[label]]\nname = "b"\nkind = "boolean"\n'
    )
    run("new", "notes.db", "--scheme", "scheme.toml")

    def curve(corpus: object, task: str, **_: object) -> CurveDrawn:
        if task == "labels:a":
            raise TooFewExamplesError("labels:a: nothing to tell apart.")
        return CurveDrawn(
            task=task, engine="labels", name="accuracy", measured="the holdout", measured_on=30, points=[], request=1
        )

    monkeypatch.setattr(figures, "curve", curve)
    ran = run("curve", "notes.db", "--json")
    assert [one["task"] for one in json.loads(ran.out)] == ["labels:b"]
    assert "labels:a was left out: labels:a: nothing to tell apart." in ran.err
    ran = run("curve", "notes.db", "--task", "a")
    assert (ran.code, ran.out) == (6, "")


def test_stats_say_what_deciding_costs(run: Run, tmp_path: Path) -> None:
    slice_of("spam", 3, tmp_path / "gold.jsonl")
    run("new", "notes.db")
    run("import", "notes.db", "gold.jsonl")
    assert json.loads(run("stats", "notes.db", "--json").out)["pace"] == []

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tui_annotate import samples
from tui_annotate.domain.annotations import Suggestion
from tui_annotate.services import demo
from tui_annotate.store import documents, runs, settings, suggestions, versions
from tui_annotate.store.connection import Corpus

SCHEME = """
[[entity]]
name = "Drug"
key = "a"

[[label]]
name = "urgent"
kind = "boolean"
"""


@pytest.fixture
def corpus(run: Run, tmp_path: Path) -> Path:
    (tmp_path / "labels.toml").write_text(SCHEME)
    path = tmp_path / "notes.db"
    assert run("new", path, "--scheme", tmp_path / "labels.toml").code == 0
    return path


def test_a_corpus_is_made_once(run: Run, corpus: Path) -> None:
    ran = run("new", corpus)
    assert ran.code == 2
    assert "notes.db" in ran.err


@pytest.mark.parametrize("command", ["stats", "verify", "settings", "keys", "backup", "rebuild"])
def test_a_missing_corpus_is_wrong_usage_and_says_how_to_make_one(run: Run, command: str) -> None:
    ran = run(command, "gone.db")
    assert ran.code == 2
    assert "tui-annotate new gone.db" in ran.err


def test_what_is_no_corpus_has_the_exit_code_for_damage(run: Run, tmp_path: Path) -> None:
    (tmp_path / "x.db").write_text("hello, I am no database at all")
    assert run("stats", "x.db").code == 5


def test_a_broken_scheme_makes_no_corpus_and_names_the_line(run: Run, tmp_path: Path) -> None:
    (tmp_path / "labels.toml").write_text('[[entity]]\nname = "Drug"\ncolour = "red"\n')
    ran = run("new", "a.db", "--scheme", "labels.toml")
    assert ran.code == 3
    assert "labels.toml:3" in ran.err
    assert not (tmp_path / "a.db").exists()


def test_scheme_show_prints_what_new_reads(run: Run, corpus: Path, tmp_path: Path) -> None:
    shown = run("scheme", "show", corpus).out
    (tmp_path / "again.toml").write_text(shown)
    run("new", "again.db", "--scheme", "again.toml")
    assert run("scheme", "show", "again.db").out == shown
    assert json.loads(run("scheme", "show", corpus, "--json").out)["entities"][0]["name"] == "Drug"


def test_scheme_check_tells_clashes_and_refuses_faults(run: Run, corpus: Path, tmp_path: Path) -> None:
    ran = run("scheme", "check", corpus)
    assert ran.code == 0
    assert "accept" in ran.err
    (tmp_path / "bad.toml").write_text(
        '[[entity]]\nname = "Drug"\ncolor = "reddish"\n\n'
        '[[attribute]]\nname = "status"\nkind = "text"\non = ["Drugg"]\n'
    )
    ran = run("scheme", "check", "bad.toml")
    assert ran.code == 3
    assert "reddish" in ran.err
    assert "'Drug'" in ran.err


def test_settings_are_shown_changed_and_refused(run: Run, corpus: Path) -> None:
    assert "retrain_every=0" in run("settings", corpus).out
    assert run("settings", corpus, "retrain_every=50", "active_learning=false").code == 0
    with Corpus.open(corpus, readonly=True) as opened:
        stored = settings.load(opened)
    assert (stored.retrain_every, stored.active_learning) == (50, False)
    assert json.loads(run("settings", corpus, "retrain_every", "--json").out) == {"retrain_every": 50}
    ran = run("settings", corpus, "retrain_evry=3")
    assert ran.code == 2
    assert "retrain_every" in ran.err
    assert run("settings", corpus, "nonsense").code == 2


def test_stats_count_documents(run: Run, tmp_path: Path) -> None:
    demo.make(samples.get("bc5cdr"), tmp_path / "bc5cdr.db", annotator="me")
    found = json.loads(run("stats", "bc5cdr.db", "--json").out)
    assert (found["total"], found["confirmed"], found["entity_types"]) == (800, 0, ["Chemical", "Disease"])
    assert "800, 800 untouched" in run("stats", "bc5cdr.db").out


def test_runs_are_listed_deployed_and_rolled_back(run: Run, corpus: Path) -> None:
    assert run("runs", "list", corpus).code == 6
    with Corpus.open(corpus) as opened:
        for name in ("entities-1", "entities-2"):
            with runs.RunFolder(runs.folder(opened, name)) as folder:
                runs.write_predictions(folder, [(1, [Suggestion("entity", "Drug")])])
            row = runs.RunRow(
                name, "entities", "entities", created="2026-01-02T03:04:05Z", finished="2026-01-02T03:04:06Z"
            )
            runs.register(opened, row)
    assert run("runs", "deploy", corpus, "entities-1").code == 0
    assert run("runs", "deploy", corpus, "entities-2").code == 0
    deployed = {row["name"]: row["deployed"] for row in json.loads(run("runs", "list", corpus, "--json").out)}
    assert deployed == {"entities-1": False, "entities-2": True}
    assert run("runs", "list", corpus).out.splitlines()[2].startswith("*")
    assert run("runs", "rollback", corpus).code == 0
    assert json.loads(run("runs", "show", corpus, "entities-1", "--json").out)["deployed"]
    assert "engine: entities" in run("runs", "show", corpus, "entities-1").out
    ran = run("runs", "show", corpus, "entities-3")
    assert ran.code == 2
    assert "entities-" in ran.err


@pytest.mark.parametrize("sample", samples.SAMPLES, ids=lambda sample: sample.name)
def test_a_demo_holds_all_texts_and_none_of_the_answers(sample: samples.Sample, tmp_path: Path) -> None:
    path = tmp_path / "demo.db"
    demo.make(sample, path, annotator="me")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["demo.db"]
    lines = sample.gold.read_text(encoding="utf-8").splitlines()
    with Corpus.open(path, readonly=True) as opened:
        rows = [row for batch in documents.batches(opened) for row in batch]
        held = [document for _, document in rows]
        assert not any(suggestions.of(opened, id) or versions.versions(opened, id) for id, _ in rows[:50])
        assert settings.scheme(opened).tasks
    assert len(held) == len(lines)
    assert held[0].key == json.loads(lines[0])["id"]


def test_an_unknown_demo_names_the_nearest(run: Run) -> None:
    ran = run("demo", "spm")
    assert ran.code == 2
    assert "spam" in ran.err


def test_doctor_reports_as_json_and_sees_what_is_wrong(run: Run, corpus: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "dumb")
    ran = run("doctor", corpus, "--json")
    assert ran.code == 1
    rows = {row["name"]: row for row in json.loads(ran.out)}
    assert rows["terminal"]["problem"]
    assert rows["corpus"]["found"].startswith("0 documents")
    assert rows["sqlite"]["problem"] == ""


def test_an_anndoc_legend_is_a_scheme(run: Run, tmp_path: Path) -> None:
    names = {"e_1": "Drug", "m_2": "urgent", "m_3": "site/lung", "m_4": "site/skin", "r_5": "treats"}
    (tmp_path / "legend.json").write_text(json.dumps(names))
    assert run("scheme", "check", "legend.json").code == 0
    assert run("new", "a.db", "--scheme", "legend.json").code == 0
    shown = json.loads(run("scheme", "show", "a.db", "--json").out)
    assert [(e["name"], e["id"]) for e in shown["entities"]] == [("Drug", "e_1")]
    assert {label["name"]: label["kind"] for label in shown["labels"]} == {"urgent": "boolean", "site": "choices"}
    (tmp_path / "broken.json").write_text("[1]")
    assert run("new", "b.db", "--scheme", "broken.json").code == 3
    assert run("new", "b.db", "--scheme", "gone.toml").code == 2
    assert not (tmp_path / "b.db").exists()


def test_stats_says_that_a_training_is_due_rather_than_in_0(run: Run, corpus: Path, tmp_path: Path) -> None:
    assert "next training    in 10 confirmations" in run("stats", corpus).out
    rows = "".join(f'{{"text":"text {number}","labels":{{"urgent":true}},"confirmed":true}}\n' for number in range(10))
    (tmp_path / "rows.jsonl").write_text(rows)
    run("import", corpus, "rows.jsonl")
    assert "next training    with the next confirmation in the app" in run("stats", corpus).out


def test_a_scheme_with_a_second_assertion_status_makes_no_corpus(run: Run, tmp_path: Path) -> None:
    one = '[[attribute]]\nname = "{}"\nkind = "boolean"\nassertion = true\n'
    (tmp_path / "two.toml").write_text(one.format("status") + one.format("history"))
    for command in (["scheme", "check", "two.toml"], ["new", "two.db", "--scheme", "two.toml"]):
        ran = run(*command)
        assert ran.code == 3
        assert "status, history: only one assertion status model may be used" in ran.err
    assert not (tmp_path / "two.db").exists()
    (tmp_path / "one.toml").write_text(one.format("status"))
    assert run("new", "one.db", "--scheme", "one.toml").code == 0
    assert "attribute:status" in run("keys", "one.db").out

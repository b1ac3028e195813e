"""Runs that leave for other programs, come from other corpora, and are deleted."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.cli.test_learning import slice_of, teach
from tui_annotate.cli import rim
from tui_annotate.domain.scheme import DocumentLabel, EntityType, Scheme
from tui_annotate.learn.client import Worker
from tui_annotate.store import runs
from tui_annotate.store.connection import Corpus
from tui_annotate.store.runs import RunRow

ALONE = """
import sys
sys.modules["tui_annotate"] = None
sys.path.insert(0, sys.argv[1])
import json, importlib
model = importlib.import_module(sys.argv[2]).load()
print(json.dumps([model(text) for text in json.loads(sys.argv[3])]))
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a corpus that has a run for entities."""
    folder = tmp_path_factory.mktemp("made")
    path = folder / "notes.db"
    gold = slice_of("bc5cdr", 60, folder / "gold.jsonl", tests=20)
    for command in (["new", path], ["import", path, gold]):
        assert rim.run([str(word) for word in command]) == 0
    teach(path, "entities")
    return folder


@pytest.fixture
def trained(home: Path, made: Path, tmp_path: Path) -> Path:
    """A copy of it in the working folder."""
    shutil.copytree(made, tmp_path, dirs_exist_ok=True)
    return tmp_path / "notes.db"


def test_an_exported_run_says_the_same_without_this_program(run: Run, trained: Path, tmp_path: Path) -> None:
    ran = run("runs", "export", "notes.db", "entities-1", "--output", "out")
    assert ran.code == 0, ran.err
    assert "import ner_notes" in ran.err
    assert "import ner_notes" in (tmp_path / "out" / "README.md").read_text("utf-8")
    (tmp_path / "texts.jsonl").write_text('{"id": "new", "text": "Cocaine and lithium caused a severe headache."}\n')
    run("import", "notes.db", "texts.jsonl")
    with Worker(trained) as worker:
        worker.serve({"entities": "entities-1"})
        (suggested,) = worker.predict([61])["entities"].values()
    texts = json.dumps(["Cocaine and lithium caused a severe headache.", ""])
    command = [sys.executable, "-P", "-c", ALONE, str(tmp_path / "out"), "ner_notes", texts]
    found, nothing = json.loads(subprocess.run(command, capture_output=True, check=True, cwd=tmp_path).stdout)
    assert nothing == []
    assert suggested
    assert found == [
        {
            "label": one.name,
            "prob": one.prob,
            "start": one.span.start,
            "end": one.span.end,
            "text": "Cocaine and lithium caused a severe headache."[one.span.start : one.span.end],
        }
        for one in suggested
    ]
    assert run("runs", "export", "notes.db", "entities-1", "--output", "out").code == 2
    ran = run("runs", "export", "notes.db", "entitis-1")
    assert (ran.code, "Did you mean entities-1?" in ran.err) == (2, True)


def test_a_run_is_attached_to_another_corpus(run: Run, trained: Path, tmp_path: Path) -> None:
    run("runs", "export", "notes.db", "entities-1", "--output", "out")
    for number, source in enumerate(("notes.db", "out"), start=1):
        run("new", f"other{number}.db")
        ran = run("runs", "attach", f"other{number}.db", source, "--deploy")
        assert (ran.code, ran.out) == (0, "entities-1\n"), ran.err
        assert "Chemical" in ran.err
        (row,) = json.loads(run("runs", "list", f"other{number}.db", "--json").out)
        assert (row["deployed"], row["documents"], row["metrics"].get("holdout")) == (True, 40, None)
    (tmp_path / "out" / "ner_notes" / "model" / "space.npz").write_bytes(b"cut short")
    ran = run("runs", "attach", "other1.db", "out")
    assert ran.code == 1
    assert "Traceback" not in ran.err
    assert len(json.loads(run("runs", "list", "other1.db", "--json").out)) == 1
    assert run("runs", "attach", "other1.db", "nowhere").code == 2


def test_logs_are_bundled_and_runs_deleted(run: Run, trained: Path, tmp_path: Path) -> None:
    assert "entities-1" in run("runs", "log", "notes.db", "entities-1").out
    assert run("runs", "log", "notes.db", "entities-1", "--bundle", "logs.zip").code == 0
    with zipfile.ZipFile(tmp_path / "logs.zip") as archive:
        assert "entities-1/log.txt" in archive.namelist()
    assert run("runs", "delete", "notes.db", "entities-1").code == 2
    run("runs", "attach", "notes.db", "notes.db")
    assert run("runs", "delete", "notes.db", "entities-2").code == 0
    assert len(json.loads(run("runs", "list", "notes.db", "--json").out)) == 1
    assert not (tmp_path / "notes.runs" / "entities-2").exists()


def test_a_run_whose_labels_are_tied_to_an_outside_model_is_not_deployed_and_the_diff_is_told(
    run: Run, tmp_path: Path
) -> None:
    scheme = Scheme((EntityType("DRUG", model="theirs"),), (DocumentLabel("urgent", "boolean"),))
    with Corpus.create(tmp_path / "c.db", scheme=scheme) as corpus:
        for name, task in (("entities-1", "entities"), ("labels:urgent-1", "labels:urgent")):
            runs.register(corpus, RunRow(name, task, "entities"))
    ran = run("runs", "deploy", "c.db", "entities-1")
    assert (ran.code, "outside model theirs" in ran.err) == (2, True)
    ran = run("runs", "deploy", "c.db", "labels:urgent-1")
    assert (ran.code, "urgent: no run → labels:urgent-1" in ran.err) == (0, True)
    assert "serves already" in run("runs", "deploy", "c.db", "labels:urgent-1").err

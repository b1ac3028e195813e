"""Exported runs: nothing that a corpus is called or holds becomes code, and each form says how it is loaded."""

from __future__ import annotations

import ast
import contextlib
import io
from importlib import import_module
from pathlib import Path

import pytest

from tests.learn.test_attribute_engine import SCHEME, STATUS, TRAIN, fit
from tui_annotate.domain.scheme import DocumentLabel, Scheme
from tui_annotate.errors import LearnError, StoreError
from tui_annotate.learn.engines.contexts import learn_context_space
from tui_annotate.services import attaching, run_export
from tui_annotate.store import runs
from tui_annotate.store.connection import Corpus
from tui_annotate.store.runs import RunRow

HOSTILE = 'a"""\nraise SystemExit\n"""\\'


def made(corpus: Corpus, engine: str) -> str:
    """Register a run of a label with a hostile name, its folder holding no more than exporting looks at."""
    name = runs.new_name(corpus, f"labels:{HOSTILE}")
    with runs.RunFolder(runs.folder(corpus, name)) as aside:
        (aside / "model.json").write_text("{}", "utf-8")
    runs.register(corpus, RunRow(name, f"labels:{HOSTILE}", engine))
    return name


def test_a_labels_name_cannot_put_code_into_an_exported_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_export, "load_once", lambda *_: None)
    with Corpus.create(tmp_path / "c.db", scheme=Scheme(labels=(DocumentLabel(HOSTILE, "boolean"),))) as corpus:
        done = run_export.export(corpus, made(corpus, "labels"), tmp_path / "out")
    module = ast.parse((done.folder / done.name / "__init__.py").read_text("utf-8"))
    assert "raise SystemExit" in (ast.get_docstring(module) or "")
    assert not any(isinstance(node, ast.Raise) for node in module.body)


def test_what_an_engine_of_another_package_made_is_loaded_by_that_engine(tmp_path: Path) -> None:
    with Corpus.create(tmp_path / "c.db") as corpus:
        theirs, script = (run_export.export(corpus, made(corpus, e), tmp_path / e) for e in ("theirs", "custom"))
    assert any("engine('theirs')" in line for line in theirs.snippet)
    assert not any("script.py" in line for line in theirs.snippet)
    assert any("script.py" in line for line in script.snippet)


def made_of_attributes(corpus: Corpus) -> Path:
    """Register a run of an attribute; returns its folder."""
    model = fit(STATUS, learn_context_space([one.document for one in TRAIN]))
    with runs.RunFolder(runs.folder(corpus, "attributes:status-1")) as aside:
        model.save(aside)
        model.space.save(aside / "space.npz")
    runs.register(corpus, RunRow("attributes:status-1", "attributes:status", "attributes"))
    return runs.folder(corpus, "attributes:status-1")


def test_an_exported_model_of_an_attribute_judges_the_entities_it_is_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_export, "load_once", lambda *_: None)
    with Corpus.create(tmp_path / "c.db", scheme=SCHEME) as corpus:
        made_of_attributes(corpus)
        done = run_export.export(corpus, "attributes:status-1", tmp_path / "out")
    monkeypatch.syspath_prepend(done.folder)
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        exec("\n".join(done.snippet))
    assert "'text': 'fever'" in said.getvalue()
    alone = import_module(done.name).load()
    text = "She denies nausea."
    found = alone(text, entities=[{"start": 11, "end": 17, "label": "FINDING"}])
    assert [(one["value"], one["text"]) for one in found] == [("absent", "nausea")]
    assert alone(text, entities=[]) == []
    with pytest.raises(TypeError, match="judges entities"):
        alone(text)


def test_a_damaged_run_is_neither_exported_nor_attached(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Corpus.create(tmp_path / "c.db", scheme=SCHEME) as corpus:
        held = made_of_attributes(corpus)
        (held / "space.npz").write_bytes(b"not a space")
        with pytest.raises(LearnError, match=r"space\.npz: damaged"):
            run_export.export(corpus, "attributes:status-1", tmp_path / "out")
        assert not (tmp_path / "out").exists()

        def refuse(corpus: Corpus, task: str, name: str) -> None:
            raise LearnError(f"{runs.folder(corpus, name)}/space.npz: damaged.")

        monkeypatch.setattr(attaching, "load_once", refuse)
        with pytest.raises(LearnError, match=f"{held}/space.npz: damaged"):
            attaching.attach(corpus, attaching.find(corpus.path, "attributes:status-1"), by="ann")
        (held / "model.json").unlink()
        with pytest.raises(StoreError, match="files are gone"):
            attaching.attach(corpus, attaching.find(corpus.path, "attributes:status-1"), by="ann")
        assert [row.name for row in runs.all(corpus)] == ["attributes:status-1"]

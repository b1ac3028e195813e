"""Exported runs: nothing that a corpus is called or holds becomes code, and each form says how it is loaded."""

from __future__ import annotations

import ast
from pathlib import Path

from tui_annotate.domain.scheme import DocumentLabel, Scheme
from tui_annotate.services import run_export
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


def test_a_labels_name_cannot_put_code_into_an_exported_model(tmp_path: Path) -> None:
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

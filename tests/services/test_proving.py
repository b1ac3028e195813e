"""A round trip that shows difference zero, and names each difference where there is one."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.formats.helpers import CORPORA
from tests.services.test_touching import session
from tui_annotate.errors import DataError, NothingToDoError, UsageError
from tui_annotate.services import proving
from tui_annotate.services.importing import import_paths
from tui_annotate.store import log
from tui_annotate.store.connection import Corpus

ROWS = [
    {
        "id": f"n{n}",
        "text": f"Aspirin {n} helped 😀 e\u0301 a lot",
        "spans": [{"start": 0, "end": 7, "label": "Drug", "prob": 0.5}, {"start": 10, "end": 16, "label": "Verb"}],
        "labels": {"urgent": bool(n % 2), "topic": "a", "seen": ["x", "y"]},
        "confirmed": n < 3,
    }
    for n in range(6)
]


@pytest.fixture
def corpus(tmp_path: Path) -> Corpus:
    (tmp_path / "rows.jsonl").write_text("\n".join(map(json.dumps, ROWS)))
    corpus = Corpus.create(tmp_path / "c.db")
    import_paths(corpus, [tmp_path / "rows.jsonl"], annotator="me")
    import_paths(corpus, [CORPORA / "clinical"], annotator="me")
    return corpus


@pytest.mark.parametrize("format", ["anndoc", "jsonl", "csv", "docbin", "text"])
def test_nothing_is_lost_that_the_format_has_room_for(corpus: Corpus, format: str) -> None:
    one = session(corpus)
    log.record(corpus, one.reopen().decisions)
    proof = proving.prove(corpus, format=format)
    assert proof.differences == []
    assert proof.equal
    assert proof.counts.documents == 8
    assert bool(proof.lost) == (format != "anndoc")
    assert (proof.counts.entities > 12) == (format in ("anndoc", "jsonl", "docbin"))


def test_every_difference_is_named(corpus: Corpus, monkeypatch: pytest.MonkeyPatch) -> None:
    real = import_paths

    def meddle(back: Corpus, paths: list[Path], **options: Any) -> Any:
        rows = [json.loads(line) for line in paths[0].read_text().splitlines()]
        rows[0]["spans"][0]["label"] = "Drog"
        rows[1]["confirmed"] = False
        rows[2]["text"] = rows[2]["text"].replace("lot", "bit")
        rows[3]["labels"]["topic"] = "b"
        paths[0].write_text("\n".join(map(json.dumps, rows[:5] + rows[6:])))
        return real(back, paths, **options)

    monkeypatch.setattr(proving, "import_paths", meddle)
    found = {(d.document, d.what) for d in proving.prove(corpus, format="jsonl").differences}
    assert ("n0", "entity in the version of master") in found
    assert ("n1", "confirmation of master") in found
    assert ("n3", "document label in the version of master") in found
    assert any(document == "n2" and what.startswith("text of s1v1 from character") for document, what in found)
    assert ("n5", "the document") in found
    assert not any(document == "n4" for document, _ in found)


def test_what_cannot_be_proved_is_refused(corpus: Corpus, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no format"):
        proving.prove(corpus, format="nonsense")
    with Corpus.create(tmp_path / "empty.db") as empty, pytest.raises(NothingToDoError):
        proving.prove(empty)
    assert DataError.exit_code == 3


@pytest.mark.parametrize("format", ["conllu", "slate"])
def test_a_version_that_says_nothing_is_none(tmp_path: Path, format: str) -> None:
    rows = [{"id": "a", "text": "A thing", "labels": {"spam": True}}, {"id": "b", "text": "Ann", "confirmed": False}]
    (tmp_path / "rows.jsonl").write_text("\n".join(map(json.dumps, rows)))
    with Corpus.create(tmp_path / "c.db") as corpus:
        import_paths(corpus, [tmp_path / "rows.jsonl"], annotator="me")
        assert proving.prove(corpus, format=format).equal


def test_what_only_the_format_knows_is_shown_as_it_was_and_as_it_came(
    corpus: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = import_paths

    def meddle(back: Corpus, paths: list[Path], **options: Any) -> Any:
        rows = [json.loads(line) for line in paths[0].read_text().splitlines()]
        rows[0]["spans"][0]["normalizations"] = {"n_1": {"source": "wiki"}}
        paths[0].write_text("\n".join(map(json.dumps, rows)))
        return real(back, paths, **options)

    monkeypatch.setattr(proving, "import_paths", meddle)
    (found,) = proving.prove(corpus, format="jsonl").differences
    assert (found.document, found.before, found.after) == ("n0", "", '{"n_1":{"source":"wiki"}}')
    assert found.what == "what its format keeps besides, in normalizations"


def test_what_came_with_places_that_nothing_has_is_no_difference(tmp_path: Path) -> None:
    project = tmp_path / "clinical"
    shutil.copytree(CORPORA / "clinical", project)
    file = next(project.glob("ann.json/master/**/*.ann.json"))
    held = json.loads(file.read_text())
    held["relations"].append({**held["relations"][0], "entities": ["s1p1|e_1|9990,9993", "s1p1|e_1|9995,9999"]})
    held["entities"].append({**held["entities"][0], "part": "s77p1"})
    file.write_text(json.dumps(held))
    with Corpus.create(tmp_path / "c.db") as corpus:
        report = import_paths(corpus, [project], annotator="me")
        assert sum(problem.severity == "refused" for problem in report.problems) == 2
        proof = proving.prove(corpus)
        assert (proof.refused, proof.differences, proof.equal) == ([], [], True)

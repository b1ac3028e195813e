"""`search`, `delete` and the queries of other commands, from the shell."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Run


@pytest.fixture
def notes(run: Run, tmp_path: Path) -> Path:
    """Three notes, one confirmed."""
    rows = [
        {
            "id": "a",
            "text": "Took aspirin, then more Aspirin.",
            "spans": [{"start": 5, "end": 12, "label": "DRUG"}],
            "confirmed": True,
        },
        {"id": "b", "text": "Lung cancer, no aspirin"},
        {"id": "c", "text": "Nothing at all"},
    ]
    (tmp_path / "notes.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    corpus = tmp_path / "notes.db"
    run("new", corpus)
    assert run("import", corpus, tmp_path / "notes.jsonl").code == 0
    return corpus


def test_a_line_a_place_and_a_line_for_a_document_without_one(run: Run, notes: Path) -> None:
    assert run("search", notes, "aspirin").out.splitlines() == [
        "a:s1v1:5: Took [aspirin], then more Aspirin.",
        "a:s1v1:24: Took aspirin, then more [Aspirin].",
        "b:s1v1:16: Lung cancer, no [aspirin]",
    ]
    assert run("search", notes, "anncomplete:false -aspirin").out == "c: Nothing at all\n"
    assert run("search", notes, "aspirin", "--limit", "1").out.count("\n") == 1
    found = json.loads(run("search", notes, "entity:DRUG:aspirin", "--json").out)
    assert [(hit["key"], hit["found"], hit["span"]["start"]) for hit in found] == [
        ("a", "aspirin", 5),
        ("a", "Aspirin", 24),
    ]
    assert json.loads(run("search", notes, "*", "--count", "--json").out) == {"documents": 3}
    assert run("search", notes, "a.p", "--pattern", "--count").out == "2\n"


def test_nothing_found_says_where_else_to_look(run: Run, notes: Path) -> None:
    ran = run("search", notes, "notes")
    assert (ran.code, ran.out) == (6, "")
    assert "filename:*word*" in ran.err
    assert json.loads(run("search", notes, "notes", "--json").out) == []


def test_a_mistake_is_pointed_at(run: Run, notes: Path) -> None:
    ran = run("search", notes, "aspirin lable:urgent")
    assert ran.code == 2
    assert ran.err.splitlines() == [
        "tui-annotate: query, column 9: there is no field lable.",
        "  aspirin lable:urgent",
        "          ^",
        "Did you mean label:? In text a colon needs quotes.",
    ]
    assert "        ^" in run("export", notes, "--query", "entity:DRUGS", "--output", "-").err
    far = run("search", notes, "東 " * 100 + "(x").err.splitlines()
    assert far[1].startswith("  …東 ")
    assert far[2].index("^") > far[1].index("(")


def test_what_is_found_is_exported_tagged_and_queued(run: Run, notes: Path, tmp_path: Path) -> None:
    assert (
        run("export", notes, "--query", "cancer OR entity:DRUG", "--format", "jsonl", "--output", "-").out.count("\n")
        == 2
    )
    assert "1 document tagged x" in run("tag", notes, "x", "--query", "nothing").err
    assert run("search", notes, "tag:x", "--queue").err == "1 document comes next.\n"


def test_deleting_asks_and_keeps_a_copy(run: Run, notes: Path) -> None:
    ran = run("delete", notes, "aspirin")
    assert (ran.code, "2 documents would be deleted" in ran.err) == (2, True)
    assert run("search", notes, "aspirin", "--count").out == "2\n"
    assert run("delete", notes, "nobody", "--yes").code == 6
    done = json.loads(run("delete", notes, "aspirin", "--yes", "--json").out)
    assert done["documents"] == 2
    assert run("search", notes, "*", "--count").out == "1\n"
    assert run("verify", notes).code == 0
    assert run("import", notes, done["kept"]).code == 0
    assert run("search", notes, "aspirin entity:DRUG", "--count").out == "1\n"

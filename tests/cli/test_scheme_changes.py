"""Labels changed from the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tui_annotate.store.connection import Corpus

SCHEME = """
[[entity]]
name = "PERSON"
[[entity]]
name = "PEOPLE"
[[label]]
name = "kind"
kind = "choice"
options = ["note", "letter"]
[[attribute]]
name = "kind"
kind = "boolean"
"""
ROWS = (
    '{"id":"n1","text":"Dr Smith saw Anna.","spans":[{"start":0,"end":8,"label":"PERSON"},'
    '{"start":13,"end":17,"label":"PERSON"}],"labels":{"kind":"note"},"confirmed":true}\n'
    '{"id":"n2","text":"Dear Dr Jones.","spans":[{"start":5,"end":13,"label":"PEOPLE"}],"confirmed":true}\n'
)


@pytest.fixture
def corpus(run: Run, tmp_path: Path) -> Path:
    """Two confirmed documents."""
    (tmp_path / "s.toml").write_text(SCHEME)
    (tmp_path / "d.jsonl").write_text(ROWS)
    path = tmp_path / "notes.db"
    assert run("new", path, "--scheme", "s.toml").code == 0
    assert run("import", path, "d.jsonl").code == 0
    return path


def types(path: Path) -> list[str]:
    with Corpus.open(path, readonly=True) as corpus, corpus.reading() as db:
        return [type for (type,) in db.execute("SELECT type FROM entity ORDER BY version, number")]


def test_a_rename_is_reported_done_and_taken_back(run: Run, corpus: Path) -> None:
    dry = run("scheme", "rename", corpus, "PERSON", "HUMAN", "--dry-run")
    assert dry.out.splitlines() == [
        "PERSON renamed to HUMAN (nothing is changed yet)",
        "2 entities changed, all confirmed",
        "in 1 document, 1 version (1 confirmed)",
        "  imported: 1 version",
    ]
    assert types(corpus) == ["PERSON", "PERSON", "PEOPLE"]
    assert run("scheme", "rename", corpus, "PERSON", "HUMAN", "--annotator", "ann").code == 0
    assert types(corpus) == ["HUMAN", "HUMAN", "PEOPLE"]
    assert run("scheme", "undo", corpus, "--annotator", "bob").code == 1
    assert run("scheme", "undo", corpus, "--annotator", "ann").err == "taken back: PERSON renamed to HUMAN\n"
    assert types(corpus) == ["PERSON", "PERSON", "PEOPLE"]
    assert run("rebuild", corpus).code == 0


def test_a_split_is_told_by_rules(run: Run, corpus: Path) -> None:
    ran = run("scheme", "merge", corpus, "PERSON", "PEOPLE", "--into", "PERSON", "--json")
    assert json.loads(ran.out)["counts"] == {"entities": 1}
    ran = run("scheme", "split", corpus, "PERSON", "DOCTOR", "PATIENT", "--where", "DOCTOR=^Dr", "--rest", "PATIENT")
    assert "  DOCTOR: 2" in ran.out.splitlines()
    assert types(corpus) == ["DOCTOR", "PATIENT", "DOCTOR"]
    (corpus.parent / "names.txt").write_text("anna\n")
    rules = ("--where", "KNOWN=text:@names.txt", "--where", "OTHER=query:anna")
    ran = run("scheme", "split", corpus, "PATIENT", "KNOWN", "OTHER", *rules)
    assert (ran.code, types(corpus)) == (0, ["DOCTOR", "KNOWN", "DOCTOR"])
    ran = run("scheme", "split", corpus, "DOCTOR", "A", "B", "--where", "A=near:Dear", "--where", "B=query:saw")
    assert (ran.code, types(corpus)) == (0, ["B", "KNOWN", "A"])


def test_a_deletion_lists_what_goes(run: Run, corpus: Path) -> None:
    ran = run("scheme", "delete", corpus, "PERSON", "--json")
    lost = [(one["document"], one["name"], one["text"]) for one in json.loads(ran.out)["lost"]]
    assert lost == [("n1", "PERSON", "Dr Smith"), ("n1", "PERSON", "Anna")]
    ran = run("scheme", "delete", corpus, "kind=note")
    assert "  n1 (master): kind=note" in ran.out.splitlines()


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("rename", "PERSN", "X"), 2, "Did you mean PERSON?"),
        (("rename", "kind", "X"), 2, "Say which: label:kind, attribute:kind."),
        (("rename", "PERSON", "PEOPLE"), 3, "scheme merge CORPUS entity:PERSON --into PEOPLE"),
        (("merge", "PERSON", "label:kind", "--into", "X"), 3, "Only labels of one group"),
        (("split", "PERSON", "A", "--where", "B=x"), 2, "begins with none of A=, PERSON="),
        (("split", "PERSON", "A", "--where", "A=("), 3, "is no regular expression"),
        (("split", "PERSON", "A", "--rest", "A", "--review"), 2, "exclude each other"),
        (("split", "PERSON", "A", "--where", "A=text:@no.txt"), 2, "no.txt cannot be read"),
        (("split", "label:kind", "A"), 3, "only its options can be split"),
    ],
)
def test_what_cannot_be_says_what_can(
    run: Run, corpus: Path, arguments: tuple[str, ...], code: int, message: str
) -> None:
    ran = run("scheme", arguments[0], corpus, *arguments[1:])
    assert (ran.code, ran.out) == (code, "")
    assert message in ran.err
    assert types(corpus) == ["PERSON", "PERSON", "PEOPLE"]


def test_a_deleted_document_label_is_told_with_its_values(run: Run, corpus: Path) -> None:
    ran = run("scheme", "delete", corpus, "label:kind", "--dry-run")
    assert "  n1 (master): kind=note" in ran.out.splitlines()


def test_a_rule_that_fits_nothing_is_told(run: Run, corpus: Path) -> None:
    ran = run("scheme", "split", corpus, "PERSON", "A", "B", "--where", "A=Dr", "--where", "B=Nobody", "--dry-run")
    assert "  A: 1" in ran.out.splitlines()
    assert "  B: 0, no rule for it fits" in ran.out.splitlines()


def test_keys_that_labels_are_known_by_are_no_part_of_what_is_written(run: Run, corpus: Path) -> None:
    assert run("scheme", "rename", corpus, "PEOPLE", "HUMANS").code == 0
    assert "kept" not in run("scheme", "show", corpus, "--format", "toml").err
    rows = json.loads(run("keys", corpus, "--json").out)
    assert {row["id"]: row["keys"] for row in rows}["entity:HUMANS"] == ["2"]

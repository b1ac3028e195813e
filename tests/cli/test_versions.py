"""Versions, priorities, tags and guidelines from the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Ran, Run
from tests.store import making
from tui_annotate.domain.annotations import LabelValue
from tui_annotate.domain.decisions import Changes, Decision, Kind, LabelChange
from tui_annotate.store import documents, log, settings, versions
from tui_annotate.store.connection import Corpus


@pytest.fixture
def corpus(run: Run, tmp_path: Path) -> Path:
    """Three documents; ann and bob confirmed the first and differ, ann alone the second."""
    path = tmp_path / "notes.db"
    with Corpus.create(path, scheme=making.SCHEME) as made:
        settings.change(made, holdout_share=0.0)
        making.take_in(made, *(making.document(f"d{n}") for n in range(1, 4)))
        for who, document, urgent in (("ann", 1, True), ("bob", 1, False), ("ann", 2, True)):
            held = versions.load(made, document, who)
            label = LabelChange(held.annotations.labels.get("urgent"), LabelValue("urgent", urgent, (f"user:{who}",)))
            changes = Changes(labels=(label,), state=(held.state, making.CONFIRMED))
            log.record(made, [Decision(Kind.CONFIRM, document, who, changes)])
    return path


def explained(ran: Ran) -> list[tuple[str, str, str, str]]:
    return [
        (row["document" if "document" in row else "key"], row["annotator"], row["rule"], row["use"])
        for row in json.loads(ran.out)["documents"]
    ]


def test_a_disagreement_is_listed_compared_and_settled(run: Run, corpus: Path) -> None:
    ran = run("versions", "list", corpus, "--only", "adjudicate")
    assert [line.split()[:3] for line in ran.out.splitlines()[1:]] == [
        ["d1", "bob", "confirmed"],
        ["d1", "ann", "confirmed"],
    ]
    assert "1 document to adjudicate" in ran.err
    ran = run("versions", "diff", corpus, "d1", "--of", "ann", "--of", "bob")
    assert ran.out == "~ urgent is yes: bob has no\n"
    assert run("versions", "accept", corpus, "d1").code == 2, "whose?"
    assert run("versions", "accept", corpus, "d1", "--of", "ann", "--note", "right", "--annotator", "rita").code == 0
    (found,) = json.loads(run("versions", "list", corpus, "d1", "--json").out)
    first = found["versions"][0]
    assert (first["annotator"], first["review"], first["by"], first["note"]) == ("ann", "accepted", "rita", "right")
    assert (first["rule"], found["adjudicate"]) == ("accepted by a reviewer", False)
    assert run("versions", "list", corpus, "--only", "adjudicate").code == 6


def test_what_a_reviewer_says_decides_what_is_trained_on(run: Run, corpus: Path) -> None:
    assert run("settings", corpus, "priority=bob,ann").code == 0
    assert "priority=bob,ann" in run("settings", corpus).out
    assert explained(run("train", corpus, "--dry-run", "--json")) == [
        ("d1", "bob", "highest priority", "train"),
        ("d2", "ann", "the only one", "train"),
    ]
    run("settings", corpus, "priority=ann,bob", "tie=recent")
    assert explained(run("train", corpus, "--dry-run", "--json"))[0] == ("d1", "bob", "most recent", "train")
    assert run("versions", "reject", corpus, "--of", "bob", "--note", "hasty").code == 0
    assert explained(run("train", corpus, "--dry-run", "--json"))[0] == ("d1", "ann", "the only one", "train")
    assert run("versions", "correct", corpus, "d2").code == 0
    assert explained(run("train", corpus, "--dry-run", "--json"))[1] == ("d2", "", "", "not used")
    assert "sent back to be corrected" in run("train", corpus, "--dry-run").out
    assert run("versions", "clear", corpus, "d2").code == 0
    assert "Did you mean" in run("versions", "priority", corpus, "annn").err


def test_tags_fix_what_is_trained_and_tested_on(run: Run, corpus: Path) -> None:
    assert run("tag", corpus).code == 6
    assert run("tag", corpus, "Train", "--document", "d1").code == 0
    uses = [row[3] for row in explained(run("train", corpus, "--dry-run", "--json"))]
    assert uses == ["train", "not tagged Train"]
    assert "1 document no longer tagged" in run("tag", corpus, "Train", "--document", "d1", "--remove").err
    assert "3 documents tagged old" in run("tag", corpus, "old", "--query", "aspirin").err
    assert "0 documents tagged old" in run("tag", corpus, "old", "--query", "aspirin").err
    assert json.loads(run("tag", corpus, "--json").out) == {"old": 3}
    assert run("tag", corpus, "Test").code == 2
    assert run("tag", corpus, "Test", "--document", "nowhere").code == 2
    with Corpus.open(corpus, readonly=True) as opened:
        assert documents.row(opened, 2).tags == ("old",)
        assert [d.decision.kind for d in log.history(opened, document=3)] == [Kind.TAG]


def test_guidelines_come_from_a_file_and_stay_with_the_scheme(run: Run, corpus: Path, tmp_path: Path) -> None:
    assert run("scheme", "guidelines", corpus).code == 6
    (tmp_path / "g.md").write_text("# Drugs\n\nMark the *whole* name.\n", encoding="utf-8")
    assert "6 words" in run("scheme", "guidelines", corpus, tmp_path / "g.md").err
    assert run("scheme", "guidelines", corpus).out == "# Drugs\n\nMark the *whole* name.\n"
    assert "guidelines = " in run("scheme", "show", corpus).out
    assert run("scheme", "guidelines", corpus, tmp_path / "gone.md").code == 2
    (tmp_path / "g.md").write_bytes(b"\xff\xfe")
    assert run("scheme", "guidelines", corpus, tmp_path / "g.md").code == 3

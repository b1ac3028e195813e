"""`patterns`, `queue` and `search --queue`, from the shell."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.store import making
from tui_annotate.store import documents, log, settings
from tui_annotate.store.connection import Corpus


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    """Twelve documents about aspirin and one about ibuprofen, none held out."""
    path = tmp_path / "notes.db"
    with Corpus.create(path, scheme=making.SCHEME) as made:
        settings.change(made, holdout_share=0.0)
        making.take_in(made, *(making.document(f"d{n}") for n in range(1, 13)))
        making.take_in(made, making.document("rare", "ibuprofen"), making.document("plain", "nothing"))
    return path


def test_a_pattern_is_added_with_its_places_listed_and_removed(run: Run, corpus: Path) -> None:
    tried = run("patterns", "add", corpus, "DRUG", "aspirin", "--dry-run")
    assert tried.code == 0
    assert "aspirin (DRUG): 12 places in 12 of 14 documents" in tried.err
    assert run("patterns", "list", corpus).code == 6
    added = run("patterns", "add", corpus, "DRUG", "aspirin", "ibuprofen")
    assert "2 new patterns for DRUG." in added.err
    assert "Documents that match come first (13 for now)" in added.err
    listed = json.loads(run("patterns", "list", corpus, "--count", "--json").out)
    assert [(p["text"], p["places"]) for p in listed] == [("aspirin", 12), ("ibuprofen", 1)]
    assert "aspirin" in run("patterns", "list", corpus).out
    assert run("patterns", "switch", corpus, "off", 1).err.startswith("1 pattern switched off.\n")
    assert "1 pattern removed." in run("patterns", "remove", corpus, 2).err
    assert [p["enabled"] for p in json.loads(run("patterns", "list", corpus, "--json").out)] == [False]


def test_what_is_no_pattern_or_no_label_is_refused(run: Run, corpus: Path) -> None:
    assert run("patterns", "add", corpus, "DRUG", "--regex", "(a+)+$").code == 3
    assert run("patterns", "add", corpus, "DRUGS", "aspirin", "--strict").code == 3
    assert run("patterns", "remove", corpus).code == 2
    assert run("patterns", "remove", corpus, 99).code == 6


def test_files_come_in_and_go_out(run: Run, corpus: Path, tmp_path: Path) -> None:
    rows = tmp_path / "patterns.jsonl"
    rows.write_text('{"label": "DRUG", "pattern": [{"lower": "aspirin"}]}\n{"label": "DRUG", "pattern": 7}\n')
    done = run("patterns", "import", corpus, rows)
    assert done.code == 3
    assert f"{rows}:2: pattern: is neither a text nor a list of conditions (refused)" in done.err
    assert "2 read, 1 new, 1 refused" in done.err
    assert run("patterns", "export", corpus).out == '{"label": "DRUG", "pattern": [{"lower": "aspirin"}]}\n'
    assert run("patterns", "export", corpus, "--format", "words").code == 2
    target = tmp_path / "words.txt"
    assert run("patterns", "export", corpus, "--label", "DRUG", "-o", target).code == 0
    for there in (target, corpus):
        before = Path(there).read_bytes()
        assert run("patterns", "export", corpus, "--format", "jsonl", "-o", there).code == 2
        assert Path(there).read_bytes() == before
    assert target.read_text() == "aspirin\n"


def test_a_search_can_be_what_comes_next(run: Run, corpus: Path) -> None:
    assert run("search", corpus, "IBUPROFEN", "--queue").err == "1 document comes next.\n"
    found = json.loads(run("queue", corpus, "-n", 2, "--json").out)
    assert (found[0]["key"], found[0]["reason"]) == ("rare", "you searched for “IBUPROFEN”")
    assert found[1]["reason"] == "drawn at random"
    assert "1 document taken out." in run("queue", corpus, "--forget").err
    assert run("search", corpus, "nowhere at all", "--queue").code == 6
    assert "drawn at random" in run("queue", corpus, "-n", 1).out


def test_answers_are_copied_to_identical_texts(run: Run, corpus: Path) -> None:
    with Corpus.open(corpus) as opened:
        making.take_in(opened, *(making.document(f"same{n}", "ibuprofen") for n in range(3)))
        rare = documents.find(opened, "rare")
        assert rare is not None
        log.record(opened, [making.turn(rare, None, making.CONFIRMED)])
    assert "3 documents would be confirmed." in run("copy-identical", corpus, "--annotator", "ann", "--dry-run").err
    assert run("copy-identical", corpus, "d1", "--annotator", "ann").code == 1
    assert run("copy-identical", corpus, "none", "--annotator", "ann").code == 2
    assert run("copy-identical", corpus, "--annotator", "ann").out == "rare.txt: 3\n"
    assert run("copy-identical", corpus, "--annotator", "ann").code == 6

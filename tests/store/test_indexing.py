"""The search index: filled in steps, told of every change, checked and filled again."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
import sqlite_utils

from tests.store import making
from tests.store.test_finding import find, index
from tui_annotate.store import bitsets, documents, log, migrations, opening, rebuild, verify
from tui_annotate.store.connection import Corpus
from tui_annotate.store.search import facts, fts, indexing

DATA = Path(__file__).parent / "data"


def test_it_is_filled_in_steps_over_the_borders_of_blocks(corpus: Corpus, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(indexing, "BLOCK", 8)
    monkeypatch.setattr(indexing, "_CHARACTERS", 100)
    monkeypatch.setattr(indexing, "_WATCHED", 6)
    monkeypatch.setattr(indexing, "_MERGE_EVERY", 2)
    seen = []
    while indexing.behind(corpus).new:
        seen.append(indexing.step(corpus))
    assert seen == sorted(seen)
    assert 0.0 <= seen[0] < seen[-1] < 1.0
    assert indexing.wrong(corpus) == []
    with corpus.reading() as db:
        assert db.execute("SELECT count(*), max(block) FROM search_fact WHERE fact = '*'").fetchone() == (3, 2)


def test_few_documents_are_left_to_the_search(corpus: Corpus, monkeypatch: pytest.MonkeyPatch) -> None:
    assert indexing.catch_up(corpus)
    assert indexing.behind(corpus).new == 20
    monkeypatch.setattr(indexing, "FEW", 5)
    assert not indexing.catch_up(corpus, stop=lambda: True)
    assert not indexing.catch_up(corpus, seconds=0.0)
    shares: list[float] = []
    assert indexing.catch_up(corpus, on_progress=shares.append)
    assert indexing.behind(corpus) == indexing.Behind(0, 0)
    for id in range(1, 8):
        documents.add_tag(corpus, id, "x", annotator="ann")
    assert indexing.behind(corpus).stale == 7
    assert indexing.catch_up(corpus)
    assert indexing.behind(corpus).stale == 0
    assert find(corpus, "tag:x") == list(range(1, 8))


@pytest.mark.parametrize("phase", ["facts", "write"])
def test_what_changes_while_it_is_indexed_is_not_missed(
    corpus: Corpus, phase: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another connection decides between what the index reads and what it writes."""
    with Corpus.open(corpus.path) as other:
        done: list[int] = []

        def then(function: Callable[..., object]) -> Callable[..., object]:
            def wrapped(*given: object, **named: object) -> object:
                result = function(*given, **named)
                if len(done) == 1:
                    log.record(other, [making.begin(3, annotator="bob")])
                    documents.add_tag(other, 4, "late", annotator="bob")
                    making.take_in(other, making.document("new", "aspirin"))
                done.append(1)
                return result

            return wrapped

        if phase == "facts":
            monkeypatch.setattr(indexing, "_facts", then(indexing._facts))
            done.append(1)
        else:
            monkeypatch.setattr(documents, "load_some", then(documents.load_some))
            done.append(1)
        index(corpus)
    assert find(corpus, "by:bob") == [3]
    assert find(corpus, "tag:late") == [4]
    assert len(find(corpus, "aspirin")) == 21
    assert indexing.wrong(corpus) == []


def test_a_change_that_is_ignored_where_it_was_made_before_is_noted_all_the_same(corpus: Corpus) -> None:
    index(corpus)
    with corpus.transaction() as db:
        for _ in range(2):
            db.execute("INSERT OR IGNORE INTO document_tag(document, tag) VALUES (3, 'x')")
            db.execute("INSERT OR REPLACE INTO document_tag(document, tag) VALUES (4, 'x')")
    assert find(corpus, "tag:x") == [3, 4]


def test_damage_is_noticed_and_put_right(corpus: Corpus) -> None:
    index(corpus)
    with corpus.transaction() as db:
        db.execute("DELETE FROM search_fact WHERE fact LIKE 's%'")
        fts.remove(db, {1: documents.load(corpus, 1).text})
    # `PRAGMA quick_check` has nothing to say about it.
    assert any("search index" in problem for problem in verify.verify(corpus))
    found = rebuild.rebuild(corpus, apply=True)
    assert len(found.differences) == found.mended == 2
    index(corpus)
    assert verify.verify(corpus) == []
    assert rebuild.rebuild(corpus).equal
    assert find(corpus, "d1 state:pending") == [1]


def test_words_that_are_lost_are_noticed(corpus: Corpus) -> None:
    index(corpus)
    with corpus.transaction() as db:
        db.execute("INSERT INTO search_text(search_text) VALUES ('delete-all')")
    assert any("are not those whose texts" in problem for problem in indexing.wrong(corpus))


def test_old_corpora_get_an_index(tmp_path: Path) -> None:
    path = Path(shutil.copy(DATA / "version-1.db", tmp_path / "old.db"))
    with Corpus.open(path) as corpus:
        assert find(corpus, "rejected:DRUG") == [1]
        index(corpus)
        assert find(corpus, "rejected:DRUG") == [1]
        assert find(corpus, "tag:Test") == [1]
        assert verify.verify(corpus) == []
    with closing(sqlite3.connect(tmp_path / "third.db")) as third:
        for migration in migrations.MIGRATIONS[:3]:
            migration(sqlite_utils.Database(third))
        third.execute(f"PRAGMA application_id = {opening.APPLICATION_ID}")
        third.execute("PRAGMA user_version = 3")
        third.execute("INSERT INTO scheme VALUES (1, '{}', 1, '2024-01-01T00:00:00.000Z')")
        third.commit()
    with Corpus.open(tmp_path / "third.db") as corpus:
        making.take_in(corpus, making.document("one"))
        index(corpus)
        assert find(corpus, "aspirin") == [1]
        assert indexing.wrong(corpus) == []


def test_sets_of_documents() -> None:
    size = bitsets.BLOCK
    for members in ([], [0], [0, 5, size - 1], list(range(0, size, 3)), list(range(size))):
        bits = bitsets.of(members, size)
        assert list(bitsets.members(bits)) == members
        assert bitsets.unpack(bitsets.pack(bits)) == bits
    few, many = bitsets.of([3, 9], size), bitsets.of(range(100, 200), size)
    rows = [(0, bitsets.pack(few)), (2, bitsets.pack(few)), (2, bitsets.pack(many)), (2, bitsets.pack(many << 200))]
    expected = few | (few | many | many << 200) << 2 * size
    assert bitsets.assemble([*rows, (2, bitsets.pack(few))], 3) == expected
    assert list(bitsets.members(expected, 1, 3)) == [9, 2 * size + 3]


def test_values_of_facts_are_short_and_told_apart() -> None:
    long = "a" * 500
    assert facts.value(long + "b") != facts.value(long + "c")
    assert facts.value(long) == facts.value(long.upper())
    assert len(facts.value(long)) < 150
    assert facts.value("  Acetyl\x1f salicylic\n acid ") == "acetyl salicylic acid"

"""Rebuild finds what differs from the log, verify what cannot be, and a backup is whole or not there."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.store import making
from tests.store.making import CONFIRMED, IN_PROGRESS
from tui_annotate.errors import CorruptError, StoreError, UsageError
from tui_annotate.store import backup, copying, counters, documents, log, rebuild, verify, versions
from tui_annotate.store.connection import Corpus


@pytest.fixture
def worked(corpus: Corpus) -> Corpus:
    """A corpus with decisions, an import and something undone."""
    making.take_in(
        corpus, making.document("gold", versions=(making.version(making.entity(1), making.entity(2, 4, 6)),))
    )
    log.record(corpus, [making.begin(3)])
    log.record(corpus, [making.reject(3, making.suggestion().key)])
    log.record(corpus, [making.turn(3, IN_PROGRESS, CONFIRMED)])
    log.record(corpus, [making.begin(21, 3, annotator="bob")])
    log.record(corpus, [making.begin(4)])
    log.undo(corpus, "ann")
    return corpus


DAMAGE = {
    "an entity gone": ("DELETE FROM entity WHERE version = 2", "document 3: the version of ann differs in annotations"),
    "a verdict turned": (
        "UPDATE verdict SET verdict = 'accepted'",
        "document 3: the version of ann differs in verdicts",
    ),
    "a number given back": ("UPDATE version SET next_number = 1 WHERE document = 21", "differs in next_number"),
    "a state": ("UPDATE document SET state = 0 WHERE id = 3", "document 3: its state is 0, and 3 follows"),
    "master": ("UPDATE document SET master = NULL WHERE id = 21", "document 21: its master is ''"),
    "the undo steps": ("UPDATE step SET undone = 0", "the steps that undo can take back"),
    "a counter": ("UPDATE counter SET confirmed = 40", "counter confirmed: 40 is kept, 1 counted"),
    "a version from nowhere": ("INSERT INTO version(document, annotator, state) VALUES (9, 1, 3)", "document 9"),
}


@pytest.mark.parametrize("what", DAMAGE)
def test_rebuild_finds_and_mends_what_does_not_follow_from_the_log(worked: Corpus, what: str) -> None:
    assert rebuild.rebuild(worked).equal
    before = [versions.load(worked, 3, "ann"), versions.load(worked, 21, "bob"), documents.row(worked, 9)]
    statement, says = DAMAGE[what]
    with worked.transaction() as db:
        db.execute(statement)
    found = rebuild.rebuild(worked)
    assert not found.equal
    assert any(says in line for line in found.differences), found.differences
    assert found.mended == 0
    mended = rebuild.rebuild(worked, apply=True)
    assert mended.mended == len(mended.differences)
    assert rebuild.rebuild(worked).differences == []
    assert [versions.load(worked, 3, "ann"), versions.load(worked, 21, "bob"), documents.row(worked, 9)] == before


def test_rebuild_tells_of_a_log_that_contradicts_itself_and_leaves_the_rows(worked: Corpus) -> None:
    with worked.transaction() as db:
        db.execute(
            "INSERT INTO decision SELECT 1000, at, 1000, kind, document, annotator, changes, details, 0, 0"
            " FROM decision WHERE document = 3 AND kind = 'add'"
        )
    found = rebuild.rebuild(worked, apply=True)
    assert any(line.startswith("document 3: decision 1000: expected") for line in found.differences)
    assert sorted(versions.load(worked, 3, "ann").annotations.entities) == [1]


@pytest.mark.parametrize("what", ["an entity gone", "the undo steps"])
def test_who_decides_while_a_rebuild_mends_is_not_lost(
    worked: Corpus, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with worked.transaction() as db:
        db.execute(DAMAGE[what][0])
    write = worked.transaction
    decided: list[int] = []

    @contextmanager
    def transaction() -> Iterator[sqlite3.Connection]:
        if not decided:
            decided.append(3)
            with Corpus.open(worked.path) as other:
                log.record(other, [making.add(3, 5, annotator="cleo", start=9)])
        with write() as db:
            yield db

    monkeypatch.setattr(worked, "transaction", transaction)
    rebuild.rebuild(worked, apply=True)
    assert decided
    assert versions.load(worked, 3, "cleo").annotations.entities
    assert log.undo(worked, "cleo").document == 3
    rebuild.rebuild(worked, apply=True)
    assert rebuild.rebuild(worked).equal


def test_rebuild_reports_its_progress(worked: Corpus) -> None:
    seen: list[float] = []
    report = rebuild.rebuild(worked, on_progress=seen.append)
    assert seen == sorted(seen)
    assert seen[-1] == 1.0
    assert report.documents == 3


def test_verify_finds_what_cannot_be(worked: Corpus) -> None:
    assert verify.verify(worked) == []
    with worked.transaction() as db:
        db.execute("UPDATE entity SET body = replace(body, '\"end\":2', '\"end\":2000') WHERE version = 2")
        db.execute("UPDATE counter SET skipped = 7")
    assert verify.verify(worked) == [
        "document 3: entity 1 of the version of ann points outside its text",
        "counter skipped: 7 is kept, 0 counted",
    ]


def test_verify_finds_references_to_nothing(worked: Corpus) -> None:
    worked.connection.execute("PRAGMA foreign_keys = OFF")
    worked.connection.execute("DELETE FROM content WHERE document = 3")
    worked.connection.execute("DELETE FROM version WHERE document = 3")
    assert any("row of version that is not there" in line for line in verify.verify(worked))


def test_verify_finds_a_damaged_page(worked: Corpus) -> None:
    making.take_in(worked, *(making.document(f"more{n}", f"{n} " * 400) for n in range(200)))
    path = worked.path
    (page,) = worked.connection.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'document_by_name'").fetchone()
    worked.close()
    with path.open("r+b") as file:
        file.seek((page - 1) * 4096 + 8)
        file.write(b"\x7f" * 300)
    with Corpus.open(path, readonly=True) as damaged:
        assert verify.verify(damaged) != []


def test_a_backup_is_equal_and_holds_what_was_decided_meanwhile(
    worked: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(copying, "PAGES", 3)
    progress: list[float] = []
    numbers = iter(range(2, 7))

    def decide() -> None:
        number = next(numbers, None)
        if number is not None:
            log.record(worked, [making.add(3, number)])

    target = worked.path.with_name("copy.db")
    backup.backup(worked, target, between=decide, on_progress=progress.append)
    assert next(numbers, None) is None
    assert progress[-1] == 1.0
    with Corpus.open(target) as copy:
        assert sorted(versions.load(copy, 3, "ann").annotations.entities) == [1, 2, 3, 4, 5, 6]
        assert counters.progress(copy) == counters.progress(worked)
        assert rebuild.rebuild(copy).equal
        assert verify.verify(copy) == []


def test_a_stopped_backup_leaves_nothing_and_an_existing_file_is_not_touched(worked: Corpus) -> None:
    target = worked.path.with_name("copy.db")
    with pytest.raises(backup.CopyStopped):
        backup.backup(worked, target, stop=lambda: True)
    assert sorted(p.name for p in worked.path.parent.glob("*.db")) == ["notes.db"]
    target.write_text("mine")
    with pytest.raises(UsageError, match="exists already"):
        backup.backup(worked, target)
    with pytest.raises(UsageError):
        backup.backup(worked, worked.path, replace=True)
    assert target.read_text() == "mine"
    with pytest.raises(StoreError, match="no folder"):
        backup.backup(worked, worked.path.parent / "missing" / "copy.db")


def test_a_backup_that_cannot_be_read_is_not_kept(worked: Corpus, monkeypatch: pytest.MonkeyPatch) -> None:
    def spoil(source: sqlite3.Connection, aside: Path, *others: object) -> None:
        copy(source, aside, *others)  # type: ignore[arg-type]
        with aside.open("r+b") as file:
            file.seek(4096)
            file.write(b"\x7f" * 40_000)

    copy = copying._copy_pages
    monkeypatch.setattr(copying, "_copy_pages", spoil)
    target = worked.path.with_name("copy.db")
    with pytest.raises(CorruptError):
        backup.backup(worked, target)
    assert not target.exists()

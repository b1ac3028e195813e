"""Files of older schemas: backed up, then brought up to date with all their decisions."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import sqlite_utils

from tests.store.making import CONFIRMED
from tui_annotate.domain.annotations import Verdict
from tui_annotate.errors import StoreError
from tui_annotate.store import (
    counters,
    documents,
    log,
    migrations,
    opening,
    rebuild,
    runs,
    settings,
    suggestions,
    verify,
    versions,
)
from tui_annotate.store.connection import Corpus

VERSION_1 = Path(__file__).parent / "data" / "version-1.db"


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A corpus as it was saved with schema 1."""
    return Path(shutil.copy(VERSION_1, tmp_path / "old.db"))


def check_contents(corpus: Corpus) -> None:
    """Assert that all that was decided in the saved file is there."""
    progress = counters.progress(corpus)
    assert (progress.total, progress.confirmed, progress.skipped, progress.in_progress) == (5, 2, 1, 0)
    assert settings.load(corpus).retrain_every == 50
    assert [type.name for type in settings.scheme(corpus).entities] == ["DRUG", "DISEASE"]
    version = versions.load(corpus, 1, "ann")
    assert (version.state, sorted(version.annotations.entities), version.next_number) == (CONFIRMED, [1, 2], 3)
    assert set(version.verdicts.values()) == {Verdict.REJECTED}
    assert versions.load(corpus, 2, "bob").master_by == "master"
    assert [s.name for s in suggestions.of(corpus, 3)] == ["DRUG", "urgent"]
    assert runs.deployed(corpus)["entities"].metrics == {"f1": 0.5}
    assert documents.row(corpus, 1).tags == ("Test",)
    assert log.place(corpus, "ann") == {"document": 1}
    assert rebuild.rebuild(corpus).differences == []
    assert verify.verify(corpus) == []
    log.undo(corpus, "ann")
    assert counters.progress(corpus).skipped == 0


def test_a_saved_file_of_version_1_opens_with_all_that_is_in_it(old: Path) -> None:
    with Corpus.open(old) as corpus:
        check_contents(corpus)


def test_an_older_schema_is_backed_up_checked_and_then_migrated(old: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def m_next(db: sqlite_utils.Database) -> None:
        db["document"].add_column("weight", int)  # type: ignore[union-attr]

    following = opening.SCHEMA_VERSION + 1
    monkeypatch.setattr(migrations, "MIGRATIONS", [*migrations.MIGRATIONS, m_next])
    monkeypatch.setattr(opening, "SCHEMA_VERSION", following)
    with pytest.raises(StoreError, match="older schema 1"):
        Corpus.open(old, readonly=True)
    with Corpus.open(old) as corpus:
        assert corpus.connection.execute("PRAGMA user_version").fetchone() == (following,)
        assert corpus.connection.execute("SELECT weight FROM document").fetchone() == (None,)
        check_contents(corpus)
    monkeypatch.undo()
    with Corpus.open(old.with_name("old.schema-1.db")) as kept:
        check_contents(kept)


def test_a_migration_that_fails_leaves_the_file_as_it_was(old: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def m_broken(db: sqlite_utils.Database) -> None:
        db.execute("DROP TABLE queue")
        db.execute("CREATE TABLE document (id INTEGER)")

    monkeypatch.setattr(migrations, "MIGRATIONS", [*migrations.MIGRATIONS, m_broken])
    monkeypatch.setattr(opening, "SCHEMA_VERSION", opening.SCHEMA_VERSION + 1)
    with pytest.raises(StoreError):
        Corpus.open(old)
    monkeypatch.undo()
    with Corpus.open(old) as corpus:
        check_contents(corpus)


def test_there_is_a_migration_for_each_schema() -> None:
    assert len(migrations.MIGRATIONS) == opening.SCHEMA_VERSION
    assert [m.__name__[:4] for m in migrations.MIGRATIONS] == [
        f"m{n:03}" for n in range(1, len(migrations.MIGRATIONS) + 1)
    ]

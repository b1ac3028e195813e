"""Files of older schemas: backed up, then brought up to date with all their decisions."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
import sqlite_utils

from tests.store.making import CONFIRMED
from tui_annotate.domain.annotations import Verdict
from tui_annotate.domain.decisions import Kind
from tui_annotate.errors import StoreError
from tui_annotate.store import (
    annotators,
    counters,
    documents,
    listing,
    log,
    migrations,
    opening,
    outgoing,
    queue,
    rebuild,
    runs,
    settings,
    suggestions,
    verify,
    versions,
)
from tui_annotate.store.connection import Corpus
from tui_annotate.store.search import places as search

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


def test_the_first_migration_is_never_edited() -> None:
    sql = "SELECT type, name, sql FROM sqlite_schema ORDER BY type, name"
    with closing(sqlite3.connect(VERSION_1)) as saved, closing(sqlite3.connect(":memory:")) as made:
        migrations.m001_first_schema(sqlite_utils.Database(made))
        assert made.execute(sql).fetchall() == saved.execute(sql).fetchall()


def test_the_migrations_of_schema_3_are_never_edited() -> None:
    with closing(sqlite3.connect(":memory:")) as made:
        for migration in migrations.MIGRATIONS[:3]:
            migration(sqlite_utils.Database(made))
        rows = made.execute("SELECT type, name, sql FROM sqlite_schema ORDER BY type, name").fetchall()
    saved = (VERSION_1.parent / "version-3.sql").read_text("utf-8")
    assert "".join(f"-- {type} {name}\n{sql or ''};\n" for type, name, sql in rows) == saved


def test_every_reader_goes_through_a_saved_file_of_version_1(old: Path) -> None:
    with Corpus.open(old) as corpus:
        known = settings.load(corpus)
        assert [one.document.key for one in outgoing.outgoing(corpus)] == ["one", "two", "three", "four", "five"]
        assert [hit.key for hit in search.search(corpus, "aspirin", per_document=1)][:2] == ["one", "two"]
        assert [row.key for row in documents.page(corpus, sort="changed", descending=True, limit=1)] == ["four"]
        assert [id for some in documents.ids(corpus) for id in some] == [1, 2, 3, 4, 5]
        assert [(g.id, g.annotator) for g in versions.gold(corpus)] == [(1, "ann"), (2, "master")]
        following = queue.following(corpus, "ann", n=9, settings=known)
        assert {found.document for found in following} == {3, 4, 5}
        assert [p.annotator for p in suggestions.proposals(corpus, 3)] == ["master"]
        assert log.history(corpus, document=1)[0].decision.kind is Kind.CONFIRM
        assert [row.annotator for row in versions.versions(corpus, 1)] == ["ann"]
        assert annotators.names(corpus) == {"ann": 0}
        assert documents.files(corpus, 1) == documents.extra(corpus, 1) == {}
        assert counters.confirmed_since_training(corpus) == 2
        assert listing.page(corpus, tags=["Test"])[0].key == "one"
        assert queue.entries(corpus) == []


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


def test_a_master_that_hung_on_the_order_of_acts_is_put_right(old: Path) -> None:
    with closing(sqlite3.connect(old)) as db, db:
        db.execute("UPDATE document SET master = NULL, adjudicate = 1 WHERE id = 1")
        db.execute("UPDATE document SET master = (SELECT id FROM version WHERE document = 5) WHERE id = 5")
    with Corpus.open(old) as corpus:
        check_contents(corpus)
        assert versions.load(corpus, 1, "bob").master_by == "ann"


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

"""Opening a corpus: what is told of a file that is none, and that a crash needs no repair."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

import pytest

from tests.store import making
from tests.store.unprivileged import as_nobody
from tui_annotate.errors import (
    AnnotateError,
    CorruptError,
    DataError,
    LockedError,
    ReadOnlyError,
    TooNewError,
    UsageError,
)
from tui_annotate.store import annotators, documents, settings
from tui_annotate.store.connection import Corpus


def test_create_makes_a_strict_corpus_that_opens_again(path: Path) -> None:
    Corpus.create(path, scheme=making.SCHEME).close()
    with Corpus.open(path) as corpus:
        assert settings.scheme(corpus) == making.SCHEME
        db = corpus.connection
        assert db.execute("PRAGMA journal_mode").fetchone() == ("truncate",)
        assert db.execute("PRAGMA synchronous").fetchone() == (2,)
        assert db.execute("PRAGMA foreign_keys").fetchone() == (1,)
        assert db.execute("PRAGMA trusted_schema").fetchone() == (0,)
        loose = [n for _, n, kind, _, _, strict in db.execute("PRAGMA table_list") if kind == "table" and not strict]
        assert [n for n in loose if not n.startswith("sqlite_")] == []
    assert [p.name for p in path.parent.iterdir() if p.suffix != ".db-journal"] == ["notes.db"]


def test_create_refuses_a_file_that_is_there(path: Path) -> None:
    path.write_text("mine")
    with pytest.raises(UsageError, match="exists already"):
        Corpus.create(path)
    assert path.read_text() == "mine"


def test_create_refuses_a_folder_that_is_not_there(path: Path) -> None:
    with pytest.raises(UsageError, match="no folder"):
        Corpus.create(path.parent / "missing" / "notes.db")


def _not_sqlite(path: Path) -> None:
    path.write_text("patient,label\n" * 400)


def _empty(path: Path) -> None:
    path.touch()


def _foreign(path: Path) -> None:
    db = sqlite3.connect(path)
    db.execute("CREATE TABLE recipe (name TEXT)")
    db.commit()
    db.close()


def _damaged_header(path: Path) -> None:
    Corpus.create(path).close()
    with path.open("r+b") as file:
        file.seek(16)
        file.write(b"\xff" * 40)


def _damaged_schema(path: Path) -> None:
    Corpus.create(path).close()
    with path.open("r+b") as file:
        file.seek(100)
        file.write(b"\xff" * 2000)


def _newer(path: Path) -> None:
    Corpus.create(path).close()
    db = sqlite3.connect(path)
    db.execute("PRAGMA user_version = 99")
    db.close()


@pytest.mark.parametrize(
    ("make", "kind", "says"),
    [
        (lambda path: None, UsageError, "There is no corpus"),
        (Path.mkdir, UsageError, "is a folder"),
        (os.mkfifo, UsageError, "no ordinary file"),
        (_empty, CorruptError, "is empty"),
        (_not_sqlite, CorruptError, "not an SQLite file"),
        (_foreign, CorruptError, "no corpus of tui-annotate"),
        (_damaged_header, CorruptError, "header of .* is damaged"),
        (_damaged_schema, CorruptError, "damaged"),
        (_newer, TooNewError, "schema 99.*Upgrade"),
    ],
    ids=["missing", "folder", "fifo", "empty", "not sqlite", "foreign", "header", "schema", "newer"],
)
@pytest.mark.parametrize("readonly", [False, True])
def test_open_tells_apart_what_is_wrong(
    path: Path, make: object, kind: type[AnnotateError], says: str, readonly: bool
) -> None:
    assert callable(make)
    make(path)
    with pytest.raises(kind, match=says):
        Corpus.open(path, readonly=readonly)


def test_open_says_which_permission_is_missing(path: Path) -> None:
    Corpus.create(path).close()
    folder = path.parent

    def unreadable() -> str:
        with pytest.raises(ReadOnlyError) as caught:
            Corpus.open(path)
        return caught.value.message

    folder.chmod(0o777)
    path.chmod(0o000)
    assert "may not be read" in as_nobody(unreadable, folder)
    path.chmod(0o444)
    assert f"{path} may not be written" in as_nobody(unreadable, folder)
    path.chmod(0o666)
    folder.chmod(0o555)
    assert "The folder of" in as_nobody(unreadable, folder)
    folder.chmod(0o755)


def test_a_read_only_folder_still_opens_for_reading_and_refuses_writes(path: Path) -> None:
    Corpus.create(path, scheme=making.SCHEME).close()
    path.parent.chmod(0o555)
    path.chmod(0o444)

    def read_then_write() -> str:
        with Corpus.open(path, readonly=True) as corpus:
            labels = [label.name for label in settings.scheme(corpus).labels]
            with pytest.raises(ReadOnlyError):
                annotators.keep_place(corpus, "ann", {"document": 1})
            return ", ".join(labels)

    assert as_nobody(read_then_write, path.parent) == "urgent, kind"
    path.parent.chmod(0o755)


def test_another_programs_lock_is_told_after_the_timeout_and_then_all_works(corpus: Corpus) -> None:
    corpus.timeout = 0.05
    other = sqlite3.connect(corpus.path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(LockedError, match="in use by another program"):
        annotators.keep_place(corpus, "ann", {"document": 3})
    with pytest.raises(LockedError):
        documents.row(corpus, 1)
    with pytest.raises(LockedError):
        Corpus.open(corpus.path, timeout=0.05)
    other.execute("ROLLBACK")
    annotators.keep_place(corpus, "ann", {"document": 3})
    assert annotators.place(corpus, "ann") == {"document": 3}


def test_a_reader_of_another_program_holds_up_the_commit_only(corpus: Corpus) -> None:
    corpus.timeout = 0.05
    other = sqlite3.connect(corpus.path, isolation_level=None)
    other.execute("BEGIN")
    other.execute("SELECT count(*) FROM document").fetchone()
    with pytest.raises(LockedError):
        annotators.keep_place(corpus, "ann", {"document": 3})
    other.execute("ROLLBACK")
    assert annotators.place(corpus, "ann") is None
    annotators.keep_place(corpus, "ann", {"document": 4})
    assert annotators.place(corpus, "ann") == {"document": 4}


def test_an_error_inside_a_transaction_leaves_nothing_behind(corpus: Corpus) -> None:
    def fail() -> None:
        with corpus.transaction() as db:
            annotators.ensure(corpus, db, "newcomer")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert "newcomer" not in annotators.names(corpus)
    annotators.keep_place(corpus, "newcomer", {})
    assert "newcomer" in annotators.names(corpus)


def test_half_a_surrogate_pair_is_refused_in_a_sentence(corpus: Corpus) -> None:
    with pytest.raises(DataError, match="surrogate"):
        annotators.keep_place(corpus, "ann\ud800", {})


def test_data_version_shows_what_others_write_and_not_what_we_write(corpus: Corpus) -> None:
    with Corpus.open(corpus.path) as other:
        before = corpus.data_version()
        annotators.keep_place(corpus, "ann", {})
        assert corpus.data_version() == before
        annotators.keep_place(other, "bob", {})
        assert corpus.data_version() != before

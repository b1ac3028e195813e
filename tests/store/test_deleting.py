"""Deleting documents: all that hangs on them goes, everything else stays right."""

from __future__ import annotations

import sqlite3

import pytest

from tests.store import making
from tests.store.making import CONFIRMED, IN_PROGRESS
from tests.store.test_finding import find, index
from tui_annotate.domain.decisions import Kind
from tui_annotate.errors import StoreError, UndoError
from tui_annotate.store import (
    annotators,
    counters,
    deleting,
    documents,
    log,
    queue,
    rebuild,
    settings,
    steps,
    suggestions,
    verify,
)
from tui_annotate.store.connection import Corpus


def sound(corpus: Corpus) -> bool:
    return verify.verify(corpus) == [] and rebuild.rebuild(corpus).differences == []


def test_everything_of_a_document_goes_and_the_rest_stays_right(corpus: Corpus) -> None:
    index(corpus)
    suggestions.freeze(corpus, 3, [making.suggestion()], run="entities-1")
    for id in (3, 4, 5):
        log.record(corpus, [making.begin(id)])
        log.record(corpus, [making.turn(id, IN_PROGRESS, CONFIRMED)])
    queue.ask_for(corpus, [6, 7], reason="asked")
    documents.add_tag(corpus, 3, "x", annotator="ann")
    annotators.keep_place(corpus, "ann", {"document": 3})
    annotators.keep_place(corpus, "bob", {"document": 4})
    with corpus.transaction() as db:
        who = annotators.ensure(corpus, db, "bob")
        db.execute("INSERT INTO assignment VALUES (3, ?, '2024-01-01T00:00:00.000Z')", (who,))
    before = counters.progress(corpus)
    assert deleting.delete(corpus, [3, 6, 99, 3], annotator="ann") == 2
    after = counters.progress(corpus)
    assert (before.total - after.total, before.confirmed - after.confirmed) == (2, 1)
    assert [entry.document for entry in queue.entries(corpus)] == [7]
    assert (annotators.place(corpus, "ann"), annotators.place(corpus, "bob")) == (None, {"document": 4})
    assert find(corpus, "aspirin") == [*range(1, 3), 4, 5, *range(7, 21)]
    assert find(corpus, "NOT anncomplete:true") == [1, 2, *range(7, 21)]
    assert find(corpus, "tag:x OR members_assigned:bob OR run:*") == []
    with corpus.reading() as db:
        tables = [name for (name,) in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
        for table in tables:
            columns = {row[1] for row in db.execute(f"PRAGMA table_info('{table}')")}
            if "document" in columns and table != "gone":
                assert db.execute(f"SELECT count(*) FROM {table} WHERE document IN (3, 6)").fetchone() == (0,), table
    assert sound(corpus)
    (logged,) = log.history(corpus, limit=1)
    assert logged.decision.kind is Kind.DELETE
    assert logged.decision.details == {"documents": ["d3", "d6"], "decisions": 3}
    assert logged.decision.annotator == "ann"


def test_the_log_of_a_document_that_is_there_stays(corpus: Corpus) -> None:
    log.record(corpus, [making.begin(3)])
    for sql in ("DELETE FROM decision WHERE document = 3", "DELETE FROM decision WHERE document IS NULL"):
        with pytest.raises(StoreError, match="append-only"), corpus.transaction() as db:
            db.execute(sql)


def test_ids_never_come_back_as_other_documents(corpus: Corpus) -> None:
    index(corpus)
    deleting.delete(corpus, [19, 20], annotator="ann")
    making.take_in(corpus, making.document("later", "something else"))
    assert documents.find(corpus, "later") == 21
    assert find(corpus, "something") == [21]
    deleting.delete(corpus, range(1, 30), annotator="ann")
    assert find(corpus, "*") == []
    making.take_in(corpus, making.document("d1", "back again"))
    assert documents.find(corpus, "d1") == 22
    assert find(corpus, "back") == [22]
    assert sound(corpus)


def test_steps_that_went_cannot_be_taken_back_and_others_can(corpus: Corpus) -> None:
    log.record(corpus, [making.begin(3)])
    log.record(corpus, [making.begin(4), making.begin(5), making.begin(6)])
    log.record(corpus, [making.begin(7)])
    deleting.delete(corpus, [4, 7], annotator="bob")
    assert steps.next_undone(corpus, "ann") == 5
    assert [d.document for d in log.undo(corpus, "ann").decisions] == [6, 5]
    assert sound(corpus)
    assert [d.document for d in log.redo(corpus, "ann").decisions] == [5, 6]
    log.undo(corpus, "ann")
    assert log.undo(corpus, "ann").document == 3
    with pytest.raises(UndoError, match="nothing to undo"):
        log.undo(corpus, "ann")
    assert sound(corpus)


def test_nothing_is_redone_after_a_deletion(corpus: Corpus) -> None:
    """What buried a step may be among the decisions that went."""
    log.record(corpus, [making.begin(3)])
    log.undo(corpus, "ann")
    log.record(corpus, [making.begin(4)])
    deleting.delete(corpus, [4], annotator="ann")
    with pytest.raises(UndoError, match="nothing to redo"):
        log.redo(corpus, "ann")
    assert sound(corpus)


def test_a_deletion_that_fails_leaves_the_documents(corpus: Corpus) -> None:
    index(corpus)
    with corpus.transaction() as db:
        db.execute("CREATE TABLE other (document INTEGER REFERENCES document, name TEXT) STRICT")
        db.execute("INSERT INTO other VALUES (3, 'kept')")
        db.execute(
            "CREATE TRIGGER refuse BEFORE DELETE ON document WHEN OLD.id = 4 BEGIN SELECT raise(ABORT, 'no'); END"
        )
    with pytest.raises(StoreError) as caught:
        deleting.delete(corpus, [3, 4], annotator="ann")
    assert isinstance(caught.value.__cause__, sqlite3.Error)
    assert find(corpus, "docid:d3 OR docid:d4") == [3, 4]
    with corpus.transaction() as db:
        db.execute("DROP TRIGGER refuse")
    assert deleting.delete(corpus, [3, 4], annotator="ann") == 2
    with corpus.reading() as db:
        assert db.execute("SELECT count(*) FROM other").fetchone() == (0,)
    assert settings.load(corpus)
    assert sound(corpus)

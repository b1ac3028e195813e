"""Decisions: applied and logged together, checked against what others did, taken back and done again."""

from __future__ import annotations

import sqlite3
from dataclasses import replace

import pytest

from tests.store import making
from tests.store.making import CONFIRMED, IN_PROGRESS, SKIPPED, add, begin, turn
from tui_annotate.domain.annotations import LabelValue, Verdict
from tui_annotate.domain.decisions import Changes, Decision, EntityChange, Kind, LabelChange
from tui_annotate.domain.documents import DocumentState
from tui_annotate.domain.selection import Review
from tui_annotate.errors import BlockedStepError, DecisionError, DiskFullError, UndoError
from tui_annotate.store import counters, deleting, documents, log, queue, rebuild, reviewing, settings, versions
from tui_annotate.store.connection import Corpus


def entities(corpus: Corpus, document: int, annotator: str = "ann") -> list[int]:
    """Return the numbers of the entities that hold."""
    return sorted(versions.load(corpus, document, annotator).annotations.entities)


def test_a_decision_is_applied_logged_and_kept_with_its_place(corpus: Corpus) -> None:
    logged = log.record(corpus, [begin(3)], place={"document": 3})
    version = versions.load(corpus, 3, "ann")
    assert (version.exists, version.state, version.next_number) == (True, IN_PROGRESS, 2)
    assert version.annotations.entities == {1: making.entity(1)}
    assert documents.row(corpus, 3).state is DocumentState.IN_PROGRESS
    assert log.place(corpus, "ann") == {"document": 3}
    assert [d.decision for d in log.history(corpus, document=3)] == [begin(3)]
    assert logged[0].step == logged[0].sequence == counters.progress(corpus).sequence
    assert logged[0].at.endswith("Z")


def test_a_decision_survives_the_connection(corpus: Corpus) -> None:
    log.record(corpus, [begin(3)])
    corpus.close()
    with Corpus.open(corpus.path) as again:
        assert entities(again, 3) == [1]


def test_a_decision_that_says_no_state_begins_the_version_and_undo_ends_it(corpus: Corpus) -> None:
    log.record(corpus, [add(3, 1)])
    assert versions.load(corpus, 3, "ann").state is IN_PROGRESS
    log.undo(corpus, "ann")
    version = versions.load(corpus, 3, "ann")
    assert (version.exists, version.state, version.next_number) == (False, None, 2), "a number is never given twice"
    assert documents.row(corpus, 3).state is DocumentState.PENDING


def test_what_another_program_changed_is_not_overwritten(corpus: Corpus) -> None:
    with Corpus.open(corpus.path) as other:
        log.record(corpus, [begin(3)])
        log.record(other, [add(3, 2, start=4)])
        with pytest.raises(DecisionError, match=r"changed meanwhile by ann.*Read the document again"):
            log.record(corpus, [add(3, 2, start=8)])
        gone = Decision(Kind.REMOVE, 3, "ann", Changes((EntityChange(making.entity(1), None),)))
        log.record(other, [gone])
        with pytest.raises(DecisionError, match="Entity 1"):
            log.record(corpus, [gone])
        with pytest.raises(DecisionError, match="state of the version"):
            log.record(corpus, [turn(3, CONFIRMED, IN_PROGRESS)])
    assert rebuild.rebuild(corpus).equal


def test_an_entity_is_the_same_whatever_the_order_of_keys_in_it(corpus: Corpus) -> None:
    one = replace(making.entity(1), attributes={"negated": True, "past": False})
    other = replace(one, attributes={"past": False, "negated": True})
    log.record(corpus, [Decision(Kind.ADD, 3, "ann", Changes((EntityChange(None, one),)))])
    log.record(corpus, [Decision(Kind.REMOVE, 3, "ann", Changes((EntityChange(other, None),)))])
    assert entities(corpus, 3) == []


def test_an_act_is_written_whole_or_not_at_all(corpus: Corpus) -> None:
    before = counters.progress(corpus)
    with pytest.raises(DecisionError):
        log.record(corpus, [begin(3), begin(4), begin(3)])
    with pytest.raises(DecisionError, match="no document 99"):
        log.record(corpus, [begin(3), begin(99)])
    with pytest.raises(DecisionError, match="One act"):
        log.record(corpus, [begin(3), begin(4, annotator="bob")])
    assert counters.progress(corpus) == before
    assert entities(corpus, 3) == []


def test_the_log_cannot_be_changed_or_deleted(corpus: Corpus) -> None:
    log.record(corpus, [begin(3)])
    for statement in ("UPDATE decision SET kind = 'reject'", "DELETE FROM decision"):
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            corpus.connection.execute(statement)


def test_undo_and_redo_survive_restarts_and_go_back_to_the_place(corpus: Corpus) -> None:
    log.record(corpus, [begin(3)])
    log.record(corpus, [add(3, 2, start=4)])
    log.record(corpus, [begin(5)])
    corpus.close()
    with Corpus.open(corpus.path) as again:
        undone = log.undo(again, "ann")
        assert (undone.document, undone.kind, undone.place) == (5, Kind.ADD, {"document": 5, "start": 0})
        assert undone.decisions[0].changes == begin(5).changes.inverted()
        assert log.undo(again, "ann").document == 3
    with Corpus.open(corpus.path) as again:
        assert entities(again, 3) == [1]
        assert log.redo(again, "ann").document == 3
        assert entities(again, 3) == [1, 2]
        assert log.redo(again, "ann").document == 5
        with pytest.raises(UndoError, match="nothing to redo"):
            log.redo(again, "ann")
        kinds = [d.decision.kind for d in log.history(again, annotator="ann")]
        assert kinds == [Kind.REDO, Kind.REDO, Kind.UNDO, Kind.UNDO, Kind.ADD, Kind.ADD, Kind.ADD]
        assert rebuild.rebuild(again).equal


def test_a_new_decision_ends_what_could_be_redone(corpus: Corpus) -> None:
    log.record(corpus, [begin(3)])
    log.undo(corpus, "ann")
    log.record(corpus, [begin(4)])
    with pytest.raises(UndoError):
        log.redo(corpus, "ann")
    log.undo(corpus, "ann")
    with pytest.raises(UndoError, match="nothing to undo"):
        log.undo(corpus, "ann")
    assert rebuild.rebuild(corpus).equal


def test_a_bulk_act_is_one_step_also_over_several_documents(corpus: Corpus) -> None:
    log.record(corpus, [begin(3), add(3, 2, start=4), begin(4), turn(4, IN_PROGRESS, CONFIRMED)])
    assert counters.progress(corpus).confirmed == 1
    log.undo(corpus, "ann")
    assert entities(corpus, 3) == entities(corpus, 4) == []
    assert counters.progress(corpus).confirmed == counters.progress(corpus).in_progress == 0
    log.redo(corpus, "ann")
    assert (entities(corpus, 3), entities(corpus, 4)) == ([1, 2], [1])


def test_confirm_skip_and_reopen_are_counted_and_taken_back(corpus: Corpus) -> None:
    def numbers() -> tuple[int, int, int]:
        progress = counters.progress(corpus)
        return progress.in_progress, progress.skipped, progress.confirmed

    log.record(corpus, [turn(1, None, CONFIRMED)])
    log.record(corpus, [turn(2, None, SKIPPED)])
    log.record(corpus, [begin(3)])
    assert numbers() == (1, 1, 1)
    log.record(corpus, [turn(1, CONFIRMED, IN_PROGRESS)])
    assert numbers() == (2, 1, 0)
    for expected in [(1, 1, 1), (0, 1, 1), (0, 0, 1), (0, 0, 0)]:
        log.undo(corpus, "ann")
        assert numbers() == expected
    assert rebuild.rebuild(corpus).equal


def test_undo_is_refused_where_the_rows_are_not_as_they_were_left(corpus: Corpus) -> None:
    log.record(corpus, [begin(3)])
    with Corpus.open(corpus.path) as other:
        relabelled = replace(making.entity(1), type="DISEASE")
        changed = Changes((EntityChange(making.entity(1), relabelled),))
        log.record(other, [Decision(Kind.CHANGE, 3, "ann", changed)])
        log.record(other, [begin(4)])
    with corpus.transaction() as db:
        db.execute("DELETE FROM step WHERE sequence > 2")
    with pytest.raises(UndoError, match="changed meanwhile by ann, elsewhere"):
        log.undo(corpus, "ann")
    assert versions.load(corpus, 3, "ann").annotations.entities[1].type == "DISEASE"


def test_undo_is_refused_after_somebody_elses_review_and_names_them(corpus: Corpus) -> None:
    log.record(corpus, [turn(3, None, CONFIRMED)])
    reviewing.review(corpus, 3, "ann", Review.ACCEPTED, by="rita")
    with pytest.raises(UndoError, match="rita decided on this version"):
        log.undo(corpus, "ann")
    assert versions.load(corpus, 3, "ann").state is CONFIRMED
    assert rebuild.rebuild(corpus).equal


def test_a_refused_step_is_passed_over_so_that_those_before_it_can_be_taken_back(corpus: Corpus) -> None:
    log.record(corpus, [begin(4)])
    log.record(corpus, [turn(3, None, CONFIRMED)])
    reviewing.review(corpus, 3, "ann", Review.ACCEPTED, by="rita")
    log.record(corpus, [begin(5)])
    log.undo(corpus, "ann")
    with pytest.raises(BlockedStepError, match=r"d3\.txt: rita decided") as caught:
        log.undo(corpus, "ann")
    log.pass_over(corpus, "ann", caught.value.step)
    assert versions.load(corpus, 3, "ann").state is CONFIRMED
    assert rebuild.rebuild(corpus).equal
    with pytest.raises(UndoError, match="next step"):
        log.pass_over(corpus, "ann", caught.value.step)
    assert log.undo(corpus, "ann").document == 4
    assert [log.redo(corpus, "ann").document for _ in range(2)] == [4, 5]
    with pytest.raises(UndoError, match="nothing to redo"):
        log.redo(corpus, "ann")
    assert [log.undo(corpus, "ann").document for _ in range(2)] == [5, 4], "what was passed over stays passed over"
    assert rebuild.rebuild(corpus).equal


def test_a_refused_redo_is_passed_over_too(corpus: Corpus) -> None:
    log.record(corpus, [begin(3)])
    log.record(corpus, [begin(4)])
    log.undo(corpus, "ann")
    log.undo(corpus, "ann")
    with corpus.transaction() as db:
        db.execute("UPDATE version SET state = 3 WHERE document = 3")
    with pytest.raises(BlockedStepError, match=r"d3\.txt: this cannot be done again: the state") as caught:
        log.redo(corpus, "ann")
    log.pass_over(corpus, "ann", caught.value.step, kind=Kind.REDO)
    assert log.redo(corpus, "ann").document == 4


def test_what_was_passed_over_fits_the_log_when_its_documents_are_deleted(corpus: Corpus) -> None:
    log.record(corpus, [begin(3), begin(4)])
    log.record(corpus, [begin(5)])
    for document in (3, 5):
        reviewing.review(corpus, document, "ann", Review.ACCEPTED, by="rita")
    for _ in range(2):
        with pytest.raises(BlockedStepError) as caught:
            log.undo(corpus, "ann")
        log.pass_over(corpus, "ann", caught.value.step)
    deleting.delete(corpus, [3, 5], annotator="bob")
    assert rebuild.rebuild(corpus).equal


def test_each_annotator_takes_back_only_their_own(corpus: Corpus) -> None:
    log.record(corpus, [begin(3)])
    log.record(corpus, [begin(3, annotator="bob")])
    log.undo(corpus, "ann")
    assert entities(corpus, 3, "bob") == [1]
    with pytest.raises(UndoError):
        log.undo(corpus, "ann")
    log.undo(corpus, "bob")
    assert documents.row(corpus, 3).state is DocumentState.PENDING


def test_confirming_publishes_to_an_empty_master_and_then_calls_for_adjudication(corpus: Corpus) -> None:
    log.record(corpus, [turn(3, None, CONFIRMED)])
    assert versions.load(corpus, 3, "ann").master_by == "ann"
    begun = versions.load(corpus, 3, "bob")
    assert (begun.exists, begun.master_by) == (False, "ann")
    log.record(corpus, [turn(3, None, CONFIRMED, annotator="bob")])
    assert documents.row(corpus, 3).adjudicate
    assert versions.load(corpus, 3, "bob").master_by == "ann"
    log.record(corpus, [turn(3, CONFIRMED, IN_PROGRESS)])
    assert versions.load(corpus, 3, "ann").master_by == "bob", "the only one that is confirmed"
    assert not documents.row(corpus, 3).adjudicate
    log.undo(corpus, "ann")
    assert versions.load(corpus, 3, "bob").master_by == "ann", "as it was"
    assert documents.row(corpus, 3).adjudicate
    log.undo(corpus, "ann")
    assert versions.load(corpus, 3, "ann").master_by == "bob"
    assert not documents.row(corpus, 3).adjudicate
    log.undo(corpus, "bob")
    assert versions.load(corpus, 3, "ann").master_by == ""
    assert rebuild.rebuild(corpus).equal


def test_a_reviewer_ends_an_adjudication_and_a_new_confirmation_outdates_what_they_said(corpus: Corpus) -> None:
    log.record(corpus, [turn(3, None, CONFIRMED)])
    log.record(corpus, [turn(3, None, CONFIRMED, annotator="bob")])
    reviewing.review(corpus, 3, "bob", Review.ACCEPTED, by="rita", note="the dose is right")
    assert (versions.load(corpus, 3, "ann").master_by, documents.row(corpus, 3).adjudicate) == ("bob", False)
    reviewing.review(corpus, 3, "ann", Review.ACCEPTED, by="rita")
    assert {v.annotator: v.review for v in versions.versions(corpus, 3)} == {"ann": "accepted", "bob": ""}
    assert rebuild.rebuild(corpus).equal
    log.undo(corpus, "rita")
    assert {v.annotator: v.review for v in versions.versions(corpus, 3)} == {"ann": "", "bob": "accepted"}
    note = reviewing.notes(corpus, 3)["bob"]
    assert (note.by, note.review, note.text) == ("rita", Review.ACCEPTED, "the dose is right")
    assert "ann" not in reviewing.notes(corpus, 3)
    log.record(corpus, [turn(3, CONFIRMED, IN_PROGRESS, annotator="bob")])
    assert versions.load(corpus, 3, "bob").review == "accepted"
    log.record(corpus, [turn(3, IN_PROGRESS, CONFIRMED, annotator="bob")])
    assert versions.load(corpus, 3, "bob").review == ""
    assert (versions.load(corpus, 3, "ann").master_by, documents.row(corpus, 3).adjudicate) == ("ann", True)
    log.undo(corpus, "bob")
    assert versions.load(corpus, 3, "bob").review == "accepted"
    assert rebuild.rebuild(corpus).equal


def test_a_review_that_another_reviewer_changed_is_not_taken_back(corpus: Corpus) -> None:
    log.record(corpus, [turn(3, None, CONFIRMED)])
    reviewing.review(corpus, 3, "ann", Review.REJECTED, by="rita")
    reviewing.review(corpus, 3, "ann", Review.TO_CORRECT, by="rob")
    with pytest.raises(UndoError, match="review of the version"):
        log.undo(corpus, "rita")
    log.undo(corpus, "rob")
    log.undo(corpus, "rita")
    log.redo(corpus, "rita")
    assert versions.load(corpus, 3, "ann").review == "rejected"
    assert rebuild.rebuild(corpus).equal


def test_a_version_begins_as_a_copy_of_master_with_a_base_of_its_own(corpus: Corpus) -> None:
    imported = making.version(making.entity(1), making.entity(2, 4, 6), source="tagtog")
    making.take_in(corpus, making.document("gold", versions=(imported,)))
    id = documents.find(corpus, "gold")
    assert id is not None
    before = versions.load(corpus, id, "ann")
    assert (before.exists, before.master_by, before.next_number) == (False, "master", 3)
    log.record(corpus, [add(id, before.next_number, start=8, state=(None, IN_PROGRESS))])
    log.record(corpus, [turn(id, IN_PROGRESS, CONFIRMED)])
    after = versions.load(corpus, id, "ann")
    assert (sorted(after.annotations.entities), after.master_by) == ([1, 2, 3], "ann")
    assert after.annotations.labels["urgent"] == LabelValue("urgent", True, ("user:bob",))
    assert after.annotations.extra == {"source": "tagtog"}
    base = log.history(corpus, document=id)[2].decision
    assert (base.kind, base.annotator, base.details["base"]) == (Kind.IMPORT, "ann", True)
    assert sorted(versions.load(corpus, id, "master").annotations.entities) == [1, 2]
    assert rebuild.rebuild(corpus).equal
    log.undo(corpus, "ann")
    undone = log.undo(corpus, "ann")
    assert len(undone.decisions) == 1, "the copy is no decision of the annotator"
    again = versions.load(corpus, id, "ann")
    assert (again.exists, again.annotations, again.master_by) == (False, before.annotations, "master")
    assert documents.row(corpus, id).state is DocumentState.CONFIRMED
    assert rebuild.rebuild(corpus).equal


def test_labels_and_verdicts_are_checked_and_taken_back(corpus: Corpus) -> None:
    urgent, calm = LabelValue("urgent", True), LabelValue("urgent", False)
    key = making.suggestion().key
    log.record(corpus, [Decision(Kind.SET_LABEL, 3, "ann", Changes(labels=(LabelChange(None, urgent),)))])
    log.record(corpus, [Decision(Kind.SET_LABEL, 3, "ann", Changes(labels=(LabelChange(urgent, calm),)))])
    log.record(corpus, [making.reject(3, key)])
    with pytest.raises(DecisionError, match="Label urgent"):
        log.record(corpus, [Decision(Kind.SET_LABEL, 3, "ann", Changes(labels=(LabelChange(urgent, calm),)))])
    with pytest.raises(DecisionError, match="Suggestion DRUG"):
        log.record(corpus, [making.reject(3, key)])
    version = versions.load(corpus, 3, "ann")
    assert (version.annotations.labels["urgent"].value, version.verdicts) == (False, {key: Verdict.REJECTED})
    log.undo(corpus, "ann")
    log.undo(corpus, "ann")
    version = versions.load(corpus, 3, "ann")
    assert (version.annotations.labels["urgent"].value, version.verdicts) == (True, {})


def test_a_comment_is_logged_and_begins_nothing(corpus: Corpus) -> None:
    log.record(corpus, [Decision(Kind.COMMENT, 3, "ann", details={"text": "unclear"})])
    assert not versions.load(corpus, 3, "ann").exists
    assert log.history(corpus, document=3)[0].decision.details == {"text": "unclear"}
    with pytest.raises(UndoError):
        log.undo(corpus, "ann")


def test_a_full_disk_is_told_loses_nothing_and_can_be_tried_again(corpus: Corpus) -> None:
    db = corpus.connection
    log.record(corpus, [begin(3)])
    (pages,) = db.execute("PRAGMA page_count").fetchone()
    db.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(DiskFullError, match="Free some space"):
        _fill(corpus, 3)
    held = entities(corpus, 3)
    assert len(held) == len(log.history(corpus, document=3, limit=500))
    db.execute(f"PRAGMA max_page_count = {pages + 1000}")
    log.record(corpus, [add(3, held[-1] + 1)])
    assert entities(corpus, 3) == [*held, held[-1] + 1]
    assert rebuild.rebuild(corpus).equal


def _fill(corpus: Corpus, document: int) -> None:
    for number in range(2, 100_000):
        log.record(corpus, [add(document, number)])


def test_history_is_paged_newest_first(corpus: Corpus) -> None:
    log.record(corpus, [begin(3)])
    log.record(corpus, [begin(4, annotator="bob")])
    log.record(corpus, [add(3, 2)])
    assert [d.decision.document for d in log.history(corpus, limit=2)] == [3, 4]
    last = log.history(corpus, limit=2)[-1].sequence
    assert [d.decision.document for d in log.history(corpus, before=last, limit=1)] == [3]
    assert [d.decision.document for d in log.history(corpus, annotator="bob")] == [4]


def test_confirming_takes_a_document_off_the_queue(corpus: Corpus) -> None:
    settings.change(corpus, holdout_share=0.0)
    queue.replace(corpus, [queue.QueueEntry(d, 1.0, "close") for d in (3, 4, 5)], run="entities-1")
    log.record(corpus, [turn(3, None, CONFIRMED)])
    log.record(corpus, [turn(4, None, SKIPPED)])
    assert [entry.document for entry in queue.entries(corpus)] == [5]

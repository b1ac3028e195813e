"""Audits, second looks that were settled, and what deciding cost."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.store.making import document, take_in, turn
from tui_annotate.domain.decisions import Changes, Decision, Kind, VersionState
from tui_annotate.errors import NothingToDoError
from tui_annotate.store import auditing, log, pace, queue, rebuild, second_looks, settings
from tui_annotate.store.connection import Corpus
from tui_annotate.store.queue import NextDocument, QueueEntry

CONFIRMED = VersionState.CONFIRMED


@pytest.fixture
def some(corpus: Corpus) -> Corpus:
    """Return a corpus of 60 documents of which none is held out, the first one a fixed test."""
    settings.change(corpus, holdout_share=0.0)
    made = [document(f"d{n}", f"text number {n}") for n in range(60)]
    first = replace(made[0], document=replace(made[0].document, tags=("Test",)))
    take_in(corpus, first, *made[1:])
    return corpus


def following(corpus: Corpus, n: int) -> list[NextDocument]:
    """Return the next documents for ann."""
    return queue.following(corpus, "ann", n=n, settings=settings.load(corpus))


def confirm(corpus: Corpus, id: int) -> None:
    """Confirm a document as ann, with a key and two seconds."""
    log.record(corpus, [replace(turn(id, None, CONFIRMED), milliseconds=2000, keys=1)])


def test_an_audit_brings_random_documents_first_and_holds_them_out(some: Corpus) -> None:
    queue.replace(some, [QueueEntry(5, 0.9, "least certain")], run="kind-1")
    assert auditing.ask(some, 8, seed=0) == 8
    coming = following(some, 10)
    assert [found.holdout for found in coming] == [True] * 8 + [False] * 2
    assert all("audit" in found.reason for found in coming[:8])
    assert 1 not in {found.document for found in coming[:8]}, "a fixed test is none"
    assert [found.document for found in coming[:8]] != sorted(found.document for found in coming[:8])
    for found in coming[:8]:
        confirm(some, found.document)
    assert not following(some, 1)[0].holdout
    assert rebuild.rebuild(some).equal


def test_an_audit_takes_those_first_that_are_held_out_anyway(corpus: Corpus) -> None:
    settings.change(corpus, holdout_share=0.3)
    take_in(corpus, *(document(f"d{n}", f"text number {n}") for n in range(60)))
    with corpus.reading() as db:
        marked = {id for (id,) in db.execute("SELECT id FROM document WHERE holdout")}
    auditing.ask(corpus, 5, seed=0)
    with corpus.reading() as db:
        assert {id for (id,) in db.execute("SELECT id FROM document WHERE holdout")} == marked
    assert {found.document for found in following(corpus, 5)} <= marked


def test_what_is_left_of_an_audit_is_taken_back(corpus: Corpus) -> None:
    settings.change(corpus, holdout_share=0.2)
    take_in(corpus, *(document(f"d{n}", f"text number {n}") for n in range(60)))

    def held_out() -> set[int]:
        with corpus.reading() as db:
            return {id for (id,) in db.execute("SELECT id FROM document WHERE holdout")}

    before = held_out()
    assert auditing.ask(corpus, 500, seed=0) == 60
    audited = next(found.document for found in following(corpus, 60) if found.document not in before)
    confirm(corpus, audited)
    assert auditing.withdraw(corpus, seed=0, share=0.2) == 59
    assert held_out() == before | {audited}, "what was decided stays a test"
    assert not any("audit" in found.reason for found in following(corpus, 59))
    assert auditing.withdraw(corpus, seed=0, share=0.2) == 0


def test_an_audit_in_file_order_comes_first_too(some: Corpus) -> None:
    settings.change(some, order="file")
    auditing.ask(some, 3, seed=1)
    assert [found.holdout for found in following(some, 4)] == [True, True, True, False]


def test_an_audit_of_more_than_there_are_takes_all_and_of_none_is_refused(some: Corpus) -> None:
    assert auditing.ask(some, 500, seed=0) == 59
    for found in following(some, 59):
        confirm(some, found.document)
    with pytest.raises(NothingToDoError, match="No pending document"):
        auditing.ask(some, 1, seed=0)


def test_what_was_left_as_it_is_comes_back_when_it_changes(some: Corpus) -> None:
    confirm(some, 2)
    second_looks.keep(some, 2, annotator="ann", reason="kind is note; says order")
    assert second_looks.kept(some) == {2}
    assert rebuild.rebuild(some).equal
    log.record(some, [turn(2, CONFIRMED, VersionState.IN_PROGRESS)])
    assert second_looks.kept(some) == set()


def test_pace_counts_keys_and_seconds_and_no_pauses(some: Corpus) -> None:
    assert pace.pace(some) == []
    confirm(some, 2)
    confirm(some, 3)
    log.record(some, [replace(turn(4, None, VersionState.SKIPPED), milliseconds=3_600_000, keys=4)])
    log.record(some, [replace(turn(5, None, CONFIRMED, annotator="bob"), milliseconds=1000, keys=2)])
    ann, bob = pace.pace(some)
    assert (ann.annotator, ann.decisions, ann.keys, ann.seconds, ann.confirmed) == ("ann", 3, 6, 124.0, 2)
    assert ann.by_kind == {"confirm": (2, 1.0, 2.0), "skip": (1, 4.0, 120.0)}
    assert (ann.keys_document, bob.seconds_document) == (3.0, 1.0)
    assert [one.annotator for one in pace.pace(some, annotator="bob")] == ["bob"]
    assert pace.said(bob)[0] == "bob: 1 decisions, 2.0 keys and 1.0 s each"
    assert pace.described(bob)["by_kind"]["confirm"] == {"decisions": 1, "keys": 2.0, "seconds": 1.0}


def test_pace_counts_documents_that_the_answer_confirmed(some: Corpus) -> None:
    for id in (2, 3):
        begun = Changes(state=(None, VersionState.IN_PROGRESS))
        answer = Decision(Kind.SET_LABEL, id, "ann", begun, milliseconds=1500, keys=1)
        log.record(some, [answer, turn(id, VersionState.IN_PROGRESS, CONFIRMED)])
    (ann,) = pace.pace(some)
    assert (ann.decisions, ann.confirmed, ann.keys_document, ann.seconds_document) == (2, 2, 1.0, 1.5)


def test_a_comment_is_no_step_of_undo(some: Corpus) -> None:
    confirm(some, 2)
    second_looks.keep(some, 2, annotator="ann", reason="why")
    undone = log.undo(some, "ann")
    assert (undone.document, undone.kind) == (2, Kind.CONFIRM)
    assert isinstance(undone.decisions[0], Decision)

"""What comes next and why: documents asked for, skipped ones that come again, random ones mixed in, the orders."""

from __future__ import annotations

import pytest

from tests.store import making
from tests.store.making import CONFIRMED, SKIPPED
from tui_annotate.store import documents, log, queue, settings
from tui_annotate.store.connection import Corpus
from tui_annotate.store.queue import NextDocument, QueueEntry


@pytest.fixture
def free(corpus: Corpus) -> Corpus:
    """Sixty documents without a holdout."""
    settings.change(corpus, holdout_share=0.0)
    making.take_in(corpus, *(making.document(f"d{n}") for n in range(21, 61)))
    return corpus


def following(corpus: Corpus, n: int = 1) -> list[NextDocument]:
    return queue.following(corpus, "ann", n=n, settings=settings.load(corpus))


def confirm_next(corpus: Corpus) -> NextDocument:
    (found,) = following(corpus)
    log.record(corpus, [making.turn(found.document, SKIPPED if found.reason == "skipped before" else None, CONFIRMED)])
    return found


def entries(*documents: int) -> list[QueueEntry]:
    return [QueueEntry(d, 0.5, "picked", "entities") for d in documents]


def test_what_was_asked_for_comes_first_and_a_new_ranking_does_not_take_it_away(free: Corpus) -> None:
    queue.replace(free, entries(30, 31), run="entities-1")
    assert queue.ask_for(free, [50, 31, 50, 12], reason="you searched for “mg”").queued == 3
    assert [f.document for f in following(free, 4)] == [50, 31, 12, 30]
    queue.replace(free, entries(12, 40), run="entities-2")
    found = following(free, 4)
    assert [f.document for f in found] == [50, 31, 12, 40]
    assert [f.reason for f in found] == ["you searched for “mg”"] * 3 + ["picked"]


@pytest.mark.parametrize("order", ["random", "file", "newest"])
def test_what_was_asked_for_comes_first_in_every_order(free: Corpus, order: str) -> None:
    settings.change(free, order=order)
    queue.ask_for(free, [33, 7], reason="asked")
    assert [f.document for f in following(free, 2)] == [33, 7]


def test_asking_again_goes_before_what_was_asked_before_and_can_be_forgotten(free: Corpus) -> None:
    queue.ask_for(free, [10, 11], reason="first")
    queue.ask_for(free, [20, 11], reason="second")
    assert [(f.document, f.reason) for f in following(free, 3)] == [(20, "second"), (11, "second"), (10, "first")]
    assert queue.forget_asked(free) == 3
    assert queue.entries(free) == []


def test_asking_says_what_it_left_out(corpus: Corpus) -> None:
    drawn = [row.id for row in documents.page(corpus) if row.holdout]
    done = next(row.id for row in documents.page(corpus) if not row.holdout)
    log.record(corpus, [making.turn(done, None, CONFIRMED)])
    asked = queue.ask_for(corpus, range(1, 21), reason="all")
    assert (asked.done, asked.held_out, asked.queued) == (1, len(drawn), 19 - len(drawn))
    assert drawn


def test_a_skipped_document_comes_again_after_ten_confirmations_then_after_twenty(free: Corpus) -> None:
    (hard,) = following(free)
    log.record(free, [making.turn(hard.document, None, SKIPPED)])
    for pause in (10, 20):
        shown = [confirm_next(free).document for _ in range(pause)]
        assert hard.document not in shown
        (found,) = following(free)
        assert (found.document, found.reason) == (hard.document, "skipped before")
        log.record(free, [making.turn(hard.document, SKIPPED, SKIPPED)])
    assert following(free)[0].document != hard.document


def test_a_skipped_document_comes_at_the_latest_when_nothing_else_is_left(free: Corpus) -> None:
    log.record(free, [making.turn(5, None, SKIPPED)])
    log.record(free, [making.turn(d, None, CONFIRMED) for d in range(1, 61) if d != 5])
    assert [(f.document, f.reason) for f in following(free, 3)] == [(5, "skipped before")]


def test_random_documents_are_mixed_into_the_picked_ones_and_say_so(free: Corpus) -> None:
    settings.change(free, random_share=0.5)
    queue.replace(free, entries(*range(1, 31)), run="entities-1")
    ahead = following(free, 30)
    mixed = [f for f in ahead if "at random" in f.reason]
    assert 8 <= len(mixed) <= 22
    assert {f.reason for f in mixed} == {"drawn at random (keeps the figures honest)"}
    assert [confirm_next(free).document for _ in range(30)] == [f.document for f in ahead]


def test_nothing_is_mixed_in_unless_asked_for(free: Corpus) -> None:
    queue.replace(free, entries(*range(1, 31)), run="entities-1")
    assert [f.document for f in following(free, 30)] == list(range(1, 31))


def test_of_what_matches_patterns_every_other_one_is_drawn_at_random(free: Corpus) -> None:
    queue.append(free, entries(*range(41, 51)), run=queue.PATTERNS)
    reasons = [f.reason for f in following(free, 6)]
    assert reasons == ["picked", "drawn at random, beside what matches patterns"] * 3


@pytest.mark.parametrize(("order", "first"), [("file", [1, 2, 3]), ("oldest", [1, 2, 3]), ("newest", [60, 59, 58])])
def test_orders_by_the_file_and_by_when_a_document_was_imported(free: Corpus, order: str, first: list[int]) -> None:
    settings.change(free, order=order)
    assert [f.document for f in following(free, 3)] == first

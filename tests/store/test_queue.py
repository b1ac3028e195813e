"""What comes next: the queue by rank, the holdout's share, chance, and what was left for later."""

from __future__ import annotations

import pytest

from tests.store import making
from tests.store.making import CONFIRMED, SKIPPED
from tui_annotate.store import documents, log, queue, settings
from tui_annotate.store.connection import Corpus
from tui_annotate.store.queue import NextDocument, QueueEntry
from tui_annotate.store.settings import Settings


@pytest.fixture
def large(corpus: Corpus) -> Corpus:
    """Four hundred documents."""
    making.take_in(corpus, *(making.document(f"d{n}") for n in range(21, 401)))
    return corpus


def following(corpus: Corpus, n: int = 1, *, exclude: tuple[int, ...] = ()) -> list[NextDocument]:
    return queue.following(corpus, "ann", n=n, exclude=exclude, settings=settings.load(corpus))


def held_out(corpus: Corpus) -> set[int]:
    return {row.id for row in documents.page(corpus, limit=500) if row.holdout}


def test_the_queue_comes_by_rank_and_keeps_its_reasons(large: Corpus) -> None:
    free = [n for n in range(1, 401) if n not in held_out(large)]
    asked = [QueueEntry(d, 1 / rank, f"number {rank}", "entities") for rank, d in enumerate(free[5:8], start=1)]
    assert queue.replace(large, asked, run="entities-1") == 3
    found = following(large, 3)
    assert [(f.document, f.reason, f.score) for f in found] == [(e.document, e.reason, e.score) for e in asked]
    log.record(large, [making.turn(free[6], None, SKIPPED)])
    assert [f.document for f in following(large, 2)] == [free[5], free[7]]


def test_only_pending_documents_that_are_not_held_out_are_queued_at_most_500(large: Corpus) -> None:
    log.record(large, [making.turn(1, None, CONFIRMED)])
    drawn = held_out(large)
    usable = [n for n in range(2, 401) if n not in drawn]
    entries = [QueueEntry(n, 0.5, "x") for n in (1, *sorted(drawn), 9999, usable[0], *usable)]
    assert queue.replace(large, entries, run="r-1") == len(usable)
    assert [e.document for e in queue.entries(large)] == usable
    making.take_in(large, *(making.document(f"more{n}") for n in range(600)))
    assert queue.replace(large, [QueueEntry(n, 0.5, "x") for n in range(1, 1001)], run="r-2") == queue.LENGTH


def test_the_holdout_has_its_share_of_what_is_shown_and_looking_ahead_says_the_same(large: Corpus) -> None:
    ahead = following(large, 60)
    assert len({f.document for f in ahead}) == 60
    shown: list[NextDocument] = []
    for _ in range(60):
        (found,) = following(large)
        shown.append(found)
        skipped = len(shown) > 48 and len(shown) % 3 == 0
        log.record(large, [making.turn(found.document, None, SKIPPED if skipped else CONFIRMED)])
        assert abs(sum(f.holdout for f in shown) - 0.1 * len(shown)) <= 0.5
    assert [f.document for f in shown] == [f.document for f in ahead]
    assert {f.document for f in shown if f.holdout} <= held_out(large)


def test_documents_on_their_way_count_as_shown(large: Corpus) -> None:
    ahead = [f.document for f in following(large, 10)]
    rest = following(large, 1, exclude=tuple(ahead[:9]))
    assert rest[0].document == ahead[9]


def test_no_holdout_share_draws_none(large: Corpus) -> None:
    settings.change(large, holdout_share=0.0)
    found = following(large, 400)
    assert len(found) == 400
    assert not any(f.holdout for f in found)


def test_a_new_share_draws_pending_documents_anew_and_leaves_those_shown(large: Corpus) -> None:
    mark = next(iter(held_out(large)))
    log.record(large, [making.turn(mark, None, CONFIRMED)])
    settings.change(large, holdout_share=0.5)
    assert 130 < len(held_out(large)) < 270
    settings.change(large, holdout_share=0.0)
    assert held_out(large) == {mark}


def test_a_seed_changes_the_order_and_the_draw_and_its_return_brings_them_back(large: Corpus) -> None:
    before = (following(large, 20), held_out(large))
    settings.change(large, seed=1)
    assert (following(large, 20), held_out(large)) != before
    settings.change(large, seed=0)
    assert (following(large, 20), held_out(large)) == before


def test_equal_texts_are_held_out_together(corpus: Corpus) -> None:
    making.take_in(corpus, *(making.document(f"x{n}-{m}", f"text {n}") for n in range(60) for m in range(3)))
    marks: dict[str, set[bool]] = {}
    for row in documents.page(corpus, text="x", limit=500):
        marks.setdefault(row.key.split("-")[0], set()).add(row.holdout)
    assert all(len(found) == 1 for found in marks.values())
    assert {True} in marks.values()


def test_file_order_is_file_order(large: Corpus) -> None:
    settings.change(large, order="file")
    log.record(large, [making.turn(2, None, CONFIRMED)])
    found = following(large, 5, exclude=(1,))
    assert [f.document for f in found] == [3, 4, 5, 6, 7]
    assert {f.document for f in found if f.holdout} == held_out(large) & {3, 4, 5, 6, 7}


def test_random_order_ignores_the_queue(large: Corpus) -> None:
    free = [n for n in range(1, 401) if n not in held_out(large)]
    before = following(large, 3)
    queue.replace(large, [QueueEntry(free[0], 1.0, "asked")], run="r-1")
    settings.change(large, order="random")
    assert following(large, 3) == before


def test_begun_documents_come_after_pending_ones_and_skipped_ones_last(corpus: Corpus) -> None:
    log.record(corpus, [making.turn(1, None, SKIPPED)])
    log.record(corpus, [making.turn(2, None, SKIPPED)])
    log.record(corpus, [making.begin(3, annotator="bob")])
    log.record(corpus, [making.begin(4)])
    log.record(corpus, [making.turn(5, None, CONFIRMED)])
    found = [f.document for f in following(corpus, 50)]
    assert sorted(found[:15]) == list(range(6, 21))
    assert found[15:] == [4, 3, 1, 2]
    assert [f.document for f in following(corpus, 50, exclude=(4, 1))][-2:] == [3, 2]


@pytest.mark.parametrize("order", ["informative", "random", "file"])
def test_the_next_document_is_looked_up_and_not_searched_for(large: Corpus, order: str) -> None:
    settings.change(large, order=order)
    plans: list[str] = []
    held = Settings(order=order)  # type: ignore[arg-type]
    statements: list[str] = []
    large.connection.set_trace_callback(statements.append)
    queue.following(large, "ann", settings=held)
    large.connection.set_trace_callback(None)
    for statement in statements:
        if "document" in statement:
            plans += [row[3] for row in large.connection.execute(f"EXPLAIN QUERY PLAN {statement}")]
    assert plans
    assert not [plan for plan in plans if plan.startswith("SCAN document") or "TEMP B-TREE" in plan]


def test_the_last_pending_documents_are_found_among_many(large: Corpus) -> None:
    with large.transaction() as db:
        db.execute("UPDATE document SET state = 3 WHERE id NOT IN (7, 390)")
    assert {f.document for f in following(large, 5)} == {7, 390}
    assert [f.document for f in following(large, 5, exclude=(7,))] == [390]


def test_chance_is_fair_to_every_part_of_the_file(large: Corpus) -> None:
    settings.change(large, holdout_share=0.0)
    drawn = [f.document for seed in range(40) for f in queue.following(large, "ann", n=5, settings=Settings(seed=seed))]
    quarters = [sum(low < d <= low + 100 for d in drawn) for low in (0, 100, 200, 300)]
    assert all(30 <= count <= 70 for count in quarters), quarters

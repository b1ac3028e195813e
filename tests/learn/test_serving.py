"""What is asked for before there is a run, and how the orders of several tasks are joined."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.learn.making import SCHEME, corpus
from tui_annotate.domain.documents import DocumentState
from tui_annotate.domain.patterns import Pattern
from tui_annotate.domain.scheme import Scheme
from tui_annotate.learn.messages import Rank
from tui_annotate.learn.serving import Serving, _by_percentile
from tui_annotate.store import cold_start, documents, patterns, queue, settings
from tui_annotate.store.connection import Corpus


def first(path: Path, **wanted: int) -> list[queue.QueueEntry]:
    """Return what is asked for of a corpus without a run."""
    with Corpus.open(path, readonly=True) as opened:
        found = Serving(opened).rank(Rank(**wanted))  # type: ignore[arg-type]
    assert found is not None
    return found


def test_before_a_run_pending_documents_that_stand_for_others_are_asked_for(tmp_path: Path) -> None:
    path = corpus(tmp_path / "notes.db", gold=4, test=3, pending=40)
    found = first(path, n=4)
    assert len(found) == len({entry.document for entry in found}) == 20
    assert all(entry.reason.startswith("typical of") for entry in found)
    assert {entry.task for entry in found} == {"labels:kind"}
    with Corpus.open(path, readonly=True) as opened:
        rows = [documents.row(opened, entry.document) for entry in found]
    assert all(row.state == DocumentState.PENDING and not row.holdout for row in rows)


def test_of_few_documents_none_is_asked_for_twice_and_of_none_nothing(tmp_path: Path) -> None:
    few = first(corpus(tmp_path / "few.db", gold=0, pending=3), n=10)
    assert len({entry.document for entry in few}) == len(few) <= 3
    assert first(corpus(tmp_path / "none.db", gold=2, pending=0)) == []


def test_without_a_document_label_nothing_is_asked_for_before_a_run(tmp_path: Path) -> None:
    path = corpus(tmp_path / "notes.db", gold=0, pending=5, scheme=Scheme(entities=SCHEME.entities, labels=()))
    assert first(path) == []


def test_a_ranking_that_is_out_of_date_is_given_up(tmp_path: Path) -> None:
    path = corpus(tmp_path / "notes.db", gold=0, pending=5)
    with Corpus.open(path, readonly=True) as opened:
        assert Serving(opened).rank(Rank(), between=lambda: False) is None


def test_patterns_that_come_later_take_the_place_of_what_no_run_has_ordered(tmp_path: Path) -> None:
    path = corpus(tmp_path / "notes.db", gold=0, pending=12)
    entries = first(path, n=4)
    with Corpus.open(path) as opened:
        queue.replace(opened, entries, run="")
        patterns.add(opened, [Pattern("entity", "DRUG", "regex", "[a-z]")], annotator="ann")
        held = settings.load(opened)
        assert cold_start.is_wanted(opened, held)
        cold_start.top_up(opened, held)
        assert {entry.reason.split()[0] for entry in queue.entries(opened)} == {"matches"}


@pytest.mark.parametrize("tasks", [("a", "b"), ("b", "a")])
def test_a_document_stands_where_the_task_that_wants_it_most_has_it(tasks: tuple[str, str]) -> None:
    orders = {"a": [1, 2, 3, 4], "b": [4, 3, 2, 1]}
    ranked = [[queue.QueueEntry(id, 0.0, task, task) for id in orders[task]] for task in tasks]
    joined = _by_percentile(ranked)
    assert [entry.document for entry in joined] == [1, 4, 2, 3]
    assert [entry.task for entry in joined] == ["a", "b", "a", "b"]

"""Lists, batches, tags and search: everything that reads, and never much at a time."""

from __future__ import annotations

import pytest

from tests.store import making
from tests.store.making import CONFIRMED, SKIPPED
from tui_annotate.domain.documents import DocumentState
from tui_annotate.domain.selection import Review
from tui_annotate.errors import DecisionError, UsageError
from tui_annotate.store import annotators, documents, listing, log, rebuild, reviewing, versions
from tui_annotate.store.connection import Corpus
from tui_annotate.store.search.places import search


def ids(rows: list[documents.DocumentRow]) -> list[int]:
    return [row.id for row in rows]


def test_pages_sort_filter_and_go_on_where_the_last_ended(corpus: Corpus) -> None:
    log.record(corpus, [making.turn(7, None, SKIPPED)])
    log.record(corpus, [making.turn(3, None, CONFIRMED)])
    assert ids(documents.page(corpus, limit=3)) == [1, 2, 3]
    assert ids(documents.page(corpus, offset=18, limit=5)) == [19, 20]
    assert ids(documents.page(corpus, descending=True, limit=2)) == [20, 19]
    assert ids(documents.page(corpus, sort="name", limit=3)) == [1, 10, 11]
    assert ids(documents.page(corpus, sort="changed", descending=True, limit=3)) == [3, 7, 20]
    assert ids(documents.page(corpus, sort="state", descending=True, limit=2)) == [3, 7]
    assert ids(documents.page(corpus, states=[DocumentState.SKIPPED, DocumentState.CONFIRMED])) == [3, 7]
    assert ids(documents.page(corpus, text="d1", states=[DocumentState.PENDING], limit=3)) == [1, 10, 11]
    assert documents.page(corpus, text="100%_") == []


def test_a_filtered_page_reads_on_over_windows(corpus: Corpus, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "_WINDOW", 3)
    assert ids(documents.page(corpus, text="0")) == [10, 20]
    for sort in ("file", "name", "state", "changed"):
        for descending in (False, True):
            whole = ids(documents.page(corpus, sort=sort, descending=descending))
            assert sorted(whole) == list(range(1, 21)), (sort, descending)


@pytest.mark.parametrize("sort", ["file", "name", "state", "changed"])
@pytest.mark.parametrize("descending", [False, True])
def test_a_page_is_read_along_an_index(corpus: Corpus, sort: str, descending: bool) -> None:
    statements: list[str] = []
    corpus.connection.set_trace_callback(statements.append)
    documents.page(corpus, text="d", sort=sort, descending=descending, limit=5)  # type: ignore[arg-type]
    corpus.connection.set_trace_callback(None)
    (window,) = [s for s in statements if "LIMIT 2000" in s]
    inner = window[window.index("(SELECT d.id FROM document d") + 1 : window.rindex(") w ON")]
    plan = [row[3] for row in corpus.connection.execute(f"EXPLAIN QUERY PLAN {inner}")]
    assert not [step for step in plan if "TEMP B-TREE" in step], plan


def test_batches_meet_every_document_once(corpus: Corpus) -> None:
    log.record(corpus, [making.turn(4, None, CONFIRMED)])
    seen = [[id for id, _ in batch] for batch in documents.batches(corpus, size=8)]
    assert seen == [list(range(1, 9)), list(range(9, 17)), list(range(17, 21))]
    confirmed = [id for batch in documents.batches(corpus, states=[DocumentState.CONFIRMED], size=8) for id, _ in batch]
    assert confirmed == [4]
    assert [id for batch in documents.batches(corpus, after=18) for id, _ in batch] == [19, 20]


def test_ids_are_listed_by_state_in_short_reads(corpus: Corpus) -> None:
    log.record(corpus, [making.turn(4, None, CONFIRMED)])
    log.record(corpus, [making.turn(7, None, SKIPPED)])
    assert list(documents.ids(corpus, size=8)) == [list(range(1, 9)), list(range(9, 17)), list(range(17, 21))]
    wanted = [DocumentState.CONFIRMED, DocumentState.SKIPPED]
    assert list(documents.ids(corpus, states=wanted, size=5)) == [[4], [7], [], []]


def test_neighbours_follow_the_file(corpus: Corpus) -> None:
    assert documents.neighbour(corpus, 5, step=1) == 6
    assert documents.neighbour(corpus, 5, step=-1) == 4
    assert documents.neighbour(corpus, 20, step=1) is None
    assert documents.neighbour(corpus, 1, step=-1) is None


def test_a_document_that_is_not_there_is_said_so(corpus: Corpus) -> None:
    for read in (documents.row, documents.load):
        with pytest.raises(UsageError, match="no document 99"):
            read(corpus, 99)
    assert documents.find(corpus, "nope") is None
    assert documents.load_some(corpus, [1, 99]).keys() == {1}


def test_tags_are_added_and_taken_off_and_logged(corpus: Corpus) -> None:
    documents.add_tag(corpus, 3, "Test", annotator="ann")
    documents.add_tag(corpus, 3, "Test", annotator="ann")
    documents.add_tag(corpus, 3, "hard", annotator="ann")
    assert documents.row(corpus, 3).tags == documents.load(corpus, 3).tags == ("Test", "hard")
    assert ids(documents.page(corpus, text="", tags=["hard"])) == [3]
    documents.remove_tag(corpus, 3, "hard", annotator="bob")
    assert documents.all_tags(corpus) == ["Test"]
    assert [d.decision.details for d in log.history(corpus, document=3)] == [
        {"removed": "hard"},
        {"added": "hard"},
        {"added": "Test"},
    ]
    with pytest.raises(UsageError):
        documents.add_tag(corpus, 3, " ", annotator="ann")
    assert rebuild.rebuild(corpus).differences == []


def test_search_finds_places_with_what_stands_around(corpus: Corpus) -> None:
    making.take_in(corpus, making.document("x", "Aspirin, ASPIRIN. (a+b)"))
    hits = [h for h in search(corpus, "aspirin") if h.key == "x"]
    assert [(h.span and (h.span.start, h.span.end), h.found, h.before, h.after) for h in hits] == [
        ((0, 7), "Aspirin", "", ", ASPIRIN. (a+b)"),
        ((9, 16), "ASPIRIN", "Aspirin, ", ". (a+b)"),
    ]
    assert len(list(search(corpus, "aspirin"))) == 22
    assert len(list(search(corpus, "aspirin", per_document=1))) == 21
    assert len(list(search(corpus, "ASPIRIN", case=True))) == 1
    assert [h.found for h in search(corpus, "(a+b)")] == ["(a+b)"]
    assert [h.found for h in search(corpus, r"\d+ mg", pattern=True, after=19)] == ["81 mg"]
    for wrong in ("", "("):
        with pytest.raises(UsageError):
            list(search(corpus, wrong, pattern=True))


def test_gold_is_the_version_that_selection_picks(corpus: Corpus) -> None:
    for name, number in (("ann", 1), ("bob", 2)):
        log.record(corpus, [making.add(3, number, annotator=name, state=(None, CONFIRMED))])
    log.record(corpus, [making.turn(5, None, CONFIRMED)])
    log.record(corpus, [making.begin(6)])

    def chosen(tie: str = "priority") -> list[tuple[int, str, str]]:
        return [(g.id, g.annotator, g.rule) for g in versions.gold(corpus, tie=tie)]  # type: ignore[arg-type]

    assert chosen()[0] == (3, "bob", "most recent")
    annotators.set_order(corpus, ["ann"])
    assert chosen()[0] == (3, "ann", "highest priority")
    assert chosen("recent")[0] == (3, "bob", "most recent")
    reviewing.review(corpus, 3, "ann", Review.REJECTED, by="rita")
    assert chosen() == [(3, "bob", "the only one"), (5, "ann", "the only one")]
    reviewing.review(corpus, 3, "ann", Review.ACCEPTED, by="rita")
    assert chosen("recent")[0] == (3, "ann", "accepted by a reviewer")
    with pytest.raises(DecisionError, match="no version"):
        reviewing.review(corpus, 6, "bob", Review.ACCEPTED, by="rita")


def test_gold_after_a_sequence_and_by_tag(corpus: Corpus) -> None:
    for document in (3, 4, 5):
        log.record(corpus, [making.turn(document, None, CONFIRMED)])
    sequence = log.history(corpus, limit=1)[0].sequence
    log.record(corpus, [making.reject(4, making.suggestion().key)])
    documents.add_tag(corpus, 5, "Train", annotator="ann")
    assert [g.id for g in versions.gold(corpus, after=sequence)] == [4]
    assert [(g.id, g.marks.tags) for g in versions.gold(corpus, tags=["Train"])] == [(5, ("Train",))]

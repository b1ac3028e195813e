"""Pages of what is found, with what stands around it; and deleting what nobody may lose."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.store import making
from tests.store.making import CONFIRMED, IN_PROGRESS
from tui_annotate.domain.annotations import LabelValue
from tui_annotate.domain.decisions import Changes, Decision, Kind, LabelChange
from tui_annotate.errors import QueryError, UsageError
from tui_annotate.services import deleting, exporting, importing, searching
from tui_annotate.store import documents, listing, log, versions
from tui_annotate.store.connection import Corpus
from tui_annotate.store.search import indexing, ranking


@pytest.fixture
def corpus(tmp_path: Path) -> Iterator[Corpus]:
    """A hundred documents about aspirin, more often in some, and two others."""
    with Corpus.create(tmp_path / "notes.db", scheme=making.SCHEME) as made:
        texts = ((n, "and then more words " * (n % 7) + "Aspirin " * (1 + n % 5)) for n in range(1, 101))
        making.take_in(made, *(making.document(f"d{n}", text) for n, text in texts))
        making.take_in(
            made, making.document("tokyo", f"{'x ' * 60}薬はアスピリンです。 Café"), making.document("none", "nothing")
        )
        yield made


def test_pages_and_their_numbers(corpus: Corpus) -> None:
    first = searching.search(corpus, "aspirin", annotator="ann", sort="file")
    assert (first.total, first.pages, first.previous, first.next, first.size) == (100, 2, -1, 2, 50)
    assert [row.id for row in first.rows] == list(range(1, 51))
    second = searching.search(corpus, "aspirin", annotator="ann", page=2, sort="file")
    assert (second.previous, second.next, [row.id for row in second.rows]) == (1, -1, list(range(51, 101)))
    assert searching.search(corpus, "aspirin", annotator="ann", page=3).rows == []
    empty = searching.search(corpus, "zzz", annotator="ann")
    assert (empty.total, empty.pages, empty.next, empty.rows) == (0, 1, -1, [])


def test_the_most_relevant_come_first_and_behind_them_file_order(
    corpus: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    best = searching.search(corpus, "aspirin", annotator="ann", size=3).rows
    assert [documents.load(corpus, row.id).text.split().count("Aspirin") for row in best] == [5, 5, 5]
    assert [row.length for row in best] == [40, 40, 40]
    monkeypatch.setattr(ranking, "FIRST", 10)
    found = searching.hits(corpus, "aspirin", annotator="ann")
    rows = searching.page_of(corpus, found, offset=8, limit=5)
    assert [row.id for row in rows[2:]] == [11, 12, 13]
    assert {row.id for row in searching.page_of(corpus, found, offset=0, limit=10)} == set(range(1, 11))
    assert [row.id for row in searching.page_of(corpus, found, offset=30, limit=2)] == [31, 32]


@pytest.mark.parametrize("few", [True, False])
def test_other_orders(corpus: Corpus, few: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "_FEW", 20_000 if few else 0)
    found = searching.hits(corpus, "aspirin docid:d*", annotator="ann")
    log.record(corpus, [making.begin(7)])

    def order(sort: searching.Order, *, descending: bool = False, offset: int = 0) -> list[str]:
        rows = searching.page_of(corpus, found, offset=offset, limit=3, sort=sort, descending=descending)
        return [row.key for row in rows]

    assert order("name") == ["d1", "d10", "d100"]
    assert order("name", descending=True, offset=1) == ["d98", "d97", "d96"]
    assert order("changed", descending=True)[0] == "d7"
    assert order("state", descending=True)[0] == "d7"
    assert order("file", descending=True, offset=98) == ["d2", "d1"]


def test_what_stands_around_a_hit(corpus: Corpus) -> None:
    found = searching.search(corpus, "アスピリン", annotator="ann")
    (excerpt,) = found.excerpts.values()
    assert (excerpt.before[0], excerpt.before[-2:], excerpt.found, excerpt.after) == (
        "…",
        "薬は",
        "アスピリン",
        "です。 Café",
    )
    found = searching.search(corpus, "CAFE -aspirin", annotator="ann")
    assert [excerpt.found for excerpt in found.excerpts.values()] == ["Café"]
    found = searching.search(corpus, "docid:none", annotator="ann")
    assert [excerpt.text for excerpt in found.excerpts.values()] == ["nothing"]
    hits = searching.hits(corpus, "asp* docid:d9", annotator="ann")
    assert [hit.found for hit in searching.places(corpus, hits)] == ["Aspirin"] * 5
    hits = searching.hits(corpus, "docid:none", annotator="ann")
    assert [(hit.span, hit.after) for hit in searching.places(corpus, hits)] == [(None, "nothing")]


def test_errors_know_the_whole_query(corpus: Corpus) -> None:
    with pytest.raises(QueryError) as caught:
        searching.ids(corpus, "aspirin entity:DRUGS", annotator="ann")
    assert (caught.value.column, caught.value.query) == (16, "aspirin entity:DRUGS")
    with pytest.raises(QueryError) as caught:
        searching.search(corpus, 'aspirin "..."', annotator="ann")
    assert (caught.value.column, caught.value.query) == (9, 'aspirin "..."')


@pytest.mark.parametrize("sort", ["relevance", "name", "changed"])
def test_pages_that_are_not_there_are_empty_or_the_first(corpus: Corpus, sort: searching.Order) -> None:
    assert searching.search(corpus, "aspirin", annotator="ann", page=10**20, sort=sort).rows == []
    first = searching.search(corpus, "aspirin", annotator="ann", page=-3, sort=sort)
    assert first == searching.search(corpus, "aspirin", annotator="ann", sort=sort)
    assert first.page == 1


def test_many_new_documents_are_indexed_where_that_may_be(corpus: Corpus, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(indexing, "FEW", 10)
    with Corpus.open(corpus.path, readonly=True) as opened:
        assert searching.search(opened, "aspirin", annotator="ann").total == 100
        assert not searching.catch_up(opened)
    assert indexing.behind(corpus).new == 102
    assert searching.search(corpus, "aspirin", annotator="ann").total == 100
    assert indexing.behind(corpus).new == 0
    assert searching.catch_up(corpus)


def test_what_was_deleted_is_kept_and_comes_back(corpus: Corpus) -> None:
    log.record(corpus, [making.begin(5)])
    log.record(corpus, [making.turn(5, IN_PROGRESS, CONFIRMED)])
    documents.add_tag(corpus, 5, "Test", annotator="ann")
    before, text = versions.load(corpus, 5, "ann").annotations, documents.load(corpus, 5)
    done = deleting.delete(corpus, searching.ids(corpus, "docid:d5 OR docid:tokyo", annotator="ann"), annotator="ann")
    assert done.documents == 2
    assert Path(done.kept).parent == corpus.path.with_name("notes.backups")
    assert Path(done.decisions).read_text("utf-8").count('"confirm"') == 1
    assert searching.ids(corpus, "docid:d5 OR アスピリン", annotator="ann") == []
    report = importing.import_paths(corpus, [done.kept], annotator="ann")
    assert report.counts.created == 2
    (id,) = searching.ids(corpus, "docid:d5 members_anncomplete:ann", annotator="ann")
    assert versions.load(corpus, id, "ann").annotations == before
    assert documents.load(corpus, id).text == text.text
    assert len(searching.ids(corpus, "アスピリン", annotator="ann")) == 1
    assert deleting.delete(corpus, [], annotator="ann") == deleting.Deleted(0, "")


def test_what_somebody_decides_on_while_it_is_copied_stays(corpus: Corpus, monkeypatch: pytest.MonkeyPatch) -> None:
    export = exporting.export

    def export_slowly(*given: Any, **named: Any) -> exporting.ExportReport:
        report = export(*given, **named)
        with Corpus.open(corpus.path) as other:
            log.record(other, [making.begin(2, annotator="bob")])
        return report

    with monkeypatch.context() as patched:
        patched.setattr(exporting, "export", export_slowly)
        done = deleting.delete(corpus, [1, 2, 3], annotator="ann")
    assert (done.documents, done.stayed) == (2, 1)
    assert [documents.find(corpus, key) for key in ("d1", "d2", "d3")] == [None, 2, None]
    assert versions.load(corpus, 2, "bob").annotations.entities
    assert deleting.delete(corpus, [2], annotator="ann").stayed == 0
    assert documents.find(corpus, "d2") is None


def test_documents_stay_where_the_copy_cannot_be_made(corpus: Corpus, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*given: object, **named: object) -> None:
        raise UsageError("no room")

    monkeypatch.setattr(exporting, "export", refuse)
    with pytest.raises(UsageError, match="no room"):
        deleting.delete(corpus, [1, 2], annotator="ann")
    assert documents.find(corpus, "d1") == 1


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("label:kind:leter", "kind cannot be leter; did you mean letter?"),
        ("-label:kind:x", "kind cannot be x; there are letter, note."),
        ("label:urgent:maybe", "urgent cannot be maybe; there are false, true."),
        ("suggested:kind:nots", "kind cannot be nots; did you mean note?"),
        ("label:*:lettr", "* cannot be lettr; did you mean letter?"),
        ("tag:#Tset", "no document has the tag Tset; did you mean Test?"),
        ("folder:inbx/", "there is no folder inbx; did you mean inbox?"),
        ("members_assigned:bop", "no document is assigned to bop; did you mean bob?"),
        ("by:zzzzzz", "no document has a version of zzzzzz; there are ann, bob."),
        ("run:nosuchrun", "no document was shown with suggestions of a run nosuchrun."),
    ],
)
def test_values_that_nothing_has_are_pointed_out_beside_what_is_found(corpus: Corpus, query: str, said: str) -> None:
    log.record(corpus, [making.begin(1), making.begin(2)])
    log.record(corpus, [making.begin(3, annotator="bob")])
    documents.add_tag(corpus, 1, "Test", annotator="ann")
    made = making.document("f")
    making.take_in(corpus, replace(made, document=replace(made.document, folder="inbox")))
    assert searching.doubts(corpus, query, annotator="ann") == [said]
    assert searching.hits(corpus, query, annotator="ann").total in (0, 103)


@pytest.mark.parametrize(
    "query",
    [
        "label:kind:LETTER label:urgent:yes label:urgent:True entity:DRUG:asprin suggested:DRUG:x",
        "tag:T* -tag:Test folder:in* by:me by:bob members_assigned:* run:* language:xx aspirin",
    ],
)
def test_values_that_can_be_are_not(corpus: Corpus, query: str) -> None:
    log.record(corpus, [making.begin(3, annotator="bob")])
    documents.add_tag(corpus, 1, "Test", annotator="ann")
    assert searching.doubts(corpus, query, annotator="ann") == []


def test_yes_and_no_are_the_values_of_a_label_that_is_true_or_false(corpus: Corpus) -> None:
    for document, value in ((1, True), (2, False)):
        label = LabelChange(None, LabelValue("urgent", value, ("user:ann",)))
        log.record(corpus, [Decision(Kind.SET_LABEL, document, "ann", Changes(labels=(label,)))])
    assert searching.ids(corpus, "label:urgent:yes", annotator="ann") == [1]
    assert searching.ids(corpus, "label:urgent:No", annotator="ann") == [2]
    assert searching.ids(corpus, "label:urgent:*", annotator="ann") == [1, 2]

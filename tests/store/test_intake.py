"""Taking documents in: what becomes annotations, what suggestions, what is refused; doing it twice changes nothing."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.store import making
from tests.store.making import CONFIRMED, IN_PROGRESS
from tui_annotate.domain.annotations import Annotations, Relation, Verdict
from tui_annotate.domain.decisions import Changes, Decision, Kind, VerdictChange
from tui_annotate.domain.documents import Document, DocumentState, Part
from tui_annotate.domain.interchange import ExchangedDocument, ExchangedVersion
from tui_annotate.domain.spans import Span
from tui_annotate.errors import LockedError
from tui_annotate.store import counters, documents, log, rebuild, settings, sources, suggestions, verify, versions
from tui_annotate.store.connection import Corpus
from tui_annotate.store.intake import Intake, IntakeCounts


def identify(corpus: Corpus, key: str) -> int:
    """Return the row of a document that must be there."""
    id = documents.find(corpus, key)
    assert id is not None
    return id


@pytest.mark.parametrize(
    "text", ["a\0b\0", "\r\n\r\n", "\ufeff x", "e\u0301 \u202e👩‍👩‍👧 \U0001f9ec", "\x1b]52;c;AAAA\x07", " "]
)
def test_a_text_comes_back_as_it_was(corpus: Corpus, text: str) -> None:
    whole = ExchangedDocument(Document("odd", (Part("s1v1", text),), "n\0ame"))
    parted = ExchangedDocument(
        Document("parts", (Part("s1h1", text), Part("s1p1", ""), Part("s1p2", text)), language="en")
    )
    assert making.take_in(corpus, whole, parted) == []
    assert documents.load(corpus, identify(corpus, "odd")) == whole.document
    assert documents.load(corpus, identify(corpus, "parts")) == parted.document


def test_a_large_document_is_taken_whole(corpus: Corpus) -> None:
    text = "x" * 5_000_000
    making.take_in(corpus, making.document("large", text))
    id = identify(corpus, "large")
    assert documents.load(corpus, id).text == text
    assert documents.row(corpus, id).length == len(text)


def test_what_cannot_be_stored_is_refused_and_the_rest_goes_on(corpus: Corpus) -> None:
    empty = ExchangedDocument(Document("", (Part("s1v1", "x"),)), where="a.txt")
    partless = ExchangedDocument(Document("k", ()), where="b.txt")
    half = making.document("half", "broken \ud83d emoji")
    intake = Intake(corpus)
    problems = list(intake.add([empty, half, partless, making.document("fine")]))
    assert [(p.severity, p.where) for p in problems] == [
        ("refused", "a.txt"),
        ("refused", "half.txt"),
        ("refused", "b.txt"),
    ]
    assert "surrogate" in problems[1].reason
    assert (intake.counts.created, intake.counts.refused) == (1, 3)


def test_a_confirmed_version_becomes_annotations_with_a_base(corpus: Corpus) -> None:
    intake = Intake(corpus, annotator="ann")
    given = making.version(making.entity(1), making.entity(2, 4, 6), sources="pubmed")
    mine = making.version(making.entity(1, 2, 5), annotator="bob")
    assert list(intake.add([making.document("gold", versions=(given, mine))])) == []
    assert (intake.counts.entities, intake.counts.labels, intake.counts.suggestions) == (3, 2, 0)
    id = identify(corpus, "gold")
    loaded = versions.load(corpus, id, "master")
    assert (loaded.state, loaded.annotations, loaded.next_number) == (CONFIRMED, given.annotations, 3)
    assert versions.load(corpus, id, "bob").annotations == mine.annotations
    assert versions.load(corpus, id, "carl").annotations == given.annotations, "a new version is a copy of master"
    row = documents.row(corpus, id)
    assert (row.state, row.holdout) == (DocumentState.CONFIRMED, False)
    base = log.history(corpus, document=id)[-1].decision
    assert (base.kind, base.annotator, base.details["by"]) == (Kind.IMPORT, "master", "ann")
    assert (counters.progress(corpus).confirmed, counters.progress(corpus).given) == (1, 1)
    assert rebuild.rebuild(corpus).differences == []
    assert verify.verify(corpus) == []


def test_an_unconfirmed_version_becomes_suggestions_and_goes_out_as_it_came(corpus: Corpus) -> None:
    twin = replace(making.entity(3), who=("ml:old",), prob=0.25)
    link = Relation("linked", (1, 2), number=4, extra={"x": 1})
    first = making.version(making.entity(1), making.entity(2, 4, 6), twin, confirmed=False, note="odd")
    first.annotations.relations[4] = link
    other = making.version(making.entity(1, 8, 9), confirmed=False, annotator="bob")
    intake = Intake(corpus)
    assert list(intake.add([making.document("open", versions=(first, other))])) == []
    assert (intake.counts.suggestions, intake.counts.entities) == (6, 0)
    id = identify(corpus, "open")
    assert documents.row(corpus, id).state is DocumentState.PENDING
    assert versions.versions(corpus, id) == []
    shown = suggestions.of(corpus, id)
    assert [(s.name, s.span.start if s.spans else s.value, s.who) for s in shown] == [
        ("DRUG", 0, ("user:ann",)),
        ("DRUG", 4, ("user:ann",)),
        ("urgent", True, ("user:bob",)),
        ("DRUG", 8, ("user:ann",)),
    ]
    assert suggestions.proposals(corpus, id) == [first, other]
    assert rebuild.rebuild(corpus).differences == []


@pytest.mark.parametrize(
    ("as_", "confirmed", "state", "suggested"),
    [
        ("auto", True, CONFIRMED, 0),
        ("auto", False, None, 2),
        ("auto", None, None, 2),
        ("annotations", True, CONFIRMED, 0),
        ("annotations", None, CONFIRMED, 0),
        ("annotations", False, IN_PROGRESS, 0),
        ("suggestions", True, None, 2),
    ],
)
def test_the_user_says_what_versions_become(
    corpus: Corpus, as_: str, confirmed: bool | None, state: object, suggested: int
) -> None:
    given = making.version(making.entity(1), confirmed=confirmed)
    making.take_in(corpus, making.document("x", versions=(given,)), as_=as_)
    id = identify(corpus, "x")
    assert versions.load(corpus, id, "master").state is state
    assert len(suggestions.of(corpus, id)) == suggested


def test_annotations_that_point_nowhere_are_refused_one_by_one(corpus: Corpus) -> None:
    good, beyond = making.entity(1), making.entity(2, 5, 5000)
    astray = replace(making.entity(3), spans=(Span("s9p9", 0, 2),))
    unlikely = replace(making.entity(4, 6, 8), prob=float("nan"))
    held = {e.number: e for e in (good, beyond, astray, unlikely)}
    relations = {5: Relation("linked", (1, 2), number=5)}
    version = ExchangedVersion(Annotations(held, {}, relations), True)
    problems = making.take_in(corpus, making.document("x", versions=(version,)))
    assert [p.severity for p in problems] == ["refused"] * 4
    assert "[5, 5000) of part s1v1 points nowhere" in problems[0].reason
    loaded = versions.load(corpus, identify(corpus, "x"), "master").annotations
    assert (list(loaded.entities), loaded.relations) == ([1], {})
    assert verify.verify(corpus) == []


def test_importing_again_changes_nothing(corpus: Corpus) -> None:
    given = [
        making.document(
            "a", versions=(making.version(making.entity(1)), making.version(making.entity(1), annotator="bob"))
        ),
        making.document("b", versions=(making.version(making.entity(1), confirmed=False),)),
        making.document("c"),
    ]
    making.take_in(corpus, *given)
    before = counters.progress(corpus)
    intake = Intake(corpus)
    assert list(intake.add(given)) == []
    assert intake.counts == IntakeCounts(unchanged=3)
    assert counters.progress(corpus) == before


def test_the_same_key_twice_in_one_import_is_compared_like_a_known_one(corpus: Corpus) -> None:
    intake = Intake(corpus)
    problems = list(intake.add([making.document("x"), making.document("x"), making.document("x", "another text")]))
    assert (intake.counts.created, intake.counts.unchanged, intake.counts.refused) == (1, 1, 1)
    assert "another text is stored" in problems[0].reason


def test_other_annotations_replace_what_nobody_decided_on(corpus: Corpus) -> None:
    making.take_in(corpus, making.document("x", versions=(making.version(making.entity(1)),)))
    better = making.version(making.entity(1, 3, 7), making.entity(2, 8, 9))
    intake = Intake(corpus)
    assert list(intake.add([making.document("x", versions=(better,), tags=("Test",))])) == []
    assert intake.counts.updated == 1
    id = identify(corpus, "x")
    loaded = versions.load(corpus, id, "master")
    assert [(n, e.span.start) for n, e in loaded.annotations.entities.items()] == [(2, 3), (3, 8)], "numbers are new"
    assert documents.row(corpus, id).tags == ("Test",)
    assert rebuild.rebuild(corpus).differences == []


def test_decisions_made_here_are_never_overwritten(corpus: Corpus) -> None:
    given = making.version(making.entity(1), annotator="bob")
    making.take_in(corpus, making.document("x", versions=(given,)))
    id = identify(corpus, "x")
    log.record(corpus, [making.add(id, 2, annotator="bob", start=4)])
    other = making.version(making.entity(1, 3, 7), annotator="bob")
    problems = making.take_in(corpus, making.document("x", versions=(other,)))
    assert [p.severity for p in problems] == ["refused"]
    assert "bob decided on it here" in problems[0].reason
    assert sorted(versions.load(corpus, id, "bob").annotations.entities) == [1, 2]


def test_what_was_agreed_on_here_comes_back_unchanged_and_is_not_replaced(corpus: Corpus) -> None:
    making.take_in(corpus, making.document("x"))
    id = identify(corpus, "x")
    log.record(corpus, [making.begin(id)])
    log.record(corpus, [making.turn(id, IN_PROGRESS, CONFIRMED)])
    exported = ExchangedVersion(Annotations({1: making.entity(1)}), True)
    intake = Intake(corpus)
    assert list(intake.add([making.document("x", versions=(exported,))])) == []
    assert intake.counts.unchanged == 1
    problems = making.take_in(corpus, making.document("x", versions=(making.version(making.entity(1, 5, 6)),)))
    assert "agreed on here" in problems[0].reason


def test_gold_that_comes_later_confirms_a_pending_document_and_is_no_holdout(corpus: Corpus) -> None:
    settings.change(corpus, holdout_share=0.9)
    held_out = next(n for n in range(1, 21) if documents.row(corpus, n).holdout)
    making.take_in(corpus, making.document(f"d{held_out}", versions=(making.version(making.entity(1)),)))
    row = documents.row(corpus, held_out)
    assert (row.state, row.holdout) == (DocumentState.CONFIRMED, False)
    assert rebuild.rebuild(corpus).differences == []


def test_new_suggestions_replace_the_imported_ones_and_keep_what_was_decided(corpus: Corpus) -> None:
    making.take_in(corpus, making.document("x", versions=(making.version(making.entity(1), confirmed=False),)))
    id = identify(corpus, "x")
    key = next(s.key for s in suggestions.of(corpus, id) if s.target == "entity")
    changes = Changes(verdicts=(VerdictChange(key, Verdict.UNDECIDED, Verdict.REJECTED),))
    log.record(corpus, [Decision(Kind.REJECT, id, "ann", changes)])
    better = making.version(making.entity(1, 3, 7), confirmed=False)
    assert making.take_in(corpus, making.document("x", versions=(better,))) == []
    assert [s.span.start for s in suggestions.of(corpus, id) if s.spans] == [3]
    assert versions.load(corpus, id, "ann").verdicts == {key: Verdict.REJECTED}


@pytest.mark.parametrize("skip", [False, True])
def test_duplicates_are_reported_and_kept_unless_told_otherwise(corpus: Corpus, skip: bool) -> None:
    text = documents.load(corpus, 1).text
    intake = Intake(corpus, skip_duplicates=skip)
    problems = list(
        intake.add([making.document("twin", text), making.document("new", "n"), making.document("new2", "n")])
    )
    assert [p.severity for p in problems] == ["noted", "noted"]
    assert "same text as d1" in problems[0].reason
    assert intake.counts.duplicates == 2
    assert (documents.find(corpus, "twin") is None) is skip


def test_a_batch_that_fails_leaves_the_counts_of_those_before(corpus: Corpus) -> None:
    corpus.timeout = 0.02
    intake = Intake(corpus)
    with Corpus.open(corpus.path) as other, other.transaction(), pytest.raises(LockedError):
        list(intake.add([making.document("late")]))
    assert intake.counts == IntakeCounts()
    assert list(intake.add([making.document("late")])) == []
    assert intake.counts.created == 1


def test_kept_files_come_back_byte_for_byte_and_equal_ones_are_kept_once(corpus: Corpus) -> None:
    import io

    body = bytes(range(256)) * 10_000
    first = sources.keep(corpus, "a.zip", io.BytesIO(body))
    broken = "INSERT INTO source(id, name, size, at) VALUES (77, 'broken.zip', 0, '2020-01-01T00:00:00.000Z')"
    corpus.connection.execute(broken)
    corpus.connection.executemany("INSERT INTO source_chunk VALUES (77, ?, x'00')", [(n,) for n in range(40)])
    assert sources.keep(corpus, "b.zip", io.BytesIO(body)) == first
    assert corpus.connection.execute("SELECT DISTINCT source FROM source_chunk").fetchall() == [(first,)]
    assert corpus.connection.execute("SELECT id FROM source").fetchall() == [(first,)]
    assert b"".join(sources.read(corpus, first)) == body
    making.take_in(corpus, making.document("x"), source=first)
    assert sources.of_document(corpus, identify(corpus, "x")) == (first, "a.zip")


def test_files_of_one_document_come_back_byte_for_byte(corpus: Corpus) -> None:
    files = {"txt": b"d: started", "ann.json": b'{"a": 1.50}', "bin": bytes(range(256))}
    given = replace(making.document("x", "d: started"), source=files, extra={"unknown": [1, {"deep": None}]})
    making.take_in(corpus, given)
    id = identify(corpus, "x")
    assert documents.files(corpus, id) == files
    assert documents.extra(corpus, id) == {"unknown": [1, {"deep": None}]}


def test_what_is_held_out_does_not_depend_on_the_order_of_import(corpus: Corpus) -> None:
    with Corpus.create(corpus.path.with_name("other.db")) as other:
        making.take_in(other, *(making.document(f"d{n}") for n in reversed(range(1, 21))))
        for held in (corpus, other):
            settings.change(held, holdout_share=0.4)
        marks = [{row.key for row in documents.page(held) if row.holdout} for held in (corpus, other)]
    assert marks[0] == marks[1]
    assert 0 < len(marks[0]) < 20


def test_duplicates_are_found_over_blocks_of_the_index(corpus: Corpus) -> None:
    with corpus.transaction() as db:
        db.execute("PRAGMA defer_foreign_keys = ON")
        for id, key in ((70_000, "d2"), (200_000, "d3")):
            db.execute(
                "UPDATE content SET document = ? WHERE document = (SELECT id FROM document WHERE key = ?)", (id, key)
            )
            db.execute("UPDATE document SET id = ? WHERE key = ?", (id, key))
    texts = [documents.load(corpus, id).text for id in (1, 70_000, 200_000)]
    problems = making.take_in(corpus, *(making.document(f"twin{n}", text) for n, text in enumerate(texts)))
    assert [p.reason.split(";")[0] for p in problems] == [f"has the same text as d{n}" for n in (1, 2, 3)]

"""The review session over a real corpus file: verbs, focus, confirming, undo, resuming."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tui_annotate.domain.annotations import Annotations, Entity, LabelValue, Suggestion, Verdict
from tui_annotate.domain.decisions import Kind, VersionState
from tui_annotate.domain.documents import Document, DocumentState, Part
from tui_annotate.domain.interchange import ExchangedDocument, ExchangedVersion
from tui_annotate.domain.scheme import Choice, DocumentLabel, EntityType, Scheme
from tui_annotate.domain.spans import Span
from tui_annotate.errors import DecisionError, UndoError
from tui_annotate.session.desk import Desk, Predictions
from tui_annotate.session.review import Act, ReviewSession
from tui_annotate.store import counters, documents, log, settings
from tui_annotate.store.connection import Corpus
from tui_annotate.store.intake import Intake

TEXT = "The patient was started on aspirin 81 mg and lisinopril; no diabetes mellitus."
SCHEME = Scheme(
    (EntityType("DRUG"), EntityType("DISEASE")),
    (
        DocumentLabel("urgent", "boolean"),
        DocumentLabel("wards", "choices", (Choice("a"), Choice("b"), Choice("c"))),
    ),
)
SPAM = Scheme(labels=(DocumentLabel("IsSpam", "boolean"),))


def span(words: str, text: str = TEXT) -> Span:
    return Span("s1v1", text.index(words), text.index(words) + len(words))


def entity(number: int, words: str, type: str, prob: float = 0.8) -> Entity:
    return Entity(type, (span(words),), ("ml:old",), prob, number)


def predicted(words: str, type: str, prob: float) -> Suggestion:
    return Suggestion("entity", type, (span(words),), prob=prob, who=("ml:entities-1",), source="run")


class Seat:
    """An annotator at a desk: does what the app does, in one thread."""

    def __init__(self, path: Path, annotator: str = "ann", *, strict: bool = False) -> None:
        self.corpus = Corpus.open(path)
        self.desk = Desk(self.corpus, annotator)
        self.session = ReviewSession(annotator, settings.scheme(self.corpus), strict=strict)

    def open(self, key: str, *predictions: Suggestion, seen: bool = True) -> None:
        id = documents.find(self.corpus, key)
        assert id is not None
        given = [Predictions("entities-1", predictions)] if predictions else []
        self.session.show(self.desk.open(id, given))
        if seen:
            self.see()

    def see(self, end: int = len(TEXT)) -> None:
        """Look at the text up to an offset."""
        items = self.session.document.items
        self.session.saw_items(item.id for item in items if not item.spans or item.spans[0].start <= end)

    def do(self, act: Act) -> None:
        self.desk.write(act)
        self.session.wrote(act)

    def undo(self) -> None:
        taken = self.desk.undo()
        assert taken.document == self.session.document.id
        self.session.took_back(taken.changes, taken.focus)

    def redo(self) -> None:
        taken = self.desk.redo()
        self.session.took_back(taken.changes, taken.focus)

    def entities(self) -> list[tuple[str, str]]:
        held = self.session.document.version.annotations.entities.values()
        return [(self.session.document.document.slice(e.span), e.type) for e in held]

    def undecided(self) -> list[tuple[str, str]]:
        items = self.session.document.undecided()
        return [(self.session.document.document.slice(i.spans[0]) if i.spans else "", i.name) for i in items]

    def on_disk(self) -> list[tuple[str, str]]:
        """What another reader of the file finds."""
        fresh = Desk(self.corpus, self.desk.annotator).open(self.session.document.id)
        return [(fresh.document.slice(e.span), e.type) for e in fresh.version.annotations.entities.values()]


def corpus(path: Path, scheme: Scheme, *arrivals: ExchangedDocument) -> Path:
    with Corpus.create(path, scheme=scheme) as made:
        settings.change(made, holdout_share=0.0)
        assert not list(Intake(made).add(arrivals))
    return path


def text(
    key: str, *entities: Entity, confirmed: bool = False, labels: tuple[LabelValue, ...] = ()
) -> ExchangedDocument:
    annotations = Annotations({e.number: e for e in entities}, {v.name: v for v in labels})
    versions = (ExchangedVersion(annotations, confirmed),) if entities or labels or confirmed else ()
    return ExchangedDocument(Document(key, (Part("s1v1", TEXT if versions else f"{TEXT} {key}"),)), versions)


@pytest.fixture
def seat(tmp_path: Path) -> Iterator[Seat]:
    note = text(
        "note",
        entity(1, "aspirin", "DRUG", 0.9),
        entity(2, "lisinopril", "DISEASE", 0.6),
        entity(3, "diabetes mellitus", "DISEASE", 0.7),
        labels=(LabelValue("urgent", True, ("ml:old",), 0.6),),
    )
    seat = Seat(corpus(tmp_path / "c.db", SCHEME, note, text("plain")))
    seat.open("note")
    yield seat
    seat.corpus.close()


def test_imported_annotations_of_an_unconfirmed_document_wait_in_reading_order(seat: Seat) -> None:
    assert seat.undecided() == [
        ("aspirin", "DRUG"),
        ("lisinopril", "DISEASE"),
        ("diabetes mellitus", "DISEASE"),
        ("", "urgent"),
    ]
    assert seat.session.focused is not None
    assert seat.session.focused.name == "DRUG"


def test_accept_reject_and_change_take_one_act_each_and_move_on(seat: Seat) -> None:
    seat.do(seat.session.accept())
    seat.do(seat.session.change_type("DRUG"))
    seat.do(seat.session.reject())
    assert seat.entities() == seat.on_disk() == [("aspirin", "DRUG"), ("lisinopril", "DRUG")]
    first, second = seat.session.document.version.annotations.entities.values()
    assert (first.who, first.prob) == (("ml:old", "user:ann"), 1.0)
    assert second.who == ("user:ann",)
    assert seat.undecided() == [("", "urgent")]
    assert [e.decision.kind for e in log.history(seat.corpus, annotator="ann")] == [
        Kind.REJECT,
        Kind.CHANGE,
        Kind.ACCEPT,
    ]


def test_a_rejected_suggestion_never_comes_back_whoever_makes_it(seat: Seat) -> None:
    seat.do(seat.session.reject())
    seat.open("note", predicted("aspirin", "DRUG", 0.99), predicted("aspirin 81", "DRUG", 0.5))
    assert seat.undecided()[0] == ("aspirin 81", "DRUG")
    assert ("aspirin", "DRUG") not in seat.undecided()


def test_a_run_does_not_suggest_over_what_is_annotated(seat: Seat) -> None:
    seat.do(seat.session.accept())
    seat.open("note", predicted("aspirin 81 mg", "DRUG", 0.8), predicted("patient", "DISEASE", 0.4))
    assert ("aspirin 81 mg", "DRUG") not in seat.undecided()
    assert ("patient", "DISEASE") in seat.undecided()


def test_adding_what_is_suggested_is_accepting_it(seat: Seat) -> None:
    seat.do(seat.session.add(span("diabetes mellitus"), "DISEASE"))
    assert log.history(seat.corpus, limit=1)[0].decision.kind is Kind.ACCEPT
    with pytest.raises(DecisionError, match="already"):
        seat.session.add(span("diabetes mellitus"), "DISEASE")


def test_growing_and_removing_an_annotation(seat: Seat) -> None:
    seat.do(seat.session.resize(span("aspirin 81 mg")))
    assert seat.entities() == [("aspirin 81 mg", "DRUG")]
    assert seat.session.focus_on(next(i.place for i in seat.session.document.items if i.entity))
    seat.do(seat.session.remove())
    assert seat.entities() == seat.on_disk() == []


def test_confirming_accepts_what_was_seen_and_first_goes_to_what_was_not(seat: Seat) -> None:
    seat.open("note", seen=False)
    seat.see(span("lisinopril").start)
    with pytest.raises(DecisionError, match="1 not seen"):
        seat.session.confirm()
    assert seat.session.focused is not None
    assert seat.session.focused.spans == (span("diabetes mellitus"),)
    seat.see()
    act = seat.session.confirm()
    assert act.leaves
    seat.do(act)
    assert len(seat.on_disk()) == 3
    assert seat.session.document.labels["urgent"].value is True
    (decision,) = [e.decision for e in log.history(seat.corpus, annotator="ann")]
    assert all(v.implied for v in decision.changes.verdicts)
    assert counters.progress(seat.corpus).confirmed == 1


def test_strictly_confirming_asks_for_every_decision(tmp_path: Path) -> None:
    path = corpus(tmp_path / "c.db", SCHEME, text("note", entity(1, "aspirin", "DRUG")))
    seat = Seat(path, strict=True)
    seat.open("note")
    with pytest.raises(DecisionError, match="1 undecided"):
        seat.session.confirm()
    seat.do(seat.session.reject())
    seat.do(seat.session.confirm())
    assert seat.session.document.is_confirmed


def test_a_confirmed_document_is_closed_until_it_is_reopened(seat: Seat) -> None:
    seat.do(seat.session.confirm())
    for verb in (seat.session.confirm, seat.session.remove, seat.session.skip):
        with pytest.raises(DecisionError, match="confirmed"):
            verb()
    seat.do(seat.session.reopen())
    seat.do(seat.session.remove())
    assert counters.progress(seat.corpus).in_progress == 1


def test_undo_goes_back_to_the_import_over_a_restart_and_redo_forth(seat: Seat) -> None:
    before = seat.undecided()
    focus = seat.session.focus
    seat.do(seat.session.accept())
    seat.do(seat.session.toggle_label("urgent", False))
    seat.do(seat.session.toggle_label("wards", "b"))
    seat.do(seat.session.confirm())
    seat.corpus.close()
    seat = Seat(seat.corpus.path)
    seat.open("note")
    for _ in range(4):
        seat.undo()
    assert seat.undecided() == before
    assert seat.session.focus == focus
    assert seat.session.document.state is None
    with pytest.raises(UndoError):
        seat.undo()
    for _ in range(4):
        seat.redo()
    assert seat.session.document.is_confirmed
    assert seat.session.document.labels["urgent"].value is False
    assert seat.session.document.labels["wards"].value == ("b",)


def test_labels_toggle_and_multiple_choices_add_up(seat: Seat) -> None:
    session = seat.session
    seat.do(session.toggle_label("urgent", True))
    assert session.document.labels["urgent"].who == ("ml:old", "user:ann")
    seat.do(session.toggle_label("urgent", True))
    assert "urgent" not in session.document.labels
    for value in ("c", "a"):
        seat.do(session.toggle_label("wards", value))
    assert session.document.labels["wards"].value == ("a", "c")
    seat.do(session.toggle_label("wards", "a"))
    seat.do(session.toggle_label("wards", "c"))
    assert "wards" not in session.document.labels


def test_a_single_question_is_answered_and_confirmed_by_one_key_and_undone_by_one(tmp_path: Path) -> None:
    seat = Seat(corpus(tmp_path / "c.db", SPAM, text("m", labels=(LabelValue("IsSpam", True, ("ml:x",), 0.9),))))
    seat.open("m")
    act = seat.session.toggle_label("IsSpam", False)
    assert act.leaves
    seat.do(act)
    assert seat.session.document.is_confirmed
    assert seat.session.document.verdict(seat.session.document.suggestions[1].key) is Verdict.CHANGED
    # Another answer replaces the first without reopening by hand.
    seat.do(seat.session.toggle_label("IsSpam", True))
    assert seat.session.document.is_confirmed
    assert seat.session.document.labels["IsSpam"].value is True
    seat.undo()
    assert seat.session.document.labels["IsSpam"].value is False
    seat.undo()
    assert seat.session.document.state is None
    assert seat.undecided() == [("", "IsSpam")]
    seat.do(seat.session.accept())
    assert seat.session.document.labels["IsSpam"].value is True
    assert seat.session.document.is_confirmed


def test_what_was_imported_confirmed_opens_confirmed_and_is_copied_on_reopening(tmp_path: Path) -> None:
    path = corpus(tmp_path / "c.db", SCHEME, text("note", entity(1, "aspirin", "DRUG"), confirmed=True))
    seat = Seat(path)
    seat.open("note")
    assert seat.session.document.is_confirmed
    with pytest.raises(DecisionError, match="confirmed"):
        seat.session.add(span("patient"), "DISEASE")
    seat.do(seat.session.reopen())
    seat.do(seat.session.add(span("patient"), "DISEASE"))
    assert seat.on_disk() == [("aspirin", "DRUG"), ("patient", "DISEASE")]
    seat.undo()
    seat.undo()
    assert seat.session.document.state in (None, VersionState.IN_PROGRESS)


def test_a_confirmed_document_that_is_undone_to_its_beginning_is_open(seat: Seat) -> None:
    seat.open("note")
    seat.do(seat.session.accept())
    seat.do(seat.session.confirm())
    seat.open("note")
    seat.undo()
    seat.undo()
    assert not seat.session.document.is_confirmed
    seat.do(seat.session.accept())
    assert seat.on_disk() == seat.entities() != []


def test_what_another_has_confirmed_is_open_again_when_they_reopen_it(seat: Seat) -> None:
    seat.open("note")
    seat.do(seat.session.confirm())
    other = Seat(seat.corpus.path, "bob")
    other.open("note")
    assert other.session.document.is_confirmed
    seat.do(seat.session.reopen())
    other.open("note")
    assert not other.session.document.is_confirmed
    other.do(other.session.reject())
    assert seat.on_disk() == seat.entities()
    other.corpus.close()


def test_another_program_at_the_same_version_is_noticed(seat: Seat) -> None:
    other = Seat(seat.corpus.path)
    other.open("note")
    act = seat.session.accept()
    other.do(other.session.accept())
    with pytest.raises(DecisionError):
        seat.desk.write(act)
    seat.open("note")
    assert seat.entities() == [("aspirin", "DRUG")]
    other.corpus.close()


def test_two_annotators_have_versions_of_their_own(seat: Seat) -> None:
    other = Seat(seat.corpus.path, "bob")
    other.open("note")
    seat.do(seat.session.accept())
    other.do(other.session.reject())
    assert seat.on_disk() == [("aspirin", "DRUG")]
    assert other.on_disk() == []
    other.corpus.close()


def test_the_place_comes_back(seat: Seat) -> None:
    seat.do(seat.session.accept())
    place = seat.session.place()
    seat.desk.keep_place(place)
    again = Seat(seat.corpus.path)
    resumed = again.desk.resume()
    assert resumed is not None
    assert resumed["document"] == seat.session.document.id
    again.session.show(again.desk.open(resumed["document"]), tuple(resumed["focus"]))
    assert again.session.focus == seat.session.focus
    again.corpus.close()


def test_skipping_leaves_and_comes_back_at_the_end(seat: Seat) -> None:
    act = seat.session.skip()
    assert act.leaves
    seat.do(act)
    assert documents.row(seat.corpus, seat.session.document.id).state is DocumentState.SKIPPED
    first, second = seat.desk.following(2)
    assert (documents.row(seat.corpus, first.document).key, second.reason) == ("plain", "skipped before")


def test_holdout_documents_open_without_what_a_run_says(tmp_path: Path) -> None:
    path = tmp_path / "c.db"
    with Corpus.create(path, scheme=SCHEME) as made:
        settings.change(made, holdout_share=0.9)
        list(Intake(made).add(replaced_key(f"n{i}") for i in range(20)))
    seat = Seat(path)
    held = next(n for n in seat.desk.following(5) if n.holdout)
    working = seat.desk.open(held.document, [Predictions("entities-1", (predicted("aspirin", "DRUG", 0.9),))])
    assert len(working.items) == 0
    settings.change(seat.corpus, holdout_blind=False)
    working = seat.desk.open(held.document, [Predictions("entities-1", (predicted("aspirin", "DRUG", 0.9),))])
    assert working.items.undecided == 1


def replaced_key(key: str) -> ExchangedDocument:
    return ExchangedDocument(Document(key, (Part("s1v1", f"{TEXT} {key}"),)))


def test_moving_the_focus(seat: Seat) -> None:
    names = []
    while seat.session.move(1):
        assert seat.session.focused is not None
        names.append(seat.session.focused.name)
    assert names == ["DISEASE", "DISEASE", "urgent"]
    assert seat.session.move(1, undecided=True)
    assert seat.session.focused is not None
    assert seat.session.focused.name == "DRUG"
    assert not seat.session.move(-1)


def test_milliseconds_and_keys_are_logged(tmp_path: Path) -> None:
    path = corpus(tmp_path / "c.db", SCHEME, text("note", entity(1, "aspirin", "DRUG")))
    seat = Seat(path)
    now = iter([0.0, 0.0, 1.25, 2.0])
    seat.session = ReviewSession("ann", SCHEME, clock=lambda: next(now))
    seat.open("note")
    for _ in range(3):
        seat.session.key_pressed()
    seat.do(seat.session.accept())
    (logged,) = log.history(seat.corpus, annotator="ann")
    assert (logged.decision.milliseconds, logged.decision.keys) == (1250, 3)

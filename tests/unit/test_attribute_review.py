"""Reviewing attributes of entities: one key each, accepted with the entity or alone, undone, rebuilt, exported."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.unit.test_review_session import Seat, span, text
from tui_annotate.domain.annotations import Entity, Suggestion
from tui_annotate.domain.decisions import Kind
from tui_annotate.domain.scheme import Attribute, Choice, EntityType, Scheme
from tui_annotate.errors import DecisionError
from tui_annotate.keymaps import assign
from tui_annotate.screens.attribute_rows import attribute_row
from tui_annotate.screens.marks import Marker, touched
from tui_annotate.screens.status import focus_line
from tui_annotate.session.desk import Predictions
from tui_annotate.store import documents, rebuild
from tui_annotate.store.connection import Corpus
from tui_annotate.store.intake import Intake

NEGATION = Attribute("negation", "choice", (Choice("Negated"), Choice("Affirmed")), on=("DISEASE", "FINDING"))
PAST = Attribute("past", "boolean")
SCHEME = Scheme((EntityType("DRUG"), EntityType("DISEASE"), EntityType("FINDING")), attributes=(NEGATION, PAST))
RUN = "attributes:negation-1"


def entity(number: int, words: str, type: str, **attributes: str | bool) -> Entity:
    return Entity(type, (span(words),), ("ml:old",), 0.8, number, attributes)


def said(words: str, value: str | bool, prob: float = 0.9, name: str = "negation") -> Suggestion:
    return Suggestion("attribute", name, (span(words),), value, prob, (f"ml:{RUN}",), source="run")


def predicted(words: str, type: str) -> Suggestion:
    return Suggestion("entity", type, (span(words),), prob=0.8, source="run")


class Chair(Seat):
    def show(self, key: str, *attributes: Suggestion, entities: tuple[Suggestion, ...] = ()) -> None:
        id = documents.find(self.corpus, key)
        assert id is not None
        given = [Predictions("entities-1", entities)] if entities else []
        for name in dict.fromkeys(s.name for s in attributes):
            given.append(Predictions(f"attributes:{name}-1", tuple(s for s in attributes if s.name == name)))
        self.session.show(self.desk.open(id, given))
        self.see()

    def values(self, words: str) -> dict[str, object]:
        held = self.session.document.standing_at((span(words),))
        return dict(held[0].attributes)

    def focus(self) -> tuple[str, str]:
        item = self.session.focused
        assert item is not None
        return (self.session.document.document.slice(item.spans[0]), item.name)


@pytest.fixture
def seat(tmp_path: Path) -> Iterator[Chair]:
    given = (entity(1, "aspirin", "DRUG"), entity(2, "diabetes", "DISEASE"), entity(3, "mellitus", "FINDING"))
    with Corpus.create(tmp_path / "c.db", scheme=SCHEME) as made:
        list(Intake(made).add([text("given", *given), text("plain"), text("held", *given)]))
    chair = Chair(tmp_path / "c.db")
    for key in ("given", "held"):
        chair.show(key)
        for _ in range(3 if key == "held" else 0):
            chair.do(chair.session.accept())
    yield chair
    chair.corpus.close()


def test_a_value_s_key_on_a_suggestion_accepts_the_entity_with_it_in_one_decision(seat: Chair) -> None:
    seat.show("given", said("diabetes", "Affirmed", 0.6), said("diabetes", True, 0.7, "past"))
    seat.session.move(1)
    act = seat.session.toggle_attribute("negation", "Negated")
    assert [d.kind for d in act.decisions] == [Kind.SET_ATTRIBUTE]
    seat.do(act)
    assert seat.values("diabetes") == {"negation": "Negated"}
    assert seat.focus() == ("diabetes", "past")
    seat.undo()
    assert seat.focus() == ("diabetes", "DISEASE")
    assert ("diabetes", "DISEASE") in seat.undecided()
    seat.redo()
    assert seat.values("diabetes") == {"negation": "Negated"}


def test_accepting_an_entity_accepts_what_is_predicted_for_it(seat: Chair) -> None:
    predictions = (predicted("diabetes", "DISEASE"), predicted("lisinopril", "DRUG"))
    seat.show("plain", said("diabetes", "Negated"), said("lisinopril", "Negated"), entities=predictions)
    seat.do(seat.session.accept())
    assert seat.values("lisinopril") == {}, "a drug takes no negation"
    seat.do(seat.session.accept())
    assert seat.values("diabetes") == {"negation": "Negated"}
    assert not seat.undecided()


def test_confirming_accepts_what_is_suggested_for_entities_that_stand(seat: Chair) -> None:
    seat.show("held", said("diabetes", "Negated"), said("mellitus", "Affirmed"), said("mellitus", True, 0.6, "past"))
    assert seat.undecided() == [("diabetes", "negation"), ("mellitus", "negation"), ("mellitus", "past")]
    seat.do(seat.session.confirm())
    assert seat.values("diabetes") == {"negation": "Negated"}
    assert seat.values("mellitus") == {"negation": "Affirmed", "past": True}
    seat.undo()
    assert len(seat.undecided()) == 3


def test_one_key_an_entity_and_the_focus_goes_on(seat: Chair) -> None:
    seat.show("held")
    assert seat.focus() == ("diabetes", "DISEASE"), "the first that lacks a value, not the drug"
    seat.do(seat.session.toggle_attribute("negation", "Negated"))
    assert seat.focus() == ("mellitus", "FINDING")
    seat.do(seat.session.toggle_attribute("negation", "Affirmed"))
    seat.do(seat.session.toggle_attribute("past", None))
    assert seat.focus() == ("mellitus", "FINDING"), "further booleans may follow"
    assert seat.values("mellitus") == {"negation": "Affirmed", "past": True}
    seat.do(seat.session.toggle_attribute("past", None))
    seat.do(seat.session.toggle_attribute("past", None))
    assert seat.values("mellitus") == {"negation": "Affirmed"}, "yes, no, unset"


def test_the_last_decision_confirms_where_the_corpus_is_set_so(seat: Chair) -> None:
    seat.session.eager = True
    seat.show("held", said("diabetes", "Negated"))
    first = seat.session.accept()
    assert not first.leaves, "another finding lacks a value"
    seat.do(first)
    last = seat.session.toggle_attribute("negation", "Affirmed")
    assert [d.kind for d in last.decisions] == [Kind.SET_ATTRIBUTE, Kind.CONFIRM]
    assert last.leaves
    seat.do(last)
    assert seat.session.document.is_confirmed
    seat.undo()
    assert not seat.session.document.is_confirmed
    assert seat.values("mellitus") == {}


def test_what_was_rejected_never_comes_back_whoever_suggests_it(seat: Chair) -> None:
    seat.show("held", said("diabetes", "Negated"), said("mellitus", False, 0.8, "past"))
    seat.do(seat.session.reject())
    assert seat.values("diabetes") == {}
    seat.do(seat.session.reject())
    assert seat.values("mellitus") == {"past": True}, "of two values the other holds"
    again = replace(said("diabetes", "Negated"), prob=0.99)
    id = documents.find(seat.corpus, "held")
    assert id is not None
    seat.session.show(seat.desk.open(id, [Predictions("attributes:negation-2", (again,))]))
    assert not seat.undecided()
    other = Predictions("attributes:negation-3", (again, said("diabetes", "Affirmed", 0.5)))
    seat.session.show(seat.desk.open(id, [other]))
    assert seat.undecided() == [("diabetes", "negation")]


def test_a_value_that_was_accepted_and_then_changed_counts_as_changed(seat: Chair) -> None:
    seat.show("held", said("diabetes", "Negated"))
    seat.do(seat.session.accept())
    seat.session.focus_on(next(i.place for i in seat.session.document.items if i.name == "DISEASE"))
    seat.do(seat.session.toggle_attribute("negation", "Affirmed"))
    assert [v.value for v in seat.session.document.version.verdicts.values()][-1] == "changed"
    seat.session.focus_on(next(i.place for i in seat.session.document.items if i.name == "DISEASE"))
    seat.do(seat.session.change_type("DRUG"))
    assert seat.values("diabetes") == {"negation": "Affirmed"}


def test_a_type_that_does_not_take_it_says_so(seat: Chair) -> None:
    seat.show("given")
    with pytest.raises(DecisionError, match="DRUG takes no negation"):
        seat.session.toggle_attribute("negation", "Negated")
    with pytest.raises(DecisionError, match="no attribute colour"):
        seat.session.set_attribute("colour", "red")


def test_rows_and_marks_say_what_holds_and_what_is_suggested(seat: Chair) -> None:
    keymap = assign(SCHEME)
    assert not keymap.clashes
    keys = {hotkey.id: hotkey.keys[0] for hotkey in keymap.hotkeys}
    assert keys["attribute:negation=Negated"] == "n"
    marker = Marker(SCHEME, keymap)
    seat.show("held", said("diabetes", "Negated", 0.91))
    working, item = seat.session.document, seat.session.focused
    shown = attribute_row([NEGATION, PAST], keymap, working, item)
    assert "negation 0.91  n ◉ Negated" in shown.text
    labels = {mark.id: mark.label for mark in marker.marks(working)}
    assert labels["e2"] == "DISEASE NEG?"
    assert len(labels) == 3, "a suggested attribute is shown by its entity"
    assert "negation = Negated 0.91" in focus_line(working, item).text
    act = seat.session.accept()
    seat.do(act)
    redrawn = touched(working, [d.changes for d in act.decisions])
    now = redrawn["e2"]
    assert now is not None
    assert marker.mark(now, working).label == "DISEASE NEG"
    drug = next(i for i in working.items if i.name == "DRUG")
    assert "◉" not in attribute_row([NEGATION, PAST], keymap, working, drug).text


def test_misaligned_ends_are_shown_with_the_key_that_mends_them(seat: Chair) -> None:
    seat.show("plain", entities=(predicted("isinopri", "DRUG"), predicted("aspirin", "DRUG")))
    working = seat.session.document
    whole, part = working.items
    assert "whole words" not in focus_line(working, whole, snap=("equals_sign",)).text
    assert "not whole words: = snaps" in focus_line(working, part, snap=("equals_sign",)).text


def test_the_log_tells_the_same_story_again(seat: Chair) -> None:
    seat.show("held", said("diabetes", "Negated"), said("mellitus", False, 0.8, "past"))
    seat.do(seat.session.accept())
    seat.do(seat.session.reject())
    seat.do(seat.session.toggle_attribute("negation", "Affirmed"))
    assert seat.on_disk()
    assert rebuild.rebuild(seat.corpus).equal
    assert seat.desk.undo().kind is Kind.SET_ATTRIBUTE

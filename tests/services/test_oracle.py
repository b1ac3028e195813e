"""The oracle brings a document to its gold, whatever is suggested, and counts its keys."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from tests.properties import tries
from tui_annotate.domain.annotations import Annotations, Entity, LabelValue, Suggestion
from tui_annotate.domain.documents import Document, Part
from tui_annotate.domain.interchange import ExchangedDocument
from tui_annotate.domain.scheme import Attribute, Choice, DocumentLabel, EntityType, Scheme
from tui_annotate.domain.spans import Span
from tui_annotate.services import oracle
from tui_annotate.session.desk import Desk, Predictions
from tui_annotate.session.review import ReviewSession
from tui_annotate.store import settings
from tui_annotate.store.connection import Corpus
from tui_annotate.store.intake import Intake

TEXT = "Aspirin and lisinopril were given; no diabetes mellitus was found, nor any renal failure."
WORDS = [(0, 7), (12, 22), (38, 46), (38, 55), (75, 80), (75, 88)]
SCHEME = Scheme((EntityType("DRUG"), EntityType("DISEASE")), (DocumentLabel("urgent", "boolean"),))

placed = st.tuples(st.sampled_from(WORDS), st.sampled_from(["DRUG", "DISEASE"]))


def marked(entities: set[tuple[tuple[int, int], str]], urgent: bool | None = None) -> Annotations:
    labels = {} if urgent is None else {"urgent": LabelValue("urgent", urgent)}
    numbered = {
        number: Entity(type, (Span("s1v1", *place),), number=number)
        for number, (place, type) in enumerate(sorted(entities), 1)
    }
    return Annotations(numbered, labels)


def played(
    folder: Path, gold: Annotations, suggested: list[Suggestion], scheme: Scheme = SCHEME
) -> tuple[ReviewSession, oracle.Effort, int]:
    path = folder / "c.db"
    path.unlink(missing_ok=True)
    with Corpus.create(path, scheme=scheme) as corpus:
        settings.change(corpus, holdout_share=0.0)
        assert not list(Intake(corpus).add([ExchangedDocument(Document("d", (Part("s1v1", TEXT),)))]))
        desk = Desk(corpus, "oracle")
        session = ReviewSession("oracle", settings.scheme(corpus))
        session.show(desk.open(1, [Predictions("run-0", tuple(suggested))]))
        acts = 0

        def write(act: object) -> None:
            nonlocal acts
            acts += 1
            desk.write(act)  # type: ignore[arg-type]

        effort = oracle.review(session, gold, write)
        return session, effort, acts


def suggestion(place: tuple[int, int], type: str) -> Suggestion:
    return Suggestion("entity", type, (Span("s1v1", *place),), prob=0.7, who=("ml:run-0",), source="run")


@hypothesis_settings(max_examples=tries(40), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sets(placed, max_size=4), st.sets(placed, max_size=5), st.booleans() | st.none())
def test_ends_at_the_gold_from_any_suggestions(
    tmp_path: Path,
    gold: set[tuple[tuple[int, int], str]],
    suggested: set[tuple[tuple[int, int], str]],
    urgent: bool | None,
) -> None:
    session, effort, acts = played(tmp_path, marked(gold, urgent), [suggestion(p, t) for p, t in suggested])
    held = session.document.version.annotations
    assert {((e.span.start, e.span.end), e.type) for e in held.entities.values()} == gold
    assert {name: value.value for name, value in held.labels.items()} == ({} if urgent is None else {"urgent": urgent})
    assert session.document.is_confirmed
    assert effort.keys >= acts >= 1
    assert effort.spans == len(gold)


def test_right_suggestions_cost_the_confirmation_alone(tmp_path: Path) -> None:
    gold = {((0, 7), "DRUG"), ((12, 22), "DRUG")}
    _, effort, _ = played(tmp_path, marked(gold), [suggestion(p, t) for p, t in gold])
    assert effort.keys == 1


@pytest.mark.parametrize(
    ("suggested", "keys"),
    [
        ([((0, 7), "DRUG"), ((12, 22), "DISEASE")], 3),
        ([((0, 7), "DRUG"), ((12, 22), "DRUG"), ((38, 46), "DISEASE")], 4),
        ([((0, 11), "DRUG"), ((12, 22), "DRUG")], 2),
    ],
)
def test_what_is_wrong_costs_a_key_each_and_the_right_ones_before_it(
    tmp_path: Path, suggested: list[tuple[tuple[int, int], str]], keys: int
) -> None:
    gold = {((0, 7), "DRUG"), ((12, 22), "DRUG")}
    _, effort, _ = played(tmp_path, marked(gold), [suggestion(p, t) for p, t in suggested])
    assert effort.keys == keys


def test_a_single_question_costs_one_key(tmp_path: Path) -> None:
    scheme = Scheme(labels=(DocumentLabel("urgent", "boolean"),))
    session, effort, _ = played(tmp_path, marked(set(), True), [], scheme)
    assert effort.keys == 1
    assert session.document.is_confirmed


@pytest.mark.parametrize(
    ("gold", "keys"),
    [
        ({((0, 7), "DRUG")}, 3),
        ({((8, 11), "DRUG")}, 4),
        ({((75, 88), "DISEASE")}, 6),
        ({((56, 59), "DISEASE")}, 6),
    ],
    ids=["where it begins", "a word on", "the first r and a word more", "the second w"],
)
def test_what_is_missing_costs_the_cheaper_of_walking_and_jumping(
    tmp_path: Path, gold: set[tuple[tuple[int, int], str]], keys: int
) -> None:
    _, effort, _ = played(tmp_path, marked(gold), [])
    assert effort.keys == keys


NEGATED = Attribute("negated", "boolean")
STATUS = Attribute("status", "choice", (Choice("present"), Choice("absent")), on=("DISEASE",))
VALUED = Scheme((EntityType("DRUG"), EntityType("DISEASE")), attributes=(NEGATED, STATUS))
valued = st.fixed_dictionaries(
    {}, optional={"negated": st.booleans(), "status": st.sampled_from(["present", "absent"])}
)


@hypothesis_settings(max_examples=tries(40), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.dictionaries(st.sampled_from(WORDS), valued, max_size=4),
    st.dictionaries(st.sampled_from(WORDS), valued, max_size=5),
    st.sets(st.sampled_from(WORDS)),
)
def test_attributes_come_to_what_the_gold_says(
    tmp_path: Path, true: dict[Any, Any], said: dict[Any, Any], seen: set[Any]
) -> None:
    entities = {
        n: Entity("DISEASE", (Span("s1v1", *place),), number=n, attributes=values)
        for n, (place, values) in enumerate(sorted(true.items()), 1)
    }
    suggested = [Suggestion("entity", "DISEASE", (Span("s1v1", *place),), source="run") for place in seen]
    suggested += [
        Suggestion("attribute", name, (Span("s1v1", *place),), value, 0.8, source="run")
        for place, values in said.items()
        for name, value in values.items()
    ]
    session, effort, acts = played(tmp_path, Annotations(entities), suggested, VALUED)
    held = {e.span: dict(e.attributes) for e in session.document.version.annotations.entities.values()}
    assert {(span.start, span.end) for span in held} == set(true)
    for place, values in true.items():
        found = held[Span("s1v1", *place)]
        assert found.get("negated", False) == values.get("negated", False)
        if "status" in values:
            assert found["status"] == values["status"]
    assert effort.keys >= acts


def test_a_given_entity_costs_the_key_of_its_value(tmp_path: Path) -> None:
    place = Span("s1v1", 38, 55)
    gold = Annotations({1: Entity("DISEASE", (place,), number=1, attributes={"status": "absent"})})
    given = Suggestion("entity", "DISEASE", (place,), source="run")
    _, effort, _ = played(tmp_path, gold, [given], VALUED)
    assert effort.keys == 2, "the value, and confirming"
    told = Suggestion("attribute", "status", (place,), "absent", 0.9, source="run")
    _, effort, _ = played(tmp_path, gold, [given, told], VALUED)
    assert effort.keys == 1, "confirming"

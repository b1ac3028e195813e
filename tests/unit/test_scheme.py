"""Schemes: names are checked, ids come from one counter."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tui_annotate.domain.scheme import Attribute, Choice, DocumentLabel, EntityType, RelationType, Scheme, joined
from tui_annotate.errors import SchemeError


def test_ids_come_from_one_counter_and_stay() -> None:
    scheme = Scheme(
        (EntityType("Drug"), EntityType("Dose", id="e_7")), (DocumentLabel("Urgent", "boolean"),)
    ).numbered()
    assert [e.id for e in scheme.entities] == ["e_8", "e_7"]
    assert scheme.labels[0].id == "m_9"
    grown = scheme.with_entity(EntityType("Route"))
    assert grown.entities[:2] == scheme.entities
    assert grown.entities[2].id == "e_10"


def test_what_two_programs_made_of_one_scheme_is_joined() -> None:
    ward = DocumentLabel("ward", "choice", (Choice("a"),))
    base = Scheme((EntityType("Drug"),), (ward, DocumentLabel("urgent", "boolean"))).numbered()
    held = base.with_entity(EntityType("Dose")).with_label(replace(base.labels[0], options=(Choice("a"), Choice("b"))))
    mine = base.with_entity(EntityType("Route")).with_label(replace(base.labels[0], options=(Choice("a"), Choice("c"))))
    mine = replace(mine, entities=(replace(mine.entities[0], color="red"), *mine.entities[1:]))
    both = joined(held, mine, base)
    assert [(e.name, e.color) for e in both.entities] == [("Drug", "red"), ("Dose", ""), ("Route", "")]
    assert [o.value for o in both.labels[0].options] == ["a", "b", "c"]
    ids = [*(e.id for e in both.entities), *(m.id for m in both.labels)]
    assert len(set(ids)) == len(ids)
    assert all(ids)
    assert joined(held, base, base) == held
    assert joined(base, mine, base) == mine


@pytest.mark.parametrize("name", ["", " Drug", "Drug\n"])
def test_a_name_must_be_a_name(name: str) -> None:
    with pytest.raises(SchemeError, match="name"):
        Scheme((EntityType(name),))


def test_a_name_stands_once_in_its_kind() -> None:
    with pytest.raises(SchemeError, match="twice"):
        Scheme((EntityType("Drug"), EntityType("Drug")))
    assert Scheme((EntityType("Drug"),), relations=(RelationType("Drug"),)).entity("Drug") is not None


@pytest.mark.parametrize(
    ("model", "fine"),
    [
        ("assertion_jsl_annotation_manual.model", True),
        ("nerve-status", True),
        ("attributes:status-3", True),
        ("entities-3", False),
        ("ner_clinical", False),
        ("spacy-ner", False),
        ("deid", False),
    ],
)
def test_an_assertion_status_needs_a_model_of_its_own_kind(model: str, fine: bool) -> None:
    types = (EntityType("Drug", model="deid"),)
    scheme = Scheme(types, attributes=(Attribute("status", "boolean", assertion=True, model=model),))
    assert (scheme.faults == []) is fine
    assert not replace(scheme, attributes=(Attribute("status", "boolean", model=model),)).faults


def test_attributes_that_are_no_text_can_be_learned() -> None:
    held = (Attribute("status", "choice", (Choice("absent"),)), Attribute("note", "text"), Attribute("past", "boolean"))
    assert Scheme((EntityType("Drug"),), attributes=held).tasks == ["entities", "attributes:status", "attributes:past"]


def test_choices_need_options() -> None:
    with pytest.raises(SchemeError, match="option"):
        Scheme(labels=(DocumentLabel("Age", "choice"),))


@pytest.mark.parametrize(
    ("scheme", "single"),
    [
        (Scheme(labels=(DocumentLabel("IsSpam", "boolean"),)), True),
        (Scheme(labels=(DocumentLabel("Age", "choice", (Choice("young"), Choice("old"))),)), True),
        (Scheme(labels=(DocumentLabel("Tags", "choices", (Choice("a"),)),)), False),
        (Scheme((EntityType("Drug"),), (DocumentLabel("IsSpam", "boolean"),)), False),
        (Scheme(labels=(DocumentLabel("A", "boolean"), DocumentLabel("B", "boolean"))), False),
    ],
)
def test_one_key_answers_only_where_there_is_one_question(scheme: Scheme, single: bool) -> None:
    assert scheme.is_single_choice is single


def test_values_of_a_label() -> None:
    assert DocumentLabel("IsSpam", "boolean").values == (True, False)
    assert DocumentLabel("Age", "choice", (Choice("young"),)).values == ("young",)
    assert DocumentLabel("Note", "text").values == ()

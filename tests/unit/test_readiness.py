"""Whether gold can teach a task, and what is said when it cannot."""

from __future__ import annotations

import pytest

from tui_annotate.domain.annotations import Annotations, Entity, LabelContent, LabelValue
from tui_annotate.domain.readiness import check, evidence
from tui_annotate.domain.scheme import Choice, DocumentLabel, EntityType, Scheme
from tui_annotate.domain.spans import Span
from tui_annotate.errors import PoorExamplesError, TooFewExamplesError

KIND = DocumentLabel("kind", "choice", (Choice("order"), Choice("note")))
SCHEME = Scheme(
    (EntityType("DRUG"), EntityType("GENE")),
    (KIND, DocumentLabel("spam", "boolean"), DocumentLabel("t", "choices", KIND.options)),
)


def label(name: str, value: LabelContent) -> Annotations:
    return Annotations(labels={name: LabelValue(name, value)})


def entities(*types: str) -> Annotations:
    return Annotations(entities={n: Entity(t, (Span("p", n, n + 1),), number=n) for n, t in enumerate(types)})


def test_each_type_is_counted_and_fewer_than_forty_are_said_to_be_few() -> None:
    gold = [(n, entities("DRUG", "DRUG", "old type")) for n in range(25)]
    found = evidence("entities", SCHEME, gold)
    assert (found.documents, found.answered) == (25, 25)
    assert [(row.name, row.count, row.advice) for row in found.rows(SCHEME)] == [
        ("DRUG", 50, "OK"),
        ("GENE", 0, "needs 40"),
    ]
    check(found, SCHEME)


@pytest.mark.parametrize(
    ("task", "gold", "says"),
    [
        ("entities", [], "no confirmed document"),
        ("entities", [entities("old type")] * 3, "none of the scheme's types"),
        ("labels:kind", [label("spam", True)] * 3, "no value of kind"),
    ],
)
def test_too_few_completions(task: str, gold: list[Annotations], says: str) -> None:
    with pytest.raises(TooFewExamplesError, match=says) as caught:
        check(evidence(task, SCHEME, list(enumerate(gold))), SCHEME)
    assert not isinstance(caught.value, PoorExamplesError)
    assert caught.value.hint


def test_what_was_asked_for_is_said_where_nothing_of_it_is_confirmed() -> None:
    nothing = evidence("entities", SCHEME, [])
    with pytest.raises(
        TooFewExamplesError, match="no confirmed document tagged a or b that a reviewer accepted to"
    ) as e:
        check(nothing, SCHEME, tags=("a", "b"), reviewed=True)
    assert "Only those were asked for" in e.value.hint


@pytest.mark.parametrize(
    ("task", "gold", "says"),
    [
        ("labels:kind", [label("kind", "note")] * 9, "all of them say 'note'"),
        ("labels:spam", [label("spam", True)] * 9, "all of them say 'True'"),
        ("labels:t", [label("t", ())] * 9, "nothing to tell apart"),
    ],
)
def test_completions_that_cannot_teach(task: str, gold: list[Annotations], says: str) -> None:
    with pytest.raises(PoorExamplesError, match=says):
        check(evidence(task, SCHEME, list(enumerate(gold))), SCHEME)


def test_a_boolean_that_is_never_set_false_is_false_where_a_document_leaves_it_out() -> None:
    gold = [(1, label("spam", True)), (2, Annotations())]
    check(evidence("labels:spam", SCHEME, gold), SCHEME)


def test_documents_of_one_text_with_different_answers_contradict_each_other() -> None:
    pairs = [(text, label("kind", value)) for text in range(5) for value in ("note", "order")]
    found = evidence("labels:kind", SCHEME, pairs)
    assert found.contradicted == 10
    with pytest.raises(PoorExamplesError, match="10 of 10 documents contradict"):
        check(found, SCHEME)
    others = [(100 + n, label("kind", "note")) for n in range(30)]
    check(evidence("labels:kind", SCHEME, [*pairs, *others]), SCHEME)

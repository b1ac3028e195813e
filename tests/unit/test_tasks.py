"""Which tasks are meant, which one classifier is first, and what deploying a run changes."""

from __future__ import annotations

import pytest

from tui_annotate.domain import deployment
from tui_annotate.domain.annotations import Suggestion
from tui_annotate.domain.scheme import Attribute, Choice, DocumentLabel, EntityType, Scheme
from tui_annotate.domain.spans import Span
from tui_annotate.domain.tasks import first_classifier, resolve, why_first
from tui_annotate.errors import NothingToDoError, UsageError

OPTIONS = (Choice("a"), Choice("b"))
SMOKING, GENDER, AGE = (DocumentLabel(name, "choice", OPTIONS) for name in ("smokingstatus", "gender", "age"))


def test_of_several_classifiers_the_first_name_is_trained_unless_one_says_train() -> None:
    scheme = Scheme(labels=(SMOKING, AGE, GENDER, DocumentLabel("a note", "text")))
    first = first_classifier(scheme)
    assert first is not None
    assert why_first(first) == "age (first by name)"
    wanted = DocumentLabel("gender", "choice", OPTIONS, train=True)
    first = first_classifier(Scheme(labels=(SMOKING, AGE, wanted)))
    assert first is not None
    assert why_first(first) == "gender (train=true)"
    assert first_classifier(Scheme(labels=(DocumentLabel("note", "text"),))) is None


def test_tasks_are_named_whole_or_by_label_in_the_order_of_the_scheme() -> None:
    scheme = Scheme((EntityType("DRUG"),), (SMOKING, AGE), (Attribute("status", "choice", OPTIONS),))
    everything = ["entities", "labels:smokingstatus", "labels:age", "attributes:status"]
    assert resolve(scheme) == everything
    assert resolve(scheme, ["labels"]) == ["labels:age"]
    assert resolve(scheme, ["status", "entities", "entities"]) == ["entities", "attributes:status"]
    for wrong, hint in (("entites", "entities"), ("agee", "labels:age"), ("labels:aeg", "labels:age")):
        with pytest.raises(UsageError) as caught:
            resolve(scheme, [wrong])
        assert hint in caught.value.hint
    both = Scheme((), (AGE,), (Attribute("age", "choice", OPTIONS),))
    with pytest.raises(UsageError, match="several tasks"):
        resolve(both, ["age"])
    with pytest.raises(NothingToDoError):
        resolve(Scheme(), ["entities"])


def test_deploying_leaves_labels_that_are_tied_to_an_outside_model() -> None:
    scheme = Scheme((EntityType("ORG"), EntityType("GENE", model="bionlp"), EntityType("PER")), (AGE,))
    found = deployment.changes(scheme, "entities", old="entities-3", new="entities-4")
    assert [(change.label, change.is_change) for change in found] == [("ORG", True), ("GENE", False), ("PER", True)]
    assert deployment.said(found) == [
        "ORG, PER: entities-3 → entities-4",
        "GENE: stays with the outside model bionlp",
    ]
    (change,) = deployment.changes(scheme, "labels:age", old="", new="labels:age-1")
    assert deployment.said([change]) == ["age: no run → labels:age-1"]
    span = (Span("s1p1", 0, 3),)
    shown = [Suggestion("entity", "ORG", span), Suggestion("entity", "GENE", span), Suggestion("label", "GENE")]
    assert deployment.ours(scheme, shown) == [shown[0], shown[2]]

"""What a training would be made on, before it is asked for."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.learn.making import SCHEME, corpus
from tui_annotate.domain.scheme import Choice, DocumentLabel, Scheme
from tui_annotate.errors import UsageError
from tui_annotate.learn.messages import TrainOptions
from tui_annotate.services.preflight import engines_of, preflight
from tui_annotate.store import documents
from tui_annotate.store.connection import Corpus


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return corpus(tmp_path_factory.mktemp("flight") / "c.db", gold=45, test=5, pending=3)


def test_examples_of_each_label_are_counted_with_the_advice(made: Path) -> None:
    with Corpus.open(made, readonly=True) as opened:
        found = preflight(opened, TrainOptions())
    assert found.obstacle is None
    assert found.uses == {"train": 45, "test": 5}
    assert found.classifier == "kind (first by name)"
    assert [(one.task, one.engine, one.documents) for one in found.tasks] == [
        ("entities", "entities", 45),
        ("labels:kind", "labels", 45),
        ("labels:urgent", "labels", 45),
        ("labels:topics", "labels", 45),
    ]
    entities, kind, _, topics = found.tasks
    assert [(row.name, row.count, row.advice) for row in entities.examples] == [
        ("DRUG", 45, "OK"),
        ("DISEASE", 45, "OK"),
    ]
    assert [(row.name, row.count, row.advice) for row in kind.examples] == [
        ("order", 22, "needs 40"),
        ("note", 23, "needs 40"),
    ]
    assert (entities.is_early, kind.is_early) == (False, True)
    assert ("never", 0) in [(row.name, row.count) for row in topics.examples]


def test_what_stands_in_the_way_is_said_with_its_cause(made: Path, tmp_path: Path) -> None:
    with Corpus.open(made, readonly=True) as opened:
        wrong = preflight(opened, TrainOptions(parameters={"cc": 1}))
        tagged = preflight(opened, TrainOptions(tags=["round 9"], tasks=["entities"]))
    assert wrong.obstacle is not None
    assert (wrong.obstacle.cause, wrong.tasks) == ("parameters", ())
    assert tagged.obstacle is not None
    assert (tagged.obstacle.cause, tagged.uses["not asked for"]) == ("completions", 45)
    scheme = Scheme(SCHEME.entities, (*SCHEME.labels, DocumentLabel("new", "choice", (Choice("a"), Choice("b")))))
    with Corpus.open(corpus(tmp_path / "c.db", gold=4, pending=1, scheme=scheme)) as opened:
        first = documents.find(opened, "note-0")
        assert first is not None
        documents.add_tag(opened, first, "one", annotator="ann")
        some = preflight(opened, TrainOptions())
        one = preflight(opened, TrainOptions(tags=["one"], tasks=["labels:kind"]))
    assert some.obstacle is None
    assert [task.task for task in some.tasks if task.obstacle is not None] == ["labels:new"]
    assert one.obstacle is not None
    assert one.obstacle.cause == "quality"


@pytest.mark.parametrize(
    ("engines", "says"),
    [
        ({"entities": "spacy-nr"}, "Did you mean spacy-ner"),
        ({"labels:kind": "spacy-ner"}, "cannot learn 'labels:kind'. These can: labels"),
        ({"labels:kinds": "labels"}, "Did you mean labels:kind"),
    ],
)
def test_engines_are_set_only_for_what_they_can_learn(engines: dict[str, str], says: str) -> None:
    with pytest.raises(UsageError) as caught:
        engines_of(SCHEME, engines)
    assert says in str(caught.value)
    assert engines_of(SCHEME, {"kind": "labels", "entities": "spacy-ner"}) == {
        "labels:kind": "labels",
        "entities": "spacy-ner",
    }

"""What a training was asked for, made definite before anything slow begins."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tui_annotate.domain.scheme import Choice, DocumentLabel, EntityType, Scheme
from tui_annotate.errors import AnnotateError, ParameterError, UsageError
from tui_annotate.learn.asked import settle
from tui_annotate.learn.messages import Cause, TrainingFailed, TrainOptions
from tui_annotate.store.settings import Settings

SCHEME = Scheme((EntityType("DRUG"),), (DocumentLabel("kind", "choice", (Choice("a"), Choice("b"))),))
SET = Settings(train_tags=("round 1",), train_on="reviewed", tie="recent", seed=3, engines={"entities": "spacy-ner"})


def test_what_is_not_asked_for_is_as_the_corpus_is_set() -> None:
    asked = settle(TrainOptions(), SCHEME, SET)
    assert [(lesson.task, lesson.engine.name) for lesson in asked.lessons] == [
        ("entities", "spacy-ner"),
        ("labels:kind", "labels"),
    ]
    assert (asked.tags, asked.reviewed, asked.tie, asked.seed) == (("round 1",), True, "recent", 3)
    assert asked.validation == 0.2
    assert settle(TrainOptions(), SCHEME, SET, trigger="active learning").validation == 0
    other = TrainOptions(
        tags=[], reviewed=False, tie="priority", seed=0, validation=0.0, engine="entities", tasks=["entities"]
    )
    asked = settle(other, SCHEME, SET)
    assert (asked.tags, asked.reviewed, asked.tie, asked.seed, asked.validation) == ((), False, "priority", 0, 0.0)
    assert asked.lessons[0].engine.name == "entities"


def test_each_engine_takes_the_parameters_that_it_has() -> None:
    given = {"c1": 0.1, "c": 3, "epochs": 7, "labels.iterations": 9}
    entities, labels = settle(TrainOptions(parameters=given), SCHEME, Settings()).lessons
    assert entities.parameters == {"c1": 0.1, "iterations": 7}
    assert labels.parameters == {"c": 3, "iterations": 9}


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"parameters": {"itterations": 3}}, "Did you mean iterations"),
        ({"parameters": {"c1": "much"}}, "c1 of entities takes a number from 0, not much"),
        ({"parameters": {"c1": -1}}, "c1 of entities takes a number from 0, not -1"),
        ({"parameters": {"vectors": "maybe"}}, "vectors of entities takes true or false, not maybe"),
        ({"parameters": {"spacy-ner.epochs": 3}}, "no engine 'spacy-ner' is to be trained"),
        ({"validation": 0.9}, "0 to 0.5"),
        ({"parameters": {"c1": float("nan")}}, "no number to compute with"),
        ({"parameters": {"c1": float("inf")}}, "no number to compute with"),
        ({"parameters": {"iterations": 10**30}}, "no number to compute with"),
        ({"seed": -1}, "A seed is"),
        ({"seed": 10**30}, "A seed is"),
        ({"script": "gone.py", "tasks": ["entities"]}, "no script gone.py"),
    ],
)
def test_a_wrong_parameter_is_named_with_the_nearest_right_one(options: dict[str, Any], says: str) -> None:
    with pytest.raises(ParameterError) as caught:
        settle(TrainOptions(**options), SCHEME, Settings())
    assert says in str(caught.value)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"engine": "spacy-nr"}, "Did you mean spacy-ner"),
        ({"engine": "labels", "tasks": ["entities"]}, "These can: entities"),
        ({"script": __file__}, "Say which"),
    ],
)
def test_a_wrong_engine_is_named_with_those_that_fit(options: dict[str, Any], says: str) -> None:
    with pytest.raises(UsageError) as caught:
        settle(TrainOptions(**options), SCHEME, Settings())
    assert says in str(caught.value)


def test_a_script_trains_one_task_and_takes_any_parameter() -> None:
    options = TrainOptions(tasks=["entities"], script=__file__, parameters={"layers": 3})
    (lesson,) = settle(options, SCHEME, Settings()).lessons
    assert lesson.engine.name == "custom"
    assert lesson.parameters == {"layers": 3, "script": str(Path(__file__).absolute())}


def test_active_learning_starts_no_slow_engine_unless_the_corpus_says_so() -> None:
    for known, engine in ((Settings(), "entities"), (SET, "spacy-ner")):
        asked = settle(TrainOptions(), SCHEME, known, trigger="active learning")
        assert asked.lessons[0].engine.name == engine
    asked = settle(TrainOptions(), SCHEME, Settings(engines={"entities": "gone"}), trigger="active learning")
    assert [lesson.task for lesson in asked.lessons] == ["labels:kind"]
    assert "gone" in str(asked.refused["entities"])


@pytest.mark.parametrize(
    ("kind", "cause"),
    [
        ("TooFewExamplesError", "completions"),
        ("PoorExamplesError", "quality"),
        ("ResourcesError", "resources"),
        ("ParameterError", "parameters"),
        ("LearnError", "other"),
    ],
)
def test_every_failure_has_one_of_the_known_causes(kind: str, cause: Cause) -> None:
    assert TrainingFailed(message="x", kind=kind).cause == cause


def test_wrong_options_are_told_apart_from_wrong_data() -> None:
    with pytest.raises(AnnotateError) as caught:
        settle(TrainOptions(tasks=["nothing"]), SCHEME, Settings())
    assert isinstance(caught.value, UsageError)


def test_the_language_of_the_corpus_goes_to_engines_that_ask_for_one() -> None:
    known = Settings(language="de")
    (lesson,) = settle(TrainOptions(tasks=["entities"], engine="spacy-ner"), SCHEME, known).lessons
    assert lesson.parameters == {"language": "de"}
    said = TrainOptions(tasks=["entities"], engine="spacy-ner", parameters={"language": "ro"})
    assert settle(said, SCHEME, known).lessons[0].parameters == {"language": "ro"}
    assert settle(TrainOptions(tasks=["entities"]), SCHEME, known).lessons[0].parameters == {}


def test_a_script_is_for_one_task_and_the_others_keep_their_engines(tmp_path: Path) -> None:
    script = tmp_path / "mine.py"
    script.write_text("")
    options = TrainOptions(engines={"entities": "custom"}, script=str(script), parameters={"labels.c": 3})
    entities, labels = settle(options, SCHEME, Settings()).lessons
    assert (entities.engine.name, entities.parameters) == ("custom", {"script": str(script)})
    assert (labels.engine.name, labels.parameters) == ("labels", {"c": 3})
    for wrong in (TrainOptions(script=str(script)), TrainOptions(script=str(script), engine="labels", tasks=["kind"])):
        with pytest.raises(UsageError):
            settle(wrong, SCHEME, Settings())
    with pytest.raises(UsageError, match="needs a script"):
        settle(TrainOptions(engine="custom", tasks=["entities"]), SCHEME, Settings())


def test_all_tasks_by_name_are_as_all_tasks_and_one_that_cannot_be_learned_stops_no_other() -> None:
    lost = Settings(engines={"entities": "uninstalled"})
    for tasks in ([], list(SCHEME.tasks)):
        asked = settle(TrainOptions(tasks=tasks), SCHEME, lost)
        assert [lesson.task for lesson in asked.lessons] == ["labels:kind"]
        assert list(asked.refused) == ["entities"]
    with pytest.raises(UsageError, match="uninstalled"):
        settle(TrainOptions(tasks=["entities"]), SCHEME, lost)

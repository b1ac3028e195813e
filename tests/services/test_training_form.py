"""The form of a training: what is chosen becomes what the learner is asked for."""

from __future__ import annotations

import pytest

from tui_annotate.domain.scheme import Choice, DocumentLabel, EntityType, Scheme
from tui_annotate.errors import ParameterError
from tui_annotate.services.training_form import STEPS, Control, TrainingForm
from tui_annotate.store.settings import Settings

SCHEME = Scheme(
    entities=(EntityType("DRUG"),),
    labels=(DocumentLabel("smoker", "choice", (Choice("yes"), Choice("no"))),),
)


def named(form: TrainingForm) -> dict[str, Control]:
    return {control.id: control for control in form.controls()}


def test_an_untouched_form_asks_for_all_tasks_as_the_corpus_is_set() -> None:
    form = TrainingForm(SCHEME, Settings(train_tags=("gold",), train_on="reviewed"))
    options = form.options()
    assert options.tasks == ["entities", "labels:smoker"]
    assert (options.engines, options.parameters, options.tags, options.reviewed) == ({}, {}, ["gold"], True)
    assert (options.validation, options.deploy, form.settings()) == (0.2, True, {})


def test_the_steps_of_the_wizard_make_the_form() -> None:
    form = TrainingForm(SCHEME, Settings())
    by_step = [control.id for step in STEPS for control in form.controls(step)]
    assert by_step == [control.id for control in form.controls()]
    assert all(form.controls(step) for step in STEPS)
    assert all(control.help for control in form.controls())


def test_an_engine_brings_its_parameters_and_their_bounds() -> None:
    form = TrainingForm(SCHEME, Settings())
    assert "parameter entities c1" in named(form)
    form.change("engine entities", "spacy-ner")
    controls = named(form)
    assert "parameter entities c1" not in controls
    assert controls["parameter spacy-ner dropout"].title == "dropout of spacy-ner"
    form.change("parameter spacy-ner dropout", "0.3")
    form.change("parameter spacy-ner epochs", "5")
    assert form.options().parameters == {"spacy-ner.dropout": 0.3, "spacy-ner.epochs": 5}
    assert form.options().engines == {"entities": "spacy-ner"}
    for wrong in ("1", "-0.1", "much", "nan", "inf", ""):
        with pytest.raises(ParameterError):
            form.change("parameter spacy-ner dropout", wrong)
    with pytest.raises(ParameterError, match="whole number"):
        form.change("parameter spacy-ner epochs", "2.5")
    form.change("parameter spacy-ner dropout", controls["parameter spacy-ner dropout"].typed)
    assert form.options().parameters == {"spacy-ner.epochs": 5}


def test_tasks_are_left_out_and_one_must_stay() -> None:
    form = TrainingForm(SCHEME, Settings())
    form.change("task entities", "no")
    assert form.options().tasks == ["labels:smoker"]
    assert "engine entities" not in named(form)
    form.change("task labels:smoker", "no")
    with pytest.raises(ParameterError, match="No task"):
        form.options()


def test_n_shows_only_while_active_learning_is_on() -> None:
    form = TrainingForm(SCHEME, Settings())
    assert named(form)["setting retrain_every"].value == "10 confirmations"
    form.change("setting retrain_every", "50")
    form.change("setting deploy", "never")
    assert form.settings() == {"retrain_every": 50, "deploy": "never"}
    form.change("setting active_learning", "false")
    assert "setting retrain_every" not in named(form)
    form.change("setting active_learning", "true")
    assert form.settings() == {"retrain_every": 50, "deploy": "never"}


def test_what_is_typed_about_the_data_is_checked() -> None:
    form = TrainingForm(SCHEME, Settings())
    form.change("tags", " Train, gold ,")
    form.change("validation", "0")
    form.change("seed", "7")
    form.change("warm", "yes")
    form.change("deploy", "no")
    options = form.options()
    assert (options.tags, options.validation, options.seed, options.warm, options.deploy) == (
        ["Train", "gold"],
        0.0,
        7,
        True,
        False,
    )
    for id, wrong in (("validation", "0.9"), ("validation", "x"), ("seed", "-1"), ("seed", "x")):
        with pytest.raises(ParameterError):
            form.change(id, wrong)


def test_a_script_goes_when_its_engine_does() -> None:
    form = TrainingForm(SCHEME, Settings())
    form.change("task labels:smoker", "no")
    form.change("engine entities", "custom")
    form.change("script", "mine.py")
    assert form.options().script == "mine.py"
    form.change("engine entities", "entities")
    assert form.options().script == ""


@pytest.mark.parametrize("seed", ["-1", "1.5", "9" * 5000])
def test_a_seed_that_is_none_is_refused(seed: str) -> None:
    with pytest.raises(ParameterError):
        TrainingForm(SCHEME, Settings()).change("seed", seed)

"""Settings and scheme of a corpus."""

from __future__ import annotations

import pytest

from tests.store import making
from tui_annotate.domain.decisions import Kind
from tui_annotate.domain.scheme import EntityType, Scheme
from tui_annotate.errors import ParameterError
from tui_annotate.store import log, settings
from tui_annotate.store.connection import Corpus
from tui_annotate.store.settings import Settings


def test_what_is_set_stays_and_the_rest_has_defaults(corpus: Corpus) -> None:
    assert settings.load(corpus) == Settings()
    changed = settings.change(corpus, retrain_every=50, order="file")
    assert changed == settings.load(corpus) == Settings(retrain_every=50, order="file")


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"retrain_evry": 5}, "Did you mean retrain_every"),
        ({"zzz": 5}, "There are retrain_every"),
        ({"order": "backwards"}, "Choose one of informative, random, file"),
        ({"retrain_every": "often"}, "retrain_every is a whole number, not 'often'"),
        ({"retrain_every": -1}, "from 0"),
        ({"holdout_share": 1.0}, "must be from"),
        ({"active_learning": 1}, "active_learning is true or false, not 1"),
        ({"target": "high"}, "target is a number"),
    ],
)
def test_a_setting_that_makes_no_sense_is_refused_and_nothing_changed(
    corpus: Corpus, values: dict[str, object], says: str
) -> None:
    with pytest.raises(ParameterError, match=says):
        settings.change(corpus, tie="recent", **values)
    assert settings.load(corpus) == Settings()


def test_typed_text_becomes_a_value(corpus: Corpus) -> None:
    typed = {"retrain_every": "7", "holdout_share": "0.25", "active_learning": "false", "tie": "recent"}
    values = {name: settings.parse(name, text) for name, text in typed.items()}
    assert values == {"retrain_every": 7, "holdout_share": 0.25, "active_learning": False, "tie": "recent"}
    assert settings.parse("confirm_strictly", "yes") is settings.parse("queue_trainings", "On") is True
    assert settings.parse("active_learning", "off") is False
    with pytest.raises(ParameterError):
        settings.parse("retrain_every", "soon")
    with pytest.raises(ParameterError, match="active_learning is true or false, not 'maybe'"):
        settings.parse("active_learning", "maybe")


def test_n_follows_the_scheme_until_it_is_set() -> None:
    assert settings.effective_n(Settings(), making.SCHEME) == 10
    assert settings.effective_n(Settings(), Scheme(labels=making.SCHEME.labels)) == 5
    assert settings.effective_n(Settings(retrain_every=50), making.SCHEME) == 50


def test_a_new_scheme_gets_ids_and_is_logged_once(corpus: Corpus) -> None:
    wider = making.SCHEME.with_entity(EntityType("DOSE"))
    assert settings.set_scheme(corpus, wider, annotator="ann") == wider
    assert settings.set_scheme(corpus, wider, annotator="ann") == settings.scheme(corpus) == wider
    logged = [d.decision for d in log.history(corpus) if d.decision.kind is Kind.SCHEME]
    assert [(d.annotator, d.details) for d in logged] == [("ann", {"number": 2}), ("master", {"number": 1})]
    assert all(type.id for type in wider.entities)

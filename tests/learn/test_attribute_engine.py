"""The engine of attributes: what stands left and right of an entity tells its value."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from tui_annotate.domain.annotations import Annotations, Entity
from tui_annotate.domain.documents import Document, Part
from tui_annotate.domain.interchange import ExchangedDocument, ExchangedVersion
from tui_annotate.domain.scheme import Attribute, Choice, EntityType, Scheme
from tui_annotate.domain.spans import Span
from tui_annotate.errors import LearnError, TooFewExamplesError
from tui_annotate.learn.engines.assertion import AttributeEngines, AttributeModel, read_targets
from tui_annotate.learn.engines.base import Example, no_progress
from tui_annotate.learn.engines.contexts import ContextSpace, learn_context_space, load_context_space
from tui_annotate.learn.mentions import about_gold, of_gold
from tui_annotate.learn.metrics import evaluate
from tui_annotate.learn.serving import Serving
from tui_annotate.learn.spaces import Encoded
from tui_annotate.store import documents, settings
from tui_annotate.store.connection import Corpus
from tui_annotate.store.intake import Intake

STATUS = Attribute("status", "choice", (Choice("present"), Choice("absent"), Choice("past")))
ABSENT = Attribute("absent", "boolean", on=("FINDING",))
SCHEME = Scheme((EntityType("FINDING"), EntityType("DRUG")), attributes=(STATUS, ABSENT))
FINDINGS = ("fever", "cough", "chest pain", "nausea", "oedema", "a rash")
SAID = {
    "present": ("She has {} now.", "He complains of {} today.", "There is {} on both sides."),
    "absent": ("No {} was found.", "She denies {}.", "The lungs are without {}."),
    "past": ("Five years ago he had {}.", "A history of {} is known.", "She had {} in 2011."),
}
"""Two statements stand in each document, so that the value hangs on the nearest words."""


def example(number: int) -> Example:
    chance = random.Random(number)
    text, entities = "", {}
    for index in (1, 2):
        status = chance.choice(list(SAID))
        finding = chance.choice(FINDINGS)
        sentence = chance.choice(SAID[status]).format(finding)
        start = len(text) + sentence.index(finding)
        attributes: dict[str, str | bool] = {"status": status, **({"absent": True} if status == "absent" else {})}
        span = Span("p", start, start + len(finding))
        entities[index] = Entity("FINDING", (span,), number=index, attributes=attributes)
        text += f"{sentence} "
    return Example(number, Document(f"d{number}", (Part("p", f"{text}Bed {number}."),)), Annotations(entities))


TRAIN, TEST = [example(n) for n in range(60)], [example(n) for n in range(100, 130)]


@pytest.fixture(scope="module")
def space() -> ContextSpace:
    return learn_context_space([e.document for e in TRAIN])


def fit(attribute: Attribute, space: ContextSpace, gold: Sequence[Example] = TRAIN) -> AttributeModel:
    engine = AttributeEngines().create(f"attributes:{attribute.name}", SCHEME, space)
    encodings = about_gold(space.encode([e.document for e in gold]), gold)
    return engine.fit(gold, encodings, parameters={}, seed=0, progress=no_progress)


def predicted(model: AttributeModel, gold: Sequence[Example] = TEST) -> list[list[object]]:
    found = model.predict(about_gold(model.space.encode([e.document for e in gold]), gold), run="r")
    return [[s.value for s in suggestions] for suggestions in found]


def test_values_are_told_by_their_context(space: ContextSpace) -> None:
    model = fit(STATUS, space)
    true = [[e.attributes["status"] for e in gold.annotations.entities.values()] for gold in TEST]
    right = [
        a == b for ours, theirs in zip(true, predicted(model), strict=True) for a, b in zip(ours, theirs, strict=True)
    ]
    assert np.mean(right) > 0.95
    gold = [e.annotations for e in TEST]
    encodings = about_gold(space.encode([e.document for e in TEST]), TEST)
    figures = evaluate("attributes:status", SCHEME, gold, model.predict(encodings, run="r"))
    assert figures["headline"]["name"] == "accuracy"
    assert figures["accuracy"]["value"] == np.mean(right)
    assert set(figures["values"]) == set(SAID)
    assert figures["values"]["absent"]["f1"]["value"] > 0.9


def test_a_model_says_what_it_is_made_of(space: ContextSpace) -> None:
    said = fit(STATUS, space).architecture
    assert f"over {space.columns + 2:,} features" in said
    assert "classes: absent, past, present" in said


def test_a_boolean_left_unset_is_false(space: ContextSpace) -> None:
    model = fit(ABSENT, space)
    assert any("count as false" in note for note in model.report.notes)
    assert model.details.values == [False, True]
    figures = evaluate(
        "attributes:absent",
        SCHEME,
        [e.annotations for e in TEST],
        model.predict(about_gold(space.encode([e.document for e in TEST]), TEST)),
    )
    assert figures["values"]["True"]["f1"]["value"] > 0.9
    half = [TRAIN[0], example(1)]
    for held in half[1].annotations.entities.values():
        held.attributes["absent"] = False  # type: ignore[index]
    _, _, targets, _ = read_targets(ABSENT, half)
    assert len(targets) == 4, "one that is set false leaves the others false"


def test_a_saved_model_says_the_same_and_a_damaged_one_nothing(space: ContextSpace, tmp_path: Path) -> None:
    model = fit(STATUS, space)
    model.save(tmp_path)
    space.save(tmp_path / "space.npz")
    again = load_context_space(tmp_path / "space.npz")
    assert again.digest == space.digest
    assert predicted(AttributeEngines().load(tmp_path, again)) == predicted(model)
    (tmp_path / "attribute.skops").write_bytes(b"no model")
    with pytest.raises(LearnError, match="altered"):
        AttributeEngines().load(tmp_path, again)


def test_signals_are_of_the_least_sure_entity(space: ContextSpace) -> None:
    model = fit(STATUS, space)
    encodings = space.encode([e.document for e in TEST])
    both = model.signals(about_gold(encodings, TEST))
    first = model.signals(encodings.about([of_gold(e.annotations)[:1] for e in TEST]))
    none = model.signals(encodings)
    assert (both.margin <= first.margin + 1e-9).all()
    assert (both.log_prob <= first.log_prob + 1e-9).all()
    assert (none.margin == 1).all()
    assert none.vectors.shape == both.vectors.shape
    assert [signals.confidence.max() for signals in (none,)] == [1.0]


def test_only_the_types_that_take_it_are_asked(space: ContextSpace) -> None:
    model = fit(ABSENT, space)
    document = TEST[0].document
    span = Span("p", 0, 3)
    encodings = space.encode([document]).about([[("DRUG", (span,)), ("FINDING", (span,)), ("FINDING", (span,))]])
    ((suggestion,),) = model.predict(encodings, run="absent-1")
    assert (suggestion.target, suggestion.spans, suggestion.run) == ("attribute", (span,), "absent-1")


def test_one_value_is_nothing_to_tell_apart(space: ContextSpace) -> None:
    same = [e for e in TRAIN if all(x.attributes["status"] == "past" for x in e.annotations.entities.values())]
    assert same
    with pytest.raises(TooFewExamplesError, match="all of them say 'past'"):
        fit(STATUS, space, same)
    with pytest.raises(TooFewExamplesError, match="0 confirmed entities"):
        fit(STATUS, space, [Example(1, TRAIN[0].document, Annotations())])


@pytest.mark.parametrize("texts", [[], [""], ["one"], ["one two", "one three"]])
def test_tiny_pools_give_a_space(texts: list[str]) -> None:
    space = learn_context_space([Document(str(n), (Part("p", text),)) for n, text in enumerate(texts)])
    assert fit(STATUS, space).report.documents == len(TRAIN)


def test_what_an_annotator_will_see_is_judged(space: ContextSpace, tmp_path: Path) -> None:
    given = {n: Entity(e.type, e.spans, number=n) for n, e in TEST[0].annotations.entities.items()}
    with Corpus.create(tmp_path / "c.db", scheme=SCHEME) as corpus:
        settings.change(corpus, holdout_share=0.0)
        version = ExchangedVersion(Annotations(given), confirmed=False)
        list(Intake(corpus).add([ExchangedDocument(TEST[0].document, (version,)), ExchangedDocument(TEST[1].document)]))
        ids = [documents.find(corpus, TEST[n].document.key) for n in (0, 1)]
        assert None not in ids
        serving = Serving(corpus)
        serving.put("attributes:status", "attributes:status-1", fit(STATUS, space), Encoded(space))
        ((_, found),) = serving.predict([id for id in ids if id is not None])
        assert [len(suggestions) for suggestions in found.values()] == [2, 0]

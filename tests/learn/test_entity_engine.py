from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import numpy as np
import pycrfsuite
import pytest

from tests.learn.making import SCHEME, document, examples
from tui_annotate.domain.agreement import exact, total
from tui_annotate.domain.annotations import Annotations, Entity, Suggestion
from tui_annotate.domain.documents import Document, Part
from tui_annotate.domain.scheme import EntityType, Scheme
from tui_annotate.domain.spans import Span
from tui_annotate.errors import LearnError, ParameterError, TooFewExamplesError
from tui_annotate.learn.engines import crffile
from tui_annotate.learn.engines.attributes import items
from tui_annotate.learn.engines.base import Example, OutOfFold, no_progress
from tui_annotate.learn.engines.entities import EntityEngine, EntityEngines, EntityModel
from tui_annotate.learn.engines.wordspace import WordSpace, learn_word_space, load_word_space

TRAIN, TEST = range(40), range(60, 100)


def fit(space: WordSpace, gold: list[Example], *, scheme: Scheme = SCHEME, **parameters: Any) -> EntityModel:
    """Fit on examples."""
    engine = EntityEngine(scheme, space)
    encodings = space.encode([example.document for example in gold])
    return engine.fit(gold, encodings, parameters=parameters, seed=0, progress=no_progress)


def f1(model: EntityModel) -> float:
    """Return the exact F1 on test notes."""
    gold = examples(TEST)
    found = model.predict(model.space.encode([example.document for example in gold]), run="r")
    ours = [(f"{e.type}", e.spans) for example in gold for e in example.annotations.entities.values()]
    place = [(s.name, s.spans) for suggestions in found for s in suggestions]
    assert all(document(n).has(s.span) for n, suggestions in zip(TEST, found, strict=True) for s in suggestions)
    return total(exact(ours, place)).f1


def one(text: str, *entities: tuple[str, int, int]) -> Example:
    """Return one document with entities."""
    held = {n: Entity(t, (Span("s1v1", a, b),), number=n) for n, (t, a, b) in enumerate(entities, 1)}
    return Example(1, Document("d", (Part("s1v1", text),)), Annotations(entities=held))


@pytest.fixture(scope="module")
def model(word_space: WordSpace) -> EntityModel:
    """Return a model of 40 notes."""
    return fit(word_space, examples(TRAIN))


def test_entities_are_learned(model: EntityModel) -> None:
    assert f1(model) > 0.9


def test_without_vectors_they_are_too(word_space: WordSpace) -> None:
    assert f1(fit(word_space, examples(TRAIN), vectors=False)) > 0.9


def test_a_saved_model_predicts_the_same(model: EntityModel, tmp_path: Path) -> None:
    model.save(tmp_path)
    model.space.save(tmp_path / "space.npz")
    again = EntityEngines().load(tmp_path, load_word_space(tmp_path / "space.npz"))
    documents = [document(n) for n in TEST]
    assert again.predict(again.space.encode(documents)) == model.predict(model.space.encode(documents))


def test_our_scores_lead_to_crfsuites_own_marginals(model: EntityModel, tmp_path: Path) -> None:
    path = tmp_path / "m.crfsuite"
    path.write_bytes(model.chains[0].data)
    tagger = pycrfsuite.Tagger()
    tagger.open(str(path))
    weights = crffile.read(path)
    assert list(weights.labels) == tagger.labels()
    info = tagger.info()
    assert {(a, b): w for (a, b), w in info.transitions.items()} == pytest.approx(
        {
            (a, b): round(float(weights.transitions[i, j]), 6)
            for i, a in enumerate(weights.labels)
            for j, b in enumerate(weights.labels)
            if (a, b) in info.transitions
        },
        abs=1e-5,
    )
    (sentence,) = model.space.encode([document(61)]).documents[0][:1]
    tagger.set(pycrfsuite.ItemSequence(items(sentence.words, model.space.describe(sentence.words))))
    (scores,) = model.chains[0].scorer.scores([sentence.numbers])
    theirs = np.array([[tagger.marginal(name, t) for name in weights.labels] for t in range(len(sentence.words))])
    (ours,) = model.chains[0].chain.posteriors([scores])
    # Ours gives nothing to sequences that BIO forbids, theirs very little.
    np.testing.assert_allclose(ours.marginals, theirs, atol=0.02)


def test_a_second_fit_equals_a_fresh_one(word_space: WordSpace) -> None:
    gold = examples(TRAIN)
    encodings = word_space.encode([example.document for example in gold])
    engine = EntityEngine(SCHEME, word_space)
    engine.prepare(gold[:30], encodings.select(range(30)), parameters={})
    grown = engine.fit(gold, encodings, parameters={}, seed=0, progress=no_progress)
    assert grown.chains[0].data == fit(word_space, gold).chains[0].data
    shrunk = engine.fit(gold[5:], encodings.select(range(5, 40)), parameters={}, seed=0, progress=no_progress)
    assert shrunk.chains[0].data == fit(word_space, gold[5:]).chains[0].data


def test_progress_goes_up_to_the_end(word_space: WordSpace) -> None:
    told: list[float] = []
    engine = EntityEngine(SCHEME, word_space)
    gold = examples(range(10))
    encodings = word_space.encode([example.document for example in gold])
    engine.fit(gold, encodings, parameters={}, seed=0, progress=lambda share, message: told.append(share))
    assert told == sorted(told)
    assert len(told) > 3
    assert told[-1] == 1.0


def test_suggestions_carry_probability_and_who(model: EntityModel) -> None:
    (found,) = model.predict(model.space.encode([document(60)]), run="entities-4", minimum=0.3)
    assert found
    assert all(s.who == ("ml:entities-4",) and s.run == "entities-4" and 0.3 <= s.prob <= 1 for s in found)
    (fewer,) = model.predict(model.space.encode([document(60)]), run="entities-4", minimum=0.999999)
    assert len(fewer) < len(found)


def test_an_entity_off_the_tokens_is_snapped_and_said(word_space: WordSpace) -> None:
    text = "Please give aspirin for angina today."
    off = fit(word_space, [*examples(TRAIN), one(text, ("DRUG", 13, 18))])
    assert any(
        note.startswith("1 entity: ends that meet no token") and "DRUG s1v1 13-18 in 'd'" in note
        for note in off.report.notes
    )
    right = fit(word_space, [*examples(TRAIN), one(text, ("DRUG", 12, 19))])
    assert off.chains[0].data == right.chains[0].data


def test_what_lies_over_another_is_left_out_and_said(word_space: WordSpace) -> None:
    text = "Please give warfarin sodium for angina today."
    over = fit(word_space, [*examples(TRAIN), one(text, ("DRUG", 12, 27), ("DISEASE", 12, 20))])
    assert any(
        note.startswith("1 entity: over a longer one; left out.") and "DISEASE s1v1 12-20" in note
        for note in over.report.notes
    )
    same = fit(word_space, [*examples(TRAIN), one(text, ("DRUG", 12, 27), ("DISEASE", 12, 27))])
    assert any(note.startswith("1 entity: on the very words of another entity") for note in same.report.notes)


def test_of_many_misfits_some_are_named_and_all_counted(word_space: WordSpace) -> None:
    text = "Please give aspirin for angina today."
    off_one = one(text, ("DRUG", 13, 18))
    off = [Example(900 + n, off_one.document, off_one.annotations) for n in range(1100)]
    (note,) = (
        note
        for note in fit(word_space, [*examples(TRAIN), *off], iterations=1, calibrate=False).report.notes
        if "ends" in note
    )
    assert note.startswith("1,100 entities: ")
    assert note.endswith("and 1,095 more.")
    assert note.count("DRUG") == 5


def test_overlapping_types_have_a_chain_of_their_own(word_space: WordSpace) -> None:
    scheme = Scheme(entities=(EntityType("DRUG"), EntityType("WORD", overlapping=True)))
    gold = []
    for example in examples(TRAIN):
        drug = next(e for e in example.annotations.entities.values() if e.type == "DRUG")
        word = Entity("WORD", drug.spans, number=9)
        gold.append(Example(example.id, example.document, Annotations(entities={1: drug, 9: word})))
    model = fit(word_space, gold, scheme=scheme)
    assert len(model.chains) == 2
    (found,) = model.predict(model.space.encode([document(61)]))
    assert len({s.name for s in found}) == 2
    assert len({s.spans for s in found}) == 1


def test_confirmed_text_without_an_entity_is_a_negative(word_space: WordSpace) -> None:
    def drug(model: EntityModel) -> float:
        (found,) = model.predict(model.space.encode([one("Please give zorbin for angina.").document]), minimum=0.01)
        return max((s.prob for s in found if s.span.start == 12), default=0.0)

    rejected = [Example(900 + n, one("Please give zorbin for angina.").document, Annotations()) for n in range(6)]
    assert drug(fit(word_space, [*examples(TRAIN), *rejected])) < drug(fit(word_space, examples(TRAIN))) / 2


def test_a_probability_is_calibrated_out_of_fold_and_keeps_the_order(word_space: WordSpace, tmp_path: Path) -> None:
    # A third of the documents say nothing of their entities, so no text can be told with certainty.
    gold = [e if n % 3 else Example(e.id, e.document, Annotations()) for n, e in enumerate(examples(range(60)))]
    raw = fit(word_space, gold, calibrate=False)
    shown = fit(word_space, gold)
    assert raw.chains[0].data == shown.chains[0].data
    assert shown.calibration.fitted_on > 30
    assert shown.calibration.scale < 1
    encodings = word_space.encode([document(n) for n in TEST])

    def probs(model: EntityModel) -> list[float]:
        return [s.prob for found in model.predict(encodings, minimum=0.0) for s in found]

    assert np.mean(probs(shown)) < np.mean(probs(raw))
    pairs = sorted(zip(probs(raw), probs(shown), strict=True))
    assert [after for _, after in pairs] == sorted(after for _, after in pairs)
    least = float(np.median(probs(shown)))
    some = [s for found in shown.predict(encodings, minimum=least) for s in found]
    assert 0 < len(some) < len(pairs)
    assert all(s.prob >= least - 1e-4 for s in some)
    shown.save(tmp_path)
    assert EntityEngines().load(tmp_path, word_space).calibration == shown.calibration


def test_few_predictions_leave_probabilities_alone(word_space: WordSpace) -> None:
    model = fit(word_space, examples(range(6)))
    assert not model.calibration.fitted_on
    assert model.report.notes[-1].startswith("Probabilities are not calibrated: too few")
    assert fit(word_space, examples(TRAIN), calibrate=False).report.notes[-1].endswith("not calibrated.")


def test_a_calibration_is_fitted_again_when_the_gold_has_grown(word_space: WordSpace) -> None:
    gold = examples(range(80))
    encodings = word_space.encode([example.document for example in gold])
    engine = EntityEngine(SCHEME, word_space)
    engine.prepare(gold[:50], encodings.select(range(50)), parameters={})

    def fitted_on(size: int) -> int:
        some = encodings.select(range(size))
        return engine.fit(gold[:size], some, parameters={}, seed=0, progress=no_progress).calibration.fitted_on

    assert fitted_on(50) == fitted_on(58) < fitted_on(80)


def test_out_of_fold_nobody_predicts_what_was_shown(word_space: WordSpace) -> None:
    def once(number: int) -> Example:
        """Return a note whose drug is named in it alone, and marked there as a disease."""
        text = f"Please give zorbin{number} for angina today."
        span = Span("s1v1", 12, text.index(" for"))
        held = {1: Entity("DISEASE", (span,), number=1)}
        return Example(900 + number, Document(f"d{number}", (Part("s1v1", text),)), Annotations(entities=held))

    gold = [*examples(TRAIN), once(1), once(1)]
    encodings = word_space.encode([example.document for example in gold])
    engine = EntityEngine(SCHEME, word_space)
    assert isinstance(engine, OutOfFold)
    found = engine.out_of_fold(gold, encodings, folds=4, parameters={}, seed=0)
    assert len(found) == len(gold)
    right = [
        {(s.name, s.spans) for s in said if s.prob >= 0.5}
        == {(e.type, e.spans) for e in example.annotations.entities.values()}
        for example, said in zip(gold, found, strict=True)
    ]
    assert np.mean(right[: len(TRAIN)]) > 0.8
    # The same text lies in one fold, so neither copy is known when the other is foretold.
    assert right[len(TRAIN) :] == [False, False]


def test_nothing_marked_is_said_plainly(word_space: WordSpace) -> None:
    with pytest.raises(TooFewExamplesError, match="1 confirmed documents hold none"):
        fit(word_space, [one("Nothing here.")])


def test_an_unknown_parameter_is_refused(word_space: WordSpace) -> None:
    with pytest.raises(ParameterError, match="dropout"):
        fit(word_space, examples(range(5)), dropout=0.5)


@pytest.mark.parametrize("text", ["", " \n ", "x", "word " * 1000, "😀 e\u0301 \u202e\x1b[31m", "\ud800"])
def test_any_text_can_be_predicted_and_weighed(text: str, model: EntityModel) -> None:
    document = Document("d", (Part("s1p1", text), Part("s1p2", "Please give aspirin for angina.")))
    encodings = model.space.encode([document])
    (found,) = model.predict(encodings, minimum=0.3)
    assert all(document.has(s.span) for s in found)
    assert {s.name for s in found if s.span.part == "s1p2"} == {"DRUG", "DISEASE"}
    signals = model.signals(encodings)
    assert np.isfinite([signals.margin, signals.entropy, signals.log_prob]).all()


@pytest.mark.parametrize("texts", [[], [""], ["a b c"], ["a a a b b b c c c"], ["α β", "😀"]])
def test_a_space_of_any_pool_describes_any_word(texts: list[str], tmp_path: Path) -> None:
    space = learn_word_space([Document(str(n), (Part("s1v1", text),)) for n, text in enumerate(texts)])
    rows = space.describe(["a", "new", "", "😀", "\ud800"])
    assert rows.shape == (5, space.width)
    assert np.isfinite(rows).all()
    space.save(tmp_path / "space.npz")
    again = load_word_space(tmp_path / "space.npz")
    assert again.digest == space.digest
    np.testing.assert_array_equal(again.describe(["a", "new"]), space.describe(["a", "new"]))


def test_words_in_the_same_company_are_alike(word_space: WordSpace) -> None:
    drug, other, unlike = word_space.describe(["aspirin", "ibuprofen", "the"])[:, :-2]
    assert drug @ other > drug @ unlike


@pytest.mark.parametrize("cut", [0, 3, 40, 60, 200, -1])
def test_a_cut_crf_file_is_refused(cut: int, model: EntityModel) -> None:
    with pytest.raises((ValueError, struct.error, IndexError)):
        crffile.parse(model.chains[0].data[:cut])


def test_a_garbled_crf_file_is_refused_or_read_but_never_crashes(model: EntityModel) -> None:
    chance = np.random.default_rng(0)
    data = model.chains[0].data
    refused = 0
    for _ in range(300):
        garbled = bytearray(data)
        for at in chance.integers(0, min(len(data), 4000), 5):
            garbled[at] = chance.integers(0, 256)
        try:
            crffile.parse(bytes(garbled))
        except (ValueError, struct.error, IndexError, UnicodeDecodeError):
            refused += 1
    assert refused


def test_damaged_model_folders_are_named(model: EntityModel, tmp_path: Path) -> None:
    model.save(tmp_path)
    space = model.space
    (tmp_path / "entities-0.crfsuite").write_bytes(b"lCRF garbage")
    with pytest.raises(LearnError, match="altered"):
        EntityEngines().load(tmp_path, space)
    (tmp_path / "model.json").write_text('{"version": 99}')
    with pytest.raises(LearnError, match=r"model\.json"):
        EntityEngines().load(tmp_path, space)
    (tmp_path / "model.json").unlink()
    with pytest.raises(LearnError, match="cannot be read"):
        EntityEngines().load(tmp_path, space)


def test_a_manifest_cannot_point_outside_its_folder(model: EntityModel, tmp_path: Path) -> None:
    model.save(tmp_path)
    manifest = (tmp_path / "model.json").read_text().replace("entities-0.crfsuite", "../entities-0.crfsuite")
    (tmp_path / "model.json").write_text(manifest)
    with pytest.raises(LearnError, match="outside"):
        EntityEngines().load(tmp_path, model.space)


def test_a_space_file_with_objects_is_refused(tmp_path: Path) -> None:
    class Trap:
        def __reduce__(self) -> tuple[Any, ...]:
            return Path.touch, (tmp_path / "ran",)

    with (tmp_path / "space.npz").open("wb") as file:
        np.savez(file, words=np.array([Trap()], dtype=object))
    with pytest.raises(LearnError, match="no file of arrays"):
        load_word_space(tmp_path / "space.npz")
    assert not (tmp_path / "ran").exists()


def test_suggestions_are_in_reading_order(model: EntityModel) -> None:
    parts = tuple(Part(f"s1p{n}", "Please give aspirin for angina.") for n in range(12))
    (found,) = model.predict(model.space.encode([Document("d", parts)]))
    places = [(int(s.span.part[3:]), s.span.start) for s in found]
    assert places == sorted(places)
    assert isinstance(found[0], Suggestion)

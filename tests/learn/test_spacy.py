from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations
from math import exp, isclose, log
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import spacy
from hypothesis import given, settings
from hypothesis import strategies as st
from spacy.tokens import Doc

from tests.learn.making import SCHEME, document, examples, note
from tests.properties import tries
from tui_annotate.domain.annotations import Annotations, Entity
from tui_annotate.domain.documents import Document, Part
from tui_annotate.domain.scheme import EntityType, Scheme
from tui_annotate.domain.spans import Span
from tui_annotate.domain.tokens import tokenize
from tui_annotate.errors import LearnError, ParameterError, TooFewExamplesError
from tui_annotate.learn.engines.base import Example, no_progress
from tui_annotate.learn.engines.registry import engine
from tui_annotate.learn.engines.spacy_engine import SpacyEngine, SpacyModel
from tui_annotate.learn.engines.spacy_files import check_config, check_whole
from tui_annotate.learn.engines.spacy_lattice import readings
from tui_annotate.learn.engines.spacy_pipeline import blank
from tui_annotate.learn.engines.wordspace import WordSpace, learn_word_space
from tui_annotate.spacy_docs import cut, make_doc, make_tokenizer

NER, SPANCAT = engine("spacy-ner"), engine("spacy-spancat")
QUICK = {"epochs": 10, "dropout": 0.1, "batch": 120, "learning_rate": 0.005}


def fit(space: WordSpace, gold: Sequence[Example], scheme: Scheme = SCHEME, **parameters: Any) -> SpacyModel:
    maker: SpacyEngine = NER.create("entities", scheme, space)  # type: ignore[assignment]
    encodings = space.encode([example.document for example in gold])
    return maker.fit(gold, encodings, parameters={**QUICK, **parameters}, seed=3, progress=no_progress)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> str:
    return small_config(tmp_path_factory.mktemp("config"))


def small_config(folder: Path, language: str = "xx") -> str:
    """Return the path of a config whose pipeline is small, so that it trains in no time."""
    nlp = spacy.blank(language)
    tok2vec = {"pretrained_vectors": True, "width": 32, "depth": 2, "embed_size": 200}
    nlp.add_pipe("ner", config={"model": {"hidden_width": 32, "tok2vec": tok2vec}})
    nlp.config.to_disk(folder / "small.cfg")
    return str(folder / "small.cfg")


@pytest.fixture(scope="module")
def fitted(word_space: WordSpace, small: str) -> SpacyModel:
    return fit(word_space, examples(range(30)), base=small)


@pytest.fixture(scope="module")
def saved(fitted: SpacyModel, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("run")
    fitted.save(folder)
    return folder


def right(number: int) -> set[tuple[str, int, int]]:
    return set(note(number)[1])


def found(model: SpacyModel, space: WordSpace, number: int) -> set[tuple[str, int, int]]:
    (suggestions,) = model.predict(space.encode([document(number)]), run="e-1", minimum=0.5)
    return {(s.name, s.span.start, s.span.end) for s in suggestions}


texts = st.text(st.sampled_from("ab-.'é\u0301 \n\t\u200d\u00a0नमߘ🙂😀3_"), max_size=30) | st.text(max_size=20)


@settings(max_examples=tries(150), deadline=None)
@given(texts)
def test_spacy_cuts_words_as_we_do_and_gives_the_text_back(text: str) -> None:
    vocab = _VOCAB.vocab
    for made in (make_doc(vocab, text), _VOCAB(text)):
        assert made.text == text
        words = [(token.idx, token.idx + len(token)) for token in made if not token.is_space]
        assert words == [(token.start, token.end) for token in tokenize(text)]
    assert [text[begin:end] for begin, end in cut(text).offsets] == list(cut(text).words)


_VOCAB = make_tokenizer(spacy.blank("xx").vocab)


def test_probabilities_are_those_of_all_ways_through_a_sentence(fitted: SpacyModel) -> None:
    """Hold the sums against every way there is, walked through with spaCy's own states."""
    finder = fitted.finder
    ner = finder.component
    words = ["Give", "warfarin", "sodium", "for", "angina"]
    probs: dict[tuple[int, int, str], float] = {}
    best = 0.0
    step = ner.model.predict([Doc(finder.nlp.vocab, words=words)])
    names = [ner.moves.get_class_name(place) for place in range(ner.moves.n_moves)]

    def walk(state: Any, prob: float, spans: tuple[tuple[int, int, str], ...], opened: int) -> None:
        nonlocal best
        if state.is_final():
            best = max(best, prob)
            for span in spans:
                probs[span] = probs.get(span, 0.0) + prob
            return
        scores = step.predict([state])[0]
        valid = [place for place, name in enumerate(names) if ner.moves.is_valid(state, name)]
        total = sum(exp(scores[place]) for place in valid)
        at = len(words) - state.buffer_length()
        for place in valid:
            after = state.copy()
            ner.moves.apply_transition(after, names[place])
            kind, _, label = names[place].partition("-")
            begin = at if kind in "BU" else opened
            closed = ((begin, at + 1, label),) if kind in "LU" else ()
            walk(after, prob * exp(scores[place]) / total, spans + closed, begin)

    (state,) = ner.moves.init_batch([Doc(finder.nlp.vocab, words=words)])
    walk(state, 1.0, (), 0)
    (reading,) = readings(ner, [Doc(finder.nlp.vocab, words=words)], longest=len(words))
    labels = sorted({label for _, _, label in probs})
    for first, end in combinations(range(len(words) + 1), 2):
        for column, label in enumerate(labels):
            ours = reading.spans[first, end - first - 1, column]
            assert isclose(ours, probs.get((first, end, label), 0.0), abs_tol=1e-5), (first, end, label)
    assert isclose(reading.best, log(best), abs_tol=1e-4)
    assert np.all(reading.covered.sum(axis=1) <= 1 + 1e-6)


def test_it_finds_in_other_notes_what_it_learned_and_says_how_sure_it_is(
    fitted: SpacyModel, word_space: WordSpace
) -> None:
    hits = sum(len(found(fitted, word_space, n) & right(n)) for n in range(200, 230))
    assert hits >= 54
    (suggestions,) = fitted.predict(word_space.encode([document(201)]), run="e-1", minimum=0.5)
    assert {s.who for s in suggestions} == {("ml:e-1",)}
    assert all(0.5 <= s.prob <= 1 for s in suggestions)
    signals = fitted.signals(word_space.encode([document(n) for n in range(200, 204)]))
    assert signals.margin.shape == signals.entropy.shape == (4,)
    assert np.all((signals.margin >= 0) & (signals.margin <= 1) & (signals.entropy >= 0) & (signals.log_prob <= 0))
    assert signals.vectors.shape == (4, len(word_space.counts))
    assert signals.vectors.sum(axis=1).min() > 0
    assert "ner: ner" in fitted.architecture
    assert "vectors: " in fitted.architecture
    assert fitted.report.documents == 30
    assert len(fitted.lines) == 10


def test_a_saved_run_says_the_same_here_and_in_spacy_alone(
    fitted: SpacyModel, word_space: WordSpace, saved: Path
) -> None:
    loaded = NER.load(saved, word_space)
    some = word_space.encode([document(n) for n in range(210, 220)])
    assert loaded.predict(some, run="x", minimum=0.1) == fitted.predict(some, run="x", minimum=0.1)
    nlp = spacy.load(saved / "pipeline")
    agreed = sum(
        {(e.label_, e.start_char, e.end_char) for e in nlp(document(n).text).ents} == found(fitted, word_space, n)
        for n in range(210, 230)
    )
    assert agreed >= 18
    assert "/" not in str(nlp.config["paths"])


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda folder: (folder / "pipeline/ner/model").unlink(), "the file cannot be read"),
        (lambda folder: shutil.rmtree(folder / "pipeline"), "the file cannot be read"),
        (lambda folder: (folder / "pipeline/vocab/strings.json").write_text("[]"), "altered since"),
        (lambda folder: (folder / "pipeline/vocab/more.bin").write_bytes(b"x"), "not written with the run"),
        (lambda folder: _manifest(folder, spacy="3.4.1"), r"made with spaCy 3\.4\.1"),
        (lambda folder: _manifest(folder, types=["PLANET"]), "lacks types"),
        (lambda folder: _manifest(folder, component="none"), "does not fit the pipeline"),
    ],
)
def test_a_run_that_is_not_whole_or_of_another_version_is_refused(
    saved: Path, word_space: WordSpace, tmp_path: Path, spoil: Any, said: str
) -> None:
    folder = tmp_path / "run"
    shutil.copytree(saved, folder)
    spoil(folder)
    with pytest.raises(LearnError, match=said):
        NER.load(folder, word_space)


def _manifest(folder: Path, **details: Any) -> None:
    held = json.loads((folder / "model.json").read_text())
    held["details"].update(details)
    (folder / "model.json").write_text(json.dumps(held))


@pytest.mark.parametrize(
    "config",
    [
        {"components": {"ner": {"factory": "mine"}}},
        {"components": {"ner": {"factory": "ner", "model": {"@architectures": "mine.Model.v1"}}}},
        {"nlp": {"before_creation": {"@callbacks": "evil.v1"}}},
        {"training": {"batcher": [{"@misc": "evil.v1"}]}},
    ],
)
def test_a_config_that_names_functions_of_others_is_refused(config: dict[str, Any]) -> None:
    with pytest.raises(LearnError, match="not spaCy's own"):
        check_config(config, Path("config.cfg"))


@pytest.mark.parametrize(
    "config",
    [
        {"components": {"ner": {"source": "/elsewhere"}}},
        {"nlp": {"before_creation": {"@callbacks": "spacy.copy_from_base_model.v1", "vocab": "/elsewhere"}}},
    ],
)
def test_a_saved_pipeline_that_takes_from_another_is_refused(config: dict[str, Any]) -> None:
    with pytest.raises(LearnError, match="read from elsewhere"):
        check_whole(config, Path("config.cfg"))


def test_a_manifest_cannot_name_files_outside_its_folder(saved: Path, word_space: WordSpace, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    shutil.copytree(saved, folder)
    held = json.loads((folder / "model.json").read_text())
    for name in ("../model.json", "/etc/passwd", "pipeline/../../x", ""):
        (folder / "model.json").write_text(json.dumps({**held, "files": {name: "0"}}))
        with pytest.raises(LearnError, match="outside its folder"):
            NER.load(folder, word_space)


def test_a_validation_part_ends_the_training_and_fits_the_probabilities(word_space: WordSpace, small: str) -> None:
    gold, part = examples(range(24)), examples(range(24, 32))
    maker: Any = NER.create("entities", SCHEME, word_space)
    told: list[str] = []
    model = maker.fit_validated(
        gold,
        word_space.encode([e.document for e in gold]),
        validation=(part, word_space.encode([e.document for e in part])),
        parameters={**QUICK, "epochs": 40, "patience": 2, "decay": 0.05, "base": small},
        seed=1,
        progress=lambda share, message: told.append(message),
    )
    assert len(model.lines) < 40
    assert any("validation F1" in line for line in told)
    assert model.report.documents == 24
    assert any(text.startswith("Kept pass") for text in model.report.notes)


def test_the_same_seed_gives_the_same_model(word_space: WordSpace) -> None:
    gold = examples(range(6))
    some = word_space.encode([document(50)])
    first, second = (fit(word_space, gold, epochs=2).predict(some, minimum=0.01) for _ in range(2))
    assert first == second


def test_it_goes_on_from_a_model_with_all_gold_and_new_types(word_space: WordSpace, saved: Path) -> None:
    scheme = Scheme((*SCHEME.entities, EntityType("BED")))
    gold = []
    for example in examples(range(10)):
        text = example.document.text
        start = text.index("Bed ")
        bed = Entity("BED", (Span("s1v1", start, len(text) - 1),), number=9)
        gold.append(Example(example.id, example.document, Annotations({**example.annotations.entities, 9: bed})))
    maker: Any = NER.create("entities", scheme, word_space)
    maker.warm_start(NER.load(saved, word_space))
    encodings = word_space.encode([e.document for e in gold])
    model = maker.fit(gold, encodings, parameters={**QUICK, "epochs": 20}, seed=0, progress=no_progress)
    assert "Began with the deployed run." in model.report.notes
    hits = sum(len(found(model, word_space, n) & right(n)) for n in range(200, 210))
    assert hits >= 17
    assert any(name == "BED" for n in range(200, 210) for name, _, _ in found(model, word_space, n))
    again = maker.fit(gold, encodings, parameters={"epochs": 1, "rehearse": True}, seed=0, progress=no_progress)
    assert any("no run of this engine to go on from" in text for text in again.report.notes)


def test_a_base_may_be_a_pipeline_vectors_or_a_config(word_space: WordSpace, saved: Path, tmp_path: Path) -> None:
    gold = examples(range(8))
    tuned = fit(word_space, gold, base=str(saved / "pipeline"), epochs=1)
    assert sum(len(found(tuned, word_space, n) & right(n)) for n in range(200, 210)) >= 17

    bare = spacy.load(saved / "pipeline", exclude=["ner"])
    bare.to_disk(tmp_path / "vectors")
    with_vectors = fit(word_space, gold, base=str(tmp_path / "vectors"), epochs=1)
    assert "taken: vectors" in with_vectors.report.notes[0]
    assert with_vectors.finder.nlp.vocab.vectors.shape == bare.vocab.vectors.shape

    nlp = spacy.blank("de")
    nlp.add_pipe("tok2vec", config={"model": {"width": 32, "depth": 1, "embed_size": 200}})
    listener = {"@architectures": "spacy.Tok2VecListener.v1", "width": 32, "upstream": "tok2vec"}
    nlp.add_pipe("ner", config={"model": {"tok2vec": listener}})
    nlp.add_pipe("tagger")
    nlp.config["training"]["max_epochs"] = 2
    nlp.config.to_disk(tmp_path / "config.cfg")
    from_config = fit_as_configured(word_space, gold, tmp_path / "config.cfg")
    assert len(from_config.lines) == 2
    assert from_config.finder.nlp.lang == "de"
    assert from_config.finder.nlp.pipe_names == ["tok2vec", "ner"]
    assert any("tagger is left out" in text for text in from_config.report.notes)
    from_config.save(tmp_path)
    some = word_space.encode([document(77)])
    assert NER.load(tmp_path, word_space).predict(some, run="", minimum=0.01) == from_config.predict(some, minimum=0.01)


def fit_as_configured(space: WordSpace, gold: Sequence[Example], path: Path) -> SpacyModel:
    maker: Any = NER.create("entities", SCHEME, space)
    encodings = space.encode([example.document for example in gold])
    model: SpacyModel = maker.fit(gold, encodings, parameters={"base": str(path)}, seed=0, progress=no_progress)
    return model


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        ({"language": "dee"}, "no language 'dee'.*Did you mean de"),
        ({"base": "blank:klingon"}, "no language 'klingon'"),
        ({"base": "en_core_web_none"}, "no installed spaCy pipeline"),
        ({"base": "nowhere.cfg"}, "no such config file"),
        ({"base": "small", "pool_vectors": False}, "for static vectors, and names none"),
        ({"epochs": 0}, "out of range"),
        ({"speed": 1}, "no parameter 'speed'"),
    ],
)
def test_a_wrong_parameter_is_named(word_space: WordSpace, small: str, parameters: dict[str, Any], said: str) -> None:
    if parameters.get("base") == "small":
        parameters = {**parameters, "base": small}
    with pytest.raises(ParameterError, match=said):
        fit(word_space, examples(range(3)), **parameters)


def test_there_must_be_entities_to_learn(word_space: WordSpace) -> None:
    with pytest.raises(TooFewExamplesError, match="nothing to learn"):
        fit(word_space, [Example(1, document(1), Annotations())])


SENTENCES = {
    "en": ("The patient took {} for “{}” – 3 days.", "aspirin", "heartburn"),
    "de": ("Die Ärztin gab ihm {} gegen {}, täglich.", "Metoprololöl", "Übelkeit"),
    "es": ("¿Tomó {} para la {} ayer?", "ibuprofeno", "migraña"),
    "pt": ("A doente não tomou {} para a {}.", "paracetamol", "inflamação"),
    "it": ("L'infermiera dà {} contro l'{}.", "eparina", "ansietà"),
    "da": ("Lægen gav {} mod {} i går.", "kodein", "søvnløshed"),
    "ro": ("Pacienta a primit {} pentru {} și tuse.", "ampicilină", "răceală"),
}


@pytest.mark.parametrize("language", SENTENCES)
def test_it_learns_in_the_languages_of_the_sources(language: str, tmp_path: Path) -> None:
    text, drug, disease = SENTENCES[language]
    gold = []
    for number in range(4):
        whole = "🙂 " + text.format(drug, disease) + f" {number}"
        entities = {
            n: Entity(type, (Span("s1v1", whole.index(word), whole.index(word) + len(word)),), number=n)
            for n, (type, word) in enumerate((("DRUG", drug), ("DISEASE", disease)), 1)
        }
        made = Document(f"d{number}", (Part("s1v1", whole),), language=language)
        gold.append(Example(number, made, Annotations(entities)))
    space = learn_word_space([example.document for example in gold])
    model = fit(space, gold, epochs=15, learning_rate=0.02, base=small_config(tmp_path, language))
    assert model.finder.nlp.lang == language
    (suggestions,) = model.predict(space.encode([gold[0].document]), minimum=0.3)
    assert [gold[0].document.slice(s.span) for s in suggestions] == [drug, disease]


def test_a_blank_pipeline_is_in_the_language_asked_for_or_that_of_the_documents(word_space: WordSpace) -> None:
    german = [Example(e.id, replace(e.document, language="de-AT"), e.annotations) for e in examples(range(2))]
    assert fit(word_space, german, epochs=1).finder.nlp.lang == "de"
    assert fit(word_space, german, epochs=1, language="ro").finder.nlp.lang == "ro"
    for language in ("xx", "ja", "zh"):
        nlp = blank(language)
        assert nlp.lang == language
        assert [token.text for token in nlp("Übel, 日本.")] == ["Übel", ",", "日本", "."]


def test_overlapping_entities_are_learned_by_spancat(word_space: WordSpace, tmp_path: Path) -> None:
    scheme = Scheme((EntityType("DRUG"), EntityType("ORDER", overlapping=True)))
    gold = []
    for example in examples(range(8)):
        text = example.document.text
        drug = next(e for e in example.annotations.entities.values() if e.type == "DRUG")
        start = text.rindex(" ", 0, drug.span.start - 1) + 1 if " " in text[: drug.span.start - 1] else 0
        over = Entity("ORDER", (Span("s1v1", start, drug.span.end),), number=7)
        gold.append(Example(example.id, example.document, Annotations({drug.number: drug, 7: over})))
    maker: Any = SPANCAT.create("entities", scheme, word_space)
    encodings = word_space.encode([e.document for e in gold])
    model = maker.fit(
        gold,
        encodings,
        parameters={**QUICK, "epochs": 12, "batch": 1000, "learning_rate": 0.01},
        seed=0,
        progress=no_progress,
    )
    predicted = model.predict(encodings, run="e-2", minimum=0.5)
    wanted = {(e.type, e.span) for e in gold[4].annotations.entities.values()}
    assert {(s.name, s.span) for s in predicted[4]} == wanted
    assert {span.overlaps(other) for (_, span), (_, other) in combinations(wanted, 2)} == {True}
    signals = model.signals(encodings)
    assert np.all((signals.margin >= 0) & (signals.entropy >= 0) & (signals.log_prob <= 0))
    model.save(tmp_path)
    assert SPANCAT.load(tmp_path, word_space).predict(encodings, run="e-2", minimum=0.5) == predicted
    with pytest.raises(LearnError, match="made by the engine 'spacy-spancat'"):
        NER.load(tmp_path, word_space)

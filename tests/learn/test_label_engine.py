from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import msgspec
import numpy as np
import pytest
from sklearn.feature_extraction.text import CountVectorizer
from skops import io as skops_io

from tests.learn.making import KIND, SCHEME, TOPICS, URGENT, document, examples
from tui_annotate.domain.annotations import Annotations, LabelContent, LabelValue
from tui_annotate.domain.documents import Document, Part
from tui_annotate.domain.scheme import DocumentLabel
from tui_annotate.errors import LearnError, ParameterError, TooFewExamplesError
from tui_annotate.learn.engines.base import Example, no_progress
from tui_annotate.learn.engines.label_model import BAYES_FILE, LabelModel
from tui_annotate.learn.engines.labels import LabelEngine, LabelEngines, read_targets
from tui_annotate.learn.engines.textspace import NOTHING_KEPT, TextSpace, learn_text_space, load_text_space

TRAIN, TEST = range(60), range(60, 100)


def fit(label: DocumentLabel, space: TextSpace, numbers: Any = TRAIN, **parameters: Any) -> LabelModel:
    """Fit on notes."""
    gold = examples(numbers)
    encodings = space.encode([example.document for example in gold])
    return LabelEngine(label, space).fit(gold, encodings, parameters=parameters, seed=0, progress=no_progress)


def share_right(model: LabelModel, name: str, space: TextSpace) -> float:
    """Return the share of test notes whose suggestion is what is true."""
    gold = examples(TEST)
    found = model.predict(space.encode([example.document for example in gold]), run="r")
    empty: LabelContent = ()
    said = [suggestions[0].value if suggestions else empty for suggestions in found]
    return float(np.mean([v == e.annotations.labels[name].value for v, e in zip(said, gold, strict=True)]))


@pytest.mark.parametrize(("label", "least"), [(KIND, 0.95), (URGENT, 0.95), (TOPICS, 0.75)])
def test_each_kind_of_label_is_learned(label: DocumentLabel, least: float, text_space: TextSpace) -> None:
    assert share_right(fit(label, text_space), label.name, text_space) >= least


@pytest.mark.parametrize("label", [KIND, URGENT, TOPICS])
def test_a_saved_model_predicts_the_same(label: DocumentLabel, text_space: TextSpace, tmp_path: Path) -> None:
    model = fit(label, text_space)
    model.save(tmp_path)
    text_space.save(tmp_path / "space.npz")
    again = LabelEngines().load(tmp_path, load_text_space(tmp_path / "space.npz"))
    documents = [document(n) for n in TEST]
    assert again.predict(again.space.encode(documents), run="r") == model.predict(text_space.encode(documents), run="r")


def test_a_model_says_what_it_is_made_of(text_space: TextSpace) -> None:
    one, several = fit(KIND, text_space).architecture, fit(TOPICS, text_space).architecture
    assert f"over {text_space.columns:,} features: {len(text_space.words.vocabulary_):,} words and word pairs" in one
    assert "C 30," in one
    assert "classes: note, order" in one
    assert "25% naive Bayes" in one
    assert "a classifier for each of: heart, pain" in several
    assert "naive Bayes" not in several


def test_suggestions_say_who_and_what_comes_next(text_space: TextSpace) -> None:
    ((suggestion,),) = fit(KIND, text_space).predict(text_space.encode([document(61)]), run="kind-3")
    assert suggestion.who == ("ml:kind-3",)
    assert (suggestion.source, suggestion.run, suggestion.target) == ("run", "kind-3", "label")
    assert suggestion.other is not None
    assert suggestion.other[1] == pytest.approx(1 - suggestion.prob, abs=1e-3)


def test_signals_are_certain_where_the_model_is(text_space: TextSpace) -> None:
    model = fit(KIND, text_space)
    signals = model.signals(text_space.encode([document(n) for n in TEST]))
    best = model.probabilities(text_space.encode([document(n) for n in TEST])).max(axis=1)
    np.testing.assert_allclose(signals.confidence, best, atol=1e-6)
    assert np.argmin(signals.margin) == np.argmin(best) == np.argmax(signals.entropy)


def test_a_boolean_follows_its_threshold(text_space: TextSpace) -> None:
    eager = DocumentLabel("urgent", "boolean", threshold=0.0001)
    found = fit(eager, text_space).predict(text_space.encode([document(n) for n in TEST]), run="r")
    assert {suggestions[0].value for suggestions in found} == {True}


def test_one_class_and_no_gold_are_said_plainly(text_space: TextSpace) -> None:
    with pytest.raises(TooFewExamplesError, match="all of them say 'order'"):
        fit(KIND, text_space, [1, 3, 5])
    with pytest.raises(TooFewExamplesError, match="0 confirmed"):
        fit(KIND, text_space, [])
    with pytest.raises(TooFewExamplesError, match="topics"):
        fit(TOPICS, text_space, [])


@pytest.mark.parametrize("wrong", [{"epochs": 3}, {"c": -1}, {"c": "much"}, {"iterations": 0}])
def test_wrong_parameters_are_refused_by_name(wrong: dict[str, Any], text_space: TextSpace) -> None:
    with pytest.raises(ParameterError):
        fit(KIND, text_space, **wrong)


def test_a_boolean_never_set_false_is_false_where_it_is_left_out() -> None:
    versions = [Annotations(labels={"urgent": LabelValue("urgent", True)}), Annotations()]
    gold = [Example(n, document(n), held) for n, held in enumerate(versions)]
    targets, notes = read_targets(URGENT, gold)
    assert targets == [True, False]
    assert "never set false" in notes[0]


def test_values_that_the_scheme_lacks_are_left_out_and_counted() -> None:
    versions = [Annotations(labels={"kind": LabelValue("kind", value)}) for value in ("order", "poem")]
    targets, notes = read_targets(KIND, [Example(n, document(n), held) for n, held in enumerate(versions)])
    assert targets == ["order", None]
    assert notes[0].startswith("1 documents")


@pytest.mark.parametrize(
    "texts", [[], [""], ["a"], ["same", "same"], ["😀" * 5, "\x00\u202e", "a\nb"], ["x" * 200_000]]
)
def test_a_space_of_any_pool_encodes_any_text(texts: list[str], tmp_path: Path) -> None:
    space = learn_text_space([Document(str(n), (Part("s1v1", text),)) for n, text in enumerate(texts)])
    odd = [Document("o", (Part("s1v1", "\ud800 odd"),)), Document("e", (Part("s1v1", ""),)), document(1)]
    matrix = space.encode(odd).matrix
    assert matrix.shape == (3, space.columns)
    assert np.isfinite(matrix.data).all()
    space.save(tmp_path / "space.npz")
    again = load_text_space(tmp_path / "space.npz")
    assert again.digest == space.digest
    assert abs(again.encode(odd).matrix - matrix).max() == 0


def test_a_file_with_types_of_others_is_refused(text_space: TextSpace, tmp_path: Path) -> None:
    model = fit(KIND, text_space)
    model.classifiers = [CountVectorizer(tokenizer=Path)]
    model.save(tmp_path)
    with pytest.raises(LearnError, match=r"refused|does not hold"):
        LabelEngines().load(tmp_path, text_space)


def test_an_altered_file_is_refused_before_it_is_read(text_space: TextSpace, tmp_path: Path) -> None:
    model = fit(KIND, text_space)
    model.save(tmp_path)
    skops_io.dump([model.classifiers[0], "more"], tmp_path / "labels.skops")
    with pytest.raises(LearnError, match="altered"):
        LabelEngines().load(tmp_path, text_space)


@pytest.mark.parametrize(
    ("label", "changed"),
    [(KIND, {"values": ["note"]}), (URGENT, {"values": ["no", "yes"]}), (TOPICS, {"thresholds": [0.5]})],
)
def test_a_description_that_does_not_fit_itself_is_refused(
    label: DocumentLabel, changed: dict[str, Any], text_space: TextSpace, tmp_path: Path
) -> None:
    fit(label, text_space).save(tmp_path)
    path = tmp_path / "model.json"
    held = msgspec.json.decode(path.read_bytes())
    held["details"] |= changed
    path.write_bytes(msgspec.json.encode(held))
    with pytest.raises(LearnError, match="do not fit each other"):
        LabelEngines().load(tmp_path, text_space)


@pytest.mark.parametrize("name", ["intercept_", "classes_", "coef_"])
def test_a_classifier_without_whole_weights_is_refused(name: str, text_space: TextSpace, tmp_path: Path) -> None:
    model = fit(KIND, text_space)
    setattr(model.classifiers[0], name, getattr(model.classifiers[0], name) * np.nan)
    model.save(tmp_path)
    with pytest.raises(LearnError, match="do not fit the model"):
        LabelEngines().load(tmp_path, text_space)


@pytest.mark.parametrize("name", ["words_idf", "components", "mean"])
def test_a_space_whose_arrays_do_not_fit_is_refused(name: str, text_space: TextSpace, tmp_path: Path) -> None:
    path = tmp_path / "space.npz"
    text_space.save(path)
    with np.load(path, allow_pickle=False) as file:
        arrays = {key: file[key] for key in file.files}
    arrays[name] = arrays[name][..., :-1]
    np.savez(path, **arrays)
    with pytest.raises(LearnError, match="do not fit each other"):
        load_text_space(path)


def test_a_model_of_another_space_is_refused(text_space: TextSpace, tmp_path: Path) -> None:
    fit(KIND, text_space).save(tmp_path)
    with pytest.raises(LearnError, match="another space"):
        LabelEngines().load(tmp_path, learn_text_space([document(500)]))


def test_the_factory_handles_labels_but_not_free_text() -> None:
    factory = LabelEngines()
    assert factory.handles("labels:kind", SCHEME)
    assert not factory.handles("entities", SCHEME)
    assert not factory.handles("labels:missing", SCHEME)


def test_unlabelled_texts_are_blended_in_where_one_value_holds_and_not_where_several_do(
    text_space: TextSpace,
) -> None:
    assert fit(KIND, text_space).details.bayes == 0.25
    assert fit(KIND, text_space, unlabelled=0).bayes is None
    assert fit(TOPICS, text_space).bayes is None


def test_a_space_written_before_texts_were_kept_still_serves(text_space: TextSpace, tmp_path: Path) -> None:
    older = replace(text_space, kept=NOTHING_KEPT)
    older.save(tmp_path / "space.npz")
    again = load_text_space(tmp_path / "space.npz")
    assert again.digest == older.digest
    assert fit(KIND, again).bayes is None


def test_kept_texts_that_name_words_of_no_column_are_refused(text_space: TextSpace, tmp_path: Path) -> None:
    odd = replace(text_space.kept, words=text_space.kept.words + 1_000_000)
    replace(text_space, kept=odd).save(tmp_path / "space.npz")
    with pytest.raises(LearnError, match="do not fit the words"):
        load_text_space(tmp_path / "space.npz")


def test_a_labelled_text_is_not_taken_for_an_unlabelled_one(text_space: TextSpace) -> None:
    everything = text_space.unlabelled([])
    assert text_space.unlabelled([document(3), document(999)]).shape[0] == everything.shape[0] - 1
    assert (everything != text_space.words_of(text_space.encode([document(n) for n in range(120)]))).nnz == 0


def test_a_naive_bayes_of_another_shape_is_refused(text_space: TextSpace, tmp_path: Path) -> None:
    model = fit(KIND, text_space)
    assert model.bayes is not None
    model.bayes = replace(model.bayes, prior=np.zeros(5))
    model.save(tmp_path)
    with pytest.raises(LearnError, match=BAYES_FILE):
        LabelEngines().load(tmp_path, text_space)


def test_a_value_of_several_is_shown_with_how_likely_it_is(text_space: TextSpace) -> None:
    """Balanced fits take a rare value for as common as the others; what is shown must not."""
    gold = examples(TRAIN)
    model = fit(TOPICS, text_space, TRAIN)
    shown = model.probabilities(text_space.encode([example.document for example in examples(TEST)])).mean(axis=0)
    for place, value in enumerate(model.details.values):
        common = np.mean([value in cast(tuple[str, ...], e.annotations.labels["topics"].value) for e in gold])
        assert shown[place] == pytest.approx(common, abs=0.2)


def test_doubt_names_the_value_it_is_about(text_space: TextSpace) -> None:
    encodings = text_space.encode([document(n) for n in TEST])
    for label in (KIND, URGENT, TOPICS):
        signals = fit(label, text_space).signals(encodings)
        assert signals.guess is not None
        assert signals.guess_prob is not None
        assert len(signals.guess) == len(signals.guess_prob) == len(TEST)
        assert set(signals.guess) <= set(range(len(signals.names)))
    assert fit(URGENT, text_space).signals(encodings).names == ("urgent false", "urgent true")

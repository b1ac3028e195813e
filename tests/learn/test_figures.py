"""Intervals, comparisons, calibration and second looks, on made counts and on a made corpus in this process."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.learn.making import SCHEME, examples, truth
from tests.learn.test_training import confirm, train
from tui_annotate.domain.agreement import Counts
from tui_annotate.domain.annotations import Annotations, Entity, LabelValue, Suggestion
from tui_annotate.domain.decisions import Changes, Decision, Kind, LabelChange, VersionState
from tui_annotate.domain.figures import compared, share, supported
from tui_annotate.domain.scheme import Attribute, Choice, Scheme
from tui_annotate.domain.spans import Span
from tui_annotate.errors import LearnError, TooFewExamplesError, UsageError
from tui_annotate.learn import second_look, stability
from tui_annotate.learn.calibration import Shown, above, reliability
from tui_annotate.learn.comparing import by_f1, compare, mcnemar, newcombe
from tui_annotate.learn.engines.base import Example, no_progress
from tui_annotate.learn.engines.entities import EntityEngine
from tui_annotate.learn.grading import MISSED, OTHER_ENDS, SPURIOUS, grade
from tui_annotate.learn.inquiry import inquire
from tui_annotate.learn.intervals import Tally, clustered_f1, clustered_share, design_effect, f1_interval, macro_f1
from tui_annotate.learn.messages import Compare, Compared, Curve, CurveDrawn, LookAgain, Measure, Measured, Suspects
from tui_annotate.learn.metrics import evaluate
from tui_annotate.learn.training import Training
from tui_annotate.store import documents, log
from tui_annotate.store.connection import Corpus


def tally(*rows: tuple[int, int, int]) -> Tally:
    """Return documents of (hits, false alarms, misses)."""
    return Tally.of([Counts(*row) for row in rows])


def kinds(*values: str) -> list[Annotations]:
    """Return documents with a kind."""
    return [Annotations(labels={"kind": LabelValue("kind", value)}) for value in values]


def said(*values: str, prob: float = 0.9) -> list[list[Suggestion]]:
    """Return what a model says of the kind."""
    return [[Suggestion("label", "kind", value=value, prob=prob, other=("order", 0.06))] for value in values]


def test_documents_that_are_all_right_or_all_wrong_count_for_fewer_answers() -> None:
    alike = tally(*[(3, 1, 0)] * 40)
    apart = tally(*[(4, 0, 0)] * 30, *[(0, 4, 0)] * 10)
    assert alike.total == Counts(120, 40, 0)
    assert apart.total == alike.total
    assert design_effect(alike.tp, alike.tp + alike.fp) < 1.5
    assert design_effect(apart.tp, apart.tp + apart.fp) > 3
    narrow, wide = clustered_f1(alike), clustered_f1(apart)
    assert wide[1] - wide[0] > 1.5 * (narrow[1] - narrow[0])
    low, high = clustered_share(apart.tp, apart.tp + apart.fp)
    assert low < 0.75 < high


def test_intervals_reach_the_ends_where_nothing_speaks_against_it() -> None:
    assert f1_interval(Counts(0, 5, 5))[0] == 0.0
    assert f1_interval(Counts(20, 0, 0))[1] == 1.0


@pytest.mark.parametrize("size", [30, 100, 300])
def test_nominal_90_percent_cover_about_as_much_where_documents_differ(size: int) -> None:
    rng = np.random.default_rng(7)
    answers = rng.poisson(3, 8000)
    hits = rng.binomial(answers, rng.beta(1.6, 0.4, 8000))
    whole = Tally(hits.astype(float), (answers - hits).astype(float), np.zeros(8000))
    covered = plain = 0
    for _ in range(200):
        rows = rng.integers(0, 8000, size)
        drawn = Tally(whole.tp[rows], whole.fp[rows], whole.fn[rows])
        low, high = clustered_f1(drawn)
        covered += low <= whole.total.f1 <= high
        low, high = f1_interval(drawn.total)
        plain += low <= whole.total.f1 <= high
    assert 0.84 * 200 <= covered <= 0.98 * 200
    assert plain < covered


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5), st.integers(0, 5)), min_size=1, max_size=30))
def test_an_interval_holds_its_figure(rows: list[tuple[int, int, int]]) -> None:
    found = tally(*rows)
    if found.tp.sum() + found.fp.sum() + found.fn.sum():
        low, high = clustered_f1(found)
        assert 0 <= low <= high <= 1
        assert low - 0.03 <= found.total.f1 <= high + 0.03
        low, high = macro_f1([found, found])
        assert 0 <= low <= high <= 1


def test_mcnemar_and_newcombe_by_hand() -> None:
    assert mcnemar(0, 0) == 1.0
    assert mcnemar(5, 0) == pytest.approx(2 / 32)
    assert mcnemar(9, 2) == pytest.approx(2 * (1 + 11 + 55) / 2048)
    low, high = newcombe(36, 12, 2, 0)
    # Newcombe (1998), table II, with continuity: 0.20 within about 0.04 and 0.33 at 95 %; narrower at 90 %.
    assert 0.04 < low < 0.2 < high < 0.33
    assert newcombe(30, 0, 0, 0)[0] <= 0 <= newcombe(30, 0, 0, 0)[1]


def test_runs_are_told_apart_only_when_they_differ() -> None:
    gold = kinds(*["order"] * 40 + ["note"] * 40)
    perfect, worse = said(*["order"] * 40 + ["note"] * 40), said(*["order"] * 60 + ["note"] * 20)
    found = compare("labels:kind", SCHEME, gold, perfect, worse, run="kind-1")
    assert found is not None
    assert (found["outcome"], found["value"], found["before"]) == ("better", 1.0, 0.75)
    assert found["difference"]["low"] < 0.25 < found["difference"]["high"]
    assert found["parts"]["note"]["outcome"] == "better"
    assert compared(found).startswith("better than kind-1: +0.25 (+0.")
    back = compare("labels:kind", SCHEME, gold, worse, perfect, run="kind-2")
    assert back is not None
    assert back["outcome"] == "worse"
    same = compare("labels:kind", SCHEME, gold, perfect, perfect, run="kind-1")
    assert same is not None
    assert same["outcome"] == "not distinguishable"
    few = compare("labels:kind", SCHEME, gold[:29], perfect[:29], worse[:29], run="kind-1")
    assert few == {"run": "kind-1", "documents": 29, "needed": 30, "outcome": "too few"}
    assert compared(few) == "too few held out to compare with kind-1 (29/30)"
    assert compare("labels:gone", SCHEME, gold, perfect, worse, run="x") is None


def test_entities_are_compared_by_document() -> None:
    generator = np.random.default_rng(0)
    ours, theirs = tally(*[(3, 0, 0)] * 40), tally(*[(1, 1, 2)] * 40)
    assert by_f1(ours, theirs, generator)["outcome"] == "better"
    one = tally(*[(3, 0, 0)] * 39, (2, 1, 1))
    assert by_f1(ours, one, generator)["outcome"] == "not distinguishable"


def test_the_matrix_of_entities_tells_types_from_ends_and_misses() -> None:
    def at(type_: str, start: int, end: int, number: int) -> Entity:
        return Entity(type_, (Span("p", start, end),), number=number)

    entities = [at("DRUG", 0, 3, 1), at("DRUG", 5, 8, 2), at("DRUG", 10, 14, 3), at("DISEASE", 20, 24, 4)]
    held = Annotations(entities={entity.number: entity for entity in entities})
    found = [("DRUG", 0, 3), ("DISEASE", 5, 8), ("DRUG", 10, 12), ("DRUG", 30, 33)]
    predicted = [Suggestion("entity", t, (Span("p", a, b),)) for t, a, b in found]
    graded = grade("entities", SCHEME, [held], [predicted])
    assert graded is not None
    assert set(graded.confused) == {
        (SPURIOUS, "DRUG"),
        ("DISEASE", MISSED),
        ("DRUG", "DISEASE"),
        ("DRUG", "DRUG"),
        ("DRUG", OTHER_ENDS),
    }
    assert len(graded.confused) == 5


def test_calibration_by_hand() -> None:
    shown = [Shown(n, "a", 0.95, n < 9) for n in range(10)] + [Shown(10 + n, "b", 0.55, n < 5) for n in range(10)]
    found = reliability(shown, 20)
    assert found is not None
    assert found["ece"] == pytest.approx(0.05)
    assert found["brier"] == pytest.approx((9 * 0.0025 + 0.9025 + 5 * 0.2025 + 5 * 0.3025) / 20, abs=1e-4)
    assert [(one["count"], one["right"]) for one in found["bins"]] == [(10, 0.5), (10, 0.9)]
    assert reliability(shown[:9], 20) is None
    rows = above(shown, 20)
    assert [row["suggestions"] for row in rows[""]][:2] == [20, 20]
    assert rows["a"][-1] == rows[""][-1]
    at = supported(rows, "", 0.95)
    assert at is not None
    assert (at["right"], at["suggestions"]) == (9, 10)
    assert supported(rows, "", 0.97) is None, "too few lie so high"
    assert supported(rows, "never", 0.9) is None


def test_precision_has_an_interval_only_where_enough_is_suggested() -> None:
    gold = kinds(*["order"] * 20 + ["note"] * 20)
    figures = evaluate("labels:kind", SCHEME, gold, said(*["order"] * 38 + ["note"] * 2))
    assert share(figures["values"]["order"], "precision") is not None
    assert share(figures["values"]["note"], "precision") is None
    assert figures["macro_over"] == ["note", "order"]
    assert figures["macro"]["f1"]["low"] < figures["macro_f1"] < figures["macro"]["f1"]["high"]


def test_kappa_of_two_runs_on_the_same_documents() -> None:
    documents = [example.document for example in examples(range(4))]
    same = stability.agreement("labels:kind", documents, said(*"abab"), said(*"abab"), run="kind-1")
    assert same is not None
    assert (same["same"], same["kappa"], same["changed"]) == (1.0, 1.0, 0)
    other = stability.agreement("labels:kind", documents, said(*"abab"), said(*"abba"), run="kind-1")
    assert other is not None
    assert (other["same"], other["kappa"], other["changed"]) == (0.5, 0.0, 2)
    spans = [[Suggestion("entity", "DRUG", (Span("s1v1", 0, 5),))], [], [], []]
    none: list[list[Suggestion]] = [[], [], [], []]
    entities = stability.agreement("entities", documents, spans, none, run="entities-1")
    assert entities is not None
    assert (entities["suggestions"], entities["changed"]) == (1, 1)
    assert entities["kappa"] < 0.1
    assert stability.agreement("entities", [], [], [], run="entities-1") is None


def test_labels_that_models_contradict_are_most_suspicious() -> None:
    held = [
        Example(n, e.document, a) for n, (e, a) in enumerate(zip(examples(range(3)), kinds(*["note"] * 3), strict=True))
    ]
    found = second_look.contradictions("labels:kind", SCHEME, held, said("note", "order", "note", prob=0.97))
    assert [round(one.score, 2) for one in found] == [0.03, 1.0, 0.03]
    assert found[1].reason == "kind is note; a model that never saw it says order (0.97)"
    assert [bool(one.reason) for one in found] == [False, True, False]


def test_entities_that_are_missing_weigh_more_than_moved_ends() -> None:
    (example,) = examples([1])
    marked = [Suggestion("entity", e.type, e.spans, prob=0.9) for e in example.annotations.entities.values()]
    bare = Example(1, example.document, Annotations())
    moved = [
        Suggestion("entity", s.name, (Span(s.spans[0].part, s.spans[0].start, s.spans[0].end + 1),), prob=0.9)
        for s in marked
    ]
    right, missing, ends = (
        second_look.contradictions("entities", SCHEME, [e], [f])[0]
        for e, f in ((example, marked), (bare, marked), (example, moved))
    )
    assert right.score == 0
    assert missing.score > ends.score > 0
    assert "expected (0.90)" in missing.reason
    assert missing.suggestions == tuple(marked)


def test_an_attribute_that_models_contradict_is_named_with_its_entity() -> None:
    (example,) = examples([1])
    status = Attribute("status", "choice", (Choice("present"), Choice("absent")))
    first, *rest = example.annotations.entities.values()
    held = {e.number: replace(e, attributes={"status": "absent"}) for e in (first, *rest)}
    marked = Example(1, example.document, Annotations(entities=held))
    said = [
        Suggestion("attribute", "status", first.spans, value="present", prob=0.98),
        *(Suggestion("attribute", "status", e.spans, value="absent", prob=0.9) for e in rest),
    ]
    scheme = Scheme(entities=SCHEME.entities, attributes=(status,))
    (found,) = second_look.contradictions("attributes:status", scheme, [marked], [said])
    assert found.score == 0.98
    assert found.reason.startswith(f"status of {first.type} “")
    assert "is absent; a model that never saw it says present (0.98)" in found.reason


@pytest.fixture(scope="module")
def trained(made_corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a corpus with 70 more confirmed notes, two of them wrong, and two runs of `kind`."""
    path = Path(shutil.copy(made_corpus, tmp_path_factory.mktemp("figures") / "notes.db"))
    with Corpus.open(path) as opened:
        for number in range(45, 115):
            confirm(opened, number)
        train(opened, "labels:kind", trigger="manual")
        train(opened, "labels:kind", parameters={"c": 1.0})
    return path


def test_the_curve_is_measured_on_what_none_of_it_learned(trained: Path) -> None:
    with Corpus.open(trained, readonly=True) as opened:
        found = inquire(Training(opened), Curve(task="labels:kind", shares=[0.5, 1.0], draws=2), no_progress)
    assert isinstance(found, CurveDrawn)
    assert found.measured == "set apart for this curve"
    assert found.measured_on >= 30
    sizes = [point.documents for point in found.points]
    assert len(set(sizes)) == 2
    assert sizes.count(min(sizes)) == 2
    assert all(point.low <= point.value <= point.high for point in found.points)


def test_a_curve_needs_something_to_measure_on(made_corpus: Path) -> None:
    with Corpus.open(made_corpus, readonly=True) as opened, pytest.raises(TooFewExamplesError, match="too few"):
        inquire(Training(opened), Curve(task="labels:kind", shares=[1.0]), no_progress)


def test_a_second_look_finds_the_wrong_label(trained: Path, tmp_path: Path) -> None:
    path = Path(shutil.copy(trained, tmp_path / "wrong.db"))
    with Corpus.open(path) as opened:
        id = documents.find(opened, "note-118")
        assert id is not None
        right = truth(118).labels["kind"]
        wrong = LabelValue("kind", "order" if right.value == "note" else "note")
        changes = Changes(labels=(LabelChange(None, wrong),), state=(None, VersionState.CONFIRMED))
        log.record(opened, [Decision(Kind.CONFIRM, id, "ann", changes)])
        found = inquire(Training(opened), LookAgain(task="labels:kind", folds=2), no_progress)
    assert isinstance(found, Suspects)
    assert found.looked == 116
    assert found.found[0].document == id
    assert found.found[0].suggestions[0].value == right.value


def test_a_second_look_has_an_engine_predict_out_of_fold_in_its_own_way(
    trained: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*about: object, **more: object) -> None:
        raise AssertionError("fitted fold by fold")

    monkeypatch.setattr(EntityEngine, "fit", never)
    with Corpus.open(trained, readonly=True) as opened:
        found = inquire(Training(opened), LookAgain(task="entities", folds=2), no_progress)
    assert isinstance(found, Suspects)
    assert found.looked == 115


def test_a_curve_calibrates_no_probabilities(trained: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[bool] = []
    calibrate = EntityEngine._calibrate

    def noted(self: EntityEngine, *about: Any) -> Any:
        seen.append(True)
        return calibrate(self, *about)

    monkeypatch.setattr(EntityEngine, "_calibrate", noted)
    with Corpus.open(trained, readonly=True) as opened:
        command = Curve(task="entities", shares=[1.0], draws=1, parameters={"iterations": 5})
        found = inquire(Training(opened), command, no_progress)
        assert isinstance(found, CurveDrawn)
        assert not seen
        command = Curve(task="entities", shares=[1.0], draws=1, parameters={"iterations": 5, "calibrate": True})
        inquire(Training(opened), command, no_progress)
    assert seen


def test_runs_are_measured_and_compared_on_request(trained: Path) -> None:
    with Corpus.open(trained, readonly=True) as opened:
        training = Training(opened)
        beside = inquire(training, Compare(task="labels:kind", run="labels:kind-2", other="labels:kind-1"), no_progress)
        assert isinstance(beside, Compared)
        assert beside.parts["holdout"]["run"] == "labels:kind-1"
        measured = inquire(training, Measure(task="labels:kind", run="labels:kind-1"), no_progress)
        assert isinstance(measured, Measured)
        assert measured.parts["test"]["documents"] == 5
        with pytest.raises(LearnError, match="not of entities"):
            inquire(training, Measure(task="entities", run="labels:kind-1"), no_progress)
        with pytest.raises((LearnError, UsageError)):
            inquire(training, Measure(task="labels:kind", run="labels:kind-9"), no_progress)

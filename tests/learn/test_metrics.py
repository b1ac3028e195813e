from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nervaluate import Evaluator

from tui_annotate.domain import figures as figure
from tui_annotate.domain.agreement import Counts, Marked, exact, overlapping, total
from tui_annotate.domain.annotations import Annotations, Entity, LabelContent, LabelValue, Suggestion
from tui_annotate.domain.scheme import Choice, DocumentLabel, EntityType, Scheme
from tui_annotate.domain.spans import Span
from tui_annotate.learn.metrics import evaluate, f1_interval, wilson

KIND = DocumentLabel("kind", "choice", (Choice("ham"), Choice("spam")))
TOPICS = DocumentLabel("topics", "choices", (Choice("a"), Choice("b")))
SCHEME = Scheme(entities=(EntityType("A"), EntityType("B")), labels=(KIND, TOPICS))
ENTITIES = st.sets(
    st.tuples(st.sampled_from("AB"), st.integers(0, 12), st.integers(1, 4)).map(lambda x: (x[0], x[1], x[1] + x[2])),
    max_size=6,
)

APART = st.dictionaries(st.integers(0, 5), st.tuples(st.sampled_from("AB"), st.integers(1, 4)), min_size=1).map(
    lambda cells: {(type_, 5 * cell, 5 * cell + length) for cell, (type_, length) in cells.items()}
)
"""Entities that lie over at most one of another set of these: with others nervaluate pairs the first it meets."""


def marked(*found: tuple[str, int, int]) -> list[Marked]:
    """Return entities of one part."""
    return [(type_, (Span("p", start, end),)) for type_, start, end in found]


def version(*found: tuple[str, int, int]) -> Annotations:
    """Return a version with entities."""
    return Annotations(entities={n: Entity(t, (Span("p", a, b),), number=n) for n, (t, a, b) in enumerate(found, 1)})


def suggestions(*found: tuple[str, int, int]) -> list[Suggestion]:
    """Return entity suggestions."""
    return [Suggestion("entity", t, (Span("p", a, b),)) for t, a, b in found]


def labelled(name: str, value: LabelContent) -> tuple[Annotations, list[Suggestion]]:
    """Return a version and a suggestion with just this label."""
    return Annotations(labels={name: LabelValue(name, value)}), [Suggestion("label", name, value=value)]


def test_intervals_by_hand() -> None:
    low, high = wilson(45, 50)
    assert (round(low, 4), round(high, 4)) == (0.8085, 0.9505)
    assert wilson(0, 0) == (0.0, 1.0)
    assert wilson(0, 10)[0] == 0.0
    assert wilson(10, 10)[1] == 1.0
    low, high = f1_interval(Counts(40, 10, 10))
    assert low < 0.8 < high
    assert (round(low, 3), round(high, 3)) == (0.720, 0.863)


def test_more_documents_give_narrower_intervals() -> None:
    def width(scale: int) -> float:
        low, high = f1_interval(Counts(8 * scale, scale, scale))
        return high - low

    assert width(1) > width(5) > width(50)


def test_exact_and_overlapping_by_hand() -> None:
    ours, theirs = marked(("A", 0, 5), ("A", 8, 10), ("B", 12, 14)), marked(("A", 0, 4), ("A", 4, 5), ("B", 12, 14))
    assert exact(ours, theirs) == {"A": Counts(0, 2, 2), "B": Counts(1, 0, 0)}
    assert overlapping(ours, theirs) == {"A": Counts(1, 1, 1), "B": Counts(1, 0, 0)}
    assert total(exact(ours, theirs)).f1 == pytest.approx(2 / 6)
    assert exact([], []) == {}
    assert total({}).f1 == 1.0


def test_a_discontinuous_entity_is_exact_only_with_the_same_fragments() -> None:
    both: Marked = ("A", (Span("p", 0, 3), Span("p", 8, 9)))
    hull: Marked = ("A", (Span("p", 0, 9),))
    assert total(exact([both], [hull])) == Counts(0, 1, 1)
    assert total(overlapping([both], [hull])) == Counts(1, 0, 0)


@given(APART, APART)
def test_exact_agrees_with_nervaluate(ours: set[tuple[str, int, int]], theirs: set[tuple[str, int, int]]) -> None:
    def spans(found: set[tuple[str, int, int]]) -> list[dict[str, object]]:
        # nervaluate's ends belong to the entity.
        return [{"label": t, "start": a, "end": b - 1} for t, a, b in sorted(found, key=lambda x: x[1])]

    counts = total(exact(marked(*ours), marked(*theirs)))
    evaluator = Evaluator([spans(ours)], [spans(theirs)], tags=["A", "B"], loader="dict")
    strict = evaluator.evaluate()["overall"]["strict"]
    assert counts.tp == strict.correct
    assert counts.precision == pytest.approx(strict.precision)
    assert counts.recall == pytest.approx(strict.recall)


@given(ENTITIES, ENTITIES)
def test_swapping_sides_swaps_precision_and_recall(
    ours: set[tuple[str, int, int]], theirs: set[tuple[str, int, int]]
) -> None:
    for compare in (exact, overlapping):
        there = total(compare(marked(*ours), marked(*theirs)))
        back = total(compare(marked(*theirs), marked(*ours)))
        assert (there.tp, there.fp, there.fn) == (back.tp, back.fn, back.fp)


def test_under_30_documents_there_is_no_figure() -> None:
    figures = evaluate("entities", SCHEME, [version(("A", 0, 1))] * 29, [suggestions(("A", 0, 1))] * 29)
    assert figures == {"documents": 29, "needed": 30, "headline": None}
    assert figure.said({"holdout": figures}) == "29/30 held out"
    assert figure.said({}) == "0/30 held out"


def test_entities_have_figures_by_type_from_ten_positives() -> None:
    gold = [version(("A", 0, 2), ("B", 3, 5))] * 9 + [version(("A", 0, 2))] * 21
    said = [suggestions(("A", 0, 2), ("B", 3, 4))] * 9 + [suggestions(("A", 0, 2))] * 21
    figures = evaluate("entities", SCHEME, gold, said)
    assert figures["types"]["A"]["f1"]["value"] == 1.0
    assert figures["types"]["B"] == {"tp": 0, "fp": 9, "fn": 9, "positives": 9, "needed": 10}
    assert figures["headline"]["name"] == "F1"
    assert figures["f1"]["value"] == pytest.approx(60 / 78)
    assert figure.said({"holdout": figures}).startswith("F1 0.77 (0.")


def test_a_choice_has_accuracy_macro_and_confusion() -> None:
    pairs = [labelled("kind", "ham")] * 30 + [labelled("kind", "spam")] * 12
    gold = [pair[0] for pair in pairs]
    always_ham = [labelled("kind", "ham")[1]] * 42
    figures = evaluate("labels:kind", SCHEME, gold, always_ham)
    assert figures["accuracy"]["value"] == pytest.approx(30 / 42)
    assert figures["macro_f1"] == pytest.approx((60 / 72 + 0) / 2)
    assert figures["confusion"] == {"ham": {"ham": 30}, "spam": {"ham": 12}}
    assert figures["values"]["spam"]["recall"] == 0.0
    assert figures["headline"]["low"] < 30 / 42 < figures["headline"]["high"]


def test_several_choices_count_each_value() -> None:
    gold = [labelled("topics", ("a", "b"))[0]] * 15 + [labelled("topics", ())[0]] * 15
    said = [labelled("topics", ("a",))[1]] * 15 + [[]] * 15
    figures = evaluate("labels:topics", SCHEME, gold, said)
    assert figures["values"]["a"]["f1"]["value"] == 1.0
    assert figures["values"]["b"]["recall"] == 0.0
    assert figures["accuracy"]["value"] == 0.5
    assert figures["f1"]["value"] == pytest.approx(2 / 3)


def test_fewer_documents_are_measured_when_asked_for() -> None:
    figures = evaluate("entities", SCHEME, [version(("A", 0, 1))], [suggestions(("A", 0, 1))], least=1)
    assert figures["f1"]["value"] == 1.0
    assert figures["types"]["A"]["precision"] == 1.0

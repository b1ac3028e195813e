"""Marks on lines: found by bisection, drawn so that they read without colour."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tui_annotate.domain.cells import line_cells
from tui_annotate.domain.spans import Span
from tui_annotate.screens.layout_marks import Fragment, Mark, MarkIndex, MarkKind, type_colors
from tui_annotate.screens.layout_paint import Look, gutter_runs, marker_runs, pieces, text_runs

LINE = "lung cancer stage IV, no aspirin 81 mg"


def stretch(span: Span) -> tuple[int, int] | None:
    return (span.start, min(span.end, 100)) if span.part == "p" and span.start < 100 else None


spans = st.builds(lambda start, size: Span("p", start, start + size), st.integers(0, 120), st.integers(1, 30))
acts = st.lists(st.tuples(st.integers(0, 6), st.lists(spans, max_size=3)), max_size=30)


@given(acts, st.integers(0, 99), st.integers(1, 40))
def test_the_index_finds_what_looking_at_all_finds(acts: list[tuple[int, list[Span]]], start: int, size: int) -> None:
    index = MarkIndex(stretch)
    held: dict[object, Mark] = {}
    for id, where in acts:
        if where:
            held[id] = Mark(id, tuple(where))
            index.put(held[id])
        else:
            held.pop(id, None)
            index.remove(id)
    wanted = sorted(
        (low, high, mark.id)
        for mark in held.values()
        for low, high in filter(None, map(stretch, mark.spans))
        if low < start + size and start < high
    )
    found = index.within(start, start + size)
    assert sorted((f.start, f.end, f.mark.id) for f in found) == wanted
    assert {mark.id: mark for mark in index} == held
    for fragment in found:
        assert fragment.first == (fragment.start == index.stretches(fragment.mark)[0][0])


def mark(id: int, text: str, label: str, kind: MarkKind = "annotation", prob: float | None = None) -> Mark:
    start = LINE.index(text)
    return Mark(id, (Span("p", start, start + len(text)),), label, kind=kind, prob=prob)


def marker(*marks: Mark, focus: int = -1, width: int = 60) -> str:
    index = MarkIndex(stretch, marks)
    found = pieces(line_cells(LINE), 0, index.within(0, 100), focus)
    return "".join(text for text, _ in marker_runs(found, width))


def test_annotations_and_suggestions_differ_without_colour() -> None:
    assert marker(mark(1, "lung cancer", "DIS")) == "DIS────────"
    assert marker(mark(1, "lung cancer", "DIS", "suggestion", 0.7)) == "DIS? 0.70┄┄"


def test_the_focus_stands_between_blocks() -> None:
    assert marker(mark(1, "lung", "DIS", "suggestion", 0.7), focus=1) == "▐DIS? 0.70▌"


def test_nested_marks_split_the_row() -> None:
    row = marker(mark(1, "lung cancer stage IV", "DISEASE"), mark(2, "stage IV", "STAGE", "suggestion"))
    assert row == "DISEASE─────STAGE?┄┄"
    row = marker(mark(1, "lung cancer stage", "DISEASE"), mark(2, "cancer", "ORG", "suggestion"))
    assert row == "DISE…ORG?┄┘──────"


def test_equal_spans_share_a_label() -> None:
    assert marker(mark(1, "aspirin", "DRUG"), mark(2, "aspirin", "BRAND", "suggestion")).strip() == "BRAND?+DRUG"


def test_labels_never_run_into_the_next() -> None:
    row = marker(mark(1, "81", "STRENGTH"), mark(2, "mg", "UNIT"))
    assert row[LINE.index("81") :] == "S… UNIT"


def test_a_mark_going_on_from_the_line_before_says_so() -> None:
    whole = Mark(1, (Span("p", 0, 30),), "DRUG")
    found = pieces(line_cells(LINE[10:]), 10, [Fragment(0, 30, whole, True)], None)
    assert "".join(text for text, _ in marker_runs(found, 40)) == "…DRUG───────────────"


def test_a_label_from_outside_is_mapped() -> None:
    assert marker(mark(1, "lung cancer", "\x1b[31m")) == "␛[31m──────"


def test_text_runs_join_to_the_line_with_a_look_for_each_mark() -> None:
    index = MarkIndex(stretch, [mark(1, "lung cancer", "DIS"), mark(2, "aspirin", "DRUG", "suggestion")])
    found = pieces(line_cells(LINE), 0, index.within(0, 100), 2)
    runs = text_runs(line_cells(LINE), found)
    assert "".join(text for text, _ in runs) == LINE
    assert ("lung cancer", Look("annotation")) in runs
    assert ("aspirin", Look("suggestion", "", True)) in runs


def test_letters_stand_in_the_blank_beside_a_span() -> None:
    index = MarkIndex(stretch, [mark(1, "lung cancer", "DIS"), mark(2, "IV", "GRADE"), mark(3, "mg", "UNIT")])
    found = pieces(line_cells(LINE), 0, index.within(0, 100), None)
    row = "".join(text for text, _ in text_runs(line_cells(LINE), found, letters=True))
    assert row == "lung cancerDstageGIV, no aspirin 81 mgU"


def test_hidden_characters_look_like_what_they_are() -> None:
    runs = text_runs(line_cells("a\x1bb"), [])
    assert runs == [("a", Look("text")), ("␛", Look("glyph")), ("b", Look("text"))]


def test_the_gutter_names_what_begins_on_the_line() -> None:
    index = MarkIndex(stretch, [mark(1, "lung cancer", "DIS"), mark(2, "aspirin", "DRUG", "suggestion", 0.5)])
    found = pieces(line_cells(LINE), 0, index.within(0, 100), 2)
    assert "".join(text for text, _ in gutter_runs(found, 20)).strip() == "DIS DRUG? 0.50"


def test_the_cursor_lies_on_top() -> None:
    cursor = Mark("c", (Span("p", 5, 11),), kind="selection")
    index = MarkIndex(stretch, [mark(1, "cancer", "DIS")])
    fragments = [*index.within(0, 100), Fragment(5, 11, cursor, True)]
    found = pieces(line_cells(LINE), 0, fragments, 1)
    assert ("cancer", Look("selection")) in text_runs(line_cells(LINE), found)


def test_colours_stay_when_types_are_added() -> None:
    few = type_colors(["A", "B"])
    assert {name: color for name, color in type_colors(["A", "B", "C"]).items() if name in few} == few

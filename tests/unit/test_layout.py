"""Layout: lines cover the text at any width, offsets survive wrapping in every script."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from tui_annotate.domain.documents import Part
from tui_annotate.domain.spans import Span
from tui_annotate.screens import layout as module
from tui_annotate.screens.layout import Layout, Row, hard_lines, wrapped

text = st.text(st.one_of(st.characters(), st.sampled_from("abc  \n\r\t漢字e\u0301👨\u200d👩🇩🇪-")), max_size=400)
simple = st.text("abc   -", max_size=400)
width = st.integers(1, 60)


def parts(*texts: str) -> list[Part]:
    return [Part(f"p{index}", text) for index, text in enumerate(texts)]


def cut(source: str, cells: int) -> list[str]:
    return [source[start:end] for start, end in wrapped(source, cells)]


@given(text, width)
def test_lines_leave_out_nothing_but_line_ends(source: str, cells: int) -> None:
    lines = list(wrapped(source, cells))
    at = 0
    for start, end in lines:
        assert source[at:start] in ("", "\n", "\r\n", "\r")
        assert not re.search(r"[\r\n]", source[start:end])
        at = end
    assert at == len(source)


@given(text)
def test_hard_lines_are_those_of_the_three_line_ends(source: str) -> None:
    assert [source[start:end] for start, end in hard_lines(source)] == re.split(r"\r\n|\r|\n", source)


@given(text, width)
def test_no_line_is_wider_than_the_view(source: str, cells: int) -> None:
    layout = Layout(parts(source), cells)
    layout.extend(position=layout.size)
    for line in range(layout.lines):
        drawn = layout.cells(line)
        alone = len(drawn.clusters) == 1
        assert alone or cell_len(drawn.text) <= cells + (drawn.source[-1:] in (" ", "\t"))


@given(simple, width)
def test_plain_text_wraps_alike_both_ways(source: str, cells: int) -> None:
    plain = list(module._wrap_simple(source, 0, len(source), cells))
    assert list(module._wrap_clusters(source, 0, len(source), cells)) == plain
    assert list(module._wrap_unjoined(source, 0, len(source), cells)) == plain


@given(st.text("ab  漢字。-", max_size=400), width)
def test_wide_text_wraps_alike_both_ways(source: str, cells: int) -> None:
    quick = list(module._wrap_unjoined(source, 0, len(source), cells))
    assert quick == list(module._wrap_clusters(source, 0, len(source), cells))


@given(st.lists(text, min_size=1, max_size=3), width, st.sampled_from([1, 2]))
def test_places_survive_wrapping(sources: list[str], cells: int, rows: int) -> None:
    layout = Layout(parts(*sources), cells, rows_per_line=rows)
    layout.extend(position=layout.size)
    for line in range(layout.lines):
        start, _ = layout.bounds(line)
        assert layout.row(layout.row_of(line)) == Row(line)
        drawn = layout.cells(line)
        for cluster in drawn.clusters:
            position = start + cluster
            assert layout.line_at(position) == line
            assert layout.position_at(*layout.column_of(position)) == position
            assert layout.position(*layout.place(position)) == position


@given(st.lists(text, min_size=1, max_size=3), width, st.integers(0, 400))
def test_wrapping_in_slices_gives_the_same_lines(sources: list[str], cells: int, goal: int) -> None:
    whole = Layout(parts(*sources), cells)
    whole.extend(position=whole.size)
    sliced = Layout(parts(*sources), cells)
    sliced.extend(position=goal)
    sliced.extend(position=sliced.size)
    assert [sliced.bounds(line) for line in range(sliced.lines)] == [whole.bounds(line) for line in range(whole.lines)]


def test_windows_of_a_long_line_leave_no_seam(monkeypatch: pytest.MonkeyPatch) -> None:
    source = "some words of a line that never ends, 漢字 among them. " * 40
    whole = list(wrapped(source, 20))
    monkeypatch.setattr(module, "_WINDOW", 170)
    assert list(wrapped(source, 20)) == whole


def test_a_huge_line_is_wrapped_only_as_far_as_needed() -> None:
    layout = Layout(parts("word " * 2_000_000), 80)
    layout.extend(rows=40)
    assert 40 <= layout.lines < 2_000
    assert not layout.complete


def test_words_move_to_the_next_line_and_long_ones_are_broken() -> None:
    assert cut("one two threefour", 8) == ["one two ", "threefou", "r"]


def test_wide_characters_are_parted_anywhere() -> None:
    assert cut("漢字漢字漢", 5) == ["漢字", "漢字", "漢"]


def test_a_family_is_not_parted() -> None:
    family = "👨\u200d👩\u200d👧"
    assert cut(family * 2, 10) == [family, family]


def test_rows_keep_room_for_labels_and_gaps_between_parts() -> None:
    layout = Layout(parts("one\ntwo", "", "three"), 20, rows_per_line=2)
    layout.extend(position=layout.size)
    shown = [layout.row(row) for row in range(layout.rows + 1)]
    two = [Row(0), Row(0, True), Row(1), Row(1, True), Row(-1)]
    assert shown == [*two, Row(2), Row(2, True), Row(-1), Row(3), Row(3, True), Row(-1)]


def test_spans_that_point_nowhere_have_no_stretch() -> None:
    layout = Layout(parts("short", "other"), 20)
    assert layout.stretch(Span("p0", 2, 99)) == (2, 5)
    assert layout.stretch(Span("p1", 0, 5)) == (6, 11)
    assert layout.stretch(Span("p0", 5, 6)) is None
    assert layout.stretch(Span("nowhere", 0, 1)) is None


def test_a_document_without_parts_has_no_rows() -> None:
    layout = Layout((), 20)
    assert layout.row(0) == Row(-1)
    assert (layout.rows, layout.lines) == (0, 0)

"""Selecting text by keyboard."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_annotate.domain.documents import Document, Part
from tui_annotate.domain.spans import Span
from tui_annotate.session.selection import Selection


def document(*texts: str) -> Document:
    return Document("d", tuple(Part(f"s1p{i}", text) for i, text in enumerate(texts, 1)))


def selected(doc: Document, selection: Selection) -> str:
    return doc.slice(selection.span)


def test_begins_with_the_word_under_or_behind() -> None:
    doc = document("aspirin 81 mg", "daily")
    assert selected(doc, Selection.at(doc, "s1p1", 3)) == "aspirin"  # type: ignore[arg-type]
    assert selected(doc, Selection.at(doc, "s1p1", 7)) == "81"  # type: ignore[arg-type]
    assert Selection.at(document("  ", ""), "s1p1", 0) is None
    assert selected(doc, Selection.at(document("", "daily"), "s1p1", 0)) == "daily"  # type: ignore[arg-type]


def test_moves_over_parts_and_extends_by_word_and_character() -> None:
    doc = document("aspirin 81 mg", "daily dose")
    selection = Selection.at(doc, "s1p1", 0)
    assert selection is not None
    assert selection.move(1, "word")
    assert selection.extend("end", 1, "word")
    assert selected(doc, selection) == "81 mg"
    assert selection.extend("start", -1, "character")
    assert selected(doc, selection) == " 81 mg"
    assert selection.snapped() == Span("s1p1", 8, 13)
    assert selection.move(1, "word")
    assert selected(doc, selection) == "daily"
    assert selection.move(1, "word")
    assert not selection.move(1, "word")
    assert selected(doc, selection) == "dose"


def test_a_character_is_a_whole_cluster() -> None:
    doc = document("x👨‍👩‍👧e\u0301y")
    selection = Selection(doc, Span("s1p1", 0, 1))
    assert selection.extend("end", 1, "character")
    assert selected(doc, selection) == "x👨‍👩‍👧"
    assert selection.extend("end", 1, "character")
    assert selected(doc, selection) == "x👨‍👩‍👧e\u0301"


def test_jumps_to_a_letter_whatever_its_case_and_accent_and_back() -> None:
    doc = document("Aspirin and Émile's dose", "daily énough")
    selection = Selection.at(doc, "s1p1", 0)
    assert selection is not None
    seen = []
    while selection.seek("e", 1):
        seen.append(selected(doc, selection))
    assert seen == ["Émile", "énough"]
    assert selection.seek("D", -1)
    assert selected(doc, selection) == "daily"
    assert selection.seek("a", -1)
    assert selected(doc, selection) == "and"
    assert not selection.seek("x", -1)
    assert selected(doc, selection) == "and"


def test_one_end_jumps_inside_its_part_and_never_over_the_other() -> None:
    doc = document("take aspirin and some tea daily", "tea")
    selection = Selection.at(doc, "s1p1", 5)
    assert selection is not None
    assert selection.seek("t", 1, "end")
    assert selected(doc, selection) == "aspirin and some tea"
    assert not selection.seek("t", 1, "end")
    assert selection.seek("s", -1, "end")
    assert selected(doc, selection) == "aspirin and some"
    assert selection.seek("s", 1, "start")
    assert not selection.seek("t", 1, "start")
    assert selection.seek("t", -1, "start")
    assert selected(doc, selection) == "take aspirin and some"


@given(
    st.text(min_size=1),
    st.lists(
        st.tuples(
            st.sampled_from(["start", "end"]),
            st.sampled_from([1, -1]),
            st.sampled_from(["character", "word", "sentence"]),
        ),
        max_size=8,
    ),
)
def test_a_selection_is_never_empty_nor_outside(text: str, motions: list[tuple[str, int, str]]) -> None:
    doc = document(text)
    selection = Selection.at(doc, "s1p1", 0)
    if selection is None:
        assert not text.split()
        return
    for end, direction, unit in motions:
        selection.extend(end, direction, unit)  # type: ignore[arg-type]
        assert doc.has(selection.span)
    selection.move(1, "word")
    assert doc.has(selection.span)


@pytest.mark.parametrize("unit", ["word", "sentence"])
def test_moving_back_and_forth_returns(unit: str) -> None:
    doc = document("One two. Three four.", "Five six.")
    selection = Selection.at(doc, "s1p1", 0)
    assert selection is not None
    selection.move(1, unit)  # type: ignore[arg-type]
    there = selection.span
    selection.move(1, unit)  # type: ignore[arg-type]
    selection.move(-1, unit)  # type: ignore[arg-type]
    assert selection.span == there

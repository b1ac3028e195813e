"""Offsets are settled by the text they are said to cover, whatever unit they count in."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tui_annotate.formats.units import UNITS, Claim, Unit, from_points, settle, to_points

MIXED = st.text(st.sampled_from("ab é\u0301\u4e2d\U0001f600\U0010ffff\n"), min_size=1, max_size=30)


@st.composite
def claims(draw: st.DrawFn, unit: Unit) -> tuple[str, list[tuple[int, int]], list[Claim]]:
    text = draw(MIXED)
    places, found = [], []
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(text) - 1))
        end = draw(st.integers(start + 1, len(text)))
        places.append((start, end))
        found.append(Claim(from_points(text, start, unit), from_points(text, end, unit), text[start:end]))
    return text, places, found


@given(st.data(), st.sampled_from(UNITS))
def test_spans_in_any_unit_are_found_again(data: st.DataObject, unit: Unit) -> None:
    text, places, given_claims = data.draw(claims(unit))
    settled = settle(text, given_claims)
    assert settled.agrees
    assert [text[start:end] for start, end in filter(None, settled.places)] == [text[s:e] for s, e in places]
    if settled.is_proven:
        assert from_points(text, len(text), settled.unit) == from_points(text, len(text), unit)


@given(MIXED, st.sampled_from(UNITS), st.integers(-3, 130))
def test_an_offset_that_is_one_comes_back(text: str, unit: Unit, offset: int) -> None:
    point = to_points(text, offset, unit)
    if point is not None:
        assert from_points(text, point, unit) == offset


def test_the_unit_that_all_agree_in_wins_over_the_first() -> None:
    text = "\U0001f600 aspirin and aspirin"
    settled = settle(text, [Claim(3, 10, "aspirin"), Claim(15, 22, "aspirin")])
    assert (settled.unit, settled.is_proven, settled.places) == ("UTF-16", True, ((2, 9), (14, 21)))


def test_one_that_fits_nowhere_is_left_out_alone() -> None:
    settled = settle("\U0001f600 aspirin", [Claim(3, 10, "aspirin"), Claim(0, 4, "none")])
    assert (settled.unit, settled.places, settled.agrees) == ("UTF-16", ((2, 9), None), False)


def test_without_a_text_nothing_is_proven() -> None:
    settled = settle("plain words", [Claim(0, 5)])
    assert (settled.unit, settled.is_proven) == ("code points", False)


def test_a_looser_comparison_can_be_asked_for() -> None:
    assert settle("two\nlines", [Claim(0, 9, "two lines")], equal=lambda a, b: a.replace("\n", " ") == b).agrees


def test_an_offset_inside_a_character_is_none() -> None:
    assert to_points("\U0001f600", 1, "UTF-16") is None
    assert to_points("é", 1, "bytes") is None
    assert settle("\U0001f600", [Claim(0, 1)], units=("UTF-16",)).places == (None,)

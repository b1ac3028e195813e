"""The mapper: nothing that drives or deceives a terminal passes, and offsets stay."""

from __future__ import annotations

import unicodedata

import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len, get_character_cell_size

from tui_annotate.domain.display import MARKS_A_CELL, shown, visible

anything = st.text(
    st.one_of(
        st.characters(),
        st.characters(categories=["Cs", "Co", "Cn", "Cf", "Cc", "Mn", "Me", "Mc", "Lo", "So", "Sk"]),
        st.sampled_from("\x00\x1b\x9b\x7f\t\r\n\u200d\ufe0f\u202e\u2066\U000e0041\u0301👍🏽👨🇩ᄒ\u1161\ud800"),
    )
)
forbidden = regex.compile(r"[\p{C}\p{Zl}\p{Zp}\p{DI}\p{Variation_Selector}]")


@given(anything)
def test_no_control_or_format_character_passes(text: str) -> None:
    assert forbidden.search(visible(text)) is None
    assert not any(unicodedata.category(c) in ("Cc", "Cf", "Cs", "Co") for c in visible(text))


@given(anything)
def test_each_code_point_gives_one(text: str) -> None:
    assert len(visible(text)) == len(text)


@given(anything)
def test_mapping_twice_is_mapping_once(text: str) -> None:
    assert visible(visible(text)) == visible(text)


@given(anything)
def test_width_is_the_sum_over_code_points(text: str) -> None:
    mapped = visible(text)
    assert cell_len(mapped) == sum(map(get_character_cell_size, mapped))


@given(anything, anything)
def test_what_stands_first_always_takes_cells(before: str, text: str) -> None:
    mapped = visible(text)
    assert not mapped or get_character_cell_size(mapped[0]) > 0


def test_every_code_point_alone_shows_and_is_safe() -> None:
    for point in (*range(0x3100), *range(0xD7A0, 0x10000), *range(0x1F000, 0x1FB00), *range(0xE0000, 0xE0200)):
        glyph = visible(chr(point))
        assert forbidden.match(glyph) is None, hex(point)
        assert get_character_cell_size(glyph) in (1, 2), hex(point)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("plain text, Ünïcödé 漢字 €", "plain text, Ünïcödé 漢字 €"),
        ("\x1b[31mred\x07", "␛[31mred␇"),
        ("\x1b]52;c;aGk=\x9c", "␛]52;c;aGk=␦"),
        ("a\x00b\tc\r\n", "a␀b␉c␍␊"),
        ("pay\u202elive\u202c", "pay⇠live⇄"),
        ("zero\u200bwidth\ufeff", "zero¦width¦"),
        ("soft\xadhyphen", "soft¬hyphen"),
        ("❤\ufe0f", "❤˅"),
        ("\U000e0041", "⌑"),
        ("\ue000\ud800\u0378", "⍰⍰⍰"),
        ("e\u0301", "e\u0301"),
        ("\u0301e", "◌e"),
        ("👍🏽", "👍🏽"),
        ("a🏽", "a◌"),
        ("\u2028", "␤"),
    ],
)
def test_known_cases(text: str, wanted: str) -> None:
    assert visible(text) == wanted


def test_a_pile_of_marks_gets_cells_of_its_own() -> None:
    assert visible("z" + "\u0336" * 40) == "z" + "\u0336" * MARKS_A_CELL + "◌" * (40 - MARKS_A_CELL)


@given(anything, st.integers(0, 40))
def test_a_shown_line_keeps_its_width(text: str, width: int) -> None:
    assert cell_len(shown(text, width)) <= width


def test_a_cut_line_says_so() -> None:
    assert shown("lisinopril", 6) == "lisin…"
    assert shown("lisinopril", 10) == "lisinopril"
    assert shown("漢字漢字", 6) == "漢字…"

"""The tokeniser drops nothing and never leaves its offsets."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_annotate.domain.tokens import is_aligned, sentences, snap, token_offsets, tokenize


@given(st.text())
def test_tokens_are_the_text_without_its_white_space(text: str) -> None:
    tokens = tokenize(text)
    assert "".join(t.text for t in tokens) == "".join(text.split())
    assert all(text[t.start : t.end] == t.text for t in tokens)
    assert all(a.end <= b.start for a, b in itertools.pairwise(tokens))


@given(st.text())
def test_sentences_cover_every_token(text: str) -> None:
    found = sentences(text)
    assert all(any(s <= start and end <= e for s, e in found) for start, end in token_offsets(text))
    assert all(a[1] <= b[0] for a, b in itertools.pairwise(found))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("5-HT1A's", ["5", "-", "HT1A", "'", "s"]),
        ("हिन्दी में", ["हिन्दी", "में"]),
        ("می‌خواهم", ["می‌خواهم"]),
        ("naïve cafe\u0301", ["naïve", "cafe\u0301"]),
        ("a\x00b", ["a", "\x00", "b"]),
        ("", []),
    ],
)
def test_tokens_by_example(text: str, expected: list[str]) -> None:
    assert [t.text for t in tokenize(text)] == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One. Two! Three?", ["One.", "Two!", "Three?"]),
        ("Seen by Dr. Smith. He left.", ["Seen by Dr. Smith.", "He left."]),
        ("dose 2.5 mg daily", ["dose 2.5 mg daily"]),
        ("Title\n\nBody goes on", ["Title", "Body goes on"]),
        ("一。二。", ["一。二。"]),
        ("He said “no.” Then left.", ["He said “no.”", "Then left."]),
    ],
)
def test_sentences_by_example(text: str, expected: list[str]) -> None:
    assert [text[s:e] for s, e in sentences(text)] == expected


@given(st.text(min_size=1), st.data())
def test_snapping_covers_and_is_aligned(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    offsets = token_offsets(text)
    snapped = snap(offsets, start, end)
    if snapped is None:
        assert text[start:end].strip() == ""
    else:
        assert is_aligned(offsets, *snapped)
        assert text[start:end].strip() in text[snapped[0] : snapped[1]]

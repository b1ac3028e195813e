from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tui_annotate.domain.alignment import misaligned, snapped
from tui_annotate.domain.documents import Document, Part
from tui_annotate.domain.spans import Span
from tui_annotate.domain.tokens import snap, token_offsets

TEXT = "Take aspirin 5mg/d now."


def document(text: str) -> Document:
    """Return a document of one part."""
    return Document("d", (Part("p", text),))


@pytest.mark.parametrize(
    ("marked", "expected"),
    [
        ((5, 12), "aspirin"),
        ((6, 11), "aspirin"),
        ((4, 13), "aspirin"),
        ((11, 14), "aspirin 5mg"),
        ((14, 17), "5mg/"),
        ((4, 5), " "),
    ],
)
def test_ends_inside_words_or_on_white_space_move_to_words(marked: tuple[int, int], expected: str) -> None:
    span = Span("p", *marked)
    found = snapped(document(TEXT), span)
    assert TEXT[found.start : found.end] == expected
    assert misaligned(document(TEXT), [span]) == (found != span)


@given(st.text("ab 1.\n\u0301😀\x1c", min_size=1, max_size=40), st.data())
def test_looking_around_the_span_is_as_good_as_at_the_whole_text(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text) - 1))
    span = Span("p", start, data.draw(st.integers(start + 1, len(text))))
    whole = snap(token_offsets(text), span.start, span.end)
    assume(whole is not None)
    found = snapped(document(text), span)
    assert (found.start, found.end) == whole
    assert snapped(document(text), found) == found

"""Spans of outside JSON are checked before they are believed."""

from __future__ import annotations

from typing import Any

import pytest

from tui_annotate.errors import DataError
from tui_annotate.formats.claimed import pieces


def test_pieces_are_places_in_the_text() -> None:
    assert pieces([[0, 2], [4, 5]], 5) == [(0, 2), (4, 5)]


@pytest.mark.parametrize(
    "given",
    [None, [], {}, "ab", [[0.5, 2]], [[0, True]], [[0]], [[0, 1, 2]], [["0", 1]], [[-1, 2]], [[2, 2]], [[0, 6]]],
)
def test_anything_else_is_refused(given: Any) -> None:
    with pytest.raises(DataError, match="fragment"):
        pieces(given, 5)

"""Cells: offsets and columns of lines in every script, selection by whole clusters."""

from __future__ import annotations

from itertools import pairwise

import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len, get_character_cell_size

from tui_annotate.domain import cells
from tui_annotate.domain.cells import (
    cluster_starts,
    is_simple,
    is_unjoined,
    line_cells,
    next_cluster,
    snap,
)
from tui_annotate.domain.display import visible

FAMILY = "👨\u200d👩\u200d👧"
line = st.text(
    st.one_of(
        st.characters(exclude_characters="\r\n"),
        st.sampled_from("ab \t漢🇩👍🏽e\u0301\u200d\ufe0f\u093f\u0915\u1161한\u1100\x1b\ud800\u1000\u102b\u103a"),
    )
)


@given(line)
def test_a_line_is_as_wide_as_textual_draws_it(source: str) -> None:
    found = line_cells(source)
    assert found.width == cell_len(found.text)
    assert len(found.columns) == len(source) + 1
    assert list(found.columns) == sorted(found.columns)


@given(line)
def test_any_stretch_is_drawn_with_its_columns(source: str) -> None:
    found = line_cells(source)
    for start, end in pairwise([*found.clusters, len(source)]):
        assert cell_len(found.drawn(start, end)) == found.columns[end] - found.columns[start] > 0


@given(line)
def test_every_column_of_a_cluster_leads_back_to_it(source: str) -> None:
    found = line_cells(source)
    for start, end in pairwise([*found.clusters, len(source)]):
        for column in range(found.column(start), found.column(end)):
            assert found.offset_at(column) == start
    assert found.offset_at(found.width) == len(source)


@given(line, st.data())
def test_snapping_covers_whole_clusters(source: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(source)))
    end = data.draw(st.integers(start, len(source)))
    low, high = line_cells(source).snapped(start, end)
    bounds = {*cluster_starts(source), len(source)}
    assert low in bounds
    assert high in bounds
    if start < end:
        assert low <= start
        assert high >= end


@given(line)
def test_clusters_can_be_walked(source: str) -> None:
    walked = [0]
    while walked[-1] < len(source):
        walked.append(next_cluster(source, walked[-1]))
    assert walked[:-1] == list(cluster_starts(source))


@pytest.mark.parametrize(
    ("source", "width", "clusters"),
    [
        ("abc", 3, [0, 1, 2]),
        ("漢字", 4, [0, 1]),
        ("e\u0301x", 2, [0, 2]),
        ("🇩🇪!", 3, [0, 2]),
        ("👍🏽", 2, [0]),
        (FAMILY, 8, [0]),
        ("a\tb", 5, [0, 1, 2]),
        ("", 0, []),
    ],
)
def test_known_lines(source: str, width: int, clusters: list[int]) -> None:
    found = line_cells(source)
    assert (found.width, list(found.clusters)) == (width, clusters)


def test_snapping_takes_a_whole_family() -> None:
    text = f"x {FAMILY} y"
    assert snap(text, 3, 4) == (2, 2 + len(FAMILY))
    assert line_cells(text).snapped(3, 4) == (2, 2 + len(FAMILY))


def test_an_endless_cluster_is_cut() -> None:
    assert len(cluster_starts("a" + "\u0301" * 1000)) == 1001 // cells.CLUSTER_LIMIT + 1


def test_unjoined_characters_show_and_are_one_cluster() -> None:
    for point in range(0x10000):
        char = chr(point)
        if is_unjoined(char, 0, 1):
            assert get_character_cell_size(char) in (1, 2), hex(point)
            assert visible(char) == char, hex(point)
            assert len(regex.findall(r"\X", "a" + char + "漢" + char + "b")) == 5, hex(point)


def test_simple_characters_are_one_cell_and_one_cluster() -> None:
    for point in range(0x10000):
        char = chr(point)
        if is_simple(char):
            assert get_character_cell_size(char) == 1, hex(point)
            assert regex.match(r"[\p{C}\p{M}\p{DI}]", char) is None, hex(point)
            assert len(regex.findall(r"\X", "a" + char + "b")) == 3, hex(point)

"""Arrays, lines and single objects, item by item, at any chunk size."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.formats.helpers import source
from tests.properties import tries
from tui_annotate.domain.interchange import Problem
from tui_annotate.formats import json_items
from tui_annotate.formats.json_items import JsonItem, objects

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)
OBJECTS = st.lists(st.dictionaries(st.text(max_size=4), VALUES, max_size=4), max_size=5)


def rows(content: str | bytes) -> list[object]:
    """Return the objects of a file, and the reasons of what was refused."""
    found = objects(source("x.json", content))
    return [item.row if isinstance(item, JsonItem) else item.reason for item in found]


@settings(max_examples=tries(40))
@given(OBJECTS, st.sampled_from([None, 1]), st.booleans(), st.integers(3, 40))
def test_an_array_gives_its_objects_whatever_the_chunks(
    given: list[dict[str, object]], indent: int | None, ascii: bool, size: int
) -> None:
    content = json.dumps(given, indent=indent, ensure_ascii=ascii).encode("utf-8", "surrogatepass")
    usual = json_items._CHUNK
    json_items._CHUNK = size
    try:
        assert rows(content) == given
    finally:
        json_items._CHUNK = usual


@settings(max_examples=tries(25))
@given(OBJECTS)
def test_lines_give_their_objects(given: list[dict[str, object]]) -> None:
    assert rows("".join(json.dumps(row) + "\n" for row in given)) == given


def test_one_object_may_take_many_lines() -> None:
    assert rows('{\n "text": "x",\n "y": [\n1]}') == [{"text": "x", "y": [1]}]


def test_a_broken_line_costs_that_line_alone() -> None:
    assert rows('{"a": 1\n{"b": 2}\n{"c": \n{"d": 4}') == [
        "is no JSON: Input data was truncated",
        {"b": 2},
        "is no JSON: Input data was truncated",
        {"d": 4},
    ]


def test_where_says_line_and_number() -> None:
    found = list(objects(source("x.json", '[\n{"a": 1}, {"a": 2},\n{"a": 3}]')))
    assert [item.where for item in found] == ["x.json:2#1", "x.json:2", "x.json:3"]
    assert [item.number for item in found if isinstance(item, JsonItem)] == [1, 2, 3]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ('[{"a": 1}, {"b": ', "begins in line 1"),
        ('[{"a": 1}', "`]` is missing"),
        ('[{"a": 1}] {"b": 2}', "follows the end"),
        ('[{"a": "x}]', "begins in line 1"),
        ("[1]", "no JSON object"),
    ],
)
def test_a_broken_array_says_where(content: str, reason: str) -> None:
    found = [item for item in objects(source("x.json", content)) if isinstance(item, Problem)]
    assert reason in found[-1].reason


def test_an_array_of_strangers_is_given_up() -> None:
    found = rows("[" + "1," * 100_000 + '{"a": 1}]')
    assert len(found) == 201
    assert "rest is not read" in str(found[-1])


def test_utf_16_and_marks_are_read() -> None:
    assert rows('[{"a": "é😀"}]'.encode("utf-16")) == [{"a": "é😀"}]
    assert rows('{"a": "é"}\n'.encode("utf-16")) == [{"a": "é"}]
    assert rows(b'\xef\xbb\xbf[{"a": 1}]') == [{"a": 1}]


def test_brackets_and_quotes_in_strings_are_text() -> None:
    assert rows('[{"a": "]},{[\\"\\\\"}, {"b": "\\\\"}]') == [{"a": ']},{["\\'}, {"b": "\\"}]

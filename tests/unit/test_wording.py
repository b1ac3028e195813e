"""One of a thing is not several of them."""

from __future__ import annotations

import pytest

from tui_annotate.domain.wording import counted


@pytest.mark.parametrize(
    ("names", "one"),
    [
        ("documents", "1 document"),
        ("entities", "1 entity"),
        ("boxes", "1 box"),
        ("files of annotations", "1 file of annotations"),
        ("ids that are no names of files", "1 id that is no name of a file"),
        ("entities that begin or end inside a word", "1 entity that begins or ends inside a word"),
        ("created", "1 created"),
        ("unchanged", "1 unchanged"),
        ("versions besides the one that is written", "1 version besides the one that is written"),
        ("values that are no labels", "1 value that is no labels"),
    ],
)
def test_one_is_said_as_one(names: str, one: str) -> None:
    assert counted(1, names) == one
    assert counted(2, names) == f"2 {names}"


def test_many_are_told_apart_by_their_thousands() -> None:
    assert counted(0, "texts") == "0 texts"
    assert counted(12345, "texts") == "12,345 texts"

"""Jumping to a word by its first letter while text is selected."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.screens.conftest import app_on, document, press, settled

MakeCorpus = Callable[..., Path]


@pytest.mark.parametrize(
    ("keys", "marked"),
    [
        ("v f d 2", "diabetes"),
        ("v f d right_square_bracket 2", "diabetes mellitus"),
        ("v f H F P 1", "patient"),
        ("v f i f 2 1", "2019"),
        ("v f a semicolon 1", "and"),
        ("v f escape w 1", "patient"),
        ("v f right 1", "patient"),
        ("v w space f a 1", "patient was started on aspirin"),
        ("v f l f v left_square_bracket right_curly_bracket 1", "and"),
    ],
)
async def test_a_letter_goes_to_the_word_that_begins_with_it(make_corpus: MakeCorpus, keys: str, marked: str) -> None:
    app = app_on(make_corpus(document("note-1")))
    async with app.run_test(size=(100, 24)) as pilot:
        await settled(pilot)
        review = await press(pilot, *keys.split())
        working = review.reviewing.session.document
        (entity,) = working.version.annotations.entities.values()
        assert working.document.slice(entity.span) == marked


async def test_a_letter_that_no_word_begins_with_is_said(make_corpus: MakeCorpus) -> None:
    app = app_on(make_corpus(document("note-1")))
    async with app.run_test(size=(100, 24)) as pilot:
        await settled(pilot)
        review = await press(pilot, "v", "f")
        assert "first letter" in review.panel.rows[-1].text
        review = await press(pilot, "z")
        assert "No further word begins with z." in review.panel.rows[0].text
        assert review.selecting is not None
        review = await press(pilot, "w")
        assert "begins with" not in review.panel.rows[0].text

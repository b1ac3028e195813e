"""The line of keys, and what enter does where all is done."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.screens.conftest import SPAM, SUGGESTED, app_on, document, press, settled

MakeCorpus = Callable[..., Path]


async def test_enter_on_a_confirmed_document_goes_on_to_the_next(make_corpus: MakeCorpus) -> None:
    app = app_on(make_corpus(document("one"), document("two"), document("three")))
    async with app.run_test(size=(100, 24)) as pilot:
        await settled(pilot)
        review = await press(pilot, "enter", "b")
        assert review.reviewing.session.document.is_confirmed
        assert "enter next" in review.panel.rows[-1].text
        review = await press(pilot, "enter")
        assert review.reviewing.session.document.row.key == "two"
        review = await press(pilot, "enter", "enter", "enter")
        assert "Every document is confirmed." in review.panel.rows[0].text


async def test_enter_after_an_answer_was_done_again_goes_on(make_corpus: MakeCorpus) -> None:
    app = app_on(make_corpus(document("one"), document("two"), scheme=SPAM))
    async with app.run_test(size=(100, 24)) as pilot:
        await settled(pilot)
        review = await press(pilot, "y", "u", "U")
        assert review.reviewing.session.document.row.key == "one"
        review = await press(pilot, "enter")
        assert review.reviewing.session.document.row.key == "two"


async def test_eighty_columns_hold_what_is_needed_most(make_corpus: MakeCorpus) -> None:
    needed = {
        "j": ["a accept", "x reject", "1 DRUG", "2 DISEASE", "enter confirm", "v new"],
        "v": ["f jump", "esc leave"],
    }
    app = app_on(make_corpus(document("one", found=SUGGESTED)))
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        for keys, vital in needed.items():
            review = await press(pilot, keys)
            drawn = review.panel.render_line(len(review.panel.rows) - 1).text
            assert [hint for hint in vital if hint not in drawn] == []


@pytest.mark.parametrize("width", [40, 62, 80, 97, 110, 200])
async def test_no_hint_is_cut_off(make_corpus: MakeCorpus, width: int) -> None:
    app = app_on(make_corpus(document("one", found=SUGGESTED), document("two")))
    async with app.run_test(size=(width, 24)) as pilot:
        await settled(pilot)
        seen = set()
        for keys in ("j", "v", "space", "escape escape enter b"):
            review = await press(pilot, *keys.split())
            drawn = review.panel.render_line(len(review.panel.rows) - 1).text
            seen.add(drawn)
            assert "…" not in drawn
            assert drawn.endswith(" ? help ")
        assert review.reviewing.session.document.is_confirmed
        assert len(seen) >= 3


async def test_confirming_a_long_document_goes_through_it_by_pages(make_corpus: MakeCorpus) -> None:
    words = [f"aspirin{n}" for n in range(200)]
    text = " ".join(f"{word} was given, and nothing else that would matter here." for word in words)
    app = app_on(make_corpus(document("one", text, found=[(f"{word} ".strip(), "DRUG") for word in words])))
    async with app.run_test(size=(80, 24)) as pilot:
        review = await settled(pilot)
        presses = 0
        while not review.reviewing.session.document.is_confirmed:
            await press(pilot, "enter")
            presses += 1
        rows = -(-len(text) // 78) * 2
        assert presses < rows / (review.view.size.height - 6) + 3

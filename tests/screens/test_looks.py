"""Looks: what is told apart by colour reads on its ground, and without colour too."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from rich.color import Color

from tests.screens.conftest import TEXT, app_on, document, picture, press, settled
from tui_annotate.config import Config, Look
from tui_annotate.domain.scheme import EntityType, Scheme
from tui_annotate.keymaps.assignment import assign
from tui_annotate.screens.layout_marks import COLORS
from tui_annotate.screens.marks import Marker

MakeCorpus = Callable[..., Path]


def luminance(color: Color) -> float:
    """Return the relative luminance as WCAG has it."""
    shares = [number / 255 for number in color.get_truecolor()]
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in shares]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("look", ["light", "dark"])
async def test_every_colour_of_a_type_reads_on_the_ground_of_the_look_from_the_start(
    make_corpus: MakeCorpus, look: Look
) -> None:
    words = TEXT.replace(",", "").split()[: len(COLORS)]
    scheme = Scheme(tuple(EntityType(f"T{index}") for index in range(len(COLORS))))
    found = [(word, f"T{index}") for index, word in enumerate(words)]
    app = app_on(make_corpus(document("one", found=found), scheme=scheme), config=Config(look=look))
    async with app.run_test(size=(100, 24)) as pilot:
        await settled(pilot)
        ground = app.screen.background_colors[1]
        drawn = app._filters[0].apply(list(app.screen._compositor.render_strips(app.size)[3]), ground)
        styles = {segment.text: segment.style for segment in drawn}
        for word in words[1:]:
            style = styles[word]
            assert style is not None
            assert style.color is not None
            assert style.bgcolor is not None
            high, low = sorted((luminance(style.color), luminance(style.bgcolor)), reverse=True)
            assert (high + 0.05) / (low + 0.05) > 4.5, word


def test_types_that_begin_alike_are_told_apart_by_their_keys() -> None:
    scheme = Scheme((EntityType("e_1"), EntityType("e_2"), EntityType("Drug"), EntityType("dose", key="5")))
    assert Marker(scheme, assign(scheme)).letters == {"e_1": "1", "e_2": "2", "Drug": "3", "dose": "5"}
    alone = Scheme((EntityType("Drug"), EntityType("Finding")))
    assert Marker(alone, assign(alone)).letters == {"Drug": "D", "Finding": "F"}


async def test_a_new_type_that_begins_alike_changes_the_letters_on_screen(make_corpus: MakeCorpus) -> None:
    scheme = Scheme((EntityType("DRUG"),))
    found = [("aspirin", "DRUG")]
    app = app_on(make_corpus(document("one", found=found), scheme=scheme), config=Config(labels="style"))
    async with app.run_test(size=(100, 24)) as pilot:
        await settled(pilot)
        assert "aspirinD81" in picture(app)[3]
        app.action_do("new-type")
        await settled(pilot)
        await press(pilot, *"Dose", "enter")
        assert "aspirin181" in picture(app)[3]

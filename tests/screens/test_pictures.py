"""Pictures of the app, so that a change of how it looks is seen; what it does is tested elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from textual.app import App
from textual.pilot import Pilot

from tests.screens.conftest import SUGGESTED, app_on, document, press, settled

MakeCorpus = Callable[..., Path]
Compare = Callable[..., bool]


def test_review_screen(make_corpus: MakeCorpus, snap_compare: Compare) -> None:
    app: App[None] = app_on(make_corpus(document("note-1", found=SUGGESTED), document("note-2")))

    async def decide(pilot: Pilot[None]) -> None:
        await settled(pilot)
        await press(pilot, "a")

    assert snap_compare(app, run_before=decide, terminal_size=(100, 20))


def test_selecting_text(make_corpus: MakeCorpus, snap_compare: Compare) -> None:
    app: App[None] = app_on(make_corpus(document("note-1", found=SUGGESTED)))

    async def select(pilot: Pilot[None]) -> None:
        await settled(pilot)
        await press(pilot, "v", "right", "space", "right")

    assert snap_compare(app, run_before=select, terminal_size=(100, 20))

"""The table of documents: what it shows, and finding in texts."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.screens.conftest import HOSTILE, app_on, document, picture, press, settled
from tui_annotate.app import AnnotateApp
from tui_annotate.screens import corpus as corpus_screen
from tui_annotate.screens.corpus import CorpusScreen
from tui_annotate.store.connection import Corpus
from tui_annotate.store.search import Look, look

MakeCorpus = Callable[..., Path]


async def searched(app: AnnotateApp) -> CorpusScreen:
    """Wait until a search has ended, and return the table."""
    screen = app.screen
    assert isinstance(screen, CorpusScreen)
    if screen._searching is not None:
        await asyncio.wait([screen._searching])
    return screen


async def test_a_filter_finds_in_texts_as_well_as_in_names(make_corpus: MakeCorpus) -> None:
    plain = [document(f"note-{n}", f"Nothing in number {n}.") for n in range(1, 300)]
    app = app_on(make_corpus(*plain, document("note-300", "Took Aspirin."), document("aspirin-list", "empty")))
    async with app.run_test(size=(100, 24)) as pilot:
        await settled(pilot)
        await press(pilot, "c", "f", *"aspirin", "enter")
        await searched(app)
        await pilot.pause()
        shown = picture(app)
        assert "holding “aspirin”" in shown[0]
        assert "1 of 2" in shown[0]
        assert ["note-300" in shown[2], "aspirin-list" in shown[3], shown[4].strip()] == [True, True, ""]
        assert "Took Aspirin." in shown[2]
        await press(pilot, "escape")
        assert "1 of 301" in picture(app)[0]
        await press(pilot, "pagedown", "down")
        assert "22 of 301" in picture(app)[0]
        await press(pilot, "end")
        assert "301 of 301" in picture(app)[0]


async def test_a_search_can_be_stopped_and_keeps_what_it_found(
    make_corpus: MakeCorpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = app_on(make_corpus(*(document(f"note-{n}") for n in range(1, 6))))

    stopped = threading.Event()

    def endless(corpus: Corpus, text: str, after: int) -> Look:
        if after:
            assert stopped.wait(60)
        return Look(look(corpus, text).found, 1)

    monkeypatch.setattr(corpus_screen, "look", endless)
    async with app.run_test(size=(100, 24)) as pilot:
        await settled(pilot)
        await press(pilot, "c", "f", *"aspirin", "enter")
        await pilot.pause()
        assert "escape stops" in picture(app)[0]
        await press(pilot, "escape")
        screen = app.screen
        assert isinstance(screen, CorpusScreen)
        assert screen._searching is None
        stopped.set()
        assert app.opened is not None
        await app.opened.reader(lambda corpus: None)
        await settled(pilot)
        assert "stopped" in picture(app)[0]
        assert "note-5" in picture(app)[6]


async def test_the_table_shows_how_texts_begin_and_which_one_is_open(make_corpus: MakeCorpus) -> None:
    app = app_on(make_corpus(document("one", f"First\n\n  line {HOSTILE} of it"), document("two", "Second.")))
    async with app.run_test(size=(100, 24)) as pilot:
        await settled(pilot)
        await press(pilot, "c")
        await pilot.pause()
        shown = picture(app)
        assert "one (open)" in shown[2]
        assert "First line" in shown[2]
        assert "Second." in shown[3]
        assert not any(sign in "".join(shown) for sign in "\x1b\u202e\x9b\x07\n")


async def test_the_table_begins_at_the_open_document(make_corpus: MakeCorpus) -> None:
    app = app_on(make_corpus(*(document(f"note-{n}") for n in range(1, 500))))
    async with app.run_test(size=(100, 24)) as pilot:
        await settled(pilot)
        await press(pilot, "g")
        await press(pilot, *"note-420", "enter")
        await press(pilot, "c")
        await pilot.pause()
        await pilot.pause()
        row = next(y for y, line in enumerate(picture(app)) if "▸" in line and "note-420 (open)" in line)
        assert 5 < row < 18
        assert "420 of 499" in picture(app)[0]

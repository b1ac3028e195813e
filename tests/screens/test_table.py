"""The table of documents: what it shows, and finding in texts."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from rich.cells import cell_len
from textual.widgets import Input

from tests.screens.conftest import HOSTILE, app_on, document, picture, press, settled
from tui_annotate.domain.documents import DocumentState
from tui_annotate.domain.spans import Span
from tui_annotate.screens.corpus import CorpusScreen
from tui_annotate.screens.document_table import table_row
from tui_annotate.screens.filter_prompt import FilterPrompt
from tui_annotate.services import searching
from tui_annotate.services.searching import Hits
from tui_annotate.store.connection import Corpus
from tui_annotate.store.listing import DocumentRow
from tui_annotate.store.search.around import Excerpt
from tui_annotate.store.search.finding import SearchStopped

MakeCorpus = Callable[..., Path]
ROW = DocumentRow(1, "a", "a.txt", "", DocumentState.PENDING, False, (), 120, "2026-11-20T17:58:00Z")


async def test_the_table_keeps_to_what_a_query_finds_while_it_is_typed(make_corpus: MakeCorpus) -> None:
    plain = [document(f"note-{n}", f"Nothing in number {n}.") for n in range(1, 300)]
    app = app_on(make_corpus(*plain, document("note-300", "Took Aspirin."), document("aspirin-list", "empty")))
    async with app.run_test(size=(100, 24)) as pilot:
        await settled(pilot)
        await press(pilot, "c", "f", *"aspirin -foldr:x")
        await pilot.pause()
        lines = picture(app)
        at = next(at for at, line in enumerate(lines) if "There is no field foldr. Did you mean folder:?" in line)
        assert lines[at - 2].index("foldr") == lines[at - 1].index("^")
        await press(pilot, "enter")
        prompt = app.screen
        assert isinstance(prompt, FilterPrompt)
        prompt.query_one(Input).value = "aspirin OR filename:aspirin*"
        prompt._search()
        screen = app.screen_stack[-2]
        assert isinstance(screen, CorpusScreen)
        assert screen._search.task is not None
        await asyncio.wait([screen._search.task])
        assert screen._count() == 2
        await press(pilot, "enter")
        await pilot.pause()
        shown = picture(app)
        assert "that fit aspirin OR filename:aspirin*" in shown[0]
        assert "1 of 2" in shown[0]
        assert ["note-300" in shown[2], "aspirin-list" in shown[3], shown[4].strip()] == [True, True, ""]
        assert "Took Aspirin." in shown[2]
        await press(pilot, "escape")
        assert "1 of 301" in picture(app)[0]
        screen._look_for("label:smoker:nevr")
        await asyncio.wait([screen._search.task])
        assert "smoker cannot be nevr; did you mean never?" in picture(app)[1]
        await press(pilot, "escape", "n")
        assert "Filter for something first" in picture(app)[1], "below the heading, where it covers nothing"
        await press(pilot, "pagedown", "down")
        assert "22 of 301" in picture(app)[0]
        await press(pilot, "end")
        assert "301 of 301" in picture(app)[0]


async def test_a_search_can_be_stopped_and_leaves_what_was_shown(
    make_corpus: MakeCorpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = app_on(make_corpus(*(document(f"note-{n}") for n in range(1, 6))))
    begun = threading.Event()

    def endless(corpus: Corpus, query: str, *, stop: Callable[[], bool], **more: object) -> Hits:
        begun.set()
        while not stop():
            threading.Event().wait(0.01)
        raise SearchStopped("stopped")

    monkeypatch.setattr(searching, "hits", endless)
    async with app.run_test(size=(100, 24)) as pilot:
        await settled(pilot)
        await press(pilot, "c", "f", *"aspirin", "enter")
        assert await asyncio.to_thread(begun.wait, 30)
        await pilot.pause()
        assert "escape stops" in picture(app)[0]
        await press(pilot, "escape")
        screen = app.screen
        assert isinstance(screen, CorpusScreen)
        assert screen._search.task is None
        await settled(pilot)
        assert "all documents" in picture(app)[0]
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


def test_a_row_shows_the_hit_however_late_it_stands() -> None:
    found = Excerpt(
        Span("s1v1", 90, 92), "… for years now, the patient on lisinopril had\nnausea in ", "東京", " and\nthen went"
    )
    for width in (60, 80, 100, 140):
        line = table_row(ROW, found, width=width, focused=False)
        text = "".join(piece for piece, _ in line.left)
        assert ("東京", "bold") in line.left
        assert cell_len(text) + cell_len(line.right[0][0]) <= width
    assert text.endswith("the patient on lisinopril had nausea in 東京 and then went")

"""Patterns, the queue and identical texts, by keys."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from textual.pilot import Pilot

from tests.screens.conftest import SPAM, SUGGESTED, app_on, document, picture, press, settled
from tui_annotate.screens.pattern_asking import kind_of, suggestible
from tui_annotate.store import counters, patterns, queue
from tui_annotate.store.connection import Corpus

MakeCorpus = Callable[..., Path]


async def keys(pilot: Pilot[None], *pressed: str) -> None:
    """Press keys one after the other, each when what the one before began is done."""
    for key in pressed:
        await pilot.press(key)
        await pilot.app.workers.wait_for_complete()
        await settled(pilot)


def test_what_is_typed_says_what_kind_of_pattern_it_is() -> None:
    assert kind_of("aspirin") == ("words", "aspirin")
    assert kind_of(r"/\d+ mg/") == ("regex", r"\d+ mg")
    assert kind_of('[{"lower": "mg"}]')[0] == "tokens"
    assert kind_of("//") == ("words", "//")
    assert suggestible(SPAM) == ["spam=true", "spam=false"]


async def test_a_pattern_is_made_of_what_is_focused_tried_and_kept(make_corpus: MakeCorpus) -> None:
    path = make_corpus(document("one", found=SUGGESTED), document("two"))
    app = app_on(path)
    async with app.run_test(size=(100, 30)) as pilot:
        await settled(pilot)
        await keys(pilot, "p", "enter")
        assert any("2 places in 2 of 2 documents" in line for line in picture(app))
        await keys(pilot, "enter")
        assert "new pattern for DRUG" in "".join(picture(app))
        review = await press(pilot, "right")
        focused = review.reviewing.session.focused
        assert focused is not None
        assert (focused.name, focused.who) == ("DRUG", ("ml:pattern",))
        await keys(pilot, "P")
        shown = picture(app)
        assert "DRUG" in shown[2]
        assert "aspirin" in shown[2]
        await keys(pilot, "space", "escape")
    with Corpus.open(path) as corpus:
        assert [(p.text, p.enabled) for p in patterns.every(corpus)] == [("aspirin", False)]


async def test_the_queue_is_shown_with_reasons_and_a_document_of_it_is_opened(make_corpus: MakeCorpus) -> None:
    path = make_corpus(*(document(f"d{n}", f"text {n}") for n in range(6)))
    with Corpus.open(path) as corpus:
        queue.ask_for(corpus, [5], reason=queue.searched("text 4"))
    app = app_on(path)
    async with app.run_test(size=(100, 30)) as pilot:
        review = await settled(pilot)
        assert review.reviewing.session.document.id == 5
        await keys(pilot, "Q")
        shown = picture(app)
        assert shown[2].split()[:2] == ["1", "d0"]
        assert "next in file order" in shown[2]
        await keys(pilot, "j", "enter")
        assert review.reviewing.session.document.row.key == "d1"


async def test_what_the_table_finds_can_come_next(make_corpus: MakeCorpus) -> None:
    path = make_corpus(*(document(f"d{n}", f"text {n}") for n in range(6)))
    app = app_on(path)
    async with app.run_test(size=(100, 30)) as pilot:
        await settled(pilot)
        await press(pilot, "c", "n", "f", *"text", "space", "4", "enter")
        await keys(pilot, "n")
    with Corpus.open(path) as corpus:
        assert [(e.document, e.reason) for e in queue.entries(corpus)] == [(5, "you searched for “text 4”")]


async def test_an_answer_is_copied_to_identical_texts_and_taken_back_at_once(make_corpus: MakeCorpus) -> None:
    path = make_corpus(*(document(f"d{n}", "the same" if n < 4 else f"{n}") for n in range(6)), scheme=SPAM)
    app = app_on(path)
    async with app.run_test(size=(100, 30)) as pilot:
        await settled(pilot)
        await keys(pilot, "y", "D")
        assert any("copy to 3 documents" in line for line in picture(app))
        review = await press(pilot, "enter")
        assert review.reviewing.session.document.row.key == "d4"
        assert review.reviewing.progress.confirmed == 4
        assert "copied to 3 documents" in "".join(picture(app))
        await press(pilot, "u")
    with Corpus.open(path) as corpus:
        assert counters.progress(corpus).confirmed == 1


async def test_a_pattern_for_a_new_type_makes_the_type_and_gives_it_a_key(make_corpus: MakeCorpus) -> None:
    app = app_on(make_corpus(document("one")))
    async with app.run_test(size=(100, 30)) as pilot:
        await settled(pilot)
        await keys(pilot, "p", *"DOSE", "enter", *"81", "space", *"mg", "enter", "enter")
        review = await settled(pilot)
        session = review.reviewing.session
        assert [type.name for type in session.scheme.entities] == ["DRUG", "DISEASE", "DOSE"]
        assert [session.document.document.slice(item.spans[0]) for item in session.document.undecided()] == ["81 mg"]
        assert any(hotkey.name == "DOSE" and hotkey.keys for hotkey in review.keymap.hotkeys)

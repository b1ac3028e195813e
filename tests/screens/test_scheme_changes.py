"""Labels that change while documents are reviewed: here, and in another program."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from tests.screens.conftest import SUGGESTED, app_on, document, picture, press, settled
from tests.screens.test_reviewing import Desk
from tui_annotate.errors import DecisionError
from tui_annotate.screens.change_report import ChangeReport
from tui_annotate.services import scheme_changes
from tui_annotate.store import log, settings
from tui_annotate.store.connection import Corpus

MakeCorpus = Callable[..., Path]
SIZE = (100, 30)


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    made = Desk()
    yield made
    for thread in made.threads:
        thread.close()


def rename(path: Path, old: str, new: str) -> None:
    """Rename an entity type as another program does."""
    with Corpus.open(path) as corpus:
        scheme_changes.rename(corpus, "entity", old, new, annotator="bob")


async def test_the_open_document_stays_and_says_that_labels_changed(make_corpus: MakeCorpus, desk: Desk) -> None:
    path = make_corpus(document("d1", found=SUGGESTED), document("d2", found=SUGGESTED))
    reviewing, told = desk.open(path)
    rename(path, "DRUG", "MEDICINE")
    shown = told.documents
    await reviewing.look()
    assert told.notices[-1].endswith("DRUG renamed to MEDICINE by bob")
    assert (told.documents, told.schemes) == (shown, 1)
    assert reviewing.session.focused is not None
    assert reviewing.session.focused.name == "DRUG"
    await reviewing.go_on()
    assert [item.name for item in reviewing.session.document.items] == ["MEDICINE", "MEDICINE", "DISEASE"]


async def test_why_a_document_came_is_not_told_in_names_that_are_gone(make_corpus: MakeCorpus, desk: Desk) -> None:
    path = make_corpus(document("d1", found=SUGGESTED))
    reviewing, _ = desk.open(path)
    reviewing.session.document.reason = "least sure of what is left: DRUG"
    rename(path, "DISEASE", "ILLNESS")
    await reviewing.look()
    assert reviewing.session.document.reason
    rename(path, "DRUG", "MEDICINE")
    await reviewing.look()
    await reviewing.reload()
    assert reviewing.session.document.reason == ""


@pytest.mark.parametrize("looked", [True, False])
async def test_a_decision_on_the_old_name_is_refused_and_the_document_read_again(
    make_corpus: MakeCorpus, desk: Desk, looked: bool
) -> None:
    path = make_corpus(document("d1", found=SUGGESTED))
    reviewing, _ = desk.open(path)
    rename(path, "DRUG", "MEDICINE")
    if looked:
        await reviewing.look()
    for verb in (reviewing.session.accept, reviewing.session.reject):
        with pytest.raises(DecisionError, match="There is no DRUG any more"):
            await reviewing.decide(verb)
        assert reviewing.session.focused is not None
        assert reviewing.session.focused.name == "MEDICINE"
        assert reviewing.session.scheme.entity("MEDICINE") is not None
        rename(path, "MEDICINE", "DRUG")
        await reviewing.reload()
        rename(path, "DRUG", "MEDICINE")
    with Corpus.open(path, readonly=True) as corpus:
        assert log.history(corpus, annotator="ann", document=1) == []


async def test_undo_and_redo_show_the_labels_where_the_annotator_is(make_corpus: MakeCorpus, desk: Desk) -> None:
    path = make_corpus(document("d1", found=SUGGESTED), document("d2", found=SUGGESTED))
    reviewing, told = desk.open(path)
    with Corpus.open(path) as corpus:
        scheme_changes.merge(corpus, "entity", ["DRUG", "DISEASE"], "FINDING", annotator="ann")
    await reviewing.look()
    await reviewing.go_on()
    here = reviewing.session.document.id
    await reviewing.undo()
    assert reviewing.session.document.id == here
    assert [item.name for item in reviewing.session.document.items] == ["DRUG", "DRUG", "DISEASE"]
    assert told.notices[-1] == "undone: DRUG and DISEASE merged into FINDING, in 2 documents"
    await reviewing.redo()
    assert {item.name for item in reviewing.session.document.items} == {"FINDING"}


async def test_a_label_is_renamed_from_the_palette_after_its_report_was_seen(make_corpus: MakeCorpus) -> None:
    path = make_corpus(document("d1", found=SUGGESTED), document("d2", found=SUGGESTED))
    app = app_on(path)
    async with app.run_test(size=SIZE) as pilot:
        review = await settled(pilot)
        app.action_do("rename-label")
        await settled(pilot)
        await pilot.press("enter")
        await pilot.pause()
        await pilot.press("home", "delete", "delete", "delete", "delete", "M", "enter")
        for _ in range(100):
            await settled(pilot)
            if isinstance(app.screen, ChangeReport):
                break
        shown = "\n".join(picture(app))
        assert "DRUG renamed to M?" in shown
        assert "4 suggestions follow" in shown
        with Corpus.open(path, readonly=True) as corpus:
            assert settings.scheme(corpus).entities[0].name == "DRUG"
        await press(pilot, "enter")
        await app.workers.wait_for_complete()
        await settled(pilot)
        assert review.reviewing.session.scheme.entities[0].name == "M"
        assert "M?" in "\n".join(picture(app))
        review = await press(pilot, "u")
        assert review.reviewing.session.scheme.entities[0].name == "DRUG"
        assert "undone: DRUG renamed to M" in "\n".join(picture(app))


async def test_a_label_that_went_meanwhile_is_told_of_whatever_is_asked(make_corpus: MakeCorpus) -> None:
    path = make_corpus(document("d1", found=SUGGESTED))
    app = app_on(path)
    async with app.run_test(size=SIZE) as pilot:
        await settled(pilot)
        app.action_do("rename-label")
        await settled(pilot)
        await pilot.press("enter")
        await pilot.pause()
        rename(path, "DRUG", "MEDICINE")
        await pilot.press("X", "enter")
        await app.workers.wait_for_complete()
        await settled(pilot)
        assert "There is no entity type DRUG any more: DRUG renamed to MEDICINE by bob" in "\n".join(picture(app))
        app.action_do("delete-label")
        await settled(pilot)
        await pilot.press("enter")
        await app.workers.wait_for_complete()
        await settled(pilot)
        assert isinstance(app.screen, ChangeReport)
        rename(path, "MEDICINE", "NT7")
        await press(pilot, "enter")
        await app.workers.wait_for_complete()
        await settled(pilot)
        assert "There is no entity type MEDICINE any more: MEDICINE renamed to NT7 by bob" in "\n".join(picture(app))


async def test_rules_of_a_split_are_checked_where_they_are_typed(make_corpus: MakeCorpus) -> None:
    path = make_corpus(document("d1", found=SUGGESTED))
    app = app_on(path)
    async with app.run_test(size=SIZE) as pilot:
        await settled(pilot)
        app.action_do("split-label")
        await settled(pilot)
        await pilot.press("enter")
        await pilot.pause()
        await pilot.press("A", "comma", "B", "enter")
        await pilot.pause()
        await pilot.press("A", "equals_sign", "left_parenthesis", "enter")
        await settled(pilot)
        shown = "\n".join(picture(app))
        assert "no regular expression" in shown
        assert "A=(" in shown
        await pilot.press("backspace", "S", "semicolon", "B", "equals_sign", "Z", "enter")
        await settled(pilot)
        assert "all others" in "\n".join(picture(app))

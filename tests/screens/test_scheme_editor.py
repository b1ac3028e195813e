"""The scheme editor, by keys: what is typed is drawn, what is saved is in force, what is in use follows."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from rich.console import Console
from textual.pilot import Pilot

from tests.screens.conftest import MIXED, SUGGESTED, app_on, document, picture, press, settled
from tui_annotate.domain.scheme import Attribute, Choice, DocumentLabel, EntityType, RelationType, Scheme
from tui_annotate.keymaps import assign
from tui_annotate.screens.scheme_editor import SchemeEditorScreen
from tui_annotate.screens.scheme_preview import palette_text, sample
from tui_annotate.services import scheme_changes
from tui_annotate.store import settings
from tui_annotate.store.connection import Corpus

MakeCorpus = Callable[..., Path]


async def keys(pilot: Pilot[None], *pressed: str) -> str:
    """Press keys, each when what the one before began is done, and return what the screen shows; `=a b` is typed."""
    for key in pressed:
        for letter in key[1:] if key[0] == "=" else [key]:
            await pilot.press({".": "full_stop"}.get(letter, letter))
        await pilot.app.workers.wait_for_complete()
        await settled(pilot)
    return "\n".join(picture(pilot.app))  # type: ignore[arg-type]


def in_force(path: Path) -> Scheme:
    with Corpus.open(path, readonly=True) as corpus:
        return settings.scheme(corpus)


def drawn(scheme: Scheme) -> str:
    console = Console(width=60, color_system=None)
    with console.capture() as capture:
        console.print(palette_text(scheme, assign(scheme), deployed={"entities": "entities-3"}))
    return capture.get()


def test_the_preview_shows_keys_kinds_and_models() -> None:
    scheme = Scheme(
        (EntityType("DRUG"), EntityType("DISEASE", model="ner_x", color="no colour at all")),
        (DocumentLabel("smoker", "choice", (Choice("past one"), Choice("never", "n")), train=True),),
        (Attribute("sure", "boolean", on=("DRUG",), assertion=True),),
        (RelationType("treats", ("DRUG", ""), True),),
    )
    said = drawn(scheme)
    for line in (
        "1  DRUG   by entities-3",
        "2  DISEASE   by ner_x (outside)",
        "smoker  trained first",
        "n never",
        "p past",
    ):
        assert line.replace("p past", "past one") in said
    assert "sure  assertion, on DRUG" in said
    assert "treats  DRUG → any" in said
    assert "No labels yet" in drawn(Scheme())
    shown, marks = sample(scheme, assign(scheme), {})
    assert [shown.slice(mark.spans[0]) for mark in marks] == ["some drug", "some disease"]
    assert [mark.kind for mark in marks] == ["annotation", "suggestion"]


async def test_a_label_is_drawn_while_it_is_typed_and_in_force_when_saved(make_corpus: MakeCorpus) -> None:
    path = make_corpus(document("one", found=SUGGESTED))
    app = app_on(path)
    async with app.run_test(size=(100, 30)) as pilot:
        await settled(pilot)
        await keys(pilot, "E")
        assert isinstance(app.screen, SchemeEditorScreen)
        shown = await keys(pilot, "a", "enter", "=Dose")
        assert "3  Dose" in shown
        assert "Dose?" in shown
        assert "1 not saved" in await keys(pilot, "enter")
        assert in_force(path).entity("Dose") is None
        shown = await keys(pilot, "enter", "=color", "enter", "=gren")
        assert "Did you mean 'green'?" in shown
        await keys(pilot, "escape", "s", "enter")
        assert in_force(path).entity("Dose") is not None
        assert app.review is not None
        assert app.review.keymap.hotkey("3", target="entity") is not None


async def test_leaving_asks_what_becomes_of_what_is_not_saved(make_corpus: MakeCorpus) -> None:
    path = make_corpus(document("one"))
    app = app_on(path)
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        assert "the labels are not saved" in await keys(pilot, "E", "x", "escape")
        await keys(pilot, "escape")
        assert isinstance(app.screen, SchemeEditorScreen)
        assert "the labels are not saved" in await keys(pilot, "q")
        assert "as in force" in await keys(pilot, "escape", "u")
        await keys(pilot, "J", "escape", "=leave", "enter")
        assert not isinstance(app.screen, SchemeEditorScreen)
    assert in_force(path) == MIXED.numbered()


async def test_a_type_in_use_is_renamed_with_what_is_annotated(make_corpus: MakeCorpus) -> None:
    path = make_corpus(document("one", found=SUGGESTED))
    app = app_on(path)
    async with app.run_test(size=(100, 30)) as pilot:
        await settled(pilot)
        await press(pilot, "a")
        assert "DRUG is in use" in await keys(pilot, "E", "enter", "enter", "S", "enter")
        assert "DRUG is S now" in await keys(pilot, "enter")
        await keys(pilot, "escape")
        review = await settled(pilot)
        held = review.reviewing.session.document.version.annotations.entities
        assert [entity.type for entity in held.values()] == ["S"]
    assert [type.name for type in in_force(path).entities] == ["S", "DISEASE"]


async def test_an_empty_corpus_leads_to_its_labels_and_those_of_a_file_join(
    make_corpus: MakeCorpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = make_corpus(scheme=Scheme())
    monkeypatch.chdir(path.parent)
    Path("l.txt").write_text("PERSON\nORG\n")
    app = app_on(path)
    async with app.run_test(size=(100, 30)) as pilot:
        await settled(pilot)
        app.program_do("set-up")
        assert "2 joined; not saved yet" in await keys(pilot, "=load", "enter", "=l.txt", "enter")
        await keys(pilot, "s", "enter")
    assert [type.name for type in in_force(path).entities] == ["PERSON", "ORG"]


async def test_what_others_change_meanwhile_comes_in_below_what_is_not_saved(make_corpus: MakeCorpus) -> None:
    path = make_corpus(document("one"))
    app = app_on(path)
    async with app.run_test(size=(100, 30)) as pilot:
        await settled(pilot)
        await keys(pilot, "E", "a", "enter", "=Dose", "enter")
        with Corpus.open(path) as corpus:
            scheme_changes.rename(corpus, "entity", "DRUG", "MEDICINE", annotator="bob")
        shown = await keys(pilot, "s", "enter")
        assert "somebody changed the labels; what is not saved here stands on top of that" in shown
        assert "MEDICINE" in shown
        assert "Dose" in shown
        await keys(pilot, "s", "enter")
    assert [type.name for type in in_force(path).entities] == ["MEDICINE", "DISEASE", "Dose"]


async def test_what_is_to_be_mended_is_said_below_and_nothing_is_saved(
    make_corpus: MakeCorpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = make_corpus(document("one"))
    monkeypatch.chdir(path.parent)
    Path("bad.toml").write_text('[[label]]\nname = "a"\nkind = "choise"\n[[entity]]\nname = "b"\ncolour = "x"\n')
    app = app_on(path)
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        shown = await keys(pilot, "E", "i", "=bad.toml", "enter")
        assert "2 to be mended in bad.toml; nothing was loaded" in shown
        assert "bad.toml:3" in shown
        assert "bad.toml:6" in shown
        assert "There is no scheme file" in await keys(pilot, "i", "=no.toml", "enter")
        await keys(pilot, "enter", "=color", "enter", "=gren", "enter")
        shown = await keys(pilot, "s")
        assert "1 to be mended first" in shown
        assert "Did you mean 'green'?" in shown
        assert isinstance(app.screen, SchemeEditorScreen)


async def test_the_preview_goes_where_the_cursor_is(make_corpus: MakeCorpus) -> None:
    types = tuple(EntityType(f"TYPE{number:02d}") for number in range(50))
    options = tuple(Choice(f"option {number:02d}") for number in range(40))
    path = make_corpus(document("one"), scheme=Scheme(types, (DocumentLabel("topic", "choice", options),)))
    app = app_on(path)
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await keys(pilot, "E")
        assert isinstance(app.screen, SchemeEditorScreen)
        app.screen.table.move_cursor(row=29)
        shown = await keys(pilot, "j")
        assert "some type30" in shown
        right = "\n".join(line[34:] for line in shown.splitlines())
        assert "TYPE30" in right
        shown = await keys(pilot, "end")
        right = "\n".join(line[34:] for line in shown.splitlines())
        assert "option 39" in right

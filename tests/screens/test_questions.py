"""Questions: what is asked is explained, and a wrong answer gets one clear sentence."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from pathlib import Path

from tests.screens.conftest import app_on, document, picture, press, settled
from tui_annotate.config import Config
from tui_annotate.domain.scheme import Scheme
from tui_annotate.screens.help import help_text, not_as_asked
from tui_annotate.screens.setting_words import WORDS
from tui_annotate.store import settings
from tui_annotate.store.connection import Corpus
from tui_annotate.store.settings import Settings

MakeCorpus = Callable[..., Path]


def test_every_setting_is_explained_in_a_line_that_fits() -> None:
    assert WORDS.keys() == {field.name for field in fields(Settings)}
    assert all(len(words) <= 70 for words in WORDS.values())


async def test_a_setting_is_picked_from_what_it_can_be(make_corpus: MakeCorpus) -> None:
    path = make_corpus(document("one"))
    app = app_on(path)
    async with app.run_test(size=(100, 24)) as pilot:
        await settled(pilot)
        app.action_do("settings")
        await settled(pilot)
        assert not app.screen.styles.background.a, "the document is seen behind a question"
        await press(pilot, *"strictly", "enter")
        assert any("Ask for every suggestion" in line for line in picture(app))
        assert any("no  now" in line for line in picture(app))
        review = await press(pilot, *"yes", "enter")
        assert review.reviewing.session.strict
        assert "confirm strictly: yes" in review.panel.rows[0].text
        with Corpus.open(path) as corpus:
            assert settings.load(corpus).confirm_strictly


async def test_an_import_that_failed_leaves_the_advice_on_screen(make_corpus: MakeCorpus) -> None:
    app = app_on(make_corpus())
    async with app.run_test(size=(100, 24)) as pilot:
        await settled(pilot)
        for path, said in [("-", "is the keyboard here"), ("nowhere", "no such file")]:
            app.action_do("import")
            await settled(pilot)
            await press(pilot, *path, "enter")
            assert app.program is not None
            await app.program.importing()
            review = await settled(pilot)
            assert said in review.panel.rows[0].text
            assert "No documents yet" in picture(app)[2]


async def test_a_new_label_says_its_key_and_an_old_one_that_it_is_there(make_corpus: MakeCorpus) -> None:
    app = app_on(make_corpus(document("one"), scheme=Scheme()))
    async with app.run_test(size=(100, 24)) as pilot:
        await settled(pilot)
        app.action_do("new-label")
        await settled(pilot)
        await press(pilot, *"kind", "enter")
        await press(pilot, *"one of", "enter")
        review = await press(pilot, *"note,letter", "enter")
        assert "new document label kind, on the keys" in review.panel.rows[0].text
        app.action_do("new-label")
        await settled(pilot)
        review = await press(pilot, *"kind", "enter")
        assert "There is a document label kind already." in review.panel.rows[0].text
        assert app.screen is review


async def test_the_first_type_is_asked_for_with_advice(make_corpus: MakeCorpus) -> None:
    app = app_on(make_corpus(document("one"), scheme=Scheme()))
    async with app.run_test(size=(100, 24)) as pilot:
        await settled(pilot)
        await press(pilot, "v", "enter")
        assert any("type a name: it will be created" in line for line in picture(app))


async def test_finding_says_which_of_how_many(make_corpus: MakeCorpus) -> None:
    app = app_on(make_corpus(document("one", "aspirin, Aspirin and lisinopril")))
    async with app.run_test(size=(100, 24)) as pilot:
        await settled(pilot)
        await press(pilot, "f")
        review = await press(pilot, *"aspirin", "enter")
        assert "“aspirin” 1 of 2: F goes to the next" in review.panel.rows[0].text
        review = await press(pilot, "F")
        assert "“aspirin” 2 of 2" in review.panel.rows[0].text


async def test_settings_that_are_not_as_asked_for_are_said_at_the_start_and_listed(make_corpus: MakeCorpus) -> None:
    config = Config(keys={"accept": ("x",), "nonsense": ("q",)}, notices=("config.toml:1: look: 'purple' is not used",))
    app = app_on(make_corpus(document("one")), config=config)
    async with app.run_test(size=(110, 40)) as pilot:
        review = await settled(pilot)
        assert "3 settings or keys are not as asked for: the help (?) ends with why." in review.panel.rows[0].text
        assert review.keymap.keys("reject") == ("r",)
        await press(pilot, "question_mark")
        text = str(help_text([*not_as_asked(review.keymap, config.notices)]))
        assert ["purple" in text, "nonsense" in text, "x is taken by accept" in text] == [True] * 3


async def test_blanks_are_no_entity(make_corpus: MakeCorpus) -> None:
    app = app_on(make_corpus(document("one", "a  b")))
    async with app.run_test(size=(100, 24)) as pilot:
        await settled(pilot)
        review = await press(pilot, "v", "l", "1")
        assert "Nothing but blanks is selected." in review.panel.rows[0].text
        review = await press(pilot, "l", "l", "1")
        (entity,) = review.reviewing.session.document.version.annotations.entities.values()
        assert entity.span.start == 3


async def test_a_key_behind_the_one_that_leaves_a_question_changes_nothing(make_corpus: MakeCorpus) -> None:
    app = app_on(make_corpus(document("one")))
    async with app.run_test(size=(100, 24)) as pilot:
        review = await settled(pilot)
        for action in ("settings", "help", "corpus", "import"):
            app.action_do(action)
            await settled(pilot)
            asked = app.screen
            assert asked is not review
            asked.dismiss(None)
            asked.dismiss(None)
            await settled(pilot)
            assert app.screen is review

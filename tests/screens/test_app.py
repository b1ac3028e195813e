"""The app through its keys: they reach the session, and the screen shows what came of it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from textual import events

from tests.screens.conftest import HOSTILE, SPAM, SUGGESTED, TEXT, app_on, document, picture, press, settled
from tui_annotate import recent
from tui_annotate.app import AnnotateApp
from tui_annotate.config import Config
from tui_annotate.domain.scheme import DocumentLabel, EntityType, Scheme
from tui_annotate.keymaps.actions import ACTIONS
from tui_annotate.screens.help import HelpScreen
from tui_annotate.screens.picker import Picker
from tui_annotate.screens.start import StartScreen
from tui_annotate.store import deleting, settings
from tui_annotate.store.connection import Corpus
from tui_annotate.store.intake import Intake

MakeCorpus = Callable[..., Path]
SIZE = (100, 24)


async def test_accepting_goes_on_to_the_next_suggestion(make_corpus: MakeCorpus) -> None:
    app = app_on(make_corpus(document("note-1", found=SUGGESTED)))
    async with app.run_test(size=SIZE) as pilot:
        review = await settled(pilot)
        assert any("3 undecided" in line for line in picture(app))
        await press(pilot, "a")
        shown = picture(app)
        assert any("2 undecided" in line for line in shown)
        assert "lisinopril  DRUG 0.70" in review.panel.rows[1].text
        assert any("▐DRUG? 0.70▌" in line for line in shown)


async def test_a_digit_changes_the_type_and_accepts(make_corpus: MakeCorpus) -> None:
    app = app_on(make_corpus(document("note-1", found=SUGGESTED)))
    async with app.run_test(size=SIZE) as pilot:
        await settled(pilot)
        review = await press(pilot, "2")
        entities = review.reviewing.session.document.version.annotations.entities
        assert [e.type for e in entities.values()] == ["DISEASE"]


async def test_confirming_shows_the_next_document_and_the_count(make_corpus: MakeCorpus) -> None:
    app = app_on(make_corpus(document("note-1", found=SUGGESTED), document("note-2")))
    async with app.run_test(size=SIZE) as pilot:
        await settled(pilot)
        await press(pilot, "enter")
        shown = picture(app)
        assert "1/2 confirmed" in shown[0]
        assert "note-2" in shown[2]


async def test_what_is_not_seen_yet_is_shown_before_it_is_confirmed(make_corpus: MakeCorpus) -> None:
    text = "aspirin " + "and so on " * 600 + "lisinopril"
    app = app_on(make_corpus(document("long", text, found=SUGGESTED[:2])))
    async with app.run_test(size=SIZE) as pilot:
        await settled(pilot)
        review = await press(pilot, "enter")
        assert not review.reviewing.session.document.is_confirmed
        assert "1 not seen yet" in review.panel.rows[0].text
        assert any("lisinopril" in line for line in picture(app)[3:-4])
        await press(pilot, "enter")
        assert review.reviewing.session.document.is_confirmed


async def test_a_banner_stays_until_the_key_works(make_corpus: MakeCorpus) -> None:
    path = make_corpus(document("note-1", found=SUGGESTED))
    app = app_on(path, timeout=0.05)
    async with app.run_test(size=SIZE) as pilot:
        review = await settled(pilot)
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN EXCLUSIVE")
        await press(pilot, "a")
        await press(pilot, "k")
        shown = picture(app)
        assert any("✗ notes.db is in use by another program" in line for line in shown)
        assert "NOT SAVED" in shown[2]
        assert "3 undecided" in shown[2]
        assert review.reviewing.session.focused is not None
        other.execute("ROLLBACK")
        other.close()
        await press(pilot, "a")
        shown = picture(app)
        assert not any("✗" in line for line in shown)
        assert "saved ✓" in shown[2]
        assert "2 undecided" in shown[2]


async def test_keys_typed_behind_a_failed_write_are_not_taken(make_corpus: MakeCorpus) -> None:
    path = make_corpus(document("note-1", found=SUGGESTED))
    app = app_on(path, timeout=0.05)
    async with app.run_test(size=SIZE) as pilot:
        review = await settled(pilot)
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN EXCLUSIVE")
        for id in ("accept", "accept", "reject"):
            review.action_do(id)
        await settled(pilot)
        other.execute("ROLLBACK")
        other.close()
        assert "2 more keys were not taken" in review.panel.rows[-1].text
        assert review.reviewing.session.document.items.undecided == 3


async def test_a_read_only_corpus_says_so(make_corpus: MakeCorpus, monkeypatch: pytest.MonkeyPatch) -> None:
    path = make_corpus(document("note-1", found=SUGGESTED), document("note-2"))
    opened = Corpus.open

    def refuse(path: Path, *, readonly: bool = False, timeout: float = 5.0) -> Corpus:
        from tui_annotate.errors import ReadOnlyError

        if not readonly:
            raise ReadOnlyError("notes.db may not be written.")
        return opened(path, readonly=True, timeout=timeout)

    monkeypatch.setattr(Corpus, "open", refuse)
    app = app_on(path)
    async with app.run_test(size=SIZE) as pilot:
        review = await settled(pilot)
        assert "read-only" in picture(app)[2]
        await press(pilot, "L")
        assert "nothing is learned" in review.panel.rows[0].text
        await press(pilot, "a")
        assert "✗" in review.panel.rows[0].text
        assert "another document" in review.panel.rows[-1].text
        assert review.reviewing.session.document.items.undecided == 3
        await press(pilot, "greater_than_sign")
        assert "✗" not in review.panel.rows[0].text, "it was about the other document"
        assert "read-only" in picture(app)[2]


async def test_a_document_deleted_elsewhere_leaves_the_screen_once_nothing_is_asked(make_corpus: MakeCorpus) -> None:
    path = make_corpus(document("note-1", found=SUGGESTED), document("note-2"))
    app = app_on(path)
    async with app.run_test(size=SIZE) as pilot:
        review = await settled(pilot)
        with Corpus.open(path) as other:
            deleting.delete(other, [review.reviewing.session.document.id], annotator="alice")
        await press(pilot, "t")
        await review.reviewing.look()
        assert review.reviewing.session.document.row.key == "note-1", "the question is about it"
        await press(pilot, "escape")
        await review.reviewing.look()
        await settled(pilot)
        assert review.reviewing.session.document.row.key == "note-2"
        await press(pilot, "down")
        assert "note-1 was deleted by alice." in review.panel.rows[0].text


async def test_a_new_type_is_created_where_the_type_is_chosen(make_corpus: MakeCorpus) -> None:
    path = make_corpus(document("note-1"), scheme=Scheme())
    app = app_on(path)
    async with app.run_test(size=SIZE) as pilot:
        await settled(pilot)
        await press(pilot, "v", "right", "space", "right", "enter")
        assert isinstance(app.screen, Picker)
        review = await press(pilot, *"Person", "enter")
        assert review.selecting is None
        document_shown = review.reviewing.session.document
        (entity,) = document_shown.version.annotations.entities.values()
        assert (entity.type, document_shown.document.slice(entity.span)) == ("Person", "patient was")
        assert "on the key 1" in review.panel.rows[0].text
        await press(pilot, "v", "1")
        assert len(document_shown.version.annotations.entities) == 2


async def test_escape_leaves_the_selection_and_nothing_happened(make_corpus: MakeCorpus) -> None:
    app = app_on(make_corpus(document("note-1")))
    async with app.run_test(size=SIZE) as pilot:
        await settled(pilot)
        review = await press(pilot, "v", "a", "x", "w", "escape")
        assert review.selecting is None
        assert not review.reviewing.session.document.version.exists
        assert review.view.cursor is None


async def test_growing_twice_grows_the_same_entity(make_corpus: MakeCorpus) -> None:
    app = app_on(make_corpus(document("note-1", found=SUGGESTED)))
    async with app.run_test(size=SIZE) as pilot:
        await settled(pilot)
        review = await press(pilot, "right_square_bracket", "right_square_bracket")
        working = review.reviewing.session.document
        (entity,) = working.version.annotations.entities.values()
        assert working.document.slice(entity.span) == "aspirin 81 mg"


async def test_one_key_answers_and_moves_on(make_corpus: MakeCorpus) -> None:
    app = app_on(make_corpus(document("sms-1"), document("sms-2"), scheme=SPAM))
    async with app.run_test(size=SIZE) as pilot:
        await settled(pilot)
        review = await press(pilot, "y")
        assert review.reviewing.session.document.row.key == "sms-2"
        assert "1/2 confirmed" in picture(app)[0]
        review = await press(pilot, "u")
        assert review.reviewing.session.document.row.key == "sms-1"


async def test_label_keys_set_and_unset(make_corpus: MakeCorpus) -> None:
    app = app_on(make_corpus(document("note-1")))
    async with app.run_test(size=SIZE) as pilot:
        review = await settled(pilot)
        key = next(h.keys[0] for h in review.keymap.hotkeys if h.id == "label:smoker=never")
        await press(pilot, key)
        assert review.reviewing.session.document.labels["smoker"].value == "never"
        assert any("● never" in line for line in picture(app))
        await press(pilot, key)
        assert not review.reviewing.session.document.labels


@pytest.mark.parametrize("labels", ["rows", "style", "gutter"])
async def test_nothing_from_outside_reaches_the_terminal_as_it_is(make_corpus: MakeCorpus, labels: str) -> None:
    type = "DRUG" + HOSTILE
    scheme = Scheme(entities=(EntityType(type),), labels=(DocumentLabel("x" + HOSTILE, "boolean"),))
    found = document("k", f"aspirin {HOSTILE} lisinopril", [("aspirin", type)], name=f"n{HOSTILE}")
    app = app_on(make_corpus(found, scheme=scheme), config=Config(labels=labels))  # type: ignore[arg-type]
    async with app.run_test(size=SIZE) as pilot:
        await settled(pilot)
        for keys in ([], ["t"], ["escape"], ["c"], ["escape"], ["g"], ["escape"], ["question_mark"], ["escape"]):
            await press(pilot, *keys)
            text = "".join(picture(app))
            assert not set(text) & set("\x1b\x07\x9b\u202e")
            assert "n␛" in text or app.screen is not app.review


async def test_help_lists_every_live_key(make_corpus: MakeCorpus) -> None:
    app = app_on(make_corpus(document("note-1")), config=Config(keys={"accept": ("z",)}))
    async with app.run_test(size=(100, 80)) as pilot:
        review = await settled(pilot)
        await press(pilot, "question_mark")
        assert isinstance(app.screen, HelpScreen)
        shown = "\n".join(picture(app))
        assert " z " in shown
        for action in review.keymap.actions:
            if action.context in ("review", "app"):
                assert action.tooltip in shown, action.id


async def test_a_remapped_key_does_it_and_the_old_one_does_not(make_corpus: MakeCorpus) -> None:
    app = app_on(
        make_corpus(document("note-1", found=SUGGESTED)), config=Config(keys={"accept": ("z",), "reject": ("a",)})
    )
    async with app.run_test(size=SIZE) as pilot:
        await settled(pilot)
        review = await press(pilot, "z", "x", "a")
        verdicts = [str(v) for v in review.reviewing.session.document.version.verdicts.values()]
        assert sorted(verdicts) == ["accepted", "rejected"]


async def test_the_palette_runs_commands_without_keys(make_corpus: MakeCorpus) -> None:
    app = app_on(make_corpus(document("note-1")))
    async with app.run_test(size=SIZE) as pilot:
        await settled(pilot)
        await press(pilot, "colon", *"new entity type")
        await app.workers.wait_for_complete()
        await press(pilot, "enter", *"Dose", "enter")
        review = await settled(pilot)
        assert review.reviewing.session.scheme.entity("Dose") is not None


async def test_find_goes_round_and_says_what_is_missing(make_corpus: MakeCorpus) -> None:
    text = "Aspirin here. " + "Nothing else. " * 200 + "aspirin there."
    app = app_on(make_corpus(document("note-1", text)))
    async with app.run_test(size=SIZE) as pilot:
        await settled(pilot)
        review = await press(pilot, "slash", *"aspirin", "enter")
        await press(pilot, "F")
        assert any("aspirin there" in line for line in picture(app))
        await press(pilot, "F")
        assert any("Aspirin here" in line for line in picture(app))
        await press(pilot, "slash", "end", *"zz", "enter")
        assert "does not stand in this document" in review.panel.rows[0].text


async def test_go_to_a_document_by_number(make_corpus: MakeCorpus) -> None:
    app = app_on(make_corpus(*(document(f"note-{n}") for n in range(1, 30))))
    async with app.run_test(size=SIZE) as pilot:
        await settled(pilot)
        review = await press(pilot, "g", *"17", "enter")
        assert review.reviewing.session.document.row.key == "note-17"


async def test_the_table_filters_and_opens(make_corpus: MakeCorpus) -> None:
    app = app_on(make_corpus(*(document(f"note-{n}") for n in range(1, 30))))
    async with app.run_test(size=SIZE) as pilot:
        await settled(pilot)
        await press(pilot, "enter", "c")
        await pilot.pause()
        assert sum("note-" in line for line in picture(app)) > 10
        await press(pilot, "s", *"confirmed", "enter")
        await pilot.pause()
        assert sum("note-" in line for line in picture(app)) == 1
        review = await press(pilot, "enter")
        assert review.reviewing.session.document.is_confirmed


async def test_an_empty_corpus_says_what_to_do_and_notices_an_import(make_corpus: MakeCorpus) -> None:
    path = make_corpus()
    app = app_on(path)
    async with app.run_test(size=SIZE) as pilot:
        review = await settled(pilot)
        assert "No documents yet: `import` in the commands (:)" in picture(app)[2]
        await press(pilot, "a", "v", "enter", "j")
        with Corpus.open(path) as corpus:
            assert not list(Intake(corpus, annotator="bob").add([document("note-1", found=SUGGESTED)]))
        await review.reviewing.look()
        await settled(pilot)
        assert "0/1 confirmed" in picture(app)[0]
        assert "note-1" in picture(app)[2]


async def test_no_colour_leaves_no_colour(make_corpus: MakeCorpus) -> None:
    app = app_on(make_corpus(document("note-1", found=SUGGESTED)), config=Config(look="no-colour"))
    async with app.run_test(size=SIZE) as pilot:
        await settled(pilot)
        strips = app.screen._compositor.render_strips(app.size)
        colours = {
            colour.name
            for strip in strips
            for segment in strip
            if segment.style is not None
            for colour in (segment.style.color, segment.style.bgcolor)
            if colour is not None
        }
        assert colours <= {"default"}


async def test_a_setting_is_changed_from_the_app(make_corpus: MakeCorpus) -> None:
    path = make_corpus(document("note-1", found=SUGGESTED))
    app = app_on(path)
    async with app.run_test(size=SIZE) as pilot:
        await settled(pilot)
        app.action_do("settings")
        await settled(pilot)
        await press(pilot, *"confirm strictly", "enter")
        await press(pilot, *"yes", "enter")
        review = await press(pilot, "enter")
        assert "3 undecided" in review.panel.rows[0].text
        assert not review.reviewing.session.document.is_confirmed
    with Corpus.open(path, readonly=True) as corpus:
        assert settings.load(corpus).confirm_strictly


async def test_keys_that_arrive_at_once_keep_their_order(make_corpus: MakeCorpus) -> None:
    app = app_on(make_corpus(document("note-1", found=SUGGESTED)))
    async with app.run_test(size=SIZE) as pilot:
        review = await settled(pilot)
        for key in ("x", "2", "a"):
            app.post_message(events.Key(key, key))
        await settled(pilot)
        working = review.reviewing.session.document
        found = [(working.document.slice(e.span), e.type) for e in working.version.annotations.entities.values()]
        assert found == [("lisinopril", "DISEASE"), ("diabetes mellitus", "DISEASE")]


async def test_keys_typed_before_the_question_is_there_reach_it(make_corpus: MakeCorpus) -> None:
    app = app_on(make_corpus(document("note-1", found=SUGGESTED)))
    async with app.run_test(size=SIZE) as pilot:
        review = await settled(pilot)
        for key in ("t", "D", "o", "s", "e"):
            app.post_message(events.Key(key, key))
        app.post_message(events.Key("enter", "\r"))
        for _ in range(5):
            await settled(pilot)
        entities = review.reviewing.session.document.version.annotations.entities.values()
        assert [e.type for e in entities] == ["Dose"]
        assert app.screen is review


async def test_from_nothing_to_the_first_document(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    texts = tmp_path / "texts"
    texts.mkdir()
    (texts / "a.txt").write_text("John Smith met Mary.")
    (texts / "b.txt").write_text(f"Bob {HOSTILE} saw Alice.")
    path = tmp_path / "new.db"
    app = AnnotateApp(Config(), "ann", missing=path, learning=False)
    async with app.run_test(size=SIZE) as pilot:
        await pilot.pause()
        await pilot.press("enter")
        await app.workers.wait_for_complete()
        await pilot.pause()
        assert path.exists()
        await press(pilot, "enter")
        await press(pilot, *texts.name, "enter")
        assert app.program is not None
        await app.program.importing()
        await settled(pilot)
        assert "0/2 confirmed" in picture(app)[0]
        assert any("John Smith met Mary" in line for line in picture(app))


async def test_another_corpus_is_opened_and_the_first_one_closed(make_corpus: MakeCorpus) -> None:
    first, second = make_corpus(document("one")), make_corpus(document("two"), name="other.db")
    app = app_on(first)
    async with app.run_test(size=SIZE) as pilot:
        await settled(pilot)
        opened = app.opened
        recent.remember(second)
        app.action_do("start")
        await app.workers.wait_for_complete()
        await pilot.pause()
        assert isinstance(app.screen, StartScreen)
        await pilot.press("enter")
        await app.workers.wait_for_complete()
        await settled(pilot)
        assert app.opened is not opened
        assert "other.db" in picture(app)[0]
        assert "two" in picture(app)[2]


async def test_what_cannot_be_opened_is_said_on_the_start_screen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    broken = tmp_path / "broken.db"
    broken.write_text("no corpus at all")
    app = AnnotateApp(Config(), "ann", learning=False)
    async with app.run_test(size=SIZE) as pilot:
        await pilot.pause()
        await pilot.press("o")
        await pilot.pause()
        await pilot.press(*broken.name)
        await pilot.press("enter")
        await app.workers.wait_for_complete()
        await pilot.pause()
        assert isinstance(app.screen, StartScreen)
        assert any("broken.db" in line for line in picture(app))


async def test_an_unexpected_error_is_kept_for_the_rim_and_printed_nowhere(
    make_corpus: MakeCorpus, capsys: pytest.CaptureFixture[str]
) -> None:
    app = app_on(make_corpus(document("note-1")))

    def breaks() -> None:
        raise ZeroDivisionError("by a mistake of ours")

    async def break_it() -> None:
        async with app.run_test(size=SIZE) as pilot:
            (await settled(pilot)).later(breaks)
            await pilot.pause()

    with pytest.raises(ZeroDivisionError):
        await break_it()
    assert isinstance(app.fatal, ZeroDivisionError)
    assert "Traceback" not in "".join(capsys.readouterr())


@pytest.mark.parametrize("id", [action.id for action in ACTIONS if action.context == "review"])
async def test_every_key_does_something_or_says_why_not(make_corpus: MakeCorpus, id: str) -> None:
    text = "And so on. " * 300 + TEXT + " And so on." * 300
    app = app_on(make_corpus(document("note-1", text, found=SUGGESTED), document("note-2")))
    async with app.run_test(size=SIZE) as pilot:
        review = await press(pilot, "j")
        before = (picture(app), app.screen, review.view.scroll_offset)
        await press(pilot, review.keymap.keys(id)[0])
        await pilot.pause()
        assert (picture(app), app.screen, review.view.scroll_offset) != before
        assert app.fatal is None

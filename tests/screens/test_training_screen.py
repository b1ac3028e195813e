"""The train screen: the form, what stands in the way, how far a training is."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from textual.pilot import Pilot

from tests.screens.conftest import app_on, document, picture, settled
from tui_annotate.app import AnnotateApp
from tui_annotate.domain.scheme import DocumentLabel, Scheme
from tui_annotate.learn.messages import Train
from tui_annotate.learn.underway import Underway
from tui_annotate.screens.review import ReviewScreen
from tui_annotate.screens.rows_screen import TableRow
from tui_annotate.screens.training import TrainScreen
from tui_annotate.screens.training_words import progress
from tui_annotate.services.loop_state import LoopState

MakeCorpus = Callable[..., Path]


async def pressed(pilot: Pilot[None], app: AnnotateApp, *keys: str) -> list[str]:
    """Press keys, wait for what they began, and return the picture."""
    await pilot.press(*keys)
    await settled(pilot)
    await app.workers.wait_for_complete()
    await pilot.pause()
    return picture(app)


def test_progress_says_how_far_and_how_long_still() -> None:
    course = Underway(Train(tasks=["entities"]), ("entities",), fraction=0.5, message="fitting")
    said = progress(LoopState(course=course, waiting=True))
    assert said.startswith("████████████░░░░░░░░░░░░  50% fitting, 0 s, about 0 s left")
    assert said.endswith("another one waits")
    silent = Underway(Train(tasks=["entities"]), ("entities",))
    assert progress(LoopState(course=silent)).endswith("0% starting, 0 s")
    assert progress(LoopState(news="entities-2 serves")) == "entities-2 serves"


async def test_the_form_goes_by_steps_and_says_what_stands_in_the_way(make_corpus: MakeCorpus) -> None:
    app = app_on(make_corpus(document("one"), scheme=Scheme(labels=(DocumentLabel("spam", "boolean"),))))
    async with app.run_test(size=(120, 30)) as pilot:
        await settled(pilot)
        shown = await pressed(pilot, app, "T")
        assert isinstance(app.screen, TrainScreen)
        assert "step 1 of 3" in shown[0]
        assert "cannot start" in shown[0]
        assert any("not trained" in line for line in shown)
        assert "cannot start" in (await pressed(pilot, app, "T"))[0]

        shown = await pressed(pilot, app, "n", "n")
        assert any("retrain after every" in line and "5 confirmations" in line for line in shown)
        shown = await pressed(pilot, app, "j", "enter")
        assert not any("retrain after every" in line for line in shown)
        shown = await pressed(pilot, app, "w")
        assert any("validation split" in line for line in shown)
        assert any("deploy when trained" in line for line in shown)

        app.screen.fill(("", ""), [TableRow("dropout", ("dropout", "0.4"))])
        # As a timer may have it painted before the table was idle: empty then, it stayed empty.
        assert "dropout" in app.screen.table.render_line(0).text
        await pressed(pilot, app, "w", "w")

        shown = await pressed(pilot, app, "home", "j", "enter", "x", "enter")
        assert "is no number" in shown[0]
        assert "no training runs" in (await pressed(pilot, app, "x"))[0]
        await pressed(pilot, app, "enter")
        app._learning_changed(LoopState(news="entities-2 serves"))  # while a question lies over it
        assert any("entities-2 serves" in line for line in await pressed(pilot, app, "escape"))
        await pressed(pilot, app, "escape")
        assert isinstance(app.screen, ReviewScreen)

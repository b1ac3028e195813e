"""The figures screen, the second look and accepting above, as keys reach them and as they look."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.learn.making import SCHEME as NOTES
from tests.screens.conftest import SPAM, app_on, document, picture, press, settled
from tui_annotate.domain.annotations import Annotations, LabelValue, Suggestion
from tui_annotate.domain.interchange import ExchangedDocument, ExchangedVersion
from tui_annotate.learn.metrics import evaluate
from tui_annotate.screens import figure_text
from tui_annotate.screens.figures import FiguresScreen
from tui_annotate.screens.second_look import SecondLookScreen
from tui_annotate.services import second_look
from tui_annotate.services.second_look import Found, Suspect
from tui_annotate.store import runs, second_looks
from tui_annotate.store.connection import Corpus
from tui_annotate.store.runs import RunRow


def measured() -> dict[str, Any]:
    """Return figures of a boolean label on 40 documents."""
    values = [True] * 15 + [False] * 25
    gold = [Annotations(labels={"spam": LabelValue("spam", value)}) for value in values]
    said = [[Suggestion("label", "spam", value=value, prob=0.93)] for value in [*values[:-2], True, True]]
    return evaluate("labels:spam", SPAM, gold, said)


def deployed(path: Path) -> None:
    """Give a corpus a deployed run with figures."""
    with Corpus.open(path) as corpus:
        row = RunRow("labels:spam-1", "labels:spam", "labels", documents=100, metrics={"holdout": measured()})
        runs.register(corpus, row)
        runs.deploy(corpus, row.name)


def test_each_section_says_what_it_is_for() -> None:
    row = RunRow("labels:spam-1", "labels:spam", "labels", documents=100, metrics={"holdout": measured()})
    held = figure_text.Held(["labels:spam"], {"labels:spam": row}, [row])
    found = {section: "\n".join(figure_text.lines(section, held, row, width=80)) for section in figure_text.SECTIONS}
    assert "accuracy   0.950" in found["figures"]
    assert "True   15" in found["figures"]
    assert "true \\ said" in found["confusion"]
    assert "calibration error (ECE) 0.020" in found["calibration"]
    assert "no run before this one" in found["compared"]
    assert "No learning curve was drawn yet" in found["curve"]
    assert "An audit draws random documents" in found["stop"]
    assert "Nothing was decided" in found["pace"]
    assert "No run is deployed" in figure_text.lines("figures", held, None, width=80)[0]
    assert "nothing to learn" in figure_text.lines("stop", figure_text.Held(), None, width=80)[0]
    assert NOTES.tasks


async def test_figures_turn_and_an_audit_is_asked_for(make_corpus: Callable[..., Path]) -> None:
    path = make_corpus(*(document(f"d{n}", f"text {n}") for n in range(5)), scheme=SPAM)
    deployed(path)
    async with app_on(path).run_test(size=(100, 24)) as pilot:
        review = await settled(pilot)
        await press(pilot, "percent_sign")
        await review.lane.idle()
        await pilot.pause()
        screen = pilot.app.screen
        assert isinstance(screen, FiguresScreen)
        await screen.workers.wait_for_complete()
        assert "accuracy   0.950" in "\n".join(picture(pilot.app))  # type: ignore[arg-type]
        await press(pilot, "right")
        assert "true \\ said" in "\n".join(picture(pilot.app))  # type: ignore[arg-type]
        await press(pilot, "a")
        await press(pilot, *["backspace"] * 2, "3", "enter")
        await screen.workers.wait_for_complete()
        await press(pilot, "escape")
        assert pilot.app.screen is review
        await press(pilot, "n")
        review.later(review.reviewing.go_on)
        await settled(pilot)
        working = review.reviewing.session.working
        assert working is not None
        assert "audit" in working.reason


def confirmed(key: str, value: bool) -> ExchangedDocument:
    """Return a confirmed document with the label."""
    held = Annotations(labels={"spam": LabelValue("spam", value)})
    return ExchangedDocument(document(key, f"text of {key}").document, (ExchangedVersion(held, confirmed=True),))


async def test_a_suspect_is_opened_or_left_as_it_is(
    make_corpus: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = make_corpus(confirmed("d1", True), confirmed("d2", False), document("d3", "text 3"), scheme=SPAM)
    suspects = tuple(
        Suspect(id, f"d{id}", "", "labels:spam", score, f"spam of d{id} is doubted", ())
        for id, score in ((2, 0.97), (1, 0.9))
    )
    monkeypatch.setattr(second_look, "look", lambda corpus, **_: Found(suspects, 2, {}))
    async with app_on(path).run_test(size=(100, 24)) as pilot:
        review = await settled(pilot)
        pilot.app.action_do("second-look")  # type: ignore[attr-defined]
        await review.lane.idle()
        await review.workers.wait_for_complete()
        await pilot.pause()
        screen = pilot.app.screen
        assert isinstance(screen, SecondLookScreen)
        await press(pilot, "a")
        await screen.workers.wait_for_complete()
        await press(pilot, "enter")
        await settled(pilot)
        working = review.reviewing.session.working
        assert working is not None
        assert (working.id, working.reason) == (1, "spam of d1 is doubted")
    with Corpus.open(path, readonly=True) as corpus:
        assert second_looks.kept(corpus) == {2}


async def test_accepting_above_asks_with_the_harmless_answer_first(make_corpus: Callable[..., Path]) -> None:
    found = (("aspirin", "DRUG"), ("lisinopril", "DRUG"))
    path = make_corpus(document("d1", found=found), document("d2"))
    async with app_on(path).run_test(size=(100, 24)) as pilot:
        review = await settled(pilot)
        await press(pilot, "plus")
        await press(pilot, "enter")
        await press(pilot, "0", "full_stop", "6", "enter")
        await review.workers.wait_for_complete()
        await pilot.pause()
        shown = "\n".join(picture(pilot.app))  # type: ignore[arg-type]
        assert shown.index("▸ leave them undecided") < shown.index("accept 2 in 1 document")
        await press(pilot, "down", "enter")
        await settled(pilot)
        working = review.reviewing.session.working
        assert working is not None
        assert len(working.version.annotations.entities) == 2
        await press(pilot, "u")
        assert review.reviewing.session.document.items.undecided == 2

"""Corpora for the tests of the app, and the app itself without its learning children."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from textual.pilot import Pilot

from tui_annotate.app import AnnotateApp
from tui_annotate.config import Config
from tui_annotate.domain.annotations import Annotations, Entity
from tui_annotate.domain.documents import Document, Part
from tui_annotate.domain.interchange import ExchangedDocument, ExchangedVersion
from tui_annotate.domain.scheme import Choice, DocumentLabel, EntityType, Scheme
from tui_annotate.domain.spans import Span
from tui_annotate.screens.opened import OpenedCorpus
from tui_annotate.screens.review import ReviewScreen
from tui_annotate.store import settings
from tui_annotate.store.connection import Corpus
from tui_annotate.store.intake import Intake

TEXT = "The patient was started on aspirin 81 mg and lisinopril in 2019; no history of diabetes mellitus."
MIXED = Scheme(
    entities=(EntityType("DRUG"), EntityType("DISEASE")),
    labels=(
        DocumentLabel("urgent", "boolean"),
        DocumentLabel("smoker", "choice", (Choice("current"), Choice("never"))),
    ),
)
SPAM = Scheme(labels=(DocumentLabel("spam", "boolean"),))
HOSTILE = "\x1b]52;c;aGk=\x07\x1b[2J\u202e\x9b31m"
"""Clipboard, clear screen, direction override, a C1 introducer."""


def document(key: str, text: str = TEXT, found: Sequence[tuple[str, str]] = (), *, name: str = "") -> ExchangedDocument:
    """Make a document with undecided suggestions, given as (words, type)."""
    annotations = Annotations()
    for number, (words, type) in enumerate(found, 1):
        start = text.index(words)
        span = Span("s1v1", start, start + len(words))
        annotations.entities[number] = Entity(type, (span,), who=("ml:old",), prob=0.5 + number / 10, number=number)
    versions = (ExchangedVersion(annotations, confirmed=False),) if found else ()
    return ExchangedDocument(Document(key, (Part("s1v1", text),), name=name or key), versions)


SUGGESTED = (("aspirin", "DRUG"), ("lisinopril", "DRUG"), ("diabetes mellitus", "DISEASE"))


@pytest.fixture
def make_corpus(tmp_path: Path) -> Callable[..., Path]:
    """Make a corpus file, documents shown in file order, without a holdout."""

    def make(*documents: ExchangedDocument, scheme: Scheme = MIXED, name: str = "notes.db") -> Path:
        path = tmp_path / name
        with Corpus.create(path, scheme=scheme) as corpus:
            settings.change(corpus, order="file", holdout_share=0.0)
            refused = [p for p in Intake(corpus, annotator="ann").add(documents) if p.severity == "refused"]
            assert not refused
        return path

    return make


@pytest.fixture(autouse=True)
def _own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep recent files and logs of tests out of the user's own."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))


def app_on(path: Path, *, config: Config | None = None, timeout: float = 5.0) -> AnnotateApp:
    """Make the app on a corpus, as `run` does, but without learning."""
    opened = OpenedCorpus(path, "ann", timeout=timeout)
    return AnnotateApp(config or Config(), "ann", corpus=(opened, opened.wait()), learning=False)


async def settled(pilot: Pilot[None]) -> ReviewScreen:
    """Wait until every key is done and drawn, and return the review screen."""
    app = pilot.app
    assert isinstance(app, AnnotateApp)
    await pilot.pause()
    assert app.review is not None
    review = app.review
    await review.lane.idle()
    await pilot.pause()
    # What is on screen is noted as seen after it was drawn, which a busy machine puts off.
    for _ in range(100):
        if not unseen(review):
            break
        await pilot.pause()
    return review


def unseen(review: ReviewScreen) -> set[str]:
    """Return what waits for a decision, is in sight, and is not noted as seen."""
    session = review.reviewing.session
    if session.working is None or not review.is_current:
        return set()
    waiting = {item.id for item in session.working.undecided()}
    return (waiting & {str(id) for id in review.view.visible_marks()}) - session._seen


async def press(pilot: Pilot[None], *keys: str) -> ReviewScreen:
    """Press keys and wait until they are done and drawn."""
    for key in keys:
        await pilot.press(key)
    return await settled(pilot)


def picture(app: AnnotateApp) -> list[str]:
    """Return what the screen shows, line by line."""
    width, height = app.size
    lines = app.screen._compositor.render_strips(app.size)
    assert len(lines) == height
    return ["".join(segment.text for segment in strip).ljust(width) for strip in lines]

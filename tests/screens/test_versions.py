"""Several annotators in the app: versions, priorities, tags, guidelines."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tests.screens.conftest import HOSTILE, MIXED, SUGGESTED, TEXT, app_on, document, picture, press, settled
from tui_annotate.domain.annotations import Entity, LabelValue
from tui_annotate.domain.decisions import Changes, Decision, EntityChange, Kind, LabelChange, VersionState
from tui_annotate.domain.scheme import Choice, DocumentLabel, EntityType, Scheme
from tui_annotate.domain.spans import Span
from tui_annotate.screens.guidelines import guidelines_text
from tui_annotate.screens.priorities import PrioritiesScreen
from tui_annotate.screens.version_text import VersionText
from tui_annotate.screens.versions import VersionsScreen
from tui_annotate.store import annotators, documents, log, versions
from tui_annotate.store.connection import Corpus
from tui_annotate.store.listing import matching, page

MakeCorpus = Callable[..., Path]
CONFIRMED = VersionState.CONFIRMED
SIZE = (100, 30)


def confirm(path: Path, who: str, type: str, urgent: bool, *, document: int = 1) -> None:
    """Confirm a document with one drug or disease, and whether it is urgent."""
    with Corpus.open(path) as corpus:
        held = versions.load(corpus, document, who)
        start = TEXT.index("aspirin")
        entity = Entity(type, (Span("s1v1", start, start + 7),), (f"user:{who}",), 1.0, held.next_number)
        # A version begins as a copy of the agreed one.
        gone = [EntityChange(old, None) for old in held.annotations.entities.values()]
        label = LabelChange(held.annotations.labels.get("urgent"), LabelValue("urgent", urgent))
        changes = Changes((*gone, EntityChange(None, entity)), (label,), state=(held.state, CONFIRMED))
        log.record(corpus, [Decision(Kind.CONFIRM, document, who, changes)])


async def test_a_disagreement_is_seen_read_and_settled_and_taken_back(make_corpus: MakeCorpus) -> None:
    path = make_corpus(document("note-1"), document("note-2"))
    confirm(path, "ann", "DRUG", True)
    confirm(path, "bob", "DISEASE", False)
    app = app_on(path)
    async with app.run_test(size=SIZE) as pilot:
        await settled(pilot)
        await press(pilot, "left", "V")
        await app.workers.wait_for_complete()
        assert isinstance(app.screen, VersionsScreen)
        shown = "\n".join(picture(app))
        assert "to adjudicate" in shown
        assert "“aspirin” DISEASE: ann has DRUG" in shown
        assert "urgent is no: ann has yes" in shown
        await pilot.press("enter")
        await pilot.pause()
        assert isinstance(app.screen, VersionText)
        assert {mark.label for mark in app.screen.marks()} == {"~DISEASE"}
        await pilot.press("escape", "down", "x", *"sloppy", "enter")
        await app.workers.wait_for_complete()
        await pilot.pause()
        with Corpus.open(path, readonly=True) as corpus:
            assert {v.annotator: str(v.review) for v in versions.versions(corpus, 1)} == {"ann": "rejected", "bob": ""}
        await pilot.press("escape")
        review = await settled(pilot)
        assert review.reviewing.session.document.row.key == "note-1"
        assert any("rejected by ann: sloppy" in line for line in picture(app))
        await pilot.press("u")
        await settled(pilot)
        with Corpus.open(path, readonly=True) as corpus:
            assert documents.row(corpus, 1).adjudicate


async def test_anothers_version_can_be_begun_from_and_undone(make_corpus: MakeCorpus) -> None:
    path = make_corpus(document("note-1"), document("note-2"))
    confirm(path, "ann", "DRUG", True)
    confirm(path, "bob", "DISEASE", False)
    app = app_on(path)
    async with app.run_test(size=SIZE) as pilot:
        await settled(pilot)
        await press(pilot, "left", "V")
        await app.workers.wait_for_complete()
        await pilot.press("t")
        await app.workers.wait_for_complete()
        await pilot.press("escape")
        review = await settled(pilot)
        working = review.reviewing.session.document
        assert [e.type for e in working.version.annotations.entities.values()] == ["DISEASE"]
        assert (working.labels["urgent"].value, working.state) == (False, VersionState.IN_PROGRESS)
        await press(pilot, "u")
        working = review.reviewing.session.document
        assert [e.type for e in working.version.annotations.entities.values()] == ["DRUG"]
        assert working.is_confirmed


async def test_tags_of_a_document_and_of_all_that_the_table_shows(make_corpus: MakeCorpus) -> None:
    path = make_corpus(document("note-1"), document("note-2", found=SUGGESTED), document("other"))
    app = app_on(path)
    async with app.run_test(size=SIZE) as pilot:
        await settled(pilot)
        await press(pilot, "number_sign", *"Test", "enter")
        assert any("#Test" in line for line in picture(app))
        await press(pilot, "number_sign", "enter")
        with Corpus.open(path, readonly=True) as corpus:
            assert documents.row(corpus, 1).tags == ()
        await press(pilot, "c", "number_sign")
        await app.workers.wait_for_complete()
        await press(pilot, *"old stuff", "enter")
        await app.workers.wait_for_complete()
        with Corpus.open(path, readonly=True) as corpus:
            assert documents.tag_counts(corpus) == {"old stuff": 3}
            assert [d.decision.kind for d in log.history(corpus, limit=3)] == [Kind.TAG] * 3


async def test_the_order_of_annotators_is_moved_and_kept(make_corpus: MakeCorpus) -> None:
    path = make_corpus(document("note-1"))
    confirm(path, "ann", "DRUG", True)
    confirm(path, "bob", "DRUG", True)
    app = app_on(path)
    async with app.run_test(size=SIZE) as pilot:
        await settled(pilot)
        app.action_do("priority")
        await settled(pilot)
        await app.workers.wait_for_complete()
        assert isinstance(app.screen, PrioritiesScreen)
        await pilot.press("down", "K")
        await app.workers.wait_for_complete()
    with Corpus.open(path, readonly=True) as corpus:
        assert annotators.order(corpus) == ["bob", "ann"]
        assert [v.priority for v in versions.versions(corpus, 1)] == [1, 2]


def test_documents_are_found_by_how_their_versions_stand(make_corpus: MakeCorpus) -> None:
    path = make_corpus(document("note-1"), document("note-2"), document("note-3"))
    for who in ("ann", "bob"):
        confirm(path, who, "DRUG", True, document=2)
    with Corpus.open(path) as corpus:
        documents.change_tags(corpus, [1, 2], "x", annotator="ann")
        assert [row.key for row in page(corpus, standing="adjudicate")] == ["note-2"]
        assert page(corpus, standing="accepted") == []
        assert matching(corpus, tags=["x"], standing="adjudicate") == [2]
        assert matching(corpus, (1, 3), tags=["x"]) == [1]
        assert matching(corpus) == [1, 2, 3]


def test_guidelines_are_read_as_text_and_drive_nothing() -> None:
    scheme = Scheme(
        entities=(EntityType("DRUG", help=f"a name {HOSTILE}"),),
        labels=(DocumentLabel("smoker", "choice", (Choice("never", help="not once"), Choice("past"))),),
        guidelines=f"# Drugs #\n- **whole** name\n[red]x[/red] [a](http://b.c)\n{HOSTILE}",
    )
    text = guidelines_text(scheme)
    assert text.plain.startswith("Drugs\n  • whole name\n[red]x[/red] [a](http://b.c)\n")
    assert not any(ord(character) < 32 and character != "\n" for character in text.plain)
    assert "\u202e" not in text.plain
    assert "never  not once" in text.plain
    assert "There are no guidelines yet" in guidelines_text(MIXED).plain

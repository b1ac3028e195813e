"""Reviewing without a screen: what is written, what the view is told, and what happens when the disk says no."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path

import pytest

from tests.screens.conftest import SPAM, SUGGESTED, document
from tui_annotate.domain.decisions import Changes, Kind
from tui_annotate.domain.scheme import DocumentLabel, Scheme
from tui_annotate.errors import DecisionError, LockedError, UndoError
from tui_annotate.screens.corpus_thread import CorpusThread
from tui_annotate.screens.reviewing import Reviewing, opening
from tui_annotate.store import log, settings, versions
from tui_annotate.store.connection import Corpus
from tui_annotate.store.intake import Intake

MakeCorpus = Callable[..., Path]


class Told:
    """A view that remembers what it was told."""

    def __init__(self) -> None:
        self.documents = 0
        self.changes: list[Sequence[Changes]] = []
        self.progress = 0
        self.schemes = 0
        self.notices: list[str] = []

    def document_changed(self) -> None:
        self.documents += 1

    def marks_changed(self, changes: Sequence[Changes] = ()) -> None:
        self.changes.append(changes)

    def progress_changed(self) -> None:
        self.progress += 1

    def scheme_changed(self) -> None:
        self.schemes += 1

    def tell(self, notice: str, *, warning: bool = False) -> None:
        self.notices.append(notice)


class Desk:
    """Threads of a test, closed at its end."""

    def __init__(self) -> None:
        self.threads: list[CorpusThread] = []

    def open(self, path: Path, *, annotator: str = "ann", timeout: float = 5.0) -> tuple[Reviewing, Told]:
        """Open a corpus as the app does."""
        thread = CorpusThread(path, timeout=timeout)
        self.threads.append(thread)
        start = thread.submit(lambda corpus: opening(corpus, annotator)).result()
        told = Told()
        return Reviewing(thread, start, annotator, told), told


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    made = Desk()
    yield made
    for thread in made.threads:
        thread.close()


def kinds(path: Path) -> list[Kind]:
    """Return the kinds of what is in the log, oldest first."""
    with Corpus.open(path, readonly=True) as corpus:
        return [entry.decision.kind for entry in log.history(corpus, annotator="ann")][::-1]


async def test_a_decision_is_on_disk_before_it_is_shown(make_corpus: MakeCorpus, desk: Desk) -> None:
    path = make_corpus(document("d1", found=SUGGESTED))
    reviewing, told = desk.open(path)
    await reviewing.decide(reviewing.session.accept)
    assert kinds(path) == [Kind.ACCEPT]
    assert len(told.changes) == 1
    assert [item.undecided for item in reviewing.session.document.items] == [False, True, True]


async def test_confirming_counts_and_goes_on(make_corpus: MakeCorpus, desk: Desk) -> None:
    reviewing, told = desk.open(make_corpus(document("d1"), document("d2")))
    first = reviewing.session.document.id
    await reviewing.decide(reviewing.session.confirm)
    assert reviewing.session.document.id != first
    assert (reviewing.progress.confirmed, told.progress, told.documents) == (1, 1, 1)


async def test_the_last_confirmation_stays_and_says_so(make_corpus: MakeCorpus, desk: Desk) -> None:
    reviewing, told = desk.open(make_corpus(document("d1")))
    await reviewing.decide(reviewing.session.confirm)
    assert reviewing.session.document.is_confirmed
    assert "last one" in told.notices[-1]


async def test_confirming_again_goes_on_from_a_confirmed_document(make_corpus: MakeCorpus, desk: Desk) -> None:
    path = make_corpus(document("d1"), document("d2"))
    reviewing, _ = desk.open(path)
    await reviewing.confirm()
    second = reviewing.session.document.id
    await reviewing.back()
    assert reviewing.session.document.is_confirmed
    await reviewing.confirm()
    assert reviewing.session.document.id == second
    assert kinds(path) == [Kind.CONFIRM]
    await reviewing.confirm()
    with pytest.raises(DecisionError, match="Every document"):
        await reviewing.confirm()


async def test_undo_opens_the_document_where_it_happened(make_corpus: MakeCorpus, desk: Desk) -> None:
    reviewing, _ = desk.open(make_corpus(document("d1", found=SUGGESTED), document("d2")))
    session = reviewing.session
    first, place = session.document.id, session.focus
    await reviewing.decide(session.reject)
    session.saw_items(item.id for item in session.document.items)
    await reviewing.decide(session.confirm)
    assert session.document.id != first
    await reviewing.undo()
    assert session.document.id == first
    assert not session.document.is_confirmed
    assert reviewing.progress.confirmed == 0
    await reviewing.undo()
    assert session.focus == place
    assert session.document.items.undecided == 3
    with pytest.raises(UndoError):
        await reviewing.undo()
    await reviewing.redo()
    await reviewing.redo()
    assert session.document.is_confirmed


async def test_a_locked_file_leaves_everything_as_it_was(make_corpus: MakeCorpus, desk: Desk) -> None:
    path = make_corpus(document("d1", found=SUGGESTED), document("d2"))
    reviewing, told = desk.open(path, timeout=0.05)
    focus = reviewing.session.focus
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(LockedError):
        await reviewing.decide(reviewing.session.accept)
    assert reviewing.session.focus == focus
    assert reviewing.session.document.items.undecided == 3
    assert not told.changes
    other.execute("ROLLBACK")
    other.close()
    assert kinds(path) == []
    await reviewing.decide(reviewing.session.accept)
    assert kinds(path) == [Kind.ACCEPT]


async def test_what_another_program_changed_is_read_again_and_said(make_corpus: MakeCorpus, desk: Desk) -> None:
    path = make_corpus(document("d1", found=SUGGESTED))
    ours, told = desk.open(path)
    theirs, _ = desk.open(path)
    await theirs.decide(theirs.session.accept)
    with pytest.raises(DecisionError, match=r"changed meanwhile .* This is how it is now"):
        await ours.decide(ours.session.reject)
    assert told.documents == 1
    assert [item.undecided for item in ours.session.document.items] == [False, True, True]
    assert kinds(path) == [Kind.ACCEPT]


async def test_coming_back_finds_document_and_place(make_corpus: MakeCorpus, desk: Desk) -> None:
    path = make_corpus(document("d1"), document("d2", found=SUGGESTED))
    reviewing, _ = desk.open(path)
    await reviewing.neighbour(1)
    reviewing.session.move(1)
    await reviewing.decide(reviewing.session.reject)
    where = reviewing.session.document.id
    again, _ = desk.open(path)
    assert again.session.document.id == where
    assert again.session.document.items.undecided == 2


async def test_confirming_without_the_only_answer_is_asked_for_twice(make_corpus: MakeCorpus, desk: Desk) -> None:
    path = make_corpus(document("d1"), document("d2"), scheme=SPAM)
    reviewing, _ = desk.open(path)
    first = reviewing.session.document.id
    with pytest.raises(DecisionError, match="Not answered yet"):
        await reviewing.confirm()
    assert reviewing.session.document.id == first
    await reviewing.confirm()
    assert reviewing.session.document.id != first


async def test_one_key_answers_a_single_choice_corpus(make_corpus: MakeCorpus, desk: Desk) -> None:
    path = make_corpus(document("d1"), document("d2"), scheme=SPAM)
    reviewing, _ = desk.open(path)
    first = reviewing.session.document.id
    await reviewing.decide(lambda: reviewing.session.toggle_label("spam", True))
    assert reviewing.session.document.id != first
    with Corpus.open(path, readonly=True) as corpus:
        version = versions.load(corpus, first, "ann")
    assert version.annotations.labels["spam"].value is True
    await reviewing.undo()
    assert reviewing.session.document.id == first
    assert not reviewing.session.document.labels


async def test_a_new_type_joins_the_scheme_once(make_corpus: MakeCorpus, desk: Desk) -> None:
    path = make_corpus(document("d1"), scheme=Scheme())
    reviewing, told = desk.open(path)
    assert await reviewing.create_type("  Side   effect ") == "Side effect"
    await reviewing.create_type("Side effect")
    await reviewing.create_label(DocumentLabel("urgent", "boolean"))
    with pytest.raises(DecisionError, match="already"):
        await reviewing.create_label(DocumentLabel("urgent", "text"))
    with Corpus.open(path, readonly=True) as corpus:
        scheme = settings.scheme(corpus)
    assert [e.name for e in scheme.entities] == ["Side effect"]
    assert [label.name for label in scheme.labels] == ["urgent"]
    assert told.schemes == 2


async def test_documents_of_another_process_appear(make_corpus: MakeCorpus, desk: Desk) -> None:
    path = make_corpus()
    reviewing, told = desk.open(path)
    assert reviewing.session.working is None
    await reviewing.look()
    assert told.progress == 0
    with Corpus.open(path) as corpus:
        list(Intake(corpus, annotator="bob").add([document("d1")]))
    await reviewing.look()
    assert reviewing.progress.total == 1
    assert reviewing.session.document.row.key == "d1"
    assert told.documents == 1


async def test_back_follows_what_was_shown(make_corpus: MakeCorpus, desk: Desk) -> None:
    reviewing, _ = desk.open(make_corpus(document("d1"), document("d2"), document("d3")))
    first = reviewing.session.document.id
    await reviewing.decide(reviewing.session.confirm)
    await reviewing.neighbour(1)
    await reviewing.back()
    await reviewing.back()
    assert reviewing.session.document.id == first
    with pytest.raises(DecisionError, match="before this one"):
        await reviewing.back()
    with pytest.raises(DecisionError, match="first document"):
        await reviewing.neighbour(-1)

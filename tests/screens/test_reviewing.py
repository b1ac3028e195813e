"""Reviewing without a screen: what is written, what the view is told, and what happens when the disk says no."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path

import pytest

from tests.screens.conftest import SPAM, SUGGESTED, document
from tui_annotate.domain.decisions import Changes, Kind
from tui_annotate.domain.scheme import DocumentLabel, Scheme
from tui_annotate.domain.selection import Review
from tui_annotate.errors import DecisionError, LockedError, UndoError
from tui_annotate.screens.corpus_thread import CorpusThread
from tui_annotate.screens.resuming import opening
from tui_annotate.screens.reviewing import Reviewing
from tui_annotate.store import deleting, log, settings, versions
from tui_annotate.store import reviewing as reviewing_of
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
        self.deletions = 0
        self.notices: list[str] = []

    def document_changed(self) -> None:
        self.documents += 1

    def marks_changed(self, changes: Sequence[Changes] = ()) -> None:
        self.changes.append(changes)

    def progress_changed(self) -> None:
        self.progress += 1

    def scheme_changed(self) -> None:
        self.schemes += 1

    def deleted(self) -> None:
        self.deletions += 1

    def tell(self, notice: str, *, warning: bool = False, unasked: bool = False) -> None:
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


async def test_a_document_deleted_elsewhere_is_left_at_once_and_named(make_corpus: MakeCorpus, desk: Desk) -> None:
    path = make_corpus(document("d1", name="Letter 1"), document("d2"))
    reviewing, told = desk.open(path)
    first = reviewing.session.document.id
    with Corpus.open(path) as other:
        deleting.delete(other, [first], annotator="alice")
    await reviewing.look()
    assert told.deletions == 1
    assert reviewing.session.document.id == first, "whoever is asked something about it leaves that first"
    await reviewing.leave_deleted()
    assert reviewing.session.document.row.key == "d2"
    assert told.notices[-1] == "Letter 1 was deleted by alice."
    assert first not in reviewing.session.visited
    with pytest.raises(DecisionError, match=r"That document was deleted\."):
        await reviewing.open(first)


@pytest.mark.parametrize("rest", [0, 1])
async def test_a_decision_on_a_document_deleted_meanwhile_says_so_and_goes_on(
    make_corpus: MakeCorpus, desk: Desk, rest: int
) -> None:
    path = make_corpus(document("d1"), *[document("d2")] * rest)
    reviewing, told = desk.open(path)
    with Corpus.open(path) as other:
        deleting.delete(other, [reviewing.session.document.id], annotator="alice")
    await reviewing.decide(reviewing.session.skip)
    assert told.notices == ["d1 was deleted by alice."]
    assert told.documents == 1
    assert (reviewing.session.working is not None) == bool(rest)
    await reviewing.look()
    assert told.deletions == 0
    assert kinds(path) == []


async def test_documents_that_come_in_are_told_of(make_corpus: MakeCorpus, desk: Desk) -> None:
    path = make_corpus(document("d1"))
    reviewing, told = desk.open(path)
    await reviewing.look()
    with Corpus.open(path) as corpus:
        list(Intake(corpus, annotator="bob").add([document("d2"), document("d3")]))
    await reviewing.look()
    with Corpus.open(path) as corpus:
        deleting.delete(corpus, [3], annotator="bob")
    await reviewing.look()
    assert told.notices == ["2 documents came in", "1 document went"]
    reviewing.importing = True
    with Corpus.open(path) as corpus:
        list(Intake(corpus, annotator="ann").add([document("d4")]))
    await reviewing.look()
    assert len(told.notices) == 2, "who imports is told how far it is"


async def test_the_second_undo_of_a_refused_step_passes_it_over(make_corpus: MakeCorpus, desk: Desk) -> None:
    path = make_corpus(document("d1"), document("d2"), document("d3"))
    reviewing, told = desk.open(path)
    first = reviewing.session.document.id
    await reviewing.decide(reviewing.session.confirm)
    second = reviewing.session.document.id
    await reviewing.decide(reviewing.session.confirm)
    with Corpus.open(path) as other:
        reviewing_of.review(other, second, "ann", Review.ACCEPTED, by="rita")
    with pytest.raises(UndoError, match=r"d2: rita decided .* same key again"):
        await reviewing.undo()
    with pytest.raises(UndoError, match="nothing to redo"):
        await reviewing.redo()
    await reviewing.undo()
    assert "left as it is" in told.notices[-1]
    await reviewing.undo()
    assert reviewing.session.document.id == first
    assert kinds(path) == [Kind.CONFIRM, Kind.CONFIRM, Kind.UNDO, Kind.UNDO]
    await reviewing.decide(reviewing.session.confirm)
    await reviewing.undo()
    with pytest.raises(UndoError, match="nothing to undo"):
        await reviewing.undo()


async def test_a_refusal_is_told_again_after_something_else_was_undone(make_corpus: MakeCorpus, desk: Desk) -> None:
    path = make_corpus(document("d1"), document("d2"), document("d3"))
    reviewing, _ = desk.open(path)
    first = reviewing.session.document.id
    await reviewing.decide(reviewing.session.confirm)
    with Corpus.open(path) as other:
        reviewing_of.review(other, first, "ann", Review.ACCEPTED, by="rita")
    with pytest.raises(UndoError, match="rita"):
        await reviewing.undo()
    await reviewing.decide(reviewing.session.confirm)
    await reviewing.undo()
    with pytest.raises(UndoError, match="rita"):
        await reviewing.undo()

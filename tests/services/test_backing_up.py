"""Backups by themselves: when they are due, that they are whole, which are kept."""

from __future__ import annotations

from pathlib import Path

import pytest

from tui_annotate.domain.decisions import Decision, Kind
from tui_annotate.domain.documents import Document, Part
from tui_annotate.domain.interchange import ExchangedDocument
from tui_annotate.services import backing_up
from tui_annotate.store import copying, log
from tui_annotate.store.connection import Corpus
from tui_annotate.store.intake import Intake


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "notes.v2.db"
    with Corpus.create(path) as corpus:
        assert not list(Intake(corpus).add([ExchangedDocument(Document("d", (Part("s1v1", "text"),)))]))
    return path


def comment(corpus: Corpus, times: int) -> int:
    sequence = 0
    for _ in range(times):
        (logged,) = log.record(corpus, [Decision(Kind.COMMENT, 1, "ann", details={"text": "x"})])
        sequence = logged.sequence
    return sequence


def test_the_first_is_due_when_there_is_something_to_lose(path: Path) -> None:
    assert not backing_up.is_due(path, backing_up.ENOUGH - 1)
    assert backing_up.is_due(path, backing_up.ENOUGH)


def test_the_next_is_due_after_enough_work_and_time(path: Path) -> None:
    with Corpus.open(path) as corpus:
        sequence = comment(corpus, 3)
        made = backing_up.make(corpus)
    assert made.parent == path.with_name("notes.v2.backups")
    (one,) = backing_up.existing(path)
    assert one.sequence == sequence
    later = one.at + backing_up.EVERY
    assert not backing_up.is_due(path, sequence + backing_up.ENOUGH, now=one.at + 5)
    assert not backing_up.is_due(path, sequence + 1, now=later)
    assert backing_up.is_due(path, sequence + backing_up.ENOUGH, now=later)


def test_decisions_go_on_while_it_is_made(path: Path) -> None:
    with Corpus.open(path) as corpus:
        comment(corpus, 2)
        waiting = [1]

        def between() -> None:
            if waiting:
                waiting.pop()
                comment(corpus, 1)

        made = backing_up.make(corpus, between=between)
        assert len(log.history(corpus, annotator="ann")) == 3
    with Corpus.open(made) as copy:
        assert len(log.history(copy, annotator="ann")) >= 2


def test_only_the_newest_are_kept_and_strangers_are_left_alone(path: Path) -> None:
    stranger = backing_up.folder(path) / "mine.db"
    stranger.parent.mkdir()
    stranger.write_text("keep")
    with Corpus.open(path) as corpus:
        for _ in range(backing_up.KEPT + 2):
            last = comment(corpus, 1)
            backing_up.make(corpus)
    made = backing_up.existing(path)
    assert [one.sequence for one in made] == list(range(last - backing_up.KEPT + 1, last + 1))
    assert stranger.read_text() == "keep"


def test_a_stopped_backup_leaves_nothing(path: Path) -> None:
    with Corpus.open(path) as corpus, pytest.raises(copying.CopyStopped):
        backing_up.make(corpus, stop=lambda: True)
    assert backing_up.existing(path) == []

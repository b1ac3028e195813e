"""What happens between keys: progress waits for a pause, the place is kept, backups are made."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tui_annotate.domain.decisions import Decision, Kind
from tui_annotate.domain.documents import Document, Part
from tui_annotate.domain.interchange import ExchangedDocument
from tui_annotate.errors import DiskFullError
from tui_annotate.screens.corpus_thread import CorpusThread
from tui_annotate.screens.idle import BACK_UP_LOOKS, LONGEST_WAIT, PAUSE, Idle
from tui_annotate.screens.lane import Lane
from tui_annotate.services import backing_up
from tui_annotate.store import log
from tui_annotate.store.connection import Corpus
from tui_annotate.store.intake import Intake


class Reviewing:
    """Stands in for the real one: counts what it is asked."""

    def __init__(self, trouble: Exception | None = None) -> None:
        self.asked: list[str] = []
        self._trouble = trouble

    async def look(self) -> None:
        self.asked.append("look")

    def keep_place(self) -> None:
        self.asked.append("place")

    async def back_up(self) -> bool:
        self.asked.append("back up")
        if self._trouble is not None:
            raise self._trouble
        return True


class Clock:
    """A clock that stands still until it is moved."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


class Stage:
    """An `Idle` with all that it touches."""

    def __init__(self, trouble: Exception | None = None) -> None:
        self.clock = Clock()
        self.reviewing = Reviewing(trouble)
        self.drawn = 0
        self.told: list[str] = []
        self.idle = Idle(
            self.reviewing,  # type: ignore[arg-type]
            Lane(self.fail),
            draw=self.draw,
            tell=self.told.append,
            failed=self.fail,
            clock=self.clock,
        )

    def draw(self) -> None:
        self.drawn += 1
        self.idle.drawn()

    def fail(self, error: Exception) -> None:
        raise AssertionError(error)

    async def tick(self, seconds: float) -> None:
        self.clock.now += seconds
        self.idle.tick()
        while self.idle._task is not None:
            await self.idle._task


async def test_progress_waits_for_a_pause_between_keys() -> None:
    stage = Stage()
    stage.idle.draw_later()
    stage.idle.pressed()
    await stage.tick(PAUSE / 2)
    assert stage.drawn == 0
    await stage.tick(PAUSE)
    assert stage.drawn == 1
    await stage.tick(1)
    assert stage.drawn == 1


async def test_progress_is_drawn_now_and_then_for_somebody_who_never_pauses() -> None:
    stage = Stage()
    stage.idle.draw_later()
    for _ in range(round(LONGEST_WAIT) - 1):
        stage.idle.pressed()
        await stage.tick(PAUSE / 4)
        stage.clock.now += 1 - PAUSE / 4
        assert stage.drawn == 0
    stage.clock.now += 1
    stage.idle.pressed()
    await stage.tick(PAUSE / 4)
    assert stage.drawn == 1


async def test_a_look_that_meets_a_corpus_that_is_left_says_nothing(tmp_path: Path) -> None:
    Corpus.create(tmp_path / "notes.db").close()
    thread = CorpusThread(tmp_path / "notes.db")
    thread.close()
    stage = Stage()

    async def look() -> None:
        stage.reviewing.asked.append("look")
        await thread(lambda corpus: None)

    stage.reviewing.look = look  # type: ignore[method-assign]
    await stage.tick(PAUSE)
    assert stage.reviewing.asked == ["look"]
    assert stage.told == []


async def test_the_place_is_kept_in_pauses_only() -> None:
    stage = Stage()
    stage.idle.pressed()
    await stage.tick(PAUSE / 2)
    assert stage.reviewing.asked == ["look"]
    await stage.tick(1)
    assert stage.reviewing.asked == ["look", "look", "place"]


async def test_a_backup_that_fails_is_told_and_tried_again_later() -> None:
    stage = Stage(DiskFullError("No room left."))
    await stage.tick(BACK_UP_LOOKS)
    await stage.tick(1)
    assert stage.told == ["No backup could be made: No room left."]
    await stage.tick(BACK_UP_LOOKS)
    assert len(stage.told) == 2


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "c.db"
    with Corpus.create(path) as corpus:
        assert not list(Intake(corpus).add([ExchangedDocument(Document("d", (Part("s1v1", "text"),)))]))
    return path


async def test_what_is_decided_while_a_backup_is_made_does_not_wait_for_it(path: Path) -> None:
    thread = CorpusThread(path)
    decided: list[asyncio.Future[None]] = []
    loop = asyncio.get_running_loop()
    ended: list[str] = []

    def decide(corpus: Corpus) -> None:
        log.record(corpus, [Decision(Kind.COMMENT, 1, "ann", details={"text": "meanwhile"})])
        ended.append("decision")

    def between() -> None:
        if not decided:
            asked = asyncio.run_coroutine_threadsafe(_submit(thread, decide, decided), loop)
            asked.result(5)
        thread.drain()

    await thread(lambda corpus: backing_up.make(corpus, between=between))
    ended.append("backup")
    await decided[0]
    assert ended == ["decision", "backup"]
    await asyncio.to_thread(thread.close)


async def _submit(thread: CorpusThread, function: object, kept: list[asyncio.Future[None]]) -> None:
    kept.append(asyncio.wrap_future(thread.submit(function)))  # type: ignore[arg-type]


async def test_closing_finishes_what_is_queued_even_inside_a_long_job(path: Path) -> None:
    thread = CorpusThread(path)
    ended: list[str] = []
    held = asyncio.Event()
    loop = asyncio.get_running_loop()

    def long(corpus: Corpus) -> None:
        loop.call_soon_threadsafe(held.set)
        while not thread.closing:
            thread.drain()
        thread.drain()
        ended.append("long")

    first = thread.submit(long)
    await held.wait()
    second = thread.submit(lambda corpus: ended.append("second"))
    await asyncio.to_thread(thread.close)
    assert first.done()
    assert second.done()
    assert sorted(ended) == ["long", "second"]
    with pytest.raises(RuntimeError, match="closed"):
        thread.submit(lambda corpus: None)

"""The writer: in turn, several small ones with one commit, and none of them lost in another's fault."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from tui_annotate.errors import DataError, StoreError
from tui_annotate.serve.failing import ApiError
from tui_annotate.serve.threads import CorpusThreads
from tui_annotate.store import folders
from tui_annotate.store.connection import Corpus


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "c.db"
    Corpus.create(path).close()
    return path


def adding(name: str) -> Callable[[Corpus], dict[str, int]]:
    return lambda corpus: folders.add(corpus, name)


def write_and_fail(corpus: Corpus) -> None:
    with corpus.together():
        folders.add(corpus, "c")
        raise DataError("all of it")


def failing_inside(corpus: Corpus) -> None:
    with corpus.transaction() as db:
        db.execute("INSERT INTO setting VALUES ('left', '1')")
        raise DataError("this one fails too")


async def test_small_writes_that_wait_share_a_commit(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    commits: list[str] = []
    patiently = Corpus._patiently

    def counted(self: Corpus, statement: str) -> sqlite3.Cursor:
        commits.extend([statement] if statement == "COMMIT" else [])
        return patiently(self, statement)

    monkeypatch.setattr(Corpus, "_patiently", counted)
    threads = CorpusThreads(path)
    try:
        jobs: list[Awaitable[object]] = [threads.write(adding(f"f{n}"), small=True) for n in range(5)]
        jobs += [threads.write(failing_inside, small=True), threads.write(adding("last"))]
        done = await asyncio.gather(*jobs, return_exceptions=True)
        assert [isinstance(one, DataError) for one in done] == [False] * 5 + [True, False]
        assert len(commits) < 6
        assert await threads.read(folders.known) == {"": 0, "f0": 1, "f1": 2, "f2": 3, "f3": 4, "f4": 5, "last": 6}
    finally:
        threads.close()
    with Corpus.open(path, readonly=True) as corpus, corpus.reading() as db:
        assert db.execute("SELECT count(*) FROM setting WHERE name = 'left'").fetchone() == (0,)


async def test_a_commit_that_fails_is_told_to_all_who_wait_for_it(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    threads = CorpusThreads(path)
    try:
        await threads.write(lambda corpus: corpus.data_version())
        patiently = Corpus._patiently

        def full(self: Corpus, statement: str) -> sqlite3.Cursor:
            if statement == "COMMIT":
                raise sqlite3.OperationalError("database or disk is full")
            return patiently(self, statement)

        with monkeypatch.context() as broken:
            broken.setattr(Corpus, "_patiently", full)
            jobs = (threads.write(adding(f"f{n}"), small=True) for n in range(3))
            done = await asyncio.gather(*jobs, return_exceptions=True)
        assert all(isinstance(one, StoreError) for one in done)
        assert await threads.write(folders.known) == {"": 0}
    finally:
        threads.close()


async def test_what_is_asked_while_it_ends_is_written(path: Path) -> None:
    threads = CorpusThreads(path)
    waiting = asyncio.ensure_future(threads.write(adding("f"), small=True))
    await asyncio.sleep(0)
    await asyncio.to_thread(threads.close)
    assert (await waiting)["f"] == 1


async def test_a_question_that_takes_too_long_is_stopped_and_the_next_is_answered(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui_annotate.serve.threads.LONGEST_QUESTION", 0.05)

    def endless(corpus: Corpus) -> int:
        with corpus.reading() as db:
            sql = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"
            return int(db.execute(sql).fetchone()[0])

    threads = CorpusThreads(path)
    try:
        with pytest.raises(ApiError, match="stopped"):
            await threads.ask(endless)
        assert await threads.ask(folders.known) == {"": 0}
        assert await threads.write(adding("f")) == {"": 0, "f": 1}
    finally:
        threads.close()


def test_transactions_together_are_taken_back_one_by_one(path: Path) -> None:
    with Corpus.open(path) as corpus:
        with corpus.together():
            folders.add(corpus, "a")
            with pytest.raises(DataError):
                failing_inside(corpus)
            folders.add(corpus, "b")
        assert folders.known(corpus) == {"": 0, "a": 1, "b": 2}
        with pytest.raises(DataError):
            write_and_fail(corpus)
        assert folders.known(corpus) == {"": 0, "a": 1, "b": 2}

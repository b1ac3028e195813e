"""The lane: strictly in order, whatever waits."""

from __future__ import annotations

import asyncio

from tui_annotate.screens.lane import Lane


async def test_nothing_overtakes_a_job_that_waits() -> None:
    done: list[str] = []
    gate = asyncio.Event()
    lane = Lane(lambda error: None)

    async def slow() -> None:
        await gate.wait()
        done.append("slow")

    lane.put(slow)
    lane.put(lambda: done.append("quick"))
    lane.put(slow)
    assert done == []
    gate.set()
    await lane.idle()
    assert done == ["slow", "quick", "slow"]


async def test_an_error_is_handed_on_and_the_next_job_runs() -> None:
    errors: list[Exception] = []
    done: list[str] = []
    lane = Lane(errors.append)

    async def broken() -> None:
        raise ValueError("later")

    def broken_at_once() -> None:
        raise ValueError("at once")

    lane.put(broken_at_once)
    lane.put(broken)
    lane.put(lambda: done.append("next"))
    await lane.idle()
    assert [str(error) for error in errors] == ["at once", "later"]
    assert done == ["next"]


async def test_a_dropped_job_never_runs() -> None:
    done: list[str] = []
    gate = asyncio.Event()
    lane = Lane(lambda error: None)

    async def slow() -> None:
        await gate.wait()

    lane.put(slow)
    lane.put(lambda: done.append("dropped"))
    assert lane.drop() == 1
    gate.set()
    await lane.idle()
    assert done == []
    assert not lane.busy

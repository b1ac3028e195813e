"""Commands that are broken off: Ctrl+C, SIGTERM, a pipe whose reader leaves; nothing half-written, no child left."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import Run

_PATIENCE = 30.0


def start(*arguments: object, folder: Path) -> subprocess.Popen[str]:
    """Start a command as a shell does, in a group of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "tui_annotate.cli", *map(str, arguments)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        start_new_session=True,
    )


@pytest.fixture
def corpus(run: Run, tmp_path: Path) -> Path:
    assert run("new", "notes.db").code == 0
    return tmp_path / "notes.db"


def rows(count: int) -> Iterator[str]:
    """Yield JSON lines, each with an entity and a label."""
    for number in range(count):
        spans = [{"start": 0, "end": 4, "label": "Word"}]
        yield json.dumps(
            {"id": f"k{number}", "text": f"text number {number}", "spans": spans, "label": "ab"[number % 2]}
        )


def wait_until(happened: Callable[[], object]) -> None:
    """Look until a condition holds."""
    deadline = time.monotonic() + _PATIENCE
    while not happened():
        assert time.monotonic() < deadline
        select.select([], [], [], 0.01)


@pytest.mark.parametrize(("sent", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_import_that_is_broken_off_goes_on_where_it_was(
    run: Run, corpus: Path, tmp_path: Path, sent: signal.Signals, code: int
) -> None:
    (tmp_path / "rows.jsonl").write_text("\n".join(rows(6_000)))
    before = corpus.stat().st_size
    going = start("import", corpus, "rows.jsonl", folder=tmp_path)
    wait_until(lambda: corpus.stat().st_size > before + 100_000)
    going.send_signal(sent)
    _, said = going.communicate(timeout=_PATIENCE)
    assert going.returncode == code
    assert "Traceback" not in said
    assert run("verify", corpus).code == 0
    came = json.loads(run("stats", corpus, "--json").out)["total"]
    assert 0 < came < 6_000
    report = json.loads(run("import", corpus, "rows.jsonl", "--json").out)
    assert (report["counts"]["created"], report["counts"]["unchanged"]) == (6_000 - came, came)


def test_a_pipe_whose_reader_leaves_is_no_error_to_talk_about(run: Run, corpus: Path, tmp_path: Path) -> None:
    (tmp_path / "rows.jsonl").write_text("\n".join(rows(1_500)))
    assert run("import", corpus, "rows.jsonl").code == 0
    going = start("export", corpus, "--format", "jsonl", "--output", "-", folder=tmp_path)
    assert going.stdout is not None
    assert going.stderr is not None
    going.stdout.close()
    assert going.stderr.read() == ""
    going.wait(timeout=_PATIENCE)


def children(parent: int) -> list[str]:
    """Return the processes that a process has started; to look often must cost little."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            if stat.read_text().rpartition(")")[2].split()[1] == str(parent):
                found.append(stat.parent.name)
    return found


def test_a_simulation_that_is_broken_off_ends_at_once_with_its_children(home: Path, tmp_path: Path) -> None:
    (tmp_path / "gold.jsonl").write_text("\n".join(rows(300)))
    going = start("simulate", "gold.jsonl", "--n", "100", folder=tmp_path)
    wait_until(lambda: children(going.pid))
    left = children(going.pid)
    going.send_signal(signal.SIGINT)
    _, said = going.communicate(timeout=_PATIENCE)
    assert going.returncode == 130
    assert "Traceback" not in said
    assert [pid for pid in left if Path(f"/proc/{pid}").exists()] == []

"""How the app ends on a real pseudo terminal: signals, a vanished terminal, `q`; no child is left, nothing is lost."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.screens.conftest import SUGGESTED, document
from tui_annotate.domain.decisions import Kind
from tui_annotate.store import log, settings
from tui_annotate.store.connection import Corpus

MakeCorpus = Callable[..., Path]
_PATIENCE = 30.0
PROGRAM = """
import sys
from pathlib import Path
from tui_annotate import config
from tui_annotate.app import run
path = Path(sys.argv[1])
sys.exit(run(path, config=config.load(path, flags={"annotator": "ann"})))
"""


class OnTerminal:
    """The app in a process of its own, on a pseudo terminal."""

    def __init__(self, path: Path) -> None:
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 100, 0, 0))
        self.before = termios.tcgetattr(slave)
        self.slave = slave
        environment = {**os.environ, "TERM": "xterm-256color", "LC_ALL": "C.UTF-8"}
        self.process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, str(path)],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env=environment,
            start_new_session=True,
        )
        self.seen = b""

    def wait_for(self, text: bytes) -> None:
        """Read until something was shown."""
        deadline = time.monotonic() + _PATIENCE
        while text not in self.seen:
            assert time.monotonic() < deadline, f"{text!r} was never shown: {self.seen[-2000:]!r}"
            self._read(0.5)

    def end(self) -> int:
        """Read until the process has ended, and return its exit code."""
        deadline = time.monotonic() + _PATIENCE
        while self.process.poll() is None:
            assert time.monotonic() < deadline, "it did not end"
            self._read(0.05)
        return self.process.returncode

    def vanish(self) -> None:
        """Take the terminal away, as a dropped connection does."""
        os.close(self.slave)
        os.close(self.master)
        self.slave = self.master = -1

    def _read(self, timeout: float) -> None:
        if self.master >= 0 and select.select([self.master], [], [], timeout)[0]:
            try:
                self.seen += os.read(self.master, 1 << 16)
            except OSError:
                return

    def close(self) -> None:
        """Leave nothing behind."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        for descriptor in (self.master, self.slave):
            if descriptor >= 0:
                os.close(descriptor)


@pytest.fixture
def terminal(make_corpus: MakeCorpus) -> Iterator[OnTerminal]:
    path = make_corpus(document("note-1", found=SUGGESTED), document("note-2"))
    with Corpus.open(path) as corpus:
        settings.change(corpus, retrain_every=3)  # a training is near from the start, so its child runs
    made = OnTerminal(path)
    yield made
    made.close()


def children(parent: int) -> list[int]:
    """Return the processes that a process started, and those they started."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if int(fields[1]) == parent:
                found += [int(entry.name), *children(int(entry.name))]
    return found


def running(process: int) -> bool:
    """Say whether a process still runs; one that waits to be collected does not."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def _decide_and_see_children(terminal: OnTerminal) -> list[int]:
    terminal.wait_for(b"retrain ")
    os.write(terminal.master, b"a")
    terminal.wait_for("▐DRUG? 0.70".encode())  # the next one is in focus: the first is decided
    deadline = time.monotonic() + _PATIENCE
    while not (started := children(terminal.process.pid)):
        assert time.monotonic() < deadline, "no learning child was started"
        terminal._read(0.05)
    return started


def _nothing_is_left(started: list[int]) -> None:
    deadline = time.monotonic() + _PATIENCE
    while left := [process for process in started if running(process)]:
        assert time.monotonic() < deadline, f"orphans: {left}"
        select.select([], [], [], 0.05)


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks for children in /proc")
@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGHUP, "q"])
def test_the_terminal_is_restored_and_no_child_is_left(terminal: OnTerminal, how: signal.Signals | str) -> None:
    started = _decide_and_see_children(terminal)
    if isinstance(how, str):
        os.write(terminal.master, how.encode())
    else:
        terminal.process.send_signal(how)
    assert terminal.end() == (0 if isinstance(how, str) else 128 + how)
    terminal._read(0.1)
    assert terminal.seen.rstrip().endswith((b"\x1b[?1049l", b"\x1b[?25h", b"\x1b[?1004l"))
    assert termios.tcgetattr(terminal.slave)[3] == terminal.before[3]
    assert b"Traceback" not in terminal.seen
    _nothing_is_left(started)


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks for children in /proc")
def test_a_vanished_terminal_ends_it_and_the_decision_is_on_disk(terminal: OnTerminal) -> None:
    path = Path(str(terminal.process.args[-1]))  # type: ignore[index]
    started = _decide_and_see_children(terminal)
    terminal.vanish()
    assert terminal.end() == 128 + signal.SIGHUP
    _nothing_is_left(started)
    with Corpus.open(path) as corpus:
        kinds = [entry.decision.kind for entry in log.history(corpus, annotator="ann")]
    assert kinds == [Kind.ACCEPT]

"""The command line run in this process: exit code, stdout and stderr of a call."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tui_annotate.cli import rim


@dataclass(frozen=True, slots=True)
class Ran:
    """What a call left behind."""

    code: int
    out: str
    err: str


Run = Callable[..., Ran]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give the program a home of its own, so that no settings of this machine count."""
    folder = tmp_path / "home"
    for name in ("CONFIG", "STATE", "DATA", "CACHE"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(folder / name.lower()))
    for name in ("TUI_ANNOTATE_ANNOTATOR", "TUI_ANNOTATE_KEYS", "TUI_ANNOTATE_LOOK", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    return folder


@pytest.fixture
def run(home: Path, capfd: pytest.CaptureFixture[str]) -> Run:
    """Return a function that calls the program with arguments."""

    def call(*arguments: object) -> Ran:
        capfd.readouterr()
        code = rim.run([str(argument) for argument in arguments])
        captured = capfd.readouterr()
        return Ran(code, captured.out, captured.err)

    return call

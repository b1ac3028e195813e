"""Starts the app on a pseudo terminal, with settings of its own so that nobody's configuration is measured."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from bench.pty_harness import Terminal

PROGRAM = Path(sys.executable).with_name("tui-annotate")
READY = "confirmed"
"""Stands in the status line of every review screen."""


def environment(folder: Path) -> dict[str, str]:
    """Return variables that keep configuration and state inside a folder."""
    names = ("XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME")
    return {**{name: str(folder / name.lower()) for name in names}, "TUI_ANNOTATE_ANNOTATOR": "bench"}


def app(
    corpus: Path,
    folder: Path,
    *,
    columns: int = 100,
    rows: int = 30,
    settle: float = 0.06,
    more: Mapping[str, str] | None = None,
) -> Terminal:
    """Open a corpus in the app."""
    variables = {**environment(folder), **(more or {})}
    return Terminal(
        [str(PROGRAM), "open", str(corpus)], columns=columns, rows=rows, settle=settle, environment=variables
    )


def resident_megabytes(pid: int) -> float:
    """Return a process's peak resident memory."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) / 1024
    return float("nan")


def libraries(pid: int) -> list[str]:
    """Return which libraries of machine learning a process has loaded, by its memory map."""
    maps = Path(f"/proc/{pid}/maps").read_text()
    return [name for name in ("numpy", "scipy", "sklearn", "spacy", "pycrfsuite") if f"{os.sep}{name}{os.sep}" in maps]


def children(pid: int) -> list[int]:
    """Return the process ids of a process's children."""
    found = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        found += [int(child) for child in (task / "children").read_text().split()]
    return found


def wait_for_children(terminal: Terminal, *, seconds: float = 60.0) -> None:
    """Wait until the children of the app have nothing to do: until their clocks stand still."""
    end = time.perf_counter() + seconds
    still, before = 0, -1
    while time.perf_counter() < end and still < 5:
        terminal.parse(terminal.read(settle=0.2, timeout=0.3))
        used = sum(_ticks(child) for child in children(terminal.pid))
        still = still + 1 if used == before else 0
        before = used


def processor_seconds(pid: int) -> float:
    """Return what a process has used of the processor, all its threads together."""
    return _ticks(pid) / os.sysconf("SC_CLK_TCK")


def _ticks(pid: int) -> int:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except FileNotFoundError:
        return 0
    return int(fields[11]) + int(fields[12])

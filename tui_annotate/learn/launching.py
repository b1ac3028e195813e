"""How the app starts a child: which Python, with what environment, and where its log lies."""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path
from typing import IO

import tui_annotate

THREADS = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)
LOG_LIMIT = 2 << 20
"""Bytes from which a log begins anew."""


def command(which: str, corpus: Path, *, nice: int) -> list[str]:
    """Return the command line of a child; the working directory is kept off its module path."""
    parent = os.getpid() if threading.current_thread() is threading.main_thread() else 0
    module = f"tui_annotate.learn.{which}"
    options = ["--nice", str(nice), "--parent", str(parent)]
    return [sys.executable, "-P", "-m", module, str(corpus.absolute()), *options]


def environment() -> dict[str, str]:
    """Return the environment of a child: one thread for linear algebra, since the app needs the other core."""
    package = str(Path(tui_annotate.__file__).parents[1])
    known = os.environ.get("PYTHONPATH", "")
    path = os.pathsep.join(filter(None, (package, known)))
    return {**os.environ, **dict.fromkeys(THREADS, "1"), "PYTHONPATH": path, "PYTHONUNBUFFERED": "1"}


def log_path(corpus: Path, which: str) -> Path:
    """Return where a child's log lies: `NAME.runs/logs/<which>.log`."""
    return corpus.with_suffix(".runs") / "logs" / f"{which}.log"


def open_log(path: Path) -> IO[bytes]:
    """Open a log to append to; one that has grown large is begun anew, and one that cannot be written is dropped."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        large = path.exists() and path.stat().st_size > LOG_LIMIT
        return path.open("wb" if large else "ab")
    except OSError:
        return open(os.devnull, "wb")


def tail(path: Path) -> str:
    """Return the last line that a child said, for the message about its end."""
    try:
        lines = path.read_bytes()[-4000:].decode("utf-8", "replace").strip().splitlines()
    except OSError:
        return ""
    return lines[-1][:300] if lines else ""


def processor_seconds(pid: int) -> float:
    """Return how much processor time a process has had; 0 where the system does not say."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    except (OSError, ValueError, IndexError):
        return 0.0

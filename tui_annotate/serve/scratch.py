"""The folder of what requests leave on disk while they run; what killed servers left there is removed."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_PREFIX = "tui-annotate-serve-"
_LOCK = "lock"


@contextmanager
def scratch() -> Iterator[Path]:
    """Have everything temporary of this process lie in a folder of its own, which is gone afterwards.

    The folder holds a lock as long as its process lives; one that nobody holds is what a killed server left.
    """
    before = tempfile.tempdir
    everybodys = Path(tempfile.gettempdir())
    _clear(everybodys)
    with (
        tempfile.TemporaryDirectory(prefix=_PREFIX, dir=everybodys, ignore_cleanup_errors=True) as name,
        Path(name, _LOCK).open("w") as lock,
    ):
        fcntl.flock(lock, fcntl.LOCK_EX)
        tempfile.tempdir = name
        try:
            yield Path(name)
        finally:
            tempfile.tempdir = before


def _clear(everybodys: Path) -> None:
    """Remove our folders whose process is gone; those of other users, and what is no folder, stay."""
    for left in everybodys.glob(f"{_PREFIX}*"):
        if left.is_symlink() or not left.is_dir() or left.stat().st_uid != os.getuid():
            continue
        try:
            with Path(left, _LOCK).open("r") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            # Held, or just being made.
            continue
        shutil.rmtree(left, ignore_errors=True)

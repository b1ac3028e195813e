"""Backups made while a corpus is worked on: checked copies in `NAME.backups/` beside it, the newest kept."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from tui_annotate.store import backup, counters
from tui_annotate.store.connection import Corpus
from tui_annotate.store.copying import CopyStopped

__all__ = ["Backup", "CopyStopped", "existing", "folder", "is_due", "make"]

EVERY = 30 * 60.0
"""Seconds of work from one backup to the next."""
ENOUGH = 25
"""Decisions that a backup is made for; fewer are in the corpus and its log alone."""
KEPT = 5
KEPT_LARGE = 2
LARGE = 200 << 20
"""Bytes from which fewer copies are kept."""
_NAME = re.compile(r"-(\d+)-\d{8}T\d{6}Z$")


@dataclass(frozen=True, slots=True)
class Backup:
    """A copy that was made and checked."""

    path: Path
    sequence: int
    """Newest decision in it."""
    at: float
    """When it was made, seconds since the epoch."""


def folder(corpus: Path) -> Path:
    """Return where a corpus has its backups."""
    return corpus.with_name(f"{corpus.stem}.backups")


def existing(corpus: Path) -> list[Backup]:
    """Return the backups there are, the oldest first."""
    found = []
    for path in folder(corpus).glob(f"*{corpus.suffix}"):
        match = _NAME.search(path.stem)
        if match is not None:
            found.append(Backup(path, int(match[1]), path.stat().st_mtime))
    return sorted(found, key=lambda one: (one.sequence, one.at))


def is_due(path: Path, sequence: int, *, now: float | None = None) -> bool:
    """Say whether enough was decided since the newest backup, and long enough ago.

    Args:
        sequence: Newest decision of the corpus.
    """
    made = existing(path)
    if not made:
        return sequence >= ENOUGH
    moment = time.time() if now is None else now
    return sequence - made[-1].sequence >= ENOUGH and moment - made[-1].at >= EVERY


def make(corpus: Corpus, *, between: Callable[[], None] | None = None, stop: Callable[[], bool] | None = None) -> Path:
    """Make a backup and drop the oldest beyond those that are kept.

    Args:
        between: Called between slices; writes the decisions that wait, see `store.backup`.
        stop: Asked between slices; True ends with CopyStopped and leaves nothing.

    Raises:
        StoreError: It could not be written; the corpus is as it was.
    """
    path = corpus.path
    place = folder(path)
    place.mkdir(exist_ok=True)
    moment = datetime.now(UTC)
    sequence = counters.progress(corpus).sequence
    target = place / f"{path.stem}-{sequence}-{moment:%Y%m%dT%H%M%SZ}{path.suffix}"
    backup.backup(corpus, target, between=between, stop=stop, replace=True)
    kept = KEPT_LARGE if path.stat().st_size > LARGE else KEPT
    for old in existing(path)[:-kept]:
        old.path.unlink(missing_ok=True)
    return target

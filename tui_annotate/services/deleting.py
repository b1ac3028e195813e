"""Deleting documents so that nothing is ever lost: they are exported first, with the decisions on them."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from tui_annotate.services import backing_up, exporting
from tui_annotate.store import counters, deleting
from tui_annotate.store.connection import Corpus


@dataclass(frozen=True, slots=True)
class Deleted:
    """What a deletion did."""

    documents: int
    kept: str
    """The zip that `import` brings them back from; empty where there was nothing to delete."""
    decisions: str = ""
    """Where the decisions on them are, a line each."""
    stayed: int = 0
    """Documents that were left: somebody decided on them while they were exported."""


def delete(
    corpus: Corpus, ids: Collection[int], *, annotator: str, on_progress: Callable[[int], None] | None = None
) -> Deleted:
    """Export documents into `NAME.backups/`, read that again, and only then delete them.

    What somebody decides on meanwhile is not in the copy, so it stays.

    Args:
        ids: Row ids; those that are not there any more are left out.

    Raises:
        DataError: What was written reads back differently; nothing was deleted.
        StoreError: It could not be written; nothing was deleted.
    """
    ids = sorted(set(ids))
    if not ids:
        return Deleted(0, "")
    target = _place(corpus.path)
    until = counters.progress(corpus).sequence
    done = exporting.export(corpus, target, ids=ids, decisions=True, on_progress=on_progress)
    deleted = deleting.delete(corpus, ids, annotator=annotator, until=until)
    return Deleted(deleted, str(target), done.decisions, max(0, done.documents - deleted))


def _place(corpus: Path) -> Path:
    """Return a name that nothing has yet."""
    folder = backing_up.folder(corpus)
    folder.mkdir(exist_ok=True)
    stem = f"{corpus.stem}-deleted-{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
    number = 1
    while (target := folder / f"{stem}{f'-{number}' if number > 1 else ''}.zip").exists():
        number += 1
    return target

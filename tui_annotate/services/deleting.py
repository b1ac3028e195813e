"""Deleting documents so that nothing is ever lost: they are exported first, with the decisions on them."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from tui_annotate.services import backing_up, exporting
from tui_annotate.store import deleting
from tui_annotate.store.connection import Corpus


@dataclass(frozen=True, slots=True)
class Deleted:
    """What a deletion did."""

    documents: int
    kept: str
    """The zip that `import` brings them back from; empty where there was nothing to delete."""
    decisions: str = ""
    """Where the decisions on them are, a line each."""


def delete(
    corpus: Corpus, ids: Collection[int], *, annotator: str, on_progress: Callable[[int], None] | None = None
) -> Deleted:
    """Export documents into `NAME.backups/`, read that again, and only then delete them.

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
    done = exporting.export(corpus, target, ids=ids, decisions=True, on_progress=on_progress)
    return Deleted(deleting.delete(corpus, ids, annotator=annotator), str(target), done.decisions)


def _place(corpus: Path) -> Path:
    """Return a name that nothing has yet."""
    folder = backing_up.folder(corpus)
    folder.mkdir(exist_ok=True)
    stem = f"{corpus.stem}-deleted-{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
    number = 1
    while (target := folder / f"{stem}{f'-{number}' if number > 1 else ''}.zip").exists():
        number += 1
    return target

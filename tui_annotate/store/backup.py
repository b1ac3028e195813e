"""Backups of a corpus, also while it is in use; what is kept has been checked."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tui_annotate.errors import UsageError
from tui_annotate.store import copying
from tui_annotate.store.connection import Corpus
from tui_annotate.store.copying import CopyStopped

__all__ = ["CopyStopped", "backup"]


def backup(
    corpus: Corpus,
    target: Path,
    *,
    on_progress: Callable[[float], None] | None = None,
    stop: Callable[[], bool] | None = None,
    between: Callable[[], None] | None = None,
    replace: bool = False,
) -> None:
    """Copy a corpus to a file that is there whole and checked, or not at all.

    It blocks until it is done. The app calls it on its writer thread, with a `between` that writes the decisions
    which wait: what goes through `corpus` meanwhile gets into the copy, and waits for one slice at most.
    A program that writes through a connection of its own makes the copy begin again.

    Args:
        on_progress: Gets the share that is done, 0 to 1.
        stop: Asked between slices; True ends with CopyStopped.
        between: Called between slices of a few milliseconds, also while the copy is checked.
        replace: Whether a file of that name may be replaced.
    """
    if target.exists() and (not replace or target.samefile(corpus.path)):
        raise UsageError(f"{target} exists already.", hint="Choose another name.")
    copying.copy(corpus.connection, target, between=between, on_progress=on_progress, stop=stop)

"""What every command does that takes a query: index what is not yet, find the documents, point at what is wrong."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from tui_annotate.cli import options
from tui_annotate.cli.output import progress, say

if TYPE_CHECKING:
    from tui_annotate.store.connection import Corpus


@contextmanager
def searchable(path: Path) -> Iterator[Corpus]:
    """Open a corpus with all its documents indexed; one that may not be written is searched all the same, slower."""
    from tui_annotate.services import searching

    writable = os.access(path, os.W_OK) and os.access(path.absolute().parent, os.W_OK)
    with options.opened(path, readonly=path.exists() and not writable) as opened:
        with progress("indexing") as report:
            searching.catch_up(opened, on_progress=report)
        yield opened


def tell_doubts(corpus: Corpus, query: str, *, annotator: str) -> None:
    """Say on stderr which values of a query nothing has."""
    from tui_annotate.services import searching

    for said in searching.doubts(corpus, query, annotator=annotator):
        say(f"tui-annotate: note: {said}")

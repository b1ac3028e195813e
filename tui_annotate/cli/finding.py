"""What every command does that takes a query: index what is not yet, find the documents, point at what is wrong."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from tui_annotate.cli import options
from tui_annotate.cli.output import progress

if TYPE_CHECKING:
    from tui_annotate.errors import QueryError
    from tui_annotate.store.connection import Corpus

_ROUND = 60
"""Characters of a long query that are shown before and behind a mistake."""


@contextmanager
def searchable(path: Path) -> Iterator[Corpus]:
    """Open a corpus with all its documents indexed; one that may not be written is searched all the same, slower."""
    from tui_annotate.services import searching

    writable = os.access(path, os.W_OK) and os.access(path.absolute().parent, os.W_OK)
    with options.opened(path, readonly=path.exists() and not writable) as opened:
        with progress("indexing") as report:
            searching.catch_up(opened, on_progress=report)
        yield opened


def pointed(error: QueryError) -> str:
    """Return a query and a caret below the place that is meant."""
    from tui_annotate.domain.display import shown

    at = error.column - 1
    begin, end = max(0, at - _ROUND), at + _ROUND
    before = ("…" if begin else "") + shown(error.query[begin:at], 4 * _ROUND)
    behind = shown(error.query[at:end], 4 * _ROUND) + ("…" if end < len(error.query) else "")
    return f"  {before}{behind}\n  {' ' * _width(before)}^"


def _width(text: str) -> int:
    if text.isascii():
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)

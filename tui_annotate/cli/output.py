"""What the command line prints: data to stdout, talk to stderr, and nothing that could drive the terminal."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Protocol


class Report(Protocol):
    """Takes how far something is, 0..1 or None, and a word about it."""

    def __call__(self, fraction: float | None, message: str = "") -> None: ...


def clean(text: str) -> str:
    """Return one line of text with all that does not show as visible glyphs."""
    if text.isascii() and text.isprintable():
        return text
    from tui_annotate.domain.display import shown

    return shown(text)


def say(text: str) -> None:
    """Write lines for a person to stderr."""
    print("\n".join(clean(line) for line in text.split("\n")), file=sys.stderr)  # noqa: T201


def out(text: str = "") -> None:
    """Write one line of data to stdout."""
    print(clean(text))  # noqa: T201


def out_lines(text: str) -> None:
    """Write several lines of data to stdout."""
    for line in text.splitlines():
        out(line)


def out_json(value: Any, *, indent: int | None = 1) -> None:
    """Write a value as JSON to stdout, in ASCII: lossless, and safe on a terminal."""
    print(json.dumps(value, indent=indent, default=_plain))  # noqa: T201


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write rows in columns to stdout; numbers stand right."""
    cells = [[clean("" if cell is None else str(cell)) for cell in row] for row in rows]
    numeric = [bool(cells) and all(_is_number(row[i]) for row in cells) for i in range(len(head))]
    widths = [max(_width(line[i]) for line in [list(head), *cells]) for i in range(len(head))]
    for line in [list(head), *cells]:
        padded = [
            " " * (width - _width(cell)) + cell if right else cell + " " * (width - _width(cell))
            for cell, width, right in zip(line, widths, numeric, strict=True)
        ]
        print("  ".join(padded).rstrip())  # noqa: T201


@contextmanager
def progress(what: str) -> Iterator[Report]:
    """Show a bar on stderr where that is a terminal, and nothing where it is not."""
    if not sys.stderr.isatty():
        yield _silent
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    about, left = TextColumn("{task.description}", markup=False), TextColumn("{task.fields[left]}")
    with Progress(about, BarColumn(), TimeElapsedColumn(), left, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=None, left="")

        def report(fraction: float | None, message: str = "") -> None:
            total = None if fraction is None else 1.0
            about = clean(f"{what} {message}".rstrip())
            still = bar.tasks[0].time_remaining
            said = "" if fraction is None or not still else f"{still:.0f} s left"
            bar.update(task, total=total, completed=fraction or 0.0, description=about, left=said)

        yield report


def plot_width() -> int:
    """Return how many columns a drawing may take."""
    return min(shutil.get_terminal_size((100, 24)).columns, 100)


def _silent(fraction: float | None, message: str = "") -> None:
    """Report nothing."""


def _plain(value: object) -> object:
    """Return what JSON lacks as what it has: sets as lists, everything else by its name."""
    return sorted(value) if isinstance(value, set | frozenset) else str(value)


def _is_number(cell: str) -> bool:
    return cell.replace(".", "", 1).replace("-", "", 1).replace("%", "").replace(",", "").isdigit() or not cell


def _width(cell: str) -> int:
    if cell.isascii():
        return len(cell)
    from rich.cells import cell_len

    return cell_len(cell)

"""Starting the app on a large corpus, and going from document to document.

    python -m bench.app_documents [--documents 100000] [--keys 40]

`start` is to the first stable picture, beside a bare Textual screen; `confirm` writes a confirmation and shows the
next document;
`open` shows a document of 60 kB with 500 spans.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bench import corpora, running
from bench.pty_harness import Terminal, summary
from tui_annotate.domain.interchange import ExchangedDocument

BARE = """
from textual.app import App, ComposeResult
from textual.widgets import Static
class Bare(App):
    ENABLE_COMMAND_PALETTE = False
    def compose(self) -> ComposeResult:
        yield Static("confirmed")
Bare(ansi_color=True).run()
"""
STARTS = 5


def bare_start() -> float:
    """Return milliseconds to the first stable picture of a Textual app with one line."""
    terminal = Terminal([sys.executable, "-c", BARE])
    try:
        return terminal.start("confirmed")
    finally:
        terminal.close()


def start(corpus: Path, folder: Path) -> tuple[float, list[str], float]:
    """Return milliseconds to the first stable picture, libraries of machine learning loaded, and megabytes."""
    terminal = running.app(corpus, folder)
    try:
        milliseconds = terminal.start(running.READY)
        return milliseconds, running.libraries(terminal.pid), running.resident_megabytes(terminal.pid)
    finally:
        terminal.close()


def confirming(corpus: Path, folder: Path, keys: int) -> dict[str, Any]:
    """Measure confirming and going on."""
    rng = random.Random(1)
    terminal = running.app(corpus, folder)
    try:
        terminal.start(running.READY)
        running.wait_for_children(terminal)
        pressed = []
        for _ in range(keys):
            terminal.read(settle=rng.random() * 0.01)
            pressed.append(terminal.key(b"\r"))
        return summary(pressed)
    finally:
        terminal.close()


def opening(folder: Path, times: int) -> dict[str, Any]:
    """Measure opening a long document from a short one."""

    def arrivals() -> Iterator[ExchangedDocument]:
        for number in range(times):
            yield corpora.suggested(f"short-{number}", 300, 2, seed=number)
            yield corpora.suggested(f"long-{number}", 60_000, 500, seed=100 + number)

    terminal = running.app(corpora.build(folder / "long.db", arrivals()), folder)
    try:
        terminal.start(running.READY)
        running.wait_for_children(terminal)
        pressed = []
        for _ in range(times - 1):
            pressed.append(terminal.key(b">"))
            terminal.key(b">")
        return summary(pressed)
    finally:
        terminal.close()


def main() -> dict[str, Any]:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--documents", type=int, default=100_000)
    parser.add_argument("--keys", type=int, default=40)
    options = parser.parse_args()
    with TemporaryDirectory() as name:
        folder = Path(name)
        corpus = corpora.large(folder / "large.db", options.documents)
        pairs = [(bare_start(), start(corpus, folder)) for _ in range(STARTS)]
        return {
            "documents": options.documents,
            "bare_start_ms": round(statistics.median(bare for bare, _ in pairs), 1),
            "start_ms": round(statistics.median(ours for _, (ours, _, _) in pairs), 1),
            "ml_libraries": sorted({name for _, (_, names, _) in pairs for name in names}),
            "rss_mb": round(max(megabytes for _, (_, _, megabytes) in pairs), 1),
            "confirm": confirming(corpus, folder, options.keys),
            "open_60kB_500": opening(folder, 12),
        }


if __name__ == "__main__":
    json.dump(main(), sys.stdout, indent=1)
    print()

"""The app's keys: from the key to the final picture, and bytes sent, at 100x30; a bare commit beside them.

    python -m bench.app_keys [--keys 60] [--sizes 5kB,100kB,1MB] [--no-training]

`next` moves to the next suggestion; `accept` writes a decision and moves on. Both again while a training runs in
the trainer child. Before the first key the children have got ready, so that idle means idle.
"""

from __future__ import annotations

import argparse
import json
import random
import sqlite3
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bench import corpora, running
from bench.pty_harness import Key, Terminal, percentile, summary
from tui_annotate.domain.annotations import Annotations, Entity
from tui_annotate.domain.documents import Document, Part
from tui_annotate.domain.interchange import ExchangedDocument, ExchangedVersion
from tui_annotate.domain.spans import Span

SIZES = {"5kB": (5_000, 50), "100kB": (100_000, 1_000), "1MB": (1_000_000, 10_000)}
GOLD = 4_000
"""Confirmed sentences beside the document: enough to keep a training busy while keys are measured."""


def gold(count: int) -> Iterator[ExchangedDocument]:
    """Yield confirmed sentences."""
    rng = random.Random(3)
    for number in range(count):
        text = f"{number} {corpora.words(rng, 160)}"
        start = text.index(" ", rng.randrange(100)) + 1
        entity = Entity("DRUG", (Span("s1v1", start, text.index(" ", start + 1)),), ("user:bench",), 1.0, 1)
        document = Document(f"gold-{number}", (Part("s1v1", text),))
        yield ExchangedDocument(document, (ExchangedVersion(Annotations({1: entity}), confirmed=True),))


def commit_alone(folder: Path, count: int = 200) -> dict[str, float]:
    """Return how long a commit of one small row takes here, with the settings of a corpus."""
    db = sqlite3.connect(folder / "bare.db", isolation_level=None)
    db.execute("PRAGMA journal_mode = TRUNCATE")
    db.execute("PRAGMA synchronous = FULL")
    db.execute("CREATE TABLE t (a INTEGER PRIMARY KEY, b TEXT)")
    times = []
    for number in range(count):
        began = time.perf_counter()
        db.execute("INSERT INTO t VALUES (?, 'x')", (number,))
        times.append((time.perf_counter() - began) * 1000)
    db.close()
    return {f"p{share}": round(percentile(times, share / 100), 2) for share in (50, 95, 99)}


def press(terminal: Terminal, key: bytes, count: int, rng: random.Random) -> list[Key]:
    """Press a key again and again, at moments that keep no step with any timer."""
    pressed = []
    for _ in range(count):
        time.sleep(rng.random() * 0.01)
        pressed.append(terminal.key(key))
    return pressed


def measure(characters: int, spans: int, keys: int, *, training: bool) -> dict[str, Any]:
    """Measure one size of document."""
    rng = random.Random(1)
    with TemporaryDirectory() as name:
        folder = Path(name)

        def arrivals() -> Iterator[ExchangedDocument]:
            yield corpora.suggested("big", characters, spans)
            yield from gold(GOLD if training else 0)

        terminal = running.app(corpora.build(folder / "c.db", arrivals()), folder)
        try:
            found: dict[str, Any] = {"start_ms": round(terminal.start(running.READY), 1)}
            running.wait_for_children(terminal)
            press(terminal, b"j", 3, rng)
            count = min(keys, spans // 4)
            found["next"] = summary(press(terminal, b"j", count, rng))
            found["accept"] = summary(press(terminal, b"a", count, rng))
            if training:
                found["training"] = while_training(terminal, min(keys // 2, spans // 5), rng)
            found["rss_mb"] = round(running.resident_megabytes(terminal.pid), 1)
            found["ml_libraries"] = running.libraries(terminal.pid)
        finally:
            terminal.close()
        found["bare_commit_ms"] = commit_alone(folder)
    return found


def while_training(terminal: Terminal, count: int, rng: random.Random) -> dict[str, Any]:
    """Press keys as long as the trainer child is at work, training again when it ends too soon."""
    pressed: dict[bytes, list[Key]] = {b"j": [], b"a": []}
    end = time.perf_counter() + 120
    while min(map(len, pressed.values())) < count and time.perf_counter() < end:
        if not is_training(terminal):
            for keys_of_command in (b":", b"train now", b"\r"):
                terminal.key(keys_of_command)
                time.sleep(1.0)
                terminal.parse(terminal.read(settle=0.1))
            wait_for_training(terminal, 30)
        for key, keys in pressed.items():
            keys += press(terminal, key, 5, rng)
    return {"next": summary(pressed[b"j"]), "accept": summary(pressed[b"a"])}


def is_training(terminal: Terminal) -> bool:
    """Say whether the status line shows a training."""
    return "▸" in terminal.screen.display[0] or "training" in terminal.screen.display[0]


def wait_for_training(terminal: Terminal, seconds: float) -> None:
    """Read until a training has begun."""
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        terminal.parse(terminal.read(settle=0.1))
        if is_training(terminal):
            return
    raise TimeoutError("no training began:\n" + "\n".join(terminal.screen.display[:4]))


def main() -> dict[str, Any]:
    """Measure all sizes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--keys", type=int, default=60)
    parser.add_argument("--sizes", default=",".join(SIZES))
    parser.add_argument("--no-training", action="store_true")
    options = parser.parse_args()
    return {
        size: measure(*SIZES[size], options.keys, training=not options.no_training) for size in options.sizes.split(",")
    }


if __name__ == "__main__":
    json.dump(main(), sys.stdout, indent=1)
    print()

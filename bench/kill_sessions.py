"""kill -9 at random instants of a real session: is every decision there whose next screen was drawn?

    python -m bench.kill_sessions [--times 100]

Keys are pressed as a person would, one after the other is answered; the app is killed at a random
moment, also between a key and its answer. Then the file is opened, verified, rebuilt, and the log is counted.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import signal
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bench import corpora, running
from bench.pty_harness import Terminal
from tui_annotate.domain.interchange import ExchangedDocument
from tui_annotate.store import log
from tui_annotate.store.connection import Corpus
from tui_annotate.store.rebuild import rebuild
from tui_annotate.store.verify import verify

KEYS = b"aaxa1a2xau"
"""Each writes one act: accept, reject, change the type, undo."""


def session(corpus: Path, folder: Path, rng: random.Random) -> int:
    """Press keys until a kill arrives; return how many decisions had their next screen drawn."""
    terminal = running.app(corpus, folder, settle=0.03)
    terminal.start(running.READY)
    timer = threading.Timer(rng.uniform(0.05, 2.5), os.kill, (terminal.pid, signal.SIGKILL))
    timer.start()
    drawn = 0
    before = undecided(terminal)
    try:
        while timer.is_alive():
            key = KEYS[rng.randrange(len(KEYS))]
            terminal.key(bytes([key]), timeout=2.0)
            now = undecided(terminal)
            drawn += now is not None and now != before
            before = now if now is not None else before
    except OSError:
        pass
    finally:
        timer.join()
        os.waitpid(terminal.pid, 0)
    return drawn


def undecided(terminal: Terminal) -> int | None:
    """Return how many suggestions the screen says are undecided: every decision and every undo changes that."""
    found = re.search(r"(\d+) undecided", "\n".join(terminal.screen.display))
    return int(found[1]) if found else None


def written(corpus: Path) -> int:
    """Return how many acts the log holds, its imports aside."""
    with Corpus.open(corpus, readonly=True) as opened:
        count, before = 0, None
        while page := log.history(opened, annotator="bench", before=before, limit=500):
            count += len({entry.step for entry in page if entry.decision.kind != "import"})
            before = page[-1].sequence
        return count


def main() -> dict[str, Any]:
    """Kill so many sessions."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--times", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    rng = random.Random(options.seed)
    lost = drawn_in_all = 0
    wrong: list[str] = []
    with TemporaryDirectory() as name:
        folder = Path(name)

        def arrivals() -> Iterator[ExchangedDocument]:
            yield corpora.suggested("long", 100_000, 8_000)

        corpus = corpora.build(folder / "killed.db", arrivals())
        before = 0
        for number in range(options.times):
            drawn = session(corpus, folder, rng)
            after = written(corpus)
            lost += max(0, drawn - (after - before))
            drawn_in_all += drawn
            before = after
            if number % 20 == 19:
                with Corpus.open(corpus) as opened:
                    wrong += verify(opened)
                    report = rebuild(opened)
                    wrong += [] if report.equal else report.differences[:3]
    return {
        "kills": options.times,
        "decisions_drawn": drawn_in_all,
        "decisions_written": before,
        "lost": lost,
        "wrong": wrong,
    }


if __name__ == "__main__":
    json.dump(main(), sys.stdout, indent=1)
    print()

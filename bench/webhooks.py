"""Webhooks while the receiver is down and the program is killed: is every event told, and in order?

    python -m bench.webhooks [--events 1000] [--kills 5]

A program confirms and reopens documents, telling a webhook as the app does. It is killed with kill -9 several times;
the receiver is down at first, later it refuses or breaks off now and then. At the end what the outbox and the log
hold is compared with what the receiver was told.
"""

from __future__ import annotations

import argparse
import http.server
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bench import running
from tui_annotate.domain.decisions import Changes, Decision, Kind, VersionState
from tui_annotate.domain.documents import Document, Part
from tui_annotate.domain.hooks import Hook
from tui_annotate.domain.interchange import ExchangedDocument
from tui_annotate.services import hook_trust
from tui_annotate.services.delivering import Delivery
from tui_annotate.store import hooks, log
from tui_annotate.store.connection import Corpus
from tui_annotate.store.intake import Intake

DOCUMENTS = 50


class Receiver:
    """Notes what it is told; now and then it refuses, or hangs up without an answer."""

    def __init__(self, port: int, rng: random.Random) -> None:
        self.told: list[tuple[int, str]] = []
        """Number of the delivery and document, as they were taken."""
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                fate = rng.random()
                if fate < 0.02:
                    self.connection.close()
                    return
                if fate >= 0.05:
                    receiver.told.append((int(self.headers["X-Tui-Annotate-Delivery"]), json.loads(body)["tagtogID"]))
                self.send_response(200 if fate >= 0.05 else 400)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.port = self._server.server_port
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def close(self) -> None:
        """Go down."""
        self._server.shutdown()
        self._server.server_close()


def work(path: Path, events: int) -> None:
    """Confirm and reopen documents in turn, telling webhooks meanwhile; runs in a process of its own."""
    delivery = Delivery(path)
    delivery.start()
    with Corpus.open(path) as corpus:
        corpus.source = "GUI"
        done = _acts(corpus)
        while _events(corpus) < events:
            document, again = done % DOCUMENTS + 1, done // DOCUMENTS
            before = None if again == 0 else (VersionState.CONFIRMED if again % 2 else VersionState.IN_PROGRESS)
            after = VersionState.IN_PROGRESS if again % 2 else VersionState.CONFIRMED
            kind = Kind.REOPEN if again % 2 else Kind.CONFIRM
            log.record(corpus, [Decision(kind, document, "bench", Changes(state=(before, after)))])
            done += 1
            time.sleep(0.002)
        while hooks.listing(corpus)[0].waiting:
            time.sleep(0.2)
    delivery.close()


def _events(corpus: Corpus) -> int:
    with corpus.reading() as db:
        return int(db.execute("SELECT coalesce(max(id), 0) FROM outbox").fetchone()[0])


def _acts(corpus: Corpus) -> int:
    with corpus.reading() as db:
        return int(db.execute("SELECT count(*) FROM decision WHERE kind IN ('confirm', 'reopen')").fetchone()[0])


def main() -> dict[str, Any]:
    """Kill the program so many times, then let it end, and compare."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=1000)
    parser.add_argument("--kills", type=int, default=5)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--work", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.work:
        work(options.work, options.events)
        sys.exit()
    rng = random.Random(options.seed)
    with TemporaryDirectory() as name:
        folder = Path(name)
        variables = {**os.environ, **running.environment(folder)}
        os.environ.update(running.environment(folder))
        path = folder / "notes.db"
        found = Receiver(0, rng)
        port = found.port
        found.close()
        told: list[tuple[int, str]] = []
        with Corpus.create(path) as corpus:
            documents = (ExchangedDocument(Document(f"d{n}", (Part("s1v1", f"text {n}"),))) for n in range(DOCUMENTS))
            list(Intake(corpus).add(documents))
            hook = Hook("h", f"http://127.0.0.1:{port}/", timeout=5)
            hooks.add(corpus, hook)
        hook_trust.trust(hook)
        command = [sys.executable, "-m", "bench.webhooks", "--events", str(options.events), "--work", str(path)]
        began = time.monotonic()
        receiver: Receiver | None = None
        for kill in range(options.kills):
            process = subprocess.Popen(command, env=variables)
            time.sleep(rng.uniform(1.0, 3.0))
            os.kill(process.pid, signal.SIGKILL)
            process.wait()
            if kill == 1:
                receiver = Receiver(port, rng)
            elif kill == 2 and receiver is not None:
                receiver.close()
                told += receiver.told
                receiver = None
        receiver = receiver or Receiver(port, rng)
        # What a killed program had claimed is due again after its lease; nobody waits that long here.
        with Corpus.open(path) as corpus, corpus.transaction() as db:
            db.execute("UPDATE outbox SET due = 0 WHERE sent = 0")
        subprocess.run(command, env=variables, check=True)
        receiver.close()
        told += receiver.told
        return _compared(path, told, time.monotonic() - began, options.kills)


def _compared(path: Path, told: list[tuple[int, str]], seconds: float, kills: int) -> dict[str, Any]:
    with Corpus.open(path, readonly=True) as corpus, corpus.reading() as db:
        rows = db.execute("SELECT id, key, sent FROM outbox ORDER BY id").fetchall()
        acts, last = _acts(corpus), _events(corpus)
    numbers = {number for number, _ in told}
    lost = [id for id, _, sent in rows if id not in numbers and sent != 2]
    out_of_order = 0
    newest: dict[str, int] = {}
    for number, key in told:
        out_of_order += number < newest.get(key, 0)
        newest[key] = max(number, newest.get(key, 0))
    return {
        "decisions": acts,
        "events": last,
        "told": len(told),
        "told_once": len(numbers),
        "told_again": len(told) - len(numbers),
        "lost": len(lost),
        "waiting": sum(sent == 0 for *_, sent in rows),
        "refused_for_good": sum(sent == 2 for *_, sent in rows),
        "out_of_order": out_of_order,
        "kills": kills,
        "seconds": round(seconds, 1),
    }


if __name__ == "__main__":
    print(json.dumps(main(), indent=1))

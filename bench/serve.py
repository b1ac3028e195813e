"""Uploads a second over HTTP with 8 clients, and how long the app's decisions wait meanwhile.

    python -m bench.serve [--documents 10000] [--seconds 20] [--rate 150]

The server is the command, on loopback, on a corpus that the app has open on a pseudo terminal. First the clients
upload as fast as they can; then at a steady rate, each upload begun when it is due. A decision is one `log.record` of
a process of its own, one every 50 ms, and a key is one in the app, to the last byte of its picture.
"""

from __future__ import annotations

import argparse
import base64
import http.client
import json
import multiprocessing
import os
import random
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.queues import Queue
from pathlib import Path
from typing import Any

from bench import running
from bench.pty_harness import Terminal
from bench.store_import import documents
from bench.store_waits import Decider, spread
from tui_annotate.domain.scheme import EntityType, Scheme
from tui_annotate.store.connection import Corpus
from tui_annotate.store.intake import Intake

CLIENTS = 8
_DOCUMENT = 2
"""Line of the screen that names the document."""
_LONGEST = 10.0
_THINKING = 0.3
"""Seconds of silence after which the next key is pressed."""
PASSWORD = "a password of the benchmark"
WORDS = ("the", "patient", "was", "started", "on", "aspirin", "and", "lisinopril", "for", "high", "blood", "pressure")


@contextmanager
def serving(corpus: Path, folder: Path) -> Iterator[str]:
    """Start the command; yields host and port."""
    environment = {**os.environ, **running.environment(folder), "TUI_ANNOTATE_PASSWORD": PASSWORD}
    command = [str(running.PROGRAM), "serve", str(corpus), "--port", "0", "--user", "bench", "--rate", "0", "--quiet"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment)
    assert process.stdout is not None
    try:
        yield process.stdout.readline().split("//")[-1].strip()
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=30)
        process.stdout.close()


def upload(connection: http.client.HTTPConnection, project: str, number: int) -> float:
    """Upload a small text as a file; returns milliseconds to the end of the answer."""
    text = f"{number} {random.random()} {' '.join(random.choices(WORDS, k=30))}"
    part = f'Content-Disposition: form-data; name="file"; filename="{number}.txt"'
    body = f"--x\r\n{part}\r\n\r\n{text}\r\n--x--\r\n".encode()
    login = base64.b64encode(f"bench:{PASSWORD}".encode()).decode()
    headers = {"Content-Type": "multipart/form-data; boundary=x", "Authorization": f"Basic {login}"}
    begun = time.perf_counter()
    path = f"/-api/documents/v1?owner=bench&project={project}&output=null"
    connection.request("POST", path, body, headers)
    answer = connection.getresponse()
    content = answer.read()
    assert answer.status == 200, content
    return (time.perf_counter() - begun) * 1000


def clients(address: str, project: str, seconds: float, rate: float) -> dict[str, Any]:
    """Upload with several clients for some seconds; `rate` 0: as fast as they can."""
    waits: list[float] = []
    late: list[float] = []
    numbers = iter(range(10**9))
    lock = threading.Lock()
    began = time.perf_counter()

    def client() -> None:
        connection = http.client.HTTPConnection(address, timeout=60)
        upload(connection, project, -random.randrange(10**9))
        while True:
            with lock:
                number = next(numbers)
            due = began + number / rate if rate else time.perf_counter()
            if due - began > seconds or time.perf_counter() - began > 2 * seconds:
                return
            time.sleep(max(0.0, due - time.perf_counter()))
            late.append((time.perf_counter() - due) * 1000)
            waits.append(upload(connection, project, number) + late[-1])

    threads = [threading.Thread(target=client) for _ in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return {"a second": round(len(waits) / (time.perf_counter() - began), 1), **spread(waits)}


def decide(path: Path, seconds: float, found: Queue[dict[str, Any]]) -> None:
    """Decide in a process of its own for some seconds."""
    with Corpus.open(path) as corpus:
        found.put(spread(Decider(corpus, 2).during(seconds, pause=0.05)))


def keys(terminal: Terminal, seconds: float) -> dict[str, object]:
    """Press keys in the app for some seconds: confirm and undo, which both write and show another document.

    A wait ends with the first picture whose line of the document is another: the counts change by themselves.
    """
    until = time.perf_counter() + seconds
    waits: list[float] = []
    while time.perf_counter() < until:
        shown = terminal.screen.display[_DOCUMENT]
        begun = time.perf_counter()
        terminal.write(b"u" if len(waits) % 2 else b"\r")
        came = begun
        while terminal.screen.display[_DOCUMENT] == shown and came - begun < _LONGEST:
            chunks = terminal.read(settle=0.004, timeout=0.1)
            if chunks:
                terminal.parse(chunks)
            came = chunks[-1][0] if chunks else time.perf_counter()
        waits.append((came - begun) * 1000)
        terminal.parse(terminal.read(settle=_THINKING, timeout=2 * _THINKING))
    return spread(waits)


def upload_for(address: str, project: str, seconds: float, rate: float, found: Queue[dict[str, Any]]) -> None:
    """Upload from a process of its own, so that the clients keep nobody else from running."""
    found.put(clients(address, project, seconds, rate))


def beside(path: Path, address: str, seconds: float, rate: float, terminal: Terminal) -> dict[str, Any]:
    """Upload while decisions are made in a process, and keys are pressed in the app."""
    context = multiprocessing.get_context("spawn")
    uploads: Queue[dict[str, Any]] = context.Queue()
    decisions: Queue[dict[str, Any]] = context.Queue()
    processes = [
        context.Process(target=upload_for, args=(address, "c", seconds, rate, uploads)),
        context.Process(target=decide, args=(path, seconds, decisions)),
    ]
    for process in processes:
        process.start()
    pressed = keys(terminal, seconds)
    report = {"uploads": uploads.get(timeout=120), "decisions": decisions.get(timeout=120), "keys in the app": pressed}
    for process in processes:
        process.join()
    return report


def main() -> None:
    """Print the figures as JSON, in milliseconds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=int, default=10_000)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--rate", type=float, default=150.0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path = folder / "c.db"
        with Corpus.create(path, scheme=Scheme((EntityType("DRUG"),))) as corpus:
            for _ in Intake(corpus).add(documents(options.documents, 1100)):
                pass
        report: dict[str, Any] = {"documents": options.documents, "clients": CLIENTS}
        with serving(path, folder) as address:
            report["as fast as they can"] = {"uploads": clients(address, "c", options.seconds / 2, 0)}
            terminal = running.app(path, folder)
            try:
                terminal.start(running.READY)
                running.wait_for_children(terminal)
                report[f"{options.rate:g} a second, the app open"] = beside(
                    path, address, options.seconds, options.rate, terminal
                )
            finally:
                terminal.close()
        with Corpus.open(path, readonly=True) as corpus, corpus.reading() as db:
            report["documents at the end"] = db.execute("SELECT count(*) FROM document").fetchone()[0]
    print(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()

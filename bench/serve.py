"""Uploads a second over HTTP with 8 clients, and how long the app's decisions wait meanwhile.

    python -m bench.serve [--documents 10000] [--seconds 20] [--rate 150]

The server is the command, on loopback, on a corpus that the app has open on a pseudo terminal. First the clients
upload as fast as they can; then at a steady rate, each upload begun when it is due. A decision is one `log.record` of
a process of its own, one every 50 ms, and a key is one in the app, to the last byte of its picture. What server and
clients use of the processor is told besides, since a busy machine lengthens all waits.
"""

from __future__ import annotations

import argparse
import base64
import json
import multiprocessing
import os
import random
import signal
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.queues import Queue
from pathlib import Path
from typing import Any, TypeVar

from bench import running
from bench.pty_harness import Terminal
from bench.store_import import documents
from bench.store_waits import Decider, spread
from tui_annotate.domain.scheme import EntityType, Scheme
from tui_annotate.store.connection import Corpus
from tui_annotate.store.intake import Intake

T = TypeVar("T")
CLIENTS = 8
_DOCUMENT = 2
"""Line of the screen that names the document."""
_LONGEST = 10.0
_THINKING = 0.3
"""Seconds of silence after which the next key is pressed."""
PASSWORD = "a password of the benchmark"
WORDS = ("the", "patient", "was", "started", "on", "aspirin", "and", "lisinopril", "for", "high", "blood", "pressure")


@contextmanager
def serving(corpus: Path, folder: Path) -> Iterator[tuple[str, int]]:
    """Start the command; yields host and port, and its process id."""
    environment = {**os.environ, **running.environment(folder), "TUI_ANNOTATE_PASSWORD": PASSWORD}
    command = [str(running.PROGRAM), "serve", str(corpus), "--port", "0", "--user", "bench", "--rate", "0", "--quiet"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment)
    assert process.stdout is not None
    try:
        yield process.stdout.readline().split("//")[-1].strip(), process.pid
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=30)
        process.stdout.close()


class Client:
    """A connection that uploads, on a bare socket: what measures should use little of what is measured."""

    def __init__(self, address: str, project: str) -> None:
        host, _, port = address.rpartition(":")
        self._socket = socket.create_connection((host, int(port)), timeout=60)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        login = base64.b64encode(f"bench:{PASSWORD}".encode()).decode()
        self._head = (
            f"POST /-api/documents/v1?owner=bench&project={project}&output=null HTTP/1.1\r\nHost: {address}\r\n"
            f"Authorization: Basic {login}\r\nContent-Type: multipart/form-data; boundary=x\r\n"
        )

    def upload(self, number: int) -> float:
        """Upload a small text as a file; returns milliseconds to the end of the answer."""
        text = f"{number} {random.random()} {' '.join(random.choices(WORDS, k=30))}"
        part = f'Content-Disposition: form-data; name="file"; filename="{number}.txt"'
        body = f"--x\r\n{part}\r\n\r\n{text}\r\n--x--\r\n"
        request = f"{self._head}Content-Length: {len(body)}\r\n\r\n{body}".encode()
        begun = time.perf_counter()
        self._socket.sendall(request)
        head, _, content = self._read(b"\r\n\r\n").partition(b"\r\n\r\n")
        size = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0])
        while len(content) < size:
            content += self._socket.recv(65536)
        took = (time.perf_counter() - begun) * 1000
        assert head.split()[1] == b"200", content
        assert json.loads(content)["items"][0]["result"] == "created"
        return took

    def _read(self, until: bytes) -> bytes:
        found = b""
        while until not in found:
            piece = self._socket.recv(65536)
            assert piece, "the server hung up"
            found += piece
        return found


def clients(address: str, project: str, seconds: float, rate: float) -> dict[str, Any]:
    """Upload with several clients for some seconds; `rate` 0: as fast as they can."""
    waits: list[float] = []
    numbers = iter(range(10**9))
    lock = threading.Lock()
    connections = [Client(address, project) for _ in range(CLIENTS)]
    for connection in connections:
        connection.upload(-random.randrange(10**9))
    began, used = time.perf_counter(), time.process_time()

    def client(connection: Client) -> None:
        while True:
            with lock:
                number = next(numbers)
            due = began + number / rate if rate else time.perf_counter()
            if due - began > seconds or time.perf_counter() - began > 2 * seconds:
                return
            time.sleep(max(0.0, due - time.perf_counter()))
            late = (time.perf_counter() - due) * 1000
            waits.append(connection.upload(number) + late)

    threads = [threading.Thread(target=client, args=(connection,)) for connection in connections]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    took, used = time.perf_counter() - began, time.process_time() - used
    each = round(1000 * used / len(waits), 2)
    return {"a second": round(len(waits) / took, 1), **spread(waits), "ms of processor each, clients": each}


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


def upload_for(address: str, seconds: float, rate: float, found: Queue[dict[str, Any]]) -> None:
    """Upload from a process of its own, so that the clients keep nobody else from running."""
    found.put(clients(address, "c", seconds, rate))


def uploads(address: str, server: int, seconds: float, rate: float, meanwhile: Callable[[], T]) -> tuple[Any, T]:
    """Upload while something else is done here; returns what both found, with what the server used of the machine."""
    context = multiprocessing.get_context("spawn")
    queue: Queue[dict[str, Any]] = context.Queue()
    process = context.Process(target=upload_for, args=(address, seconds, rate, queue))
    before = running.processor_seconds(server)
    process.start()
    other = meanwhile()
    found = queue.get(timeout=300)
    used = running.processor_seconds(server) - before
    process.join()
    found["ms of processor each, server"] = round(1000 * used / (found["n"] + CLIENTS), 2)
    return found, other


def beside(path: Path, address: str, server: int, seconds: float, rate: float, terminal: Terminal) -> dict[str, Any]:
    """Upload while decisions are made in a process, and keys are pressed in the app."""
    context = multiprocessing.get_context("spawn")
    decisions: Queue[dict[str, Any]] = context.Queue()
    process = context.Process(target=decide, args=(path, seconds, decisions))
    process.start()
    found, pressed = uploads(address, server, seconds, rate, lambda: keys(terminal, seconds))
    report = {"uploads": found, "decisions": decisions.get(timeout=120), "keys in the app": pressed}
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
        with serving(path, folder) as (address, server):
            found, _ = uploads(address, server, options.seconds / 2, 0, lambda: None)
            report["as fast as they can"] = {"uploads": found}
            terminal = running.app(path, folder)
            try:
                terminal.start(running.READY)
                running.wait_for_children(terminal)
                report[f"{options.rate:g} a second, the app open"] = beside(
                    path, address, server, options.seconds, options.rate, terminal
                )
            finally:
                terminal.close()
        with Corpus.open(path, readonly=True) as corpus, corpus.reading() as db:
            report["load of the machine"] = os.getloadavg()[0]
            report["documents at the end"] = db.execute("SELECT count(*) FROM document").fetchone()[0]
    print(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()

"""What a client can take of the machine: connections, memory, open files, the disk; and that TLS is TLS."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest
import requests
import uvicorn
from uvicorn.server import ServerState

from tests.serve.conftest import DOCUMENTS, PASSWORD, SCHEME, Api, Serve
from tests.serve.test_refusals import refused
from tui_annotate.serve import body as bodies
from tui_annotate.serve import protocol
from tui_annotate.serve.body import Body
from tui_annotate.serve.options import ServeOptions
from tui_annotate.serve.protocol import PatientProtocol
from tui_annotate.serve.running import _bound
from tui_annotate.serve.scratch import scratch
from tui_annotate.serve.service import Service
from tui_annotate.services.accounts import Credentials
from tui_annotate.store.connection import Corpus

REQUEST = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"


async def hello(scope: Any, receive: Any, send: Any) -> None:
    """Answer anything."""
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"hi"})


@pytest.mark.parametrize(("before", "sent"), [(b"", b""), (b"", b"GET / HTT"), (REQUEST, b"G")])
async def test_who_does_not_say_what_they_want_is_hung_up_on(
    monkeypatch: pytest.MonkeyPatch, before: bytes, sent: bytes
) -> None:
    monkeypatch.setattr(protocol, "HEAD_SECONDS", 0.05)
    config = uvicorn.Config(hello, log_config=None, lifespan="off")
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: PatientProtocol(config, ServerState(), {}), "127.0.0.1", 0)
    async with server:
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        if before:
            writer.write(before)
            assert (await reader.readuntil(b"hi")).startswith(b"HTTP/1.1 200 OK")
        writer.write(sent)
        assert await asyncio.wait_for(reader.read(), 4) == b""
        writer.close()


async def test_a_request_on_its_way_has_all_the_time_that_it_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "HEAD_SECONDS", 0.05)
    config = uvicorn.Config(slow_echo, log_config=None, lifespan="off")
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: PatientProtocol(config, ServerState(), {}), "127.0.0.1", 0)
    async with server:
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        writer.write(b"POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 2\r\n\r\n")
        loop.call_later(0.15, writer.write, b"hi")
        assert (await asyncio.wait_for(reader.read(), 5)).endswith(b"hi")
        writer.close()


def test_an_answer_does_not_wait_40_ms_for_its_head_to_be_acknowledged() -> None:
    """asyncio turns Nagle's algorithm off for connections that name their protocol, as their listening socket does."""
    with _bound(ServeOptions(Path("c.db"), "alice", "clinic", port=0)) as listening:
        host, port = listening.getsockname()
        listening.setblocking(True)
        with socket.create_connection((host, port)):
            accepted, _ = listening.accept()
            with accepted:
                assert accepted.proto == socket.IPPROTO_TCP


async def test_several_who_log_in_at_once_wait_for_one_hash(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    hashed: list[str] = []
    verify = Credentials.verify

    def counted(self: Credentials, name: str, password: str, kept: dict[str, str]) -> bool:
        hashed.append(name)
        return verify(self, name, password, kept)

    monkeypatch.setattr(Credentials, "verify", counted)
    service = Service(ServeOptions(api.path, "alice", "clinic"))
    try:
        roles = await asyncio.gather(*(service.verify("alice", PASSWORD, "10.0.0.1") for _ in range(20)))
    finally:
        await service.stop()
    assert roles == ["owner"] * 20
    assert len(hashed) <= 2


async def slow_echo(scope: Any, receive: Any, send: Any) -> None:
    """Answer what came, when it has come."""
    body = b""
    while len(body) < 2:
        body += (await receive())["body"]
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": body})


def test_the_files_of_a_request_share_one_that_is_on_disk_when_they_are_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "_IN_MEMORY", 10)
    body = Body()
    contents = [b"first\n", b"second\nline\n" * 3, b"", b"last"]
    at = 0
    for number, content in enumerate(contents):
        body.store().write(content)
        body.keep(f"{number}.txt", at, len(content))
        at += len(content)
    assert [file.read() for file in reversed(body.files)] == contents[::-1]
    with body.files[1].open() as first, body.files[3].open() as other:
        assert [first.readline(), other.read(2), next(first), other.read()] == [b"second\n", b"la", b"line\n", b"st"]
        first.seek(-5, os.SEEK_END)
        assert first.read(99) == b"line\n"
    before = len(os.listdir("/proc/self/fd")) if Path("/proc/self/fd").exists() else 1
    body.close()
    assert len(os.listdir("/proc/self/fd")) < before if before > 1 else body.store().closed


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"a&" * 2000, "application/x-www-form-urlencoded"),
        (b'{"text": "' + b"a" * 1000 + b'"}', "application/json"),
        (
            b'--x\r\nContent-Disposition: form-data; name="text"\r\n\r\n' + b"a" * 1000,
            "multipart/form-data; boundary=x",
        ),
    ],
)
def test_what_is_kept_in_memory_is_small(
    serve: Serve, content: bytes, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui_annotate.serve.reading.LARGEST_FIELD", 500)
    monkeypatch.setattr("tui_annotate.serve.multipart.LARGEST_FIELD", 500)
    api = serve()
    refused(api, api.call("POST", content=content, headers={"Content-Type": kind}), 413)


def test_the_headers_of_a_part_have_an_end(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui_annotate.serve.multipart._LONGEST_HEADER", 100)
    body = b'--x\r\nContent-Disposition: form-data; name="' + b"a" * 200 + b'"\r\n\r\nhello\r\n--x--\r\n'
    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    refused(api, api.call("POST", content=body, headers=headers), 413)


def test_what_a_killed_server_left_is_removed_and_what_others_hold_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    left = tmp_path / "tui-annotate-serve-left"
    (left / "tui-annotate-upload-x").mkdir(parents=True)
    (left / "lock").touch()
    (tmp_path / "tui-annotate-serve-link").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "elsewhere").mkdir()
    with scratch() as one:
        assert not left.exists()
        monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
        with scratch() as other:
            assert one.exists()
            assert Path(tempfile.gettempdir()) == other
        assert not other.exists()
    assert sorted(os.listdir(tmp_path)) == ["elsewhere", "tui-annotate-serve-link"]


@pytest.mark.skipif(shutil.which("openssl") is None, reason="makes the certificate with openssl")
def test_it_speaks_tls(tmp_path: Path) -> None:
    key, cert = tmp_path / "key.pem", tmp_path / "cert.pem"
    made = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost"
    subprocess.run(
        [*made.split(), "-keyout", key, "-out", cert, "-addext", "subjectAltName=IP:127.0.0.1"],
        check=True,
        capture_output=True,
    )
    path = tmp_path / "clinic.db"
    Corpus.create(path, scheme=SCHEME).close()
    command = [sys.executable, "-m", "tui_annotate.cli", "serve", str(path), "--port", "0", "--user", "alice"]
    environment = {**os.environ, "TUI_ANNOTATE_PASSWORD": PASSWORD, "XDG_STATE_HOME": str(tmp_path)}
    process = subprocess.Popen(
        [*command, "--cert", str(cert), "--key", str(key)], stdout=subprocess.PIPE, env=environment, text=True
    )
    try:
        assert process.stdout is not None
        url = process.stdout.readline().split(" at ")[-1].strip()
        assert url.startswith("https://")
        found = requests.get(
            url + DOCUMENTS, params={"search": "*"}, auth=("alice", PASSWORD), verify=str(cert), timeout=30
        )
        assert found.json()["totalFound"] == 0
        port = int(url.rpartition(":")[2])
        context = ssl.create_default_context(cafile=str(cert))
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        with (
            socket.create_connection(("127.0.0.1", port)) as plain,
            context.wrap_socket(plain, server_hostname="127.0.0.1") as secured,
        ):
            cipher = secured.cipher()
            assert cipher is not None
            assert "GCM" in cipher[0]
        with pytest.raises(requests.exceptions.ConnectionError):
            requests.get(f"http://127.0.0.1:{port}{DOCUMENTS}", timeout=30)
    finally:
        process.kill()
        process.communicate(timeout=30)

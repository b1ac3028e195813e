"""The server as a process of its own: over real HTTP, beside an open app, ended by a signal."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.screens.test_reviewing import Told
from tests.serve.conftest import DOCUMENTS, PASSWORD, SCHEME, Api, annotation
from tui_annotate.cli.rim import run
from tui_annotate.domain.annotations import Entity
from tui_annotate.domain.spans import Span
from tui_annotate.errors import DecisionError
from tui_annotate.screens.corpus_thread import CorpusThread
from tui_annotate.screens.resuming import opening
from tui_annotate.screens.reviewing import Reviewing
from tui_annotate.store import documents, versions
from tui_annotate.store.connection import Corpus

Server = tuple[list[str], "subprocess.Popen[str]"]


@pytest.fixture
def corpus_path(tmp_path: Path) -> Path:
    """Return an empty corpus with a scheme."""
    path = tmp_path / "clinic.db"
    Corpus.create(path, scheme=SCHEME).close()
    return path


@pytest.fixture
def server(corpus_path: Path, tmp_path: Path) -> Iterator[Server]:
    """Start the command on any free port; ended by its process id if the test has not."""
    command = [sys.executable, "-m", "tui_annotate.cli", "serve", str(corpus_path), "--port", "0", "--user", "alice"]
    environment = {**os.environ, "TUI_ANNOTATE_PASSWORD": PASSWORD, "XDG_STATE_HOME": str(tmp_path)}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)
    assert process.stdout is not None
    try:
        yield [process.stdout.readline() for _ in range(3)], process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def test_the_scripts_of_the_sources_run_over_http_and_a_signal_ends_it(server: Server, tmp_path: Path) -> None:
    greeting, process = server
    domain = greeting[0].split(" at ")[-1].strip()
    assert "curl -u alice" in greeting[2]
    url = domain + DOCUMENTS
    auth = requests.auth.HTTPBasicAuth(username="alice", password=PASSWORD)
    params = {"project": "clinic", "owner": "alice", "output": "ann.json"}
    text = tmp_path / "text.txt"
    text.write_text("Aspirin was given to John.\n")
    with text.open("rb") as file:
        printed = requests.post(url, params=params, auth=auth, files=[("file", file)], timeout=30)
    assert printed.json()["annotatable"] == {"parts": ["s1v1"]}
    with text.open("rb") as file:
        html = requests.post(url, params={**params, "output": "html"}, auth=auth, files=[("file", file)], timeout=30)
    ann = annotation(("e_1", 0, "Aspirin"))
    files = [("file", ("text.plain.html", html.text)), ("file", ("text.ann.json", ann))]
    pair = {**params, "format": "anndoc", "output": "null"}
    receipt = requests.post(url, params=pair, auth=auth, files=files, timeout=30).json()
    assert (receipt["ok"], receipt["items"][0]["result"]) == (1, "updated")
    assert requests.get(url, params=params, auth=("alice", "not it at all"), timeout=30).status_code == 401

    # A gigabyte that is announced is refused before it is sent, with a body that is never kept.
    with socket.create_connection(("127.0.0.1", int(domain.rpartition(":")[2])), timeout=30) as raw:
        request = requests.Request("POST", url, params=pair, auth=auth).prepare()
        head = f"POST {request.path_url} HTTP/1.1\r\nHost: 127.0.0.1\r\nExpect: 100-continue\r\n"
        head += f"Authorization: {request.headers['Authorization']}\r\nContent-Length: {1 << 30}\r\n\r\n"
        raw.sendall(head.encode())
        assert raw.recv(100).split(b"\r\n")[0].split()[1] == b"413"

    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 0
    assert err.rstrip().endswith("stopped.")
    assert PASSWORD not in out + err
    assert "not it at all" not in out + err
    assert " alice POST /-api/documents/v1 200 " in err


def test_two_clients_that_update_one_version_do_it_in_turn(api: Api) -> None:
    words = ["Aspirin", "fever"]
    text = " ".join(words)
    id = api.upload(("a.txt", text))["items"][0]["docid"]
    statuses: list[int] = []

    def update(word: str) -> None:
        pair = [
            ("f", ("a.txt", text)),
            ("f", ("a.ann.json", annotation(("e_1", text.index(word), word), complete=True))),
        ]
        for _ in range(5):
            statuses.append(api.post(files=pair, output="null").status_code)

    threads = [threading.Thread(target=update, args=(word,)) for word in words]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses == [200] * 10
    found = api.annotations(id)["entities"]
    assert len(found) == 1
    assert found[0]["offsets"][0]["text"] in words
    assert api.get(search="*").json()["totalFound"] == 1


async def test_the_open_app_sees_what_comes_and_is_served_what_it_decides(api: Api) -> None:
    id = api.upload(("a.txt", "Aspirin and fever"), ("a.ann.json", annotation(("e_1", 0, "Aspirin"))))["items"][0][
        "docid"
    ]
    thread = CorpusThread(api.path)
    try:
        start = thread.submit(lambda corpus: opening(corpus, "alice")).result()
        view = Told()
        reviewing = Reviewing(thread, start, "alice", view)
        await reviewing.open(1)
        await reviewing.decide(reviewing.session.accept)
        found = api.annotations(id, member="alice")["entities"]
        assert [e["confidence"]["who"] for e in found] == [["ml:theirs", "user:alice"]]

        api.upload(("b.txt", "another document"))
        await reviewing.look()
        assert reviewing.progress.total == 2

        pair = (("a.txt", "Aspirin and fever"), ("a.ann.json", annotation(("e_2", 12, "fever"))))
        api.upload(*pair, member="alice")
        await reviewing.look()
        assert "Another program changed this document" in view.notices[-1]
        shown = [item.entity for item in reviewing.session.document.items]
        assert [entity.type for entity in shown if isinstance(entity, Entity)] == ["Drug"]
        with pytest.raises(DecisionError, match="meanwhile"):
            await reviewing.decide(lambda: reviewing.session.add(Span("s1v1", 8, 11), "Drug"))
        waiting = [item.suggestion.name for item in reviewing.session.document.undecided() if item.suggestion]
        assert waiting == ["Drug", "Disease"]
        await reviewing.decide(reviewing.session.accept)
        found = api.annotations(id, member="alice")["entities"]
        assert [(e["classId"], e["confidence"]["prob"]) for e in found] == [("e_1", 1), ("e_2", 0.7)]
    finally:
        thread.close()
    with Corpus.open(api.path, readonly=True) as corpus:
        row = documents.find(corpus, id)
        assert row is not None
        assert [v.annotator for v in versions.versions(corpus, row)] == ["alice"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--host", "0.0.0.0"], "without TLS"),
        (["--cert", "c.pem"], "go together"),
        (["--cert", "c.pem", "--key", "k.pem"], "cannot be used as a certificate"),
        (["--owner", "a/b"], "cannot be a name of the owner"),
        (["--port", "99999"], "no port"),
    ],
)
def test_what_cannot_be_served_is_said_in_a_line(
    corpus_path: Path,
    arguments: list[str],
    said: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TUI_ANNOTATE_PASSWORD", PASSWORD)
    assert run(["serve", str(corpus_path), "--user", "alice", *arguments]) == 2
    assert said in capsys.readouterr().err


def test_a_port_in_use_is_said_in_a_line(
    corpus_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TUI_ANNOTATE_PASSWORD", PASSWORD)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        assert run(["serve", str(corpus_path), "--user", "alice", "--port", port]) == 2
    assert f"Port {port} is in use" in capsys.readouterr().err


def test_nobody_to_ask_for_a_password(
    corpus_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TUI_ANNOTATE_PASSWORD", raising=False)
    monkeypatch.setattr("sys.stdin.isatty", lambda: False, raising=False)
    assert run(["serve", str(corpus_path), "--user", "alice"]) == 2
    assert "TUI_ANNOTATE_PASSWORD" in capsys.readouterr().err
    monkeypatch.setenv("TUI_ANNOTATE_PASSWORD", "short")
    assert run(["serve", str(corpus_path), "--user", "alice"]) == 2
    assert "8 characters" in capsys.readouterr().err


def test_a_missing_extra_says_how_to_get_it(
    corpus_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui_annotate.cli.serve.find_spec", lambda name: None if name == "uvicorn" else object())
    assert run(["serve", str(corpus_path)]) == 2
    assert "tui-annotate[serve]" in capsys.readouterr().err

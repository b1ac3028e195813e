"""Webhooks over real HTTP: told in order, again after a failure, signed, and only where they are trusted."""

from __future__ import annotations

import hmac
import json
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.store import making
from tui_annotate import config
from tui_annotate.domain.hooks import Hook
from tui_annotate.errors import LockedError
from tui_annotate.services import delivering, hook_calls, hook_trust
from tui_annotate.services.delivering import Deliverer, Delivery
from tui_annotate.store import hooks, log, outbox
from tui_annotate.store.connection import Corpus

COUNT = 12


class Receiver:
    """A server on 127.0.0.1 that notes what it is sent and answers as told."""

    def __init__(self) -> None:
        self.got: list[tuple[Message, bytes]] = []
        self.answers: list[tuple[int, dict[str, str]]] = []
        """What to answer next; 200 when there is nothing more."""
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status, headers = receiver.answers.pop(0) if receiver.answers else (200, {})
                receiver.got.append((self.headers, body))
                self.send_response(status)
                for name, value in {"Content-Length": "4", **headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(b"said")

            def log_message(self, format: str, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/hook"
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    @property
    def keys(self) -> list[str]:
        return [json.loads(body)["tagtogID"] for _, body in self.got]

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    yield made
    made.close()


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(config, "state_folder", lambda: tmp_path / "state")


@pytest.fixture
def corpus(tmp_path: Path) -> Iterator[Corpus]:
    with Corpus.create(tmp_path / "notes.db", scheme=making.SCHEME) as made:
        making.take_in(made, *(making.document(f"d{n}") for n in range(1, COUNT + 1)))
        made.source = "GUI"
        yield made


def set_up(corpus: Corpus, hook: Hook) -> Deliverer:
    hooks.add(corpus, hook)
    hook_trust.trust(hook)
    return Deliverer(corpus, hook.name)


def confirm(corpus: Corpus, document: int) -> None:
    log.record(corpus, [making.begin(document)])
    log.record(corpus, [making.turn(document, making.IN_PROGRESS, making.CONFIRMED)])


def test_a_service_written_for_tagtog_gets_what_it_expects(corpus: Corpus, receiver: Receiver) -> None:
    deliverer = set_up(corpus, Hook("h", receiver.url, owner="me", project="spam"))
    confirm(corpus, 3)
    assert deliverer.deliver() == 1
    ((headers, body),) = receiver.got
    assert headers["X-tagtog-onPushSave-source"] == "GUI"
    assert headers["X-tagtog-onPushSave-status"] == "updated"
    assert headers["Content-Type"].startswith("application/json")
    told = {"owner": "me", "project": "spam", "tagtogID": "d3", "docid": "d3", "member": "ann", "event": "confirmed"}
    assert json.loads(body) == told
    assert [(row.state, row.answer) for row in outbox.history(corpus)] == [(outbox.SENT, "200 said")]
    assert deliverer.deliver() == 0


def test_names_that_a_webhook_lacks_are_those_that_serve_answers_to(corpus: Corpus, receiver: Receiver) -> None:
    deliverer = set_up(corpus, Hook("h", receiver.url))
    confirm(corpus, 1)
    deliverer.deliver()
    hooks.note_served(corpus, "alice", "clinic")
    confirm(corpus, 2)
    deliverer.deliver()
    told = [json.loads(body) for _, body in receiver.got]
    assert [(one["owner"], one["project"]) for one in told] == [("", "notes"), ("alice", "clinic")]


def test_the_whole_annjson_is_that_of_the_version_told_of(corpus: Corpus, receiver: Receiver) -> None:
    deliverer = set_up(corpus, Hook("h", receiver.url, payload="ann.json"))
    confirm(corpus, 3)
    deliverer.deliver()
    annotated = json.loads(receiver.got[0][1])
    assert annotated["anncomplete"] is True
    assert [(e["classId"], e["offsets"], e["confidence"]["who"]) for e in annotated["entities"]] == [
        ("e_1", [{"start": 0, "text": "d3"}], ["user:ann"])
    ]


def test_calls_are_signed_and_carry_basic_auth_from_the_environment(
    corpus: Corpus, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEST_KEY", "k€y")
    deliverer = set_up(corpus, Hook("h", receiver.url, user="me", password="pä:ss", secret="env:TEST_KEY"))
    confirm(corpus, 1)
    deliverer.deliver()
    headers, body = receiver.got[0]
    assert headers[hook_calls.SIGNATURE] == "sha256=" + hmac.digest("k€y".encode(), body, "sha256").hex()
    assert headers["Authorization"] == "Basic bWU6cMOkOnNz"
    monkeypatch.delenv("TEST_KEY")
    confirm(corpus, 2)
    assert deliverer.deliver() == 0
    assert "TEST_KEY" in outbox.history(corpus)[0].answer


@pytest.mark.parametrize("status", [503, 500, 302, 401, 404])
def test_a_receiver_that_is_down_is_left_alone_and_loses_nothing(
    corpus: Corpus, receiver: Receiver, status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[str] = []
    hook = Hook("h", receiver.url)
    hooks.add(corpus, hook)
    deliverer = Deliverer(corpus, "h", on_trouble=heard.append)
    for document in range(1, COUNT + 1):
        confirm(corpus, document)
    receiver.answers = [(status, {"Location": receiver.url} if status == 302 else {})]
    assert deliverer.deliver() == 0
    assert len(receiver.got) == 1
    assert deliverer.pause > 0
    assert deliverer.deliver() == 0
    now = time.time() + 2
    monkeypatch.setattr(time, "time", lambda: now)
    assert deliverer.deliver() == 1
    while deliverer.deliver():
        pass
    assert receiver.keys == ["d1"] + [f"d{n}" for n in range(1, COUNT + 1)]
    assert hooks.get(corpus, "h").waiting == 0
    assert [line.split(" (")[0] for line in heard] == [
        "The webhook h is not reached",
        "The webhook h is reached again.",
    ]


def test_an_event_that_is_refused_holds_up_its_document_alone_and_is_put_aside_at_last(
    corpus: Corpus, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    deliverer = set_up(corpus, Hook("h", receiver.url))
    confirm(corpus, 1)
    confirm(corpus, 2)
    receiver.answers = [(422, {})]
    assert deliverer.deliver() == 1
    start = time.time()
    for attempt in range(2, delivering.REFUSALS + 1):
        receiver.answers = [(422, {})]
        monkeypatch.setattr(time, "time", lambda at=attempt: start + 1000 * at)
        deliverer.deliver()
    assert receiver.keys == ["d1", "d2", *["d1"] * (delivering.REFUSALS - 1)]
    assert (hooks.get(corpus, "h").refused, hooks.get(corpus, "h").waiting) == (1, 0)


def test_a_receiver_that_is_not_there_is_told_of(corpus: Corpus, receiver: Receiver) -> None:
    receiver.close()
    deliverer = set_up(corpus, Hook("h", receiver.url, timeout=1))
    confirm(corpus, 1)
    assert deliverer.deliver() == 0
    assert outbox.history(corpus)[0].answer.startswith("not reached: ")


def test_a_local_command_gets_the_same_on_its_standard_input(corpus: Corpus, tmp_path: Path) -> None:
    script = 'import json, os, sys; d = json.load(sys.stdin); print(d["tagtogID"], os.environ["TUI_ANNOTATE_EVENT"])'
    deliverer = set_up(corpus, Hook("h", command=("python3", "-c", script)))
    confirm(corpus, 1)
    assert deliverer.deliver() == 1
    assert outbox.history(corpus)[0].answer == "exit 0 d1 confirmed"


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        (("python3", "-c", "print('no'); raise SystemExit(3)"), "exit 3 no"),
        (("there-is-no-such-program",), "there-is-no-such-program cannot be started: No such file or directory"),
        (("sleep", "60"), "not ready within 0.05 s; it was ended"),
    ],
)
def test_a_command_that_fails_is_tried_again(corpus: Corpus, command: tuple[str, ...], answer: str) -> None:
    deliverer = set_up(corpus, Hook("h", command=command, timeout=0.05 if "sleep" in command else 10))
    confirm(corpus, 1)
    assert deliverer.deliver() == 0
    assert outbox.history(corpus)[0].answer == answer
    assert hooks.get(corpus, "h").waiting == 1


def test_the_thread_delivers_what_waits_and_what_comes(corpus: Corpus, receiver: Receiver) -> None:
    hook = Hook("h", receiver.url)
    set_up(corpus, hook)
    hooks.add(corpus, Hook("untrusted", receiver.url))
    confirm(corpus, 1)
    heard: list[str] = []
    delivery = Delivery(corpus.path, on_trouble=heard.append)
    delivery.start()
    end = time.monotonic() + 10
    while not receiver.got and time.monotonic() < end:
        time.sleep(0.01)
    delivery.close()
    assert receiver.keys == ["d1"]
    assert len(heard) == 1
    assert "untrusted was not set up on this account" in heard[0]
    assert (hooks.get(corpus, "h").waiting, hooks.get(corpus, "untrusted").waiting) == (0, 1)


def test_what_a_command_leaves_behind_holds_nothing_up(corpus: Corpus, tmp_path: Path) -> None:
    left, ended = tmp_path / "left", tmp_path / "ended"
    command = ["sh", "-c", f"sleep 30; touch {ended}"]
    starts = f"import subprocess as s; p = s.Popen({command!r}, start_new_session=True)"
    script = f"{starts}; open({str(left)!r}, 'w').write(str(p.pid)); p.wait()"
    deliverer = set_up(corpus, Hook("h", command=(sys.executable, "-Sc", script), timeout=0.5))
    confirm(corpus, 1)
    assert deliverer.deliver() == 0
    assert outbox.history(corpus)[0].answer == "not ready within 0.5 s; it was ended"
    assert not ended.exists()
    os.killpg(int(left.read_text("utf-8")), signal.SIGKILL)


def test_the_thread_goes_on_after_the_corpus_was_locked(
    corpus: Corpus, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    claim, settle = outbox.claim, outbox.settle
    heard: list[str] = []
    told = threading.Event()

    def locked_once(*given: Any, **named: Any) -> list[outbox.Row]:
        if not heard:
            raise LockedError("notes.db is in use by another program.")
        return claim(*given, **named)

    def settled(*given: Any, **named: Any) -> None:
        settle(*given, **named)
        told.set()

    monkeypatch.setattr(delivering, "OPEN_AGAIN_AFTER", 0.01)
    monkeypatch.setattr(outbox, "claim", locked_once)
    monkeypatch.setattr(outbox, "settle", settled)
    set_up(corpus, Hook("h", receiver.url))
    confirm(corpus, 1)
    delivery = Delivery(corpus.path, on_trouble=heard.append)
    delivery.start()
    assert told.wait(10)
    delivery.close(timeout=10)
    assert heard == ["Webhooks wait: notes.db is in use by another program."]
    assert receiver.keys == ["d1"]


def test_trust_is_of_just_this_webhook() -> None:
    hook = Hook("h", "http://127.0.0.1/x")
    assert not hook_trust.is_trusted(hook)
    hook_trust.trust(hook)
    assert hook_trust.is_trusted(hook)
    assert not hook_trust.is_trusted(Hook("h", "http://127.0.0.1/y"))


def test_trust_holds_for_the_webhook_as_it_is_stored(corpus: Corpus) -> None:
    set_up(corpus, Hook("h", "http://127.0.0.1/x", timeout=5))
    assert hook_trust.is_trusted(hooks.get(corpus, "h").hook)


def test_a_document_that_is_gone_is_not_told_of(corpus: Corpus, receiver: Receiver) -> None:
    deliverer = set_up(corpus, Hook("h", receiver.url, payload="ann.json"))
    confirm(corpus, 1)
    with corpus.transaction() as db:
        db.execute("UPDATE outbox SET document = 999")
    assert deliverer.deliver() == 0
    assert receiver.got == []
    assert outbox.history(corpus)[0].answer == "the document was deleted"


def test_a_command_that_fails_is_told_of_with_its_exit_code(
    corpus: Corpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[str] = []
    mended = tmp_path / "mended"
    hooks.add(corpus, Hook("loc", command=("sh", "-c", f"test -e {mended} || {{ echo no disk; exit 3; }}")))
    deliverer = Deliverer(corpus, "loc", on_trouble=heard.append)
    confirm(corpus, 1)
    assert deliverer.deliver() == 0
    mended.touch()
    now = time.time() + 2
    monkeypatch.setattr(time, "time", lambda: now)
    assert deliverer.deliver() == 1
    assert heard == [
        "The webhook loc ended with exit 3 (no disk); its events wait.",
        "The webhook loc works again.",
    ]

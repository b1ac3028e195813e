"""The Flask service of the guide, over HTTP: the webhook calls it, it trains outside and posts back predictions."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from werkzeug.serving import make_server

from tests.serve.conftest import PASSWORD
from tests.store import making
from tui_annotate import config
from tui_annotate.domain.annotations import LabelValue
from tui_annotate.domain.decisions import Changes, Decision, Kind, LabelChange
from tui_annotate.domain.hooks import Hook
from tui_annotate.domain.scheme import DocumentLabel, Scheme
from tui_annotate.services import hook_trust
from tui_annotate.services.delivering import Deliverer
from tui_annotate.store import documents, hooks, log, outbox, suggestions
from tui_annotate.store.connection import Corpus

EXAMPLE = Path(__file__).parents[2] / "docs" / "examples" / "flask_trainer.py"
MESSAGES = ["Win a free prize now", "See you at noon", "Free prize, call now", "Dinner at noon?"]


@pytest.fixture
def corpus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Corpus]:
    """Four messages, opened as the app opens them."""
    monkeypatch.setattr(config, "state_folder", lambda: tmp_path / "state")
    with Corpus.create(tmp_path / "spam.db", scheme=Scheme(labels=(DocumentLabel("IsSpam", "boolean"),))) as made:
        making.take_in(made, *(making.document(f"s{n}", text) for n, text in enumerate(MESSAGES)))
        made.source = "GUI"
        yield made


@pytest.fixture
def domain(corpus: Corpus, tmp_path: Path) -> Iterator[str]:
    """Where `serve` answers for it."""
    command = [sys.executable, "-m", "tui_annotate.cli", "serve", str(corpus.path), "--port", "0", "--user", "anna"]
    environment = {**os.environ, "TUI_ANNOTATE_PASSWORD": PASSWORD, "XDG_STATE_HOME": str(tmp_path)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment) as it:
        assert it.stdout is not None
        yield it.stdout.readline().split(" at ")[-1].strip()
        it.terminate()


@pytest.fixture
def service(domain: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Where the example listens; it has two texts that nobody labelled."""
    variables = {"DOMAIN": domain, "USERNAME": "anna", "PASSWORD": PASSWORD, "PROJECT": "spam"}
    monkeypatch.setenv("TAGTOG_DOMAIN", domain)
    for name, value in variables.items():
        monkeypatch.setenv(f"MY_TAGTOG_{name}", value)
    spec = importlib.util.spec_from_file_location("flask_trainer", EXAMPLE)
    assert spec is not None
    assert spec.loader is not None
    module: Any = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.unlabelled += ["Your free prize waits, call", "At noon then"]
    server = make_server("127.0.0.1", 0, module.app)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/train"
    server.shutdown()
    thread.join()


def answer(corpus: Corpus, document: int, value: bool) -> None:
    """Say whether a message is spam, and confirm it, as the app does."""
    change = LabelChange(None, LabelValue("IsSpam", value, ("user:anna",)))
    state = (None, making.CONFIRMED)
    log.record(corpus, [Decision(Kind.CONFIRM, document, "anna", Changes(labels=(change,), state=state))])


def test_what_is_confirmed_trains_outside_and_new_texts_come_back_labelled(corpus: Corpus, service: str) -> None:
    hook = Hook("trainer", service, events=("confirmed",), owner="anna", project="spam")
    hooks.add(corpus, hook)
    hook_trust.trust(hook)
    deliverer = Deliverer(corpus, "trainer")
    for document, value in ((1, True), (2, False), (3, True)):
        answer(corpus, document, value)
        assert deliverer.deliver() == 1, outbox.history(corpus)[0].answer
    rows = documents.page(corpus, limit=10)
    texts = [documents.load(corpus, row.id).text for row in rows]
    assert texts == [*MESSAGES, "Your free prize waits, call", "At noon then"]
    found = [suggestions.of(corpus, row.id) for row in rows[4:]]
    assert [[(s.name, s.value, s.who) for s in held] for held in found] == [
        [("IsSpam", True, ("ml:flask",))],
        [("IsSpam", False, ("ml:flask",))],
    ]
    assert all(0.5 < s.prob < 1 for held in found for s in held)
    # What it posts comes through the API, so the webhook is not called for it.
    assert deliverer.deliver() == 0
    assert hooks.get(corpus, "trainer").waiting == 0

"""A served corpus, in process: requests go through the gate and every route, without a network."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from hashlib import scrypt
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from tui_annotate.domain.scheme import DocumentLabel, EntityType, Scheme
from tui_annotate.serve.app import create_app
from tui_annotate.serve.options import ServeOptions
from tui_annotate.store import accounts
from tui_annotate.store.connection import Corpus

PASSWORD = "correct horse battery"
SCHEME = Scheme((EntityType("Drug"), EntityType("Disease")), (DocumentLabel("IsSpam", "boolean"),)).numbered()
DOCUMENTS = "/-api/documents/v1"
Json = dict[str, Any]


def cheap_hash(password: str) -> str:
    """Return what is kept of a password, at a cost that tests do not feel."""
    salt = b"salt of the tests"
    digest = scrypt(password.encode(), salt=salt, n=16, r=8, p=1, dklen=32)
    return f"scrypt$16$8$1${b64encode(salt).decode()}${b64encode(digest).decode()}"


@dataclass(slots=True)
class Api:
    """A client that is logged in, and knows owner and project."""

    client: TestClient
    path: Path
    lines: list[str] = field(default_factory=list)
    faults: list[Exception] = field(default_factory=list)

    def call(self, method: str, path: str = DOCUMENTS, *, user: str = "alice", **more: Any) -> Any:
        """Make a request; `params` are added to owner and project."""
        params = {"owner": "alice", "project": "clinic"} | more.pop("params", {})
        return self.client.request(method, path, params=params, auth=(user, PASSWORD), **more)

    def get(self, path: str = DOCUMENTS, **params: Any) -> Any:
        return self.call("GET", path, params=params)

    def post(self, path: str = DOCUMENTS, *, files: Any = None, data: Any = None, **params: Any) -> Any:
        return self.call("POST", path, params=params, files=files, data=data)

    def upload(self, *files: tuple[str, str], **params: Any) -> Json:
        """Upload files by name and text; returns the receipt."""
        sent = [("file", (name, text.encode())) for name, text in files]
        answer = self.post(files=sent, **({"output": "null"} | params))
        assert answer.status_code == 200, answer.text
        found: Json = answer.json()
        return found

    def annotations(self, id: str, **params: Any) -> Json:
        """Return the ann.json of a document."""
        found: Json = self.get(ids=id, output="ann.json", **params).json()
        return found


def annotation(
    *entities: tuple[str, int, str], complete: bool = False, who: str = "ml:theirs", prob: float = 0.7, **metas: Any
) -> str:
    """Return an ann.json: entities by class id, start and text; metas by id."""
    confidence = {"state": "pre-added", "who": [who], "prob": prob}
    made = [
        {
            "classId": id,
            "part": "s1v1",
            "offsets": [{"start": start, "text": text}],
            "confidence": confidence,
            "fields": {},
            "normalizations": {},
        }
        for id, start, text in entities
    ]
    labels = {id: {"value": value, "confidence": confidence} for id, value in metas.items()}
    return json.dumps(
        {
            "annotatable": {"parts": []},
            "anncomplete": complete,
            "sources": [],
            "metas": labels,
            "entities": made,
            "relations": [],
        }
    )


Serve = Callable[..., Api]


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    """Return a function that serves a corpus of the scheme above; all are stopped at the end."""
    running: list[TestClient] = []

    def start(*, scheme: Scheme = SCHEME, users: tuple[str, ...] = ("alice",), **options: Any) -> Api:
        path = tmp_path / "clinic.db"
        if not path.exists():
            with Corpus.create(path, scheme=scheme) as corpus:
                for user in users:
                    accounts.keep(corpus, user, cheap_hash(PASSWORD))
        lines: list[str] = []
        faults: list[Exception] = []
        app, _ = create_app(ServeOptions(path, "alice", "clinic", **options), log=lines.append, fault=faults.append)
        client = TestClient(app, base_url="http://127.0.0.1:8000", raise_server_exceptions=False)
        client.__enter__()
        running.append(client)
        return Api(client, path, lines, faults)

    yield start
    for client in running:
        client.__exit__(None, None, None)


@pytest.fixture
def api(serve: Serve) -> Api:
    """Return a served corpus."""
    return serve()

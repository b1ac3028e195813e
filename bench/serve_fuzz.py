"""Odd requests to the HTTP API, in process: faults, errors without a shape, what tells too much, and what takes long.

    python -m bench.serve_fuzz [--requests 20000] [--first 0]

Each request is a good one of some route that is changed in several ways, by its number alone. What is wrong: a status
of 500, anything raised, an error that is no JSON, an answer or a line that holds a path of this machine or a password,
a header that breaks, more than three seconds, and files left behind. The corpus is verified at the end.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import os
import random
import tempfile
import time
import traceback
from base64 import b64encode
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import scrypt
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus

from starlette.types import ASGIApp

from bench.mutations import Mutator
from tui_annotate.domain.scheme import DocumentLabel, EntityType, Scheme
from tui_annotate.serve.app import create_app
from tui_annotate.serve.options import ServeOptions
from tui_annotate.services import answers
from tui_annotate.services.uploads import FORMATS
from tui_annotate.store import accounts
from tui_annotate.store.connection import Corpus
from tui_annotate.store.rebuild import rebuild
from tui_annotate.store.verify import verify

PASSWORD = "a password of the benchmark"
SECONDS = 3.0
"""The first answers in some formats load what writes them."""
_MOST_SHOWN = 10
_DOCUMENTS, _SETTINGS = "/-api/documents/v1", "/-api/settings/v1"
_VERSIONS, _METRICS, _PROJECTS = "/-api/documents/versions/v0", "/-api/metrics/v0", "/-api/projects/v1"
_ODD = (
    *("", " ", "*", "-", "0", "-1", "7", "99999999999999999999", "1e5", "NaN", "null", "true", "a" * 300, "x" * 20_000),
    *("..", "../..", "../../../etc/passwd", "/etc/passwd", "pool/../..", "pool", "pool//", "con", "C:\\x", "a/b", "."),
    *("\x00", "a\r\nSet-Cookie: x=1", "\x1b[31m", "\u202e", "\ud800", "😀", "é" * 200, "%00", "%0d%0a", "%s%n", "{0}"),
    *("'; DROP TABLE document; --", '"', "'", "\\", "=cmd|' /C calc'!A0", "<script>alert(1)</script>", "&lt;", "$(id)"),
    *("master", "alice", "bob", "nobody", "e_1", "m_3", "Drug", "union_v1", "exact_v1", "tagtogID", "PMID", "a,b,,c"),
    *('"unclosed', "(" * 200, "((((a", "a AND", "NOT NOT a", "entity:Drug:aspirin", "count_e_1:[2 TO *]", "[* TO *]"),
    *(
        "created:[NOW-1DAY TO NOW]",
        "created:2020-13-45",
        "created:[NOW-99999999999DAY TO *]",
        "prob:<2",
        "a" + "*" * 99,
    ),
    *("folder:pool", "docid:x", "filename:*.txt", "*.txt", "anncomplete:true", "-" * 500, "a OR " * 300 + "a", "run:"),
)
_NAMES = (
    *(
        "owner",
        "project",
        "output",
        "member",
        "folder",
        "format",
        "ids",
        "search",
        "page",
        "text",
        "filename",
        "idType",
    ),
    *("distributeToMembers", "url", "docid", "strategy", "saveTo", "from", "member1", "member2", "anntaskId", "metric"),
    *("path", "parentPath", "newFolderName", "username", "loginid", "role", "password", "s", "p", "\x00", "ids[]", ""),
)
_FILE_NAMES = (
    "a.txt",
    "a.ann.json",
    "a.plain.html",
    "b.md",
    "c.jsonl",
    "d.zip",
    "e.csv",
    "f.conll",
    "g.xml",
    "h",
    "..",
)
_TYPES = ("multipart/form-data; boundary=x", "application/json", "application/x-www-form-urlencoded", "text/plain", "")
_ODD_TYPES = ("multipart/form-data", 'multipart/form-data; boundary=""', "multipart/mixed; boundary=x", "a/b", ";;;")
_ANN = (
    '{"annotatable":{"parts":["s1v1"]},"anncomplete":true,"sources":[],"metas":{"m_3":{"value":true,"confidence":{}}},'
    '"entities":[{"classId":"e_1","part":"s1v1","offsets":[{"start":0,"text":"Aspirin"}],"confidence":{"state":'
    '"pre-added","who":["ml:x"],"prob":0.5},"fields":{},"normalizations":{}}],"relations":[]}'
)
_HTML = '<html id="d{0}"><body><pre id="s1v1">Aspirin {0}</pre></body></html>'


@dataclass(frozen=True, slots=True)
class Asked:
    """One request."""

    method: str
    path: str
    parameters: tuple[tuple[str, str], ...] = ()
    kind: str = ""
    body: bytes = b""
    headers: tuple[tuple[bytes, bytes], ...] = ()


@dataclass(frozen=True, slots=True)
class Answered:
    """What came of it."""

    status: int
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes


def multipart(*files: tuple[str, str]) -> bytes:
    """Return a body with these files; the boundary is `x`."""
    head = 'Content-Disposition: form-data; name="file"; filename="{}"'
    return "".join(f"--x\r\n{head.format(name)}\r\n\r\n{body}\r\n" for name, body in files).encode() + b"--x--\r\n"


def good(chance: random.Random) -> Asked:
    """Return a request that makes sense, of any route."""
    number = chance.randrange(30)
    one = f"d{number}"
    pair = multipart(("a.plain.html", _HTML.format(number)), ("a.ann.json", _ANN))
    output = (
        "output",
        chance.choice([*answers.outputs(), "null", "zip", "search", "csv", "web", "weburl", "visualize"]),
    )
    form = _TYPES[2]
    choices = (
        Asked("POST", _DOCUMENTS, (output,), _TYPES[0], pair),
        Asked("POST", _DOCUMENTS, (output, ("format", "anndoc"), ("member", "bob")), _TYPES[0], pair),
        Asked("PUT", _DOCUMENTS, (output,), _TYPES[0], multipart((chance.choice(_FILE_NAMES), f"some text {number}"))),
        Asked("POST", _DOCUMENTS, (output, ("format", chance.choice(FORMATS))), form, b"text=Aspirin+was+given"),
        Asked("POST", _DOCUMENTS, (output,), _TYPES[1], b'{"text": "Aspirin was given", "folder": "a"}'),
        Asked("GET", _DOCUMENTS, (("ids", one), output)),
        Asked("GET", _DOCUMENTS, (("ids", one), output, ("member", "bob"))),
        Asked("GET", _DOCUMENTS, (("search", chance.choice(_ODD)), output, ("page", "0"))),
        Asked("DELETE", _DOCUMENTS, (("ids", one),)),
        Asked("DELETE", _DOCUMENTS, (("search", f"docid:{one}"),)),
        Asked("POST", f"{_VERSIONS}/merge", (("docid", one), ("strategy", "union_v1"), ("saveTo", "master"))),
        Asked("POST", f"{_VERSIONS}/copy", (("docid", one), ("from", "master"), ("saveTo", "bob"))),
        Asked("GET", f"{_SETTINGS}/annotationsLegend"),
        Asked("GET", f"{_SETTINGS}/export"),
        Asked("POST", f"{_SETTINGS}/import", (), _TYPES[1], b'{"entities":{"e_1":{"id":"e_1","name":"Drug"}}}'),
        Asked("GET", f"{_SETTINGS}/folders"),
        Asked("POST", f"{_SETTINGS}/folders/add", (), _TYPES[1], b'{"path": "pool/a"}'),
        Asked("POST", f"{_SETTINGS}/folders/rename", (), _TYPES[1], b'{"path": "pool/a", "newFolderName": "b"}'),
        Asked("POST", f"{_SETTINGS}/folders/remove", (), _TYPES[1], b'{"path": "pool/b"}'),
        Asked("GET", f"{_SETTINGS}/members"),
        Asked("POST", f"{_SETTINGS}/members", (), _TYPES[1], b'{"loginid": "bob", "role": "curator"}'),
        Asked("PUT", f"{_SETTINGS}/members", (), _TYPES[1], b'{"username": "bob", "role": {"name": "reader"}}'),
        Asked("DELETE", f"{_SETTINGS}/members/bob"),
        Asked("GET", f"{_PROJECTS}/search-my-projects", (("s", "c"), ("p", "0"))),
        Asked("GET", f"{_PROJECTS}/my_projects"),
        Asked("GET", f"{_METRICS}/search_stats", (("search", "*"),)),
        Asked("GET", f"{_METRICS}/iaa", (("member1", "alice"), ("member2", "bob"), ("anntaskId", "e_1"))),
        Asked("GET", f"/alice/clinic/pool/{one}"),
    )
    return chance.choice(choices)


class Changes:
    """Changes requests, the same number always in the same ways."""

    def __init__(self) -> None:
        self._bodies = Mutator("serve")

    def asked(self, number: int) -> Asked:
        """Return the request of a number."""
        chance = random.Random(f"serve:{number}")
        asked = good(chance)
        for _ in range(chance.choice([0, 1, 1, 2, 3, 5])):
            asked = self._changed(asked, chance, number)
        return asked

    def _changed(self, asked: Asked, chance: random.Random, number: int) -> Asked:
        way = chance.randrange(9)
        parameters = list(asked.parameters)
        if way == 0 and parameters:
            at = chance.randrange(len(parameters))
            parameters[at] = (parameters[at][0], chance.choice(_ODD))
        elif way == 1:
            parameters.append((chance.choice(_NAMES), chance.choice(_ODD)))
        elif way == 2 and parameters:
            parameters.pop(chance.randrange(len(parameters)))
        elif way == 3:
            return replace(asked, kind=chance.choice(_TYPES + _ODD_TYPES))
        elif way == 4:
            return replace(asked, method=chance.choice(["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"]))
        elif way == 5:
            return replace(
                asked, path=asked.path + chance.choice(["/", "//", "/x", "/..", "/%00", "?", "/" + "a" * 3000])
            )
        elif way == 6:
            return replace(asked, headers=(*asked.headers, _odd_header(chance)))
        elif asked.body:
            return replace(asked, body=self._bodies.mutated([{"body": asked.body}], number)["body"])
        return replace(asked, parameters=tuple(parameters))


def _odd_header(chance: random.Random) -> tuple[bytes, bytes]:
    name = chance.choice([b"content-length", b"host", b"origin", b"authorization", b"user-agent", b"expect", b"accept"])
    values = [b"", b"-1", b"9" * 30, b"evil.example", b"Basic ====", b"Mozilla/5.0", b"100-continue", b"\xff\xfe", b"["]
    return name, chance.choice(values)


async def ask(app: ASGIApp, asked: Asked, address: str) -> Answered:
    """Send one request through the gate."""
    login = b64encode(f"alice:{PASSWORD}".encode())
    headers = [(b"host", b"127.0.0.1:8000"), (b"authorization", b"Basic " + login)]
    headers += [(b"content-type", asked.kind.encode())] if asked.kind else []
    query = "&".join(f"{_quoted(name)}={_quoted(value)}" for name, value in asked.parameters)
    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": asked.method,
        "scheme": "http",
        "path": asked.path,
        "raw_path": asked.path.encode("utf-8", "replace"),
        "query_string": query.encode(),
        "root_path": "",
        "headers": [one for one in headers if one[0] not in {name for name, _ in asked.headers}] + [*asked.headers],
        "client": (address, 1234),
        "server": ("127.0.0.1", 8000),
    }
    pieces = [asked.body[start : start + 1000] for start in range(0, len(asked.body), 1000)] or [b""]
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        if not pieces:
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": pieces.pop(0), "more_body": bool(pieces)}

    async def send(message: Any) -> None:
        sent.append(message)

    await app(scope, receive, send)
    starts: list[Any] = [one for one in sent if one["type"] == "http.response.start"]
    start: Any = starts[0] if starts else {"status": 0, "headers": []}
    body = b"".join(one.get("body", b"") for one in sent if one["type"] == "http.response.body")
    return Answered(start["status"], tuple(start["headers"]), body)


def _quoted(value: str) -> str:
    return quote_plus(value.encode("utf-8", "surrogatepass"))


def faults_of(asked: Asked, answered: Answered, secrets: Sequence[str]) -> list[str]:
    """Return what is wrong with an answer."""
    found = []
    if answered.status == 0 or answered.status in (500, 502):
        found.append(f"status {answered.status}")
    if answered.status >= 400 and asked.method != "HEAD":
        try:
            if not json.loads(answered.body)["error"]:
                found.append("an error that says nothing")
        except (ValueError, KeyError, TypeError):
            found.append("an error that is no JSON")
        held = answered.body.decode("utf-8", "replace")
        found += ["tells a path or a password" for secret in secrets if secret in held]
    if any(b"\r" in value or b"\n" in value or b"\x00" in value for _, value in answered.headers):
        found.append("a header that breaks")
    return found


async def fuzz(app: ASGIApp, first: int, last: int, secrets: Sequence[str], said: list[Any]) -> dict[str, Any]:
    """Send the requests of these numbers."""
    changes = Changes()
    wrong: list[dict[str, Any]] = []
    statuses: Counter[int] = Counter()
    count, slowest = 0, 0.0
    for number in range(first, last):
        asked = changes.asked(number)
        began = time.perf_counter()
        found: list[str] = []
        try:
            answered = await ask(app, asked, f"10.{number % 250}.{number // 250 % 250}.1")
            statuses[answered.status] += 1
            found = faults_of(asked, answered, secrets)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is a finding
            found.append(f"raised {error!r}"[:200])
        took = time.perf_counter() - began
        slowest = max(slowest, took)
        found += [f"took {took:.1f} s"] if took > SECONDS else []
        found += [str(one) for one in said]
        said.clear()
        count += bool(found)
        if found and len(wrong) < _MOST_SHOWN:
            wrong.append({"request": number, "what": found, "asked": repr(asked)[:600]})
    shares = {str(status): statuses[status] for status in sorted(statuses)}
    return {"wrong": count, "statuses": shares, "slowest, s": round(slowest, 2), "first of the wrong": wrong}


def hashed(password: str) -> str:
    """Return what is kept of a password, at a cost that is not felt."""
    salt = b"salt of the benchmark"
    digest = scrypt(password.encode(), salt=salt, n=16, r=8, p=1, dklen=32)
    return f"scrypt$16$8$1${b64encode(salt).decode()}${b64encode(digest).decode()}"


async def run(folder: Path, first: int, last: int) -> dict[str, Any]:
    """Serve a corpus in this process and send it the requests."""
    path = folder / "clinic.db"
    scheme = Scheme((EntityType("Drug"), EntityType("Disease")), (DocumentLabel("IsSpam", "boolean"),)).numbered()
    with Corpus.create(path, scheme=scheme) as corpus:
        accounts.keep(corpus, "alice", hashed(PASSWORD))
    said: list[Any] = []

    def fault(error: Exception) -> None:
        said.append("".join(traceback.format_exception(error)[-3:]).replace("\n", " ")[-500:])

    def log(line: str) -> None:
        if PASSWORD in line or any(ord(c) < 32 for c in line):
            said.append(f"a line that tells or breaks: {line[:100]!r}")

    logging.getLogger("python_multipart").setLevel(logging.CRITICAL + 1)
    options = ServeOptions(path, "alice", "clinic", rate=0)
    app, service = create_app(options, log=log, fault=fault)
    await service.start()
    inner: Any = app
    inner._app.state.service = service
    try:
        report = await fuzz(app, first, last, (str(folder), PASSWORD, tempfile.gettempdir()), said)
        whole = await ask(app, Asked("GET", _DOCUMENTS, (("search", "*"), ("output", "zip"))), "10.0.0.1")
        report["all that is left as a zip"] = whole.status
    finally:
        await service.stop()
    with Corpus.open(path) as corpus:
        report["problems of the corpus"] = verify(corpus)[:5]
        report["rebuilt from its log the same"] = rebuild(corpus).equal
    return report


def main() -> None:
    """Print what was wrong as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=20_000)
    parser.add_argument("--first", type=int, default=0, help="number of the first request")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name, "served")
        folder.mkdir()
        temporary = Path(name, "temporary")
        temporary.mkdir()
        tempfile.tempdir = str(temporary)
        report = asyncio.run(run(folder, options.first, options.first + options.requests))
        report["files left behind"] = sorted(os.listdir(temporary))[:5]
    print(json.dumps({"requests": options.requests, **report}, indent=1))


if __name__ == "__main__":
    main()

"""One call of a webhook: what is sent, and what its answer means."""

from __future__ import annotations

import contextlib
import hmac
import os
import signal
import socket
import subprocess
import urllib.error
import urllib.request
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from typing import Any, Literal

import msgspec

from tui_annotate.domain.display import shown
from tui_annotate.domain.hooks import KEPT_ELSEWHERE, Hook
from tui_annotate.errors import UsageError
from tui_annotate.formats.anndoc.json_write import AnnWriter
from tui_annotate.formats.schemes import legend as anndoc_legend
from tui_annotate.services.outgoing_versions import exchanged
from tui_annotate.store import hooks, settings
from tui_annotate.store.connection import Corpus
from tui_annotate.store.outbox import Row
from tui_annotate.store.outgoing import outgoing

SIGNATURE = "X-Tui-Annotate-Signature"
"""`sha256=` and the HMAC of the body, as hexadecimal digits."""
_LARGEST_ANSWER = 64_000
_LAST_WORDS = 0.2
"""Seconds for the output of a command that was ended."""
_DOWN = frozenset((401, 403, 404, 405, 407, 408, 421, 425, 429, 500, 502, 503, 504, 507, 511))
"""What an address answers that takes nothing at all for now."""

Fate = Literal["told", "down", "refused"]
"""Delivered; nothing can be delivered to this webhook now; this one event was not wanted."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a call."""

    fate: Fate
    answer: str
    """For people: the status and the beginning of what was said, or why it could not be reached."""
    wait: float = 0.0
    """Seconds that the receiver asks for (`Retry-After`)."""


@dataclass(frozen=True, slots=True)
class Message:
    """What a webhook is sent."""

    body: bytes
    headers: Mapping[str, str]
    environment: Mapping[str, str]
    """The same for a local command: TUI_ANNOTATE_EVENT, ..._DOCUMENT and so on."""


def message(corpus: Corpus, row: Row) -> Message | None:
    """Return what a webhook is told, with the document as it is now; None when the document is gone."""
    hook = row.hook
    if hook.payload == "ann.json":
        body = _annjson(corpus, row)
        if body is None:
            return None
    else:
        owner, project = hooks.served(corpus)
        names = {"owner": hook.owner or owner, "project": hook.project or project}
        ids = {**names, "tagtogID": row.key, "docid": row.key}
        body = msgspec.json.encode({**ids, "member": row.member, "event": row.event})
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "User-Agent": "tui-annotate",
        "X-tagtog-onPushSave-source": row.source,
        "X-tagtog-onPushSave-status": row.status,
        "X-Tui-Annotate-Event": row.event,
        "X-Tui-Annotate-Delivery": str(row.id),
    }
    variables = {"EVENT": row.event, "STATUS": row.status, "SOURCE": row.source, "MEMBER": row.member}
    variables |= {"DOCUMENT": row.key, "CORPUS": str(corpus.path.absolute())}
    environment = {f"TUI_ANNOTATE_{name}": value.replace("\0", "\ufffd") for name, value in variables.items()}
    return Message(body, headers, environment)


def headers_of(hook: Hook, sent: Message) -> dict[str, str]:
    """Return the headers of a POST, with those that prove who sends it."""
    headers = dict(sent.headers)
    if hook.user:
        pair = f"{hook.user}:{_looked_up(hook.password)}".encode()
        headers["Authorization"] = f"Basic {b64encode(pair).decode()}"
    if hook.secret:
        headers[SIGNATURE] = f"sha256={hmac.digest(_looked_up(hook.secret).encode(), sent.body, 'sha256').hex()}"
    return headers


def _annjson(corpus: Corpus, row: Row) -> bytes | None:
    found = next(outgoing(corpus, ids=[row.document]), None)
    if found is None:
        return None
    document = exchanged(found, tie=settings.load(corpus).tie)
    version = next((v for v in document.versions if v.annotator == row.member), None)
    version = version or next(iter(document.versions), None)
    if version is None:
        return msgspec.json.encode({"anncomplete": False, "sources": [], "metas": {}, "entities": [], "relations": []})
    return AnnWriter(document.document, anndoc_legend.ids_of(settings.scheme(corpus))).write(version)


def call(hook: Hook, sent: Message) -> Outcome:
    """Call a webhook and wait for its answer; what goes wrong is an outcome, not an error."""
    try:
        return _run(hook, sent) if hook.command else _post(hook, sent)
    except UsageError as error:
        return Outcome("down", str(error).removesuffix("."))


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """Lets a redirection come back as the error that it is here."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


def _post(hook: Hook, sent: Message) -> Outcome:
    request = urllib.request.Request(hook.url, sent.body, headers_of(hook, sent), method="POST")
    opener = urllib.request.build_opener(_NoRedirects)
    try:
        with opener.open(request, timeout=hook.timeout) as response:
            return Outcome("told", _said(response.status, response.read(_LARGEST_ANSWER)))
    except urllib.error.HTTPError as error:
        with error, contextlib.suppress(OSError, HTTPException):
            answer = _said(error.code, error.read(_LARGEST_ANSWER))
            if 300 <= error.code < 400:
                return Outcome("down", f"{error.code}: it redirects, and redirections are not followed")
            wait = _wait_asked(error.headers.get("Retry-After"))
            return Outcome("down" if error.code in _DOWN else "refused", answer, wait)
        return Outcome("down", f"{error.code}, and the answer broke off")
    except (urllib.error.URLError, OSError, HTTPException, ValueError) as error:
        reason = getattr(error, "reason", None) or error
        timed_out = isinstance(reason, TimeoutError | socket.timeout)
        return Outcome("down", f"no answer within {hook.timeout:g} s" if timed_out else f"not reached: {reason}")


def _wait_asked(asked: str | None) -> float:
    return min(float(asked), 3600.0) if asked and asked.strip().isdigit() else 0.0


def _said(status: int, body: bytes) -> str:
    said = shown(body.decode("utf-8", "replace").strip().replace("\n", " "))
    return f"{status} {said[:200]}".strip()


def _run(hook: Hook, sent: Message) -> Outcome:
    try:
        process = subprocess.Popen(
            hook.command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={**os.environ, **sent.environment},
            cwd=Path(sent.environment["TUI_ANNOTATE_CORPUS"]).parent,
            start_new_session=True,
        )
    except (OSError, ValueError) as error:
        return Outcome("down", f"{hook.command[0]} cannot be started: {getattr(error, 'strerror', None) or error}")
    try:
        output, _ = process.communicate(sent.body, timeout=hook.timeout)
    except subprocess.TimeoutExpired:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        # What it started in a session of its own may hold its output open for as long as that lives.
        with process, contextlib.suppress(subprocess.TimeoutExpired):
            process.communicate(timeout=_LAST_WORDS)
        return Outcome("down", f"not ready within {hook.timeout:g} s; it was ended")
    said = shown(output[-_LARGEST_ANSWER:].decode("utf-8", "replace").strip().replace("\n", " "))[-200:]
    ended = f"exit {process.returncode}"
    return Outcome("told" if process.returncode == 0 else "down", f"{ended} {said}".strip())


def _looked_up(value: str) -> str:
    """Return a secret, from the environment where it is kept there."""
    if not value.startswith(KEPT_ELSEWHERE):
        return value
    name = value.removeprefix(KEPT_ELSEWHERE)
    if name not in os.environ:
        raise UsageError(f"The environment variable {name}, which holds a password or secret, is not set.")
    return os.environ[name]

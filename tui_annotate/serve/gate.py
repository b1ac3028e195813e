"""The gate: what every request passes before any code of a route, and the one line that is written about it.

In this order: the name of the server that the client believes to talk to, pages of other sites, how often this
address asks, who asks, how large the request says it is. No password reaches a log, an error or a traceback.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import time
from collections.abc import Awaitable, Callable

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tui_annotate.domain.display import shown
from tui_annotate.errors import AnnotateError
from tui_annotate.serve import failing
from tui_annotate.serve.buckets import Buckets
from tui_annotate.serve.failing import ApiError
from tui_annotate.serve.options import LOOPBACK, ServeOptions

REALM = 'Basic realm="tui-annotate", charset="UTF-8"'
_BURST_SECONDS = 4.0
DRAINED_SECONDS = 20.0
"""How long a request that is too large is still read, so that its sender gets to read the answer."""

Verify = Callable[[str, str, str], Awaitable[str | None]]
"""Returns the role of whom a name and a password belong to, None for nobody; the last is the address that asks."""
Log = Callable[[str], None]


class Gate:
    """The outermost ASGI application."""

    def __init__(
        self, app: ASGIApp, options: ServeOptions, verify: Verify, *, log: Log, fault: Callable[[Exception], None]
    ) -> None:
        self._app = app
        self._options = options
        self._verify = verify
        self._log = log
        self._fault = fault
        self._rates = Buckets(options.rate, options.rate * _BURST_SECONDS)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()
        sent = _Sent(send)
        client = (scope.get("client") or ("unknown", 0))[0]
        headers = Headers(scope=scope)
        scope["path"] = scope["path"].rstrip("/") or "/"
        reader = Patient(receive, self._options.body_timeout)
        try:
            try:
                await self._admit(scope, headers, client)
            except ApiError as error:
                await self._turn_away(scope, headers, reader, sent, error)
            else:
                await self._app(scope, reader, sent)
        except ClientGoneError:
            sent.status = sent.status or 499
        except AnnotateError as error:
            await self._answer(scope, reader, sent, failing.response(error))
        except Exception as error:  # noqa: BLE001 - the rim of the server
            self._fault(error)
            await self._answer(scope, reader, sent, failing.broken())
        finally:
            self._write_down(scope, client, sent, time.perf_counter() - began)

    async def _admit(self, scope: Scope, headers: Headers, client: str) -> None:
        """Let a request in, or raise ApiError; the user and their role are kept in the scope."""
        self._check_host(headers)
        if not self._rates.take(client):
            raise ApiError(429, "Too many requests from this address.", headers={"Retry-After": "1"})
        name, password = _credentials(headers)
        role = await self._verify(name, password, client) if name else None
        if role is None:
            message = (
                "The name or the password is wrong." if name else "Log in with a name and a password (HTTP Basic)."
            )
            raise ApiError(401, message, headers={"WWW-Authenticate": REALM})
        scope["user"], scope["role"] = name, role
        self._check_size(headers)

    def _check_host(self, headers: Headers) -> None:
        """Refuse other names for a server on loopback: a page may have its own name resolve to this machine."""
        host = _name(headers.get("host", ""))
        if self._options.is_loopback and host not in LOOPBACK:
            hint = "Use 127.0.0.1 or localhost."
            raise ApiError(421, f"This server is not called {shown(host, 100)}.", field="Host", hint=hint)
        origin = headers.get("origin")
        if origin is not None and origin.partition("://")[2] != headers.get("host", ""):
            raise ApiError(403, "Pages of other sites may not call this server.", field="Origin")

    def _check_size(self, headers: Headers) -> None:
        said = headers.get("content-length", "0")
        if "transfer-encoding" in headers and "content-length" in headers:
            # What stands before this server may believe the one where this server believes the other.
            closed = {"Connection": "close"}
            raise ApiError(400, "A request says its length in one way only.", field="Content-Length", headers=closed)
        if not said.isascii() or not said.isdecimal():
            raise ApiError(400, "Content-Length is no number.", field="Content-Length")
        if int(said) > self._options.largest_request:
            raise too_large(self._options.largest_request)

    async def _turn_away(self, scope: Scope, headers: Headers, receive: Patient, send: _Sent, error: ApiError) -> None:
        """Answer a request that was not let in; a body that is on its way is read and dropped first.

        Else the connection would break under the sender's hands before the answer is read. Who waits to be told
        to go on with it (`Expect`) is answered at once.
        """
        if headers.get("expect", "").lower() != "100-continue":
            await receive.drain(DRAINED_SECONDS)
        await self._answer(scope, receive, send, failing.response(error))

    async def _answer(self, scope: Scope, receive: Receive, send: _Sent, response: Response) -> None:
        if send.status == 0:
            await response(scope, receive, send)

    def _write_down(self, scope: Scope, client: str, sent: _Sent, seconds: float) -> None:
        user = shown(str(scope.get("user", "-")), 40)
        what = f"{scope['method']} {shown(scope['path'], 120)}"
        at = time.strftime("%H:%M:%S")
        self._log(f"{at} {client} {user} {what} {sent.status} {sent.bytes:,} bytes {1000 * seconds:.0f} ms")


def too_large(limit: int) -> ApiError:
    """Return what a request gets whose body is larger than what is taken."""
    hint = "Send fewer files a request, or start the server with --max-size."
    return ApiError(413, f"The request is larger than {limit:,} bytes.", hint=hint, headers={"Connection": "close"})


def _credentials(headers: Headers) -> tuple[str, str]:
    kind, _, encoded = headers.get("authorization", "").partition(" ")
    if kind.lower() != "basic":
        return "", ""
    try:
        name, colon, password = base64.b64decode(encoded.strip(), validate=True).decode("utf-8").partition(":")
    except (binascii.Error, UnicodeDecodeError):
        try:
            # Older clients encode names as Latin-1.
            name, colon, password = base64.b64decode(encoded.strip()).decode("latin-1").partition(":")
        except binascii.Error:
            return "", ""
    return (name, password) if colon else ("", "")


def _name(host: str) -> str:
    """Return a host without its port."""
    if host.startswith("["):
        return host[1:].partition("]")[0].lower()
    return host.partition(":")[0].lower()


class ClientGoneError(Exception):
    """The client hung up in the middle of its request."""


class Patient:
    """Receives a body, and gives up on a client that stays silent."""

    def __init__(self, receive: Receive, seconds: float) -> None:
        self._receive = receive
        self._seconds = seconds
        self.ended = False

    async def __call__(self) -> Message:
        if self.ended:
            return await self._receive()
        try:
            message = await asyncio.wait_for(self._receive(), self._seconds)
        except TimeoutError:
            raise ApiError(408, "The request stopped in the middle.", headers={"Connection": "close"}) from None
        if message["type"] == "http.disconnect":
            raise ClientGoneError
        self.ended = not message.get("more_body", False)
        return message

    async def drain(self, seconds: float) -> None:
        """Read what is still to come, and drop it."""
        end = time.monotonic() + seconds
        try:
            while not self.ended and time.monotonic() < end:
                await self()
        except ApiError:
            return


class _Sent:
    """Passes an answer on, and remembers what it was."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.status = 0
        self.bytes = 0

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            message["headers"] = [*message.get("headers", ()), *_SAFE]
        elif message["type"] == "http.response.body":
            self.bytes += len(message.get("body", b""))
        await self._send(message)


_SAFE = (
    (b"x-content-type-options", b"nosniff"),
    (b"cache-control", b"no-store"),
    (b"content-security-policy", b"default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"),
    (b"referrer-policy", b"no-referrer"),
)

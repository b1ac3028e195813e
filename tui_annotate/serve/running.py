"""Running the server: its socket, its certificate, its end by a signal."""

from __future__ import annotations

import asyncio
import errno
import logging
import resource
import signal
import socket
import ssl
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import uvicorn

from tui_annotate.errors import UsageError
from tui_annotate.serve.app import create_app
from tui_annotate.serve.options import ServeOptions
from tui_annotate.serve.protocol import PatientProtocol
from tui_annotate.serve.scratch import scratch

_MOST_CONNECTIONS = 200
_MOST_FILES = 4096
"""Open files: each connection is one, and so is what a request brings."""
_CIPHERS = "ECDHE+AESGCM:ECDHE+CHACHA20"
"""Of TLS 1.2; the version before has none of these, the one after its own."""
_KEEP_ALIVE = 15
_SWITCH = 0.0005
"""Seconds after which a thread makes way for another: a request changes threads twice, 5 ms each would be long."""
_GRACE = 5
"""Seconds that requests which are under way have when the server is ended."""


class _Server(uvicorn.Server):
    """Ends by a signal as one does that is asked to, not as one that was killed."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        loop = asyncio.get_running_loop()
        ending = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        for one in ending:
            loop.add_signal_handler(one, self._end)
        try:
            yield
        finally:
            for one in ending:
                loop.remove_signal_handler(one)

    def _end(self) -> None:
        # The second time somebody is impatient.
        self.force_exit = self.should_exit
        self.should_exit = True


def run(
    options: ServeOptions,
    *,
    log: Callable[[str], None],
    fault: Callable[[Exception], None],
    on_ready: Callable[[ServeOptions], None],
) -> None:
    """Serve until a signal ends it.

    Args:
        on_ready: Called with the port that was got, when the first request may come.

    Raises:
        UsageError: The address cannot be used, or the certificate not be read.
        AnnotateError: The corpus cannot be opened.
    """
    # What these have to say is said by the gate, or raised: their own lines would hold whole addresses, tracebacks,
    # and what a broken body holds.
    for name in ("uvicorn", "python_multipart"):
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    sys.setswitchinterval(_SWITCH)
    _allow_files()
    listening = _bound(options)
    with listening, scratch():
        _check_certificate(options)
        options = replace(options, port=listening.getsockname()[1])
        failed: list[Exception] = []
        app, service = create_app(options, log=log, fault=fault)
        service.on_ready = lambda: on_ready(options)
        service.on_failure = failed.append
        config = uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            server_header=False,
            http=PatientProtocol,
            ws="none",
            lifespan="on",
            proxy_headers=False,
            limit_concurrency=_MOST_CONNECTIONS,
            timeout_keep_alive=_KEEP_ALIVE,
            timeout_graceful_shutdown=_GRACE,
            ssl_certfile=str(options.certificate) if options.certificate else None,
            ssl_keyfile=str(options.key) if options.key else None,
            ssl_ciphers=_CIPHERS,
        )
        asyncio.run(_Server(config).serve(sockets=[listening]))
        if failed:
            raise failed[0]


def _allow_files() -> None:
    """Raise the limit of open files as far as this user may, or as far as is of use."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _MOST_FILES if hard == resource.RLIM_INFINITY else min(_MOST_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _bound(options: ServeOptions) -> socket.socket:
    """Return a socket that listens; raises UsageError in one line where it cannot."""
    family = socket.AF_INET6 if ":" in options.host else socket.AF_INET
    # Connections take the protocol over from it, and asyncio turns Nagle's algorithm off for those that name TCP:
    # with it, the body of an answer waits 40 ms for the client to acknowledge the head.
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((options.host, options.port))
        listening.listen(256)
        listening.setblocking(False)
    except OSError as error:
        listening.close()
        where = f"{options.host}:{options.port}"
        if error.errno == errno.EADDRINUSE:
            hint = "Another program listens there; name another with --port, or --port 0 for any that is free."
            raise UsageError(f"Port {options.port} is in use.", hint=hint) from error
        if error.errno in (errno.EACCES, errno.EPERM):
            raise UsageError(f"{where} may not be used.", hint="Ports below 1024 are the system's.") from error
        raise UsageError(f"{where} cannot be listened on: {error.strerror or error}.") from error
    except OverflowError as error:
        listening.close()
        raise UsageError(f"{options.port} is no port.", hint="A port is from 0 to 65535.") from error
    return listening


def _check_certificate(options: ServeOptions) -> None:
    if options.certificate is None:
        return
    try:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(options.certificate, options.key, password=lambda: b"")
    except (OSError, ssl.SSLError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        hint = "Give PEM files: --cert with the chain, --key with the key, without a passphrase."
        raise UsageError(f"{options.certificate}: cannot be used as a certificate: {reason}.", hint=hint) from error

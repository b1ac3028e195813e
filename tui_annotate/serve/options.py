"""What a server is started with: what it serves, whom it lets in, and how much it takes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

LOOPBACK = ("127.0.0.1", "::1", "localhost")


@dataclass(frozen=True, slots=True)
class ServeOptions:
    """One server."""

    path: Path
    owner: str
    project: str
    host: str = "127.0.0.1"
    port: int = 8000
    """0 for any that is free."""
    certificate: Path | None = None
    key: Path | None = None
    largest_request: int = 64 << 20
    """Bytes of a request's body."""
    most_parts: int = 2000
    """Files and fields of one request."""
    rate: float = 300.0
    """Requests a second from one address, over some seconds; 0 for any number."""
    patience: float = 20.0
    """Seconds that an answer waits for predictions; the first ones need a process that has to start."""
    body_timeout: float = 30.0
    """Seconds that a client may stay silent in the middle of a request."""

    @property
    def is_loopback(self) -> bool:
        """Say whether only this machine can reach it."""
        return self.host in LOOPBACK

    @property
    def is_encrypted(self) -> bool:
        """Say whether it speaks TLS."""
        return self.certificate is not None

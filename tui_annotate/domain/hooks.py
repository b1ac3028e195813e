"""Webhooks: whom to tell when a document comes in or a version is saved or confirmed, and how.

The other side is tagtog's push-on-save: a service written for that works with its address changed.
"""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

from tui_annotate.errors import UsageError

Event = Literal["created", "saved", "confirmed"]
"""A document came in; a version was changed; a version was confirmed."""
EVENTS: tuple[Event, ...] = ("created", "saved", "confirmed")
Payload = Literal["ids", "ann.json"]
"""`{"tagtogID", ...}`, or the whole ann.json of the version."""
Source = Literal["GUI", "API"]
"""Where a change was made: in the app, or by any other program."""

KEPT_ELSEWHERE = "env:"
"""A password or secret that begins so names an environment variable, which is looked up when it is needed."""
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


@dataclass(frozen=True, slots=True)
class Hook:
    """One receiver: a URL that gets a POST, or a local command that gets the same on its standard input."""

    name: str
    url: str = ""
    """Begins with http:// or https://; empty for a command."""
    command: tuple[str, ...] = ()
    """Program and arguments; no shell takes part."""
    events: tuple[Event, ...] = EVENTS
    payload: Payload = "ids"
    only_app: bool = True
    """Tell only of changes made in the app: a receiver that answers through the API then makes no loop."""
    user: str = ""
    """For Basic auth; empty for none."""
    password: str = ""
    secret: str = ""
    """Key of the HMAC signature; empty for none."""
    timeout: float = 30.0
    """Seconds until an attempt counts as failed."""
    owner: str = ""
    project: str = ""
    """Both go into the payload, for receivers that ask back; empty for those that `serve` has."""

    @property
    def target(self) -> str:
        """What is called, for reports."""
        return shlex.join(self.command) if self.command else self.url

    def check(self) -> None:
        """Raise UsageError, with what to do, for a hook that cannot work."""
        if not _NAME.fullmatch(self.name):
            reason = "is no name for a webhook: letters, digits, dots and dashes, 64 at most"
            raise UsageError(f"{self.name!r} {reason}.")
        if bool(self.url) == bool(self.command):
            raise UsageError("A webhook calls a URL or a command.", hint="Give one of the two.")
        if self.url:
            _check_url(self.url)
        if not self.events:
            raise UsageError("A webhook needs an event.", hint=f"Events are {', '.join(EVENTS)}.")
        if not 0 < self.timeout <= 3600:
            raise UsageError(f"timeout {self.timeout:g} must lie above 0 and be 3600 seconds at most.")
        if self.password and not self.user:
            raise UsageError("A password goes with a user.", hint="Give --user as well.")
        if self.command and (self.user or self.secret):
            raise UsageError("A local command takes neither user nor secret.", hint="Leave them out.")


def _check_url(url: str) -> None:
    scheme = url.split(":", 1)[0].lower()
    if scheme not in ("http", "https") or not url.lower().startswith(f"{scheme}://"):
        raise UsageError(
            f"The endpoint {url!r} must start with http:// or https://.", hint=f"Perhaps http://{url.split('//')[-1]}?"
        )
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise UsageError(f"The endpoint {url!r} is no URL: {error}.") from None
    if not parts.hostname or port == 0:
        raise UsageError(f"The endpoint {url!r} names no host.", hint="Write it as http://host:port/path.")
    if any(character <= " " or character == "\x7f" for character in url):
        raise UsageError(f"The endpoint {url!r} has blanks or control characters in it.")
    if parts.username or parts.password:
        raise UsageError("The endpoint has a user or password in it.", hint="Give them with --user and --password.")

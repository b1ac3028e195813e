"""Which webhooks may be called from this account.

A corpus is a file that may come from anybody, and a webhook in it runs a command or sends documents away. So one is
called only where the same definition was added, or trusted, by this user on this machine.
"""

from __future__ import annotations

import json
import os
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import msgspec

from tui_annotate import config
from tui_annotate.domain.hooks import Hook
from tui_annotate.errors import StoreError

_encode = msgspec.json.Encoder(order="deterministic").encode


def is_trusted(hook: Hook, *, folder: Path | None = None) -> bool:
    """Say whether exactly this webhook was trusted here; a changed one is another."""
    return _mark(hook) in _marks(_file(folder))


def trust(hook: Hook, *, folder: Path | None = None) -> None:
    """Remember a webhook as trusted; raises StoreError where nothing can be written."""
    path = _file(folder)
    marks = sorted(_marks(path) | {_mark(hook)})
    aside = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        aside.write_text(json.dumps(marks, indent=1), encoding="utf-8")
        aside.chmod(0o600)
        aside.replace(path)
    except OSError as error:
        reason = f"{path} cannot be written: {error.strerror}, so the webhook stays untrusted"
        raise StoreError(f"{reason}.", hint="Make room there, then `tui-annotate hook trust CORPUS NAME`.") from error


def _mark(hook: Hook) -> str:
    # A timeout of 5 is 5.0 when it was stored.
    return sha256(_encode(replace(hook, timeout=float(hook.timeout)))).hexdigest()


def _marks(path: Path) -> set[str]:
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return set()
    return {row for row in rows if isinstance(row, str)} if isinstance(rows, list) else set()


def _file(folder: Path | None) -> Path:
    return (folder or config.state_folder()) / "trusted-hooks.json"

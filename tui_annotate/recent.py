"""The corpora that were opened last, for the start screen; may be lost without harm."""

from __future__ import annotations

import json
import os
from pathlib import Path

from tui_annotate import config

LIMIT = 20


def recent(*, folder: Path | None = None) -> list[Path]:
    """Return the corpora opened last, newest first; those that are gone are left out."""
    try:
        rows = json.loads(_file(folder).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return []
    names = [row for row in rows if isinstance(row, str)] if isinstance(rows, list) else []
    return [Path(name) for name in names if Path(name).is_file()]


def remember(corpus: Path, *, folder: Path | None = None) -> bool:
    """Put a corpus at the head of the list; returns False where nothing can be written, which harms nobody."""
    path = _file(folder)
    corpus = corpus.resolve()
    rows = [str(corpus), *(str(known) for known in recent(folder=folder) if known != corpus)][:LIMIT]
    aside = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        aside.write_text(json.dumps(rows, indent=1), encoding="utf-8")
        aside.replace(path)
    except OSError:
        return False
    return True


def _file(folder: Path | None) -> Path:
    return (folder or config.state_folder()) / "recent.json"

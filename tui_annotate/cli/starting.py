"""Start the app where the annotator stopped; needs no command line library, so that it is on screen sooner."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tui_annotate.cli.output import say
from tui_annotate.errors import UsageError

if TYPE_CHECKING:
    from tui_annotate.config import Config


def open_app(corpus: Path | None, settings: Config | None = None) -> int:
    """Run the app until the annotator leaves, and return its exit code.

    Raises:
        UsageError: There is no terminal that could show it.
    """
    refuse_without_terminal(corpus)
    # Textual looks for something to draw so many times a second; a decision is drawn after it was written, and
    # would wait up to 17 ms at its default of 60. Nothing is drawn more often than it changes.
    os.environ.setdefault("TEXTUAL_FPS", "240")
    from tui_annotate import config
    from tui_annotate.app import run

    if settings is None:
        settings = config.load(corpus)
        for notice in settings.notices:
            say(notice)
    return run(corpus, config=settings)


def refuse_without_terminal(corpus: Path | None) -> None:
    """Raise UsageError, with what to do instead, where no screen can be drawn."""
    name = str(corpus) if corpus else "CORPUS"
    instead = f"`tui-annotate stats {name}` and `tui-annotate export {name} --output FOLDER` need no screen."
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UsageError("The app needs a terminal, and here is none.", hint=f"Over SSH use `ssh -t`; {instead}")
    if os.environ.get("TERM", "dumb") in ("dumb", "unknown", ""):
        raise UsageError("TERM says that this terminal cannot be drawn on.", hint=f"Set TERM, e.g. xterm; {instead}")

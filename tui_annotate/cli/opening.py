"""`open`: the app."""

from __future__ import annotations

from typing import Annotated

import typer

from tui_annotate.cli import options
from tui_annotate.cli.options import Annotator, OptionalCorpus, examples
from tui_annotate.cli.starting import open_app
from tui_annotate.config import Look, Placement

app = options.group()


@app.command(
    "open", epilog=examples("open", "notes.db", "open notes.db --look dark", "open notes.db --labels gutter --mouse")
)
def open_(
    corpus: OptionalCorpus = None,
    look: Annotated[Look | None, typer.Option(help="Colours.")] = None,
    labels: Annotated[Placement | None, typer.Option(help="Where labels stand.")] = None,
    mouse: Annotated[bool | None, typer.Option("--mouse/--no-mouse", help="Take the mouse.")] = None,
    annotator: Annotator = None,
) -> int:
    """Review a corpus, from where you stopped. One that is missing can be created there."""
    return open_app(corpus, options.settled(corpus, annotator=annotator, look=look, labels=labels, mouse=mouse))

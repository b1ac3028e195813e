"""`new`: create a corpus."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tui_annotate.cli import options
from tui_annotate.cli.options import Annotator, CorpusPath, ListOf, examples
from tui_annotate.cli.output import say

app = options.group()

SchemeFile = Annotated[
    Path | None,
    typer.Option(
        "--scheme",
        metavar="FILE",
        help="Its labels: TOML, Label Studio XML, tagtog settings, an anndoc legend, doccano or Prodigy labels.",
        show_default=False,
    ),
]


@app.command(
    "new",
    epilog=examples("new notes.db", "new notes.db --scheme drugs.toml", "new smoking.db --scheme label-studio.xml"),
)
def new(
    corpus: CorpusPath, scheme: SchemeFile = None, list_as: ListOf = "entities", annotator: Annotator = None
) -> None:
    """Create a corpus, empty as yet. Without a scheme, imports and the app add labels as they come."""
    from tui_annotate.store.connection import Corpus

    options.settled(corpus, annotator=annotator)
    labels = options.read_scheme(scheme, names=options.list_as(list_as)) if scheme else None
    Corpus.create(corpus, scheme=labels).close()
    say(f"Created {corpus}. Next: `tui-annotate import {corpus} PATH...`, then `tui-annotate {corpus}`.")

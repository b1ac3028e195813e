"""`new`: create a corpus."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tui_annotate.cli import options
from tui_annotate.cli.options import Annotator, CorpusPath, examples
from tui_annotate.cli.output import say

app = options.group()

SchemeFile = Annotated[
    Path | None,
    typer.Option(
        "--scheme", metavar="FILE", help="Its labels: a scheme in TOML, or an anndoc legend.", show_default=False
    ),
]


@app.command(
    "new",
    epilog=examples(
        "new notes.db", "new notes.db --scheme drugs.toml", "new notes.db --scheme annotations-legend.json"
    ),
)
def new(corpus: CorpusPath, scheme: SchemeFile = None, annotator: Annotator = None) -> None:
    """Create a corpus, empty as yet. Without a scheme, imports and the app add labels as they come."""
    from tui_annotate.store.connection import Corpus

    options.settled(corpus, annotator=annotator)
    Corpus.create(corpus, scheme=options.read_scheme(scheme) if scheme else None).close()
    say(f"Created {corpus}. Next: `tui-annotate import {corpus} PATH...`, then `tui-annotate {corpus}`.")

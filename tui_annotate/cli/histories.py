"""`history`: what happened to a document, a line a step."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from tui_annotate.cli import options
from tui_annotate.cli.options import Annotator, CorpusPath, Json, examples
from tui_annotate.cli.output import out_json, table

app = options.group()


@app.command(
    "history",
    short_help="Show what happened to a document.",
    epilog=examples("history notes.db note-0231", "history spam.db sms-17 --json"),
)
def history(
    corpus: CorpusPath,
    document: Annotated[str, typer.Argument(metavar="DOCUMENT", help="Id or name.", show_default=False)],
    json: Json = False,
    annotator: Annotator = None,
) -> None:
    """Show what happened to a document: how it came in, what was suggested, decided, told to webhooks and learned."""
    from tui_annotate.domain.clock import local_time
    from tui_annotate.services import story

    options.settled(corpus, annotator=annotator)
    with options.opened(corpus, readonly=True) as opened:
        lines = story.story(opened, options.find_document(opened, document))
    if json:
        out_json([asdict(line) for line in lines])
        return
    table(("when", "step", "who", "what"), [(local_time(line.at), line.step, line.who, line.what) for line in lines])

"""`queue`: what comes next and why; and putting what a search finds before all others."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from tui_annotate.cli import options
from tui_annotate.cli.options import Annotator, CorpusPath, Json, examples
from tui_annotate.cli.output import out_json, say, table
from tui_annotate.errors import NothingToDoError

app = options.group()


@app.command(
    "queue",
    short_help="Show which documents come next, and why.",
    epilog=examples(
        "queue notes.db", "queue notes.db -n 10 --json", "queue notes.db --forget     # a search, an audit"
    ),
)
def queue(
    corpus: CorpusPath,
    count: Annotated[int, typer.Option("-n", metavar="N", help="How many.", min=1, max=500)] = 50,
    forget: Annotated[bool, typer.Option("--forget", help="Take out what a search and an audit put first.")] = False,
    json: Json = False,
    annotator: Annotator = None,
) -> None:
    """Show which documents come next: place, score and reason. `search --queue` puts documents first."""
    from tui_annotate.session.desk import Desk
    from tui_annotate.store import auditing, documents, settings
    from tui_annotate.store import queue as stored

    who = options.settled(corpus, annotator=annotator).who
    with options.opened(corpus, readonly=not forget) as opened:
        if forget:
            known = settings.load(opened)
            gone = stored.forget_asked(opened)
            gone += auditing.withdraw(opened, seed=known.seed, share=known.holdout_share)
            say(f"{gone} document{'s' * (gone != 1)} taken out.")
            return
        found = [(one, documents.row(opened, one.document)) for one in Desk(opened, who).following(count)]
    if json:
        out_json([asdict(one) | {"key": row.key, "name": row.name} for one, row in found])
        return
    if not found:
        raise NothingToDoError(f"Every document of {corpus} is confirmed.")
    table(
        ("place", "document", "score", "why"),
        [
            (place, row.name or row.key, "" if one.score is None else f"{one.score:.2f}", one.reason)
            for place, (one, row) in enumerate(found, 1)
        ],
    )


def ask_for(corpus: Path, query: str, *, pattern: bool, case: bool, limit: int, json: bool) -> None:
    """Search, and put the documents found before all others."""
    from tui_annotate.store import queue as stored
    from tui_annotate.store import search

    with options.opened(corpus) as opened:
        found: list[int] = []
        for hit in search.search(opened, query, pattern=pattern, case=case, per_document=1):
            found.append(hit.document)
            if len(found) == limit:
                break
        if not found:
            raise NothingToDoError(f"{query!r} stands nowhere in {corpus}.")
        asked = stored.ask_for(opened, found, reason=stored.searched(query))
    if json:
        out_json(asdict(asked))
    else:
        say(str(asked))
    if not asked.queued:
        raise NothingToDoError("None of them is left to be labelled.")

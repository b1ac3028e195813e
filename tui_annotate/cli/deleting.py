"""`delete`: documents go, after a copy of them was kept."""

from __future__ import annotations

import sys
from dataclasses import asdict
from typing import Annotated

import typer

from tui_annotate.cli import options
from tui_annotate.cli.options import Annotator, CorpusPath, Json, examples
from tui_annotate.cli.output import out_json, progress, say
from tui_annotate.errors import NothingToDoError, UsageError

app = options.group()

_SHOWN = 5
_FIRST_CHARACTERS = 60


@app.command(
    "delete",
    short_help="Delete documents, keeping a copy of them.",
    epilog=examples(
        "delete notes.db 'folder:old anncomplete:false'     # says how many, and asks",
        "delete notes.db docid:note-0231 --yes",
    ),
)
def delete(
    corpus: CorpusPath,
    query: Annotated[str, typer.Argument(metavar="QUERY", help="Documents as `search` finds them; * is all.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    json: Json = False,
    annotator: Annotator = None,
) -> None:
    """Delete the documents that a query finds, with all annotations of them.

    They are exported first, with the decisions on them, into CORPUS's folder of backups: `import` brings them back.
    """
    from tui_annotate.cli.finding import searchable, tell_doubts
    from tui_annotate.services import deleting, searching

    who = options.settled(corpus, annotator=annotator).who
    with searchable(corpus) as opened:
        found = searching.hits(opened, query, annotator=who)
        tell_doubts(opened, query, annotator=who)
        if not found.total:
            raise NothingToDoError(f"{query!r} finds nothing in {corpus}.")
        what = f"{found.total:,} document{'s' * (found.total != 1)}"
        if not yes:
            if not (sys.stdin.isatty() and sys.stderr.isatty()):
                raise UsageError(f"{what} would be deleted, and there is nobody to ask.", hint="--yes deletes them.")
            rows = searching.page_of(opened, found, offset=0, limit=_SHOWN, sort="file")
            around = searching.excerpts(opened, found, rows)
            for row in rows:
                say(f"  {row.name or row.key}: {' '.join(around[row.id].text.split())[:_FIRST_CHARACTERS]}")
            if found.total > _SHOWN:
                say(f"  and {found.total - _SHOWN:,} more")
            typer.confirm(f"Delete {what}?", abort=True, err=True)
        with progress("deleting") as report:
            done = deleting.delete(
                opened, found.ids(), annotator=who, on_progress=lambda count: report(None, f"{count} kept")
            )
    if json:
        out_json(asdict(done))
        return
    gone = f"{done.documents:,} document{'s' * (done.documents != 1)} deleted"
    say(f"{gone}. `tui-annotate import {corpus} {done.kept}` brings them back.")
    if done.stayed:
        say(f"{done.stayed:,} stay: somebody decided on them meanwhile. That copy has them as they were before.")
    say(f"The decisions on them are in {done.decisions}.")

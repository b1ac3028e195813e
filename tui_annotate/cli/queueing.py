"""`queue`: what comes next and why; and putting what a search finds before all others."""

from __future__ import annotations

import sys
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from typing import Annotated

import typer

from tui_annotate.cli import options
from tui_annotate.cli.options import Annotator, CorpusPath, Json, examples
from tui_annotate.cli.output import out_json, say, table
from tui_annotate.errors import DataError, NothingToDoError, UsageError

app = options.group()


@app.command(
    "queue",
    short_help="Show which documents come next, and why.",
    epilog=examples(
        "queue notes.db",
        "queue notes.db -n 10 --json",
        "queue notes.db --from ids.txt         # ids, names or texts, a line each",
        "queue notes.db --sampler longest.py   # a function of your own",
        "queue notes.db --forget               # a search, a list, an audit",
    ),
)
def queue(
    corpus: CorpusPath,
    count: Annotated[int, typer.Option("-n", metavar="N", help="How many.", min=1, max=500)] = 50,
    forget: Annotated[bool, typer.Option("--forget", help="Take out what a search and an audit put first.")] = False,
    from_: Annotated[
        Path | None, typer.Option("--from", metavar="FILE", help="Put the documents of a list first; - is stdin.")
    ] = None,
    sampler: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Put first what `sample(documents)` of a Python file chooses.")
    ] = None,
    json: Json = False,
    annotator: Annotator = None,
) -> None:
    """Show which documents come next: place, score and reason. `search --queue`, a list and a sampler go first."""
    if from_ is not None or sampler is not None:
        if from_ is not None and sampler is not None:
            raise UsageError("--from and --sampler exclude each other.")
        _put_first(corpus, from_, sampler, count, json=json)
        return
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


def _put_first(corpus: Path, listed: Path | None, sampler: Path | None, count: int, *, json: bool) -> None:
    """Ask for the documents that a list or a sampler names."""
    from tui_annotate.services import sampling
    from tui_annotate.store import queue as stored

    with options.opened(corpus) as opened:
        if sampler is not None:
            found, reason = sampling.sampled(opened, sampler, count=count), f"chosen by {sampler.name}"
        else:
            assert listed is not None
            found, unknown = sampling.listed(opened, _lines(listed))
            for line in unknown[:20]:
                say(f"{line[:60]!r} is no document here.")
            if len(unknown) > 20:
                say(f"... and {len(unknown) - 20} more.")
            if not found:
                raise NothingToDoError(f"No line of {listed} names a document.", hint="`import` takes in new texts.")
            reason = f"on the list {listed.name}" if str(listed) != "-" else "on your list"
        asked = stored.ask_for(opened, found, reason=reason)
    if json:
        out_json(asdict(asked))
    else:
        say(str(asked))
    if not asked.queued:
        raise NothingToDoError("None of them is left to be labelled.")


def _lines(path: Path) -> list[str]:
    try:
        content = sys.stdin.buffer.read() if str(path) == "-" else path.read_bytes()
        return content.decode("utf-8-sig").splitlines()
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: is not UTF-8 ({error.reason} at byte {error.start}).") from error


def ask_for(corpus: Path, query: str, *, annotator: str, pattern: bool, case: bool, limit: int, json: bool) -> None:
    """Search, and put the documents found before all others."""
    from tui_annotate.cli.finding import searchable, tell_doubts
    from tui_annotate.services import searching
    from tui_annotate.store import queue as stored
    from tui_annotate.store.search import places as search

    with searchable(corpus) as opened:
        if pattern:
            hits = search.search(opened, query, pattern=True, case=case, per_document=1)
            found = [hit.document for hit in islice(hits, limit or None)]
        else:
            found = searching.ids(opened, query, annotator=annotator)[: limit or None]
            tell_doubts(opened, query, annotator=annotator)
        if not found:
            raise NothingToDoError(f"{query!r} finds nothing in {corpus}.")
        asked = stored.ask_for(opened, found, reason=stored.searched(query))
    if json:
        out_json(asdict(asked))
    else:
        say(str(asked))
    if not asked.queued:
        raise NothingToDoError("None of them is left to be labelled.")

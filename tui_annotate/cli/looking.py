"""`stats` and `search`: how far the corpus is, and where something stands in it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from itertools import islice
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tui_annotate.cli import options
from tui_annotate.cli.options import Annotator, CorpusPath, Json, examples
from tui_annotate.cli.output import out, out_json
from tui_annotate.errors import NothingToDoError, UsageError

if TYPE_CHECKING:
    from tui_annotate.store.search.places import Hit

app = options.group()

_HINT = "Words are looked for in texts; filename:*word* and docid:*word* look at names, word* finds longer words."


@app.command(
    "stats", short_help="Show how far a corpus is.", epilog=examples("stats notes.db", "stats notes.db --json")
)
def stats(corpus: CorpusPath, json: Json = False, annotator: Annotator = None) -> None:
    """Show how far a corpus is: documents, labels, deployed runs, the next training, keys and seconds a decision."""
    from tui_annotate.store import counters, pace, runs
    from tui_annotate.store import settings as stored

    options.settled(corpus, annotator=annotator)
    with options.opened(corpus, readonly=True) as opened:
        progress = counters.progress(opened)
        values = stored.load(opened)
        scheme = stored.scheme(opened)
        deployed = runs.deployed(opened)
        since = counters.confirmed_since_training(opened)
        paces = pace.pace(opened)
    report: dict[str, Any] = {
        **asdict(progress),
        "entity_types": [e.name for e in scheme.entities],
        "document_labels": [label.name for label in scheme.labels],
        "retrain_every": stored.effective_n(values, scheme),
        "since_training": since,
        "active_learning": values.active_learning,
        "deployed": {task: row.name for task, row in deployed.items()},
        "pace": [pace.described(one) for one in paces],
    }
    if json:
        out_json(report)
        return
    left = max(0, report["retrain_every"] - report["since_training"])
    retrain = f"in {left} confirmation{'s' * (left != 1)}" if left else "with the next confirmation in the app"
    if not values.active_learning:
        retrain = "only when asked (active learning is off)"
    lines = (
        ("documents", f"{progress.total}, {progress.pending} untouched"),
        ("confirmed", f"{progress.confirmed}, of them {progress.holdout_confirmed} held out"),
        ("in progress", progress.in_progress),
        ("skipped", progress.skipped),
        ("entity types", ", ".join(report["entity_types"]) or "none"),
        ("document labels", ", ".join(report["document_labels"]) or "none"),
        ("deployed", ", ".join(report["deployed"].values()) or "no run yet"),
        ("next training", retrain),
    )
    for name, value in lines:
        out(f"{name:16} {value}")
    for number, line in enumerate(line for one in paces for line in pace.said(one)):
        out(f"{'pace' if not number else '':16} {line}")


@app.command(
    "search",
    short_help="Find documents.",
    epilog=examples(
        "search notes.db aspirin",
        "search notes.db 'aspirin -ibuprofen entity:DRUG created:[NOW-7DAYS TO *]'",
        "search notes.db 'anncomplete:false label:urgent:true' --count",
        "search notes.db '[0-9]+ mg' --pattern --json",
        "search notes.db aspirin --queue     # label these next",
    ),
)
def search(
    corpus: CorpusPath,
    query: Annotated[str, typer.Argument(metavar="QUERY", help="Words and fields, see docs/search.md.")],
    pattern: Annotated[bool, typer.Option("--pattern", help="It is a regular expression.")] = False,
    case: Annotated[bool, typer.Option("--case", help="With --pattern: tell capitals from small letters.")] = False,
    limit: Annotated[int, typer.Option("--limit", metavar="N", help="Stop after N lines; 0: never.", min=0)] = 0,
    count: Annotated[bool, typer.Option("--count", help="Say only how many documents there are.")] = False,
    queue: Annotated[bool, typer.Option("--queue", help="Show the documents found next, before all others.")] = False,
    json: Json = False,
    annotator: Annotator = None,
) -> None:
    """Find documents: one line a place where the words stand, with document, part and offset.

    A query is words (all have to stand in the text), "phrases", word*, AND OR NOT - and brackets, and fields:
    docid: filename: folder: label:NAME:VALUE entity:TYPE:TEXT count_TYPE:[2 TO *] created: updated: anncomplete:
    members_anncomplete: members_assigned: filter:TODO state: tag: by: suggested: rejected: run: prob: and more.
    A document that is found by fields alone gets one line with how it begins.
    """
    from tui_annotate.cli.finding import searchable, tell_doubts
    from tui_annotate.services import searching
    from tui_annotate.store.search import places as by_pattern

    settings = options.settled(corpus, annotator=annotator)
    if case and not pattern:
        raise UsageError("--case goes with --pattern; a query takes capitals and small letters as the same.")
    if queue:
        from tui_annotate.cli.queueing import ask_for

        ask_for(corpus, query, annotator=settings.who, pattern=pattern, case=case, limit=limit, json=json)
        return
    with options.opened(corpus, readonly=True) if pattern else searchable(corpus) as opened:
        if pattern:
            hits = by_pattern.search(opened, query, pattern=True, case=case, per_document=int(count))
            total = sum(1 for _ in hits) if count else 0
        else:
            found = searching.hits(opened, query, annotator=settings.who)
            tell_doubts(opened, query, annotator=settings.who)
            hits, total = searching.places(opened, found), found.total
        if count:
            out_json({"documents": total}) if json else out(str(total))
            return
        number = _print(islice(hits, limit or None), json=json)
    if not number:
        raise NothingToDoError(f"{query!r} finds nothing in {corpus}.", hint=_HINT if query.isalnum() else "")


def _print(hits: Iterable[Hit], *, json: bool) -> int:
    """Write hits, a line each or as one array, and return how many there were."""
    if json:
        shown = [asdict(hit) for hit in hits]
        out_json(shown)
        return len(shown)
    number = 0
    for hit in hits:
        number += 1
        if hit.span is None:
            out(f"{hit.key}: {hit.after}")
        else:
            out(f"{hit.key}:{hit.span.part}:{hit.span.start}: {hit.before}[{hit.found}]{hit.after}")
    return number

"""`stats` and `search`: how far the corpus is, and where something stands in it."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

import typer

from tui_annotate.cli import options
from tui_annotate.cli.options import Annotator, CorpusPath, Json, examples
from tui_annotate.cli.output import out, out_json
from tui_annotate.errors import NothingToDoError

app = options.group()


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
    short_help="Find text in the documents.",
    epilog=examples(
        "search notes.db aspirin",
        "search notes.db '[0-9]+ mg' --pattern --json",
        "search notes.db aspirin --queue     # label these next",
    ),
)
def search(
    corpus: CorpusPath,
    query: Annotated[str, typer.Argument(metavar="QUERY", help="The text to find.", show_default=False)],
    pattern: Annotated[bool, typer.Option("--pattern", help="It is a regular expression.")] = False,
    case: Annotated[bool, typer.Option("--case", help="Tell capitals from small letters.")] = False,
    limit: Annotated[int, typer.Option("--limit", metavar="N", help="Stop after N places; 0: never.", min=0)] = 0,
    queue: Annotated[bool, typer.Option("--queue", help="Show the documents found next, before all others.")] = False,
    json: Json = False,
    annotator: Annotator = None,
) -> None:
    """Find text in the documents: one line a place, with its document, part and offset."""
    from tui_annotate.store import search as searching

    options.settled(corpus, annotator=annotator)
    if queue:
        from tui_annotate.cli.queueing import ask_for

        ask_for(corpus, query, pattern=pattern, case=case, limit=limit, json=json)
        return
    found = 0
    with options.opened(corpus, readonly=True) as opened:
        for found, hit in enumerate(searching.search(opened, query, pattern=pattern, case=case), 1):
            if json:
                out_json(asdict(hit), indent=None)
            else:
                at = f"{hit.span.part}:{hit.span.start}"
                out(f"{hit.key}:{at}: {hit.before}[{hit.found}]{hit.after}")
            if found == limit:
                break
    if not found:
        raise NothingToDoError(f"{query!r} stands nowhere in {corpus}.")

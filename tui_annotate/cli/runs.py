"""`runs`: what was trained, what serves, and going back."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

import typer

from tui_annotate.cli import options
from tui_annotate.cli.options import Annotator, CorpusPath, Json, examples
from tui_annotate.cli.output import out, out_json, say, table
from tui_annotate.errors import NothingToDoError

app = options.group("List runs, show one, put one to use, or go back.")

RunName = Annotated[str, typer.Argument(metavar="RUN", help="Its name, e.g. entities-7.", show_default=False)]


@app.command("list", epilog=examples("runs list notes.db", "runs list notes.db --json"))
def list_(corpus: CorpusPath, json: Json = False, annotator: Annotator = None) -> None:
    """List all runs, oldest first; the deployed one of each task has a star."""
    from tui_annotate.store import runs

    options.settled(corpus, annotator=annotator)
    with options.opened(corpus, readonly=True) as opened:
        rows = list(runs.all(opened))
    if json:
        out_json([asdict(row) for row in rows])
        return
    if not rows:
        raise NothingToDoError(f"{corpus} has no runs yet.", hint=f"`tui-annotate train {corpus}` makes one.")
    table(
        ("", "run", "engine", "trigger", "documents", "state", "finished"),
        [
            ("*" if r.deployed else "", r.name, r.engine, r.trigger, r.documents, r.state, options.local(r.finished))
            for r in rows
        ],
    )


@app.command("show", epilog=examples("runs show notes.db entities-7", "runs show notes.db entities-7 --json"))
def show(corpus: CorpusPath, run: RunName, json: Json = False, annotator: Annotator = None) -> None:
    """Show one run: parameters, data, figures."""
    from tui_annotate.store import runs

    options.settled(corpus, annotator=annotator)
    with options.opened(corpus, readonly=True) as opened:
        row = runs.get(opened, run)
    if json:
        out_json(asdict(row))
        return
    for name, value in asdict(row).items():
        for line in _lines(name, value):
            out(line)


@app.command("deploy", epilog=examples("runs deploy notes.db entities-5"))
def deploy(corpus: CorpusPath, run: RunName, annotator: Annotator = None) -> None:
    """Let a run's predictions be the ones that are shown."""
    from tui_annotate.store import runs

    options.settled(corpus, annotator=annotator)
    with options.opened(corpus) as opened:
        runs.deploy(opened, run)
    say(f"{run} serves now.")


@app.command("rollback", epilog=examples("runs rollback notes.db entities", "runs rollback notes.db labels:IsSpam"))
def rollback(
    corpus: CorpusPath,
    task: Annotated[
        str | None, typer.Argument(metavar="TASK", help="Needed where several have a deployed run.", show_default=False)
    ] = None,
    annotator: Annotator = None,
) -> None:
    """Go back to the run that was deployed before."""
    from tui_annotate.store import runs

    options.settled(corpus, annotator=annotator)
    with options.opened(corpus) as opened:
        deployed = runs.deployed(opened)
        row = runs.rollback(opened, task or options.only_task(deployed))
    say(f"{row.name} serves again.")


def _lines(name: str, value: Any, indent: str = "") -> list[str]:
    """Return a value as lines, nested ones indented."""
    if isinstance(value, dict):
        return [f"{indent}{name}:"] + [line for key, held in value.items() for line in _lines(key, held, indent + "  ")]
    if isinstance(value, float):
        value = f"{value:.4g}"
    return [f"{indent}{name}: {value}"]

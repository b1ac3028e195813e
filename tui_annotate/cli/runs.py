"""`runs`: what was trained, what serves, going back, and runs that leave or come."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from tui_annotate.cli import options
from tui_annotate.cli.options import Annotator, CorpusPath, Json, examples
from tui_annotate.cli.output import out, out_json, out_lines, progress, say, table
from tui_annotate.domain.clock import local_time
from tui_annotate.errors import NothingToDoError

app = options.group("List runs, show one, put one to use, go back, export one, or attach one of another corpus.")

RunName = Annotated[str, typer.Argument(metavar="RUN", help="Its name, e.g. entities-7.", show_default=False)]


@app.command("list", epilog=examples("runs list notes.db", "runs list notes.db --json"))
def list_(corpus: CorpusPath, json: Json = False, annotator: Annotator = None) -> None:
    """List all runs, oldest first; the deployed one of each task has a star."""
    from tui_annotate.domain.figures import said
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
        ("", "run", "engine", "trigger", "documents", "figure on held out", "state", "finished"),
        [
            (
                "*" if r.deployed else "",
                r.name,
                r.engine,
                r.trigger,
                r.documents,
                said(r.metrics) if r.state == "finished" else "",
                r.state,
                local_time(r.finished),
            )
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
    from tui_annotate.services import figure_words

    for name, value in asdict(row).items():
        if name == "parameters" and not value:
            out("parameters: none set (`runs log` has all of them)")
        elif name != "metrics" and value != "":
            for line in _lines(name, value):
                out(line)
    for line in figure_words.whole(row.metrics):
        out(line)


@app.command("deploy", epilog=examples("runs deploy notes.db entities-5"))
def deploy(corpus: CorpusPath, run: RunName, annotator: Annotator = None) -> None:
    """Let a run's predictions be the ones that are shown, and say which label has another run by that."""
    from tui_annotate.domain import deployment
    from tui_annotate.services import registering

    options.settled(corpus, annotator=annotator)
    with options.opened(corpus) as opened:
        changed = registering.deploy(opened, run)
    for line in deployment.said(changed):
        say(line)
    say(f"{run} serves now." if changed else f"{run} serves already.")


@app.command("rollback", epilog=examples("runs rollback notes.db entities", "runs rollback notes.db labels:IsSpam"))
def rollback(
    corpus: CorpusPath,
    task: Annotated[
        str | None, typer.Argument(metavar="TASK", help="Needed where several have a deployed run.", show_default=False)
    ] = None,
    annotator: Annotator = None,
) -> None:
    """Go back to the run that was deployed before."""
    from tui_annotate.domain.tasks import resolve
    from tui_annotate.store import runs, settings

    options.settled(corpus, annotator=annotator)
    with options.opened(corpus) as opened:
        deployed = runs.deployed(opened)
        if task is not None and task not in deployed:
            (task,) = resolve(settings.scheme(opened), [task])
        row = runs.rollback(opened, task or options.only_task(deployed))
    say(f"{row.name} serves again.")


@app.command(
    "log",
    epilog=examples("runs log notes.db entities-7", "runs log notes.db entities-7 --bundle entities-7-logs.zip"),
)
def log(
    corpus: CorpusPath,
    run: RunName,
    bundle: Annotated[
        Path | None,
        typer.Option(
            "--bundle",
            metavar="FILE",
            help="Write the logs and figures of all runs of that training to a zip.",
            show_default=False,
        ),
    ] = None,
    annotator: Annotator = None,
) -> None:
    """Show what a training said: parameters, data, library versions, figures, timings."""
    from tui_annotate.services import run_logs

    options.settled(corpus, annotator=annotator)
    with options.opened(corpus, readonly=True) as opened:
        if bundle is None:
            out_lines(run_logs.text(opened, run))
            return
        names = run_logs.bundle(opened, run, bundle)
    say(f"{bundle} has the logs of {', '.join(names)}.")


@app.command(
    "export",
    epilog=examples("runs export notes.db entities-7", "runs export notes.db labels:IsSpam-3 --output spam_model"),
)
def export(
    corpus: CorpusPath,
    run: RunName,
    output: Annotated[
        Path | None,
        typer.Option("--output", metavar="FOLDER", help="Where to.", show_default="the model's name, here"),
    ] = None,
    as_: Annotated[
        str,
        typer.Option("--as", metavar="FORM", help="model: loads in Python; spacy-project: config and DocBin to train."),
    ] = "model",
    annotator: Annotator = None,
) -> None:
    """Write a run as a folder that other programs load, and the three lines that load it."""
    from tui_annotate.services import run_export

    options.settled(corpus, annotator=annotator)
    with options.opened(corpus, readonly=True) as opened, progress("exporting"):
        done = run_export.export(opened, run, output, form=run_export.form(as_))
    out(str(done.folder))
    say(f"{done.name}. In {done.folder}:")
    for line in done.snippet:
        say(f"    {line}")


@app.command(
    "attach",
    epilog=examples("runs attach notes.db other.db entities-7", "runs attach notes.db ner_other"),
)
def attach(
    corpus: CorpusPath,
    source: Annotated[
        Path, typer.Argument(metavar="SOURCE", help="Another corpus, or an exported run.", show_default=False)
    ],
    run: Annotated[
        str, typer.Argument(metavar="RUN", help="Which run of the other corpus.", show_default="the deployed one")
    ] = "",
    deploy: Annotated[bool, typer.Option("--deploy", help="Put it to use at once.")] = False,
    trust_script: Annotated[
        bool, typer.Option("--trust-script", help="Take a run that holds a script, whose code then runs here.")
    ] = False,
    annotator: Annotator = None,
) -> None:
    """Take a run of another corpus into this one; what it predicts and the scheme lacks joins the scheme."""
    from tui_annotate.services import attaching, registering

    who = options.settled(corpus, annotator=annotator).who
    with options.opened(corpus) as opened, progress("attaching"):
        attached = attaching.attach(opened, attaching.find(source, run), by=who, trust_script=trust_script)
        out(attached.run.name)
        if deploy:
            registering.deploy(opened, attached.run.name)
    if attached.added:
        say(f"Joined the scheme: {', '.join(attached.added)}.")
    say(f"{attached.run.name} {'serves now' if deploy else 'is attached; `runs deploy` puts it to use'}.")


@app.command("delete", epilog=examples("runs delete notes.db entities-3"))
def delete(
    corpus: CorpusPath,
    runs_: Annotated[list[str], typer.Argument(metavar="RUN...", help="Their names.", show_default=False)],
    annotator: Annotator = None,
) -> None:
    """Delete runs with their models and logs; the deployed one is refused, and no decision is lost."""
    from tui_annotate.store import runs

    options.settled(corpus, annotator=annotator)
    with options.opened(corpus) as opened:
        for name in runs_:
            runs.get(opened, name)
        for name in runs_:
            runs.delete(opened, name)
    say(f"{', '.join(runs_)} deleted.")


@app.command("compare", epilog=examples("runs compare notes.db entities-7 entities-3"))
def compare(
    corpus: CorpusPath,
    run: RunName,
    other: Annotated[str, typer.Argument(metavar="OTHER", help="The run beside it.", show_default=False)],
    json: Json = False,
    annotator: Annotator = None,
) -> None:
    """Hold a run against another on the same held-out documents: better, worse or not distinguishable, by label."""
    from tui_annotate.services import figure_words, figures

    options.settled(corpus, annotator=annotator)
    with options.opened(corpus, readonly=True) as opened, progress("comparing") as report:
        found = figures.compare(opened, run, other, on_progress=report)
    if json:
        out_json(found)
        return
    for part, words in (("holdout", "held out"), ("test", "tagged Test")):
        if part in found:
            out(f"{run}, {words}: {figure_words.paired(found[part])[0]}")
            for line in figure_words.paired(found[part])[1:]:
                out(line)


def _lines(name: str, value: Any, indent: str = "") -> list[str]:
    """Return a value as lines, nested ones indented."""
    if isinstance(value, dict):
        return [f"{indent}{name}:"] + [line for key, held in value.items() for line in _lines(key, held, indent + "  ")]
    if isinstance(value, float):
        value = f"{value:.4g}"
    return [f"{indent}{name}: {value}"]

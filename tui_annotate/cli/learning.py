"""`train`, `predict` and `evaluate`: learning on request."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Annotated, Any

import typer

from tui_annotate.cli import options
from tui_annotate.cli.options import Annotator, CorpusPath, Json, examples
from tui_annotate.cli.output import out, out_json, progress, say, table
from tui_annotate.errors import ParameterError, UsageError

app = options.group()

Tasks = Annotated[
    list[str] | None,
    typer.Option("--task", metavar="T", help="entities, or labels:NAME; again for several.", show_default="all"),
]
All = Annotated[bool, typer.Option("--all", help="Every task of the scheme, also where --task is not given.")]
Engine = Annotated[str, typer.Option(metavar="E", help="Engine to train with.", show_default="the task's first")]
Sets = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="An engine's parameter; again for several.", show_default=False),
]
Tags = Annotated[
    list[str] | None,
    typer.Option("--tag", metavar="TAG", help="Only documents with it; again for several.", show_default=False),
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say which version of which document counts, and why.")]
NoDeploy = Annotated[bool, typer.Option("--no-deploy", help="Train only; `runs deploy` puts it to use.")]


@app.command(
    "train",
    short_help="Train on all gold, and put the runs to use.",
    epilog=examples(
        "train notes.db",
        "train notes.db --task entities --no-deploy",
        "train notes.db --set c1=0.1 --tag Train",
        "train notes.db --dry-run",
    ),
)
def train(
    corpus: CorpusPath,
    task: Tasks = None,
    all: All = False,
    engine: Engine = "",
    set: Sets = None,
    tag: Tags = None,
    dry_run: DryRun = False,
    no_deploy: NoDeploy = False,
    json: Json = False,
    annotator: Annotator = None,
) -> None:
    """Train on all gold: a run for each task, put to use unless --no-deploy."""
    from tui_annotate.services import on_request

    if all and task:
        raise UsageError("--all and --task exclude each other.", hint="Name tasks, or take all.")
    settings = options.settled(corpus, annotator=annotator)
    if dry_run:
        _explain(corpus, tags=tag or (), json=json)
        return
    with options.opened(corpus) as opened, progress("training") as report:
        done = on_request.train(
            opened,
            annotator=settings.who,
            tasks=task or (),
            engine=engine,
            parameters=_parameters(set or ()),
            tags=tag or (),
            deploy=not no_deploy,
            on_progress=report,
        )
    for left_out, reason in done.left_out.items():
        say(f"{left_out} was left out: {reason}")
    if json:
        out_json({"runs": [asdict(run) for run in done.runs], "left_out": dict(done.left_out)})
    for run in () if json else done.runs:
        out(run.name)
    say(f"{done.news}.")


def _explain(corpus: CorpusPath, *, tags: Sequence[str], json: bool) -> None:
    from tui_annotate.services import on_request

    with options.opened(corpus, readonly=True) as opened:
        chosen = list(on_request.explain(opened, tags=tags))
    if json:
        out_json([asdict(one) for one in chosen])
        return
    rows = [(c.key, c.annotator or "-", c.rule or "-", c.use, c.why or "-") for c in chosen]
    table(("document", "version", "because", "use", "why not trained on"), rows)
    uses = [c.use for c in chosen]
    counts = f"{uses.count('train')} to train on, {uses.count('holdout')} held out, {uses.count('test')} tagged Test"
    left = len(uses) - uses.count("train") - uses.count("holdout") - uses.count("test")
    say(f"{counts}, {left} not used." if left else f"{counts}.")


def _parameters(pairs: Sequence[str]) -> dict[str, Any]:
    """Return `key=value` pairs as the engine takes them: numbers, true and false, else text."""
    found: dict[str, Any] = {}
    for pair in pairs:
        name, equals, text = pair.partition("=")
        if not (name and equals):
            raise ParameterError(f"--set {pair}: write it as key=value.")
        found[name] = _value(text)
    return found


def _value(text: str) -> bool | int | float | str:
    if text in ("true", "false"):
        return text == "true"
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


@app.command(
    "predict",
    short_help="Predict what is not confirmed.",
    epilog=examples("predict notes.db", "predict notes.db --json"),
)
def predict(corpus: CorpusPath, json: Json = False, annotator: Annotator = None) -> None:
    """Let the deployed runs predict every document that is not confirmed, into the runs' folders."""
    from tui_annotate.services import on_request

    options.settled(corpus, annotator=annotator)
    with options.opened(corpus, readonly=True) as opened, progress("predicting") as report:
        counts = on_request.predict(opened, on_progress=report)
    if json:
        out_json(counts)
        return
    table(("run", "suggestions"), list(counts.items()))


@app.command(
    "evaluate",
    short_help="Figures on gold that no run has seen.",
    epilog=examples("evaluate notes.db", "evaluate notes.db --task labels:IsSpam --json"),
)
def evaluate(corpus: CorpusPath, task: Tasks = None, json: Json = False, annotator: Annotator = None) -> None:
    """Hold the deployed runs against gold they never saw: the holdout, and documents tagged Test."""
    from tui_annotate.services import on_request

    options.settled(corpus, annotator=annotator)
    with options.opened(corpus, readonly=True) as opened:
        found = on_request.evaluate(opened, tasks=task or ())
    if json:
        out_json(found)
        return
    for name, figures in found.items():
        out(f"{name}, run {figures['run']}")
        for what in ("holdout", "test"):
            if figures[what] is not None:
                _figures(what, figures[what])


def _figures(what: str, figures: Mapping[str, Any]) -> None:
    documents, needed = figures["documents"], figures["needed"]
    if documents < needed:
        out(f"  {what}: {documents}/{needed} documents, too few for a figure")
        return
    out(f"  {what}, {documents} documents (in brackets: 90 % interval)")
    for name in ("accuracy", "precision", "recall", "f1", "macro_f1"):
        if figures.get(name) is not None:
            out(f"    {name.replace('_', ' '):10} {_interval(figures[name])}")
    for label, held in (figures.get("types") or figures.get("values") or {}).items():
        score = _interval(held["f1"]) if held.get("f1") is not None else "too few for a figure"
        out(f"    {label}: F1 {score}")


def _interval(value: float | Mapping[str, float]) -> str:
    if isinstance(value, Mapping):
        return f"{value['value']:.3f} ({value['low']:.3f}-{value['high']:.3f})"
    return f"{value:.3f}"

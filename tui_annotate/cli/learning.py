"""`train` and `predict`: learning on request."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tui_annotate.cli import options
from tui_annotate.cli.options import Annotator, CorpusPath, Json, examples
from tui_annotate.cli.output import out, out_json, progress, say, table
from tui_annotate.domain.figures import overfitting
from tui_annotate.errors import ParameterError, UsageError

if TYPE_CHECKING:
    from tui_annotate.learn.messages import TrainOptions
    from tui_annotate.store.connection import Corpus

app = options.group()

Tasks = Annotated[
    list[str] | None,
    typer.Option("--task", metavar="T", help="entities, or labels:NAME; again for several.", show_default="all"),
]
TrainTasks = Annotated[
    list[str] | None,
    typer.Option(
        "--task",
        metavar="T",
        help="entities, labels:NAME, attributes:NAME, or a name alone; again for several. labels: one classifier only.",
        show_default="all",
    ),
]
All = Annotated[bool, typer.Option("--all", help="Every task of the scheme, also where --task is not given.")]
Engine = Annotated[str, typer.Option(metavar="E", help="Engine to train with.", show_default="as the corpus is set")]
Script = Annotated[
    Path | None,
    typer.Option("--script", metavar="FILE", help="Train by a Python file of your own.", show_default=False),
]
Sets = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="KEY=VALUE",
        help="An engine's parameter, as c1=0.1 or spacy-ner.epochs=5; or tie=recent. Again for several.",
        show_default=False,
    ),
]
Tags = Annotated[
    list[str] | None,
    typer.Option("--tag", metavar="TAG", help="Only documents with it; again for several.", show_default=False),
]
Reviewed = Annotated[
    bool | None,
    typer.Option(
        "--reviewed/--submitted",
        help="Only versions that a reviewer accepted, or all that were confirmed.",
        show_default="as the corpus is set",
    ),
]
Validation = Annotated[
    float | None,
    typer.Option(metavar="SHARE", help="Share of the gold set apart to see overfitting.", show_default="0.2"),
]
Seed = Annotated[int | None, typer.Option(metavar="N", help="Seed of all chance.", show_default="as the corpus is set")]
Warm = Annotated[bool, typer.Option("--warm", help="Go on from the deployed run, where the engine can.")]
Deploy = Annotated[bool, typer.Option("--deploy/--no-deploy", help="Put the runs to use, or train only.")]
Log = Annotated[bool, typer.Option("--log", help="Show the log on stderr as it is written.")]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Say which version of which document counts and why, and what there is.")
]


@app.command(
    "train",
    short_help="Train on all gold, and put the runs to use.",
    epilog=examples(
        "train notes.db",
        "train notes.db --task entities --no-deploy",
        "train notes.db --task labels:IsSpam --set c=3 --seed 7 --validation 0.3",
        "train notes.db --task entities --engine spacy-ner --set epochs=10 --warm",
        "train notes.db --task entities --script my_model.py",
        "train notes.db --tag round-1 --reviewed --set tie=recent",
        "train notes.db --dry-run",
    ),
)
def train(
    corpus: CorpusPath,
    task: TrainTasks = None,
    all: All = False,
    engine: Engine = "",
    script: Script = None,
    set: Sets = None,
    tag: Tags = None,
    reviewed: Reviewed = None,
    validation: Validation = None,
    seed: Seed = None,
    warm: Warm = False,
    deploy: Deploy = True,
    log: Log = False,
    dry_run: DryRun = False,
    json: Json = False,
    annotator: Annotator = None,
) -> None:
    """Train on all gold: a run for each task, put to use unless --no-deploy."""
    from tui_annotate.domain import deployment
    from tui_annotate.learn.messages import TrainOptions
    from tui_annotate.services import on_request

    if all and task:
        raise UsageError("--all and --task exclude each other.", hint="Name tasks, or take all.")
    settings = options.settled(corpus, annotator=annotator)
    asked = train_options(
        TrainOptions(
            tasks=task or [],
            engine=engine,
            script=str(script) if script is not None else "",
            tags=tag,
            reviewed=reviewed,
            validation=validation,
            seed=seed,
            warm=warm,
            deploy=deploy,
        ),
        set or (),
    )
    if dry_run:
        _explain(corpus, asked, json=json)
        return
    with options.opened(corpus) as opened:
        _say_classifier(opened, asked)
        with progress("training") as report:
            done = on_request.train(
                opened, asked, annotator=settings.who, on_progress=report, on_line=say if log else None
            )
    for left_out, reason in done.left_out.items():
        say(f"{left_out} was left out: {reason}")
    if json:
        changes = [asdict(change) for change in done.changes]
        out_json({"runs": [asdict(run) for run in done.runs], "left_out": dict(done.left_out), "changes": changes})
    for run in () if json else done.runs:
        out(run.name)
    for line in deployment.said(done.changes):
        say(line)
    for run in done.runs:
        if gap := overfitting(run.metrics):
            say(f"{run.name}: {gap}")
    say(f"{done.news}.")


def train_options(asked: TrainOptions, pairs: Sequence[str]) -> TrainOptions:
    """Return options with what `--set` says worked in: `tie`, `seed` and `validation` are no engine's parameters.

    Raises:
        ParameterError: A pair that is none, or a value that does not fit.
    """
    import msgspec

    given = _parameters(pairs)
    own: dict[str, Any] = {name: given.pop(name) for name in ("tie", "seed", "validation") if name in given}
    try:
        typed = msgspec.convert(msgspec.structs.asdict(asked) | own, type(asked))
    except msgspec.ValidationError as error:
        raise ParameterError(f"--set: {error}.", hint="tie is priority or recent, seed a whole number.") from None
    return msgspec.structs.replace(typed, parameters=given)


def _say_classifier(opened: Corpus, asked: TrainOptions) -> None:
    """Say which classifier is trained where one only was asked for."""
    from tui_annotate.domain.tasks import ONE_CLASSIFIER, first_classifier, why_first
    from tui_annotate.store import settings

    first = first_classifier(settings.scheme(opened))
    if ONE_CLASSIFIER in asked.tasks and first is not None:
        say(f"will train: {why_first(first)}")


def _explain(corpus: CorpusPath, asked: TrainOptions, *, json: bool) -> None:
    from tui_annotate.services import on_request, preflight

    with options.opened(corpus, readonly=True) as opened:
        _say_classifier(opened, asked)
        chosen = list(on_request.explain(opened, tags=asked.tags, reviewed=asked.reviewed, tie=asked.tie))
        found = preflight.preflight(opened, asked)
    if json:
        out_json({"documents": [asdict(one) for one in chosen], **asdict(found)})
        return
    rows = [(c.key, c.annotator or "-", c.rule or "-", c.use, c.why or "-") for c in chosen]
    table(("document", "version", "because", "use", "why not trained on"), rows)
    out()
    examples = [(one.task, one.engine, row.name, row.count, row.advice) for one in found.tasks for row in one.examples]
    table(("task", "engine", "label", "examples", "40 to 50 advised"), examples)
    uses = [c.use for c in chosen]
    counts = f"{uses.count('train')} to train on, {uses.count('holdout')} held out, {uses.count('test')} tagged Test"
    left = len(uses) - uses.count("train") - uses.count("holdout") - uses.count("test")
    say(f"{counts}, {left} not used." if left else f"{counts}.")
    for one in found.tasks:
        if one.contradicted:
            say(f"{one.task}: {one.contradicted} documents contradict others of the same text.")
        if one.obstacle is not None:
            say(f"{one.task} cannot be trained: {one.obstacle}")
    if found.obstacle is not None and not found.tasks:
        say(f"cannot be trained: {found.obstacle}")
    if found.classifier:
        say(f"every label is trained by itself; with --task labels only one would be: {found.classifier}")


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

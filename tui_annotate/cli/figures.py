"""`evaluate` and `curve`: what a run is worth, whether to go on, and where the labels may be wrong."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tui_annotate.cli import options
from tui_annotate.cli.options import Annotator, CorpusPath, Json, examples
from tui_annotate.cli.output import out, out_json, plot_width, progress, say, table
from tui_annotate.errors import NothingToDoError, TooFewExamplesError, UsageError

if TYPE_CHECKING:
    from tui_annotate.learn.messages import CurveDrawn
    from tui_annotate.store.connection import Corpus

app = options.group()

Tasks = Annotated[
    list[str] | None,
    typer.Option("--task", metavar="T", help="entities, or labels:NAME; again for several.", show_default="all"),
]
Run = Annotated[str, typer.Option("--run", metavar="RUN", help="Another run than the deployed one.", show_default="")]
Plot = Annotated[bool, typer.Option("--plot", help="Draw the runs so far too.")]
Stop = Annotated[bool, typer.Option("--stop", help="Say whether to go on: what more confirmations would bring.")]
Target = Annotated[
    float | None,
    typer.Option("--target", metavar="F", min=0, max=1, help="With --stop: the figure to reach.", show_default="set"),
]
Audit = Annotated[
    int, typer.Option("--audit", metavar="K", min=0, help="Have K documents drawn at random come next, held out.")
]
SecondLook = Annotated[
    bool, typer.Option("--second-look", help="List confirmed documents that models contradict which never saw them.")
]
Most = Annotated[int, typer.Option("--limit", metavar="N", min=1, help="With --second-look: list N at most.")]
Engine = Annotated[str, typer.Option(metavar="E", help="Engine to train with.", show_default="the task's first")]
Shares = Annotated[str, typer.Option("--shares", metavar="P,...", help="Parts of the gold to train on, in per cent.")]
Draws = Annotated[
    int, typer.Option("--draws", metavar="K", min=0, help="Draws of each part; 0: several where a fit is cheap.")
]


@app.command(
    "evaluate",
    short_help="Figures on gold that no run has seen.",
    epilog=examples(
        "evaluate notes.db",
        "evaluate notes.db --task labels:IsSpam --json",
        "evaluate notes.db --run entities-3 --plot",
        "evaluate notes.db --stop --target 0.9",
        "evaluate notes.db --audit 50",
        "evaluate notes.db --second-look --limit 20",
    ),
)
def evaluate(
    corpus: CorpusPath,
    task: Tasks = None,
    run: Run = "",
    plot: Plot = False,
    stop: Stop = False,
    target: Target = None,
    audit: Audit = 0,
    second_look: SecondLook = False,
    limit: Most = 50,
    json: Json = False,
    annotator: Annotator = None,
) -> None:
    """Hold the deployed runs against gold they never saw: the holdout, and documents tagged Test."""
    if sum((stop, second_look, bool(audit))) > 1:
        raise UsageError("--stop, --second-look and --audit exclude each other.", hint="Ask for one at a time.")
    if target is not None and not stop:
        raise UsageError("--target goes with --stop.", hint="`settings CORPUS target=0.9` keeps one.")
    if (run or plot) and (stop or second_look or audit):
        raise UsageError("--run and --plot show figures; --stop, --second-look and --audit ask for something else.")
    options.settled(corpus, annotator=annotator)
    if audit:
        with options.opened(corpus) as opened:
            _audit(opened, audit)
        return
    with options.opened(corpus, readonly=True) as opened:
        tasks = _named(opened, task)
        if stop:
            _stop(opened, tasks, target, json=json)
        elif second_look:
            _second_look(opened, tasks, limit, json=json)
        else:
            _evaluate(opened, tasks, run, json=json, plot=plot)


def _named(corpus: Corpus, tasks: list[str] | None) -> list[str]:
    """Return the tasks that were named; none where none was. Raises UsageError with the nearest name."""
    from tui_annotate.domain.tasks import resolve
    from tui_annotate.store import settings

    return resolve(settings.scheme(corpus), tasks) if tasks else []


def _audit(corpus: Corpus, count: int) -> None:
    from tui_annotate.services import stopping

    coming = stopping.audit(corpus, count)
    few = "" if coming == count else f" ({count} were asked for, no more are pending)"
    say(f"{coming} documents drawn at random come next{few}; what you say of them is only measured on.")


def _evaluate(corpus: Corpus, tasks: list[str], run: str, *, json: bool, plot: bool) -> None:
    from tui_annotate.services import figure_words, figures

    with progress("evaluating") as report:
        found = figures.evaluate(corpus, tasks=tasks, run=run, on_progress=report)
    if json:
        out_json(found)
        return
    for number, (task, held) in enumerate(found.items()):
        if number:
            out()
        out(f"{task}, run {held['run']}")
        for what in ("holdout", "test"):
            if held[what] is not None:
                _part(what, held[what])
        if plot:
            past = figures.history(corpus, task)
            if not past:
                say(f"{task}: no run has a figure on what was held out yet, so nothing is drawn.")
            _lines("runs so far", figure_words.over_time(past))
            size = (plot_width(), 20)
            _lines("", figure_words.over_time_drawn(past, size=size))


def _part(what: str, figures: Mapping[str, Any]) -> None:
    from tui_annotate.services import figure_words

    first, *rest = figure_words.overview(figures)
    out(f"  {what}, {first}" if rest else f"  {what}: {first}")
    for line in rest:
        out(f"  {line}")
    _lines("by label", figure_words.by_part(figures))
    _lines("confusion", figure_words.confusion(figures))
    _lines("calibration", figure_words.calibration(figures))
    _lines("precision above a probability", figure_words.above(figures))


def _lines(title: str, lines: list[str]) -> None:
    if lines and title:
        out(f"  {title}")
    for line in lines:
        out(f"    {line.rstrip()}" if title else line)


def _stop(corpus: Corpus, tasks: list[str], target: float | None, *, json: bool) -> None:
    from tui_annotate.services import stopping

    found = stopping.report(corpus, tasks=tasks, target=target)
    if not found:
        raise NothingToDoError("The scheme has nothing to learn.", hint="Add entity types or document labels to it.")
    if json:
        out_json([{**asdict(one), "stable": one.is_stable, "advice": stopping.advice(one)} for one in found])
        return
    for one in found:
        for line in stopping.said(one):
            out(line)


def _second_look(corpus: Corpus, tasks: list[str], limit: int, *, json: bool) -> None:
    from tui_annotate.services import second_look

    with progress("looking again") as report:
        found = second_look.look(corpus, tasks=tasks, on_progress=report)
    if json:
        out_json(
            {
                "looked": found.looked,
                "left_out": dict(found.left_out),
                "found": [
                    {"document": one.key, "task": one.task, "score": one.score, "reason": one.reason}
                    for one in found.suspects[:limit]
                ],
            }
        )
        return
    for name, why in found.left_out.items():
        say(f"{name} was left out: {why}")
    if not found.suspects:
        raise NothingToDoError(f"Nothing contradicts the {found.looked} confirmed documents.")
    table(("document", "score", "why"), [(s.key, f"{s.score:.2f}", s.reason) for s in found.suspects[:limit]])
    say(f"{len(found.suspects)} of {found.looked} confirmed documents are contradicted.")


@app.command(
    "curve",
    short_help="Draw the learning curve.",
    epilog=examples("curve notes.db", "curve notes.db --task entities --json", "curve notes.db --shares 10,30,100"),
)
def curve(
    corpus: CorpusPath,
    task: Tasks = None,
    engine: Engine = "",
    shares: Shares = "25,50,75,100",
    draws: Draws = 0,
    json: Json = False,
    annotator: Annotator = None,
) -> None:
    """Train on parts of the gold and show what more of it brings; nothing is deployed."""
    from tui_annotate.domain.tasks import resolve
    from tui_annotate.services import figure_words, figures
    from tui_annotate.store import settings

    options.settled(corpus, annotator=annotator)
    wanted = _shares(shares)
    found: list[CurveDrawn] = []
    refused: list[TooFewExamplesError] = []
    with options.opened(corpus) as opened:
        for name in resolve(settings.scheme(opened), task or ()):
            try:
                with progress(f"curve of {name}") as report:
                    one = figures.curve(opened, name, engine=engine, shares=wanted, draws=draws, on_progress=report)
            except TooFewExamplesError as error:
                refused.append(error)
                say(f"{name} was left out: {error}")
            else:
                found.append(one)
    if not found:
        raise refused[0]
    if json:
        import msgspec

        out_json([msgspec.to_builtins(one) for one in found])
        return
    for one in found:
        for line in [*figure_words.curve(one), *figure_words.curve_drawn(one, size=(plot_width(), 20))]:
            out(line)


def _shares(text: str) -> list[float]:
    try:
        found = sorted({float(one) / 100 for one in text.split(",") if one.strip()})
    except ValueError:
        raise UsageError(f"--shares {text}: write per cents with commas, such as 25,50,100.") from None
    if not found or not all(0 < share <= 1 for share in found):
        raise UsageError(f"--shares {text}: each must be more than 0 and at most 100.")
    return found

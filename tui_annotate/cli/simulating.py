"""`simulate`: a gold corpus played through session and learner, to see what an hour of reviewing would bring."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tui_annotate.cli import options
from tui_annotate.cli.options import Annotator, Json, examples
from tui_annotate.cli.output import out, out_json, out_lines, plot_width, progress
from tui_annotate.errors import UsageError

if TYPE_CHECKING:
    from tui_annotate.services.simulating import Play

app = options.group()

AGAINST = ("confirmations", "tokens", "spans", "keys", "seconds")

GoldPath = Annotated[
    Path, typer.Argument(metavar="GOLD", help="A corpus, or any file that can be imported.", show_default=False)
]
Every = Annotated[
    int,
    typer.Option(
        "--n", metavar="N", min=0, help="Confirmations between trainings.", show_default="5, with entities 10"
    ),
]
Strategies = Annotated[
    list[str] | None,
    typer.Option("--strategy", metavar="NAME", help="Again for several.", show_default="the default, and random"),
]
Seeds = Annotated[int, typer.Option("--seeds", metavar="K", min=1, help="How many plays of each: seeds 0 to K-1.")]
Most = Annotated[int, typer.Option("--max", metavar="M", min=1, help="Confirmations after which a play ends.")]
TestFile = Annotated[
    Path | None, typer.Option("--test", metavar="FILE", help="What to measure on.", show_default="a share of GOLD")
]
TestShare = Annotated[
    float, typer.Option("--test-share", metavar="R", min=0.01, max=0.9, help="The share set apart to measure on.")
]
Engine = Annotated[
    str,
    typer.Option("--engine", metavar="E", help="Engine for the tasks that it handles.", show_default="the fast ones"),
]
Given = Annotated[
    bool, typer.Option("--given", help="The entities stand there; play what is decided of them, as attributes.")
]
Unique = Annotated[bool, typer.Option("--skip-duplicates", help="Take each text once.")]
Plot = Annotated[bool, typer.Option("--plot", help="Draw the curves too: the mean over the seeds.")]
Against = Annotated[
    str,
    typer.Option("--against", metavar="WHAT", help="What to draw over: confirmations, tokens, spans, keys or seconds."),
]


@app.command(
    "simulate",
    short_help="Play a gold corpus: what reviewing would bring.",
    epilog=examples(
        "simulate gold.jsonl",
        "simulate gold.jsonl --strategy margin --strategy random --seeds 5 --n 10",
        "simulate notes.db --test test.jsonl --max 400 --json",
        "simulate gold.jsonl --plot --against seconds",
    ),
)
def simulate(
    gold: GoldPath,
    n: Every = 0,
    strategy: Strategies = None,
    seeds: Seeds = 1,
    maximum: Most = 500,
    test: TestFile = None,
    test_share: TestShare = 0.2,
    engine: Engine = "",
    given: Given = False,
    skip_duplicates: Unique = False,
    plot: Plot = False,
    against: Against = "confirmations",
    json: Json = False,
    annotator: Annotator = None,
) -> None:
    """Play a gold corpus: after each training, how good it is on what was set apart, and what it took.

    Tokens are those read, spans the entities confirmed, keys those pressed; seconds are what a person would
    need for that, reading 238 words a minute. What the queue holds out counts as confirmed.
    """
    options.settled(annotator=annotator)
    play(
        gold,
        n=n,
        strategies=strategy or (),
        seeds=seeds,
        most=maximum,
        test=test,
        test_share=test_share,
        engine=engine,
        given=given,
        skip_duplicates=skip_duplicates,
        against=against if plot else "",
        json=json,
    )


def play(
    gold: Path,
    *,
    n: int = 0,
    strategies: Sequence[str] = (),
    seeds: int = 1,
    most: int = 500,
    test: Path | None = None,
    test_share: float = 0.2,
    engine: str = "",
    given: bool = False,
    skip_duplicates: bool = False,
    against: str = "",
    json: bool = False,
) -> None:
    """Play and print: a table that grows as each play ends, or JSON at the end.

    Args:
        against: Draw the curves over this field of a point; empty for no drawing.
    """
    from tui_annotate.services import gold as reading
    from tui_annotate.services import simulating

    if against and against not in AGAINST:
        raise UsageError(f"Curves are drawn over {', '.join(AGAINST)}, not over {against}.")
    for path in filter(None, (gold, test)):
        if not path.exists():
            raise UsageError(f"There is no file {path}.")
    pool = reading.load(gold)
    held = reading.load(test, scheme=pool.scheme) if test else None
    if skip_duplicates:
        pool = pool.without_duplicates()
    plays = []
    with progress("playing") as report:
        for ended in simulating.simulate(
            pool,
            n=n,
            strategies=strategies,
            seeds=range(seeds),
            most=most,
            test=held,
            test_share=test_share,
            engine=engine,
            given=given,
            on_progress=report,
        ):
            plays.append(ended)
            if not json:
                _print(ended)
    if json:
        out_json(simulating.report(plays))
    elif against:
        from tui_annotate.services import plotting

        for task in dict.fromkeys(ended.task for ended in plays):
            curves = simulating.mean_curves([ended for ended in plays if ended.task == task], against=against)
            title = f"{task}: {against} to figure"
            out_lines(plotting.curves(curves, title=title, across=against, size=(plot_width(), 22)))


def _print(play: Play) -> None:
    out(f"{play.task}, {play.strategy}, seed {play.seed}, N = {play.n}")
    out("  confirmed  accuracy     F1    tokens   spans    keys  minutes  fit s")
    for point in play.points:
        accuracy, f1 = (f"{value:.3f}" if value is not None else "-" for value in (point.accuracy, point.f1))
        counts = f"{point.tokens:>9} {point.spans:>7} {point.keys:>7}"
        times = f"{point.seconds / 60:>8.1f} {point.fit_seconds:>6.2f}"
        out(f"  {point.confirmations:>9} {accuracy:>9} {f1:>6} {counts} {times}")
    if not play.points:
        out("  nothing could be learned: too few confirmations, or only one value among them")

"""`demo`: a shipped corpus, ready to review."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from tui_annotate import config, samples
from tui_annotate.cli import options
from tui_annotate.cli.options import Annotator, examples
from tui_annotate.cli.output import progress, say
from tui_annotate.cli.starting import open_app
from tui_annotate.errors import EXIT_OK

app = options.group()

Name = Annotated[str, typer.Argument(metavar="NAME", help="Which: " + ", ".join(s.name for s in samples.SAMPLES) + ".")]


@app.command("demo", epilog=examples("demo", "demo bc5cdr", "demo spam --simulate", "demo --fresh --path /tmp/spam.db"))
def demo(
    name: Name = "spam",
    simulate: Annotated[
        bool, typer.Option("--simulate", help="Play it instead: an annotator who knows the answers.")
    ] = False,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Begin anew; the old corpus is kept under another name.")
    ] = False,
    path: Annotated[
        Path | None, typer.Option("--path", metavar="FILE", help="Where to make it.", show_default="your data folder")
    ] = None,
    annotator: Annotator = None,
) -> int:
    """Review real text now. Without a terminal it is played, as with --simulate.

    The corpus is made in your data folder, without labels: those are yours to give.
    Calling it again goes on where you stopped.
    """
    sample = samples.get(name)
    if simulate or not (sys.stdin.isatty() and sys.stdout.isatty()):
        from tui_annotate.cli.simulating import play

        say(f"{sample.title}. {sample.credit}.")
        play(sample.gold, most=100, strategies=("default",))
        return EXIT_OK
    corpus = path or config.demo_path(name)
    settings = options.settled(corpus, annotator=annotator)
    if fresh and corpus.exists():
        _put_aside(corpus)
    if not corpus.exists():
        from tui_annotate.services import demo as making

        with progress("making the demo") as report:
            making.make(sample, corpus, annotator=settings.who, on_progress=lambda n: report(None, f"{n} documents"))
    say(f"{sample.title}: {corpus}")
    return open_app(corpus, settings)


def _put_aside(corpus: Path) -> None:
    """Rename a corpus, and its runs with it, so that nothing of it is lost."""
    kept = corpus.with_name(f"{corpus.stem}-{datetime.now():%Y%m%d-%H%M%S}{corpus.suffix}")
    corpus.rename(kept)
    runs = corpus.with_suffix(".runs")
    if runs.exists():
        runs.rename(kept.with_suffix(".runs"))
    say(f"The old one is {kept} now.")

"""`verify`, `rebuild` and `backup`: whether the corpus is sound, and a copy of it."""

from __future__ import annotations

import os
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from tui_annotate.cli import options
from tui_annotate.cli.options import Annotator, CorpusPath, Json, examples
from tui_annotate.cli.output import out, out_json, progress, say
from tui_annotate.errors import CorruptError

app = options.group()


@app.command("verify", short_help="Check a corpus.", epilog=examples("verify notes.db", "verify notes.db --json"))
def verify(corpus: CorpusPath, json: Json = False, annotator: Annotator = None) -> None:
    """Check a corpus: the file itself, and whether what is in it fits together."""
    from tui_annotate.store import verify as verifying

    options.settled(corpus, annotator=annotator)
    with options.opened(corpus, readonly=True) as opened, progress("verifying") as report:
        problems = verifying.verify(opened, on_progress=report)
    if json:
        out_json({"sound": not problems, "problems": problems})
    for problem in () if json else problems:
        out(problem)
    if problems:
        raise CorruptError(
            f"{corpus} has {len(problems)} problem{'s' * (len(problems) > 1)}.",
            hint=f"`tui-annotate rebuild {corpus}` derives the current state again; else restore a backup.",
        )
    say(f"{corpus} is sound.")


@app.command(
    "rebuild",
    short_help="Derive the state from the log again, and compare.",
    epilog=examples("rebuild notes.db", "rebuild notes.db --apply", "rebuild notes.db --json"),
)
def rebuild(
    corpus: CorpusPath,
    apply: Annotated[bool, typer.Option("--apply", help="Back up, then put right what differs.")] = False,
    json: Json = False,
    annotator: Annotator = None,
) -> None:
    """Derive the current state again from the imports and the log, and say whether it was equal."""
    from tui_annotate.store import backup as backing
    from tui_annotate.store import rebuild as rebuilding

    options.settled(corpus, annotator=annotator)
    with options.opened(corpus, readonly=not apply) as opened, progress("rebuilding") as report:
        if apply:
            backing.backup(opened, kept := _beside(corpus), on_progress=report)
            say(f"Backed up to {kept}.")
        found = rebuilding.rebuild(opened, on_progress=report, apply=apply)
    left = len(found.differences) - found.mended
    if json:
        out_json({**asdict(found), "equal": found.equal})
    for difference in () if json else found.differences:
        out(difference)
    if found.equal:
        say(f"The state of {found.documents} documents was equal.")
    elif left:
        hint = "The log contradicts itself there; restore a backup." if apply else "Put it right with --apply."
        raise CorruptError(f"{left} differences between {corpus} and its log.", hint=hint)
    else:
        say(f"{found.mended} differences were put right.")


@app.command("backup", epilog=examples("backup notes.db", "backup notes.db /media/usb/notes.db"))
def backup(
    corpus: CorpusPath,
    target: Annotated[
        Path | None,
        typer.Argument(metavar="FILE", help="Where to. Default: beside it, with the date.", show_default=False),
    ] = None,
    annotator: Annotator = None,
) -> None:
    """Copy a corpus, also while it is in use, and check the copy."""
    from tui_annotate.store import backup as backing

    options.settled(corpus, annotator=annotator)
    to = target or _beside(corpus)
    # One that may not be written, on a read-only medium for instance, can be copied all the same.
    writable = os.access(corpus, os.W_OK) and os.access(corpus.absolute().parent, os.W_OK)
    with options.opened(corpus, readonly=corpus.exists() and not writable) as opened, progress("copying") as report:
        backing.backup(opened, to, on_progress=report)
    out(str(to))
    say("The copy is complete and was checked.")


def _beside(corpus: Path) -> Path:
    return corpus.with_name(f"{corpus.stem}.backup-{datetime.now():%Y%m%d-%H%M%S}{corpus.suffix}")

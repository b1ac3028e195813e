"""`mirror`: a folder of texts and lines that is kept in step with a corpus."""

from __future__ import annotations

import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tui_annotate.cli import options
from tui_annotate.cli.options import Annotator, CorpusPath, Json, examples
from tui_annotate.cli.output import out, out_json, progress, say
from tui_annotate.domain.wording import counted
from tui_annotate.errors import AnnotateError

if TYPE_CHECKING:
    from tui_annotate.services.mirroring import MirrorReport

app = options.group()

_LEAST = 1.0
_SHARE = 20


@app.command(
    "mirror",
    short_help="Keep a folder of texts and lines in step.",
    epilog=examples(
        "mirror notes.db notes/                # writes what changed, reads edits back",
        "mirror notes.db notes/ --dry-run",
        "mirror notes.db notes/ --watch        # until Ctrl+C",
    ),
)
def mirror(
    corpus: CorpusPath,
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The folder: new, empty, or a mirror.")],
    watch: Annotated[bool, typer.Option("--watch", help="Look again and again, until Ctrl+C.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Report the same, change nothing.")] = False,
    json: Json = False,
    annotator: Annotator = None,
) -> None:
    """Keep a folder in step with a corpus: a text and a file of one-line annotations for each document.

    Lines that you edit, add or take out come in as your decisions, one act a document, which undo takes back. What
    changed on both sides stays as the corpus has it; yours is kept beside it as .conflict, and the exit code is 1.
    """
    from tui_annotate.services import mirroring

    who = options.settled(corpus, annotator=annotator).who
    known: tuple[str, ...] = ()
    is_first = True
    with options.opened(corpus, readonly=dry_run) as opened:
        while True:
            began = time.monotonic()
            with progress("mirroring") as report:
                done = mirroring.mirror(
                    opened,
                    folder,
                    annotator=who,
                    dry_run=dry_run,
                    on_progress=lambda count: report(None, f"{count} documents"),
                )
            said = (*done.refused, *done.conflicts, *done.notes)
            # What is to be mended is found again at each look: it is said once, until it is something else.
            if is_first or done.written or done.read_back or done.removed or (said and said != known):
                _tell(done, json=json)
            known, is_first = said, False
            if not watch:
                break
            time.sleep(max(_LEAST, _SHARE * (time.monotonic() - began)))
    if not done.in_step:
        count = len(done.conflicts) + len(done.refused) + done.more
        raise AnnotateError(f"{count} to be looked at.", hint="The lines above name each; nothing was lost.")


def _tell(done: MirrorReport, *, json: bool) -> None:
    if json:
        out_json(asdict(done))
    for line in () if json else (*done.refused, *done.conflicts, *done.notes):
        out(line)
    if done.more and not json:
        out(f"... and {done.more} more.")
    counts = (
        (done.written, "written"),
        (done.read_back, f"read back as {counted(done.decisions, 'decisions')}"),
        (done.removed, "removed"),
        (done.unchanged, "unchanged"),
        (len(done.refused), "to be mended"),
    )
    said = ", ".join(f"{count:,} {what}" for count, what in counts if count) or "nothing there"
    what = f"{counted(done.documents, 'documents')} in {done.folder}"
    say(f"{'Would be: ' if done.dry_run else ''}{what}: {said}.")

"""`import` and `export`: in and out of a corpus."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from tui_annotate.cli import options
from tui_annotate.cli.options import Annotator, CorpusPath, Json, examples
from tui_annotate.cli.output import out_json, progress, say, table
from tui_annotate.cli.problems import say_problems
from tui_annotate.domain.wording import counted
from tui_annotate.errors import DataError, StoreError, UsageError

if TYPE_CHECKING:
    from tui_annotate.services.importing import ImportReport

app = options.group()

Paths = Annotated[
    list[str], typer.Argument(metavar="PATH...", help="Files, folders, zips, or - for stdin.", show_default=False)
]
FormatIn = Annotated[
    str | None, typer.Option("--format", metavar="NAME", help="As `formats` lists it.", show_default="told by the file")
]
As = Annotated[
    Literal["auto", "annotations", "suggestions"],
    typer.Option("--as", help="What annotations become; auto: suggestions, unless their document is confirmed."),
]
SkipDuplicates = Annotated[bool, typer.Option("--skip-duplicates", help="Leave out texts that are there.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Report the same, change nothing.")]
Strict = Annotated[
    bool,
    typer.Option("--strict", help="Refuse what has labels that the scheme lacks; exit with 3 if anything was refused."),
]
Parts = Annotated[
    Literal["verbatim", "paragraphs", "lines"], typer.Option(help="What becomes a part of its own in plain text.")
]
Label = Annotated[str, typer.Option(metavar="NAME", help="What an unnamed label is called.", show_default="guessed")]
TrueValue = Annotated[
    str, typer.Option("--true", metavar="VALUE", help="Its value that means yes.", show_default="guessed")
]
Column = Annotated[str, typer.Option(metavar="COLUMN", help="Header or number.", show_default="guessed")]

Output = Annotated[
    str,
    typer.Option("--output", "-o", metavar="PATH", help="File, folder, NAME.zip, or - for stdout.", show_default=False),
]
FormatOut = Annotated[str, typer.Option("--format", metavar="NAME", help="As `formats` lists it.")]
Confirmed = Annotated[bool, typer.Option("--confirmed", help="Only what is confirmed.")]
Version = Annotated[
    str, typer.Option("--version", metavar="NAME", help="Only this annotator's, or master.", show_default="all")
]
Query = Annotated[
    str, typer.Option("--query", metavar="QUERY", help="Only documents that `search` finds.", show_default=False)
]
Decisions = Annotated[bool, typer.Option("--decisions", help="The log as well, beside it.")]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace what is at PATH.")]


@app.command(
    "import",
    epilog=examples(
        "import notes.db texts/ --dry-run",
        "import notes.db project.zip more.jsonl",
        "import spam.db messages.tsv --label IsSpam --true spam",
        "import notes.db letters/ --parts paragraphs",
        "import notes.db - --format jsonl < rows.jsonl",
    ),
)
def import_(
    corpus: CorpusPath,
    paths: Paths,
    format: FormatIn = None,
    as_: As = "auto",
    skip_duplicates: SkipDuplicates = False,
    dry_run: DryRun = False,
    strict: Strict = False,
    parts: Parts = "verbatim",
    label: Label = "",
    true: TrueValue = "",
    text_column: Column = "",
    label_column: Column = "",
    id_column: Column = "",
    json: Json = False,
    annotator: Annotator = None,
) -> None:
    """Import texts, with the annotations that come along. Problems are file:line: field: reason; the rest goes on."""
    from tui_annotate.formats.base import ReadOptions
    from tui_annotate.services import importing

    settings = options.settled(corpus, annotator=annotator)
    read = ReadOptions(
        parts=parts,
        label=label,
        true_value=true,
        text_column=text_column,
        label_column=label_column,
        id_column=id_column,
    )
    with options.opened(corpus) as opened, _stays(dry_run), progress("importing") as report:
        done = importing.import_paths(
            opened,
            paths,
            annotator=settings.who,
            format=format,
            as_=as_,
            skip_duplicates=skip_duplicates,
            dry_run=dry_run,
            strict=strict,
            options=read,
            on_progress=lambda count: report(None, f"{count} documents"),
        )
    say_problems(done.problems, done.more_problems)
    if json:
        out_json(asdict(done))
    else:
        _tell_import(done)
    _check(done, strict=strict)


@contextmanager
def _stays(dry_run: bool) -> Iterator[None]:
    """Say, when an import breaks off, that it can be gone on with."""
    try:
        yield
    except (StoreError, KeyboardInterrupt):
        if not dry_run:
            say("What came in before stays; the same command goes on from there.")
        raise


def _check(done: ImportReport, *, strict: bool) -> None:
    """Raise DataError when nothing came in, or when strict and something did not."""
    counts = done.counts
    if not (counts.created or counts.updated or counts.unchanged or counts.duplicates):
        why = "The lines above say why." if done.problems else "There were no documents."
        raise DataError("Nothing came in.", hint=why)
    lines = sum(problem.severity == "refused" for problem in done.problems)
    refused = max(lines, sum(file.refused for file in done.files), counts.refused)
    if strict and refused:
        raise DataError(f"{refused:,} refused; the rest is in.", hint="The lines above say why.")


def _tell_import(done: ImportReport) -> None:
    table(
        ("file", "format", "files", "documents", "noted", "repaired", "refused"),
        [(f.where, f.format, f.files, f.documents, f.noted, f.repaired, f.refused) for f in done.files],
    )
    counts = asdict(done.counts)
    parts = [counted(count, name) for name, count in counts.items() if count]
    say(("Would be: " if done.dry_run else "") + (", ".join(parts) or "nothing") + ".")
    if done.added:
        say(f"{'Would join' if done.dry_run else 'Joined'} the scheme: {', '.join(done.added)}.")


@app.command(
    "export",
    short_help="Export a corpus, read again and compared.",
    epilog=examples(
        "export notes.db --output notes.zip                # an anndoc project",
        "export notes.db --confirmed --output gold/",
        "export notes.db --format jsonl --output - | head",
        "export notes.db --version anna --output anna.zip",
        "export notes.db --query 'tag:Train label:urgent:true' --output urgent.zip",
    ),
)
def export(
    corpus: CorpusPath,
    output: Output,
    format: FormatOut = "anndoc",
    confirmed: Confirmed = False,
    version: Version = "",
    query: Query = "",
    decisions: Decisions = False,
    overwrite: Overwrite = False,
    json: Json = False,
    annotator: Annotator = None,
) -> None:
    """Export a corpus: written aside, read again, compared, then renamed to PATH."""
    from tui_annotate.cli.finding import searchable, tell_doubts
    from tui_annotate.services import exporting, searching

    who = options.settled(corpus, annotator=annotator).who
    if json and output == "-":
        raise UsageError("--json and --output - both want standard output.", hint="Name a file for the export.")
    opening = searchable(corpus) if query else options.opened(corpus, readonly=True)
    with opening as opened, progress("exporting") as report:
        ids = searching.ids(opened, query, annotator=who) if query else None
        if query:
            tell_doubts(opened, query, annotator=who)
        done = exporting.export(
            opened,
            output,
            format=format,
            confirmed=confirmed,
            version=version,
            ids=ids,
            decisions=decisions,
            overwrite=overwrite,
            on_losses=lambda losses: say(losses.sentence()),
            on_progress=lambda count: report(None, f"{count} documents"),
        )
    say_problems(done.problems, done.more_problems)
    if json:
        out_json(asdict(done))
    where = "" if output == "-" else f" to {done.target}"
    say(f"{counted(done.documents, 'documents')} as {done.format}{where}, read again and found equal.")
    if done.decisions:
        say(f"The decisions are in {done.decisions}.")

"""`convert` and `formats`: any format to any, and what each of them holds."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tui_annotate.cli import options
from tui_annotate.cli.exchange import Column, Label, Overwrite, Parts, TrueValue
from tui_annotate.cli.options import Annotator, Json, examples
from tui_annotate.cli.output import out, out_json, out_lines, progress, say, table
from tui_annotate.cli.problems import say_problems
from tui_annotate.domain.wording import counted
from tui_annotate.errors import UsageError

if TYPE_CHECKING:
    from tui_annotate.formats.base import Format
    from tui_annotate.services.converting import ConvertReport

app = options.group()

_MOST_FILES = 2
"""Shown of what a format makes of a document: its text and its annotations; a project has more."""

_LONGEST = 1500
"""Characters of a file besides the first that is shown as an example."""

InOut = Annotated[
    list[str],
    typer.Argument(
        metavar="IN... OUT", help="Files, folders, zips or - for stdin; then where it goes.", show_default=False
    ),
]
From = Annotated[
    str | None, typer.Option("--from", metavar="NAME", help="As `formats` lists it.", show_default="told by the files")
]
To = Annotated[
    str | None, typer.Option("--to", metavar="NAME", help="As `formats` lists it.", show_default="told by OUT's name")
]
Name = Annotated[str, typer.Argument(metavar="[NAME]", help="Say all of this one.", show_default=False)]


@app.command(
    short_help="Convert files from any format to any.",
    epilog=examples(
        "convert project.zip gold.jsonl                   # anndoc to JSON lines",
        "convert train.conll dev.conll corpus.spacy",
        "convert notes.jsonl out/ --to brat",
        "convert - - --from jsonl --to csv < rows.jsonl",
    ),
)
def convert(
    paths: InOut,
    from_: From = None,
    to: To = None,
    parts: Parts = "verbatim",
    label: Label = "",
    true: TrueValue = "",
    text_column: Column = "",
    label_column: Column = "",
    id_column: Column = "",
    overwrite: Overwrite = False,
    json: Json = False,
    annotator: Annotator = None,
) -> None:
    """Convert files without a corpus. What OUT has no room for is said first; OUT is read again and compared."""
    from tui_annotate.formats.base import ReadOptions
    from tui_annotate.services import converting

    options.settled(annotator=annotator)
    *given, target = paths
    if not given:
        raise UsageError("Say what to convert, and to what.", hint="`tui-annotate convert IN... OUT`")
    if json and target == "-":
        raise UsageError("--json and - both want standard output.", hint="Name a file for what is converted.")
    read = ReadOptions(
        parts=parts,
        label=label,
        true_value=true,
        text_column=text_column,
        label_column=label_column,
        id_column=id_column,
    )
    with progress("converting:") as report:
        done = converting.convert(
            given,
            target,
            from_=from_,
            to=to,
            options=read,
            overwrite=overwrite,
            on_losses=lambda losses: say(losses.sentence()),
            on_progress=lambda what, count: report(None, f"{what} {count} documents"),
        )
    say_problems(done.problems, done.more_problems)
    if json:
        out_json(asdict(done))
    _tell(done, target)


def _tell(done: ConvertReport, target: str) -> None:
    for file in done.read[:20]:
        refused = f", {file.refused} refused" if file.refused else ""
        say(f"{file.where}: {counted(file.documents, 'documents')} read as {file.format}{refused}")
    if len(done.read) > 20:
        say(f"... and {counted(len(done.read) - 20, 'files')} more.")
    where = "" if target == "-" else f" in {target}"
    say(f"{counted(done.documents, 'documents')} as {done.format}{where}, read again and found equal.")


@app.command(
    short_help="List the formats.", epilog=examples("formats", "formats jsonl     # with an example", "formats --json")
)
def formats(name: Name = "", json: Json = False, annotator: Annotator = None) -> None:
    """List the formats: what is read and written, and what each cannot hold; or say all of one."""
    from tui_annotate.formats import registry

    options.settled(annotator=annotator)
    if name:
        _tell_one(registry.get(name), json=json)
        return
    if json:
        out_json([_row(one) for one in registry.FORMATS.values()])
        return
    _tell_all(list(registry.FORMATS.values()), narrow=sys.stdout.isatty())


def _tell_all(formats: Sequence[Format], *, narrow: bool) -> None:
    """Print the table; on a terminal without what would break its lines."""
    yes = {True: "yes", False: ""}
    head: tuple[str, ...] = ("name", "in", "out", "needs", "what", "files", "loses")
    rows: list[tuple[str, ...]] = []
    for fmt in formats:
        loses = (fmt.loses or "nothing") if fmt.writes else ""
        ways = yes[fmt.read is not None], yes[fmt.writes]
        rows.append((fmt.name, *ways, _needs(fmt), fmt.description, " ".join(fmt.extensions), loses))
    if narrow:
        head, rows = head[:5], [row[:5] for row in rows]
        room = shutil.get_terminal_size().columns - sum(max(len(row[at]) for row in rows) + 2 for at in range(4))
        rows = [(*row[:4], row[4] if len(row[4]) <= room else f"{row[4][: max(room, 20) - 1]}…") for row in rows]
    table(head, rows)
    if narrow:
        say("`tui-annotate formats NAME` says what files it has and what it loses, with an example.")
    if any(fmt.lacking for fmt in formats):
        say("(missing): pip install 'tui-annotate[EXTRA]' brings it.")


def _needs(format: Format) -> str:
    return f"{format.extra}{' (missing)' if format.lacking else ''}" if format.extra else ""


def _row(format: Format) -> dict[str, Any]:
    return {
        "name": format.name,
        "description": format.description,
        "extensions": list(format.extensions),
        "reads": format.read is not None,
        "writes": format.writes,
        "many": format.many,
        "loses": format.loses,
        "holds": sorted(format.holds),
        "extra": format.extra,
        "available": not format.lacking,
    }


def _tell_one(format: Format, *, json: bool) -> None:
    from tui_annotate.formats import sample
    from tui_annotate.formats.base import EVERYTHING

    files = {} if format.lacking else sample.shown(format)
    if json:
        out_json(_row(format) | {"example": files})
        return
    ways = [way for way, is_so in (("read", format.read is not None), ("written", format.writes)) if is_so]
    out(f"{format.name}: {format.description}")
    out(f"  is      {' and '.join(ways)}; {'many documents a file' if format.many else 'a document a file, or a few'}")
    if format.extensions:
        out(f"  files   {' '.join(format.extensions)}")
    out(f"  holds   the text, {', '.join(sorted(format.holds))}")
    if EVERYTHING - format.holds:
        out(f"  lacks   {', '.join(sorted(EVERYTHING - format.holds))}")
    if format.writes:
        out(f"  loses   {format.loses or 'nothing'}")
    if format.extra:
        state = f"which is missing: {format.lacking}" if format.lacking else "which is there"
        out(f"  needs   {format.needs}, {state}")
    for place, (file, content) in enumerate(list(files.items())[:_MOST_FILES]):
        if place and len(content) > _LONGEST:
            continue
        out()
        out(file)
        out_lines(content)

"""Arguments and options that many commands share, and what is done with them."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast, get_args

import typer

from tui_annotate import config
from tui_annotate.cli.output import say
from tui_annotate.errors import NothingToDoError, SchemeError, UsageError

if TYPE_CHECKING:
    from tui_annotate.domain.scheme import Scheme
    from tui_annotate.formats.schemes.reading import ListAs
    from tui_annotate.store.connection import Corpus

CorpusPath = Annotated[
    Path, typer.Argument(metavar="CORPUS", help="The corpus file, e.g. notes.db.", show_default=False)
]
OptionalCorpus = Annotated[
    Path | None, typer.Argument(metavar="CORPUS", help="The corpus file, e.g. notes.db.", show_default=False)
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]
ListOf = Annotated[
    str,
    typer.Option(
        "--list-as",
        metavar="KIND",
        help="What the names of a bare list (Prodigy, doccano) are: entities, choice, choices or booleans.",
    ),
]
Annotator = Annotated[
    str | None,
    typer.Option("--annotator", metavar="NAME", help="Who you are.", show_default="your settings, or login name"),
]


def group(help: str = "") -> typer.Typer:
    """Return an empty group of commands, set up as all of ours are."""
    settings = {"help_option_names": ["-h", "--help"], "max_content_width": 100}
    return typer.Typer(
        help=help, rich_markup_mode=None, add_completion=False, no_args_is_help=True, context_settings=settings
    )


def examples(*lines: str) -> str:
    """Return the end of a command's help."""
    return "\b\nExamples:\n" + "\n".join(f"  tui-annotate {line}" for line in lines)


def settled(corpus: Path | None = None, *, annotator: str | None = None, **flags: Any) -> config.Config:
    """Return the settings in force, having said what is wrong with them.

    Raises:
        UsageError: `--annotator` names nobody that could be one.
    """
    if annotator is not None and (problem := config.annotator_problem(annotator)):
        raise UsageError(f"--annotator {annotator!r}: {problem}.")
    found = config.load(corpus, flags={"annotator": annotator, **flags})
    for notice in found.notices:
        say(notice)
    return found


def opened(path: Path, *, readonly: bool = False) -> Corpus:
    """Open a corpus that must exist; the store says what to do when it does not."""
    from tui_annotate.store.connection import Corpus

    return Corpus.open(path, readonly=readonly)


def find_document(corpus: Corpus, text: str) -> int:
    """Return the document of this id, or of this name where only one has it; raises UsageError."""
    from tui_annotate.store import documents

    found = documents.find(corpus, text)
    if found is None:
        named = [row.id for row in documents.page(corpus, text=text, limit=20) if row.name == text]
        if len(named) > 1:
            raise UsageError(f"Several documents are called {text}.", hint="Name one by its id.")
        found = named[0] if named else None
    if found is None:
        raise UsageError(f"There is no document {text}.", hint="`tui-annotate search` finds documents by their text.")
    return found


def list_as(text: str) -> ListAs:
    """Return what the names of a bare list of labels are; raises UsageError."""
    from tui_annotate.formats.schemes.reading import ListAs

    if text not in get_args(ListAs):
        raise UsageError(f"--list-as takes {', '.join(get_args(ListAs))}, not {text!r}.")
    return cast("ListAs", text)


def read_scheme(path: Path, *, names: ListAs = "entities") -> Scheme:
    """Read a scheme file of any format, and say what was odd about it; SchemeError says all that is to be mended."""
    from tui_annotate.formats.schemes import formats as schemes
    from tui_annotate.services import scheme_checking

    reading = schemes.read(path, list_as=names)
    found = scheme_checking.check(reading.scheme, reading=reading)
    if faults := [one for one in found if one.severity == "fault"]:
        lines = [f"{path}{f':{one.line}' if one.line else ''}: {one}" for one in faults]
        raise SchemeError("\n".join(lines), hint=f"`tui-annotate scheme check {path}` says the same, and more.")
    for note in reading.notes:
        say(": ".join(filter(None, (note.where, note.field, note.reason))))
    return reading.checked()


def only_task(tasks: Collection[str]) -> str:
    """Return the one task there is.

    Raises:
        UsageError: There are several, or none.
    """
    if len(tasks) == 1:
        return next(iter(tasks))
    if not tasks:
        raise NothingToDoError("No run is deployed.", hint="`tui-annotate train CORPUS` makes one.")
    raise UsageError("Say which task.", hint=f"There are {', '.join(tasks)}.")

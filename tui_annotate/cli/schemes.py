"""`scheme`: the labels of a corpus, in every format that people have them in, and what is wrong with them."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tui_annotate.cli import options, scheme_changes
from tui_annotate.cli.options import Annotator, CorpusPath, Json, ListOf, examples
from tui_annotate.cli.output import out, out_json, out_lines, say
from tui_annotate.errors import DataError, NothingToDoError, SchemeError, UsageError

if TYPE_CHECKING:
    from tui_annotate.domain.scheme import Scheme
    from tui_annotate.services.scheme_checking import Finding

app = options.group("Show, edit, check or change the labels of a corpus.")
app.add_typer(scheme_changes.app)

CorpusOrFile = Annotated[
    Path, typer.Argument(metavar="CORPUS", help="A corpus, or a scheme file of any format.", show_default=False)
]
Format = Annotated[
    str,
    typer.Option("--format", metavar="F", help="toml, label-studio, anndoc, tagtog, doccano or prodigy."),
]
SchemePath = Annotated[
    Path, typer.Argument(metavar="FILE", help="A scheme file of any format.", show_default=False, resolve_path=False)
]


@app.command(
    "show",
    epilog=examples(
        "scheme show notes.db", "scheme show notes.db > labels.toml", "scheme show notes.db --format tagtog"
    ),
)
def show(corpus: CorpusPath, format: Format = "toml", json: Json = False, annotator: Annotator = None) -> None:
    """Print the labels of a corpus, fit for `new --scheme` and other tools; what a format has no room for is said."""
    options.settled(corpus, annotator=annotator)
    scheme = _scheme_of(corpus)
    if json:
        from dataclasses import asdict

        out_json(asdict(scheme))
        return
    from tui_annotate.formats.schemes import formats as schemes

    text, lost = schemes.write(scheme, format)
    # Not by lines: blanks at the ends of a file that came from elsewhere are a part of it.
    sys.stdout.write(text if not sys.stdout.isatty() else "")
    if sys.stdout.isatty():
        out_lines(text)
    for line in lost:
        say(f"{format} has no room for: {line}")


@app.command("guidelines", epilog=examples("scheme guidelines notes.db", "scheme guidelines notes.db guidelines.md"))
def guidelines(
    corpus: CorpusPath,
    file: Annotated[
        Path | None,
        typer.Argument(metavar="[FILE]", help="Text or Markdown to take them from; - is stdin.", show_default=False),
    ] = None,
    annotator: Annotator = None,
) -> None:
    """Print the guidelines of a corpus, or take them from a file; in the app annotators read them with one key."""
    from dataclasses import replace

    from tui_annotate.store import settings

    who = options.settled(corpus, annotator=annotator).who
    if file is None:
        held = _scheme_of(corpus).guidelines
        if not held:
            raise NothingToDoError(f"{corpus} has no guidelines.", hint="`scheme guidelines CORPUS FILE` takes some.")
        out_lines(held)
        return
    text = _text_of(file)
    with options.opened(corpus) as opened:
        scheme = settings.scheme(opened)
        settings.set_scheme(opened, replace(scheme, guidelines=text), annotator=who, base=scheme)
    say(f"{corpus} has {len(text.split()):,} words of guidelines.")


def _text_of(file: Path) -> str:
    try:
        content = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
        return content.decode("utf-8-sig").strip()
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise DataError(f"{file}: is not UTF-8 ({error.reason} at byte {error.start}).") from error


@app.command(
    "import",
    epilog=examples(
        "scheme import notes.db config.xml", "scheme import notes.db labels.txt --list-as choice --dry-run"
    ),
)
def take_in(
    corpus: CorpusPath,
    file: SchemePath,
    list_as: ListOf = "entities",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would join.")] = False,
    annotator: Annotator = None,
) -> None:
    """Let the labels of a file join those of a corpus. Nothing is taken out; what both have stays as it is here."""
    from tui_annotate.services import scheme_editing
    from tui_annotate.store import settings

    chosen = options.settled(corpus, annotator=annotator)
    other = options.read_scheme(file, names=options.list_as(list_as))
    with options.opened(corpus, readonly=dry_run) as opened:
        held = settings.scheme(opened)
        joined = scheme_editing.join(held, other)
        for line in joined.differing:
            say(f"differs: {line}")
        for line in joined.added:
            out(f"{'would join' if dry_run else 'joins'}: {line}")
        if joined.scheme == held:
            raise NothingToDoError(f"{corpus} has all labels of {file} already.")
        if not dry_run:
            scheme_editing.put(opened, joined.scheme, base=held, annotator=chosen.who, keys=chosen.keys)


@app.command("edit", epilog=examples("scheme edit notes.db", "EDITOR=nano tui-annotate scheme edit notes.db"))
def edit(corpus: CorpusPath, annotator: Annotator = None) -> None:
    """Edit the labels of a corpus as TOML in $VISUAL or $EDITOR.

    What does not fit is shown in the editor again, with the reasons on top. In effect only when it checks, all at once.
    """
    from tui_annotate.cli import scheme_editor

    settings = options.settled(corpus, annotator=annotator)
    say(scheme_editor.edit(corpus, annotator=settings.who, keys=settings.keys))


@app.command(
    "check", epilog=examples("scheme check labels.toml", "scheme check config.xml --json", "scheme check notes.db")
)
def check(corpus: CorpusOrFile, list_as: ListOf = "entities", json: Json = False, annotator: Annotator = None) -> None:
    """Check a scheme: names, kinds, colours, references, keys, models; with line, reason and the nearest right name.

    Clashing keys settle themselves, the rest is to be mended.
    """
    from tui_annotate.services import scheme_checking

    is_corpus = _is_corpus(corpus)
    found = options.settled(corpus if is_corpus else None, annotator=annotator)
    if is_corpus:
        from tui_annotate.store import settings

        with options.opened(corpus, readonly=True) as opened:
            scheme = settings.scheme(opened)
            findings = scheme_checking.check(scheme, models=scheme_checking.models_of(opened), keys=found.keys)
    else:
        from tui_annotate.formats.schemes import formats as schemes

        reading = schemes.read(corpus, list_as=options.list_as(list_as))
        scheme = reading.scheme
        findings = scheme_checking.check(scheme, keys=found.keys, reading=reading)
    _report(corpus, scheme, findings, json=json)


def _report(path: Path, scheme: Scheme, findings: list[Finding], *, json: bool) -> None:
    faults = [one for one in findings if one.severity == "fault"]
    if json:
        from dataclasses import asdict

        out_json({"scheme": str(path), "good": not faults, "findings": [asdict(one) for one in findings]})
    else:
        for one in findings:
            say(f"{path}{f':{one.line}' if one.line else ''}: {one}")
    if faults:
        raise SchemeError(f"{path}: {len(faults):,} to be mended.")
    counts = [(len(scheme.entities), "entity type"), (len(scheme.labels), "document label")]
    counts += [(len(scheme.attributes), "attribute"), (len(scheme.relations), "relation type")]
    held = ", ".join(f"{n} {name}{'s' * (n != 1)}" for n, name in counts if n) or "no labels yet"
    say(f"{path} is a good scheme: {held}.")


def _is_corpus(path: Path) -> bool:
    """Say whether a file is a corpus, by how it begins; what is not there is taken for one by its name."""
    try:
        with path.open("rb") as stream:
            return stream.read(15) == b"SQLite format 3" or path.suffix.lower() == ".db"
    except OSError:
        return path.suffix.lower() not in (".toml", ".xml", ".json", ".txt")


def _scheme_of(corpus: Path) -> Scheme:
    from tui_annotate.store import settings

    with options.opened(corpus, readonly=True) as opened:
        return settings.scheme(opened)

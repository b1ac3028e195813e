"""`scheme rename`, `merge`, `split`, `delete`, `undo`: labels changed in the middle of a project, everywhere."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tui_annotate.cli import options
from tui_annotate.cli.options import Annotator, CorpusPath, Json, examples
from tui_annotate.cli.output import out, out_json, progress, say
from tui_annotate.errors import SchemeError, UsageError

if TYPE_CHECKING:
    from tui_annotate.domain.scheme import Scheme
    from tui_annotate.domain.scheme_changes import SchemeChange, Target
    from tui_annotate.services.scheme_changes import Report
    from tui_annotate.store.connection import Corpus

app = options.group()

_KINDS = "NAME, or entity:, label:, attribute:, relation: and NAME; NAME=OPTION is an option of a choice."
Label = Annotated[str, typer.Argument(metavar="LABEL", help=_KINDS, show_default=False)]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would change, change nothing.")]


@app.command(
    "rename",
    epilog=examples(
        "scheme rename notes.db PERSON HUMAN",
        "scheme rename notes.db label:kind=letter discharge --dry-run",
        "scheme undo notes.db",
    ),
)
def rename(
    corpus: CorpusPath,
    old: Label,
    new: Annotated[str, typer.Argument(metavar="NEW", help="Its name from now on.", show_default=False)],
    dry_run: DryRun = False,
    json: Json = False,
    annotator: Annotator = None,
) -> None:
    """Give a label another name, in the scheme and in everything that is annotated, suggested, rejected and learned."""
    from tui_annotate.domain import scheme_changes

    def change(scheme: Scheme, _: Corpus) -> SchemeChange:
        target = _one(scheme, old)
        try:
            return scheme_changes.rename(scheme, target, new)
        except SchemeError as error:
            of = target.name if target.option else ""
            taken = new in scheme_changes.names_of(scheme, target.kind, of) and new != (target.option or target.name)
            merge = f"To join them: scheme merge CORPUS {target} --into {new}"
            raise SchemeError(error.message, hint=merge if taken else error.hint) from error

    _run(corpus, change, dry_run, json, annotator)


@app.command(
    "merge",
    epilog=examples(
        "scheme merge notes.db PERSON PEOPLE --into PERSON",
        "scheme merge notes.db DRUG CHEMICAL --into SUBSTANCE --dry-run",
        "scheme merge notes.db kind=letter kind=fax --into letter",
    ),
)
def merge(
    corpus: CorpusPath,
    labels: Annotated[list[str], typer.Argument(metavar="LABEL...", help=_KINDS, show_default=False)],
    into: Annotated[
        str,
        typer.Option("--into", metavar="NAME", help="One of them, another label, or a new name.", show_default=False),
    ],
    dry_run: DryRun = False,
    json: Json = False,
    annotator: Annotator = None,
) -> None:
    """Make one label of several; annotations that become the same are joined."""
    from tui_annotate.domain import scheme_changes

    def change(scheme: Scheme, _: Corpus) -> SchemeChange:
        return scheme_changes.merge(scheme, [_one(scheme, label) for label in labels], into)

    _run(corpus, change, dry_run, json, annotator)


@app.command(
    "split",
    epilog=examples(
        "scheme split notes.db PERSON DOCTOR PATIENT --where 'DOCTOR=^(Dr|Prof)' --dry-run",
        "scheme split notes.db PERSON DOCTOR PATIENT --where 'DOCTOR=near:\\bDr\\.? ' --review",
        "scheme split notes.db DRUG BRAND GENERIC --where BRAND=text:@brands.txt --rest GENERIC",
        "scheme split notes.db DISEASE DISEASE HISTORY --where HISTORY=attribute:assertion=past",
    ),
)
def split(
    corpus: CorpusPath,
    old: Label,
    new: Annotated[list[str], typer.Argument(metavar="NEW...", help="What comes of it.", show_default=False)],
    where: Annotated[
        list[str] | None,
        typer.Option(
            "--where",
            metavar="NEW=RULE",
            help="Which become NEW; the first rule that fits decides. RULE is a regular expression found in the"
            " annotated text; near:REGEX, found in the text around it too; text:a,b or text:@FILE, these texts in any"
            " case; attribute:NAME=VALUE; query:QUERY, in documents that a search finds.",
            show_default=False,
        ),
    ] = None,
    rest: Annotated[
        str,
        typer.Option("--rest", metavar="NAME", help="What the others become.", show_default="they stay as they are"),
    ] = "",
    review: Annotated[
        bool,
        typer.Option("--review", help="Take the others out and suggest them anew; opens confirmed documents again."),
    ] = False,
    dry_run: DryRun = False,
    json: Json = False,
    annotator: Annotator = None,
) -> None:
    """Make several labels of one: rules share out what is annotated, the rest stays, or is decided anew."""
    from tui_annotate.domain import scheme_changes
    from tui_annotate.services import split_rules

    if rest and review:
        raise UsageError("--rest and --review exclude each other.")
    who = options.settled(corpus, annotator=annotator).who

    def change(scheme: Scheme, opened: Corpus) -> SchemeChange:
        target = _one(scheme, old)
        names = [*new, target.option or target.name]
        rules = [split_rules.parse(text, names, opened, annotator=who) for text in where or ()]
        return scheme_changes.split(scheme, target, new, rules=rules, rest=rest, review=review)

    _run(corpus, change, dry_run, json, annotator)


@app.command(
    "delete",
    epilog=examples("scheme delete notes.db MISC --dry-run", "scheme delete notes.db label:urgent"),
)
def delete(
    corpus: CorpusPath, label: Label, dry_run: DryRun = False, json: Json = False, annotator: Annotator = None
) -> None:
    """Take a label out of the scheme, and with it all that is annotated with it; the report lists what goes."""
    from tui_annotate.domain import scheme_changes

    _run(corpus, lambda scheme, _: scheme_changes.delete(scheme, _one(scheme, label)), dry_run, json, annotator)


@app.command("undo", epilog=examples("scheme undo notes.db"))
def undo(corpus: CorpusPath, annotator: Annotator = None) -> None:
    """Take back the last change of labels, if it is the newest thing you did; the app's `u` does the same."""
    from tui_annotate.services import scheme_changes

    who = options.settled(corpus, annotator=annotator).who
    with options.opened(corpus) as opened:
        say(f"taken back: {scheme_changes.undo(opened, who)}")


def _run(corpus: Path, change: Any, dry_run: bool, json: bool, annotator: str | None) -> None:
    from tui_annotate.services import scheme_changes
    from tui_annotate.store import settings

    chosen = options.settled(corpus, annotator=annotator)
    who = chosen.who
    with options.opened(corpus, readonly=dry_run) as opened, progress("changing labels") as report:
        base = settings.scheme(opened)
        made = change(base, opened)
        if dry_run:
            found = scheme_changes.preview(opened, made, base, annotator=who, on_progress=report)
        else:
            keys = chosen.keys
            found = scheme_changes.perform(opened, made, base, annotator=who, keys=keys, on_progress=report)
    if json:
        out_json(_as_json(found))
        return
    out(f"{found.change}{'' if found.done else ' (nothing is changed yet)'}")
    for line in found.lines:
        out(line)
    if found.done:
        say("`tui-annotate scheme undo` takes it back, and so does `u` in the app.")


def _as_json(report: Report) -> dict[str, Any]:
    from dataclasses import asdict

    return {
        "change": str(report.change),
        "done": report.done,
        "documents": report.documents,
        "versions": report.versions,
        "versions_confirmed": report.versions_confirmed,
        "versions_of_others": report.others,
        "counts": report.counts,
        "confirmed": report.confirmed,
        "lost": [asdict(one) for one in report.lost],
        "also": [str(one) for one in report.change.also],
    }


def _one(scheme: Scheme, address: str) -> Target:
    from tui_annotate.domain import scheme_changes

    return scheme_changes.find(scheme, address)

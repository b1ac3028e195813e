"""`versions`: whose annotations there are of a document, and which of them count."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from tui_annotate.cli import options
from tui_annotate.cli.options import Annotator, CorpusPath, Json, examples
from tui_annotate.cli.output import out, out_json, say, table
from tui_annotate.domain.clock import local_time
from tui_annotate.errors import NothingToDoError, UsageError

if TYPE_CHECKING:
    from tui_annotate.domain.selection import Review
    from tui_annotate.services.versions_of import ShownDocument
    from tui_annotate.store.connection import Corpus

app = options.group("Show whose annotations there are of each document, and say which of them count.")

Document = Annotated[
    str | None, typer.Argument(metavar="DOCUMENT", help="Id or name of a document.", show_default="all")
]
OneDocument = Annotated[str, typer.Argument(metavar="DOCUMENT", help="Id or name of a document.", show_default=False)]
Of = Annotated[
    str, typer.Option("--of", metavar="ANNOTATOR", help="Whose version.", show_default="the only one confirmed")
]
Note = Annotated[str, typer.Option(metavar="TEXT", help="What the annotator is to know.", show_default=False)]
OnlyOption = Annotated[
    Literal["adjudicate", "reviewed", "unreviewed", "accepted", "rejected", "to-correct"] | None,
    typer.Option(help="Only documents to be adjudicated, or versions by what a reviewer said.", show_default="all"),
]


@app.command(
    "list",
    epilog=examples(
        "versions list notes.db",
        "versions list notes.db note-0231",
        "versions list notes.db --only adjudicate",
        "versions list notes.db --of alice --json",
    ),
)
def list_(
    corpus: CorpusPath,
    document: Document = None,
    of: Annotated[str, typer.Option("--of", metavar="ANNOTATOR", help="Only theirs.", show_default="all")] = "",
    only: OnlyOption = None,
    json: Json = False,
    annotator: Annotator = None,
) -> None:
    """List the versions of documents: how far each is, what a reviewer said, and which one training picks and why."""
    from tui_annotate.services import versions_of

    options.settled(corpus, annotator=annotator)
    with options.opened(corpus, readonly=True) as opened:
        if document is not None:
            found = [versions_of.of_document(opened, options.find_document(opened, document))]
        else:
            kind: Any = only.replace("-", "_") if only else None
            found = list(versions_of.listed(opened, annotator=of, only=kind))
    if not any(one.versions for one in found):
        raise NothingToDoError("There are no such versions.")
    if json:
        out_json([_as_json(one) for one in found])
        return
    head = ("document", "annotator", "state", "review", "entities", "labels", "decided", "counts")
    table(head, [row for one in found for row in _rows(one)])
    adjudicate = sum(one.row.adjudicate for one in found)
    if adjudicate:
        say(f"{adjudicate} document{'s' * (adjudicate != 1)} to adjudicate: `versions accept` says whose counts.")


def _rows(document: ShownDocument) -> list[tuple[object, ...]]:
    return [
        (
            document.row.key,
            version.row.annotator,
            version.row.state.value.replace("_", " "),
            _said(version.row.review) or "-",
            len(version.annotations.entities),
            len(version.annotations.labels),
            local_time(version.at),
            version.rule or "-",
        )
        for version in document.versions
    ]


def _said(review: Review) -> str:
    return review.value.replace("_", " ")


def _as_json(document: ShownDocument) -> dict[str, Any]:
    return {
        "document": document.row.key,
        "adjudicate": document.row.adjudicate,
        "why_none": document.why_none,
        "versions": [
            {
                "annotator": version.row.annotator,
                "state": version.row.state,
                "review": version.row.review,
                "by": version.note.by if version.note else "",
                "note": version.note.text if version.note else "",
                "priority": version.row.priority,
                "decided": version.at,
                "entities": len(version.annotations.entities),
                "labels": len(version.annotations.labels),
                "master": version.row.is_master,
                "rule": version.rule,
            }
            for version in document.versions
        ],
    }


@app.command(
    "diff", epilog=examples("versions diff notes.db note-0231", "versions diff notes.db note-0231 --of alice --of bob")
)
def diff(
    corpus: CorpusPath,
    document: OneDocument,
    of: Annotated[
        list[str] | None,
        typer.Option("--of", metavar="ANNOTATOR", help="Whose; give two.", show_default="the first two"),
    ] = None,
    json: Json = False,
    annotator: Annotator = None,
) -> None:
    """Show where two versions of a document differ."""
    from tui_annotate.domain.differences import differences
    from tui_annotate.services import versions_of
    from tui_annotate.store import documents

    options.settled(corpus, annotator=annotator)
    with options.opened(corpus, readonly=True) as opened:
        id = options.find_document(opened, document)
        found, whole = versions_of.of_document(opened, id), documents.load(opened, id)
    names = of or [version.row.annotator for version in found.versions][:2]
    if len(names) != 2:
        raise UsageError("Two versions are compared.", hint=f"{document} has those of {_named(found)}.")
    first, second = (found.version(name) for name in names)
    if first is None or second is None:
        missing = names[0] if first is None else names[1]
        raise UsageError(f"{missing} has no version of {document}.", hint=f"There are those of {_named(found)}.")
    between = differences(first.annotations, second.annotations)
    lines = versions_of.difference_lines(between, whole, first=names[0], second=names[1])
    if json:
        out_json({"same": between.same, "differences": lines})
        return
    for line in lines:
        out(line)
    say(f"{between.same} the same, {between.count} different.")


def _named(document: ShownDocument) -> str:
    return ", ".join(version.row.annotator for version in document.versions) or "nobody"


def _review_command(name: str, review: str, does: str, *, more: str = "") -> None:
    """Add a command that reviews versions: they differ in what is said alone."""

    @app.command(
        name,
        help=does,
        epilog=examples(f"versions {name} notes.db note-0231 --of alice{more}", f"versions {name} notes.db --of alice"),
    )
    def command(
        corpus: CorpusPath, document: Document = None, of: Of = "", note: Note = "", annotator: Annotator = None
    ) -> None:
        from tui_annotate.domain.selection import Review

        who = options.settled(corpus, annotator=annotator).who
        with options.opened(corpus) as opened:
            done = _review(opened, document, of, Review(review), by=who, note=note)
        say(f"{done} version{'s' * (done != 1)} {_DONE[review]}.")


_DONE = {
    "accepted": "accepted",
    "rejected": "rejected",
    "to_correct": "sent back to be corrected",
    "": "not reviewed any more",
}

_review_command("accept", "accepted", "Accept a version: it counts alone, and a document to be adjudicated is settled.")
_review_command("reject", "rejected", "Reject a version: it never counts.", more=' --note "misses the doses"')
_review_command(
    "correct",
    "to_correct",
    "Send a version back to be corrected: it counts again when its annotator confirms it anew.",
    more=' --note "check the dates"',
)
_review_command("clear", "", "Take back what a reviewer said of a version.")


def _review(corpus: Corpus, document: str | None, of: str, review: Review, *, by: str, note: str) -> int:
    from tui_annotate.domain.decisions import VersionState
    from tui_annotate.services import versions_of
    from tui_annotate.store import reviewing

    if document is not None:
        id = options.find_document(corpus, document)
        found = versions_of.of_document(corpus, id)
        confirmed = [v.row.annotator for v in found.versions if v.row.state is VersionState.CONFIRMED]
        if not of and len(confirmed) != 1:
            raise UsageError("Say whose version: --of ANNOTATOR.", hint=f"{document} has those of {_named(found)}.")
        reviewing.review(corpus, id, of or confirmed[0], review, by=by, note=note)
        return 1
    if not of:
        raise UsageError("Name a document, or --of ANNOTATOR for all that they confirmed.")
    wanted = [
        one.row.id
        for one in versions_of.listed(corpus, annotator=of)
        for version in one.versions
        if version.row.state is VersionState.CONFIRMED and version.row.review != review
    ]
    if not wanted:
        raise NothingToDoError(f"{of} has no confirmed version that this would change.")
    for id in wanted:
        reviewing.review(corpus, id, of, review, by=by, note=note)
    return len(wanted)


@app.command(
    "priority",
    epilog=examples("versions priority notes.db", "versions priority notes.db alice bob   # alice counts most"),
)
def priority(
    corpus: CorpusPath,
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="[ANNOTATOR]...", help="Who counts most, in this order.", show_default=False),
    ] = None,
    json: Json = False,
    annotator: Annotator = None,
) -> None:
    """Show whose versions count most where several are confirmed, or say so; `settings tie=recent` takes the newest."""
    from tui_annotate.store import annotators

    options.settled(corpus, annotator=annotator)
    with options.opened(corpus, readonly=not names) as opened:
        order = annotators.set_order(opened, names) if names else annotators.order(opened)
        held = annotators.names(opened)
    if json:
        out_json([{"annotator": name, "priority": held[name]} for name in order])
        return
    if not order:
        raise NothingToDoError("Nobody has annotated anything yet.")
    table(("annotator", "priority"), [(name, held[name]) for name in order])

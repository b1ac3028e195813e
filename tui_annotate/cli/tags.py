"""`tag`: what documents are tagged as."""

from __future__ import annotations

from typing import Annotated

import typer

from tui_annotate.cli import options
from tui_annotate.cli.options import Annotator, CorpusPath, Json, examples
from tui_annotate.cli.output import out_json, say, table
from tui_annotate.errors import NothingToDoError, UsageError

app = options.group()


@app.command(
    "tag",
    short_help="Tag documents, or show the tags.",
    epilog=examples(
        "tag notes.db                            # the tags in use",
        "tag notes.db Test --document note-0231",
        "tag notes.db cardiology --query 'infarction folder:heart'",
        "tag notes.db Test --document note-0231 --remove",
    ),
)
def tag(
    corpus: CorpusPath,
    name: Annotated[
        str | None, typer.Argument(metavar="[TAG]", help="What to tag documents as.", show_default=False)
    ] = None,
    document: Annotated[
        list[str] | None,
        typer.Option("--document", metavar="D", help="Id or name of a document; again for several."),
    ] = None,
    query: Annotated[str, typer.Option(metavar="QUERY", help="What `search` finds.")] = "",
    remove: Annotated[bool, typer.Option("--remove", help="Take the tag off.")] = False,
    json: Json = False,
    annotator: Annotator = None,
) -> None:
    """Show the tags in use, or tag documents.

    `Test` sets documents apart as a fixed test. Where documents are tagged `Train`, only they are trained on.
    """
    from tui_annotate.cli.finding import searchable, tell_doubts
    from tui_annotate.services import searching, versions_of
    from tui_annotate.store import documents

    who = options.settled(corpus, annotator=annotator).who
    if name is None:
        with options.opened(corpus, readonly=True) as opened:
            counts = documents.tag_counts(opened)
        if json:
            out_json(counts)
        elif counts:
            table(("tag", "documents"), list(counts.items()))
        else:
            raise NothingToDoError("No document is tagged.")
        return
    if bool(document) == bool(query):
        raise UsageError("Say which documents: either --document, or --query.")
    with searchable(corpus) as opened:
        ids = {options.find_document(opened, one) for one in document or ()}
        if query:
            ids = set(searching.ids(opened, query, annotator=who))
            tell_doubts(opened, query, annotator=who)
        changed = versions_of.change_tags(opened, ids, name, annotator=who, remove=remove)
    if json:
        out_json({"changed": changed})
        return
    say(f"{changed} document{'s' * (changed != 1)} {'no longer tagged' if remove else 'tagged'} {name}.")

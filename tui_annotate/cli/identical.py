"""`copy-identical`: what is confirmed in one document, for all others with the same text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from tui_annotate.cli import options
from tui_annotate.cli.options import Annotator, CorpusPath, Json, examples
from tui_annotate.cli.output import out, out_json, say
from tui_annotate.errors import DecisionError, NothingToDoError, UsageError

if TYPE_CHECKING:
    from tui_annotate.services.identical import Copying
    from tui_annotate.store.connection import Corpus

app = options.group()


@app.command(
    "copy-identical",
    short_help="Copy confirmed annotations to documents with the same text.",
    epilog=examples("copy-identical notes.db --dry-run", "copy-identical notes.db sms-12 sms-80"),
)
def copy_identical(
    corpus: CorpusPath,
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="[DOCUMENT...]", help="Their ids.", show_default="all you have confirmed"),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be copied, change nothing.")] = False,
    json: Json = False,
    annotator: Annotator = None,
) -> None:
    """Copy what you confirmed in documents to all others with just the same text; each is one step of undo."""
    from tui_annotate.services import identical

    who = options.settled(corpus, annotator=annotator).who
    done: list[Copying] = []
    with options.opened(corpus, readonly=dry_run) as opened:
        for id in list(_sources(opened, names or ())):
            try:
                plan = identical.plan(opened, who, [id])
            except DecisionError:
                if names:
                    raise
                continue
            if not dry_run:
                identical.copy(opened, who, plan)
            done.append(plan)
    if json:
        out_json([{"document": plan.name, "copied": len(plan.documents), "left": plan.left} for plan in done])
        return
    if not done:
        raise NothingToDoError("No document has the text of one that you confirmed and is still to be done.")
    for plan in done:
        out(f"{plan.name}: {len(plan.documents)}" + (f", {plan.left} left as they are" if plan.left else ""))
    say(f"{sum(len(plan.documents) for plan in done)} documents {'would be ' if dry_run else ''}confirmed.")


def _sources(corpus: Corpus, names: Sequence[str]) -> Iterator[int]:
    from tui_annotate.domain.documents import DocumentState
    from tui_annotate.store import documents

    for name in names:
        id = documents.find(corpus, name)
        if id is None:
            raise UsageError(f"There is no document {name!r}.", hint="`tui-annotate search` finds ids.")
        yield id
    if not names:
        for batch in documents.ids(corpus, states=(DocumentState.CONFIRMED,)):
            yield from batch

"""`settings`: how a corpus is reviewed and learned from."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from tui_annotate.cli import options
from tui_annotate.cli.options import Annotator, CorpusPath, Json, examples
from tui_annotate.cli.output import out, out_json
from tui_annotate.errors import ParameterError

app = options.group()

Pairs = Annotated[
    list[str] | None,
    typer.Argument(metavar="[KEY[=VALUE]]...", help="What to show, or to set.", show_default=False),
]


@app.command(
    "settings",
    short_help="Show the settings of a corpus, or change some.",
    epilog=examples(
        "settings notes.db",
        "settings notes.db retrain_every=50     # as Annotation Lab does",
        "settings notes.db active_learning=false",
        "settings notes.db strategy",
        "settings notes.db priority=alice,bob   # whose version counts where several are confirmed",
    ),
)
def settings(corpus: CorpusPath, pairs: Pairs = None, json: Json = False, annotator: Annotator = None) -> None:
    """Show the settings of a corpus, or change some: N, active learning, strategy, deploying, holdout, priority."""
    from tui_annotate.services import preflight
    from tui_annotate.store import annotators
    from tui_annotate.store import settings as stored

    options.settled(corpus, annotator=annotator)
    changes = dict(pair.split("=", 1) for pair in pairs or () if "=" in pair)
    asked = [pair.partition("=")[0] for pair in pairs or ()]
    with options.opened(corpus, readonly=not changes) as opened:
        order = changes.pop("priority", None)
        wanted = {name: stored.parse(name, text) for name, text in changes.items()}
        if "engines" in wanted:
            wanted["engines"] = preflight.engines_of(stored.scheme(opened), wanted["engines"])
        if order is not None:
            annotators.set_order(opened, [name.strip() for name in order.split(",") if name.strip()])
        if wanted:
            stored.change(opened, **wanted)
        values = {**asdict(stored.load(opened)), "priority": tuple(annotators.order(opened))}
    unknown = [name for name in asked if name not in values]
    if unknown:
        raise ParameterError(f"There is no setting {unknown[0]}.", hint=f"There are {', '.join(values)}.")
    chosen = {name: value for name, value in values.items() if not asked or name in asked}
    if json:
        out_json(chosen)
        return
    for name, value in chosen.items():
        out(f"{name}={stored.written(value)}")

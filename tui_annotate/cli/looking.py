"""`stats` and `search`: how far the corpus is, and where something stands in it."""

from __future__ import annotations

from dataclasses import asdict

from tui_annotate.cli import options
from tui_annotate.cli.options import Annotator, CorpusPath, Json, examples
from tui_annotate.cli.output import out, out_json

app = options.group()


@app.command("stats", epilog=examples("stats notes.db", "stats notes.db --json"))
def stats(corpus: CorpusPath, json: Json = False, annotator: Annotator = None) -> None:
    """Show how far a corpus is: documents by state, labels, deployed runs, what is missing to the next training."""
    from tui_annotate.store import counters, runs
    from tui_annotate.store import settings as stored

    options.settled(corpus, annotator=annotator)
    with options.opened(corpus, readonly=True) as opened:
        progress = counters.progress(opened)
        values = stored.load(opened)
        scheme = stored.scheme(opened)
        deployed = runs.deployed(opened)
    report = {
        **asdict(progress),
        "entity_types": [e.name for e in scheme.entities],
        "document_labels": [label.name for label in scheme.labels],
        "retrain_every": stored.effective_n(values, scheme),
        "active_learning": values.active_learning,
        "deployed": {task: row.name for task, row in deployed.items()},
    }
    if json:
        out_json(report)
        return
    for name, value in report.items():
        shown = ", ".join(value) if isinstance(value, list) else value
        if isinstance(value, dict):
            shown = ", ".join(f"{task}: {run}" for task, run in value.items())
        out(f"{name.replace('_', ' ')}: {shown}")

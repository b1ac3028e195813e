"""Registering finished runs, deploying them, and saying in a line what that changed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tui_annotate.domain.figures import headline, said
from tui_annotate.learn.messages import FinishedRun, Trigger
from tui_annotate.store import rows, runs
from tui_annotate.store.connection import Corpus
from tui_annotate.store.runs import RunRow


def register(
    corpus: Corpus,
    finished: Sequence[FinishedRun],
    *,
    trigger: Trigger,
    by: str,
    deploy: bool,
) -> str:
    """Enter finished runs, deploy them if asked, and return what changed, for one line."""
    before = runs.deployed(corpus)
    news = []
    for run in finished:
        row = RunRow(
            run.name,
            run.task,
            run.engine,
            trigger=trigger,
            created=run.created,
            finished=rows.now(),
            documents=run.documents,
            sequence=run.sequence,
            parameters=run.parameters,
            metrics={**run.metrics, "seconds": run.seconds},
            by=by,
        )
        runs.register(corpus, row)
        if deploy:
            runs.deploy(corpus, run.name)
        news.append(_comparison(run.name, before.get(run.task), row, deployed=deploy))
    return "; ".join(news)


def _comparison(name: str, old: RunRow | None, new: RunRow, *, deployed: bool) -> str:
    verb = "serves" if deployed else "is trained, not deployed"
    now, then = headline(new.metrics), headline(old.metrics) if old else None
    if now is None:
        return f"{name} {verb}, trained on {new.documents}"
    if then is None or then["name"] != now["name"]:
        return f"{name} {verb}: {now['name']} {now['value']:.2f}"
    return f"{name} {verb}: {now['name']} {then['value']:.2f} to {now['value']:.2f}"


def figure(deployed: Iterable[RunRow]) -> str:
    """Return the deployed runs' holdout figures: `F1 0.81 (0.70-0.89, 38 held out)`, or `12/30 held out`."""
    return "; ".join(said(run.metrics) for run in deployed)

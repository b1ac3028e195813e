"""Training and predicting when somebody asks for it and waits: the command line's side of learning."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import msgspec

from tui_annotate.domain import deployment
from tui_annotate.domain.deployment import Change
from tui_annotate.domain.documents import DocumentState
from tui_annotate.domain.selection import Rule, Tie, Use, uses
from tui_annotate.domain.tasks import resolve
from tui_annotate.errors import AnnotateError, LearnError, NothingToDoError
from tui_annotate.learn.asked import settle
from tui_annotate.learn.client import ANYTHING, Worker
from tui_annotate.learn.messages import Train, TrainOptions
from tui_annotate.learn.underway import Underway
from tui_annotate.services import ordering, registering
from tui_annotate.store import counters, documents, queue, runs, settings, versions
from tui_annotate.store.connection import Corpus
from tui_annotate.store.runs import RunRow

_AT_ONCE = 200

Tell = Callable[[float, str], None]
"""Takes the share done, 0..1, and what is going on."""


@dataclass(frozen=True, slots=True)
class Trained:
    """What a training came to."""

    runs: tuple[RunRow, ...]
    news: str
    """What changed, in a line."""
    left_out: Mapping[str, str]
    """Tasks that could not be learned, each with the reason."""
    changes: tuple[Change, ...] = ()
    """What deploying changed, by label."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which version of a document training uses, and why, or why it uses none."""

    key: str
    annotator: str
    """Whose version counts; empty where none does."""
    rule: Rule | Literal[""]
    use: Use | Literal["not used"]
    why: str
    """Why it is not trained on; empty where it is."""


WHY: dict[Use, str] = {
    "train": "",
    "holdout": "held out: drawn to be measured on",
    "test": "tagged Test: measured on",
    "left out": "its text stands in a document that is measured on",
    "not tagged Train": "others are tagged Train, and it is not",
    "not asked for": "has none of the tags asked for",
    "not reviewed": "no reviewer has accepted it",
}
"""What is said of each use."""


def train(
    corpus: Corpus,
    options: TrainOptions = ANYTHING,
    *,
    annotator: str,
    on_progress: Tell | None = None,
    on_line: Callable[[str], None] | None = None,
) -> Trained:
    """Train the tasks (all of the scheme when none is given), register the runs and deploy them.

    What fails or is broken off is registered as such with its log; the deployed runs stay.

    Args:
        on_line: Takes each line of the log as it is written.

    Raises:
        UsageError, ParameterError: The options are wrong.
        LearnError: Nothing could be learned.
    """
    scheme = settings.scheme(corpus)
    settle(options, scheme, settings.load(corpus))
    options = msgspec.structs.replace(options, tasks=resolve(scheme, options.tasks))
    underway = Underway(Train(by=annotator), tuple(options.tasks))
    deploy = options.deploy is not False

    def heard(state: Underway) -> None:
        nonlocal underway
        if on_line is not None and state.lines is not underway.lines:
            on_line(state.lines[-1])
        underway = state

    with Worker(corpus.path) as worker:
        try:
            finished = worker.train(options, by=annotator, on_progress=on_progress, on_underway=heard)
        except BaseException as error:
            _enter_lost(corpus, underway, error, deploy=deploy)
            raise
        done = registering.register(corpus, finished.runs, trigger="manual", by=annotator, deploy=deploy)
        registering.register_failures(corpus, finished)
        trouble = _order(corpus, worker) if deploy else ""
    rows = tuple(runs.get(corpus, run.name) for run in finished.runs)
    news = "; ".join(filter(None, (done.news, trouble)))
    return Trained(rows, news, dict(finished.left_out), done.changes)


def _enter_lost(corpus: Corpus, underway: Underway, error: BaseException, *, deploy: bool) -> None:
    """Register what a training that ended before its time leaves: tasks that were done, and the one that was not."""
    if isinstance(error, KeyboardInterrupt):
        ended = underway.failed(message="Cancelled.", cancelled=True)
    elif isinstance(error, AnnotateError):
        ended = underway.failed(message=error.message, hint=error.hint, kind=type(error).__name__)
    else:
        return
    registering.register(corpus, ended.runs, trigger="manual", by=ended.by, deploy=deploy)
    registering.register_failures(corpus, ended)


def _order(corpus: Corpus, worker: Worker) -> str:
    """Let the deployed runs order the queue, as the app does after a training; return why they could not."""
    known = settings.load(corpus)
    deployed = {task: run.name for task, run in runs.deployed(corpus).items()}
    if known.order != "informative" or not deployed:
        return ""
    n = settings.effective_n(known, settings.scheme(corpus))
    try:
        worker.serve(deployed)
        entries = worker.rank(strategy=known.strategy, size=queue.LENGTH, n=n, seed=known.seed)
    except LearnError as error:
        return f"the queue stays as it was: {error}"
    ordering.take_over(corpus, entries, run=" ".join(deployed.values()))
    return ""


def explain(
    corpus: Corpus, *, tags: Sequence[str] | None = None, reviewed: bool | None = None, tie: Tie | None = None
) -> Iterator[Chosen]:
    """Yield every document that somebody has begun: which version a training would use, by which rule, for what.

    Args:
        tags: As a training that asks for documents with at least one of these; None for what the corpus is set to.
        reviewed: As a training on what a reviewer accepted; None likewise.
        tie: What decides between several versions; None likewise.
    """
    known = settings.load(corpus)
    tags, tie = known.train_tags if tags is None else tags, tie or known.tie
    reviewed = known.train_on == "reviewed" if reviewed is None else reviewed
    gold = {g.id: (g.document.key, g.annotator, g.rule, g.marks) for g in versions.gold(corpus, tie=tie)}
    use = dict(zip(gold, uses([held[3] for held in gold.values()], tags=tags, reviewed=reviewed), strict=True))
    for one in versions.considered(corpus, tie=tie):
        if one.document in gold:
            key, annotator, rule, _ = gold[one.document]
            yield Chosen(key, annotator, rule, use[one.document], WHY[use[one.document]])
        else:
            yield Chosen(documents.row(corpus, one.document).key, "", "", "not used", one.why_none)


def predict(corpus: Corpus, *, on_progress: Tell | None = None) -> dict[str, int]:
    """Predict every document that is not confirmed with the deployed runs, into the runs' folders.

    Returns:
        Suggestions by run.

    Raises:
        NothingToDoError: No run is deployed.
    """
    deployed = {task: run.name for task, run in runs.deployed(corpus).items()}
    if not deployed:
        raise NothingToDoError("No run is deployed.", hint="Train one first.")
    states = (DocumentState.PENDING, DocumentState.IN_PROGRESS, DocumentState.SKIPPED)
    scheme = settings.scheme(corpus)
    known = counters.progress(corpus)
    open_ones = max(known.total - known.confirmed, 1)
    counts = dict.fromkeys(deployed.values(), 0)
    with Worker(corpus.path) as worker:
        for number, (task, run) in enumerate(deployed.items()):
            worker.serve({task: run})

            def predicted(task: str = task, run: str = run, number: int = number) -> Iterator[tuple[int, list[Any]]]:
                done = 0
                for some in filter(None, documents.ids(corpus, states=states, size=_AT_ONCE)):
                    for id, found in worker.predict(some).get(task, {}).items():
                        shown = deployment.ours(scheme, found)
                        counts[run] += len(shown)
                        yield id, shown
                    done += len(some)
                    if on_progress is not None:
                        share = (number + min(done / open_ones, 1.0)) / len(deployed)
                        on_progress(share, f"{run}: {counts[run]} suggestions")

            runs.write_predictions(runs.folder(corpus, run), predicted())
    return counts

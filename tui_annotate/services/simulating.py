"""Simulating: a gold corpus is played through the real session and learner, to see how many confirmations it takes.

Each play has a corpus file of its own, with the texts and no annotations. An oracle reviews what the queue
shows next and confirms it; after every N confirmations the tasks are trained, held against the test share, and
order the queue again. The test share is set apart before anything is picked; its texts teach no features either.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, get_args

from tui_annotate.domain.annotations import Annotations
from tui_annotate.domain.interchange import ExchangedDocument, ExchangedVersion
from tui_annotate.domain.scheme import ATTRIBUTES, ENTITIES, LABELS
from tui_annotate.errors import NothingToDoError, TooFewExamplesError, UsageError
from tui_annotate.learn.catalogue import catalogue
from tui_annotate.learn.client import Worker
from tui_annotate.services import oracle
from tui_annotate.services.gold import Gold
from tui_annotate.session.desk import Desk, Predictions
from tui_annotate.session.review import ReviewSession
from tui_annotate.store import documents, queue, settings
from tui_annotate.store.connection import Corpus
from tui_annotate.store.intake import Intake
from tui_annotate.store.settings import Settings, Strategy

STRATEGIES: tuple[str, ...] = get_args(Strategy)
_ANNOTATOR = "oracle"

Tell = Callable[[float, str], None]


@dataclass(frozen=True, slots=True)
class Point:
    """Where a play stood after a training."""

    confirmations: int
    accuracy: float | None
    """Of document labels, on the test; None for entities."""
    f1: float | None
    """Entities: exact, all types together. Boolean: of true. Choices: the mean over the values."""
    tokens: int
    """Tokens read until then."""
    spans: int
    """Entities in the documents confirmed until then."""
    keys: int
    fit_seconds: float
    seconds: float = 0.0
    """What a person would have needed, as `modelled_seconds` has it."""


@dataclass(frozen=True, slots=True)
class Play:
    """One seed and strategy, for one task."""

    seed: int
    strategy: str
    task: str
    n: int
    engine: str = ""
    """Name of the engine asked for; empty for the task's own."""
    points: list[Point] = field(default_factory=list)


_READING = 60 / 238
"""Seconds a word: adults read 238 words a minute silently (Brysbaert 2019, a review of 190 studies)."""
_KEY = 0.28
_MENTAL = 1.35
"""Seconds for a key and for making up one's mind (the keystroke-level model, Card, Moran and Newell 1980)."""


def modelled_seconds(*, documents: int, tokens: int, keys: int) -> float:
    """Return how long a person would need: reading all, making up their mind once a document, pressing the keys."""
    return tokens * _READING + documents * _MENTAL + keys * _KEY


def simulate(
    pool: Gold,
    *,
    n: int = 0,
    strategies: Sequence[str] = (),
    seeds: Sequence[int] = (0,),
    most: int = 500,
    test: Gold | None = None,
    test_share: float = 0.2,
    engine: str = "",
    given: bool = False,
    at_once: int = 0,
    on_progress: Tell | None = None,
) -> Iterator[Play]:
    """Play a gold corpus, one strategy and seed after another, and yield each play when it is over.

    Args:
        n: Confirmations from one training to the next; 0 for the default of the scheme.
        strategies: Names of acquisition; none for the task's default, and `random`.
        seeds: What the split, the random order and the models are drawn by; one play of each strategy for each.
        most: Confirmations after which a play ends.
        test: Documents to measure on; None to set a share of the pool apart.
        engine: Train with this one the tasks that it handles; empty for each task's own.
        given: The entities of the pool stand there, and are not learned; their attributes and the document's labels
            are what is decided.
        at_once: Plays that go on beside one another; 0 for one a processor.

    Raises:
        UsageError: An unknown strategy or engine, or an engine that learns none of the tasks.
        NothingToDoError: The gold has nothing to learn.
    """
    wanted = list(strategies) or ["default", "random"]
    for strategy in wanted:
        if strategy not in STRATEGIES:
            raise UsageError(f"There is no strategy {strategy}.", hint=f"Strategies: {', '.join(STRATEGIES)}.")
    tasks = _tasks(pool, engine, given=given)
    learned = replace(pool.scheme, entities=()) if given else pool.scheme
    n = n or settings.effective_n(Settings(), learned)
    plays = [(seed, strategy) for seed in seeds for strategy in wanted]
    done = [0.0] * len(plays)

    def play(number: int) -> list[Play]:
        seed, strategy = plays[number]
        texts, held = (pool, test) if test is not None else pool.split(test_share, seed)

        def tell(share: float, message: str) -> None:
            done[number] = share
            if on_progress is not None:
                on_progress(sum(done) / len(done), message)

        with TemporaryDirectory(prefix="tui-annotate-") as folder:
            path = Path(folder) / "play.db"
            player = _Player(path, texts, held, strategy=strategy, seed=seed, n=n, engine=engine, given=given)
            playing.append(player)
            try:
                return [] if stopped else player.play(tasks, most=most, tell=tell)
            finally:
                player.close()

    # The threads wait for their learning processes; each play has its own corpus file and connection.
    playing: list[_Player] = []
    stopped = False
    threads = ThreadPoolExecutor(at_once or os.cpu_count() or 1)
    try:
        for ended in threads.map(play, range(len(plays))):
            yield from ended
    finally:
        stopped = True
        for player in playing:
            player.stop()
        threads.shutdown(cancel_futures=True)


def _tasks(pool: Gold, engine: str, *, given: bool) -> list[str]:
    """Return what there is to learn; raises as `simulate` does."""
    tasks = [task for task in pool.scheme.tasks if not (given and task == ENTITIES)]
    if engine:
        known = catalogue()
        if engine not in known:
            raise UsageError(f"There is no engine {engine!r}.", hint=f"Engines: {', '.join(known)}.")
        if not any(known[engine].handles(task, pool.scheme) for task in tasks):
            raise UsageError(f"The engine {engine} learns none of {', '.join(tasks)}.")
    if not tasks or len(pool.documents) < 2:
        raise NothingToDoError("There is nothing to learn from in this gold.", hint="It needs labelled documents.")
    return tasks


class _Player:
    """One play over a corpus of its own."""

    def __init__(
        self,
        path: Path,
        pool: Gold,
        test: Gold,
        *,
        strategy: str,
        seed: int,
        n: int,
        engine: str = "",
        given: bool = False,
    ) -> None:
        self.gold = {d.document.key: _annotations(d) for d in pool.documents}
        self.scheme = pool.scheme
        self.strategy, self.seed, self.n = strategy, seed, n
        self.engines = {info.name: info for info in catalogue().values() if info.name == engine}
        self.corpus = Corpus.create(path, scheme=pool.scheme)
        order = "random" if strategy == "random" else "informative"
        settings.change(self.corpus, seed=seed, order=order, retrain_every=n)
        self.test = self._fill(pool, test, given=given)
        self.worker = Worker(path)
        self.desk = Desk(self.corpus, _ANNOTATOR)
        self.session = ReviewSession(_ANNOTATOR, settings.scheme(self.corpus))
        self.learned: dict[int, dict[str, list[Any]]] = {}
        self.trained: list[int] = []
        self.fitted = False
        self.stopped = self.closed = False

    def stop(self) -> None:
        """End the play from another thread: whoever waits for the child gets an error then."""
        self.stopped = True
        if not self.closed:
            with suppress(ProcessLookupError):
                os.kill(self.worker.pid, signal.SIGKILL)

    def close(self) -> None:
        """End the child and close the file."""
        self.closed = True
        self.worker.close()
        self.corpus.close()

    def play(self, tasks: Sequence[str], *, most: int, tell: Tell) -> list[Play]:
        """Review until `most` confirmations or the end of the pool."""
        plays = {task: Play(self.seed, self.strategy, task, self.n, self._engine(task)) for task in tasks}
        tokens = spans = keys = 0
        most = min(most, len(self.gold))
        self._order()
        for confirmations in range(1, most + 1):
            effort = None if self.stopped else self._review_next()
            if effort is None:
                break
            tokens, spans, keys = tokens + effort.tokens, spans + effort.spans, keys + effort.keys
            tell(confirmations / most, f"{self.strategy}, seed {self.seed}: {confirmations} confirmed")
            if confirmations % self.n:
                continue
            for task, play in plays.items():
                measured = self._train(task)
                if measured is not None:
                    accuracy, f1, seconds = measured
                    took = modelled_seconds(documents=confirmations, tokens=tokens, keys=keys)
                    point = Point(confirmations, accuracy, f1, tokens, spans, keys, seconds, round(took, 1))
                    play.points.append(point)
            self._look_ahead()
        return list(plays.values())

    def _fill(self, pool: Gold, test: Gold, *, given: bool) -> list[int]:
        taken = {d.document.key for d in pool.documents}
        arrivals = [replace(d, versions=_given(d) if given else (), source={}) for d in pool.documents]
        for document in test.documents:
            key = document.document.key
            renamed = replace(document.document, key=f"test/{key}" if key in taken else key, tags=("Test",))
            version = ExchangedVersion(_annotations(document), confirmed=True)
            arrivals.append(replace(document, document=renamed, versions=(version,), source={}))
        for _ in Intake(self.corpus).add(arrivals):
            pass
        keys = [d.document.key for d in arrivals[len(pool.documents) :]]
        return [id for id in (documents.find(self.corpus, key) for key in keys) if id is not None]

    def _review_next(self) -> oracle.Effort | None:
        following = self.desk.following()
        if not following:
            return None
        id = following[0].document
        if self.fitted and id not in self.learned:
            self._predict([id])
        predicted = [Predictions(f"{task}-0", tuple(found)) for task, found in self.learned.get(id, {}).items()]
        working = self.desk.open(id, predicted)
        self.session.show(working)
        effort = oracle.review(self.session, self.gold[working.document.key], self.desk.write)
        if not working.row.holdout:
            self.trained.append(id)
        return effort

    def _train(self, task: str) -> tuple[float | None, float | None, float] | None:
        try:
            fitted = self.worker.fit(task, self.trained, engine=self._engine(task), seed=self.seed)
        except TooFewExamplesError:
            return None
        self.fitted = True
        figures = self.worker.evaluate(task, self.test, least=1)
        accuracy = figures.get("accuracy")
        return accuracy["value"] if accuracy else None, self._f1(task, figures), fitted.seconds

    def _engine(self, task: str) -> str:
        """Return the engine asked for where it handles the task, else none: the task's own then."""
        return next((name for name, info in self.engines.items() if info.handles(task, self.scheme)), "")

    def _f1(self, task: str, figures: Mapping[str, Any]) -> float | None:
        label = self.scheme.label(task.removeprefix(LABELS)) or self.scheme.attribute(task.removeprefix(ATTRIBUTES))
        if task == ENTITIES:
            found = figures.get("f1")
        elif label is not None and label.kind == "boolean":
            found = figures.get("values", {}).get("True", {}).get("f1")
        else:
            return figures.get("macro_f1")
        return found["value"] if found else None

    def _look_ahead(self) -> None:
        """Order the queue by the new models, and predict what is shown until the next training."""
        self.learned.clear()
        if not self.fitted:
            return
        self._order()
        self._predict([found.document for found in self.desk.following(self.n)])

    def _order(self) -> None:
        """Order the queue, by chance or by the models; before there is one, by what stands for many others."""
        if self.strategy != "random":
            entries = self.worker.rank(strategy=self.strategy, size=queue.LENGTH, n=self.n, seed=self.seed)
            queue.replace(self.corpus, entries, run="")

    def _predict(self, ids: Sequence[int]) -> None:
        for task, by_document in self.worker.predict(ids).items():
            for id, found in by_document.items():
                self.learned.setdefault(id, {})[task] = found


def _given(document: ExchangedDocument) -> tuple[ExchangedVersion, ...]:
    """Return the version in which the entities of the gold are suggested, without what is to be decided of them."""
    entities = {n: replace(e, attributes={}) for n, e in _annotations(document).entities.items()}
    return (ExchangedVersion(Annotations(entities), confirmed=False),)


def _annotations(document: ExchangedDocument) -> Annotations:
    """Return the gold of a document: its master version, else the first."""
    versions = sorted(document.versions, key=lambda v: v.annotator != "master")
    return versions[0].annotations if versions else Annotations()


def report(plays: Sequence[Play]) -> dict[str, Any]:
    """Return plays as `simulate --json` prints them."""
    return {"runs": [asdict(play) for play in plays]}


def mean_curves(plays: Sequence[Play], *, against: str) -> dict[str, list[tuple[float, float]]]:
    """Return a curve for each strategy: the mean over its plays of what it took and of the figure after each training.

    The figure is F1; where a point has none, accuracy. A point counts where every play of the strategy has it.

    Args:
        against: Field of `Point` for the first coordinate.
    """
    curves: dict[str, list[tuple[float, float]]] = {}
    for strategy in dict.fromkeys(play.strategy for play in plays):
        ours = [{p.confirmations: p for p in play.points} for play in plays if play.strategy == strategy]
        common = sorted(set.intersection(*(set(points) for points in ours)))
        for confirmations in common:
            points = [by_count[confirmations] for by_count in ours]
            figures = [p.f1 if p.f1 is not None else p.accuracy for p in points]
            held = [figure for figure in figures if figure is not None]
            if held:
                across = sum(float(getattr(p, against)) for p in points) / len(points)
                curves.setdefault(strategy, []).append((across, sum(held) / len(held)))
    return curves

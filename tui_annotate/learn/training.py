"""One training: gold to run folders. Everything that can be done before it is asked for is done by `prepare`."""

from __future__ import annotations

import logging
import platform
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import msgspec

from tui_annotate.domain.figures import said
from tui_annotate.domain.scheme import Scheme
from tui_annotate.errors import TooFewExamplesError, UsageError
from tui_annotate.learn import metrics, spaces
from tui_annotate.learn.data import Gold, Split, scheme_of
from tui_annotate.learn.engines.base import (
    Engine,
    EngineFactory,
    Example,
    Model,
    Progress,
    no_progress,
)
from tui_annotate.learn.engines.registry import engine_for
from tui_annotate.learn.messages import FinishedRun, Train
from tui_annotate.learn.spaces import Encoded
from tui_annotate.store import runs, settings
from tui_annotate.store.connection import Corpus

LIBRARIES = ("numpy", "scipy", "scikit-learn", "python-crfsuite", "skops")


@dataclass(frozen=True, slots=True)
class Course:
    """What is kept of a task between trainings."""

    factory: EngineFactory
    engine: Engine
    encoded: Encoded
    space_file: Path
    """Empty when the space is in memory only."""


class Training:
    """Trains the tasks of one corpus, keeping gold, spaces and encoded documents in memory."""

    def __init__(self, corpus: Corpus) -> None:
        self.corpus = corpus
        self.gold = Gold(corpus)
        self.scheme = scheme_of(corpus)
        self._courses: dict[tuple[str, str], Course] = {}
        self._spaces: dict[str, tuple[Encoded, Path]] = {}

    def prepare(self, progress: Progress = no_progress) -> None:
        """Learn or load the spaces, read the gold, encode it."""
        self.refresh()
        split = self.gold.split()
        for task in self.scheme.tasks:
            course = self.course(task, progress=progress)
            encodings = self.encode(course, split.train)
            ahead = getattr(course.engine, "prepare", None)
            if ahead is not None:
                ahead(split.train, encodings, parameters={})
            self.encode(course, split.holdout + split.test)

    def refresh(self) -> None:
        """Read what changed since; a changed scheme makes engines anew."""
        scheme = scheme_of(self.corpus)
        if scheme != self.scheme:
            self.scheme, self._courses = scheme, {}
        self.gold.refresh()

    def course(self, task: str, *, engine: str = "", progress: Progress = no_progress) -> Course:
        """Return what is kept of a task; raises UsageError when nothing can learn it."""
        known = self._courses.get((task, engine))
        if known is None:
            factory = engine_for(task, self.scheme, name=engine)
            if factory.name not in self._spaces:
                seed = settings.load(self.corpus).seed
                space, path = spaces.current(self.corpus, factory, seed=seed, progress=progress)
                self._spaces[factory.name] = (Encoded(space), path)
            encoded, path = self._spaces[factory.name]
            known = Course(factory, factory.create(task, self.scheme, encoded.space), encoded, path)
            self._courses[task, engine] = known
        return known

    def encode(self, course: Course, examples: Sequence[Example]) -> Any:
        """Return the encodings of gold documents."""
        texts = {example.id: example.document for example in examples}
        return course.encoded.get(list(texts), lambda ids: {id: texts[id] for id in ids})[1]

    def train(self, command: Train, progress: Progress) -> tuple[list[FinishedRun], dict[str, str]]:
        """Train every task asked for; returns the runs, and the tasks that could not be learned, with the reason.

        Raises:
            LearnError: Nothing could be learned.
            ParameterError, UsageError: The command itself is wrong.
        """
        self.refresh()
        wanted = command.tasks or self.scheme.tasks
        if not wanted:
            raise UsageError("The scheme has nothing to learn.", hint="Add entity types or document labels to it.")
        split = self.gold.split(tags=command.tags, only=None if command.documents is None else set(command.documents))
        finished: list[FinishedRun] = []
        left_out: dict[str, str] = {}
        first_error: TooFewExamplesError | None = None
        for number, task in enumerate(wanted):

            def tell(share: float, message: str, number: int = number) -> None:
                progress((number + share) / len(wanted), message)

            try:
                finished.append(self._train_one(task, command, split, tell))
            except TooFewExamplesError as error:
                first_error = first_error or error
                left_out[task] = str(error)
        if first_error is not None and not finished:
            raise first_error
        return finished, left_out

    def _train_one(self, task: str, command: Train, split: Split, progress: Progress) -> FinishedRun:
        started, created = time.perf_counter(), _now()
        known = settings.load(self.corpus)
        course = self.course(task, engine=command.engine, progress=progress)
        if not split.train:
            raise TooFewExamplesError(
                f"{task}: no confirmed document to learn from.", hint="Confirm some documents first."
            )
        model = course.engine.fit(
            split.train,
            self.encode(course, split.train),
            parameters=command.parameters,
            seed=known.seed,
            progress=lambda share, message: progress(0.85 * share, message),
        )
        name = runs.new_name(self.corpus, task)
        target = runs.folder(self.corpus, name)
        progress(0.87, "measuring on what was held out")
        figures, predicted = self._measure(task, course, model, split, name, known.suggest_from)
        finished = FinishedRun(
            name=name,
            task=task,
            engine=course.factory.name,
            folder=target.name,
            documents=model.report.documents,
            sequence=self.gold.sequence,
            metrics=figures,
            parameters=dict(command.parameters),
            created=created,
            seconds=round(time.perf_counter() - started, 3),
        )
        with runs.RunFolder(target) as folder:
            model.save(folder)
            spaces.link(course.space_file, folder)
            runs.write_predictions(folder, predicted)
            (folder / "metrics.json").write_bytes(msgspec.json.format(msgspec.json.encode(figures), indent=1))
            (folder / "parameters.json").write_bytes(_described(command, finished, known.seed))
            (folder / "log.txt").write_text(_log(command, finished, model, split, self.scheme), "utf-8")
        logging.info("%s: %s documents in %.2f s", name, finished.documents, finished.seconds)
        return finished

    def _measure(
        self, task: str, course: Course, model: Model, split: Split, run: str, minimum: float
    ) -> tuple[dict[str, Any], list[tuple[int, list[Any]]]]:
        """Return the figures on holdout and fixed test, and the predictions they come from."""
        figures: dict[str, Any] = {"trained_on": dict(model.report.positives), "notes": list(model.report.notes)}
        predicted = []
        for part, examples in (("holdout", split.holdout), ("test", split.test)):
            found = model.predict(self.encode(course, examples), run=run, minimum=minimum)
            predicted += [(example.id, suggestions) for example, suggestions in zip(examples, found, strict=True)]
            if examples or part == "holdout":
                figures[part] = metrics.evaluate(task, self.scheme, [e.annotations for e in examples], found)
        return figures, predicted


def _described(command: Train, finished: FinishedRun, seed: int) -> bytes:
    described = {
        "task": finished.task,
        "engine": finished.engine,
        "trigger": command.trigger,
        "by": command.by,
        "parameters": command.parameters,
        "seed": seed,
        "tags": command.tags,
        "documents": finished.documents,
        "sequence": finished.sequence,
        "created": finished.created,
        "seconds": finished.seconds,
    }
    return msgspec.json.format(msgspec.json.encode(described), indent=1)


def _log(command: Train, finished: FinishedRun, model: Model, split: Split, scheme: Scheme) -> str:
    held_out, test = len(split.holdout), len(split.test)
    lines = [
        f"{finished.created}  run {finished.name}, {command.trigger}{f', by {command.by}' if command.by else ''}",
        f"engine: {finished.engine}",
        f"on: Python {platform.python_version()}, {', '.join(f'{name} {version(name)}' for name in LIBRARIES)}",
        f"parameters: {finished.parameters or 'as they are'}; tags: {', '.join(command.tags) or 'any'}",
        f"documents: {finished.documents} trained on, {held_out} held out, {test} tagged Test",
        f"newest decision: {finished.sequence}",
        *(f"  {name}: {count}" for name, count in sorted(model.report.positives.items())),
        *(f"note: {note}" for note in model.report.notes),
        f"held out: {said(finished.metrics)}",
        *_table(finished.metrics),
        f"seconds: {finished.seconds:.2f}",
    ]
    return "\n".join(lines) + "\n"


def _table(figures: dict[str, Any]) -> list[str]:
    """Return precision, recall and F1 by type or value, for the log."""
    lines = []
    for part in ("holdout", "test"):
        measured = figures.get(part) or {}
        for name, row in (measured.get("types") or measured.get("values") or {}).items():
            if "f1" in row:
                f1 = f"{row['f1']['value']:.2f} ({row['f1']['low']:.2f}-{row['f1']['high']:.2f})"
                lines.append(f"  {part} {name}: precision {row['precision']:.2f}, recall {row['recall']:.2f}, F1 {f1}")
            else:
                lines.append(f"  {part} {name}: {row['positives']}/{row.get('needed', 10)}, too few for a figure")
    return lines


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")

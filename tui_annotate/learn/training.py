"""One training: gold to run folders. Everything that can be done before it is asked for is done by `prepare`."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import msgspec

from tui_annotate.domain.readiness import check, evidence
from tui_annotate.errors import AnnotateError, NothingToDoError, TooFewExamplesError
from tui_annotate.learn import measuring, recording, spaces, stability, validation
from tui_annotate.learn.asked import Asked, Lesson, settle
from tui_annotate.learn.channel import describe
from tui_annotate.learn.data import Gold, Split, scheme_of
from tui_annotate.learn.deployed import DeployedRuns, held_against, is_worth_loading
from tui_annotate.learn.engines.base import Engine, EngineFactory, Example, Model, Progress, no_progress
from tui_annotate.learn.engines.registry import engine_for
from tui_annotate.learn.journal import Journal, Tell, quiet
from tui_annotate.learn.mentions import about_gold
from tui_annotate.learn.messages import FinishedRun, TaskFailure, Train, TrainOptions
from tui_annotate.learn.spaces import Encoded
from tui_annotate.store import runs, settings
from tui_annotate.store.connection import Corpus


@dataclass(frozen=True, slots=True)
class Course:
    """What is kept of a task between trainings."""

    factory: EngineFactory
    engine: Engine
    encoded: Encoded
    space_file: Path
    """Empty when the space is in memory only."""


@dataclass(frozen=True, slots=True)
class Round:
    """What all tasks of one training share."""

    command: Train
    asked: Asked
    split: Split
    id: str


def _ignore(_: object) -> None:
    """Tell nobody."""


class Training:
    """Trains the tasks of one corpus, keeping gold, spaces and encoded documents in memory."""

    def __init__(self, corpus: Corpus) -> None:
        self.corpus = corpus
        self.gold = Gold(corpus)
        self.scheme = scheme_of(corpus)
        self._courses: dict[tuple[str, str], Course] = {}
        self._spaces: dict[str, tuple[Encoded, Path]] = {}
        self._deployed = DeployedRuns(corpus)

    def prepare(self, progress: Progress = no_progress) -> None:
        """Learn or load the spaces, read the gold, encode it: what active learning will need."""
        self.refresh()
        split = self.gold.split()
        known = settings.load(self.corpus)
        for lesson in settle(TrainOptions(), self.scheme, known, trigger="active learning").lessons:
            course = self.course(lesson.task, engine=lesson.engine.name, progress=progress)
            encodings = self.encode(course, split.train)
            ahead = getattr(course.engine, "prepare", None)
            if ahead is not None:
                ahead(split.train, encodings, parameters={})
            self.encode(course, split.holdout + split.test)
            if self._deployed.name(lesson.task):
                with suppress(AnnotateError):
                    self._deployed.load(lesson.task, known=self._encoded)
                self.encode(course, stability.sample(self.corpus, seed=known.seed))

    def refresh(self, asked: TrainOptions | None = None) -> None:
        """Read what changed since; a changed scheme makes engines anew."""
        scheme = scheme_of(self.corpus)
        if scheme != self.scheme:
            self.scheme, self._courses = scheme, {}
        self.gold.refresh(tie=asked.tie if asked is not None else None)

    def course(self, task: str, *, engine: str = "", progress: Progress = no_progress) -> Course:
        """Return what is kept of a task; raises UsageError when nothing can learn it."""
        known = self._courses.get((task, engine))
        if known is None:
            factory = engine_for(task, self.scheme, name=engine)
            encoded, path = self._space(factory, progress)
            known = self._courses.get((task, factory.name))
            if known is None:
                known = Course(factory, factory.create(task, self.scheme, encoded.space), encoded, path)
            self._courses[task, engine] = self._courses[task, factory.name] = known
        return known

    def _space(self, factory: EngineFactory, progress: Progress) -> tuple[Encoded, Path]:
        name = getattr(factory, "space_name", factory.name)
        if name not in self._spaces:
            seed = settings.load(self.corpus).seed
            space, path = spaces.current(self.corpus, factory, seed=seed, progress=progress)
            self._spaces[name] = (Encoded(space), path)
        return self._spaces[name]

    @property
    def _encoded(self) -> list[Encoded]:
        return [encoded for encoded, _ in self._spaces.values()]

    def encode(self, course: Course, examples: Sequence[Example]) -> Any:
        """Return the encodings of gold documents."""
        texts = {example.id: example.document for example in examples}
        return about_gold(course.encoded.get(list(texts), lambda ids: {id: texts[id] for id in ids})[1], examples)

    def train(
        self,
        command: Train,
        progress: Progress,
        *,
        begun: Callable[[str], None] = _ignore,
        log: Tell = quiet,
        done: Callable[[FinishedRun], None] = _ignore,
        failed: Callable[[TaskFailure], None] = _ignore,
    ) -> tuple[list[FinishedRun], dict[str, str]]:
        """Train every task asked for; returns the runs, and the tasks that could not be learned, with the reason.

        Args:
            progress: Takes the share done of all tasks, and what is done.
            begun: Takes each task before it is trained.
            log: Takes each line of the log as it is written.
            done: Takes each run when its folder is there.
            failed: Takes each task that could not be learned; the others go on.

        Raises:
            ParameterError, UsageError: The command itself is wrong.
            Exception: No task could be learned; the reason of the first.
        """
        self.refresh(command)
        asked = settle(command, self.scheme, settings.load(self.corpus), trigger=command.trigger)
        only = None if command.documents is None else set(command.documents)
        split = self.gold.split(tags=asked.tags, only=only, reviewed=asked.reviewed)
        together = Round(command, asked, split, uuid4().hex[:12])
        finished: list[FinishedRun] = []
        errors: dict[str, Exception] = dict(asked.refused)
        engines = {lesson.task: lesson.engine.name for lesson in asked.lessons}
        for number, lesson in enumerate(asked.lessons):
            begun(lesson.task)
            journal = Journal(log)
            tell = _part(progress, number, len(asked.lessons), lesson.task)
            try:
                run = self._train_one(lesson, together, journal, tell)
            except Exception as error:  # noqa: BLE001 - an engine may be anybody's; the other tasks go on
                errors[lesson.task] = error
                journal.event(f"{lesson.task} could not be learned: {error or type(error).__name__}")
            else:
                finished.append(run)
                done(run)
        for task, problem in errors.items():
            message, hint, kind = describe(problem)
            failed(TaskFailure(task, message, hint, kind, engines.get(task, "")))
        if errors and not finished:
            raise next(iter(errors.values()))
        return finished, {task: str(problem) for task, problem in errors.items()}

    def _train_one(self, lesson: Lesson, together: Round, journal: Journal, progress: Progress) -> FinishedRun:
        created = _now()
        known = settings.load(self.corpus)
        journal.say("\n".join(recording.opening(together.command, together.asked, lesson)))
        check(evidence(lesson.task, self.scheme, recording.pairs(together.split.train)), self.scheme)
        with journal.phase("texts"):
            engine = lesson.engine.name
            course = self.course(lesson.task, engine=engine, progress=journal.following(progress, 0.0, 0.1))
        rest, part, new = validation.divide(
            self.corpus,
            lesson.task,
            self.scheme,
            together.split.train,
            share=together.asked.validation,
            seed=together.asked.seed,
        )
        parts = {"train": rest, "validation": part, "holdout": together.split.holdout, "test": together.split.test}
        told = recording.data(
            lesson.task, self.scheme, together.split, parts, together.asked, share=known.holdout_share
        )
        journal.say("\n".join(told))
        if part:
            journal.event(f"validation: {len(part)} documents, {len(part) - new} as before, {new} drawn now")
        name = runs.new_name(self.corpus, lesson.task)
        fitted = self._fit(lesson, together, parts, journal, progress)
        with journal.phase("measuring"):
            progress(0.87, "measuring")
            figures, predicted = measuring.measure(
                lesson.task, self.scheme, fitted, parts, self._encoder(course), run=name, minimum=known.suggest_from
            )
            figures |= self._beside(lesson, together, parts, predicted, journal, minimum=known.suggest_from)
            figures |= self._stability(lesson, fitted.model, course, minimum=known.suggest_from)
        figures |= {"training": together.id, "warm": fitted.warm, "timings": dict(journal.timings)}
        finished = FinishedRun(
            name=name,
            task=lesson.task,
            engine=course.factory.name,
            folder=runs.folder(self.corpus, name).name,
            documents=fitted.model.report.documents,
            sequence=self.gold.sequence,
            metrics=figures,
            parameters=dict(lesson.parameters),
            created=created,
            seconds=round(journal.seconds, 3),
            training=together.id,
        )
        self._write(finished, lesson, together, fitted, predicted, course, journal)
        return finished

    def _encoder(self, course: Course) -> Callable[[Sequence[Example]], Any]:
        return lambda examples: self.encode(course, examples)

    def _fit(
        self, lesson: Lesson, together: Round, parts: recording.Parts, journal: Journal, progress: Progress
    ) -> measuring.Fitted:
        """Fit on all the gold; where a part was set apart, look at that first, or let the engine choose by it."""
        course = self.course(lesson.task, engine=lesson.engine.name)
        rest, part = parts["train"], parts["validation"]
        options: dict[str, Any] = {"parameters": lesson.parameters, "seed": together.asked.seed}
        engine, warm = self._engine(lesson, together, course, journal)
        choosing = getattr(engine, "fit_validated", None)
        if part and choosing is not None:
            with journal.phase("fitting"):
                held = (part, self.encode(course, part))
                follow = journal.following(progress, 0.1, 0.85)
                model = choosing(rest, self.encode(course, rest), validation=held, progress=follow, **options)
            journal.event("the best state on the validation part was kept; that part was not learned")
            return measuring.Fitted(model, model, warm)
        probe: Model | None = None
        if part:
            with journal.phase("validating"):
                probe = self._probe(course, lesson.task, rest, journal, progress, options)
        with journal.phase("fitting"):
            gold = together.split.train
            follow = journal.following(progress, 0.45 if part else 0.1, 0.85)
            model = engine.fit(gold, self.encode(course, gold), progress=follow, **options)
        journal.event(
            f"fitted on {model.report.documents} documents{', those of the validation part too' if part else ''}"
        )
        return measuring.Fitted(model, probe, warm)

    def _probe(
        self,
        course: Course,
        task: str,
        rest: Sequence[Example],
        journal: Journal,
        progress: Progress,
        options: dict[str, Any],
    ) -> Model | None:
        """Fit without the validation part, on an engine of its own: what the other has read ahead stays."""
        follow = journal.following(progress, 0.1, 0.45)
        apart = course.factory.create(task, self.scheme, course.encoded.space)
        try:
            return apart.fit(rest, self.encode(course, rest), progress=follow, **options)
        except TooFewExamplesError as error:
            journal.event(f"not validated: without that part there is too little to learn from: {error.message}")
            return None

    def _engine(self, lesson: Lesson, together: Round, course: Course, journal: Journal) -> tuple[Engine, str]:
        """Return the engine to fit with, and the run that it goes on from where one was asked for and can be."""
        if not together.asked.warm:
            journal.event("start: from the beginning")
            return course.engine, ""
        engine = course.factory.create(lesson.task, self.scheme, course.encoded.space)
        start = getattr(engine, "warm_start", None)
        if start is None:
            journal.event(f"start: from the beginning; {lesson.engine.name} learns all of it anew each time")
            return course.engine, ""
        try:
            deployed = self._deployed.load(lesson.task, known=self._encoded)
            if deployed.engine != lesson.engine.name:
                raise NothingToDoError(f"the deployed run, {deployed.run}, is one of {deployed.engine}.")
            start(deployed.model)
        except AnnotateError as error:
            journal.event(f"start: from the beginning; {error}")
            return course.engine, ""
        journal.event(f"start: from {deployed.run} (warm start)")
        return engine, deployed.run

    def _beside(
        self,
        lesson: Lesson,
        together: Round,
        parts: dict[str, list[Example]],
        predicted: measuring.Predicted,
        journal: Journal,
        *,
        minimum: float,
    ) -> dict[str, Any]:
        """Return the run held against the deployed one as `paired`; nothing where that is not possible."""
        if not is_worth_loading([parts["holdout"], parts["test"]]) or not self._deployed.name(lesson.task):
            return {}
        try:
            deployed = self._deployed.load(lesson.task, known=self._encoded)
            seed = together.asked.seed
            found = held_against(deployed, lesson.task, self.scheme, parts, predicted, minimum=minimum, seed=seed)
        except AnnotateError as error:
            journal.event(f"not compared with the deployed run: {error}")
            return {}
        return {} if found is None else {"paired": found}

    def _stability(self, lesson: Lesson, model: Model, course: Course, *, minimum: float) -> dict[str, Any]:
        """Return how far the run agrees with the deployed one on pending documents; nothing where it cannot be said."""
        if not self._deployed.name(lesson.task):
            return {}
        try:
            deployed = self._deployed.load(lesson.task, known=self._encoded)
        except AnnotateError:
            return {}
        pending = stability.sample(self.corpus, seed=settings.load(self.corpus).seed)
        found = stability.beside(lesson.task, pending, model, self._encoder(course), deployed, minimum=minimum)
        return {} if found is None else {"stability": found}

    def _write(
        self,
        finished: FinishedRun,
        lesson: Lesson,
        together: Round,
        fitted: measuring.Fitted,
        predicted: measuring.Predicted,
        course: Course,
        journal: Journal,
    ) -> None:
        """Fill the run's folder; it gets its name when all is on disk."""
        figures, model = finished.metrics, fitted.model
        closing = recording.closing(model, figures, journal.timings, finished.seconds)
        journal.say(
            "\n".join([*closing, f"newest decision: {finished.sequence}", f"run {finished.name}, {finished.created}"])
        )
        with runs.RunFolder(runs.folder(self.corpus, finished.name)) as folder:
            model.save(folder)
            spaces.link(course.space_file, folder)
            runs.write_predictions(folder, predicted)
            (folder / "metrics.json").write_bytes(msgspec.json.format(msgspec.json.encode(figures), indent=1))
            described = recording.described(together.command, together.asked, lesson, finished, warm=fitted.warm)
            (folder / "parameters.json").write_bytes(described)
            (folder / "log.txt").write_text("\n".join(journal.lines) + "\n", "utf-8")
        logging.info("%s: %s documents in %.2f s", finished.name, finished.documents, finished.seconds)


def _part(progress: Progress, number: int, of: int, task: str) -> Progress:
    """Return a progress callback for one of several tasks, which names the task where there are several."""

    def tell(share: float, message: str) -> None:
        progress((number + share) / of, f"{task}: {message}" if of > 1 else message)

    return tell


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")

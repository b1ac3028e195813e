"""What is kept of a corpus between trainings: gold, spaces, encoded documents, engines, the deployed runs."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from tui_annotate.errors import AnnotateError
from tui_annotate.learn import recording, spaces, stability
from tui_annotate.learn.asked import settle
from tui_annotate.learn.data import Gold, scheme_of
from tui_annotate.learn.deployed import DeployedRuns
from tui_annotate.learn.engines.base import Engine, EngineFactory, Example, Progress, no_progress
from tui_annotate.learn.engines.registry import engine_for
from tui_annotate.learn.mentions import about_gold
from tui_annotate.learn.messages import TrainOptions
from tui_annotate.learn.spaces import Encoded, SpaceFile
from tui_annotate.store import settings
from tui_annotate.store.connection import Corpus


@dataclass(frozen=True, slots=True)
class Course:
    """What is kept of a task between trainings."""

    factory: EngineFactory
    engine: Engine
    encoded: Encoded
    space_file: SpaceFile


class Courses:
    """Everything about a corpus that can be made ready before a training is asked for."""

    def __init__(self, corpus: Corpus) -> None:
        self.corpus = corpus
        self.gold = Gold(corpus)
        self.scheme = scheme_of(corpus)
        self._courses: dict[tuple[str, str], Course] = {}
        self._spaces: dict[str, tuple[Encoded, SpaceFile]] = {}
        self.deployed = DeployedRuns(corpus)

    def prepare(self, progress: Progress = no_progress) -> None:
        """Learn or load the spaces, read the gold, encode it: what active learning will need."""
        self.refresh()
        recording.libraries()
        split = self.gold.split()
        known = settings.load(self.corpus)
        for lesson in settle(TrainOptions(), self.scheme, known, trigger="active learning").lessons:
            course = self.course(lesson.task, engine=lesson.engine.name, progress=progress)
            encodings = self.encode(course, split.train)
            ahead = getattr(course.engine, "prepare", None)
            if ahead is not None:
                ahead(split.train, encodings, parameters={})
            self.encode(course, split.holdout + split.test)
            if self.deployed.name(lesson.task):
                with suppress(AnnotateError):
                    self.deployed.load(lesson.task, known=self.encoded)
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
            encoded, file = self._space(factory, progress)
            known = self._courses.get((task, factory.name))
            if known is None:
                known = Course(factory, factory.create(task, self.scheme, encoded.space), encoded, file)
            self._courses[task, engine] = self._courses[task, factory.name] = known
        return known

    def _space(self, factory: EngineFactory, progress: Progress) -> tuple[Encoded, SpaceFile]:
        name = factory.name
        if name not in self._spaces:
            seed = settings.load(self.corpus).seed
            space, file = spaces.current(self.corpus, factory, seed=seed, progress=progress)
            self._spaces[name] = (Encoded(space), file)
        return self._spaces[name]

    @property
    def encoded(self) -> list[Encoded]:
        """Return the spaces in memory with their documents."""
        return [encoded for encoded, _ in self._spaces.values()]

    def encode(self, course: Course, examples: Sequence[Example]) -> Any:
        """Return the encodings of gold documents."""
        texts = {example.id: example.document for example in examples}
        return about_gold(course.encoded.get(list(texts), lambda ids: {id: texts[id] for id in ids})[1], examples)

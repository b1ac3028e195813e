"""One task of a training: from gold to the folder of a run."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import msgspec

from tui_annotate.domain.documents import text_hash
from tui_annotate.domain.readiness import check, evidence
from tui_annotate.errors import AnnotateError, NothingToDoError, TooFewExamplesError
from tui_annotate.learn import measuring, recording, spaces, stability, validation
from tui_annotate.learn.asked import Asked, Lesson
from tui_annotate.learn.courses import Course, Courses
from tui_annotate.learn.data import Split
from tui_annotate.learn.deployed import held_against, load_run, unseen
from tui_annotate.learn.engines.base import Engine, Example, Model, Progress
from tui_annotate.learn.journal import Journal
from tui_annotate.learn.measuring import Fitted, Predicted
from tui_annotate.learn.messages import FinishedRun, Train
from tui_annotate.store import runs, settings


@dataclass(frozen=True, slots=True)
class Round:
    """What all tasks of one training share."""

    command: Train
    asked: Asked
    split: Split
    id: str


class RunMaker:
    """Trains one task and writes its run; used once."""

    def __init__(self, kept: Courses, together: Round, lesson: Lesson, journal: Journal, progress: Progress) -> None:
        self._kept = kept
        self._together = together
        self._asked = together.asked
        self._lesson = lesson
        self._task = lesson.task
        self._journal = journal
        self._progress = progress
        self._settings = settings.load(kept.corpus)
        self._created = _now()
        self._inherited: frozenset[int] = frozenset()
        """Hashes of the texts that the run learned which this one goes on from."""
        self._learned: frozenset[int] = frozenset()
        """Hashes of those that this one learned."""

    def make(self) -> FinishedRun:
        """Train and write; returns the run when its folder is there."""
        journal, scheme = self._journal, self._kept.scheme
        journal.say("\n".join(recording.opening(self._together.command, self._asked, self._lesson)))
        gold = evidence(self._task, scheme, recording.pairs(self._together.split.train))
        check(gold, scheme, tags=self._asked.tags, reviewed=self._asked.reviewed)
        with journal.phase("texts"):
            follow = journal.following(self._progress, 0.0, 0.1)
            course = self._kept.course(self._task, engine=self._lesson.engine.name, progress=follow)
        parts = self._divide()
        name = runs.new_name(self._kept.corpus, self._task)
        fitted = self._fit(course, parts)
        with journal.phase("measuring"):
            self._progress(0.87, "measuring")
            figures, predicted = self._measure(course, fitted, parts, name)
        figures |= {"training": self._together.id, "warm": fitted.warm, "timings": dict(journal.timings)}
        finished = FinishedRun(
            name=name,
            task=self._task,
            engine=course.factory.name,
            folder=runs.folder(self._kept.corpus, name).name,
            documents=fitted.model.report.documents,
            sequence=self._kept.gold.sequence,
            metrics=figures,
            parameters=dict(self._lesson.parameters),
            created=self._created,
            seconds=round(journal.seconds, 3),
            training=self._together.id,
        )
        self._write(finished, fitted, predicted, course)
        return finished

    def _divide(self) -> dict[str, list[Example]]:
        """Return the gold by what it is used for, having told the log of it."""
        split, asked, scheme = self._together.split, self._asked, self._kept.scheme
        rest, part, new = validation.divide(
            self._kept.corpus, self._task, scheme, split.train, share=asked.validation, seed=asked.seed
        )
        parts = {"train": rest, "validation": part, "holdout": split.holdout, "test": split.test}
        told = recording.data(self._task, scheme, split, parts, asked, share=self._settings.holdout_share)
        self._journal.say("\n".join(told))
        if part:
            self._journal.event(f"validation: {len(part)} documents, {len(part) - new} as before, {new} drawn now")
        return parts

    def _fit(self, course: Course, parts: recording.Parts) -> Fitted:
        """Fit on all the gold; where a part was set apart, look at that first, or let the engine choose by it."""
        journal, encode = self._journal, self._kept.encode
        rest, part = parts["train"], parts["validation"]
        options: dict[str, Any] = {"parameters": self._lesson.parameters, "seed": self._asked.seed}
        engine, warm = self._engine(course)
        choosing = getattr(engine, "fit_validated", None)
        if part and choosing is not None:
            with journal.phase("fitting"):
                held = (part, encode(course, part))
                follow = journal.following(self._progress, 0.1, 0.85)
                model = choosing(rest, encode(course, rest), validation=held, progress=follow, **options)
            journal.event("the best state on the validation part was kept; that part was not learned")
            self._learned = _hashes(rest)
            return Fitted(model, model, warm)
        probe = self._probe(course, rest, options) if part else None
        with journal.phase("fitting"):
            gold = self._together.split.train
            follow = journal.following(self._progress, 0.45 if part else 0.1, 0.85)
            model = engine.fit(gold, encode(course, gold), progress=follow, **options)
        self._learned = _hashes(gold)
        too = ", those of the validation part too" if part else ""
        journal.event(f"fitted on {model.report.documents} documents{too}")
        return Fitted(model, probe, warm)

    def _probe(self, course: Course, rest: Sequence[Example], options: dict[str, Any]) -> Model | None:
        """Fit without the validation part, on an engine of its own: what the other has read ahead stays."""
        follow = self._journal.following(self._progress, 0.1, 0.45)
        apart = course.factory.create(self._task, self._kept.scheme, course.encoded.space)
        try:
            with self._journal.phase("validating"):
                return apart.fit(rest, self._kept.encode(course, rest), progress=follow, **options)
        except TooFewExamplesError as error:
            self._journal.event(f"not validated: without that part there is too little to learn from: {error.message}")
            return None

    def _engine(self, course: Course) -> tuple[Engine, str]:
        """Return the engine to fit with, and the run that it goes on from where one was asked for and can be."""
        say, engine_name = self._journal.event, self._lesson.engine.name
        if not self._asked.warm:
            say("start: from the beginning")
            return course.engine, ""
        engine = course.factory.create(self._task, self._kept.scheme, course.encoded.space)
        start = getattr(engine, "warm_start", None)
        if start is None:
            say(f"start: from the beginning; {engine_name} learns all of it anew each time")
            return course.engine, ""
        try:
            name = self._kept.deployed.name(self._task)
            if not name:
                raise NothingToDoError(f"no run of {self._task} is deployed.")
            # Loaded for this alone: it is trained on in place, and the deployed run is compared with later.
            deployed = load_run(self._kept.corpus, name, known=self._kept.encoded)
            if deployed.engine != engine_name:
                raise NothingToDoError(f"the deployed run, {deployed.run}, is one of {deployed.engine}.")
            start(deployed.model.to_go_on_from())
        except AnnotateError as error:
            say(f"start: from the beginning; {error}")
            return course.engine, ""
        self._inherited = deployed.learned
        say(f"start: from {deployed.run} (warm start)")
        return engine, deployed.run

    def _measure(
        self, course: Course, fitted: Fitted, parts: dict[str, list[Example]], name: str
    ) -> tuple[dict[str, Any], Predicted]:
        """Return the figures on every part, held against the deployed run's, and the predictions they come from."""
        parts = self._unlearned(parts, fitted.warm)
        figures, predicted = measuring.measure(
            self._task,
            self._kept.scheme,
            fitted,
            parts,
            lambda examples: self._kept.encode(course, examples),
            run=name,
            minimum=self._settings.suggest_from,
        )
        return measuring.plain(figures | self._beside(course, fitted, parts, predicted)), predicted

    def _unlearned(self, parts: dict[str, list[Example]], warm: str) -> dict[str, list[Example]]:
        """Leave out of what is measured on the texts that the run had learned which this one went on from."""
        left = {part: some if part == "train" else unseen(some, self._inherited) for part, some in parts.items()}
        if count := sum(len(parts[part]) - len(some) for part, some in left.items()):
            self._journal.event(f"{count} documents are not measured on, {warm} had learned their text")
        return left

    def _beside(
        self, course: Course, fitted: Fitted, parts: dict[str, list[Example]], predicted: Predicted
    ) -> dict[str, Any]:
        """Return how the run does beside the deployed one: `paired` on gold, `stability` on pending documents."""
        task, kept, minimum, seed = self._task, self._kept, self._settings.suggest_from, self._asked.seed
        if not kept.deployed.name(task):
            return {}
        try:
            deployed = kept.deployed.load(task, known=kept.encoded)
            paired = held_against(deployed, task, kept.scheme, parts, predicted, minimum=minimum, seed=seed)
            pending = stability.sample(kept.corpus, seed=self._settings.seed)
            agreed = stability.beside(
                task, pending, fitted.model, lambda e: kept.encode(course, e), deployed, minimum=minimum
            )
        except AnnotateError as error:
            self._journal.event(f"not compared with the deployed run: {error}")
            return {}
        found = {"paired": paired, "stability": agreed}
        return {name: figures for name, figures in found.items() if figures is not None}

    def _write(self, finished: FinishedRun, fitted: Fitted, predicted: Predicted, course: Course) -> None:
        """Fill the run's folder; it gets its name when all is on disk."""
        figures, model, journal = finished.metrics, fitted.model, self._journal
        journal.say("\n".join(recording.closing(self._lesson, model, figures, journal.timings, finished.seconds)))
        journal.say(f"run {finished.name}, {finished.created}; newest decision: {finished.sequence}")
        described = recording.described(self._together.command, self._asked, self._lesson, finished, warm=fitted.warm)
        with runs.RunFolder(runs.folder(self._kept.corpus, finished.name)) as folder:
            model.save(folder)
            spaces.link(course.space_file, course.encoded.space, folder)
            runs.write_predictions(folder, predicted)
            runs.write_learned(folder, self._inherited | self._learned)
            (folder / "metrics.json").write_bytes(msgspec.json.format(msgspec.json.encode(figures), indent=1))
            (folder / "parameters.json").write_bytes(described)
            (folder / runs.LOG).write_text("\n".join(journal.lines) + "\n", "utf-8")
        logging.info("%s: %s documents in %.2f s", finished.name, finished.documents, finished.seconds)


def _hashes(examples: Sequence[Example]) -> frozenset[int]:
    return frozenset(text_hash(example.document.text) for example in examples)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")

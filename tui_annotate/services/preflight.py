"""What a training would be made on, before it is asked for: examples of each label, and whether it can start.

It reads the store only, so any thread with a corpus of its own may call it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tui_annotate.domain.readiness import Evidence, Examples, check, evidence
from tui_annotate.domain.scheme import LABELS, Scheme
from tui_annotate.domain.selection import Use, uses
from tui_annotate.domain.tasks import first_classifier, resolve, why_first
from tui_annotate.errors import AnnotateError, TooFewExamplesError, UsageError
from tui_annotate.learn.asked import Asked, engine, settle
from tui_annotate.learn.catalogue import engines_for
from tui_annotate.learn.messages import Cause, TrainOptions, cause_of
from tui_annotate.store import settings, versions
from tui_annotate.store.connection import Corpus


@dataclass(frozen=True, slots=True)
class Obstacle:
    """Why a training, or one task of it, cannot start."""

    message: str
    hint: str
    cause: Cause

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()


@dataclass(frozen=True, slots=True)
class TaskCheck:
    """One task that would be trained."""

    task: str
    engine: str
    documents: int
    """Gold to train on."""
    examples: tuple[Examples, ...]
    """By type or value: name, count, advice (`OK`, `needs 40`)."""
    contradicted: int
    """Documents whose text stands in another one with another answer."""
    obstacle: Obstacle | None

    @property
    def is_early(self) -> bool:
        """Say whether a type or value has fewer examples than are advised."""
        return any(row.advice != "OK" for row in self.examples)


@dataclass(frozen=True, slots=True)
class Preflight:
    """A training before it starts."""

    tasks: tuple[TaskCheck, ...]
    uses: dict[Use, int]
    """Confirmed documents by what they would serve for."""
    classifier: str
    """Of several document labels the one that Annotation Lab's rule chooses, `gender (train=true)`; else empty."""
    obstacle: Obstacle | None
    """Why it cannot start at all; None when at least one task can be trained."""


def preflight(corpus: Corpus, options: TrainOptions) -> Preflight:
    """Return what a training with these options would be made on; a wrong option is an obstacle, nothing is raised."""
    scheme = settings.scheme(corpus)
    try:
        asked = settle(options, scheme, settings.load(corpus))
    except AnnotateError as error:
        return Preflight((), {}, _classifier(scheme), _obstacle(error))
    gold = [(g.marks, g.annotations) for g in versions.gold(corpus, tie=asked.tie)]
    found = uses([marks for marks, _ in gold], tags=asked.tags, reviewed=asked.reviewed)
    train = [(marks.text_hash, held) for (marks, held), use in zip(gold, found, strict=True) if use == "train"]
    checks = tuple(_checked(evidence(task, scheme, train), scheme, name, asked) for task, name in _wanted(asked))
    refused = [TaskCheck(task, "", len(train), (), 0, _obstacle(error)) for task, error in asked.refused.items()]
    every = (*checks, *refused)
    first = next((one.obstacle for one in every if one.obstacle is not None), None)
    cannot = first if every and all(one.obstacle is not None for one in every) else None
    counts: dict[Use, int] = {use: found.count(use) for use in dict.fromkeys(found)}
    return Preflight(every, counts, _classifier(scheme), cannot)


def engines_of(scheme: Scheme, engines: Mapping[str, str]) -> dict[str, str]:
    """Return the engines to set for tasks, by whole names; raises UsageError where one is none, or cannot learn it."""
    found = {}
    for name, wanted in engines.items():
        (task,) = resolve(scheme, [name])
        if not engine(wanted).handles(task, scheme):
            able = ", ".join(one.name for one in engines_for(task, scheme))
            raise UsageError(f"The engine {wanted!r} cannot learn {task!r}.", hint=f"These can: {able}.")
        found[task] = wanted
    return found


def _wanted(asked: Asked) -> list[tuple[str, str]]:
    return [(lesson.task, lesson.engine.name) for lesson in asked.lessons]


def _checked(found: Evidence, scheme: Scheme, name: str, asked: Asked) -> TaskCheck:
    obstacle = None
    try:
        check(found, scheme, tags=asked.tags, reviewed=asked.reviewed)
    except TooFewExamplesError as error:
        obstacle = _obstacle(error)
    return TaskCheck(found.task, name, found.documents, found.rows(scheme), found.contradicted, obstacle)


def _obstacle(error: AnnotateError) -> Obstacle:
    return Obstacle(error.message, error.hint, cause_of(type(error).__name__))


def _classifier(scheme: Scheme) -> str:
    several = sum(task.startswith(LABELS) for task in scheme.tasks) > 1
    first = first_classifier(scheme)
    return why_first(first) if several and first is not None else ""

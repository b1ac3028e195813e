"""What a run's folder says about its making: the lines of its log, and its parameters as JSON."""

from __future__ import annotations

import platform
import sys
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import msgspec

from tui_annotate.domain.annotations import Annotations
from tui_annotate.domain.documents import text_hash
from tui_annotate.domain.figures import compared, overfitting, said
from tui_annotate.domain.readiness import ADVICE, ADVISED, evidence
from tui_annotate.domain.scheme import Scheme
from tui_annotate.learn.asked import Asked, Lesson
from tui_annotate.learn.data import Split
from tui_annotate.learn.engines.base import Example, Model
from tui_annotate.learn.messages import FinishedRun, Train

LIBRARIES = ("numpy", "scipy", "scikit-learn", "python-crfsuite", "skops")
OTHERS = ("spacy", "thinc", "torch", "tensorflow", "keras", "transformers")
"""Named in the log where a training has loaded them."""
PARTS = ("train", "validation", "holdout", "test")
Parts = Mapping[str, Sequence[Example]]
"""The gold by what it is used for, see `PARTS`."""


def opening(command: Train, asked: Asked, lesson: Lesson) -> list[str]:
    """Return what a log says before anything is read."""
    who = f", by {command.by}" if command.by else ""
    versions = "every submitted version" if not asked.reviewed else "versions that a reviewer accepted"
    return [
        f"{lesson.task}: engine {lesson.engine.name}, {command.trigger}{who}",
        f"on: {', '.join(libraries())}",
        f"parameters: {_parameters(lesson)}; seed {asked.seed}",
        f"data: {versions}, of several the {_TIES[asked.tie]}; tags: {', '.join(asked.tags) or 'any'}",
    ]


_TIES = {"priority": "one of the annotator with the highest priority", "recent": "most recent one"}


def libraries() -> list[str]:
    """Return Python and the libraries in use with their versions."""
    used = (*LIBRARIES, *(other for other in OTHERS if other in sys.modules))
    return [f"Python {platform.python_version()}", *(f"{name} {_version(name)}" for name in used if _version(name))]


@cache
def _version(name: str) -> str:
    """Return the version of an installed library; empty of one that is not there. Looking it up reads files."""
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def _parameters(lesson: Lesson) -> str:
    if lesson.engine.parameters is None:
        return ", ".join(f"{name} {value}" for name, value in lesson.parameters.items()) or "as they are"
    known = msgspec.to_builtins(lesson.engine.parameters())
    shown = {name: (value, False) for name, value in known.items()}
    shown.update({name: (value, value != known.get(name)) for name, value in lesson.parameters.items()})
    shown = {name: held for name, held in shown.items() if held[0] != ""}
    return ", ".join(f"{name} {value}{' (set)' if is_set else ''}" for name, (value, is_set) in shown.items())


def data(task: str, scheme: Scheme, split: Split, parts: Parts, asked: Asked, *, share: float) -> list[str]:
    """Return what a training is made on: how the gold is split, and how much there is of each type or value."""
    mode = "fixed, by the tags Train and Test" if split.fixed else f"{share * 100:g} % held out at random, by text"
    part = len(parts["validation"])
    if part:
        mode += f"; {part} for validation ({asked.validation * 100:g} %, drawn once by text with seed {asked.seed})"
    unused = ", ".join(f"{count} {why}" for why, count in sorted(split.unused.items()))
    lines = [
        f"split: {mode}",
        f"gold: {len(split.train)} trained on, {len(split.holdout)} held out, {len(split.test)} tagged Test"
        + (f"; not used: {unused}" if unused else ""),
    ]
    return lines + _counts(task, scheme, parts)


def _counts(task: str, scheme: Scheme, parts: Parts) -> list[str]:
    found = {part: evidence(task, scheme, pairs(parts[part])) for part in PARTS if parts.get(part)}
    if not found:
        return []
    names = list(dict.fromkeys(row.name for part in found.values() for row in part.rows(scheme)))
    width = max(len(name) for name in ["examples", *names])
    lines = [f"  {'examples':{width}}" + "".join(f"  {part:>10}" for part in found)]
    for name in names:
        lines.append(f"  {name:{width}}" + "".join(f"  {part.counts.get(name, 0):>10}" for part in found.values()))
    learned = [found[part].counts for part in ("train", "validation") if part in found]
    few = [name for name in names if sum(counts.get(name, 0) for counts in learned) < ADVISED]
    return lines + ([f"note: {ADVICE}; fewer: {', '.join(few)}"] if few else [])


def pairs(examples: Sequence[Example]) -> list[tuple[int, Annotations]]:
    """Return text hashes and annotations."""
    return [(text_hash(example.document.text), example.annotations) for example in examples]


def closing(
    lesson: Lesson, model: Model, figures: Mapping[str, Any], timings: Mapping[str, float], seconds: float
) -> list[str]:
    """Return what a log says at the end: architecture, notes, figures, how long each phase took."""
    architecture = str(getattr(model, "architecture", "")).strip() or lesson.engine.description
    lines = ["architecture:", *(f"  {line}" for line in architecture.splitlines())]
    if loaded := [name for name in OTHERS if name in sys.modules]:
        lines.append(f"with: {', '.join(f'{name} {_version(name)}'.rstrip() for name in loaded)}")
    lines += [f"note: {note}" for note in figures.get("notes", ())]
    lines.append(f"held out: {said(figures)}")
    gap = overfitting(figures)
    beside = compared(figures.get("paired"))
    lines += [line for line in (gap, beside) if line] + table(figures)
    lines.append(f"seconds: {seconds:.2f} ({', '.join(f'{name} {took:.2f}' for name, took in timings.items())})")
    return lines


def table(figures: Mapping[str, Any]) -> list[str]:
    """Return precision, recall and F1 by type or value of each part."""
    lines = []
    for part in PARTS:
        measured = figures.get(part) or {}
        for name, row in (measured.get("types") or measured.get("values") or {}).items():
            if "f1" in row:
                f1 = f"{row['f1']['value']:.2f} ({row['f1']['low']:.2f}-{row['f1']['high']:.2f})"
                lines.append(f"  {part} {name}: precision {row['precision']:.2f}, recall {row['recall']:.2f}, F1 {f1}")
            else:
                lines.append(f"  {part} {name}: {row['positives']}/{row.get('needed', 10)}, too few for a figure")
    return lines


def described(command: Train, asked: Asked, lesson: Lesson, finished: FinishedRun, *, warm: str) -> bytes:
    """Return `parameters.json`.

    Args:
        warm: The run that it went on from; empty when from the beginning.
    """
    what = {
        "task": finished.task,
        "engine": finished.engine,
        "trigger": command.trigger,
        "by": command.by,
        "training": finished.training,
        "parameters": finished.parameters,
        "seed": asked.seed,
        "tags": asked.tags,
        "reviewed": asked.reviewed,
        "tie": asked.tie,
        "validation": asked.validation,
        "warm": warm,
        "libraries": libraries(),
        "documents": finished.documents,
        "sequence": finished.sequence,
        "created": finished.created,
        "seconds": finished.seconds,
    }
    return msgspec.json.format(msgspec.json.encode(what), indent=1)

"""A training in words: what it would be made on, and how far one is."""

from __future__ import annotations

from tui_annotate.learn.underway import duration
from tui_annotate.services.loop_state import LoopState
from tui_annotate.services.preflight import Preflight, TaskCheck

_BAR = 24
_USES = {"train": "to train on", "holdout": "held out", "test": "tagged Test"}


def checked(check: Preflight) -> list[str]:
    """Return the table of examples, with what is too little and what stands in the way."""
    counts = [f"{count:,} {_USES.get(use, use)}" for use, count in check.uses.items() if count]
    lines = [f"confirmed documents: {', '.join(counts)}"] if counts else []
    if check.classifier:
        lines.append(f"one classifier at a time would be: {check.classifier}")
    for task in check.tasks:
        lines += _task(task)
    return lines


def _task(task: TaskCheck) -> list[str]:
    lines = [f"{task.task}, engine {task.engine}:" if task.engine else f"{task.task}:"]
    width = max((len(row.name) for row in task.examples), default=0)
    lines += [f"  {row.name:{width}}  {row.count:>6,}  {row.advice}" for row in task.examples]
    if task.contradicted:
        lines.append(f"  {task.contradicted} documents contradict others of the same text")
    if task.obstacle is not None:
        lines.append(f"  not trained: {task.obstacle}")
    return lines


def progress(state: LoopState) -> str:
    """Return a bar with what is done and the time left, or what happened last."""
    course = state.course
    if course is None:
        return state.news
    done = round(course.fraction * _BAR)
    bar = "█" * done + "░" * (_BAR - done)
    left = "" if course.left is None else f", about {duration(course.left)} left"
    waits = "; another one waits" if state.waiting else ""
    return f"{bar} {course.fraction:4.0%} {course.message or 'starting'}, {duration(course.seconds)}{left}{waits}"

"""One training: its tasks one after another, the failure of one leaving the others alone."""

from __future__ import annotations

from collections.abc import Callable
from uuid import uuid4

from tui_annotate.learn.asked import settle
from tui_annotate.learn.channel import describe
from tui_annotate.learn.courses import Courses
from tui_annotate.learn.engines.base import Progress
from tui_annotate.learn.journal import Journal, Tell, quiet
from tui_annotate.learn.lesson import Round, RunMaker
from tui_annotate.learn.messages import FinishedRun, TaskFailure, Train
from tui_annotate.store import settings


def _ignore(_: object) -> None:
    """Tell nobody."""


class Training(Courses):
    """Trains the tasks of one corpus."""

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
                run = RunMaker(self, together, lesson, journal, tell).make()
            except Exception as error:  # noqa: BLE001 - an engine may be anybody's; the other tasks go on
                errors[lesson.task] = error
                journal.event(f"{lesson.task} could not be learned: {error or type(error).__name__}")
                for line in "\n".join(getattr(error, "__notes__", ())).splitlines():
                    journal.say(f"  {line}")
            else:
                finished.append(run)
                done(run)
        for task, problem in errors.items():
            message, hint, kind = describe(problem)
            failed(TaskFailure(task, message, hint, kind, engines.get(task, "")))
        if errors and not finished:
            raise next(iter(errors.values()))
        return finished, {task: str(problem) for task, problem in errors.items()}


def _part(progress: Progress, number: int, of: int, task: str) -> Progress:
    """Return a progress callback for one of several tasks, which names the task where there are several."""

    def tell(share: float, message: str) -> None:
        progress((number + share) / of, f"{task}: {message}" if of > 1 else message)

    return tell

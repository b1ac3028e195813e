"""What is asked about the gold and the runs beside training: the learning curve, a second look, two runs compared."""

from __future__ import annotations

from collections.abc import Callable

from tui_annotate.errors import LearnError, UsageError
from tui_annotate.learn import comparing, curve, measuring, metrics, second_look
from tui_annotate.learn.deployed import load_run, unseen
from tui_annotate.learn.messages import (
    Compare,
    Compared,
    Curve,
    CurveDrawn,
    LookAgain,
    Measure,
    Measured,
    Suspect,
    Suspects,
)
from tui_annotate.learn.training import Training
from tui_annotate.store import settings

Told = Callable[[float, str], None]


Question = Curve | LookAgain | Compare | Measure
Answer = CurveDrawn | Suspects | Compared | Measured


def inquire(training: Training, command: Question, told: Told) -> Answer:
    """Answer one of these commands."""
    match command:
        case Curve():
            return curve.draw(training, command, told)
        case LookAgain():
            return look_again(training, command, told)
        case Compare():
            return compare(training, command, told)
        case Measure():
            return measure(training, command, told)


def look_again(training: Training, command: LookAgain, told: Told) -> Suspects:
    """Find confirmed documents that models contradict which never saw them; what is measured on too.

    Raises:
        TooFewExamplesError: There is too little gold.
    """
    training.refresh()
    split = training.gold.split()
    examples = split.train + split.holdout + split.test
    course = training.course(command.task, engine=command.engine)
    said = second_look.out_of_fold(
        lambda: course.factory.create(command.task, training.scheme, course.encoded.space),
        examples,
        lambda some: training.encode(course, some),
        parameters=command.parameters,
        seed=settings.load(training.corpus).seed,
        folds=command.folds,
        told=told,
    )
    found = second_look.contradictions(command.task, training.scheme, examples, said)
    ranked = sorted(zip(examples, found, strict=True), key=lambda pair: (-pair[1].score, pair[0].id))
    suspects = [
        Suspect(example.id, command.task, round(one.score, 4), one.reason, list(one.suggestions))
        for example, one in ranked
        if one.reason
    ]
    return Suspects(request=command.request, found=suspects[: command.most], looked=len(examples))


def compare(training: Training, command: Compare, told: Told) -> Compared:
    """Hold one run against another on what was held out, and on the fixed test, as far as neither learned it.

    `left_out` says of each part how many documents are not compared on, as one of the runs was trained on their text.

    Raises:
        LearnError: One of them cannot be loaded.
        UsageError: The task is not in the scheme any more.
    """
    training.refresh()
    known = settings.load(training.corpus)
    split = training.gold.split()
    told(0.1, f"loading {command.run} and {command.other}")
    ours = load_run(training.corpus, command.run)
    theirs = load_run(training.corpus, command.other, known=[ours.encoded])
    for one in (ours, theirs):
        if one.task != command.task:
            raise LearnError(f"{one.run} is a run of {one.task}, not of {command.task}.")
    parts = {}
    for part, examples in (("holdout", split.holdout), ("test", split.test)):
        if part == "test" and not examples:
            continue
        whole, examples = len(examples), unseen(examples, ours.learned | theirs.learned)
        first, second = (
            measuring.predict(one.model, examples, one.encode, run=one.run, minimum=known.suggest_from)
            for one in (ours, theirs)
        )
        truth = [example.annotations for example in examples]
        found = comparing.compare(command.task, training.scheme, truth, first, second, run=command.other)
        if found is None:
            raise UsageError(f"The scheme has no {command.task} any more.")
        parts[part] = {**found, "left_out": whole - len(examples)}
    return Compared(request=command.request, parts=parts)


def measure(training: Training, command: Measure, told: Told) -> Measured:
    """Hold a run against what was held out, and against the fixed test, as far as it never learned that.

    `left_out` says of each part how many documents are not measured on, as the run was trained on their text.

    Raises:
        LearnError: It cannot be loaded, or is one of another task.
    """
    training.refresh()
    told(0.1, f"loading {command.run}")
    one = load_run(training.corpus, command.run)
    if one.task != command.task:
        raise LearnError(f"{one.run} is a run of {one.task}, not of {command.task}.")
    minimum = settings.load(training.corpus).suggest_from
    split = training.gold.split()
    parts = {}
    for part, examples in (("holdout", split.holdout), ("test", split.test)):
        if part == "holdout" or examples:
            whole, examples = len(examples), unseen(examples, one.learned)
            told(0.5, f"{command.run} on {len(examples)} documents")
            said = measuring.predict(one.model, examples, one.encode, run=one.run, minimum=minimum)
            truth = [example.annotations for example in examples]
            figures = metrics.evaluate(command.task, training.scheme, truth, said)
            parts[part] = {**figures, "left_out": whole - len(examples)}
    return Measured(request=command.request, parts=parts)

"""A second look: confirmed documents that models contradict which never saw them, the most suspicious first."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from tui_annotate.domain.annotations import Suggestion
from tui_annotate.errors import NothingToDoError, TooFewExamplesError
from tui_annotate.learn.inquiring import Inquirer
from tui_annotate.services.figures import check_task
from tui_annotate.store import documents, second_looks, settings, suggestions
from tui_annotate.store.connection import Corpus

WHO = "ml:second-look"
Tell = Callable[[float, str], None]


@dataclass(frozen=True, slots=True)
class Suspect:
    """A confirmed document that is contradicted."""

    document: int
    key: str
    name: str
    task: str
    score: float
    reason: str
    suggestions: tuple[Suggestion, ...]
    """What is said instead."""


@dataclass(frozen=True, slots=True)
class Found:
    """What a second look came to."""

    suspects: tuple[Suspect, ...]
    looked: int
    left_out: Mapping[str, str]
    """Tasks that could not be looked at, each with the reason."""


def look(corpus: Corpus, *, tasks: Sequence[str] = (), nice: int = 0, on_progress: Tell | None = None) -> Found:
    """Find confirmed documents that are contradicted; those that somebody left as they are do not come back.

    Raises:
        NothingToDoError: The scheme has nothing to learn.
        TooFewExamplesError: No task could be looked at.
    """
    wanted = list(tasks) or settings.scheme(corpus).tasks
    if not wanted:
        raise NothingToDoError("The scheme has nothing to learn.", hint="Add entity types or document labels to it.")
    for task in wanted:
        check_task(corpus, task)
    kept = second_looks.kept(corpus)
    found: list[Suspect] = []
    left_out: dict[str, str] = {}
    looked, failed = 0, None
    with Inquirer(corpus.path, nice=nice) as worker:
        for number, task in enumerate(wanted):

            def told(share: float, message: str, task: str = task, number: int = number) -> None:
                if on_progress is not None:
                    on_progress((number + share) / len(wanted), f"{task}: {message}")

            try:
                answer = worker.look_again(task, on_progress=told)
            except TooFewExamplesError as error:
                failed = failed or error
                left_out[task] = str(error)
                continue
            looked = max(looked, answer.looked)
            for one in answer.found:
                if one.document not in kept:
                    row = documents.row(corpus, one.document)
                    found.append(
                        Suspect(one.document, row.key, row.name, task, one.score, one.reason, tuple(one.suggestions))
                    )
    if failed is not None and len(left_out) == len(wanted):
        raise failed
    found.sort(key=lambda one: (-one.score, one.document))
    return Found(tuple(found), looked, left_out)


def put_before(corpus: Corpus, suspect: Suspect) -> None:
    """Keep what is said instead as suggestions of the document, for whoever reopens it."""
    said = [
        Suggestion(one.target, one.name, one.spans, one.value, one.prob, (WHO,), source="api", other=one.other)
        for one in suspect.suggestions
    ]
    if said and not corpus.readonly:
        suggestions.add(corpus, suspect.document, said)


def keep(corpus: Corpus, suspect: Suspect, *, annotator: str) -> None:
    """Note that a document was looked at again and is right as it is: it does not come back until it changes."""
    second_looks.keep(corpus, suspect.document, annotator=annotator, reason=suspect.reason)

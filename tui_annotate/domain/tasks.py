"""Which tasks of a scheme somebody means, and which one classifier is trained where only one is to be."""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import get_close_matches

from tui_annotate.domain.scheme import ATTRIBUTES, ENTITIES, LABELS, DocumentLabel, Scheme
from tui_annotate.errors import NothingToDoError, UsageError

_MODEL_KINDS = {ENTITIES: "ner", LABELS: "classification", ATTRIBUTES: "assertion"}
ONE_CLASSIFIER = LABELS.rstrip(":")
"""Asked for as a task: one classifier only, the one that `first_classifier` chooses."""


def first_classifier(scheme: Scheme) -> DocumentLabel | None:
    """Return the label that Annotation Lab would train: the first name of those with `train`, else of all.

    Names are compared as they are written. None where no label can be trained.
    """
    candidates = [label for label in scheme.labels if label.kind != "text"]
    asked_for = [label for label in candidates if label.train]
    return min(asked_for or candidates, key=lambda label: label.name, default=None)


def why_first(label: DocumentLabel) -> str:
    """Return a classifier with the reason why it is the one: `gender (train=true)`."""
    return f"{label.name} ({'train=true' if label.train else 'first by name'})"


def model_name(task: str, project: str) -> str:
    """Return what an exported model is called: `classification_age_notes`, a Python identifier.

    Annotation Lab names its models so, by what they do, the name of the label and the project.
    """
    kind = next((word for prefix, word in _MODEL_KINDS.items() if task.startswith(prefix)), "model")
    words = (re.sub(r"\W+", "_", word, flags=re.ASCII).strip("_") for word in (kind, task.partition(":")[2], project))
    name = "_".join(filter(None, words)).lower()
    return name if name.isidentifier() else f"model_{name}"


def resolve(scheme: Scheme, wanted: Sequence[str] = ()) -> list[str]:
    """Return the tasks that are meant, in the order of the scheme: all of it when nothing is named.

    A label may be named without `labels:`, an attribute without `attributes:`. `labels` alone is one
    classifier, see `first_classifier`.

    Raises:
        NothingToDoError: The scheme has nothing to learn.
        UsageError: The scheme has no such task; the nearest name is in the hint.
    """
    tasks = scheme.tasks
    if not tasks:
        raise NothingToDoError("The scheme has nothing to learn.", hint="Add entity types or document labels to it.")
    meant = {_meant(name, scheme, tasks) for name in wanted}
    return [task for task in tasks if not wanted or task in meant]


def _meant(name: str, scheme: Scheme, tasks: Sequence[str]) -> str:
    if name in tasks:
        return name
    first = first_classifier(scheme)
    if name == ONE_CLASSIFIER and first is not None:
        return LABELS + first.name
    whole = [task for task in tasks if task.partition(":")[2] == name]
    if len(whole) == 1:
        return whole[0]
    if len(whole) > 1:
        raise UsageError(f"{name} is the name of several tasks.", hint=f"Say which: {', '.join(whole)}.")
    by_name = {**{task.partition(":")[2]: task for task in tasks}, **{task: task for task in tasks}}
    near = get_close_matches(name, by_name, n=1)
    hint = f"Did you mean {by_name[near[0]]}?" if near else f"Tasks: {', '.join(tasks)}."
    raise UsageError(f"The scheme has no task {name!r}.", hint=hint)

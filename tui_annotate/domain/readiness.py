"""Whether gold can teach a task: how many examples each type or value has, and what stands in the way.

Annotation Lab advises 40 to 50 examples of each label before a training; fewer are allowed here,
and said to be few.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from tui_annotate.domain.annotations import Annotations, LabelContent
from tui_annotate.domain.scheme import ATTRIBUTES, ENTITIES, LABELS, DocumentLabel, Scheme
from tui_annotate.errors import PoorExamplesError, TooFewExamplesError

ADVISED = 40
"""Examples of each type or value under which a training is called early."""
ADVICE = "40 to 50 examples of each are advised"
_MOST_CONTRADICTED = 0.5
"""Share of the documents that may contradict others of the same text before a training is refused."""

Facts = frozenset[tuple[str, int]]
"""What a document says about a task: how many examples of which type or value it has."""


@dataclass(frozen=True, slots=True)
class Examples:
    """What there is of one type or value."""

    name: str
    count: int
    """Entities of a type, documents or entities of a value."""

    @property
    def advice(self) -> str:
        """Return `OK`, or how many are advised: `needs 40`."""
        return "OK" if self.count >= ADVISED else f"needs {ADVISED}"


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the gold that a training would use says about a task."""

    task: str
    documents: int
    answered: int
    """Documents that say something about the task."""
    counts: Mapping[str, int]
    contradicted: int = 0
    """Documents whose text stands in another one with another answer."""

    def rows(self, scheme: Scheme) -> tuple[Examples, ...]:
        """Return every type or value of the scheme with its examples, those of the data that it lacks at the end."""
        known = _names(self.task, scheme)
        others = sorted(set(self.counts) - set(known))
        return tuple(Examples(name, self.counts.get(name, 0)) for name in (*known, *others))


def facts(task: str, scheme: Scheme, annotations: Annotations) -> Facts:
    """Return what a document says about a task; nothing where it does not answer."""
    counts: Counter[str] = Counter()
    if task == ENTITIES:
        known = {type.name for type in scheme.entities}
        counts.update(entity.type for entity in annotations.entities.values() if entity.type in known)
    elif task.startswith(LABELS):
        held = annotations.labels.get(task.removeprefix(LABELS))
        counts.update(_values(held.value) if held is not None else ())
    elif task.startswith(ATTRIBUTES):
        name = task.removeprefix(ATTRIBUTES)
        for entity in annotations.entities.values():
            value = entity.attributes.get(name)
            counts.update(_values(value) if value is not None else ())
    return frozenset(counts.items())


def evidence(task: str, scheme: Scheme, gold: Iterable[tuple[int, Annotations]]) -> Evidence:
    """Return what gold says about a task.

    Args:
        gold: Text hash and annotations of each document.
    """
    counts: Counter[str] = Counter()
    by_text: dict[int, list[Facts]] = defaultdict(list)
    documents = answered = 0
    for text, version in gold:
        said = facts(task, scheme, version)
        counts.update(dict(said))
        by_text[text].append(said)
        documents += 1
        answered += bool(said)
    contradicted = sum(len(twins) for twins in by_text.values() if len(set(twins)) > 1)
    return Evidence(task, documents, answered, counts, contradicted)


def check(found: Evidence, scheme: Scheme, *, tags: Sequence[str] = (), reviewed: bool = False) -> None:
    """Raise what stands in the way of a training.

    Args:
        tags: Only documents with one of these were taken.
        reviewed: Only versions that a reviewer accepted were.

    Raises:
        TooFewExamplesError: Nothing is confirmed, or nothing of what is confirmed says anything about the task.
        PoorExamplesError: All say the same, or most contradict each other.
    """
    task = found.task
    if not found.documents:
        kind = f" tagged {' or '.join(tags)}" * bool(tags) + " that a reviewer accepted" * reviewed
        hint = "Only those were asked for; others may be there." if kind else "Confirm some documents first."
        raise TooFewExamplesError(f"{task}: no confirmed document{kind} to learn from.", hint=hint)
    label = scheme.label(task.removeprefix(LABELS)) if task.startswith(LABELS) else None
    if not found.answered:
        _refuse_silent(found, label)
    if label is not None and label.kind in ("boolean", "choice"):
        _check_values(found, label)
    if found.contradicted > max(_MOST_CONTRADICTED * found.documents, 3):
        raise PoorExamplesError(
            f"{task}: {found.contradicted} of {found.documents} documents contradict others of the same text.",
            hint="Agree on what is right, or leave them out by tags.",
        )


def _refuse_silent(found: Evidence, label: DocumentLabel | None) -> None:
    if label is not None and label.kind == "choices":
        raise PoorExamplesError(
            f"{found.task}: among {found.documents} confirmed documents no value holds; nothing to tell apart.",
            hint="Confirm documents with different values.",
        )
    if found.task == ENTITIES:
        what = "hold none of the scheme's types"
    elif label is not None:
        what = f"have no value of {label.name}"
    else:
        what = "have no entity with a value of it"
    raise TooFewExamplesError(
        f"{found.task}: {found.documents} confirmed documents {what}; nothing to learn.",
        hint="Mark a few and confirm.",
    )


def _check_values(found: Evidence, label: DocumentLabel) -> None:
    """Refuse one value only; a boolean that is never set false is false where a document leaves it out."""
    seen = [name for name, count in found.counts.items() if count]
    if label.kind == "boolean" and "False" not in seen and found.answered < found.documents:
        return
    if len(seen) < 2:
        raise PoorExamplesError(
            f"{found.task}: {found.answered} confirmed documents have a value and all of them say {seen[0]!r};"
            " nothing to tell apart.",
            hint="Confirm documents of at least two values.",
        )


def _values(value: LabelContent) -> Sequence[str]:
    return value if isinstance(value, tuple) else (str(value),)


def _names(task: str, scheme: Scheme) -> list[str]:
    if task == ENTITIES:
        return [type.name for type in scheme.entities]
    field = (
        scheme.label(task.removeprefix(LABELS))
        if task.startswith(LABELS)
        else scheme.attribute(task.removeprefix(ATTRIBUTES))
    )
    if field is None:
        return []
    if field.kind == "boolean":
        return ["True", "False"]
    return [option.value for option in field.options]

"""Gold as a user's script gets it, and its answers as suggestions: what makes no sense is dropped and counted."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import msgspec

from tui_annotate.domain.annotations import LabelContent, Suggestion
from tui_annotate.domain.documents import Document
from tui_annotate.domain.scheme import ATTRIBUTES, ENTITIES, LABELS, Scheme
from tui_annotate.domain.spans import Span
from tui_annotate.errors import LearnError, TooFewExamplesError, UsageError
from tui_annotate.learn.engines.assertion import read_targets as read_attribute
from tui_annotate.learn.engines.base import Example, Mention
from tui_annotate.learn.engines.labels import read_targets as read_label


class Question(msgspec.Struct, frozen=True):
    """What a script is asked, as the run keeps it."""

    task: str
    kind: Literal["entities", "boolean", "choice", "choices"]
    values: list[str]
    """Entity types, or the values of a choice; `true` and `false` of a boolean."""
    threshold: float = 0.5
    """Of a boolean document label."""
    on: list[str] = []
    """Entity types that take the attribute; empty for all."""

    @classmethod
    def of(cls, task: str, scheme: Scheme) -> Question:
        """Return what a task asks; raises UsageError for one that the scheme lacks."""
        if task == ENTITIES and scheme.entities:
            return cls(task, "entities", [entity.name for entity in scheme.entities])
        label = scheme.label(task.removeprefix(LABELS)) if task.startswith(LABELS) else None
        attribute = scheme.attribute(task.removeprefix(ATTRIBUTES)) if task.startswith(ATTRIBUTES) else None
        found = label or attribute
        if found is None or found.kind == "text":
            known = ", ".join(scheme.tasks) or "none"
            raise UsageError(f"This project has no {task} that a script could learn.", hint=f"Tasks: {known}.")
        values = ["true", "false"] if found.kind == "boolean" else [option.value for option in found.options]
        threshold = label.threshold if label else 0.5
        return cls(task, found.kind, values, threshold, list(attribute.on) if attribute else [])

    @property
    def name(self) -> str:
        """The document label or attribute; empty for entities."""
        return self.task.partition(":")[2]

    @property
    def judges(self) -> bool:
        """Say whether it is asked about entities that are there already."""
        return self.task.startswith(ATTRIBUTES)


@dataclass
class Answer:
    """What was understood of a script's answer to one document."""

    suggestions: list[Suggestion] = field(default_factory=list)
    probs: list[list[float]] = field(default_factory=list)
    """For each thing that was answered, the probabilities of what it may be."""


def examples_of(
    question: Question, scheme: Scheme, gold: Sequence[Example]
) -> tuple[list[dict[str, Any]], Counter[str], list[str]]:
    """Return the gold as plain dicts, how often each value or type is in it, and notes for the log.

    Raises:
        TooFewExamplesError: None of the documents says anything.
    """
    if question.kind == "entities":
        rows, counts = _with_spans(question, gold), Counter[str]()
        for row in rows:
            counts.update(span["label"] for span in row["spans"])
        notes: list[str] = []
    elif question.judges:
        rows, counts, notes = _with_attributes(question, scheme, gold)
    else:
        label = scheme.label(question.name)
        assert label is not None
        targets, notes = read_label(label, gold)
        told = [(example, value) for example, value in zip(gold, targets, strict=True) if value is not None]
        rows = [_row(example) | {"label": list(v) if isinstance(v, tuple) else v} for example, v in told]
        counts = Counter(_name(one) for _, v in told for one in (v if isinstance(v, tuple) else (v,)))
    if not counts:
        raise TooFewExamplesError(
            f"{question.task}: {len(gold)} confirmed documents say nothing about it; nothing to learn.",
            hint="Confirm some that do.",
        )
    return rows, counts, notes


def _row(example: Example) -> dict[str, Any]:
    return {"id": example.document.key, "text": example.document.text}


def _with_spans(question: Question, gold: Sequence[Example]) -> list[dict[str, Any]]:
    rows = []
    for example in gold:
        starts = part_starts(example.document)
        spans = [
            {"start": e.span.start + starts[e.span.part], "end": e.span.end + starts[e.span.part], "label": e.type}
            for e in example.annotations.entities.values()
            if e.type in question.values
        ]
        rows.append(_row(example) | {"spans": sorted(spans, key=lambda s: (s["start"], s["end"]))})
    return rows


def _with_attributes(
    question: Question, scheme: Scheme, gold: Sequence[Example]
) -> tuple[list[dict[str, Any]], Counter[str], list[str]]:
    attribute = scheme.attribute(question.name)
    assert attribute is not None
    places, types, values, notes = read_attribute(attribute, gold)
    rows = [_row(example) | {"entities": list[Any]()} for example in gold]
    for (row, spans), type, value in zip(places, types, values, strict=True):
        rows[row]["entities"].append(mention(gold[row].document, (type, spans)) | {"value": value})
    return [row for row in rows if row["entities"]], Counter(map(_name, values)), notes


def mention(document: Document, asked: Mention) -> dict[str, Any]:
    """Return an entity that is asked about, by its place in the whole text."""
    type, spans = asked
    begin = part_starts(document)[spans[0].part]
    return {"start": spans[0].start + begin, "end": max(s.end for s in spans) + begin, "label": type}


def part_starts(document: Document) -> dict[str, int]:
    """Return where each part begins in the document's whole text."""
    starts, at = {}, 0
    for part in document.parts:
        starts[part.id] = at
        at += len(part.text) + 1
    return starts


def _name(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


class Reader:
    """Reads answers; `dropped` counts by reason what could not be used."""

    def __init__(self, question: Question) -> None:
        self.question = question
        self.dropped: Counter[str] = Counter()

    def read(self, given: Any, document: Document, asked: Sequence[Mention], *, run: str, minimum: float) -> Answer:
        """Return the answer to one document.

        Args:
            asked: Entities that were asked about, for an attribute.
            minimum: Probability that an entity needs to be suggested.
        """
        answer = Answer()
        if not isinstance(given, Mapping):
            self.dropped["answers that are no dict"] += 1
        elif self.question.kind == "entities":
            self._spans(given.get("spans"), document, answer, run, minimum)
        elif self.question.judges:
            values = given.get("entities")
            values = values if isinstance(values, list) else []
            self.dropped["entities without an answer"] += max(0, len(asked) - len(values))
            for one, (_, spans) in zip(values, asked, strict=False):
                self._value(one, answer, run, spans)
        else:
            self._value(given, answer, run, ())
        return answer

    def _spans(self, given: Any, document: Document, answer: Answer, run: str, minimum: float) -> None:
        starts = part_starts(document)
        if not isinstance(given, list):
            self.dropped["answers without a list of spans"] += 1
            return
        met: set[tuple[str, Span]] = set()
        for one in given:
            span = self._span(one, document, starts)
            if span is None:
                continue
            prob = self._prob(one.get("prob", 1.0), "spans")
            if prob is None or (one["label"], span) in met:
                continue
            met.add((one["label"], span))
            answer.probs.append([prob, 1 - prob])
            if prob >= minimum:
                answer.suggestions.append(_suggestion("entity", one["label"], (span,), None, prob, run))
        order = {part: place for place, part in enumerate(starts)}
        answer.suggestions.sort(key=lambda s: (order[s.span.part], s.span.start, s.span.end, s.name))

    def _span(self, one: Any, document: Document, starts: Mapping[str, int]) -> Span | None:
        if not isinstance(one, Mapping) or type(one.get("start")) is not int or type(one.get("end")) is not int:
            self.dropped["spans without whole numbers for start and end"] += 1
            return None
        if one.get("label") not in self.question.values:
            self.dropped[f"spans of the unknown type {str(one.get('label'))[:40]!r}"] += 1
            return None
        start, end = one["start"], one["end"]
        if not 0 <= start < end <= len(document.text):
            self.dropped["spans outside the text, or empty"] += 1
            return None
        for part in document.parts:
            begin = starts[part.id]
            if begin <= start and end <= begin + len(part.text):
                return Span(part.id, start - begin, end - begin)
        self.dropped["spans over more than one part of a document"] += 1
        return None

    def _prob(self, given: Any, what: str) -> float | None:
        if (
            isinstance(given, bool)
            or not isinstance(given, (int, float))
            or not math.isfinite(given)
            or not 0 <= given <= 1
        ):
            self.dropped[f"{what} with a probability that is none"] += 1
            return None
        return float(given)

    def _value(self, given: Any, answer: Answer, run: str, spans: tuple[Span, ...]) -> None:
        probs = self._probs(given)
        if probs is None:
            return
        target: Literal["label", "attribute"] = "attribute" if self.question.judges else "label"
        value, prob, other = self._chosen(probs)
        values = list(probs.values())
        answer.probs.extend([[p, 1 - p] for p in values] if self.question.kind == "choices" else [values])
        if value != ():
            answer.suggestions.append(_suggestion(target, self.question.name, spans, value, prob, run, other))

    def _probs(self, given: Any) -> dict[str, float] | None:
        """Return a probability for every value; None where the answer says none that can be used."""
        if not isinstance(given, Mapping):
            self.dropped["answers that are no dict"] += 1
            return None
        said = given.get("probs")
        if said is None and "label" in given:
            said = self._of_labels(given["label"], given.get("prob", 1.0))
        if not isinstance(said, Mapping):
            self.dropped["answers without `probs` or `label`"] += 1
            return None
        found: dict[str, float] = {}
        for name, one in said.items():
            if name not in self.question.values:
                self.dropped[f"unknown values, such as {str(name)[:40]!r}"] += 1
            elif (prob := self._prob(one, "values")) is not None:
                found[name] = prob
        if not found:
            return None
        if self.question.kind == "boolean" and len(found) == 1:
            ((name, prob),) = found.items()
            found["false" if name == "true" else "true"] = 1 - prob
        return {name: found.get(name, 0.0) for name in self.question.values}

    def _of_labels(self, label: Any, prob: Any) -> dict[str, Any]:
        """Return the probabilities that a bare label comes to."""
        if self.question.kind == "choices" and isinstance(label, list):
            return {str(one): prob for one in label}
        return {_name(label): prob}

    def _chosen(self, probs: Mapping[str, float]) -> tuple[LabelContent, float, tuple[str, float] | None]:
        if self.question.kind == "boolean":
            true = probs["true"]
            value = true >= self.question.threshold
            return value, true if value else 1 - true, None
        order = sorted(probs, key=lambda name: -probs[name])
        if self.question.kind == "choices":
            chosen = tuple(name for name in probs if probs[name] >= 0.5)
            left = [name for name in order if name not in chosen]
            other = (left[0], round(probs[left[0]], 4)) if left else None
            return chosen, min((probs[name] for name in chosen), default=0.0), other
        other = (order[1], round(probs[order[1]], 4)) if len(order) > 1 else None
        return order[0], probs[order[0]], other

    def notes(self) -> list[str]:
        """Return what was dropped, a sentence for each reason."""
        return [f"{count:,} {reason}: dropped." for reason, count in sorted(self.dropped.items()) if count]


def checked(found: list[Any], wanted: int) -> list[Any]:
    """Return a script's answers; raises LearnError where there are not as many as documents."""
    if len(found) != wanted:
        raise LearnError(
            f"The script's predict was given {wanted} texts and gave {len(found)} answers.",
            hint="It is to return a list with one dict for each text.",
        )
    return found


def _suggestion(
    target: Literal["entity", "label", "attribute"],
    name: str,
    spans: tuple[Span, ...],
    value: LabelContent | None,
    prob: float,
    run: str,
    other: tuple[str, float] | None = None,
) -> Suggestion:
    who = (f"ml:{run}",) if run else ()
    return Suggestion(target, name, spans, value, round(prob, 4), who, "run", run, other)

"""Holding predictions against gold, document by document: what all figures and comparisons are made from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from tui_annotate.domain.agreement import Counts, Marked, exact, total
from tui_annotate.domain.annotations import Annotations, LabelContent, Suggestion
from tui_annotate.domain.scheme import ATTRIBUTES, ENTITIES, LABELS, Attribute, DocumentLabel, Scheme
from tui_annotate.domain.spans import Span
from tui_annotate.learn.calibration import Shown
from tui_annotate.learn.intervals import Tally

MISSED = "(missed)"
SPURIOUS = "(spurious)"
OTHER_ENDS = "(other ends)"


@dataclass(slots=True)
class Graded:
    """What became of each answer, a row for each document."""

    kind: Literal["types", "values"]
    several: bool
    """A document may hold several answers, so that F1 is the figure and not accuracy."""
    counts: list[dict[str, Counts]] = field(default_factory=list)
    """By type or value."""
    outcomes: list[bool | None] = field(default_factory=list)
    """Whether all of the document is right; None where it says nothing of the task."""
    confused: list[tuple[str, str]] = field(default_factory=list)
    """(true, said)."""
    shown: list[Shown] = field(default_factory=list)
    answers: list[tuple[int, int]] = field(default_factory=list)
    """Right answers and all of them, where a document asks for a value several times, once for each entity."""

    @property
    def size(self) -> int:
        """How many documents there are."""
        return len(self.counts)

    @property
    def right(self) -> list[bool]:
        """The outcomes of the documents that have one, of tasks with labels."""
        return [one for one in self.outcomes if one is not None] if self.kind == "values" else []

    def by_name(self) -> dict[str, Tally]:
        """Return the rows of each type or value that is met."""
        names = sorted({name for counts in self.counts for name in counts})
        return {name: Tally.of([counts.get(name, Counts()) for counts in self.counts]) for name in names}

    def together(self) -> Tally:
        """Return the rows of all types or values together."""
        return Tally.of([total(counts) for counts in self.counts])


def grade(
    task: str, scheme: Scheme, gold: Sequence[Annotations], predicted: Sequence[Sequence[Suggestion]]
) -> Graded | None:
    """Hold predictions against gold; None for a task that the scheme does not have any more."""
    if task == ENTITIES:
        graded = Graded("types", True)
        for held, suggestions in zip(gold, predicted, strict=True):
            _take_entities(graded, held, [s for s in suggestions if s.target == "entity"])
        return graded
    attribute = scheme.attribute(task.removeprefix(ATTRIBUTES)) if task.startswith(ATTRIBUTES) else None
    if attribute is not None:
        graded = Graded("values", True)
        for held, suggestions in zip(gold, predicted, strict=True):
            _take_attribute(graded, attribute, held, [s for s in suggestions if s.target == "attribute"])
        return graded
    label = scheme.label(task.removeprefix(LABELS)) if task.startswith(LABELS) else None
    if label is None:
        return None
    graded = Graded("values", label.kind == "choices")
    for held, suggestions in zip(gold, predicted, strict=True):
        _take_label(graded, label, held, next((s for s in suggestions if s.name == label.name), None))
    return graded


def _take_entities(graded: Graded, held: Annotations, suggestions: Sequence[Suggestion]) -> None:
    ours: list[Marked] = [(e.type, e.spans) for e in held.entities.values()]
    theirs: list[Marked] = [(s.name, s.spans) for s in suggestions]
    counts = exact(ours, theirs)
    known = Counter(ours)
    for suggestion in suggestions:
        marked = (suggestion.name, suggestion.spans)
        hit = known[marked] > 0
        known[marked] -= hit
        graded.shown.append(Shown(graded.size, suggestion.name, suggestion.prob, hit))
    graded.confused += _confused(ours, theirs)
    graded.counts.append(counts)
    graded.outcomes.append(not any(one.fp or one.fn for one in counts.values()))


def _confused(ours: Sequence[Marked], theirs: Sequence[Marked]) -> list[tuple[str, str]]:
    """Pair the entities: the same first, then those of the same place, then those that lie over each other."""
    left, right = list((Counter(ours) - Counter(theirs)).elements()), list((Counter(theirs) - Counter(ours)).elements())
    found = [(type_, type_) for type_, _ in (Counter(ours) & Counter(theirs)).elements()]
    by_place: dict[tuple[Span, ...], list[Marked]] = {}
    for marked in right:
        by_place.setdefault(marked[1], []).append(marked)
    rest: list[Marked] = []
    for marked in left:
        same = by_place.get(marked[1])
        if same:
            other = same.pop()
            right.remove(other)
            found.append((marked[0], other[0]))
        else:
            rest.append(marked)
    for marked in rest:
        over = next((o for o in right if o[0] == marked[0] and _meet(o[1], marked[1])), None)
        if over is not None:
            right.remove(over)
        found.append((marked[0], OTHER_ENDS if over is not None else MISSED))
    return found + [(SPURIOUS, type_) for type_, _ in right]


def _meet(first: tuple[Span, ...], second: tuple[Span, ...]) -> bool:
    return any(a.part == b.part and a.start < b.end and b.start < a.end for a in first for b in second)


def _take_attribute(graded: Graded, attribute: Attribute, held: Annotations, suggestions: Sequence[Suggestion]) -> None:
    """Hold what is said of an attribute against what the entities of a document have.

    An entity without a value says nothing, but that a boolean is false.
    """
    said = {s.spans: s for s in suggestions if s.name == attribute.name}
    counts: dict[str, Counts] = {}
    wrong = 0
    asked = 0
    for entity in held.entities.values():
        true = entity.attributes.get(attribute.name, False if attribute.kind == "boolean" else None)
        if true is None or not attribute.is_on(entity.type):
            continue
        asked += 1
        suggestion = said.get(entity.spans)
        ours = {str(true)}
        theirs = {str(suggestion.value)} if suggestion is not None else set()
        wrong += ours != theirs
        for name in ours | theirs:
            one = Counts(int(name in ours and name in theirs), int(name not in ours), int(name not in theirs))
            counts[name] = counts.get(name, Counts()) + one
        graded.confused.append((str(true), str(suggestion.value) if suggestion is not None else MISSED))
        if suggestion is not None:
            graded.shown.append(Shown(graded.size, str(suggestion.value), suggestion.prob, ours == theirs))
    graded.counts.append(counts)
    graded.outcomes.append(not wrong if asked else None)
    graded.answers.append((asked - wrong, asked))


def _take_label(graded: Graded, label: DocumentLabel, held: Annotations, suggestion: Suggestion | None) -> None:
    true = true_value(label, held)
    if true is None:
        graded.counts.append({})
        graded.outcomes.append(None)
        return
    said: LabelContent | None = suggestion.value if suggestion is not None else () if graded.several else None
    ours, theirs = as_set(true), as_set(said)
    hit = ours == theirs
    if suggestion is not None:
        graded.shown.append(Shown(graded.size, _name(said), suggestion.prob, hit))
    graded.counts.append(
        {
            name: Counts(int(name in ours and name in theirs), int(name not in ours), int(name not in theirs))
            for name in ours | theirs
        }
    )
    graded.outcomes.append(hit)
    if not graded.several:
        graded.confused.append((str(true), str(said)))


def true_value(label: DocumentLabel, annotations: Annotations) -> LabelContent | None:
    """Return what a confirmed document says of a label; None where it says nothing."""
    held = annotations.labels.get(label.name)
    if held is None:
        return () if label.kind == "choices" else False if label.kind == "boolean" else None
    return held.value


def as_set(value: LabelContent | None) -> frozenset[str]:
    """Return the values that hold."""
    if value is None:
        return frozenset()
    return frozenset(value) if isinstance(value, tuple) else frozenset((str(value),))


def _name(value: LabelContent | None) -> str:
    return ", ".join(value) if isinstance(value, tuple) else str(value)

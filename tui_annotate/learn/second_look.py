"""Confirmed documents that a model which never saw them contradicts: most label errors are among the first of them.

Out-of-fold predictions are no estimate of anything where documents were picked, but they find errors. A label
is as suspicious as its own probability is low; a document with entities by the sum over what is
marked and not expected, and what is expected and not marked.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tui_annotate.domain.annotations import Annotations, LabelContent, Suggestion, entity_key
from tui_annotate.domain.documents import Document, text_hash
from tui_annotate.domain.scheme import ATTRIBUTES, ENTITIES, LABELS, Attribute, DocumentLabel, Scheme
from tui_annotate.domain.spans import Span
from tui_annotate.errors import TooFewExamplesError
from tui_annotate.learn import measuring
from tui_annotate.learn.engines.base import Engine, Example, OutOfFold, no_progress
from tui_annotate.learn.grading import as_set, true_value

FOLDS = 5
EXPECTED = 0.5
"""Probability from which a span that is not marked contradicts, and under which one that is marked does."""
_LOWEST = 0.02
_NAMED = 3
"""Contradictions of a document that are named."""
_MOVED = 0.5
"""Weight of a span that lies over a marked one with other ends: that is one mistake, and a small one."""


@dataclass(frozen=True, slots=True)
class Contradiction:
    """How far a model that never saw a document contradicts it."""

    score: float
    """0 for not at all; the higher, the sooner it should be looked at."""
    reason: str = ""
    """For the annotator; empty where nothing contradicts."""
    suggestions: tuple[Suggestion, ...] = ()
    """What the model says instead."""


def out_of_fold(
    make: Callable[[], Engine],
    examples: Sequence[Example],
    encode: measuring.Encode,
    *,
    parameters: Mapping[str, Any],
    seed: int,
    folds: int = FOLDS,
    told: Callable[[float, str], None] = no_progress,
) -> list[list[Suggestion]]:
    """Return what models say of documents that they were not fitted on; equal texts are in one fold.

    Args:
        make: Makes an engine of the task, one for each fold.

    Raises:
        TooFewExamplesError: No fold could be learned.
    """
    if len(examples) < 2 * folds:
        raise TooFewExamplesError(
            f"{len(examples)} confirmed documents are too few for a second look.", hint=f"Confirm {2 * folds} first."
        )
    engine = make()
    if isinstance(engine, OutOfFold):
        said = engine.out_of_fold(
            examples, encode(examples), folds=folds, parameters=parameters, seed=seed, progress=told
        )
        return [[one for one in some if one.prob >= _LOWEST] for some in said]
    return _fold_by_fold(make, examples, encode, parameters=parameters, seed=seed, folds=folds, told=told)


def _fold_by_fold(
    make: Callable[[], Engine],
    examples: Sequence[Example],
    encode: measuring.Encode,
    *,
    parameters: Mapping[str, Any],
    seed: int,
    folds: int,
    told: Callable[[float, str], None],
) -> list[list[Suggestion]]:
    numbers = _dealt(examples, folds, seed)
    found: list[list[Suggestion]] = [[] for _ in examples]
    failed: TooFewExamplesError | None = None
    learned = 0
    for fold in range(folds):
        told(fold / folds, f"fold {fold + 1} of {folds}")
        rest = [row for row, number in enumerate(numbers) if number != fold]
        part = [row for row, number in enumerate(numbers) if number == fold]
        try:
            model = make().fit(
                [examples[row] for row in rest],
                encode([examples[row] for row in rest]),
                parameters=parameters,
                seed=seed,
                progress=no_progress,
            )
        except TooFewExamplesError as error:
            failed = error
            continue
        learned += 1
        chosen = [examples[row] for row in part]
        for row, said in zip(part, measuring.predict(model, chosen, encode, run="", minimum=_LOWEST), strict=True):
            found[row] = said
    if failed is not None and not learned:
        raise failed
    return found


def _dealt(examples: Sequence[Example], folds: int, seed: int) -> list[int]:
    """Return the fold of each example; documents that say the same are spread over all."""
    groups: dict[int, list[int]] = {}
    for row, example in enumerate(examples):
        groups.setdefault(text_hash(example.document.text), []).append(row)
    order = list(groups)
    np.random.default_rng(seed).shuffle(order)
    order.sort(key=lambda text: _kind(examples[groups[text][0]].annotations))
    numbers = [0] * len(examples)
    for place, text in enumerate(order):
        for row in groups[text]:
            numbers[row] = place % folds
    return numbers


def _kind(annotations: Annotations) -> str:
    return "; ".join(f"{name}={held.value}" for name, held in sorted(annotations.labels.items()))


def contradictions(
    task: str, scheme: Scheme, examples: Sequence[Example], said: Sequence[Sequence[Suggestion]]
) -> list[Contradiction]:
    """Return how far each document is contradicted by what models said that never saw it."""
    if task == ENTITIES:
        known = _met(examples, said)
        return [_entities(example, found, known) for example, found in zip(examples, said, strict=True)]
    attribute = scheme.attribute(task.removeprefix(ATTRIBUTES)) if task.startswith(ATTRIBUTES) else None
    if attribute is not None:
        return [_attributes(attribute, example, found) for example, found in zip(examples, said, strict=True)]
    label = scheme.label(task.removeprefix(LABELS)) if task.startswith(LABELS) else None
    if label is None:
        return [Contradiction(0.0)] * len(examples)
    return [
        _label(label, example.annotations, next((s for s in found if s.name == label.name), None))
        for example, found in zip(examples, said, strict=True)
    ]


def _attributes(attribute: Attribute, example: Example, said: Sequence[Suggestion]) -> Contradiction:
    """Return what is least expected of an attribute's values on the entities of a document."""
    by_place = {s.spans: s for s in said if s.target == "attribute" and s.name == attribute.name}
    worst = Contradiction(0.0)
    for entity in example.annotations.entities.values():
        held = entity.attributes.get(attribute.name, False if attribute.kind == "boolean" else None)
        one = by_place.get(entity.spans)
        if held is None or one is None or one.value == held or one.prob <= worst.score:
            continue
        words = f"is {_word(held)}; a model that never saw it says {_word(one.value)} ({one.prob:.2f})"
        reason = _named(example.document, f"{attribute.name} of {entity.type}", entity.span, words)
        worst = Contradiction(one.prob, reason, (one,))
    return worst


def _label(label: DocumentLabel, held: Annotations, said: Suggestion | None) -> Contradiction:
    given = true_value(label, held)
    if given is None or (said is None and not given):
        return Contradiction(0.0)
    if label.kind == "choices":
        return _several(label, given, said)
    if said is None:
        return Contradiction(0.0)
    prob = _probability(label, given, said)
    if as_set(said.value) == as_set(given):
        return Contradiction(1 - prob)
    words = f"{label.name} is {_word(given)}; a model that never saw it says {_word(said.value)} ({said.prob:.2f})"
    return Contradiction(1 - prob, words, (said,))


def _probability(label: DocumentLabel, given: LabelContent, said: Suggestion) -> float:
    """Return the probability of the value that was given, as far as a suggestion says."""
    if as_set(said.value) == as_set(given):
        return said.prob
    if label.kind == "boolean":
        return 1 - said.prob
    if said.other is not None and said.other[0] == str(given):
        return said.other[1]
    # It is neither of the two likeliest: it shares what they leave.
    second = said.other[1] if said.other is not None else 0.0
    return max(0.0, 1 - said.prob - second) / max(len(label.options) - 2, 1)


def _several(label: DocumentLabel, given: LabelContent, said: Suggestion | None) -> Contradiction:
    ours, theirs = as_set(given), as_set(said.value if said is not None else ())
    other = said.other if said is not None else None
    doubted = {name: 1 - other[1] if other is not None and other[0] == name else 1.0 for name in ours - theirs}
    expected = dict.fromkeys(theirs - ours, said.prob if said is not None else 0.0)
    score = sum(doubted.values()) + sum(expected.values())
    if not score:
        return Contradiction(0.0)
    words = [f"{name} is not expected" for name in sorted(doubted)]
    words += [f"{name} is expected ({prob:.2f} or more)" for name, prob in sorted(expected.items())]
    reason = f"{label.name}: {', '.join(words)} by a model that never saw it"
    return Contradiction(score, reason, (said,) if said is not None else ())


def _met(examples: Sequence[Example], said: Sequence[Sequence[Suggestion]]) -> dict[str, float]:
    """Return how well the models know each type: the mean probability of the entities that are marked."""
    found_of: dict[str, list[float]] = defaultdict(list)
    for example, found in zip(examples, said, strict=True):
        probs = {s.key: s.prob for s in found if s.target == "entity"}
        for entity in example.annotations.entities.values():
            found_of[entity.type].append(probs.get(entity_key(entity), 0.0))
    return {name: sum(found) / len(found) for name, found in found_of.items()}


def _entities(example: Example, said: Sequence[Suggestion], known: Mapping[str, float]) -> Contradiction:
    """Weigh what is marked and not expected by how well its type is known: of one hardly learned it says little."""
    probs = {s.key: s.prob for s in said if s.target == "entity"}
    marked = {entity_key(entity): entity for entity in example.annotations.entities.values()}
    doubted = [
        ((1 - probs.get(key, 0.0)) * known.get(e.type, 0.0) ** 2, probs.get(key, 0.0), e)
        for key, e in marked.items()
        if probs.get(key, 0.0) < EXPECTED
    ]
    expected = [s for s in said if s.target == "entity" and s.key not in marked and s.prob >= EXPECTED]
    places = [entity.spans for entity in marked.values()]
    score = sum(weight for weight, _, _ in doubted)
    score += sum(s.prob * (_MOVED if _lies_over(s, places) else 1.0) for s in expected)
    named = [(w, _named(example.document, e.type, e.span, f"doubtful ({p:.2f})")) for w, p, e in doubted]
    named += [(s.prob, _named(example.document, s.name, s.span, f"expected ({s.prob:.2f})")) for s in expected]
    named.sort(key=lambda pair: -pair[0])
    more = f" and {len(named) - _NAMED} more" if len(named) > _NAMED else ""
    return Contradiction(score, "; ".join(words for _, words in named[:_NAMED]) + more, tuple(expected))


def _lies_over(suggestion: Suggestion, places: Sequence[tuple[Span, ...]]) -> bool:
    """Say whether it has the ends of something marked moved; another type at the same place is more than that."""
    span = suggestion.span
    return suggestion.spans not in places and any(
        span.part == s.part and span.start < s.end and s.start < span.end for place in places for s in place
    )


def _named(document: Document, type_: str, span: Span, words: str) -> str:
    return f"{type_} “{document.slice(span)[:40]}” {words}"


def _word(value: LabelContent | None) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ", ".join(value) if isinstance(value, tuple) else str(value)

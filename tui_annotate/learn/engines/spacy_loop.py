"""Training a spaCy pipeline: passes over the gold, each with its line for the log, the best state kept.

Where a validation part is given, the state that does best on it is what remains, and a training that gains nothing
for some passes ends. Without one all passes are made.
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from thinc.api import fix_random_seed

from tui_annotate.domain.agreement import Counts
from tui_annotate.errors import LearnError
from tui_annotate.learn.engines.base import Progress
from tui_annotate.learn.engines.spacy_gold import Lessons, Marked, batches
from tui_annotate.learn.engines.spacy_kinds import TEMPERATURE, Finder
from tui_annotate.learn.engines.spacy_pipeline import Start, growing
from tui_annotate.learn.parameters import SpacyParameters

GRID = (0.8, 1.0, 1.25, 1.5, 1.8, 2.2, 2.7, 3.3, 4.0)
"""Temperatures that are tried."""
LEAST = 0.01
"""Probability of a span that is counted in calibrating."""
PRIOR = 5.0
MOST_CALIBRATED = 300
"""Sentences that calibrating looks at."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a training went."""

    passes: int
    best: int
    """The pass whose state was kept."""
    lines: tuple[str, ...]
    """One for each pass."""


def train(
    start: Start,
    finder: Finder,
    lessons: Lessons,
    options: SpacyParameters,
    *,
    validation: Lessons | None,
    seed: int,
    progress: Progress,
) -> Outcome:
    """Train the component in place; see `Start` for what it begins with."""
    fix_random_seed(seed)
    chance = random.Random(seed)
    nlp = start.nlp
    examples = lessons.examples(nlp.vocab, finder.kind)
    _initialize(start, examples)
    fix_random_seed(seed)
    lines: list[str] = []
    updates = 0
    best = _Best(nlp, start.name)
    rate, sizes = start.optimizer.learn_rate, growing(options.batch)
    number = 0
    for number in range(1, start.epochs + 1):
        chance.shuffle(examples)
        losses: dict[str, float] = {}
        divided = start.batcher(examples) if start.batcher else batches(examples, sizes)
        for batch in islice(divided, start.steps - updates if start.steps else None):
            nlp.update(batch, sgd=start.optimizer, drop=start.dropout, losses=losses)
            start.optimizer.step_schedules()
            updates += 1
        if options.decay:
            start.optimizer.learn_rate = rate * (1 - options.decay) ** number
        loss = sum(float(value) for value in losses.values())
        if not loss < float("inf"):
            raise LearnError(
                "The training went astray: its loss is no number any more.", hint="Lower the learning rate."
            )
        counts = score(finder, validation) if validation else None
        best.see(number, counts.f1 if counts else None)
        lines.append(_line(number, start.epochs, loss, counts))
        progress(number / start.epochs, lines[-1])
        if (start.steps and updates >= start.steps) or (options.patience and best.waited(number) >= options.patience):
            break
    best.restore()
    if validation:
        calibrate(finder, validation)
    return Outcome(number, best.number or number, tuple(lines))


def _initialize(start: Start, examples: Sequence[Any]) -> None:
    """Size the layers of new components by the gold; one that knows something already gets the new labels only."""
    component = start.nlp.get_pipe(start.name)
    if start.name not in start.fresh and hasattr(component, "add_label"):
        for label in sorted({span.label_ for one in examples for span in one.reference.ents} - set(component.labels)):
            component.add_label(label)
    if start.fresh:
        with start.nlp.select_pipes(enable=list(start.fresh)):
            start.nlp.initialize(lambda: examples)


def score(finder: Finder, lessons: Lessons) -> Counts:
    """Return how the spans that are likelier than not compare with the gold."""
    tp = fp = fn = 0
    for found, marked in zip(finder.spans(lessons.sentences, minimum=0.5), lessons.marked, strict=True):
        ours: set[Marked] = {(one.first, one.end, one.label) for one in found}
        theirs = set(marked)
        tp, fp, fn = tp + len(ours & theirs), fp + len(ours - theirs), fn + len(theirs - ours)
    return Counts(tp, fp, fn)


def calibrate(finder: Finder, lessons: Lessons) -> None:
    """Set the temperature under which the probabilities of what is shown fit the truth best, by their log loss.

    A component of this kind is surer of itself than it should be, the more so the longer it was trained. Few
    spans say little, so the usual temperature counts as well.
    """
    sentences, marked = lessons.sentences[:MOST_CALIBRATED], lessons.marked[:MOST_CALIBRATED]
    usual, losses = TEMPERATURE[finder.kind], {}
    for temperature in GRID:
        finder.temperature = temperature
        loss = PRIOR * math.log(temperature / usual) ** 2
        for found, right in zip(finder.spans(sentences, minimum=LEAST), marked, strict=True):
            shown = {(one.first, one.end, one.label): one.prob for one in found}
            missed = sum(span not in shown for span in right)
            loss -= missed * math.log(LEAST)
            loss -= sum(math.log(max(prob if span in right else 1 - prob, 1e-6)) for span, prob in shown.items())
        losses[temperature] = loss
    finder.temperature = min(losses, key=lambda temperature: losses[temperature])


class _Best:
    """The state that did best so far, in memory."""

    def __init__(self, nlp: Any, name: str) -> None:
        self._pipes = [nlp.get_pipe(pipe) for pipe in nlp.pipe_names if pipe in (name, "tok2vec")]
        self._held: list[bytes] = []
        self._value = -1.0
        self.number = 0

    def see(self, number: int, value: float | None) -> None:
        """Look at the state after a pass."""
        if value is not None and value > self._value:
            self._value, self.number = value, number
            self._held = [pipe.model.to_bytes() for pipe in self._pipes]

    def waited(self, number: int) -> int:
        """Return how many passes brought nothing; 0 while nothing is measured, or nothing is found yet."""
        return number - self.number if self._value > 0 else 0

    def restore(self) -> None:
        """Go back to the best state."""
        for pipe, held in zip(self._pipes, self._held, strict=False):
            pipe.model.from_bytes(held)


def _line(number: int, of: int, loss: float, counts: Counts | None) -> str:
    measured = f", validation F1 {counts.f1:.3f}" if counts else ""
    return f"pass {number} of {of}: loss {loss:,.1f}{measured}"

"""What a trained component says of sentences: spans with their probabilities, and how sure it is of each sentence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tui_annotate.learn.engines.base import Floats
from tui_annotate.learn.engines.sentences import Sentence
from tui_annotate.learn.engines.spacy_gold import Kind, to_doc
from tui_annotate.learn.engines.spacy_lattice import Moves, Reading, readings

AT_ONCE = 256
"""Sentences that are looked at together."""

TEMPERATURE: Mapping[Kind, float] = {"ner": 2.5, "spancat": 1.0}
"""Where no validation part says otherwise: the means of what was measured with the default parameters."""


@dataclass(frozen=True, slots=True)
class Found:
    """A span of a sentence, in words."""

    first: int
    end: int
    """Just past the last word."""
    label: str
    prob: float
    other: tuple[str, float] | None = None
    """The next best type of the same span."""


@dataclass(frozen=True, slots=True)
class Certainty:
    """How sure the component is of one sentence."""

    margin: float
    entropy: float
    """In nats, summed over its words."""
    log_prob: float
    """Of the likeliest answer to the whole sentence."""


class Finder:
    """A component at work."""

    def __init__(self, nlp: Any, name: str, kind: Kind, *, longest: int, types: Sequence[str]) -> None:
        """Take a component.

        Args:
            longest: Words of the longest entity that is thought of; `spancat` goes by its own suggester.
            types: What may be suggested: a pipeline that was gone on from may know more.
        """
        self.nlp = nlp
        self.name = name
        self.kind: Kind = kind
        self.longest = longest
        self.types = frozenset(types)
        self.temperature = TEMPERATURE[kind]
        """Above 1 it is less sure of itself than the component says; see `spacy_loop.calibrate`."""

    @property
    def component(self) -> Any:
        """The component of the pipeline."""
        return self.nlp.get_pipe(self.name)

    def spans(self, sentences: Sequence[Sentence], *, minimum: float) -> Iterator[list[Found]]:
        """Yield the spans of each sentence whose probability is `minimum` or more, in reading order."""
        for docs in self._docs(sentences):
            yield from self._ner(docs, minimum) if self.kind == "ner" else self._spancat(docs, minimum)

    def certainty(self, sentences: Sequence[Sentence]) -> Iterator[Certainty]:
        """Yield how sure the component is of each sentence."""
        for docs in self._docs(sentences):
            if self.kind == "ner":
                yield from (_of_words(reading) for reading in self._readings(docs))
            else:
                yield from (_of_spans(scores) for _, scores in self._scores(docs))

    def _docs(self, sentences: Sequence[Sentence]) -> Iterator[list[Any]]:
        """Yield documents by the batch; the vocabulary forgets the words of each batch that it did not know."""
        for begin in range(0, len(sentences), AT_ONCE):
            with self.nlp.memory_zone():
                docs = [to_doc(self.nlp.vocab, sentence) for sentence in sentences[begin : begin + AT_ONCE]]
                for name, pipe in self.nlp.pipeline:
                    if name == "tok2vec":
                        pipe.set_annotations(docs, pipe.predict(docs))
                yield docs

    def _readings(self, docs: Sequence[Any]) -> Iterator[Reading]:
        return readings(self.component, docs, longest=self.longest, temperature=self.temperature)

    def _ner(self, docs: Sequence[Any], minimum: float) -> Iterator[list[Found]]:
        labels = Moves.of(self.component).labels
        for reading in self._readings(docs):
            found = [
                Found(first, first + since + 1, labels[label], float(reading.spans[first, since, label]), other)
                for first, since, label in np.argwhere(reading.spans >= max(minimum, 0.01)).tolist()
                if labels[label] in self.types
                for other in [_other(reading.spans[first, since], label, labels, self.types)]
            ]
            kept: list[Found] = []
            for span in sorted(found, key=lambda one: (-one.prob, one.first, one.end)):
                if all(span.end <= one.first or one.end <= span.first for one in kept):
                    kept.append(span)
            yield sorted(kept, key=lambda one: one.first)

    def _scores(self, docs: Sequence[Any]) -> Iterator[tuple[list[tuple[int, int]], Floats]]:
        """Yield the candidates of each document, and candidate x label: the probability of each."""
        component = self.component
        candidates = component.suggester(docs, ops=component.model.ops)
        scores = component.model.predict((docs, candidates)) if len(candidates.dataXd) else np.zeros((0, 1))
        at = 0
        for count in candidates.lengths.tolist():
            places = [(int(first), int(end)) for first, end in candidates.dataXd[at : at + count]]
            yield places, _cooled(np.asarray(scores[at : at + count], dtype=np.float64), self.temperature)
            at += count

    def _spancat(self, docs: Sequence[Any], minimum: float) -> Iterator[list[Found]]:
        labels = tuple(self.component.labels)
        for places, scores in self._scores(docs):
            found = []
            for row, label in np.argwhere(scores >= max(minimum, 0.01)).tolist():
                if labels[label] in self.types:
                    other = _other(scores[row], label, labels, self.types)
                    found.append(Found(*places[row], labels[label], float(scores[row, label]), other))
            yield sorted(found, key=lambda one: (one.first, one.end, one.label))


def _other(probs: Floats, label: int, labels: Sequence[str], types: frozenset[str]) -> tuple[str, float] | None:
    others = [(float(probs[place]), name) for place, name in enumerate(labels) if place != label and name in types]
    best = max(others, default=(0.0, ""))
    return (best[1], round(best[0], 4)) if best[0] >= 0.01 else None


def _cooled(probs: Floats, temperature: float) -> Floats:
    """Return probabilities with their logits divided by the temperature."""
    held = np.clip(probs, 1e-9, 1 - 1e-9)
    cooled: Floats = 1 / (1 + ((1 - held) / held) ** (1 / temperature))
    return cooled


def _of_words(reading: Reading) -> Certainty:
    outside = np.clip(1 - reading.covered.sum(axis=1, keepdims=True), 0, 1)
    probs = np.clip(np.hstack([reading.covered, outside]), 1e-12, 1)
    ordered = np.sort(probs, axis=1)
    entropy = float(-(probs * np.log(probs)).sum())
    return Certainty(float((ordered[:, -1] - ordered[:, -2]).min()), entropy, min(reading.best, 0.0))


def _of_spans(scores: Floats) -> Certainty:
    """Take every candidate and label as a question of its own, which is how `spancat` takes them."""
    if not scores.size:
        return Certainty(1.0, 0.0, 0.0)
    probs = np.clip(scores, 1e-12, 1 - 1e-12)
    entropy = float(-(probs * np.log(probs) + (1 - probs) * np.log(1 - probs)).sum())
    return Certainty(float(np.abs(2 * probs - 1).min()), entropy, float(np.log(np.maximum(probs, 1 - probs)).sum()))

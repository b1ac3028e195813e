"""Inference in linear chains: exact probabilities of whole spans, many sentences at a time.

The probability of a span is that of all label sequences in which just these
tokens are one entity: begun at the first, continued to the last, not continued behind. It comes from the
scaled forward and backward recursions, so no sampling and no independence of tokens is assumed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from tui_annotate.learn.engines.base import Floats

BATCH = 256
FORBIDDEN = -1e4
"""Score of a label sequence that BIO does not allow."""


@dataclass(frozen=True, slots=True)
class FoundSpan:
    """Tokens `[first, last]` as one entity."""

    first: int
    last: int
    type: int
    prob: float
    other: tuple[int, float] | None
    """The likeliest other type of just these tokens."""


@dataclass(frozen=True, slots=True)
class Posterior:
    """What the model believes of one sentence."""

    forward: Floats
    """Tokens x labels, each row adding up to 1."""
    backward: Floats
    """Tokens x labels; forward times backward are the marginals."""
    emission: Floats
    """Tokens x labels, divided by the norm of the row, so that chains of steps can be multiplied."""
    best: float
    """Natural logarithm of the likeliest label sequence's probability."""

    @property
    def marginals(self) -> Floats:
        """Probability of each label at each token."""
        return self.forward * self.backward


class Chain:
    """The labels of a model, `O` and `B-`/`I-` of each type, and what leads from one to the next."""

    def __init__(self, labels: Sequence[str], transitions: Floats) -> None:
        self.types = sorted({label[2:] for label in labels if label[:2] in ("B-", "I-")})
        """Type names; types are numbers into this below."""
        self.begins = np.array([_place(labels, "B-" + name) for name in self.types], dtype=np.int64)
        self.insides = np.array([_place(labels, "I-" + name) for name in self.types], dtype=np.int64)
        self._labels = list(labels)
        allowed = transitions.copy()
        self._start = np.zeros(len(labels))
        for column, label in enumerate(labels):
            if label.startswith("I-"):
                self._start[column] = FORBIDDEN
                before = [row for row, other in enumerate(labels) if other[2:] != label[2:] or other == "O"]
                allowed[before, column] = FORBIDDEN
        self._scores = allowed
        self._steps = np.exp(allowed)

    @property
    def size(self) -> int:
        """How many labels there are."""
        return len(self._labels)

    def posteriors(self, scores: Sequence[Floats]) -> list[Posterior]:
        """Return the posterior for each sentence, given its tokens x labels scores."""
        order = sorted(range(len(scores)), key=lambda i: len(scores[i]))
        found: dict[int, Posterior] = {}
        for begin in range(0, len(order), BATCH):
            rows = order[begin : begin + BATCH]
            found.update(zip(rows, self._batch([scores[row] for row in rows]), strict=True))
        return [found[row] for row in range(len(scores))]

    def _batch(self, scores: list[Floats]) -> Iterator[Posterior]:
        lengths = np.array([len(s) for s in scores])
        size, longest = len(scores), int(lengths.max())
        padded = np.zeros((size, longest, len(self._start)))
        for row, s in enumerate(scores):
            padded[row, : len(s)] = s
        padded[:, 0] += self._start
        top = padded.max(axis=2, keepdims=True)
        emission = np.exp(padded - top)
        forward, backward, norm = np.empty_like(padded), np.ones_like(padded), np.ones((size, longest))
        best = padded[:, 0].copy()
        final = best.max(axis=1)
        for t in range(longest):
            step = emission[:, t] if t == 0 else (forward[:, t - 1] @ self._steps) * emission[:, t]
            norm[:, t] = step.sum(axis=1)
            forward[:, t] = step / norm[:, t, None]
            if t:
                best = (best[:, :, None] + self._scores[None]).max(axis=1) + padded[:, t]
            final = np.where(lengths - 1 == t, best.max(axis=1), final)
        emission /= norm[:, :, None]
        for t in range(longest - 2, -1, -1):
            back = (emission[:, t + 1] * backward[:, t + 1]) @ self._steps.T
            backward[:, t] = np.where((lengths - 1 > t)[:, None], back, 1.0)
        inside = np.arange(longest)[None] < lengths[:, None]
        log_norm = ((np.log(norm) + top[:, :, 0]) * inside).sum(axis=1)
        for row, length in enumerate(lengths):
            part = slice(0, length)
            likeliest = min(float(final[row] - log_norm[row]), 0.0)
            yield Posterior(forward[row, part], backward[row, part], emission[row, part], likeliest)

    def spans(self, posterior: Posterior, *, minimum: float) -> list[FoundSpan]:
        """Return spans of probability `minimum` or more in order, none overlapping, the likelier one kept."""
        marginals = posterior.marginals
        found: list[FoundSpan] = []
        for first, type_ in np.argwhere(marginals[:, self.begins] >= minimum).tolist():
            found += self._ends(posterior, first, type_, float(marginals[first, self.begins[type_]]), minimum)
        kept: list[FoundSpan] = []
        for span in sorted(found, key=lambda s: (-s.prob, s.first, s.last)):
            if all(span.last < other.first or other.last < span.first for other in kept):
                kept.append(span)
        return [self._with_other(posterior, span) for span in sorted(kept, key=lambda s: s.first)]

    def _ends(self, posterior: Posterior, first: int, type_: int, begins: float, minimum: float) -> Iterator[FoundSpan]:
        """Walk on from a beginning; `alive` is the probability that the entity reaches the token at hand."""
        begin, inside = int(self.begins[type_]), int(self.insides[type_])
        so_far = float(posterior.forward[first, begin])
        alive, at, last = begins, begin, first
        while alive >= minimum:
            going_on = 0.0
            if inside >= 0 and last + 1 < len(posterior.forward):
                step = so_far * self._steps[at, inside] * posterior.emission[last + 1, inside]
                going_on = float(step * posterior.backward[last + 1, inside])
            if alive - going_on >= minimum:
                yield FoundSpan(first, last, type_, min(alive - going_on, 1.0), None)
            if going_on < minimum:
                return
            so_far, alive, at, last = float(step), going_on, inside, last + 1

    def probability(self, posterior: Posterior, first: int, last: int, type_: int) -> float:
        """Return the probability that tokens `[first, last]` are one entity of a type."""
        at, inside = int(self.begins[type_]), int(self.insides[type_])
        if at < 0:
            return 0.0
        so_far = float(posterior.forward[first, at])
        for t in range(first + 1, last + 1):
            if inside < 0:
                return 0.0
            so_far *= float(self._steps[at, inside] * posterior.emission[t, inside])
            at = inside
        alive = so_far * float(posterior.backward[last, at])
        if inside >= 0 and last + 1 < len(posterior.forward):
            alive -= so_far * float(
                self._steps[at, inside] * posterior.emission[last + 1, inside] * posterior.backward[last + 1, inside]
            )
        return min(max(alive, 0.0), 1.0)

    def _with_other(self, posterior: Posterior, span: FoundSpan) -> FoundSpan:
        others = [
            (self.probability(posterior, span.first, span.last, type_), type_)
            for type_ in range(len(self.types))
            if type_ != span.type
        ]
        prob, type_ = max(others, default=(0.0, -1))
        return FoundSpan(span.first, span.last, span.type, span.prob, (type_, prob)) if prob >= 0.005 else span


def _place(labels: Sequence[str], name: str) -> int:
    return labels.index(name) if name in labels else -1

"""Exact probabilities from spaCy's `ner`, which gives none by itself.

The component walks through a sentence and chooses among moves (begin, inside, last, unit, out) by scores. It is
trained so that the softmax of the scores says how likely each move is, and the scores depend on two things
only: the word at hand, and the first word of the entity that is open, if one is. So all states of a sentence
can be scored at once, and summing over all ways through them gives the probability of every span
exactly, where a beam would look at a few ways and take its scores for what they are not.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tui_annotate.learn.engines.base import Floats

STATES = 30_000
"""Scored in one go."""
_IDS = NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Moves:
    """Which column of the scores is which move; labels are in the order of `labels`."""

    labels: tuple[str, ...]
    out: int
    begin: NDArray[np.int64]
    inside: NDArray[np.int64]
    last: NDArray[np.int64]
    unit: NDArray[np.int64]

    @classmethod
    def of(cls, ner: Any) -> Moves:
        """Read the moves of a component."""
        # `ner.move_names` leaves out a move without a label that has a column all the same.
        names = {ner.moves.get_class_name(place): place for place in range(ner.moves.n_moves)}
        labels = tuple(sorted(name[2:] for name in names if name.startswith("B-") and name != "B-"))
        columns = {kind: np.array([names[f"{kind}-{label}"] for label in labels], np.int64) for kind in "BILU"}
        return cls(labels, names["O"], columns["B"], columns["I"], columns["L"], columns["U"])


@dataclass(frozen=True, slots=True)
class Reading:
    """What the component thinks of one sentence."""

    spans: Floats
    """First word x words after it x label: probability that just this is an entity of the label."""
    covered: Floats
    """Word x label: probability that the word lies in an entity of it."""
    best: float
    """Natural logarithm of the probability of the likeliest reading of the whole sentence."""


def readings(ner: Any, docs: Sequence[Any], *, longest: int, temperature: float = 1.0) -> Iterator[Reading]:
    """Yield the reading of each `Doc`, none of which is empty.

    Args:
        ner: A trained `EntityRecognizer`.
        longest: Words of the longest entity that is thought of.
        temperature: Divides the scores: above 1 makes the component less sure of itself.
    """
    moves = Moves.of(ner)
    order = sorted(range(len(docs)), key=lambda place: len(docs[place]))
    found: dict[int, Reading] = {}
    for batch in _batches(order, [len(doc) for doc in docs], longest):
        chosen = [docs[place] for place in batch]
        found.update(zip(batch, _read(ner, moves, chosen, longest, temperature), strict=True))
    for place in range(len(docs)):
        yield found[place]


def _batches(order: Sequence[int], lengths: Sequence[int], longest: int) -> Iterator[list[int]]:
    """Yield places of about equal length, as many as are scored in one go."""
    batch: list[int] = []
    for place in order:
        if batch and (len(batch) + 1) * lengths[place] * (longest + 1) > STATES:
            yield batch
            batch = []
        batch.append(place)
    if batch:
        yield batch


def _read(ner: Any, moves: Moves, docs: Sequence[Any], longest: int, temperature: float) -> Iterator[Reading]:
    lengths = np.array([len(doc) for doc in docs])
    size, reach = int(lengths.max()), min(longest, int(lengths.max()))
    scores = _scores(ner, docs, lengths, size, reach) / temperature
    closed, going_on = _probabilities(scores, moves, lengths)
    begin, unit, out = closed[:, :, moves.begin], closed[:, :, moves.unit], closed[:, :, moves.out]
    spans = _sum(begin, unit, out, going_on, lengths)
    best = _best(begin, unit, out, going_on)
    covered = _covered(spans)
    for row, length in enumerate(lengths):
        yield Reading(spans[row, :length], covered[row, :length], float(best[row, length]))


def _scores(ner: Any, docs: Sequence[Any], lengths: NDArray[np.int64], size: int, reach: int) -> Floats:
    """Return document x word x words since the open entity began (0: none is open) x move."""
    step = ner.model.predict(docs)
    ids = _features(lengths, size, reach, int(step.state2vec.nF))
    known = ids[..., 0] >= 0
    vectors, _ = step.state2vec(np.ascontiguousarray(ids[known]), False)
    flat = step.vec2scores.predict(vectors) if step.attrs["has_upper"] else np.asarray(vectors)
    scores = np.zeros((*ids.shape[:-1], flat.shape[1]))
    scores[known] = flat
    return scores


def _features(lengths: NDArray[np.int64], size: int, reach: int, width: int) -> _IDS:
    """Return the words that each state is scored by, as spaCy's `set_context_tokens` has them; -1 for none.

    With 3: the word at hand, the first word of the open entity, the word before. With 6: the word at
    hand and the first five words of the open entity.
    """
    ids = np.full((len(lengths), size, reach, width), -1, dtype=np.int32)
    offsets = np.concatenate([[0], np.cumsum(lengths)[:-1]])
    at = np.arange(size)[None, :, None] + offsets[:, None, None]
    since = np.arange(reach)[None, None, :]
    within = (np.arange(size)[None, :] < lengths[:, None])[:, :, None]
    real = within & (np.arange(size)[None, :, None] >= since)
    ids[..., 0] = np.where(real, at, -1)
    is_open = real & (since > 0)
    if width == 3:
        ids[..., 1] = np.where(is_open, at - since, -1)
        ids[..., 2] = np.where(is_open, at - 1, -1)
    else:
        for place in range(1, width):
            word = at - since + place - 1
            ids[..., place] = np.where(is_open & (word < at), word, -1)
    return ids


def _probabilities(scores: Floats, moves: Moves, lengths: NDArray[np.int64]) -> tuple[Floats, Floats]:
    """Return the probabilities of the moves where nothing is open, and of going on in an entity that is.

    The first is document x word x move, the second document x word x words since x label. No entity begins at the
    last word, or goes on past it.
    """
    ends = np.arange(scores.shape[1])[None, :] == (lengths - 1)[:, None]
    usable = np.zeros(scores.shape[-1], dtype=bool)
    usable[[moves.out, *moves.unit, *moves.begin]] = True
    free = np.where(usable, scores[:, :, 0], -np.inf)
    rows, words = np.nonzero(ends)
    free[rows[:, None], words[:, None], moves.begin[None, :]] = -np.inf
    free = np.exp(free - free.max(axis=-1, keepdims=True))
    free /= free.sum(axis=-1, keepdims=True)
    gap = np.clip(scores[..., moves.last] - scores[..., moves.inside], -50, 50)
    going_on = 1 / (1 + np.exp(gap))
    going_on[rows, words] = 0
    return free, going_on


def _sum(begin: Floats, unit: Floats, out: Floats, going_on: Floats, lengths: NDArray[np.int64]) -> Floats:
    """Return the probability of each span.

    Every way ends somewhere, so a span's probability is that of the ways that lead to its end.
    """
    count, size, reach, labels = going_on.shape
    spans = np.zeros((count, size, reach, labels))
    forward = np.zeros((count, size + 1))
    forward[:, 0] = 1
    for at in range(size):
        spans[:, at, 0] = forward[:, at, None] * unit[:, at]
        forward[:, at + 1] += forward[:, at] * out[:, at] + spans[:, at, 0].sum(axis=1)
        alive = forward[:, at, None] * begin[:, at]
        for since in range(1, min(reach, size - at)):
            spans[:, at, since] = alive * (1 - going_on[:, at + since, since])
            alive = alive * going_on[:, at + since, since]
            forward[:, at + since + 1] += spans[:, at, since].sum(axis=1)
    beyond = np.arange(size)[None, :] >= lengths[:, None]
    spans[beyond] = 0
    return spans


def _best(begin: Floats, unit: Floats, out: Floats, going_on: Floats) -> Floats:
    """Return the logarithm of the probability of the likeliest way to each word with nothing open."""
    count, size, reach, _ = going_on.shape
    with np.errstate(divide="ignore"):
        begins, units, outs = np.log(begin), np.log(unit), np.log(out)
        on, off = np.log(going_on), np.log1p(-going_on)
    best = np.full((count, size + 1), -np.inf)
    best[:, 0] = 0
    for at in range(size):
        single = np.maximum(outs[:, at], units[:, at].max(axis=1))
        best[:, at + 1] = np.maximum(best[:, at + 1], best[:, at] + single)
        alive = best[:, at, None] + begins[:, at]
        for since in range(1, min(reach, size - at)):
            ended = (alive + off[:, at + since, since]).max(axis=1)
            best[:, at + since + 1] = np.maximum(best[:, at + since + 1], ended)
            alive = alive + on[:, at + since, since]
    return best


def _covered(spans: Floats) -> Floats:
    count, size, reach, labels = spans.shape
    change = np.zeros((count, size + reach + 1, labels))
    change[:, :size] += spans.sum(axis=2)
    for since in range(reach):
        change[:, since + 1 : since + 1 + size] -= spans[:, :, since]
    covered: Floats = np.clip(np.cumsum(change, axis=1)[:, :size], 0, 1)
    return covered

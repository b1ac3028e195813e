"""The chain against brute force over all label sequences."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from tui_annotate.learn.engines.base import Floats
from tui_annotate.learn.engines.chain import Chain

LABELS = ("O", "B-A", "I-A", "B-B", "I-B")


def legal(sequence: tuple[int, ...]) -> bool:
    """Say whether BIO allows it."""
    names = ["O", *(LABELS[i] for i in sequence)]
    return all(
        now[0] != "I" or (before[0] in "BI" and before[2:] == now[2:]) for before, now in itertools.pairwise(names)
    )


def spans_of(sequence: tuple[int, ...]) -> set[tuple[int, int, str]]:
    """Return the entities of a label sequence."""
    found, start = set(), None
    for place, name in enumerate([*(LABELS[i] for i in sequence), "O"]):
        if start is not None and name[0] != "I":
            found.add((start, place - 1, LABELS[sequence[start]][2:]))
            start = None
        if name[0] == "B":
            start = place
    return found


def enumerate_all(scores: Floats, transitions: Floats) -> list[tuple[tuple[int, ...], float]]:
    """Return every legal sequence with its probability."""
    weighed = []
    for sequence in itertools.product(range(len(LABELS)), repeat=len(scores)):
        if legal(sequence):
            score = sum(scores[t, y] for t, y in enumerate(sequence))
            score += sum(transitions[a, b] for a, b in itertools.pairwise(sequence))
            weighed.append((sequence, float(np.exp(score))))
    norm = sum(weight for _, weight in weighed)
    return [(sequence, weight / norm) for sequence, weight in weighed]


@pytest.fixture(params=range(4))
def case(request: pytest.FixtureRequest) -> tuple[list[Floats], Floats]:
    """Return scores of sentences of different lengths, and transitions."""
    chance = np.random.default_rng(request.param)
    return [chance.normal(0, 2, (length, 5)) for length in (5, 1, 3, 4)], chance.normal(0, 1, (5, 5))


def test_marginals_best_and_span_probabilities_are_exact(case: tuple[list[Floats], Floats]) -> None:
    sentences, transitions = case
    chain = Chain(LABELS, transitions)
    for scores, posterior in zip(sentences, chain.posteriors(sentences), strict=True):
        everything = enumerate_all(scores, transitions)
        marginals = np.zeros_like(scores)
        for sequence, prob in everything:
            for t, y in enumerate(sequence):
                marginals[t, y] += prob
        np.testing.assert_allclose(posterior.marginals, marginals, atol=1e-9)
        assert posterior.best == pytest.approx(np.log(max(prob for _, prob in everything)))
        for first, last in itertools.combinations_with_replacement(range(len(scores)), 2):
            for number, name in enumerate(chain.types):
                expected = sum(prob for sequence, prob in everything if (first, last, name) in spans_of(sequence))
                assert chain.probability(posterior, first, last, number) == pytest.approx(expected, abs=1e-9)


def test_spans_are_found_with_their_probability_and_never_overlap(case: tuple[list[Floats], Floats]) -> None:
    sentences, transitions = case
    chain = Chain(LABELS, transitions)
    for posterior in chain.posteriors(sentences):
        found = chain.spans(posterior, minimum=0.05)
        for span in found:
            assert span.prob == pytest.approx(chain.probability(posterior, span.first, span.last, span.type))
            assert span.prob >= 0.05
        assert all(a.last < b.first for a, b in itertools.pairwise(found))


def test_batches_give_what_single_sentences_give(case: tuple[list[Floats], Floats]) -> None:
    sentences, transitions = case
    chain = Chain(LABELS, transitions)
    for alone, together in zip([chain.posteriors([s])[0] for s in sentences], chain.posteriors(sentences), strict=True):
        np.testing.assert_allclose(alone.marginals, together.marginals, atol=1e-12)
        assert alone.best == pytest.approx(together.best)


def test_labels_that_never_continue_are_single_tokens() -> None:
    chain = Chain(("O", "B-A"), np.zeros((2, 2)))
    (posterior,) = chain.posteriors([np.array([[0.0, 3.0], [0.0, 3.0]])])
    assert [(s.first, s.last) for s in chain.spans(posterior, minimum=0.3)] == [(0, 0), (1, 1)]
    assert chain.probability(posterior, 0, 1, 0) == 0.0


def test_scores_far_apart_do_not_overflow() -> None:
    chain = Chain(LABELS, np.zeros((5, 5)))
    (posterior,) = chain.posteriors([np.array([[900.0, -900, 0, 0, 0], [-900, 900, 0, 0, 0]])])
    assert np.isfinite(posterior.marginals).all()
    assert [(s.first, s.last, s.type) for s in chain.spans(posterior, minimum=0.5)] == [(1, 1, 0)]

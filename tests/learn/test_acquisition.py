"""The contract that every strategy keeps."""

from __future__ import annotations

from dataclasses import replace
from typing import get_args

import numpy as np
import pytest
import scipy.sparse as sp

from tui_annotate.errors import UsageError
from tui_annotate.learn import acquisition
from tui_annotate.learn.acquisition import STRATEGIES, pick, spread, strategy_for
from tui_annotate.learn.engines.base import Signals
from tui_annotate.store.settings import Strategy

INFORMED = [name for name in STRATEGIES if name != "random"]


def test_every_strategy_can_be_set_and_every_one_that_can_be_set_is_there() -> None:
    assert set(get_args(Strategy)) == {"default", *STRATEGIES}


def signals(sure: list[float], *, tokens: list[int] | None = None, words: np.ndarray | None = None) -> Signals:
    """Return the signals of documents whose likeliest of two answers has these probabilities."""
    p = np.array(sure)
    entropy = -(p * np.log(p) + (1 - p) * np.log(1 - p))
    count = np.array(tokens or [10] * len(sure))
    vectors = sp.csr_matrix(np.eye(len(sure)) if words is None else words)
    return Signals(2 * p - 1, entropy, p, np.log(p), count, vectors)


@pytest.mark.parametrize("name", INFORMED)
def test_the_less_certain_document_is_asked_sooner(name: str) -> None:
    scores = STRATEGIES[name].score(signals([0.99, 0.6, 0.8]), np.random.default_rng(0))
    assert list(np.argsort(-scores)) == [1, 2, 0]


@pytest.mark.parametrize("name", STRATEGIES)
def test_scores_are_finite_and_one_a_document(name: str) -> None:
    extreme = Signals(
        np.array([0.0, 1.0]),
        np.zeros(2),
        np.array([0.0, 1.0]),
        np.array([-5000.0, 0.0]),
        np.array([0, 900]),
        sp.eye(2).tocsr(),
    )
    scores = STRATEGIES[name].score(extreme, np.random.default_rng(0))
    assert scores.shape == (2,)
    assert np.isfinite(scores).all()


@pytest.mark.parametrize("name", [*STRATEGIES, "default"])
@pytest.mark.parametrize(("documents", "size", "n"), [(7, 3, 2), (7, 500, 10), (1, 5, 5), (30, 30, 4)])
def test_picks_are_different_documents_and_no_more_than_asked(name: str, documents: int, size: int, n: int) -> None:
    chance = np.random.default_rng(3)
    given = signals(list(chance.uniform(0.5, 0.99, documents)), words=chance.random((documents, 6)))
    picks = pick(given, strategy=name, size=size, n=n, seed=1, task="entities")
    rows = [p.row for p in picks]
    assert len(rows) == len(set(rows)) == min(size, documents)
    assert all(0 <= row < documents for row in rows)


@pytest.mark.parametrize("name", STRATEGIES)
def test_the_same_seed_gives_the_same_picks(name: str) -> None:
    given = signals(list(np.random.default_rng(5).uniform(0.5, 0.99, 40)))
    assert pick(given, strategy=name, size=9, n=3, seed=7) == pick(given, strategy=name, size=9, n=3, seed=7)


@pytest.mark.parametrize("name", INFORMED)
def test_the_first_pick_of_unlike_documents_is_the_best(name: str) -> None:
    picks = pick(signals([0.9, 0.55, 0.8, 0.7]), strategy=name, size=4, n=2, seed=0)
    assert picks[0].row == 1


@pytest.mark.parametrize("name", INFORMED)
def test_a_round_does_not_ask_the_same_twice(name: str) -> None:
    words = np.array([[1.0, 0, 0], [1.0, 0, 0], [0, 1.0, 0], [0, 0, 1.0]])
    picks = pick(signals([0.55, 0.56, 0.7, 0.9], words=words), strategy=name, size=4, n=2, seed=0)
    assert picks[0].row == 0
    assert picks[1].row != 1


def test_a_round_of_any_size_is_thinned_as_far_as_it_can_be_paid(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(acquisition, "MOST_THINNED", 3)
    thinned: list[int] = []

    def noted(signals: Signals, scores: np.ndarray, candidates: np.ndarray, n: int) -> np.ndarray:
        thinned.append(len(candidates))
        return candidates[:n]

    monkeypatch.setattr(acquisition, "_thin_by_cosine", noted)
    picks = acquisition.pick(
        signals([0.5 + n / 100 for n in range(40)]), strategy="margin", size=40, n=1_000_000, seed=0
    )
    assert thinned == [3 * acquisition.CANDIDATES]
    assert len(picks) == 40


def test_random_differs_by_seed() -> None:
    given = signals([0.8] * 50)
    assert [p.row for p in pick(given, strategy="random", size=50, n=5, seed=1)] != [
        p.row for p in pick(given, strategy="random", size=50, n=5, seed=2)
    ]


def test_length_normalised_does_not_prefer_long_documents() -> None:
    given = signals([0.9**10, 0.85], tokens=[100, 10])
    assert pick(given, strategy="length-normalised", size=1, n=1, seed=0)[0].row == 1
    assert pick(given, strategy="least-confidence", size=1, n=1, seed=0)[0].row == 0


def test_the_reason_says_what_the_model_thinks_and_how_surely() -> None:
    named = replace(
        signals([0.97, 0.52]), guess=np.array([0, 1]), guess_prob=np.array([0.97, 0.52]), names=("ham", "spam")
    )
    reasons = [p.reason for p in pick(named, strategy="margin", size=2, n=1, seed=0)]
    assert reasons == ["the model is unsure here: spam 0.52", "least sure of what is left: ham 0.97"]


def test_the_reason_for_entities_is_by_word_and_chance_says_so() -> None:
    given = signals([0.9**10, 0.99])
    assert pick(given, strategy="length-normalised", size=1, n=1, seed=0)[0].reason == (
        "unsure what to mark here (0.90 a word)"
    )
    assert pick(given, strategy="random", size=1, n=1, seed=0)[0].reason == "drawn at random"


def groups(*sizes: int) -> np.ndarray:
    """Return points in well separated groups of these sizes."""
    chance = np.random.default_rng(0)
    centres = [np.eye(len(sizes))[place] * 10 for place in range(len(sizes))]
    return np.concatenate(
        [centre + 0.1 * chance.normal(size=(size, len(sizes))) for centre, size in zip(centres, sizes, strict=True)]
    )


def test_before_a_model_each_group_is_asked_about_the_largest_first() -> None:
    rows = groups(50, 30, 20)
    found = spread(rows, np.zeros((0, 3)), n=3, size=3, seed=0)
    assert [0 if p.row < 50 else 1 if p.row < 80 else 2 for p in found] == [0, 1, 2]
    assert found[0].reason == "typical of 50 documents, none of them confirmed yet"


def test_a_group_that_is_known_is_not_asked_about() -> None:
    rows = groups(50, 30, 20)
    (found,) = spread(rows, rows[:2], n=1, size=1, seed=0)
    assert found.row >= 50


@pytest.mark.parametrize(("documents", "size", "n"), [(1, 10, 5), (7, 100, 5), (40, 12, 5), (3, 2, 50)])
def test_before_a_model_no_document_is_asked_about_twice(documents: int, size: int, n: int) -> None:
    rows = np.random.default_rng(1).normal(size=(documents, 4))
    picked = [p.row for p in spread(rows, rows[:0], n=n, size=size, seed=0)]
    assert len(picked) == len(set(picked)) == min(size, documents)


def test_equal_documents_are_asked_about_once() -> None:
    assert len(spread(np.ones((9, 4)), np.zeros((0, 4)), n=5, size=9, seed=0)) == 1


def test_the_default_depends_on_the_task() -> None:
    assert strategy_for("default", "entities").score is acquisition.length_normalised
    assert strategy_for("default", "labels:spam").score is acquisition.margin


def test_an_unknown_strategy_is_refused_with_the_names() -> None:
    with pytest.raises(UsageError, match="margin"):
        pick(signals([0.5]), strategy="bald", size=1, n=1, seed=0)


def test_copies_of_a_document_come_after_all_others() -> None:
    given = signals([0.6, 0.9, 0.6, 0.7, 0.6, 0.8])
    assert [p.row for p in pick(given, strategy="margin", size=9, n=2, seed=0)][-2:] == [2, 4]

"""Fits in the span of few rows, cuts, and naive Bayes that unlabelled texts teach."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import scipy.sparse as sp
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from tui_annotate.learn.engines import label_bayes
from tui_annotate.learn.engines.estimators import OutOfFold, Rows


def rows(count: int, columns: int, *, seed: int = 0) -> sp.csr_matrix:
    """Return sparse rows of made features."""
    return sp.random(count, columns, density=0.2, format="csr", random_state=seed)


@pytest.mark.parametrize("classes", [2, 3])
def test_a_fit_in_the_span_is_the_fit(classes: int) -> None:
    matrix = rows(30, 200)
    labels = np.arange(30) % classes
    ours = Rows(matrix).fit(labels, c=30.0, iterations=2000)
    plain = LogisticRegression(C=30.0, class_weight="balanced", max_iter=2000, tol=1e-8).fit(matrix, labels)
    assert ours.coef_.shape == plain.coef_.shape
    np.testing.assert_allclose(
        ours.predict_proba(rows(9, 200, seed=1)), plain.predict_proba(rows(9, 200, seed=1)), atol=0.01
    )


@pytest.mark.parametrize("matrix", [sp.csr_matrix((4, 9)), sp.csr_matrix(np.ones((4, 9))), rows(9, 4)])
def test_rows_without_a_span_worth_taking_are_fitted_as_well(matrix: sp.csr_matrix) -> None:
    labels = np.arange(matrix.shape[0]) % 2
    classifier = Rows(matrix).fit(labels, c=1.0, iterations=100)
    assert np.isfinite(classifier.predict_proba(matrix)).all()
    assert classifier.coef_.shape == (1, matrix.shape[1])


@pytest.mark.parametrize("positives", [1, 2, 5, 39, 40])
def test_no_row_is_scored_by_a_fit_on_it(positives: int) -> None:
    """With a column of its own for each row a fit knows its rows by heart, and says nothing of others."""
    holds = (np.arange(41) < positives).astype(np.int64)
    unseen = Rows(sp.identity(41, format="csr")).out_of_fold(holds, seed=0, c=1000.0, iterations=300)
    spread = unseen.scores.max() - unseen.scores.min()
    assert len(unseen.scores)
    assert spread < 3
    assert unseen.cut() is not None


def test_no_row_is_scored_by_a_fit_on_its_twin() -> None:
    """Each text stands twice, and its column tells of it alone: a fit on the twin would know the row by heart."""
    texts: NDArray[np.int64] = np.repeat(np.arange(20), 2)
    holds: NDArray[np.int64] = (texts < 8).astype(np.int64)
    matrix = sp.identity(20, format="csr")[texts]
    ours, apart = (
        Rows(matrix).out_of_fold(holds, seed=0, c=1000.0, iterations=300, texts=known) for known in (texts, None)
    )
    assert len(ours.scores) == len(apart.scores) == 3 * 40
    assert ours.scores.max() - ours.scores.min() < 3
    assert apart.scores.max() - apart.scores.min() > 6


def test_a_cut_takes_what_is_true_and_leaves_the_rest() -> None:
    scores = np.array([3.0, 2.5, 2.0, -1.0, -2.0, -3.0, -3.5, -4.0])
    truth: NDArray[np.int64] = np.array([1, 1, 1, 0, 0, 0, 0, 0])
    cut = OutOfFold(scores, truth, 3 / 8).cut()
    assert cut is not None
    assert -1.0 < cut < 2.0


def test_nothing_scored_cuts_nowhere() -> None:
    holds: NDArray[np.int64] = np.array([1, 0])
    assert Rows(rows(2, 9)).out_of_fold(holds, seed=0, c=1.0, iterations=10).cut() is None


def test_unlabelled_texts_tell_what_words_go_along() -> None:
    """The last word never stands in a labelled text, but always beside the first one."""
    first, second = [1] * 8 + [0] * 8, [0] * 8 + [1] * 8
    labelled = sp.csr_matrix(np.array([[*first, 0], [*second, 0]], dtype=np.float32))
    unlabelled = sp.csr_matrix(np.array([[*first, 1]] * 20 + [[*second, 0]] * 20, dtype=np.float32))
    alone = sp.csr_matrix(np.array([[0] * 16 + [1]], dtype=np.float32))
    classes: NDArray[np.int64] = np.array([0, 1])
    taught = label_bayes.fit(labelled, classes, unlabelled).probabilities(alone)
    untaught = label_bayes.fit(labelled, classes, unlabelled[:0]).probabilities(alone)
    np.testing.assert_allclose(untaught, [[0.5, 0.5]])
    assert taught[0, 0] > 0.6
    assert taught.sum() == pytest.approx(1)


def test_naive_bayes_is_read_back_as_it_was(tmp_path: Path) -> None:
    words = (rows(12, 30) > 0).astype(np.float32).tocsr()
    model = label_bayes.fit(words, np.arange(12) % 3, words)
    model.save(tmp_path / "bayes.npz")
    again = label_bayes.load(tmp_path / "bayes.npz", words=30, classes=3)
    np.testing.assert_array_equal(again.probabilities(words), model.probabilities(words))

"""Unit rows and main directions, for matrices of any size down to none."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def unit(rows: Any) -> NDArray[np.float32]:
    """Return rows scaled to length 1; a row of zeros stays."""
    rows = np.asarray(rows)
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(rows / np.maximum(lengths, 1e-9), dtype=np.float32)


def main_directions(matrix: Any, wanted: int, *, seed: int) -> NDArray[np.float32]:
    """Return up to `wanted` right singular vectors as rows, by a randomised SVD; fewer where the matrix is small."""
    from sklearn.utils.extmath import randomized_svd

    wanted = min(wanted, matrix.shape[0] - 1, matrix.shape[1] - 1)
    if wanted < 1 or not matrix.nnz:
        return np.zeros((0, matrix.shape[1]), dtype=np.float32)
    _, _, directions = randomized_svd(matrix, n_components=wanted, n_iter=3, random_state=seed)
    return np.asarray(directions, dtype=np.float32)

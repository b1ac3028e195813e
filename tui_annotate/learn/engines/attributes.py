"""What the CRF looks at in a word, and what its model says of it, looked up once a word.

Every attribute belongs to one word at one offset, so a model's score of a
token is a sum of rows that are kept by word: of the word itself, and of its neighbours.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import regex
from numpy.typing import NDArray

from tui_annotate.learn.engines.base import Floats
from tui_annotate.learn.engines.crffile import Weights
from tui_annotate.learn.engines.wordspace import WordSpace

OFFSETS = (-2, -1, 1, 2)
AFFIX = 5
_UPPER, _LOWER, _DIGIT = regex.compile(r"\p{Lu}"), regex.compile(r"[\p{Ll}\p{Lo}]"), regex.compile(r"\p{N}")
_RUN = regex.compile(r"(.)\1+")
FIRST, LAST, EVERY = "BOS", "EOS", "any"


def shape(word: str) -> str:
    """Return a word with capitals as X, other letters as x, digits as 0; at most 20 characters of it."""
    return _DIGIT.sub("0", _LOWER.sub("x", _UPPER.sub("X", word[:20])))


@lru_cache(maxsize=200_000)
def of_word(word: str) -> tuple[str, ...]:
    """Return the attributes that a token has of itself."""
    lower, form = word[:60].lower(), shape(word)
    found = [EVERY, "w=" + lower, "s=" + form, "r=" + _RUN.sub(r"\1", form)]
    for length in range(1, min(AFFIX, len(lower)) + 1):
        found += [f"p{length}{lower[:length]}", f"x{length}{lower[-length:]}"]
    return tuple(found)


@lru_cache(maxsize=400_000)
def of_neighbour(word: str, offset: int) -> tuple[str, ...]:
    """Return the attributes that a token has of a word at an offset from it."""
    lower = f"{offset}w={word[:60].lower()}"
    return (lower,) if abs(offset) > 1 else (lower, f"{offset}r=" + _RUN.sub(r"\1", shape(word)))


def items(words: Sequence[str], figures: NDArray[np.float32]) -> list[dict[str, float]]:
    """Return the attributes of each token for training; `figures` are rows of the word space, or have no columns."""
    names = [f"v{column}" for column in range(figures.shape[1])]
    found = []
    for place, row in enumerate(figures.tolist()):
        item = dict.fromkeys(of_word(words[place]), 1.0)
        for offset in OFFSETS:
            if 0 <= place + offset < len(words):
                item.update(dict.fromkeys(of_neighbour(words[place + offset], offset), 1.0))
        if place == 0:
            item[FIRST] = 1.0
        if place == len(words) - 1:
            item[LAST] = 1.0
        item.update(zip(names, row, strict=True))
        found.append(item)
    return found


class Scorer:
    """Scores of tokens under one model, with a table that grows by the words it meets."""

    def __init__(self, weights: Weights, space: WordSpace, *, vectors: bool) -> None:
        self._weights = weights
        self._space = space
        self._vectors = vectors
        self._rows: dict[str, int] = {}
        self._tables = {offset: np.zeros((0, len(weights.labels))) for offset in (0, *OFFSETS)}
        self._figures = np.zeros((space.width, len(weights.labels)))
        for column in range(space.width if vectors else 0):
            row = weights.attributes.get(f"v{column}")
            if row is not None:
                self._figures[column] = weights.states[row]
        self._ends = [self._sum((name,)) for name in (FIRST, LAST)]

    def scores(self, sentences: Sequence[Sequence[str]]) -> list[Floats]:
        """Return tokens x labels for each sentence."""
        self._meet({word for words in sentences for word in words if word not in self._rows})
        found = []
        for words in sentences:
            rows = np.fromiter((self._rows[word] for word in words), dtype=np.int64, count=len(words))
            score = self._tables[0][rows]
            for offset in OFFSETS:
                if offset < 0:
                    score[-offset:] += self._tables[offset][rows[:offset]]
                else:
                    score[:-offset] += self._tables[offset][rows[offset:]]
            score[0] += self._ends[0]
            score[-1] += self._ends[1]
            found.append(score)
        return found

    def _meet(self, words: set[str]) -> None:
        if not words:
            return
        new = sorted(words)
        for word in new:
            self._rows[word] = len(self._rows)
        for offset, table in self._tables.items():
            rows = np.array([self._sum(of_neighbour(w, offset) if offset else of_word(w)) for w in new])
            if not offset and self._vectors:
                rows += self._space.describe(new) @ self._figures
            self._tables[offset] = np.concatenate([table, rows])

    def _sum(self, names: Sequence[str]) -> Floats:
        known = [row for name in names if (row := self._weights.attributes.get(name)) is not None]
        return np.asarray(self._weights.states[known].sum(axis=0))

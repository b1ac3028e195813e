"""What the CRF looks at in a word, and what its model says of it, looked up once a word.

Every attribute belongs to one word at one offset, so a model's score of a
token is a sum of rows that are kept by word: of the word itself, and of its neighbours.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache

import numpy as np
import regex
import scipy.sparse as sp
from numpy.typing import NDArray

from tui_annotate.learn.engines.base import Floats
from tui_annotate.learn.engines.crffile import Weights

OFFSETS = (-2, -1, 1, 2)
FIGURED = {-1: 0.5, 1: 0.5}
"""Neighbours whose vectors are looked at too, and how loud they are beside the token's own."""
MAIN = 16
"""Columns of a neighbour's vector that are looked at: its main directions come first."""
AFFIX = 5
_UPPER, _LOWER, _DIGIT = regex.compile(r"\p{Lu}"), regex.compile(r"[\p{Ll}\p{Lo}]"), regex.compile(r"\p{N}")
_RUN = regex.compile(r"(.)\1+")
STATISTICS = 2
"""Columns at the end of a space's figures that are no vector: how often a word occurs, and with a capital."""
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


def items(
    words: Sequence[str], figures: NDArray[np.float32], more: Mapping[str, Sequence[str]] | None = None
) -> list[dict[str, float]]:
    """Return the attributes of each token for training.

    Args:
        figures: Rows of the word space, or rows without columns.
        more: What the space says of some words by name.
    """
    known = more or {}
    own = [f"v{column}" for column in range(figures.shape[1])]
    beside = {offset: [f"{offset}v{column}" for column in main_columns(figures.shape[1])] for offset in FIGURED}
    rows = figures.tolist()
    louder = {offset: (figures[:, : len(beside[offset])] * loud).tolist() for offset, loud in FIGURED.items()}
    found = []
    for place, row in enumerate(rows):
        item = dict.fromkeys(of_word(words[place]), 1.0)
        item.update(dict.fromkeys(known.get(words[place], ()), 1.0))
        for offset in OFFSETS:
            if 0 <= place + offset < len(words):
                item.update(dict.fromkeys(of_neighbour(words[place + offset], offset), 1.0))
        if place == 0:
            item[FIRST] = 1.0
        if place == len(words) - 1:
            item[LAST] = 1.0
        item.update(zip(own, row, strict=True))
        for offset, names in beside.items():
            if 0 <= place + offset < len(words):
                item.update(zip(names, louder[offset][place + offset], strict=True))
        found.append(item)
    return found


def main_columns(width: int) -> range:
    """Return the columns of a space's figures that are looked at of a neighbour."""
    return range(min(max(width - STATISTICS, 0), MAIN))


class Lexicon:
    """The words met in one space, numbered, with their attributes numbered too: models differ in weights only."""

    def __init__(
        self,
        describe: Callable[[Sequence[str]], NDArray[np.float32]],
        more: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        """Number words.

        Args:
            describe: Returns figures for words.
            more: Further attributes of some words.
        """
        self._describe = describe
        self.more = more or {}
        self.numbers: dict[str, int] = {}
        """Of words."""
        self.attributes: dict[str, int] = {}
        self._columns: dict[int, list[int]] = {offset: [] for offset in (0, *OFFSETS)}
        self._ends: dict[int, list[int]] = {offset: [0] for offset in (0, *OFFSETS)}
        self._figures: list[NDArray[np.float32]] = []

    def number(self, words: Sequence[str]) -> NDArray[np.int32]:
        """Return the numbers of words, new ones for those not met before."""
        numbers = self.numbers
        for word in words:
            if word not in numbers:
                numbers[word] = len(numbers)
                for offset, columns in self._columns.items():
                    names = of_neighbour(word, offset) if offset else (*of_word(word), *self.more.get(word, ()))
                    columns.extend(self.attributes.setdefault(name, len(self.attributes)) for name in names)
                    self._ends[offset].append(len(columns))
        return np.fromiter((numbers[word] for word in words), dtype=np.int32, count=len(words))

    def tables(self, weights: Weights, figures: Mapping[int, Floats], known: int) -> dict[int, Floats]:
        """Return the scores of the words from number `known` on, by offset: words x labels.

        Args:
            figures: Weights of the space's figures, by offset: figures x labels.
        """
        table = np.zeros((len(self.attributes), len(weights.labels)))
        for name, row in weights.attributes.items():
            column = self.attributes.get(name)
            if column is not None:
                table[column] = weights.states[row]
        found = {}
        for offset, columns in self._columns.items():
            ends = np.array(self._ends[offset][known:])
            chosen = np.array(columns[ends[0] : ends[-1]], dtype=np.int32)
            shape = (len(ends) - 1, len(self.attributes))
            held = sp.csr_matrix((np.ones(len(chosen)), chosen, ends - ends[0]), shape=shape)
            found[offset] = np.asarray(held @ table)
        for offset, matrix in figures.items():
            if matrix.any():
                found[offset] += self.figures()[known:] @ matrix
        return found

    def figures(self) -> NDArray[np.float32]:
        """Return what the space says of every word met, a row each."""
        described = sum(len(block) for block in self._figures)
        if described < len(self.numbers) or not self._figures:
            self._figures.append(self._describe(list(self.numbers)[described:]))
        if len(self._figures) > 1:
            self._figures = [np.concatenate(self._figures)]
        return self._figures[0]


class Scorer:
    """Scores of tokens under one model, kept by word."""

    def __init__(self, weights: Weights, lexicon: Lexicon, *, width: int) -> None:
        """Take a model's weights.

        Args:
            width: How many figures of the space the model uses; 0 for none.
        """
        self._weights = weights
        self._lexicon = lexicon
        self._tables = {offset: np.zeros((0, len(weights.labels))) for offset in (0, *OFFSETS)}
        own = np.zeros((width, len(weights.labels)))
        for column in range(width):
            own[column] = self._sum((f"v{column}",))
        self._figures = {0: own}
        for offset, loud in FIGURED.items():
            self._figures[offset] = np.zeros_like(own)
            for column in main_columns(width):
                self._figures[offset][column] = loud * self._sum((f"{offset}v{column}",))
        self._ends = [self._sum((name,)) for name in (FIRST, LAST)]

    @property
    def size(self) -> str:
        """How many features and weights the model has, for the log of a training."""
        weights = self._weights
        held = np.count_nonzero(weights.states) + np.count_nonzero(weights.transitions)
        return f"{len(weights.attributes):,} features, {held:,} weights that are not 0"

    def scores(self, sentences: Sequence[NDArray[np.int32]]) -> list[Floats]:
        """Return tokens x labels for each sentence, given the numbers of its words."""
        known = len(self._tables[0])
        if known < len(self._lexicon.numbers):
            new = self._lexicon.tables(self._weights, self._figures, known)
            self._tables = {offset: np.concatenate([table, new[offset]]) for offset, table in self._tables.items()}
        found = []
        for words in sentences:
            score = self._tables[0][words]
            for offset in OFFSETS:
                if offset < 0:
                    score[-offset:] += self._tables[offset][words[:offset]]
                else:
                    score[:-offset] += self._tables[offset][words[offset:]]
            score[0] += self._ends[0]
            score[-1] += self._ends[1]
            found.append(score)
        return found

    def _sum(self, names: Sequence[str]) -> Floats:
        known = [row for name in names if (row := self._weights.attributes.get(name)) is not None]
        return np.asarray(self._weights.states[known].sum(axis=0))

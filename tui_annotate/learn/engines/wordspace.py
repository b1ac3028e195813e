"""The space of entities: what all imported texts say about words here.

Each word has a vector of 64 from its neighbours (positive pointwise mutual
information over offsets 1 and 2, then SVD); a rare or unseen word gets one from its
letters, through a ridge map learned on the frequent words. Beside it stand how often the word
occurs and how often with a capital, and for an abbreviation what it stands for.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import regex
import scipy.sparse as sp
from numpy.typing import NDArray

from tui_annotate.domain.documents import Document
from tui_annotate.domain.tokens import tokenize
from tui_annotate.errors import LearnError
from tui_annotate.learn.engines import abbreviations
from tui_annotate.learn.engines.abbreviations import Abbreviations
from tui_annotate.learn.engines.attributes import STATISTICS, Lexicon
from tui_annotate.learn.engines.base import Progress, no_progress
from tui_annotate.learn.engines.files import (
    HINT,
    content_digest,
    load_arrays,
    pack_strings,
    save_arrays,
    unpack_strings,
)
from tui_annotate.learn.engines.linear import main_directions, unit
from tui_annotate.learn.engines.sentences import WordEncodings, encode

DIMENSIONS = 64
LETTER_DIMENSIONS = 300
LETTER_COLUMNS = 30_000
LEAST_COUNT = 3
"""Occurrences from which a word's neighbours say something."""
PRIOR = 3.0
"""Occurrences that the guess from its letters counts for, in a word's vector."""
MOST_WORDS = 60_000
MOST_TOKENS = 1_000_000
LENGTH = 3.0
"""Length of every vector: how loud it is beside the binary features of the CRF."""
_NOTHING = np.zeros((0, 0), dtype=np.float32)
_DIGIT = regex.compile(r"\d")
_STRINGS = ("words", "letters", "short_forms", "long_forms")
_NAMES = ("vectors", "counts", "capitals", "letters_idf", "letter_map", *_STRINGS)


def normal(word: str) -> str:
    """Return the form under which a word's statistics are kept: lower case, each digit a zero."""
    return _DIGIT.sub("0", word.lower())


@dataclass(frozen=True)
class WordSpace:
    """Vectors and statistics of words."""

    words: list[str]
    """Normal forms with statistics; those with vectors of their own first."""
    vectors: NDArray[np.float32]
    """Of the first words, each of length 1, the guess from letters already mixed in."""
    counts: NDArray[np.int64]
    capitals: NDArray[np.float32]
    """Share of a word's occurrences that begin with a capital."""
    letters: list[str]
    """Character n-grams of `<word>`."""
    letters_idf: NDArray[np.float32]
    letter_map: NDArray[np.float32]
    """From n-grams to vectors."""
    short_forms: list[str]
    """Abbreviations that some text defines, as they are written."""
    long_forms: list[str]
    """What each stands for: tokens in lower case, a blank between."""

    @cached_property
    def _rows(self) -> dict[str, int]:
        return {word: row for row, word in enumerate(self.words)}

    @cached_property
    def _letter_rows(self) -> dict[str, int]:
        return {gram: row for row, gram in enumerate(self.letters)}

    def describe(self, words: Sequence[str]) -> NDArray[np.float32]:
        """Return a row for each word: its vector, its frequency (logarithm / 10), its share of capitals."""
        forms = [normal(word) for word in words]
        rows = np.array([self._rows.get(form, -1) for form in forms], dtype=np.int64)
        found = np.zeros((len(forms), self.width), dtype=np.float32)
        dimensions = self.letter_map.shape[1]
        if dimensions and len(forms):
            own = (rows >= 0) & (rows < len(self.vectors))
            found[own, :dimensions] = LENGTH * self.vectors[rows[own]]
            rest = np.flatnonzero(~own)
            if len(rest):
                found[rest, :dimensions] = LENGTH * self.guess([forms[row] for row in rest])
        met = rows >= 0
        found[met, dimensions] = np.log1p(self.counts[rows[met]]) / 10
        found[met, dimensions + 1] = self.capitals[rows[met]]
        return found

    def rows(self, words: Iterable[str]) -> NDArray[np.int64]:
        """Return where the statistics of each word are, -1 for none."""
        return np.array([self._rows.get(normal(word), -1) for word in words], dtype=np.int64)

    def guess(self, forms: Sequence[str]) -> NDArray[np.float32]:
        """Return unit vectors guessed from the letters of words."""
        return unit(self.letter_matrix(forms) @ self.letter_map)

    def letter_matrix(self, forms: Sequence[str]) -> Any:
        """Return TF-IDF rows of the character n-grams of words, each of length 1."""
        return letter_rows(forms, self._letter_rows, self.letters_idf)

    @property
    def width(self) -> int:
        """How many figures `describe` gives for a word."""
        return int(self.letter_map.shape[1]) + STATISTICS

    def encode(self, documents: Sequence[Document]) -> WordEncodings:
        """Return documents as sentences of words."""
        return encode(documents, self.lexicon)

    @cached_property
    def lexicon(self) -> Lexicon:
        """The words met in documents so far, in this process."""
        defined = zip(self.short_forms, self.long_forms, strict=True)
        return Lexicon(self.describe, {short: tuple(abbreviations.names(long)) for short, long in defined})

    @cached_property
    def _arrays(self) -> dict[str, NDArray[Any]]:
        return {name: pack_strings(getattr(self, name)) if name in _STRINGS else getattr(self, name) for name in _NAMES}

    @cached_property
    def digest(self) -> str:
        """Equal for equal content."""
        return content_digest(self._arrays)

    def save(self, path: Path) -> None:
        """Write the space to an `.npz` file."""
        save_arrays(path, self._arrays)


def load_word_space(path: Path) -> WordSpace:
    """Read a space back; raises LearnError where the file is none or its arrays do not fit each other."""
    arrays = load_arrays(path, _NAMES)
    strings = {name: unpack_strings(arrays.pop(name)) for name in _STRINGS}
    fits = (
        len(strings["words"]) == len(arrays["counts"]) == len(arrays["capitals"]) >= len(arrays["vectors"])
        and len(strings["letters"]) == len(arrays["letters_idf"]) == len(arrays["letter_map"])
        and arrays["letter_map"].ndim == arrays["vectors"].ndim == 2
        and arrays["letter_map"].shape[1] == arrays["vectors"].shape[1]
        and len(strings["short_forms"]) == len(strings["long_forms"])
    )
    if not fits:
        raise LearnError(f"{path}: arrays that do not fit each other.", hint=HINT)
    whole: dict[str, Any] = {**arrays, **strings}
    return WordSpace(**whole)


def learn_word_space(pool: Iterable[Document], *, seed: int = 0, progress: Progress = no_progress) -> WordSpace:
    """Learn the space from texts; at most 1,000,000 tokens of them are looked at."""
    read = _read(pool)
    counts = Counter(form for sequence in read.sequences for form in sequence)
    progress(0.3, f"read {counts.total():,} words")
    words = [word for word, _ in counts.most_common()]
    own = min(sum(count >= LEAST_COUNT for count in counts.values()), MOST_WORDS)
    often = np.array([counts[word] for word in words], dtype=np.int64)
    letters, idf = _letter_statistics(words)
    defined = sorted(read.abbreviations.forms().items())
    space = WordSpace(
        words=words,
        vectors=_NOTHING,
        counts=often,
        capitals=np.array([read.capital[word] / counts[word] for word in words], dtype=np.float32),
        letters=[],
        letters_idf=np.zeros(0, np.float32),
        letter_map=_NOTHING,
        short_forms=[short for short, _ in defined],
        long_forms=[long for _, long in defined],
    )
    dimensions = min(DIMENSIONS, own - 1)
    if dimensions < 2 or len(letters) < 3:
        return space
    vectors = _neighbour_vectors(read.sequences, words[:own], dimensions, seed)
    progress(0.7, "learned from neighbours")
    rows = letter_rows(words[:own], {gram: row for row, gram in enumerate(letters)}, idf)
    mapping, guessed = _learn_letters(rows, vectors, often[:own], seed)
    trust = often[:own, None]
    mixed = unit((trust * vectors + PRIOR * guessed) / (trust + PRIOR))
    progress(1.0, "learned from letters")
    return replace(space, vectors=mixed, letters=letters, letters_idf=idf, letter_map=mapping)


def _learn_letters(rows: Any, vectors: Any, often: NDArray[np.int64], seed: int) -> tuple[Any, Any]:
    """Return the ridge map from n-grams, by way of their main directions, to vectors, and what it guesses of `rows`."""
    directions = main_directions(rows, LETTER_DIMENSIONS, seed=seed)
    known = unit(rows @ directions.T)
    weight = np.log1p(often)[:, None]
    square = known.T @ (weight * known) + np.eye(known.shape[1])
    mapping = np.linalg.solve(square, known.T @ (weight * vectors))
    return np.asarray(directions.T @ mapping, dtype=np.float32), known @ mapping


def letter_rows(forms: Sequence[str], columns: dict[str, int], idf: NDArray[np.float32]) -> Any:
    """Return sublinear TF-IDF rows of length 1 over the n-grams of 2 to 5 letters of `<form>`."""
    data: list[float] = []
    indices: list[int] = []
    ends = [0]
    for form in forms:
        grams = Counter(column for gram in _grams(form) if (column := columns.get(gram)) is not None)
        indices.extend(grams)
        data.extend(1.0 + np.log(count) if count > 1 else 1.0 for count in grams.values())
        ends.append(len(indices))
    matrix = sp.csr_matrix((np.array(data, dtype=np.float32), indices, ends), shape=(len(forms), len(columns)))
    matrix = matrix.multiply(idf[None, :]).tocsr()
    norms = np.sqrt(np.asarray(matrix.multiply(matrix).sum(axis=1)).ravel())
    scaled: Any = (sp.diags(1.0 / np.maximum(norms, 1e-9)) @ matrix).tocsr().astype(np.float32)
    return scaled


@dataclass(frozen=True, slots=True)
class _Read:
    """What was read of the pool."""

    sequences: list[list[str]]
    capital: Counter[str]
    abbreviations: Abbreviations


def _read(pool: Iterable[Document]) -> _Read:
    read = _Read([], Counter(), Abbreviations())
    room = MOST_TOKENS
    for document in pool:
        for part in document.parts:
            tokens = [token.text for token in tokenize(part.text[: 12 * room])][:room]
            room -= len(tokens)
            forms = [normal(token) for token in tokens]
            read.capital.update(form for form, token in zip(forms, tokens, strict=True) if token[:1].isupper())
            read.sequences.append(forms)
            read.abbreviations.read(tokens)
        if room <= 0:
            break
    return read


def _neighbour_vectors(sequences: list[list[str]], words: list[str], dimensions: int, seed: int) -> NDArray[np.float32]:
    """Return unit vectors: SVD of the positive mutual information with the words at offsets -2 to 2."""
    size = len(words)
    index = {word: row for row, word in enumerate(words)}
    gap = (-1, -1)
    line = np.array(
        [i for sequence in sequences for i in (*(index.get(form, -1) for form in sequence), *gap)], np.int64
    )
    pairs = []
    for place, offset in enumerate((-2, -1, 1, 2)):
        other = np.roll(line, -offset)
        both = (line >= 0) & (other >= 0)
        pairs.append((line[both], other[both] + place * size))
    rows, columns = (np.concatenate(side) for side in zip(*pairs, strict=True))
    counts = sp.csr_matrix((np.ones(len(rows)), (rows, columns)), shape=(size, 4 * size))
    counts.sum_duplicates()
    total = counts.sum()
    if not total:
        return np.zeros((size, dimensions), dtype=np.float32)
    of_row = np.asarray(counts.sum(axis=1)).ravel()
    of_column = np.asarray(counts.sum(axis=0)).ravel()
    entries = counts.tocoo()
    information = np.log(entries.data * total / (of_row[entries.row] * of_column[entries.col]))
    positive = information > 0
    matrix = sp.csr_matrix(
        (information[positive], (entries.row[positive], entries.col[positive])), shape=counts.shape, dtype=np.float32
    )
    directions = main_directions(matrix, dimensions, seed=seed)
    projected = matrix @ directions.T
    return unit(projected / np.sqrt(np.maximum(np.linalg.norm(projected, axis=0, keepdims=True), 1e-9)))


def _letter_statistics(words: list[str]) -> tuple[list[str], NDArray[np.float32]]:
    frequency: Counter[str] = Counter()
    for word in words:
        frequency.update(set(_grams(word)))
    kept = [(gram, count) for gram, count in frequency.most_common(LETTER_COLUMNS) if count >= 2]
    idf = np.log((1 + len(words)) / (1 + np.array([count for _, count in kept]))) + 1
    return [gram for gram, _ in kept], idf.astype(np.float32)


def _grams(form: str) -> Iterator[str]:
    framed = f"<{form[:40]}>"
    for length in range(2, 6):
        for start in range(len(framed) - length + 1):
            yield framed[start : start + length]

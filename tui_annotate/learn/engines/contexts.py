"""The space of attributes: what stands left and right of a stretch of text, and what all imported texts say about it.

A mention becomes one row: the words and word pairs before it and behind it, each side by itself, the nearer the
heavier and lighter behind the end of a clause; its own words, lightly; and the main directions of such rows, learned
at places drawn at random from all texts, since nobody has said yet which places will be asked about.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from tui_annotate.domain.documents import Document
from tui_annotate.domain.spans import Span, hull
from tui_annotate.domain.tokens import tokenize
from tui_annotate.learn.engines.base import Mention, Progress, no_progress
from tui_annotate.learn.engines.files import content_digest, load_arrays, pack_strings, save_arrays, unpack_strings
from tui_annotate.learn.engines.linear import main_directions, unit

REACH = 20
"""Tokens looked at on either side."""
DECAY = 0.92
"""Weight of a token beside that of the one before it, going away from the mention."""
CLAUSE_END = frozenset(".;:!?")
BEHIND_CLAUSE = 0.3
"""Weight of what stands behind the end of a clause."""
PAIR_WEIGHT = 0.5
OWN_WEIGHT = 0.2
DIRECTIONS = 100
PLACES = 20_000
"""Places drawn at random that the directions are learned from."""
PLACES_A_DOCUMENT = 8
MOST_WORDS = 30_000
MOST_PAIRS = 60_000
MOST_DOCUMENTS = 20_000
MOST_CHARACTERS = 3_000_000
_NAMES = ("words", "word_weights", "pairs", "pair_weights", "components")


@dataclass(slots=True)
class TokenisedDocument:
    """A document as tokens, with the rows of the mentions asked about so far."""

    document: Document
    parts: dict[str, tuple[list[str], NDArray[np.int64], NDArray[np.int64]]] = field(default_factory=dict)
    """Lower-case tokens, starts and ends, by part; filled as parts are asked about."""
    rows: dict[tuple[Span, ...], tuple[list[int], list[float]]] = field(default_factory=dict)

    def tokens(self, part: str) -> tuple[list[str], NDArray[np.int64], NDArray[np.int64]]:
        """Return the tokens of a part."""
        if part not in self.parts:
            found = tokenize(self.document.part(part).text)
            starts = np.array([t.start for t in found], dtype=np.int64)
            ends = np.array([t.end for t in found], dtype=np.int64)
            self.parts[part] = [t.text.lower() for t in found], starts, ends
        return self.parts[part]


@dataclass(frozen=True, slots=True)
class ContextEncodings:
    """Documents, each with the mentions that are to be judged."""

    space: ContextSpace
    documents: list[TokenisedDocument]
    mentions: list[Sequence[Mention]]

    def __len__(self) -> int:
        return len(self.documents)

    def about(self, mentions: Sequence[Sequence[Mention]]) -> ContextEncodings:
        """Return the same documents with these mentions, a sequence for each document."""
        return ContextEncodings(self.space, self.documents, list(mentions))

    def select(self, rows: Sequence[int]) -> ContextEncodings:
        """Return those of the documents, in the order asked."""
        picked = [int(row) for row in rows]
        return ContextEncodings(self.space, [self.documents[r] for r in picked], [self.mentions[r] for r in picked])

    def join(self, other: ContextEncodings) -> ContextEncodings:
        """Return these and then the others."""
        return ContextEncodings(self.space, self.documents + other.documents, [*self.mentions, *other.mentions])

    @property
    def size(self) -> int:
        """Bytes held, roughly."""
        return sum(2_000 + 40 * len(document.document.text) for document in self.documents)

    @property
    def lengths(self) -> NDArray[np.int64]:
        """Words of each document, roughly."""
        return np.array([1 + d.document.text.count(" ") for d in self.documents], dtype=np.int64)

    def matrix(self, asked: Sequence[tuple[int, tuple[Span, ...]]]) -> Any:
        """Return a CSR row for each place asked about, given by document and spans."""
        return self.space.matrix([(self.documents[row], spans) for row, spans in asked])


@dataclass(frozen=True)
class ContextSpace:
    """Words and word pairs with weights, and the directions of contexts."""

    words: list[str]
    word_weights: NDArray[np.float32]
    """By how rare they are."""
    pairs: list[str]
    pair_weights: NDArray[np.float32]
    components: NDArray[np.float32]
    """Directions x columns of plain rows."""

    @cached_property
    def _word_columns(self) -> dict[str, int]:
        return {word: column for column, word in enumerate(self.words)}

    @cached_property
    def _pair_columns(self) -> dict[str, int]:
        return {pair: column for column, pair in enumerate(self.pairs)}

    @property
    def _plain_columns(self) -> int:
        return 3 * len(self.words) + 2 * len(self.pairs) + 2

    @property
    def columns(self) -> int:
        """How many features a mention has."""
        return self._plain_columns + int(self.components.shape[0])

    def encode(self, documents: Sequence[Document]) -> ContextEncodings:
        """Return documents without any mentions; `about` gives them theirs."""
        return ContextEncodings(self, [TokenisedDocument(d) for d in documents], [()] * len(documents))

    def matrix(self, asked: Sequence[tuple[TokenisedDocument, tuple[Span, ...]]]) -> Any:
        """Return a CSR row of length about 1.4 for each place."""
        plain = self.plain_matrix(asked)
        if not self.components.shape[0]:
            return plain
        return sp.csr_matrix(sp.hstack([plain, sp.csr_matrix(unit(plain @ self.components.T))]), dtype=np.float32)

    def plain_matrix(self, asked: Sequence[tuple[TokenisedDocument, tuple[Span, ...]]]) -> Any:
        """Return the rows without directions, each of length 1."""
        columns: list[int] = []
        values: list[float] = []
        begins = [0]
        for document, spans in asked:
            if spans not in document.rows:
                document.rows[spans] = self._row(document, spans)
            columns += document.rows[spans][0]
            values += document.rows[spans][1]
            begins.append(len(columns))
        shape = (len(asked), self._plain_columns)
        return sp.csr_matrix((np.array(values, dtype=np.float32), columns, begins), shape=shape)

    def _row(self, document: TokenisedDocument, spans: tuple[Span, ...]) -> tuple[list[int], list[float]]:
        span = hull(spans)
        tokens, starts, ends = document.tokens(span.part)
        first, last = int(np.searchsorted(ends, span.start, "right")), int(np.searchsorted(starts, span.end, "left"))
        found: dict[int, float] = {}
        size, pairs = len(self.words), len(self.pairs)
        self._add_side(found, tokens[max(0, first - REACH) : first][::-1], 0, 3 * size, left=True)
        self._add_side(found, tokens[last : last + REACH], size, 3 * size + pairs, left=False)
        for word in tokens[first:last]:
            column = self._word_columns.get(word)
            if column is not None:
                found[2 * size + column] = OWN_WEIGHT * float(self.word_weights[column])
        edges = 3 * size + 2 * pairs
        found.update({edges + side: 1.0 for side, none in enumerate((first == 0, last == len(tokens))) if none})
        length = float(np.sqrt(sum(value * value for value in found.values()))) or 1.0
        return list(found), [value / length for value in found.values()]

    def _add_side(self, found: dict[int, float], words: list[str], at: int, pairs_at: int, *, left: bool) -> None:
        """Add the words of one side, the nearest first; a word counts where it is nearest."""
        weight, closed = 1.0, False
        for place, word in enumerate(words):
            if word in CLAUSE_END and not closed:
                weight, closed = weight * BEHIND_CLAUSE, True
            column = self._word_columns.get(word)
            if column is not None:
                found.setdefault(at + column, weight * float(self.word_weights[column]))
            if place + 1 < len(words):
                pair = f"{words[place + 1]} {word}" if left else f"{word} {words[place + 1]}"
                column = self._pair_columns.get(pair)
                if column is not None:
                    found.setdefault(pairs_at + column, PAIR_WEIGHT * weight * float(self.pair_weights[column]))
            weight *= DECAY

    @cached_property
    def _arrays(self) -> dict[str, NDArray[Any]]:
        return {
            "words": pack_strings(self.words),
            "word_weights": self.word_weights,
            "pairs": pack_strings(self.pairs),
            "pair_weights": self.pair_weights,
            "components": self.components,
        }

    @cached_property
    def digest(self) -> str:
        """Equal for equal content."""
        return content_digest(self._arrays)

    def save(self, path: Path) -> None:
        """Write the space to an `.npz` file."""
        save_arrays(path, self._arrays)


def load_context_space(path: Path) -> ContextSpace:
    """Read a space back; raises LearnError."""
    arrays = load_arrays(path, _NAMES)
    words, pairs = unpack_strings(arrays.pop("words")), unpack_strings(arrays.pop("pairs"))
    return ContextSpace(words=words, pairs=pairs, **arrays)


def learn_context_space(pool: Iterable[Document], *, seed: int = 0, progress: Progress = no_progress) -> ContextSpace:
    """Learn the space from texts; at most 20,000 documents and 3,000,000 characters of them are looked at."""
    documents = list(_sample(pool))
    progress(0.1, f"reading {len(documents):,} texts")
    words: Counter[str] = Counter()
    pairs: Counter[str] = Counter()
    for document in documents:
        seen = [document.tokens(part.id)[0] for part in document.document.parts]
        words.update({word for tokens in seen for word in tokens})
        pairs.update({f"{a} {b}" for tokens in seen for a, b in pairwise(tokens)})
    kept, weights = _frequent(words, MOST_WORDS, len(documents))
    kept_pairs, pair_weights = _frequent(pairs, MOST_PAIRS, len(documents))
    bare = ContextSpace(kept, weights, kept_pairs, pair_weights, np.zeros((0, 0), dtype=np.float32))
    progress(0.5, "looking for the main directions of contexts")
    places = list(_places(documents, np.random.default_rng(seed)))
    components = main_directions(bare.plain_matrix(places), DIRECTIONS, seed=seed)
    progress(1.0, "texts read")
    return ContextSpace(kept, weights, kept_pairs, pair_weights, components)


def _sample(pool: Iterable[Document]) -> Iterator[TokenisedDocument]:
    room = MOST_CHARACTERS
    for count, document in enumerate(pool, start=1):
        yield TokenisedDocument(document)
        room -= len(document.text)
        if count >= MOST_DOCUMENTS or room <= 0:
            return


def _frequent(counts: Counter[str], most: int, documents: int) -> tuple[list[str], NDArray[np.float32]]:
    """Return what stands in two documents at least (in one where a small pool would leave nothing), and its weight."""
    least = 2 if any(count > 1 for count in counts.values()) else 1
    ranked = sorted(((-count, one) for one, count in counts.items() if count >= least and "\n" not in one))[:most]
    kept = [one for _, one in ranked]
    weights = [np.sqrt(np.log((1 + documents) / (1 - negative)) + 1) for negative, _ in ranked]
    return kept, np.array(weights, dtype=np.float32)


def _places(
    documents: Sequence[TokenisedDocument], generator: np.random.Generator
) -> Iterator[tuple[TokenisedDocument, tuple[Span, ...]]]:
    """Yield stretches of one to three tokens drawn at random."""
    each = min(PLACES_A_DOCUMENT, max(1, PLACES // max(len(documents), 1)))
    for document in documents:
        for part in document.document.parts:
            tokens, starts, ends = document.tokens(part.id)
            wanted = min(each, len(tokens))
            for first in generator.choice(len(tokens), wanted, replace=False) if wanted else ():
                last = min(len(tokens) - 1, int(first) + int(generator.integers(3)))
                yield document, (Span(part.id, int(starts[first]), int(ends[last])),)

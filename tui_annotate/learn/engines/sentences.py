"""Documents as the CRF sees them: sentences of tokens, at most 150 tokens each, with their places in the text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tui_annotate.domain.documents import Document
from tui_annotate.domain.tokens import sentences, tokenize
from tui_annotate.learn.engines.attributes import Lexicon

LONGEST = 150
"""Tokens; a longer sentence is cut, so that a text without full stops costs no more than any other."""
MOST_CHARACTERS = 2_000_000
"""Of a document; nothing is suggested beyond."""


@dataclass(frozen=True, slots=True, eq=False)
class Sentence:
    """Tokens of one part."""

    part: str
    words: tuple[str, ...]
    numbers: NDArray[np.int32]
    """Of the words, in the lexicon of the space."""
    starts: tuple[int, ...]
    ends: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class WordEncodings:
    """Documents as lists of sentences."""

    documents: tuple[tuple[Sentence, ...], ...]
    lexicon: Lexicon

    def __len__(self) -> int:
        return len(self.documents)

    def select(self, rows: Sequence[int]) -> WordEncodings:
        """Return those of the documents, in the order asked."""
        return WordEncodings(tuple(self.documents[row] for row in rows), self.lexicon)

    def join(self, other: WordEncodings) -> WordEncodings:
        """Return these and then the others."""
        return WordEncodings(self.documents + other.documents, self.lexicon)

    @property
    def size(self) -> int:
        """Bytes held, roughly: words are shared, places are small integers."""
        return sum(60 * len(sentence.words) for document in self.documents for sentence in document)


def encode(documents: Sequence[Document], lexicon: Lexicon) -> WordEncodings:
    """Cut documents into sentences of tokens, never across parts."""
    known: dict[str, str] = {}
    return WordEncodings(tuple(tuple(_cut(document, known, lexicon)) for document in documents), lexicon)


def _cut(document: Document, known: dict[str, str], lexicon: Lexicon) -> list[Sentence]:
    found = []
    room = MOST_CHARACTERS
    for part in document.parts:
        text = part.text[:room]
        room -= len(text)
        for begin, end in sentences(text):
            tokens = tokenize(text[begin:end])
            for first in range(0, len(tokens), LONGEST):
                piece = tokens[first : first + LONGEST]
                words = tuple(known.setdefault(token.text, token.text) for token in piece)
                starts = tuple(begin + token.start for token in piece)
                ends = tuple(begin + token.end for token in piece)
                found.append(Sentence(part.id, words, lexicon.number(words), starts, ends))
    return found

"""Order by relevance: how often the words stand in a text, and how rare they are among the hits (BM25's form).

Only the first 1,000 hits in file order are weighed, by the beginnings of their texts: a page comes at once in a corpus
of any size.
"""

from __future__ import annotations

import math
import unicodedata

from tui_annotate.domain.query_tree import Query, Words, leaves
from tui_annotate.store import rows
from tui_annotate.store.connection import Corpus

FIRST = 1000
_BEGINNING = 4000
"""Characters of a text that are weighed."""
_K1, _B = 1.2, 0.75
"""Robertson and Zaragoza, The Probabilistic Relevance Framework, 2009."""


def ranked(corpus: Corpus, query: Query, first: list[int]) -> list[int]:
    """Return the first hits, 1,000 at most, the most relevant first; in file order where no word is asked for."""
    words = list({folded(leaf.text) for leaf, negated in leaves(query) if isinstance(leaf, Words) and not negated})
    if not words or len(first) < 2:
        return first
    counts: dict[int, tuple[list[int], int]] = {}
    sql = (
        "SELECT c.document, substr(c.text, 1, ?), d.length FROM json_each(?) j JOIN content c ON c.document = j.value"
        " JOIN document d ON d.id = j.value"
    )
    for begin in range(0, len(first), 250):
        with corpus.reading() as db:
            found = db.execute(sql, (_BEGINNING, rows.encode(first[begin : begin + 250]))).fetchall()
        for id, text, length in found:
            text = folded(text)
            counts[id] = ([text.count(word) for word in words], length)
    mean = sum(length for _, length in counts.values()) / max(1, len(counts)) or 1.0
    weights = []
    for at in range(len(words)):
        holding = sum(1 for held, _ in counts.values() if held[at])
        weights.append(math.log(1 + (len(counts) - holding + 0.5) / (holding + 0.5)))

    def relevance(id: int) -> float:
        held, length = counts.get(id, ([], 0))
        norm = _K1 * (1 - _B + _B * min(length, _BEGINNING) / mean)
        return sum(weight * n * (_K1 + 1) / (n + norm) for weight, n in zip(weights, held, strict=False))

    return sorted(first, key=lambda id: -relevance(id))


def folded(text: str) -> str:
    """Return a text without regard to case and accents."""
    if text.isascii():
        return text.lower()
    return "".join(c for c in unicodedata.normalize("NFD", text.lower()) if not unicodedata.combining(c))

"""What the children read from a corpus: gold, kept up to date by what changed, and the pool or a sample of it."""

from __future__ import annotations

import random
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from tui_annotate.domain.documents import Document, DocumentState
from tui_annotate.domain.scheme import Scheme
from tui_annotate.learn.engines.base import Example
from tui_annotate.store import counters, documents, settings, versions
from tui_annotate.store.connection import Corpus
from tui_annotate.store.versions import GoldDocument

TEST_TAG = "Test"
"""Documents with this tag are a fixed test: never trained on, reported apart."""
PAGE = 500
SAMPLE = 10_000
"""Documents of a larger pool that are looked at."""


@dataclass(frozen=True, slots=True)
class Split:
    """The gold by what it is used for."""

    train: list[Example]
    holdout: list[Example]
    test: list[Example]


class Gold:
    """The confirmed documents of a corpus, in file order; `refresh` reads only what changed."""

    def __init__(self, corpus: Corpus) -> None:
        self._corpus = corpus
        self._held: dict[int, GoldDocument] = {}
        self.sequence = 0
        """Newest decision when it was read."""

    def refresh(self) -> list[GoldDocument]:
        """Bring it up to date and return all of it."""
        tie = settings.load(self._corpus).tie
        sequence = counters.progress(self._corpus).sequence
        if self._held and sequence == self.sequence:
            return list(self._held.values())
        chosen = {row.document: row for row, _ in versions.choices(self._corpus, tie=tie)}
        fresh = self._corpus_gold(self.sequence if self._held else 0)
        held = {id: doc for id, doc in {**self._held, **fresh}.items() if id in chosen}
        if any(id not in held or held[id].annotator != row.annotator for id, row in chosen.items()):
            held = self._corpus_gold(0)
        self._held = dict(sorted(held.items()))
        self.sequence = sequence
        return list(self._held.values())

    def _corpus_gold(self, after: int) -> dict[int, GoldDocument]:
        tie = settings.load(self._corpus).tie
        return {doc.id: doc for doc in versions.gold(self._corpus, after=after, tie=tie)}

    def split(self, *, tags: Collection[str] = (), only: Collection[int] | None = None) -> Split:
        """Return the gold as training, holdout and fixed test.

        Args:
            tags: Train on documents with at least one of these; empty for all.
            only: Train on just these, whatever they are marked as; the rest of the gold is left alone.
        """
        wanted = set(tags)
        parts = Split([], [], [])
        for document in self._held.values():
            example = to_example(document)
            if only is not None:
                if document.id in only:
                    parts.train.append(example)
            elif TEST_TAG in document.tags:
                parts.test.append(example)
            elif document.holdout:
                parts.holdout.append(example)
            elif not wanted or wanted & set(document.tags):
                parts.train.append(example)
        return parts

    def examples(self, ids: Sequence[int]) -> list[Example]:
        """Return some of the gold in the order asked; what is not gold is left out."""
        return [to_example(self._held[id]) for id in ids if id in self._held]


def to_example(document: GoldDocument) -> Example:
    """Return what an engine takes of a gold document."""
    return Example(document.id, document.document, document.annotations)


def scheme_of(corpus: Corpus) -> Scheme:
    """Return the scheme in force."""
    return settings.scheme(corpus)


def texts(corpus: Corpus, *, seed: int) -> Iterator[Document]:
    """Yield the documents that features are learned from: all, or pages drawn at random of a larger corpus.

    Fixed test documents are left out: a model meets texts it has not seen, and the test is to show how it does there.
    """
    total = counters.progress(corpus).total
    if total <= SAMPLE:
        for batch in documents.batches(corpus):
            yield from (document for _, document in batch if TEST_TAG not in document.tags)
        return
    for offset in _offsets(total, seed):
        rows = documents.page(corpus, offset=offset, limit=PAGE)
        yield from documents.load_some(corpus, [row.id for row in rows if TEST_TAG not in row.tags]).values()


def pool(corpus: Corpus, *, seed: int) -> list[int]:
    """Return the pending documents that are not held out, or pages of them drawn at random where there are many."""
    total = counters.progress(corpus).pending
    offsets = list(range(0, total, PAGE)) if total <= SAMPLE else _offsets(total, seed)
    found: dict[int, None] = {}
    for offset in offsets:
        page = documents.page(corpus, states=(DocumentState.PENDING,), offset=offset, limit=PAGE)
        found.update((row.id, None) for row in page if not row.holdout)
    return list(found)


def _offsets(total: int, seed: int) -> list[int]:
    pages = range(0, total, PAGE)
    return sorted(random.Random(seed).sample(pages, min(SAMPLE // PAGE, len(pages))))

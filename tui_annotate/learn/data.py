"""What the children read from a corpus: gold, kept up to date by what changed, and the pool or a sample of it."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice

from tui_annotate.domain.documents import Document, DocumentState, text_hash
from tui_annotate.domain.scheme import Scheme
from tui_annotate.domain.selection import TEST_TAG, TRAIN_TAG, Selected, Tie, Use, uses
from tui_annotate.learn.engines.base import Example
from tui_annotate.store import annotators, counters, documents, settings, versions
from tui_annotate.store.connection import Corpus
from tui_annotate.store.drawing import is_held_out
from tui_annotate.store.versions import GoldDocument

PAGE = 200
"""Documents read at once; a ranking looks between two pages at what else is asked for."""
SAMPLE = 10_000
"""Documents of a larger pool that are looked at."""
MOST_TEXTS = 50_000
"""Documents that features are learned from; engines stop before where these are long."""


@dataclass(frozen=True, slots=True)
class Split:
    """The gold by what it is used for."""

    train: list[Example]
    holdout: list[Example]
    test: list[Example]
    fixed: bool = False
    """Documents are tagged `Train`, so only they are trained on; else what is held out is drawn at random."""
    unused: Mapping[str, int] = field(default_factory=dict)
    """Gold that is neither trained nor measured on, counted by why."""


class Gold:
    """The confirmed documents of a corpus, in file order; `refresh` reads only what changed."""

    def __init__(self, corpus: Corpus) -> None:
        self._corpus = corpus
        self._held: dict[int, GoldDocument] = {}
        self._rule: tuple[Tie, dict[str, int]] = ("priority", {})
        """What selection went by: how ties are broken, and the annotators' priorities."""
        self.sequence = 0
        """Newest decision when it was read."""

    def refresh(self, *, tie: Tie | None = None) -> list[GoldDocument]:
        """Bring it up to date and return all of it.

        Args:
            tie: What decides between several versions of a document; None for what the corpus is set to.
        """
        rule = (tie or settings.load(self._corpus).tie, annotators.names(self._corpus))
        sequence = counters.progress(self._corpus).sequence
        if not self._held or (sequence, rule) != (self.sequence, self._rule):
            self._held = dict(sorted(self._read(rule[0]).items()))
            self.sequence, self._rule = sequence, rule
        self._take_tags()
        return list(self._held.values())

    def _read(self, tie: Tie) -> dict[int, GoldDocument]:
        chosen = {row.document: selected for row, selected in versions.choices(self._corpus, tie=tie)}
        fresh = self._of_corpus(self.sequence if self._held else 0, tie)
        held = {id: doc for id, doc in {**self._held, **fresh}.items() if id in chosen}
        if any(id not in held or held[id].annotator != selected.annotator for id, selected in chosen.items()):
            return self._of_corpus(0, tie)
        # What was decided on another version may have changed why this one counts.
        return {id: _chosen_by(document, chosen[id]) for id, document in held.items()}

    def _of_corpus(self, after: int, tie: Tie) -> dict[int, GoldDocument]:
        return {doc.id: doc for doc in versions.gold(self._corpus, after=after, tie=tie)}

    def _take_tags(self) -> None:
        """Take tags over as they are now: they may change without a decision on the version."""
        tags = documents.tags(self._corpus, list(self._held))
        for id, held in self._held.items():
            if held.marks.tags != tags.get(id, ()):
                self._held[id] = replace(held, marks=replace(held.marks, tags=tags.get(id, ())))

    def split(
        self, *, tags: Collection[str] = (), only: Collection[int] | None = None, reviewed: bool = False
    ) -> Split:
        """Return the gold as training, holdout and fixed test, as `domain.selection.uses` has it.

        Args:
            tags: Train on documents with at least one of these; empty for all.
            only: Train on just these, whatever they are marked as; the rest of the gold is left alone.
            reviewed: Train only on versions that a reviewer accepted.
        """
        held = list(self._held.values())
        if only is not None:
            return Split([to_example(document) for document in held if document.id in only], [], [])
        parts: dict[Use, list[Example]] = {"train": [], "holdout": [], "test": []}
        unused: Counter[str] = Counter()
        fixed = False
        found = uses([document.marks for document in held], tags=tags, reviewed=reviewed)
        for document, use in zip(held, found, strict=True):
            if use in parts:
                parts[use].append(to_example(document))
                fixed |= use == "train" and TRAIN_TAG in document.marks.tags
            else:
                unused[use] += 1
        return Split(parts["train"], parts["holdout"], parts["test"], fixed, unused)

    def examples(self, ids: Sequence[int]) -> list[Example]:
        """Return some of the gold in the order asked; what is not gold is left out."""
        return [to_example(self._held[id]) for id in ids if id in self._held]


def _chosen_by(document: GoldDocument, selected: Selected) -> GoldDocument:
    if document.rule == selected.rule:
        return document
    return replace(document, rule=selected.rule, marks=replace(document.marks, accepted=selected.is_accepted))


def to_example(document: GoldDocument) -> Example:
    """Return what an engine takes of a gold document."""
    return Example(document.id, document.document, document.annotations)


def scheme_of(corpus: Corpus) -> Scheme:
    """Return the scheme in force."""
    return settings.scheme(corpus)


def texts(corpus: Corpus, *, seed: int) -> Iterator[Document]:
    """Yield the documents that features are learned from; of a corpus larger than the sample, stretches at random.

    Fixed test documents are left out: a model meets texts it has not seen, and the test is to show how it does there.
    """
    for batch in _batches(corpus, (), seed, MOST_TEXTS):
        yield from (document for _, document in batch if TEST_TAG not in document.tags)


def pool(corpus: Corpus, *, seed: int, first: Sequence[int] = (), sample: int = 0) -> Iterator[dict[int, Document]]:
    """Yield the pending documents that training may use, or stretches of them drawn at random where there are many.

    Args:
        first: Documents to begin with where not all are looked at; those that are not pending any more are left out.
        sample: How many are drawn beside them there; 0 for `SAMPLE`.
    """
    drawn = settings.load(corpus)
    met: set[int] = set()
    if first and counters.progress(corpus).total > SAMPLE:
        rows = [documents.row(corpus, id) for id in first]
        usable = (r for r in rows if r.state == DocumentState.PENDING and not r.holdout and TEST_TAG not in r.tags)
        again = documents.load_some(corpus, [row.id for row in usable])
        met.update(again)
        yield again
    for batch in _batches(corpus, (DocumentState.PENDING,), seed, sample):
        yield {
            id: document
            for id, document in batch
            if id not in met
            and TEST_TAG not in document.tags
            and not is_held_out(text_hash(document.text), seed=drawn.seed, share=drawn.holdout_share)
        }


def taught(corpus: Corpus, *, most: int) -> list[int]:
    """Return confirmed documents that training uses, at most so many."""
    held = settings.load(corpus)
    found: list[int] = []
    for batch in documents.batches(corpus, states=(DocumentState.CONFIRMED,), size=PAGE):
        found += [
            id
            for id, document in batch
            if TEST_TAG not in document.tags
            and not is_held_out(text_hash(document.text), seed=held.seed, share=held.holdout_share)
        ]
        if len(found) >= most:
            break
    return found[:most]


def _batches(
    corpus: Corpus, states: Collection[DocumentState], seed: int, sample: int = 0
) -> Iterator[list[tuple[int, Document]]]:
    """Yield all documents of some states in batches, or batches from places drawn at random."""
    total = counters.progress(corpus).total
    if total <= SAMPLE:
        yield from documents.batches(corpus, states=states, size=PAGE)
        return
    places = range(0, total, PAGE)
    for after in random.Random(seed).sample(places, min((sample or SAMPLE) // PAGE, len(places))):
        yield from islice(documents.batches(corpus, states=states, after=after, size=PAGE), 1)

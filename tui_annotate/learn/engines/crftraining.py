"""Training of one CRF: keeps what it has read, fits on all of it, or on all but one fold to see how it does on that.

Examples are only ever added at the end; any other difference starts it afresh. Every example lies in a fold, equal
texts in the same one, so that a fit without a fold need not read anything again.
"""

from __future__ import annotations

import os
import random
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pycrfsuite

from tui_annotate.learn.engines.attributes import items
from tui_annotate.learn.engines.base import Example, Progress
from tui_annotate.learn.engines.bio import Tags, tag
from tui_annotate.learn.engines.sentences import Sentence, WordEncodings
from tui_annotate.learn.engines.wordspace import WordSpace
from tui_annotate.learn.parameters import EntityParameters

_NONE = -1
"""CRFsuite's number for: no group is held out."""


@dataclass(frozen=True, slots=True)
class ReadExample:
    """A document with its tags."""

    sentences: Sequence[Sentence]
    labels: Sequence[Sequence[str]]
    fold: int


class Reader:
    """CRFsuite's trainer for one group of types, with the examples that it has read."""

    def __init__(self, types: frozenset[str], space: WordSpace, *, folds: int) -> None:
        self.folds = folds
        self.examples: list[ReadExample] = []
        """In the order of the gold that was read last."""
        self._types = types
        self._space = space
        self._vectors = True
        self._forget()

    def _forget(self) -> None:
        self._read: list[tuple[int, int]] = []
        self._fold_of: dict[tuple[str, ...], int] = {}
        self._trainer = _Trainer()

    def read(self, gold: Sequence[Example], encodings: WordEncodings, *, vectors: bool) -> Tags:
        """Take in the examples that are new; returns what was found in all of them."""
        tags = Tags()
        labels = [
            tag(example.annotations.entities.values(), sentences, self._types, tags, key=example.document.key)
            for example, sentences in zip(gold, encodings.documents, strict=True)
        ]
        keys = [(example.id, hash(marks)) for example, marks in zip(gold, labels, strict=True)]
        wanted = dict(zip(keys, zip(encodings.documents, labels, strict=True), strict=True))
        if vectors != self._vectors or any(known not in wanted for known in self._read):
            self._forget()
            self._vectors = vectors
        known = set(self._read)
        for key, (sentences, marks) in wanted.items():
            if key not in known:
                self._append(sentences, marks)
                self._read.append(key)
        both = zip(encodings.documents, labels, strict=True)
        self.examples = [ReadExample(sentences, marks, self._fold(sentences)) for sentences, marks in both]
        return tags

    def _fold(self, sentences: Sequence[Sentence]) -> int:
        """Return the fold of a document: so many texts one after the other are dealt out to all folds at random."""
        words = tuple(word for sentence in sentences for word in sentence.words)
        known = self._fold_of.get(words)
        if known is None:
            deal, place = divmod(len(self._fold_of), self.folds)
            known = self._fold_of[words] = random.Random(deal).sample(range(self.folds), self.folds)[place]
        return known

    def _append(self, sentences: Sequence[Sentence], labels: Sequence[Sequence[str]]) -> None:
        fold = self._fold(sentences)
        lexicon = self._space.lexicon
        for sentence, sequence in zip(sentences, labels, strict=True):
            known = lexicon.figures()[sentence.numbers]
            figures, more = (known, lexicon.more) if self._vectors else (known[:, :0], {})
            described = pycrfsuite.ItemSequence(items(sentence.words, figures, more))
            self._trainer.append(described, list(sequence), fold)

    def train(
        self, options: EntityParameters, *, progress: Progress, between: tuple[float, float], without: int | None = None
    ) -> bytes:
        """Fit on everything read and return the model file.

        Args:
            between: The shares of the whole at which this begins and ends.
            without: A fold to leave out.
        """
        begin, end = between
        self._trainer.tell = lambda steps: progress(
            begin + (end - begin) * min(steps / options.iterations, 1), "fitting"
        )
        self._trainer.set_params(
            {
                "c1": options.c1,
                "c2": options.c2,
                "max_iterations": options.iterations,
                "feature.possible_transitions": True,
            }
        )
        held_out = _NONE if without is None else without
        return _written_by(lambda path: self._trainer.train(path, held_out))


def _written_by(write: Callable[[str], object]) -> bytes:
    """Return what CRFsuite writes to the path given; in memory where Linux offers it, so that a kill leaves no file."""
    if hasattr(os, "memfd_create"):
        with os.fdopen(os.memfd_create("model"), "rb") as file:
            write(f"/proc/self/fd/{file.fileno()}")
            return file.read()
    with tempfile.TemporaryDirectory(prefix="tui-annotate-") as folder:
        path = Path(folder) / "model.crfsuite"
        write(str(path))
        return path.read_bytes()


class _Trainer(pycrfsuite.BaseTrainer):  # type: ignore[misc]
    """Reports iterations instead of printing them."""

    tell: Any = None

    def __init__(self) -> None:
        super().__init__(algorithm="lbfgs")

    def message(self, message: str) -> None:
        """Called by CRFsuite with each line of its log."""
        if message.startswith("***** Iteration #") and self.tell is not None:
            self.tell(int(message.split("#")[1].split()[0]))

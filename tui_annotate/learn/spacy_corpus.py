"""A reader of our corpus file for `spacy train`, registered as `tui_annotate.corpus.v1`.

    [corpora.train]
    @readers = "tui_annotate.corpus.v1"
    path = "notes.db"
    split = "train"

    [corpora.dev]
    @readers = "tui_annotate.corpus.v1"
    path = "notes.db"
    split = "dev"

spaCy finds it by the entry point of this package; nothing of the app is imported, and the file is only read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from random import Random
from typing import Any

from spacy.training import Example as SpacyExample

from tui_annotate.domain.decisions import VersionState
from tui_annotate.domain.documents import text_hash
from tui_annotate.domain.scheme import Scheme
from tui_annotate.errors import NothingToDoError, UsageError
from tui_annotate.learn.data import Gold
from tui_annotate.learn.engines.base import Example
from tui_annotate.spacy_docs import reference
from tui_annotate.store import settings, versions
from tui_annotate.store.connection import Corpus

SPLITS = ("train", "dev", "test", "holdout")


def corpus_reader(
    path: str | Path, split: str = "train", annotator: str = "", dev_share: float = 0.2, seed: int = 0
) -> Callable[[Any], Iterator[SpacyExample]]:
    """Return a function that yields the confirmed documents of a corpus for a spaCy pipeline.

    Entities are `ents` and the group of spans `sc`, document labels are `cats`.

    Args:
        path: The corpus file.
        split: `train` or `dev`, which divide what may be learned; `test` for documents tagged Test; `holdout` for
            those set apart by the corpus.
        annotator: Only this annotator's confirmed versions; empty for the version of each document that counts.
        dev_share: Share of what may be learned that is `dev`, drawn by the texts, so that equal texts stay together.
        seed: Changes which those are.

    Raises:
        UsageError: There is no such split, or file.
        NothingToDoError: No document is in it.
    """
    if split not in SPLITS:
        raise UsageError(f"There is no split {split!r}.", hint=f"Splits are {', '.join(SPLITS)}.")

    def read(nlp: Any) -> Iterator[SpacyExample]:
        examples, scheme = _examples(Path(path), split, annotator, dev_share, seed)
        if not examples:
            raise NothingToDoError(f"{path} has no confirmed documents for the split {split!r}.")
        for example in examples:
            found = reference(nlp.vocab, example.document, example.annotations, scheme)
            if len(found.doc):
                yield SpacyExample(nlp.make_doc(found.doc.text), found.doc)

    return read


def _examples(path: Path, split: str, annotator: str, dev_share: float, seed: int) -> tuple[Sequence[Example], Scheme]:
    with Corpus.open(path, readonly=True) as corpus:
        gold = Gold(corpus)
        gold.refresh()
        parts = gold.split()
        chosen = {"test": parts.test, "holdout": parts.holdout}.get(split)
        if chosen is None:
            chosen = [e for e in parts.train if _is_dev(e, dev_share, seed) == (split == "dev")]
        if annotator:
            chosen = [own for example in chosen if (own := _version_of(corpus, example, annotator)) is not None]
        return chosen, settings.scheme(corpus)


def _is_dev(example: Example, share: float, seed: int) -> bool:
    return Random(text_hash(example.document.text) ^ seed).random() < share


def _version_of(corpus: Corpus, example: Example, annotator: str) -> Example | None:
    version = versions.load(corpus, example.id, annotator)
    if version.state is not VersionState.CONFIRMED:
        return None
    return Example(example.id, example.document, version.annotations)

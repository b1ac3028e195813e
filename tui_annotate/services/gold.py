"""Gold from outside: documents of a corpus or of any importable file, all their annotations taken as right."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from tui_annotate.domain.interchange import ExchangedDocument, Problem
from tui_annotate.domain.scheme import Scheme
from tui_annotate.errors import DataError, NothingToDoError
from tui_annotate.formats import registry
from tui_annotate.formats.base import SchemeHint
from tui_annotate.services.fitting import fitted
from tui_annotate.services.labels_met import LabelsMet
from tui_annotate.services.outgoing_versions import exchanged
from tui_annotate.store import settings
from tui_annotate.store.connection import Corpus
from tui_annotate.store.outgoing import outgoing

_SQLITE = b"SQLite format 3\x00"


@dataclass(frozen=True, slots=True)
class Gold:
    """Documents with all their annotations taken as right, and the labels they use."""

    documents: tuple[ExchangedDocument, ...]
    """Each has one version at least; its first one counts."""
    scheme: Scheme

    def without_duplicates(self) -> Gold:
        """Return the gold with each text once, the first of those that are equal."""
        first: dict[str, ExchangedDocument] = {}
        for document in self.documents:
            first.setdefault(document.document.text, document)
        return replace(self, documents=tuple(first.values()))

    def split(self, share: float, seed: int) -> tuple[Gold, Gold]:
        """Return the pool and the test share, drawn by the seed."""
        order = list(self.documents)
        random.Random(seed).shuffle(order)
        size = round(share * len(order))
        return replace(self, documents=tuple(order[size:])), replace(self, documents=tuple(order[:size]))


def load(path: Path | str, *, format: str | None = None, scheme: Scheme | None = None) -> Gold:
    """Read gold; documents that nobody annotated are left out, they are no evidence of anything.

    Args:
        format: Name of the format; None to find out.
        scheme: Labels that are known already, e.g. those of the training side for a test file.

    Raises:
        DataError: The file has no annotated documents, or something in it was refused.
    """
    found = _of_corpus(Path(path)) if _is_corpus(path) else _of_files([path], format, scheme or Scheme())
    if not found.documents:
        raise NothingToDoError(f"{path} has no annotated documents.", hint="Gold needs labels or entities.")
    return found


def _is_corpus(path: Path | str) -> bool:
    file = Path(path)
    if not file.is_file():
        return False
    with file.open("rb") as stream:
        return stream.read(len(_SQLITE)) == _SQLITE


def _of_corpus(path: Path) -> Gold:
    with Corpus.open(path, readonly=True) as corpus:
        tie = settings.load(corpus).tie
        found = (exchanged(one, tie=tie) for one in outgoing(corpus))
        return Gold(tuple(d for d in found if d.versions), settings.scheme(corpus))


def _of_files(paths: Sequence[Path | str], format: str | None, scheme: Scheme) -> Gold:
    labels = LabelsMet(scheme)
    documents = list(_met(paths, format, labels))
    labels.finish()
    by_name = {label.name: label for label in labels.scheme.labels}
    return Gold(tuple(fitted(document, by_name)[0] for document in documents), labels.scheme.numbered())


def _met(paths: Sequence[Path | str], format: str | None, labels: LabelsMet) -> Iterator[ExchangedDocument]:
    keys: set[str] = set()
    for item in registry.read_paths(paths, format=format):
        if isinstance(item, SchemeHint):
            labels.hint(item)
        elif isinstance(item, Problem):
            if item.severity == "refused":
                raise DataError(str(item), hint="Gold must be whole. Mend the file.")
        elif item.versions and item.document.key not in keys:
            keys.add(item.document.key)
            labels.meet(item)
            yield item

"""Demo corpora: the shipped texts without their labels, which are kept aside to play and to score with."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from tui_annotate.domain.interchange import ExchangedDocument, Problem
from tui_annotate.errors import DataError, UsageError
from tui_annotate.formats import registry
from tui_annotate.formats.schemes import formats as schemes
from tui_annotate.samples import Sample
from tui_annotate.store.connection import Corpus
from tui_annotate.store.intake import Intake


def make(sample: Sample, path: Path, *, annotator: str, on_progress: Callable[[int], None] | None = None) -> None:
    """Create the corpus of a sample, complete or not at all; `on_progress` is told how many documents are in.

    Raises:
        UsageError: The file exists already.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    scheme = schemes.read(sample.scheme).checked()
    with TemporaryDirectory(prefix=".demo-", dir=path.parent) as folder:
        aside = Path(folder) / path.name
        with Corpus.create(aside, scheme=scheme) as corpus:
            for problem in Intake(corpus, annotator=annotator).add(_counted(texts(sample), on_progress)):
                if problem.severity == "refused":
                    raise DataError(f"The demo is damaged: {problem}.", hint="Install tui-annotate again.")
        if path.exists():
            raise UsageError(f"{path} exists already.", hint="Open it, or choose another name.")
        aside.rename(path)


def texts(sample: Sample) -> Iterator[ExchangedDocument]:
    """Yield the documents of a sample as nobody has reviewed them yet."""
    for item in registry.read_paths([sample.gold], format="jsonl"):
        if isinstance(item, ExchangedDocument):
            yield replace(item, versions=())
        elif isinstance(item, Problem) and item.severity == "refused":
            raise DataError(f"The demo is damaged: {item}.", hint="Install tui-annotate again.")


def _counted(
    documents: Iterator[ExchangedDocument], on_progress: Callable[[int], None] | None
) -> Iterator[ExchangedDocument]:
    for number, document in enumerate(documents, 1):
        if on_progress is not None and number % 100 == 0:
            on_progress(number)
        yield document

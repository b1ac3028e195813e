"""Import speed and memory of the store: documents a second, without reading any file format.

python -m bench.store_import [--documents 200000]
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from tui_annotate.domain.annotations import Annotations, Entity
from tui_annotate.domain.documents import Document, Part
from tui_annotate.domain.interchange import ExchangedDocument, ExchangedVersion
from tui_annotate.domain.scheme import EntityType, Scheme
from tui_annotate.domain.spans import Span
from tui_annotate.store.connection import Corpus
from tui_annotate.store.intake import Intake

WORDS = ("the", "patient", "was", "started", "on", "aspirin", "and", "lisinopril", "for", "high", "blood", "pressure")


def documents(count: int, length: int, *, entities: int = 0, prefix: str = "d") -> Iterator[ExchangedDocument]:
    """Yield documents of about `length` characters, each different."""
    drawn = random.Random(7)
    page = " ".join(drawn.choices(WORDS, k=20_000 + length))
    for number in range(count):
        start = drawn.randrange(100_000 - length) if length < 90_000 else 0
        text = f"{number} {page[start : start + length]}"[:length]
        spans = ((n, Span("s1v1", n * 5, n * 5 + 4)) for n in range(1, entities + 1))
        held = {n: Entity("DRUG", (span,), ("user:a",), 1.0, n) for n, span in spans}
        versions = (ExchangedVersion(Annotations(held), True),) if entities else ()
        yield ExchangedDocument(Document(f"{prefix}{number}", (Part("s1v1", text),), f"{number}.txt"), versions)


class Timed:
    """Passes documents on, and adds up what making them took."""

    def __init__(self, found: Iterator[ExchangedDocument]) -> None:
        self.found = found
        self.seconds = 0.0

    def __iter__(self) -> Iterator[ExchangedDocument]:
        while True:
            start = time.perf_counter()
            document = next(self.found, None)
            self.seconds += time.perf_counter() - start
            if document is None:
                return
            yield document


def run(count: int, length: int, entities: int = 0) -> dict[str, object]:
    """Import into a new corpus; what making the documents costs is taken off."""
    scheme = Scheme((EntityType("DRUG"),))
    with tempfile.TemporaryDirectory() as folder, Corpus.create(Path(folder) / "c.db", scheme=scheme) as corpus:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        start = time.perf_counter()
        intake = Intake(corpus, annotator="bench")
        timed = Timed(documents(count, length, entities=entities))
        for _ in intake.add(timed):
            pass
        seconds = time.perf_counter() - start - timed.seconds
        after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        size = corpus.path.stat().st_size
        assert intake.counts.created == count
    return {
        "documents": count,
        "characters": length,
        "entities": entities,
        "per_second": round(count / seconds),
        "memory_growth_mb": round((after - before) / 1024, 1),
        "file_mb": round(size / 1e6, 1),
    }


def main() -> None:
    """Print the figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=int, default=100_000)
    count = parser.parse_args().documents
    print(json.dumps([run(count, 100), run(count, 1100), run(count // 10, 1100, 10)], indent=1))


if __name__ == "__main__":
    main()

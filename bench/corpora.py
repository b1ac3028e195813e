"""Corpora to measure on, made from a seed, so that every machine measures the same."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

from tui_annotate.domain.annotations import Annotations, Entity
from tui_annotate.domain.documents import Document, Part
from tui_annotate.domain.interchange import ExchangedDocument, ExchangedVersion
from tui_annotate.domain.scheme import EntityType, Scheme
from tui_annotate.domain.spans import Span
from tui_annotate.store import settings
from tui_annotate.store.connection import Corpus
from tui_annotate.store.intake import Intake

SCHEME = Scheme((EntityType("DRUG"), EntityType("DISEASE"), EntityType("DOSE")))
_TEXT = (
    "the patient was started on aspirin lisinopril after admission with no history of diabetes mellitus in family"
    " pressure remained stable and renal function improved over three days while oral intake was encouraged daily"
)
_WORDS = _TEXT.split()


def words(rng: random.Random, characters: int) -> str:
    """Return running text of about so many characters."""
    found: list[str] = []
    length = 0
    while length < characters:
        word = rng.choice(_WORDS)
        if rng.random() < 0.07:
            word += "."
        found.append(word)
        length += len(word) + 1
    return " ".join(found)


def suggested(key: str, characters: int, spans: int, *, seed: int = 0) -> ExchangedDocument:
    """Return an unconfirmed document with so many entities spread over it, some overlapping."""
    rng = random.Random(seed)
    parts = [Part(f"s1p{i}", words(rng, 900)) for i in range(1, max(2, characters // 900 + 1))]
    entities: dict[int, Entity] = {}
    for number in range(1, spans + 1):
        part = parts[(number - 1) * len(parts) // spans]
        start = part.text.index(" ", rng.randrange(len(part.text) - 60)) + 1
        end = min(len(part.text), start + rng.randrange(4, 24))
        type = SCHEME.entities[number % 3].name
        entities[number] = Entity(type, (Span(part.id, start, end),), ("ml:bench",), round(rng.random(), 2), number)
    version = ExchangedVersion(Annotations(entities), confirmed=False)
    return ExchangedDocument(Document(key, tuple(parts)), (version,))


def plain(count: int, characters: int, *, seed: int = 0) -> Iterator[ExchangedDocument]:
    """Yield so many documents without annotations."""
    rng = random.Random(seed)
    for number in range(1, count + 1):
        yield ExchangedDocument(Document(f"doc-{number:07}", (Part("s1v1", f"{number} {words(rng, characters)}"),)))


def large(path: Path, count: int, *, characters: int = 300, suggested_every: int = 3) -> Path:
    """Make a corpus of many short documents, some with suggestions."""
    rng = random.Random(1)

    def arrivals() -> Iterator[ExchangedDocument]:
        for number, document in enumerate(plain(count, characters), start=1):
            if number % suggested_every:
                yield document
            else:
                yield suggested(document.document.key, characters, 4, seed=rng.randrange(1 << 30))

    return build(path, arrivals())


def build(path: Path, arrivals: Iterator[ExchangedDocument]) -> Path:
    """Make a corpus of these documents, shown in file order, retraining never."""
    with Corpus.create(path, scheme=SCHEME) as corpus:
        settings.change(corpus, order="file", active_learning=False, holdout_share=0.0)
        for _ in Intake(corpus).add(arrivals):
            pass
    return path

"""A made corpus: short notes with drugs, diseases and a label that follows from the words."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path

from tui_annotate.domain.annotations import Annotations, Entity, LabelValue
from tui_annotate.domain.documents import Document, Part
from tui_annotate.domain.interchange import ExchangedDocument, ExchangedVersion
from tui_annotate.domain.scheme import Choice, DocumentLabel, EntityType, Scheme
from tui_annotate.domain.spans import Span
from tui_annotate.learn.engines.base import Example
from tui_annotate.store.connection import Corpus
from tui_annotate.store.intake import Intake

KIND = DocumentLabel("kind", "choice", (Choice("order"), Choice("note")))
URGENT = DocumentLabel("urgent", "boolean")
TOPICS = DocumentLabel("topics", "choices", (Choice("heart"), Choice("pain"), Choice("never")))
SCHEME = Scheme(entities=(EntityType("DRUG"), EntityType("DISEASE")), labels=(KIND, URGENT, TOPICS))
DRUGS = ("aspirin", "metoprolol", "lisinopril", "ibuprofen", "warfarin sodium", "atenolol")
DISEASES = ("angina", "migraine", "heart failure", "arthritis", "hypertension")
ORDERS = ("Please give {} for {} today.", "Start {} because of {} now!", "Give {}, she has {}.")
NOTES = ("The patient took {} for {} last year.", "No {} since his {} was cured.", "She was on {} with {} in 2019.")


def note(number: int) -> tuple[str, list[tuple[str, int, int]], str]:
    """Return a text, its entities and its kind; the same number gives the same."""
    chance = random.Random(number)
    kind = "order" if number % 2 else "note"
    template = chance.choice(ORDERS if kind == "order" else NOTES)
    drug, disease = chance.choice(DRUGS), chance.choice(DISEASES)
    text = template.format(drug, disease)
    spans = [("DRUG", text.index(drug), len(drug)), ("DISEASE", text.rindex(disease), len(disease))]
    return text, [(type_, start, start + length) for type_, start, length in spans], kind


def document(number: int, *, tags: tuple[str, ...] = ()) -> Document:
    """Return a note as a document of one part; the number stands in its text, so that no two are equal."""
    return Document(f"note-{number}", (Part("s1v1", f"{note(number)[0]} Bed {number}."),), tags=tags)


def truth(number: int, scheme: Scheme = SCHEME) -> Annotations:
    """Return what is true of a note, as far as a scheme has the labels for it."""
    text, spans, kind = note(number)
    entities = {n: Entity(t, (Span("s1v1", a, b),), number=n) for n, (t, a, b) in enumerate(spans, 1)}
    heart = any(word in text for word in ("heart", "angina", "hypertension"))
    topics = tuple(t for t, holds in (("heart", heart), ("pain", "migraine" in text or "arthritis" in text)) if holds)
    labels = {
        "kind": LabelValue("kind", kind),
        "urgent": LabelValue("urgent", kind == "order"),
        "topics": LabelValue("topics", topics),
    }
    known = {label.name for label in scheme.labels}
    return Annotations(entities=entities, labels={name: value for name, value in labels.items() if name in known})


def examples(numbers: Sequence[int]) -> list[Example]:
    """Return notes as gold."""
    return [Example(number, document(number), truth(number)) for number in numbers]


def corpus(path: Path, *, gold: int, pending: int, test: int = 0, scheme: Scheme = SCHEME) -> Path:
    """Make a corpus file: first confirmed notes, then such tagged `Test`, then pending ones."""
    exchanged = []
    for number in range(gold + test + pending):
        confirmed = number < gold + test
        tags = ("Test",) if gold <= number < gold + test else ()
        versions = (ExchangedVersion(truth(number, scheme), confirmed=True),) if confirmed else ()
        exchanged.append(ExchangedDocument(document(number, tags=tags), versions))
    with Corpus.create(path, scheme=scheme) as made:
        assert not [problem for problem in Intake(made).add(exchanged) if problem.severity == "refused"]
    return path

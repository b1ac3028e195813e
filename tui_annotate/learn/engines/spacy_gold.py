"""Gold as spaCy learns it: a `Doc` for each sentence, with its entities as `ents` or as a group of spans."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from spacy.tokens import Doc, Span
from spacy.training import Example as SpacyExample

from tui_annotate.domain.annotations import Entity
from tui_annotate.learn.engines.base import Example
from tui_annotate.learn.engines.bio import Tags, tag
from tui_annotate.learn.engines.sentences import Sentence, WordEncodings
from tui_annotate.spacy_docs import SPANS_KEY

Kind = Literal["ner", "spancat"]

Marked = tuple[int, int, str]
"""First word, last word plus one, type."""


@dataclass(frozen=True, slots=True)
class Lessons:
    """Sentences with what is to be found in them."""

    sentences: list[Sentence]
    marked: list[list[Marked]]
    counts: Counter[str]
    notes: list[str]

    @property
    def longest(self) -> int:
        """Words of the longest entity; 1 where there is none."""
        return max((end - first for spans in self.marked for first, end, _ in spans), default=1)

    def examples(self, vocab: Any, kind: Kind) -> list[SpacyExample]:
        """Return them as spaCy takes them."""
        made = []
        for sentence, spans in zip(self.sentences, self.marked, strict=True):
            reference = to_doc(vocab, sentence)
            found = [Span(reference, first, end, label=label) for first, end, label in spans]
            if kind == "ner":
                reference.set_ents(found, default="outside")
            else:
                reference.spans[SPANS_KEY] = found
            made.append(SpacyExample(to_doc(vocab, sentence), reference))
        return made


def to_doc(vocab: Any, sentence: Sentence) -> Doc:
    """Return a sentence as a `Doc` of just its words."""
    gaps = zip(sentence.ends, sentence.starts[1:], strict=False)
    spaces = [*(end < start for end, start in gaps), False]
    return Doc(vocab, words=list(sentence.words), spaces=spaces)


def read(gold: Sequence[Example], encodings: WordEncodings, types: Sequence[str], kind: Kind) -> Lessons:
    """Return the sentences of gold documents with their entities."""
    if kind == "spancat":
        return _read_spans(gold, encodings, frozenset(types))
    tags = Tags()
    lessons = Lessons([], [], tags.entities, [])
    for example, sentences in zip(gold, encodings.documents, strict=True):
        for sentence, row in zip(sentences, _tagged(example, sentences, types, tags), strict=True):
            lessons.sentences.append(sentence)
            lessons.marked.append(list(_from_bio(row)))
    lessons.notes.extend(tags.notes())
    return lessons


def _tagged(
    example: Example, sentences: Sequence[Sentence], types: Sequence[str], tags: Tags
) -> tuple[tuple[str, ...], ...]:
    return tag(example.annotations.entities.values(), sentences, frozenset(types), tags)


def _from_bio(row: Sequence[str]) -> Iterator[Marked]:
    first, label = 0, ""
    for place, mark in enumerate((*row, "O")):
        if label and mark != f"I-{label}":
            yield first, place, label
            label = ""
        if mark.startswith("B-"):
            first, label = place, mark[2:]


def _read_spans(gold: Sequence[Example], encodings: WordEncodings, types: frozenset[str]) -> Lessons:
    lessons = Lessons([], [], Counter(), [])
    snapped = lost = 0
    for example, sentences in zip(gold, encodings.documents, strict=True):
        rows: list[set[Marked]] = [set() for _ in sentences]
        for entity in _learned(example.annotations.entities.values(), types):
            place = _place(entity, sentences)
            if place is None:
                lost += 1
                continue
            number, first, end, exact = place
            rows[number].add((first, end, entity.type))
            snapped += not exact
            lessons.counts[entity.type] += 1
        lessons.sentences.extend(sentences)
        lessons.marked.extend(sorted(row) for row in rows)
    said = {
        "{} entities do not begin and end with words; learned as the words that they touch.": snapped,
        "{} entities cross a sentence or touch no word; left out.": lost,
    }
    lessons.notes.extend(text.format(f"{count:,}") for text, count in said.items() if count)
    return lessons


def _learned(entities: Iterable[Entity], types: frozenset[str]) -> Iterator[Entity]:
    return (entity for entity in entities if entity.type in types and entity.state != "pre-removed")


def _place(entity: Entity, sentences: Sequence[Sentence]) -> tuple[int, int, int, bool] | None:
    """Return the sentence, the words in it from first to last plus one, and whether they fit just so."""
    span = entity.span
    for number, sentence in enumerate(sentences):
        if sentence.part != span.part or sentence.ends[-1] <= span.start or sentence.starts[0] >= span.end:
            continue
        first, end = bisect_right(sentence.ends, span.start), bisect_left(sentence.starts, span.end)
        if span.end > sentence.ends[-1] or first >= end:
            return None
        return number, first, end, (sentence.starts[first], sentence.ends[end - 1]) == (span.start, span.end)
    return None


def batches(lessons: Sequence[Any], sizes: Iterator[float]) -> Iterator[list[Any]]:
    """Yield examples in batches of at most so many words, in the order given; a longer one stands alone."""
    batch: list[Any] = []
    room = next(sizes)
    for example in lessons:
        if batch and len(example.reference) > room:
            yield batch
            batch, room = [], next(sizes)
        batch.append(example)
        room -= len(example.reference)
    if batch:
        yield batch

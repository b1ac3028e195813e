"""Entities as BIO tags of sentences, and what cannot be said in them as it is."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from tui_annotate.domain.annotations import Entity
from tui_annotate.learn.engines.sentences import Sentence


@dataclass(slots=True)
class Tags:
    """What was met while tagging."""

    entities: Counter[str] = field(default_factory=Counter)
    """Entities that are learned from, by type."""
    snapped: int = 0
    discontinuous: int = 0
    covered: int = 0
    outside: int = 0

    def notes(self) -> list[str]:
        """Return a sentence for the log for each thing that was not taken as it stands."""
        said = {
            "{} entities do not begin and end with tokens; learned as the tokens that they touch.": self.snapped,
            "{} discontinuous entities; learned from their first character to their last.": self.discontinuous,
            "{} entities lie over a longer one; left out. Declare their type overlapping to learn them.": self.covered,
            "{} entities cross a sentence or touch no token; learned in the first, or left out.": self.outside,
        }
        return [text.format(f"{count:,}") for text, count in said.items() if count]


def tag(
    entities: Iterable[Entity], sentences: Sequence[Sentence], types: frozenset[str], tags: Tags
) -> tuple[tuple[str, ...], ...]:
    """Return the tags of each sentence and count into `tags`; where entities overlap the longest wins."""
    found = [["O"] * len(sentence.words) for sentence in sentences]
    parts: dict[str, list[int]] = {}
    for number, sentence in enumerate(sentences):
        parts.setdefault(sentence.part, []).append(number)
    wanted = [entity for entity in entities if entity.type in types and entity.state != "pre-removed"]
    for entity in sorted(wanted, key=lambda e: (e.span.start - e.span.end, e.span.start, e.type)):
        tags.discontinuous += len(entity.spans) > 1
        place = _place(entity, sentences, parts.get(entity.span.part, []), tags)
        if place is None:
            continue
        number, first, last = place
        row = found[number]
        if any(mark != "O" for mark in row[first : last + 1]):
            tags.covered += 1
            continue
        row[first : last + 1] = ["B-" + entity.type, *["I-" + entity.type] * (last - first)]
        tags.entities[entity.type] += 1
    return tuple(tuple(row) for row in found)


def _place(
    entity: Entity, sentences: Sequence[Sentence], numbers: Sequence[int], tags: Tags
) -> tuple[int, int, int] | None:
    """Return the sentence and the first and last token that an entity touches there."""
    span = entity.span
    at = bisect_right([sentences[n].ends[-1] for n in numbers], span.start)
    if at == len(numbers) or sentences[numbers[at]].starts[0] >= span.end:
        tags.outside += 1
        return None
    sentence = sentences[numbers[at]]
    first = bisect_right(sentence.ends, span.start)
    last = bisect_left(sentence.starts, span.end) - 1
    if first > last:
        tags.outside += 1
        return None
    if span.end > sentence.ends[-1]:
        tags.outside += 1
    elif (sentence.starts[first], sentence.ends[last]) != (span.start, span.end):
        tags.snapped += 1
    return numbers[at], first, last

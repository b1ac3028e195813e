"""Entities as BIO tags of sentences, and what cannot be said in them as it is."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from tui_annotate.domain.annotations import Entity
from tui_annotate.learn.engines.sentences import Sentence

NAMED = 5
"""Entities that are named in a note; the rest are counted."""

Trouble = Literal["snapped", "nowhere", "crossing", "discontinuous", "covered", "contradicting"]
_SAID: dict[Trouble, str] = {
    "snapped": "ends that meet no token; learned as the tokens touched",
    "nowhere": "no token touched; left out",
    "crossing": "over the end of a sentence; learned as far as it",
    "discontinuous": "several pieces; learned from the first character to the last",
    "covered": "over a longer one; left out. Declare the type overlapping to learn it too",
    "contradicting": "on the very words of another entity; left out. Declare one type overlapping to learn both",
}


@dataclass(slots=True)
class Tags:
    """What was met while tagging."""

    entities: Counter[str] = field(default_factory=Counter)
    """Entities that are learned from, by type."""
    troubles: dict[Trouble, list[str]] = field(default_factory=dict)
    """Entities that were not taken as they stand, each with its place."""

    def note(self, trouble: Trouble, entity: Entity, key: str) -> None:
        """Remember an entity that is not taken as it stands."""
        span = entity.span
        self.troubles.setdefault(trouble, []).append(f"{entity.type} {span.part} {span.start}-{span.end} in {key!r}")

    def notes(self) -> list[str]:
        """Return a sentence for the log for each kind of trouble, with the first entities that it is about."""
        said = []
        for trouble, reason in _SAID.items():
            met = self.troubles.get(trouble, [])
            if met:
                more = f" and {len(met) - NAMED:,} more" if len(met) > NAMED else ""
                count = "1 entity" if len(met) == 1 else f"{len(met):,} entities"
                said.append(f"{count}: {reason}. {'; '.join(met[:NAMED])}{more}.")
        return said


def tag(
    entities: Iterable[Entity], sentences: Sequence[Sentence], types: frozenset[str], tags: Tags, *, key: str = ""
) -> tuple[tuple[str, ...], ...]:
    """Return the tags of each sentence and count into `tags`; where entities overlap the longest wins.

    Args:
        key: Of the document, for what is said about its entities.
    """
    found = [["O"] * len(sentence.words) for sentence in sentences]
    parts: dict[str, list[int]] = {}
    for number, sentence in enumerate(sentences):
        parts.setdefault(sentence.part, []).append(number)
    wanted = [entity for entity in entities if entity.type in types and entity.state != "pre-removed"]
    for entity in sorted(wanted, key=lambda e: (e.span.start - e.span.end, e.span.start, e.type)):
        if len(entity.spans) > 1:
            tags.note("discontinuous", entity, key)
        place, trouble = _place(entity, sentences, parts.get(entity.span.part, []))
        if trouble is not None:
            tags.note(trouble, entity, key)
        if place is None:
            continue
        number, first, last = place
        row = found[number]
        if any(mark != "O" for mark in row[first : last + 1]):
            tags.note("contradicting" if _is_entity(row, first, last) else "covered", entity, key)
            continue
        row[first : last + 1] = ["B-" + entity.type, *["I-" + entity.type] * (last - first)]
        tags.entities[entity.type] += 1
    return tuple(tuple(row) for row in found)


def spans(labels: Sequence[str]) -> set[tuple[int, int, str]]:
    """Return first token, last token and type of each entity in a sentence's tags."""
    begins = [place for place, label in enumerate(labels) if label.startswith("B-")]
    return {(first, _last(labels, first), labels[first][2:]) for first in begins}


def _last(labels: Sequence[str], first: int) -> int:
    last = first
    while last + 1 < len(labels) and labels[last + 1].startswith("I-"):
        last += 1
    return last


def _is_entity(row: Sequence[str], first: int, last: int) -> bool:
    return row[first].startswith("B-") and _last(row, first) == last


def _place(
    entity: Entity, sentences: Sequence[Sentence], numbers: Sequence[int]
) -> tuple[tuple[int, int, int] | None, Trouble | None]:
    """Return the sentence and the first and last token that an entity touches there, and what is wrong with that."""
    span = entity.span
    at = bisect_right([sentences[n].ends[-1] for n in numbers], span.start)
    if at == len(numbers) or sentences[numbers[at]].starts[0] >= span.end:
        return None, "nowhere"
    sentence = sentences[numbers[at]]
    first = bisect_right(sentence.ends, span.start)
    last = bisect_left(sentence.starts, span.end) - 1
    if first > last:
        return None, "nowhere"
    trouble: Trouble | None = None
    if span.end > sentence.ends[-1] and at + 1 < len(numbers) and sentences[numbers[at + 1]].starts[0] < span.end:
        trouble = "crossing"
    elif (sentence.starts[first], sentence.ends[last]) != (span.start, span.end):
        trouble = "snapped"
    return (numbers[at], first, last), trouble

"""Trying patterns on the texts of a corpus: how often they match, and where, before anybody relies on them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from tui_annotate.domain.documents import Document
from tui_annotate.domain.matching import Hit, Matcher
from tui_annotate.domain.patterns import Pattern
from tui_annotate.store import documents
from tui_annotate.store.connection import Corpus

_AROUND = 30
_STRETCH = 100
_OF_ONE_DOCUMENT = 2
"""Examples taken of one document at most."""


@dataclass(frozen=True, slots=True)
class Example:
    """A place where a pattern stands."""

    document: int
    name: str
    before: str
    found: str
    after: str


@dataclass(slots=True)
class Tally:
    """What patterns match, as far as was looked."""

    looked: int = 0
    """Documents."""
    matching: int = 0
    """Documents with a match at least."""
    hits: int = 0
    examples: list[Example] = field(default_factory=list)
    by_pattern: Counter[int] = field(default_factory=Counter)
    """Places by the row of the pattern."""
    troubled: list[str] = field(default_factory=list)
    """Patterns that cannot be used or take too long, with the reason."""
    ended: bool = False
    """All documents were looked at."""

    def __str__(self) -> str:
        places = f"{self.hits:,} place{'s' * (self.hits != 1)} in {self.matching:,}"
        return f"{places} of {'' if self.ended else 'the first '}{self.looked:,} documents"


def tally(corpus: Corpus, wanted: Sequence[Pattern], *, examples: int = 5, most: int = 1 << 62) -> Iterator[Tally]:
    """Yield what patterns match after each stretch of documents; whoever has seen enough stops."""
    matcher = Matcher(wanted)
    count = Tally()
    for batch in documents.batches(corpus, size=_STRETCH):
        for id, document in batch:
            count.looked += 1
            hits = matcher.hits(document)
            count.matching += bool(hits)
            count.hits += len(hits)
            count.by_pattern.update(hit.pattern.id for hit in hits)
            room = examples - len(count.examples)
            count.examples += [_example(id, document, hit) for hit in hits[: max(0, min(room, _OF_ONE_DOCUMENT))]]
        count.troubled = [f"{pattern.body} ({pattern.label}) {reason}" for pattern, reason in matcher.troubled]
        yield count
        if count.looked >= most:
            return
    count.ended = True
    yield count


def _example(id: int, document: Document, hit: Hit) -> Example:
    span, text = hit.span, document.part(hit.span.part).text
    before, after = text[max(0, span.start - _AROUND) : span.start], text[span.end : span.end + _AROUND]
    return Example(id, document.name or document.key, before, text[span.start : span.end], after)

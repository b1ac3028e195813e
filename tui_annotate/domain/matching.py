"""Matching: where patterns stand in a document, and what that suggests.

Words lie in a tree by token, so that a dictionary of any size costs a look-up a token. Each regular expression
has a time it may take for a document; one that takes longer is left out from then on and reported.
"""

from __future__ import annotations

import time
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import regex

from tui_annotate.domain.annotations import LabelContent, Suggestion
from tui_annotate.domain.documents import Document
from tui_annotate.domain.patterns import PROB, WHO, Pattern, compiled_regex
from tui_annotate.domain.scheme import Scheme
from tui_annotate.domain.spans import Span
from tui_annotate.domain.token_patterns import TokenPattern, compiled
from tui_annotate.domain.tokens import token_offsets, tokenize
from tui_annotate.errors import DataError

MOST_HITS = 5_000
"""Of one document; a pattern that matches everywhere must not drown it."""
_SECONDS = 0.1
"""A regular expression may take so long for a document, and for a long one as much again per 100,000 characters."""
_ALL_SECONDS = 1.0
_LONG = 100_000
_END = ""
"""Key of the patterns that end at a node of the tree; no token is empty."""

_Node = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Hit:
    """A place where a pattern stands."""

    pattern: Pattern
    span: Span


class Matcher:
    """Compiled patterns."""

    def __init__(self, patterns: Iterable[Pattern]) -> None:
        self.troubled: list[tuple[Pattern, str]] = []
        """Those that cannot be compiled, or took too long and are left out now, with the reason."""
        self.size = 0
        self._folded: _Node = {}
        self._exact: _Node = {}
        self._starting: dict[str, list[tuple[Pattern, TokenPattern]]] = {}
        self._anywhere: list[tuple[Pattern, TokenPattern]] = []
        self._regexes: list[tuple[Pattern, regex.Pattern[str]]] = []
        for pattern in patterns:
            self.size += 1
            try:
                self._add(pattern)
            except DataError as error:
                self.troubled.append((pattern, error.message))

    def _add(self, pattern: Pattern) -> None:
        if pattern.kind == "words":
            node = self._exact if pattern.case else self._folded
            for token in tokenize(pattern.text):
                node = node.setdefault(token.text if pattern.case else token.text.casefold(), {})
            node.setdefault(_END, []).append(pattern)
        elif pattern.kind == "regex":
            self._regexes.append((pattern, compiled_regex(pattern)))
        else:
            made = compiled(pattern.tokens)
            starts = made.starts
            if starts is None:
                self._anywhere.append((pattern, made))
            for word in starts or ():
                self._starting.setdefault(word, []).append((pattern, made))

    def hits(self, document: Document) -> list[Hit]:
        """Return where the patterns stand, of words for each type the longest at each place; overlaps are left in."""
        found: list[Hit] = []
        left = _ALL_SECONDS
        for part in document.parts:
            if self._folded or self._exact or self._starting or self._anywhere:
                self._by_token(part.id, part.text, found)
            for pattern, wanted in list(self._regexes):
                begun = time.perf_counter()
                self._by_regex(pattern, wanted, part.id, part.text, found)
                left -= time.perf_counter() - begun
                if left < 0 or len(found) >= MOST_HITS:
                    return found[:MOST_HITS]
        return found[:MOST_HITS]

    def _by_token(self, part: str, text: str, found: list[Hit]) -> None:
        offsets = token_offsets(text)
        texts = [text[start:end] for start, end in offsets]
        folded = [word.casefold() for word in texts]
        trees = [(tree, words) for tree, words in ((self._folded, folded), (self._exact, texts)) if tree]
        for place, word in enumerate(folded):
            for tree, words in trees:
                node = tree.get(words[place])
                if node is not None:
                    for pattern, end in _longest(node, words, place + 1):
                        found.append(Hit(pattern, Span(part, offsets[place][0], offsets[end - 1][1])))
            tried = self._starting.get(word, ())
            for pattern, made in (*tried, *self._anywhere) if self._anywhere else tried:
                end = made.end(texts, place)
                if end > place:
                    found.append(Hit(pattern, Span(part, offsets[place][0], offsets[end - 1][1])))
            if len(found) >= MOST_HITS:
                return

    def _by_regex(self, pattern: Pattern, wanted: regex.Pattern[str], part: str, text: str, found: list[Hit]) -> None:
        seconds = _SECONDS * (1 + len(text) // _LONG)
        group: int | str = "span" if "span" in wanted.groupindex else 0
        try:
            # Other threads go on meanwhile.
            for match in islice(wanted.finditer(text, concurrent=True, timeout=seconds), MOST_HITS):
                start, end = match.span(group)
                piece = text[start:end]
                start += len(piece) - len(piece.lstrip())
                end -= len(piece) - len(piece.rstrip())
                if 0 <= start < end:
                    found.append(Hit(pattern, Span(part, start, end)))
        except TimeoutError:
            self.troubled.append((pattern, "took too long on a document"))
            self._regexes.remove((pattern, wanted))

    def suggestions(self, document: Document, scheme: Scheme) -> list[Suggestion]:
        """Return what the patterns suggest; nothing for what the scheme does not have."""
        hits = self.hits(document)
        overlapping = {type.name: type.overlapping for type in scheme.entities}
        entities = [h for h in hits if h.pattern.target == "entity" and h.pattern.name in overlapping]
        taken = _without_overlaps(entities, {name for name, alone in overlapping.items() if alone})
        labels = [h.pattern for h in hits if h.pattern.target == "label"]
        return [_of_entity(*one) for one in taken] + _of_labels(labels, scheme)


def _longest(node: _Node, words: Sequence[str], place: int) -> Iterable[tuple[Pattern, int]]:
    """Return the patterns that end below a node, and where: for each type or label the longest."""
    found: dict[str, tuple[Pattern, int]] = {}
    while True:
        for pattern in node.get(_END, ()):
            found[pattern.name] = pattern, place
        following = node.get(words[place]) if place < len(words) else None
        if following is None:
            return found.values()
        node, place = following, place + 1


def _without_overlaps(hits: Iterable[Hit], alone: set[str]) -> list[tuple[str, Span]]:
    """Keep the longest of what overlaps, of equally long ones the first; the same place may have several types.

    Types that are declared overlapping stand beside all others.
    """
    found = {(h.pattern.name, h.span.part, h.span.start, h.span.end): h.span for h in hits}
    kept: list[tuple[str, Span]] = []
    lanes: dict[tuple[str, str], list[tuple[int, int]]] = {}
    for (name, part, start, end), span in sorted(found.items(), key=lambda f: (f[0][2] - f[0][3], f[0][2], f[0][0])):
        lane = lanes.setdefault((part, name if name in alone else ""), [])
        place = bisect_left(lane, (start, end))
        around = lane[max(0, place - 1) : place + 1]
        if any(s < end and start < e and (s, e) != (start, end) for s, e in around):
            continue
        if (start, end) not in around:
            lane.insert(place, (start, end))
        kept.append((name, span))
    return sorted(kept, key=lambda one: (one[1].part, one[1].start, one[1].end, one[0]))


def _of_entity(name: str, span: Span) -> Suggestion:
    return Suggestion("entity", name, (span,), prob=PROB, who=(WHO,), source="pattern")


def _of_labels(patterns: Sequence[Pattern], scheme: Scheme) -> list[Suggestion]:
    """Return one suggestion a document label: all values of a multiple choice, else the one that matches most."""
    made = []
    for label in scheme.labels:
        votes = Counter(p.value for p in patterns if p.name == label.name and p.value in label.values)
        if not votes:
            continue
        value: LabelContent | None = votes.most_common(1)[0][0]
        if label.kind == "choices":
            value = tuple(option.value for option in label.options if option.value in votes)
        made.append(Suggestion("label", label.name, (), value, PROB, (WHO,), source="pattern"))
    return made

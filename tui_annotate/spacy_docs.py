"""Documents as spaCy sees them: cut by the one tokeniser, here as pure Python and as a tokenizer that spaCy saves.

A pipeline that carries this tokenizer finds in other programs what it finds in this one. spaCy keeps
tokenizers as patterns of Python's `re`, which lacks the class of marks, so it is spelt out. It is
loaded where somebody asks for a pipeline or a `Doc`, never before.
"""

from __future__ import annotations

import re
import sys
from bisect import bisect_left
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from typing import Any

import regex

from tui_annotate.domain.annotations import Annotations, Entity
from tui_annotate.domain.documents import Document
from tui_annotate.domain.scheme import Scheme
from tui_annotate.domain.tokens import tokenize

JOINERS = "\u200c\u200d"
"""Belong to a word where they stand between its letters."""
SPANS_KEY = "sc"
"""The group of spans that spaCy's `spancat` learns and fills by default."""


@dataclass(frozen=True, slots=True)
class Words:
    """A text as spaCy's `Doc(vocab, words, spaces)` wants it: white space beyond single blanks is a word too."""

    words: tuple[str, ...]
    spaces: tuple[bool, ...]
    """Whether a single blank follows the word."""
    offsets: tuple[tuple[int, int], ...]
    """Of each word in the text."""

    def locate(self, start: int, end: int) -> tuple[int, int] | None:
        """Return first word and last word plus one of a stretch of text; None where it does not fit words."""
        first = bisect_left(self.offsets, (start,))
        last = bisect_left(self.offsets, end, lo=first, key=lambda place: place[1])
        if last < len(self.offsets) and self.offsets[first][0] == start and self.offsets[last][1] == end:
            return first, last + 1
        return None


def cut(text: str) -> Words:
    """Cut a text into words so that joining them with their blanks gives it back."""
    words: list[str] = []
    spaces: list[bool] = []
    offsets: list[tuple[int, int]] = []
    at = 0
    for begin, end, word in [*((t.start, t.end, t.text) for t in tokenize(text)), (len(text), len(text), "")]:
        gap = text[at:begin]
        if gap.startswith(" ") and words:
            spaces[-1] = True
            at, gap = at + 1, gap[1:]
        if gap:
            words.append(gap)
            spaces.append(False)
            offsets.append((at, begin))
        if word:
            words.append(word)
            spaces.append(False)
            offsets.append((begin, end))
        at = end
    return Words(tuple(words), tuple(spaces), tuple(offsets))


def make_doc(vocab: Any, text: str) -> Any:
    """Return the `Doc` of a text."""
    return _doc(vocab, cut(text))


def _doc(vocab: Any, words: Words) -> Any:
    from spacy.tokens import Doc

    return Doc(vocab, words=list(words.words), spaces=list(words.spaces))


def make_tokenizer(vocab: Any) -> Any:
    """Return a spaCy `Tokenizer` that cuts as `domain.tokens` does, apart from white space, which spaCy keeps."""
    from spacy.tokenizer import Tokenizer

    lone = _lone()
    # spaCy passes over what is at the very beginning when it looks for infixes.
    prefix = re.compile(f"^(?:{lone})").search
    return Tokenizer(vocab, prefix_search=prefix, infix_finditer=re.compile(lone).finditer)


@lru_cache(maxsize=1)
def _lone() -> str:
    """Return a pattern of all that is a token by itself."""
    word = rf"\w{_marks()}"
    lone = rf"[^{word}\s{JOINERS}]"
    joiner = rf"(?<![{word}])[{JOINERS}]|[{JOINERS}](?![{word}])"
    return f"{lone}|{joiner}"


def _marks() -> str:
    """Return the marks of Unicode, and letters newer than this Python, as ranges of a character class."""
    all_there_is = "".join(map(chr, (*range(128, 0xD800), *range(0xE000, sys.maxunicode + 1))))
    wanted = sorted(set(regex.findall(r"[\p{L}\p{M}\p{N}]", all_there_is)).difference(re.findall(r"\w", all_there_is)))
    found = []
    for _, run in groupby(enumerate(map(ord, wanted)), key=lambda pair: pair[1] - pair[0]):
        codes = [code for _, code in run]
        found.append(f"{_escaped(codes[0])}-{_escaped(codes[-1])}")
    return "".join(found)


def _escaped(code: int) -> str:
    return f"\\U{code:08x}"


@dataclass(frozen=True, slots=True)
class Reference:
    """A document with its annotations as spaCy's training wants it."""

    doc: Any
    lost: tuple[Entity, ...]
    """Entities that do not begin and end with words: spaCy cannot hold them."""
    covered: tuple[Entity, ...]
    """Entities under longer ones: only in the group of spans, not among the `ents`."""


def reference(vocab: Any, document: Document, annotations: Annotations | None, scheme: Scheme) -> Reference:
    """Return a document as one `Doc` over all its parts: entities as `ents` and as spans, labels as `cats`.

    Args:
        annotations: None for a document that nobody has looked at; then spaCy knows nothing of its entities.
    """
    words = cut(document.text)
    doc = _doc(vocab, words)
    if annotations is None:
        return Reference(doc, (), ())
    from spacy.tokens import Span

    starts = part_starts(document)
    lost: list[Entity] = []
    covered: list[Entity] = []
    spans: dict[tuple[int, int, str], Any] = {}
    ents: dict[tuple[int, int], Any] = {}
    taken: list[tuple[int, int]] = []
    for entity in sorted(annotations.entities.values(), key=lambda e: (e.span.start - e.span.end, starts[e.span.part])):
        begin = starts[entity.span.part]
        place = words.locate(entity.span.start + begin, entity.span.end + begin)
        if place is None:
            lost.append(entity)
            continue
        span = spans.setdefault((*place, entity.type), Span(doc, *place, label=entity.type))
        at = bisect_left(taken, place)
        if (not at or taken[at - 1][1] <= place[0]) and (at == len(taken) or place[1] <= taken[at][0]):
            taken.insert(at, place)
            ents[place] = span
        elif ents.get(place) != span:
            covered.append(entity)
    doc.set_ents([ents[place] for place in taken], default="outside")
    doc.spans[SPANS_KEY] = [spans[key] for key in sorted(spans)]
    doc.cats = cats(annotations, scheme)
    return Reference(doc, tuple(lost), tuple(covered))


def part_starts(document: Document) -> dict[str, int]:
    """Return where each part begins in the document's whole text."""
    starts, at = {}, 0
    for part in document.parts:
        starts[part.id] = at
        at += len(part.text) + 1
    return starts


def cats(annotations: Annotations, scheme: Scheme) -> dict[str, float]:
    """Return document labels as spaCy's categories, 1 or 0.

    A boolean is a category by its name; a value of a choice is one by itself where the scheme has one such label,
    else `label=value`.
    """
    choices = [label for label in scheme.labels if label.kind in ("choice", "choices")]
    made: dict[str, float] = {}
    for label in scheme.labels:
        held = annotations.labels.get(label.name)
        if held is None or label.kind == "text":
            continue
        if label.kind == "boolean":
            made[label.name] = float(held.value is True)
            continue
        chosen = held.value if isinstance(held.value, tuple) else (held.value,)
        prefix = f"{label.name}=" if len(choices) > 1 else ""
        made.update({prefix + option.value: float(option.value in chosen) for option in label.options})
    return made

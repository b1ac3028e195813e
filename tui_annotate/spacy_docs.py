"""Documents as spaCy sees them: cut by the one tokeniser, here as pure Python and as a tokenizer that spaCy saves.

A pipeline that carries this tokenizer finds in other programs what it finds in this one. spaCy keeps
tokenizers as patterns of Python's `re`, which lacks the class of marks, so it is spelt out. It is
loaded where somebody asks for a pipeline or a `Doc`, never before.
"""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from typing import Any

import regex

from tui_annotate.domain.tokens import snap, tokenize

JOINERS = "\u200c\u200d"
"""Belong to a word where they stand between its letters."""


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
        starts = {begin: place for place, (begin, _) in enumerate(self.offsets)}
        ends = {stop: place + 1 for place, (_, stop) in enumerate(self.offsets)}
        if start in starts and end in ends:
            return starts[start], ends[end]
        return None

    def snapped(self, start: int, end: int) -> tuple[int, int] | None:
        """Return the words that a stretch touches, first and last plus one; None for white space alone."""
        touched = snap(
            [offset for offset, word in zip(self.offsets, self.words, strict=True) if not word.isspace()], start, end
        )
        return self.locate(*touched) if touched else None


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
    from spacy.tokens import Doc

    found = cut(text)
    return Doc(vocab, words=list(found.words), spaces=list(found.spaces))


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

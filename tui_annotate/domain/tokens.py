"""The one tokeniser and sentence splitter, offset-true.

A token is a run of letters, marks, digits and underscores (joiners inside a
word belong to it), or any other single character that is no white space.
So `5-HT1A's` is `5`, `-`, `HT1A`, `'`, `s`, and joining nothing, dropping nothing,
`text[start:end]` is always the token. Word motion, snapping, the CRF and CoNLL use it;
spaCy gets its `Doc` made from it.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from itertools import pairwise

import regex

# What `str.isspace` calls white space is more than `\s`: the four separators from 0x1c on.
_TOKEN = regex.compile(r"[\p{L}\p{M}\p{N}_]+(?:[\u200c\u200d][\p{L}\p{M}\p{N}_]+)*|[^\s\x1c-\x1f]")
_SENTENCE_END = regex.compile(r"[.!?…。！？]+[\"'”’»)\]]*\s+(?=[\"'“‘«(\[]*[\p{Lu}\p{Lt}\p{Lo}\p{N}])|\s*\n\s*\n\s*")
_ABBREVIATION = regex.compile(r"(?:^|[\s(\[])(?:\p{Lu}|Dr|Mr|Mrs|Ms|Prof|St|vs|e\.g|i\.e|cf|al|approx|Fig|No)\.\s*$")


@dataclass(frozen=True, slots=True)
class Token:
    """A token of one part."""

    start: int
    end: int
    text: str


def tokenize(text: str) -> list[Token]:
    """Return the tokens of a part in order; they never overlap and never hold white space."""
    return [Token(m.start(), m.end(), m.group()) for m in _TOKEN.finditer(text)]


def token_offsets(text: str) -> list[tuple[int, int]]:
    """Return the `(start, end)` of each token, for callers that need no strings."""
    return [m.span() for m in _TOKEN.finditer(text)]


def sentences(text: str) -> list[tuple[int, int]]:
    """Return `(start, end)` of each sentence without the white space around it.

    A sentence ends at a blank line, or at end punctuation followed by white
    space and a capital, a digit or a script without case, unless a known abbreviation or an
    initial stands before it.
    """
    cuts = [0]
    for match in _SENTENCE_END.finditer(text):
        if "\n" in match.group() or not _ABBREVIATION.search(text, max(0, match.start() - 12), match.end()):
            cuts.append(match.end())
    cuts.append(len(text))
    found = []
    for start, end in pairwise(cuts):
        piece = text[start:end]
        stripped = piece.strip()
        if stripped:
            begin = start + piece.index(stripped)
            found.append((begin, begin + len(stripped)))
    return found


def snap(offsets: list[tuple[int, int]], start: int, end: int) -> tuple[int, int] | None:
    """Return the smallest token-aligned span that covers `[start, end)`.

    Args:
        offsets: As `token_offsets` gives them.

    Returns:
        None when no token is touched.
    """
    first = bisect_right([e for _, e in offsets], start)
    last = bisect_left([s for s, _ in offsets], end) - 1
    if first > last:
        return None
    return offsets[first][0], offsets[last][1]


def is_aligned(offsets: list[tuple[int, int]], start: int, end: int) -> bool:
    """Say whether a span begins and ends with tokens."""
    return snap(offsets, start, end) == (start, end)

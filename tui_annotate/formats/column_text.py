"""Text and tokens put together again: where each token of a file in columns stands in the text.

A text that the file gives is kept to the character, as long as the tokens stand in it one after the other
with nothing but white space between; otherwise it is put together from the tokens.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from tui_annotate.domain.documents import Document
from tui_annotate.domain.tokens import sentences, tokenize
from tui_annotate.formats.flat import Placed
from tui_annotate.formats.reducing import part_starts

_SPACE = re.compile(r"\s*")


@dataclass(frozen=True, slots=True)
class Cut:
    """A sentence of a document as it is written: its tokens, and the text up to the next sentence."""

    start: int
    end: int
    """Where the next sentence begins, or the document ends."""
    tokens: tuple[tuple[int, int], ...]


def locate(text: str, tokens: Sequence[str], at: int = 0) -> list[tuple[int, int]] | None:
    """Return where each token stands, from `at` on; None when something else than white space lies between."""
    places = []
    for token in tokens:
        at = _after_space(text, at)
        if not text.startswith(token, at):
            return None
        places.append((at, at + len(token)))
        at += len(token)
    return places if not text[at:].strip() else None


def _after_space(text: str, at: int) -> int:
    match = _SPACE.match(text, at)
    return match.end() if match else at


def joined(tokens: Sequence[str], gaps: Sequence[str]) -> tuple[str, list[tuple[int, int]]]:
    """Return tokens as a text, each with the gap after it, and where each stands."""
    places: list[tuple[int, int]] = []
    pieces: list[str] = []
    at = 0
    for token, gap in zip(tokens, gaps, strict=True):
        places.append((at, at + len(token)))
        pieces += (token, gap)
        at += len(token) + len(gap)
    return "".join(pieces), places


def cut(document: Document, placed: Sequence[Placed], *, split: bool) -> tuple[list[Cut], int]:
    """Cut a document into sentences and tokens by the one tokeniser, no sentence ending inside an entity.

    Args:
        split: Tokens are cut where an entity begins or ends inside them.

    Returns:
        The sentences, which together are the whole text, and how many tokens were cut in two.
    """
    text = document.text
    borders = sorted({border for one in placed for border in (one.start, one.end)}) if split else []
    tokens, halves = _split([(t.start, t.end) for t in tokenize(text)], borders)
    begins = _sentence_starts(document, placed)
    found, at = [], 0
    for start, end in pairwise([*begins, len(text)]):
        first = at
        while at < len(tokens) and tokens[at][0] < end:
            at += 1
        found.append(Cut(start, end, tuple(tokens[first:at])))
    return found, halves


def _split(tokens: list[tuple[int, int]], borders: Sequence[int]) -> tuple[list[tuple[int, int]], int]:
    found: list[tuple[int, int]] = []
    halves, at = 0, 0
    for begin, end in tokens:
        while at < len(borders) and borders[at] <= begin:
            at += 1
        while at < len(borders) and borders[at] < end:
            found.append((begin, borders[at]))
            begin = borders[at]
            halves += 1
            at += 1
        found.append((begin, end))
    return found, halves


def _sentence_starts(document: Document, placed: Sequence[Placed]) -> list[int]:
    """Return where sentences begin in the whole text; the first at 0, the others where no entity is open."""
    starts = part_starts(document)
    found = [begin + starts[part.id] for part in document.parts for begin, _ in sentences(part.text)]
    open_until = list(_open_until(placed))
    begins, at, reach = [0], 0, 0
    for begin in found[1:]:
        while at < len(open_until) and open_until[at][0] < begin:
            reach = max(reach, open_until[at][1])
            at += 1
        if reach <= begin:
            begins.append(begin)
    return begins


def _open_until(placed: Sequence[Placed]) -> Iterator[tuple[int, int]]:
    for one in sorted(placed, key=lambda one: one.start):
        yield one.start, one.end


def runs(tokens: Sequence[tuple[int, int]], placed: Sequence[Placed]) -> Iterator[tuple[Placed, int, int]]:
    """Yield each entity that these tokens hold, with its first token and its last plus one.

    Entities are in order; those that do not begin and end with tokens are left out.
    """
    starts = {start: index for index, (start, _) in enumerate(tokens)}
    ends = {end: index + 1 for index, (_, end) in enumerate(tokens)}
    for one in placed:
        first, last = starts.get(one.start), ends.get(one.end)
        if first is not None and last is not None and first < last:
            yield one, first, last

"""Which unit offsets count in where no text stands beside them: what spans of a person look like decides.

Some tools count code points, others UTF-16 code units, and write neither which nor the text that a span covers.
After a character beyond U+FFFF the two differ. Read in the wrong unit spans run over the end, split
characters, take in white space and cut words; the unit in which that happens less often over a whole file is it.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import regex

from tui_annotate.formats.utf16 import Utf16

PointsOrUtf16 = Literal["code points", "UTF-16"]
_OUTSIDE, _OTHER_TEXT, _SPLIT_CLUSTER, _BLANK_END, _CUT_WORD = 16, 16, 6, 3, 1
"""How much each speaks against a unit; people mark whole words, most of the time."""
_MOST_SPANS = 20_000
"""Looked at of one file; by then it is clear."""
_CLUSTER = regex.compile(r"\X")
_SPACED = regex.compile(
    r"[[\p{L}\p{N}]--[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}\p{Tibetan}]]", regex.V1
)
"""Letters and digits of scripts that put blanks between words; in others a cut says nothing."""


@dataclass(slots=True)
class Evidence:
    """What the spans of one file say about its unit."""

    faults: dict[PointsOrUtf16, int] = field(default_factory=lambda: {"code points": 0, "UTF-16": 0})
    spans: int = 0
    """Spans whose place depends on the unit."""

    def add(self, text: str, spans: Sequence[tuple[int, int]], covered: object = None) -> None:
        """Take in the spans of one text; those before its first character beyond U+FFFF say nothing.

        Args:
            covered: What our own files say of such texts: the text under each span, in the same order.
        """
        if self.spans >= _MOST_SPANS or text.isascii() or max(text) <= "\uffff":
            return
        units = Utf16(text)
        first = next(at for at, character in enumerate(text) if character > "\uffff")
        clusters = [match.start() for match in _CLUSTER.finditer(text)] + [len(text)]
        said = covered if type(covered) is list and len(covered) == len(spans) else [None] * len(spans)
        for (start, end), words in zip(spans, said, strict=True):
            if end <= first:
                continue
            self.spans += 1
            self.faults["code points"] += _faults(text, start, end, words, clusters)
            begin, stop = units.to_points(start), units.to_points(end)
            self.faults["UTF-16"] += (
                _OUTSIDE if begin is None or stop is None else _faults(text, begin, stop, words, clusters)
            )

    @property
    def unit(self) -> PointsOrUtf16:
        """Return the unit that less speaks against; code points where nothing tells."""
        return "UTF-16" if self.faults["UTF-16"] < self.faults["code points"] else "code points"

    @property
    def said(self) -> str:
        """Return what is to be reported of the choice; empty where no span depends on it."""
        if not self.spans:
            return ""
        other: PointsOrUtf16 = "code points" if self.unit == "UTF-16" else "UTF-16"
        counted = f"offsets are read as {self.unit}: {self.spans} spans after characters beyond U+FFFF"
        if self.faults[self.unit] == self.faults[other]:
            return f"{counted} look as good in {other}, so this is the usual unit, not a proven one; check a few"
        return f"{counted} fit text and words better so ({self.faults[self.unit]} faults against {self.faults[other]})"


COVERED = "span_texts"
"""Column of ours with the text under each span, where a text has characters beyond U+FFFF."""


def covered(text: str, spans: Sequence[tuple[int, int]]) -> dict[str, list[str]]:
    """Return the column that proves the unit of a row's spans; nothing where all units are the same."""
    if not spans or text.isascii() or max(text) <= "\uffff":
        return {}
    return {COVERED: [text[start:end] for start, end in spans]}


def _faults(text: str, start: int, end: int, words: object, clusters: list[int]) -> int:
    if not 0 <= start < end <= len(text):
        return _OUTSIDE
    if type(words) is str:
        return _OTHER_TEXT * (text[start:end] != words)
    found = 0
    for edge in (start, end):
        at = bisect_left(clusters, edge)
        if clusters[at] != edge:
            found += _SPLIT_CLUSTER
        elif 0 < edge < len(text) and _is_inside_word(text, edge):
            found += _CUT_WORD
    return found + _BLANK_END * (text[start].isspace() + text[end - 1].isspace())


def _is_inside_word(text: str, edge: int) -> bool:
    return _SPACED.match(text, edge - 1) is not None and _SPACED.match(text, edge) is not None

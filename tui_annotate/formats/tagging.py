"""Tags of tokens: which scheme a file uses, as its tags show, and from tags to entities and back.

IOB2 begins every entity with B; IOB1 only where it follows one of its own type; BILUO and BIOES (or BMES) mark the
last token and the only one too; a file whose tags have no prefix says only inside and outside.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

Tagging = Literal["IOB2", "IOB1", "BILUO", "BIOES", "IO"]
_ALL_MARKS = frozenset("BIOLUESMWbioluesmw")
_BEGINS = "BSUW"
_ENDS = "LUESW"
_OUTSIDE = frozenset(("O", "o", "", "-", "_", "OUT", "O-O"))
_LONE = frozenset("BIELSU")
UNNAMED = "ENTITY"
"""What entities are called in files that have only one type and do not name it: B, I, O."""
Run = tuple[str, int, int]
"""Type, first token, last token plus one."""


def parse(tag: str) -> tuple[str, str]:
    """Return mark and type of a tag: `O` and nothing outside; no mark where the tag has no prefix."""
    if tag in _OUTSIDE:
        return "O", ""
    if tag in _LONE:
        return tag, UNNAMED
    mark, dash, name = tag.partition("-")
    if dash and len(mark) == 1 and mark in _ALL_MARKS and name:
        return mark.upper(), name
    return "", tag


def is_tag(value: str) -> bool:
    """Say whether a value is outside or has the prefix of a tag."""
    mark, name = parse(value)
    return mark == "O" or bool(mark and name)


class Evidence:
    """What the tags of a file, sentence by sentence, show of their scheme."""

    def __init__(self) -> None:
        self._marks: set[str] = set()
        self._begins_elsewhere = False
        self.inside_first = 0
        """Tags I- that nothing of their type stands before."""

    def see(self, tags: Iterable[str]) -> None:
        """Take in the tags of one sentence."""
        before = ""
        for tag in tags:
            mark, name = parse(tag)
            self._marks.add(mark)
            if mark == "I" and name != before:
                self.inside_first += 1
            elif mark == "B" and name != before:
                self._begins_elsewhere = True
            before = name

    @property
    def is_bare(self) -> bool:
        """Say whether a tag without a prefix was seen."""
        return "" in self._marks

    @property
    def tagging(self) -> Tagging:
        """Return the scheme that explains what was seen."""
        if self.is_bare and not self._marks & set("BI"):
            return "IO"
        if self._marks & set("LU"):
            return "BILUO"
        if self._marks & set("ESMW"):
            return "BIOES"
        return "IOB1" if self.inside_first and not self._begins_elsewhere else "IOB2"


def decode(tags: Sequence[str]) -> list[Run]:
    """Return the entities of one sentence; an inside without its beginning is one."""
    found: list[Run] = []
    open_type, begin = "", 0
    for at, tag in enumerate(tags):
        mark, name = parse(tag)
        if open_type and (name != open_type or (mark and mark in _BEGINS)):
            found.append((open_type, begin, at))
            open_type = ""
        if name and not open_type:
            open_type, begin = name, at
        if open_type and mark and mark in _ENDS:
            found.append((open_type, begin, at + 1))
            open_type = ""
    if open_type:
        found.append((open_type, begin, len(tags)))
    return found


def encode(runs: Iterable[Run], length: int, tagging: Tagging) -> list[str]:
    """Return the tags of one sentence of so many tokens; runs are in order and do not overlap."""
    last, only = {"BILUO": ("L", "U"), "BIOES": ("E", "S")}.get(tagging, ("I", "B"))
    tags = ["O"] * length
    ended: tuple[str, int] = ("", -1)
    for type, begin, end in runs:
        first = "B"
        if tagging == "IOB1" and ended != (type, begin):
            first = "I"
        tags[begin] = f"{first if tagging == 'IOB1' or end - begin > 1 else only}-{type}"
        for at in range(begin + 1, end):
            tags[at] = f"{'I' if at < end - 1 else last}-{type}"
        ended = (type, end)
    return tags

"""A search query as a tree, and how it is written down again."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

_BARE = re.compile(r"[^\s()\[\]{}\"\\:*+!<>=-][^\s()\[\]{}\"\\:*]*\Z")
"""What needs no quotes, apart from the words that join."""
JOINING = frozenset(("AND", "OR", "NOT", "TO"))


@dataclass(frozen=True, slots=True)
class Everything:
    """`*`: every document."""

    def __str__(self) -> str:
        return "*"


@dataclass(frozen=True, slots=True)
class Words:
    """Words of the text, one after the other."""

    text: str
    prefix: bool = False
    """The last word may go on: `lisin*`."""
    column: int = dataclasses.field(default=1, compare=False)

    def __str__(self) -> str:
        written = quoted(self.text)
        return f"{written}*" if self.prefix else written


@dataclass(frozen=True, slots=True)
class Bounds:
    """A range `[low TO high]`; an empty end is open."""

    low: str = ""
    high: str = ""
    with_low: bool = True
    with_high: bool = True

    def __str__(self) -> str:
        opens, closes = "[" if self.with_low else "{", "]" if self.with_high else "}"
        return f"{opens}{_end(self.low)} TO {_end(self.high)}{closes}"


@dataclass(frozen=True, slots=True)
class Like:
    """A value to be met as a whole, without regard to capitals; `*` stands for anything where it is not quoted."""

    text: str
    """Stars that stand for themselves, and backslashes, have a backslash before them."""

    @property
    def is_any(self) -> bool:
        """Say whether every value will do."""
        return self.text == "*"

    @property
    def pieces(self) -> list[str]:
        """The text between the stars that stand for anything; one piece is the whole value."""
        found = [""]
        escaped = False
        for letter in self.text:
            if escaped or letter not in "\\*":
                found[-1] += letter
                escaped = False
            elif letter == "*":
                found.append("")
            else:
                escaped = True
        return found

    @property
    def plain(self) -> str:
        """The value as it was meant, stars that stand for anything as stars."""
        return "*".join(self.pieces)

    def __str__(self) -> str:
        pieces = self.pieces
        if len(pieces) == 1:
            return quoted(pieces[0])
        return "*".join(re.sub(r"([\s()\[\]{}\"\\:*+!<>=-])", r"\\\1", piece) for piece in pieces)


@dataclass(frozen=True, slots=True)
class Where:
    """A field with a value, `entity:DRUG:aspirin`."""

    field: str
    """Its name in `FIELDS`."""
    values: tuple[Like | Bounds, ...]
    column: int = dataclasses.field(default=1, compare=False)
    columns: tuple[int, ...] = dataclasses.field(default=(), compare=False)
    """Where each value begins."""

    def __str__(self) -> str:
        return ":".join((self.field, *map(str, self.values)))


@dataclass(frozen=True, slots=True)
class Not:
    """Documents that do not fit."""

    part: Query

    def __str__(self) -> str:
        return f"NOT {_inside(self.part)}"


@dataclass(frozen=True, slots=True)
class Both:
    """Documents that fit all parts, two or more, or any of them."""

    joined: Literal["AND", "OR"]
    parts: tuple[Query, ...]

    def __str__(self) -> str:
        return f" {self.joined} ".join(map(_inside, self.parts))


Query = Everything | Words | Where | Not | Both


def _inside(part: Query) -> str:
    return f"({part})" if isinstance(part, Both) else str(part)


def quoted(text: str) -> str:
    """Return text as one word of a query."""
    if _BARE.match(text) and text not in JOINING and not text.startswith(("&&", "||")):
        return text
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _end(text: str) -> str:
    if not text:
        return "*"
    return text if re.match(r"[\w.:+/-]+\Z", text) and text not in JOINING else quoted(text)


def leaves(query: Query, *, negated: bool = False) -> Iterator[tuple[Everything | Words | Where, bool]]:
    """Yield what a query asks for, each with whether it is to be absent."""
    if isinstance(query, Not):
        yield from leaves(query.part, negated=not negated)
    elif isinstance(query, Both):
        for part in query.parts:
            yield from leaves(part, negated=negated)
    else:
        yield query, negated


def joined(how: Literal["AND", "OR"], parts: list[Query]) -> Query:
    """Return parts as one query; those joined the same way lose their brackets."""
    flat: list[Query] = []
    for part in parts:
        flat += part.parts if isinstance(part, Both) and part.joined == how else [part]
    return flat[0] if len(flat) == 1 else Both(how, tuple(flat))

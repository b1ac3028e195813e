"""Offsets of brat's mentions, settled by their surface texts: in any unit, with line ends of one or two characters.

brat counts code points of the text as it lies on the disk. Other tools count UTF-16 or bytes, read CRLF as one
character, or count a byte order mark; what their surface texts say, decides.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from tui_annotate.formats.brat.lines import Mention
from tui_annotate.formats.units import UNITS, Claim, Unit, from_points, settle, to_points

_MOST_BLANKS = 1000
"""White space that a surface text may leave out; what covers more of the text than that fits in no unit."""
Places = tuple[tuple[int, int], ...]


View = Literal["", "CRLF as one character", "the text without its byte order mark"]


@dataclass(frozen=True, slots=True)
class Found:
    """Where the mentions of a document stand, and how that was found out."""

    places: tuple[Places | None, ...]
    """Mention by mention; None where the text there is another."""
    unit: Unit
    view: View

    @property
    def note(self) -> str:
        """Return what the offsets count, where it is not what brat counts; empty otherwise."""
        counted = self.unit if self.unit != "code points" else ""
        return " and ".join(filter(None, (counted, self.view)))


def find(text: str, mentions: Sequence[Mention], *, has_mark: bool = False) -> Found:
    """Return the places of mentions in a text, in the unit and view of it in which most fit.

    Args:
        has_mark: A byte order mark stood before the text, which brat counts as a character.
    """
    best = _try(text, mentions, "", has_mark=has_mark)
    if None in best.places and "\r\n" in text:
        best = _better(best, _try(text, mentions, "CRLF as one character", has_mark=has_mark))
    if None in best.places and has_mark:
        best = _better(best, _try(text, mentions, "the text without its byte order mark"))
    return best


def _better(one: Found, other: Found) -> Found:
    return other if other.places.count(None) < one.places.count(None) else one


def _try(text: str, mentions: Sequence[Mention], view: View, *, has_mark: bool = False) -> Found:
    shown = text.replace("\r\n", "\n") if view == "CRLF as one character" else text
    removed = [at - number for number, at in enumerate(_carriage_returns(text))] if shown is not text else []
    shift = int(has_mark)
    claims = [claim for mention in mentions for claim in _claims(mention)]
    settled = settle("\ufeff" * shift + shown, claims, equal=alike)
    found: list[Places | None] = []
    at = 0
    for mention in mentions:
        pieces = settled.places[at : at + len(mention.fragments)]
        at += len(mention.fragments)
        known = [(piece[0] - shift, piece[1] - shift) for piece in pieces if piece is not None]
        if len(known) < len(pieces) or any(start < 0 for start, _ in known):
            found.append(None)
        else:
            found.append(tuple((_before(removed, start), _before(removed, end)) for start, end in known))
    return Found(tuple(found), settled.unit, view)


def _carriage_returns(text: str) -> list[int]:
    found, at = [], text.find("\r\n")
    while at >= 0:
        found.append(at)
        at = text.find("\r\n", at + 2)
    return found


def _before(removed: list[int], offset: int) -> int:
    """Return an offset with the characters counted that were removed before it."""
    return offset + bisect_right(removed, offset - 1)


def _claims(mention: Mention) -> list[Claim]:
    """Return what a mention claims of each piece; the surface text is theirs with a blank between.

    Where that does not fit the mention's own offsets, nothing can be right, and the claims are of nothing.
    """
    if mention.surface is None:
        return [Claim(start, end) for start, end in mention.fragments]
    if sum(end - start for start, end in mention.fragments) > 4 * len(mention.surface) + _MOST_BLANKS:
        return [Claim(0, 0)] * len(mention.fragments)
    if len(mention.fragments) == 1:
        return [Claim(*mention.fragments[0], mention.surface)]
    for unit in UNITS:
        pieces = _cut(mention.surface, [end - start for start, end in mention.fragments], unit)
        if pieces is not None:
            return [Claim(*place, piece) for place, piece in zip(mention.fragments, pieces, strict=True)]
    return [Claim(0, 0)] * len(mention.fragments)


def _cut(surface: str, lengths: Sequence[int], unit: Unit) -> list[str] | None:
    """Cut a surface text into pieces of such lengths with one blank between; None where it does not come out even."""
    pieces, at = [], 0
    for length in lengths:
        start, end = to_points(surface, at, unit), to_points(surface, at + length, unit)
        if start is None or end is None:
            return None
        pieces.append(surface[start:end])
        at += length + 1
    return pieces if at - 1 == from_points(surface, len(surface), unit) else None


def alike(found: str, said: str) -> bool:
    """Say whether two texts are equal but for white space: brat writes line breaks as blanks, others leave some out."""
    return found == said or found.split() == said.split()

"""Spans as JSON from outside states them: checked for being offsets at all, then settled by the texts they cover."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tui_annotate.domain.documents import Document
from tui_annotate.domain.spans import Span
from tui_annotate.errors import DataError
from tui_annotate.formats.jsonl.rows import Problems
from tui_annotate.formats.reducing import part_starts
from tui_annotate.formats.units import Claim, Unit, settle

_POINTS_OR_UTF16: tuple[Unit, ...] = ("code points", "UTF-16")


class Places:
    """Finds the parts of one document that stretches of its text lie in."""

    def __init__(self, document: Document) -> None:
        self._parts = document.parts
        self._starts = list(part_starts(document).values())

    def find(self, start: int, end: int) -> Span | None:
        """Return a stretch of the text as a span of a part; None where no part holds all of it."""
        at = bisect_right(self._starts, start) - 1
        if at < 0 or start >= end:
            return None
        part, begin = self._parts[at], self._starts[at]
        return Span(part.id, start - begin, end - begin) if end <= begin + len(part.text) else None


@dataclass(frozen=True, slots=True)
class Stated:
    """Where a file says that something stands."""

    field: str
    """What reports call it, e.g. `spans[3]`."""
    start: Any
    end: Any
    text: Any = None
    """What the file says stands there; None where it says nothing."""


def locate(
    text: str,
    stated: Sequence[Stated],
    problems: Problems,
    *,
    witnesses: Sequence[Claim] = (),
    units: Sequence[Unit] = _POINTS_OR_UTF16,
) -> list[tuple[int, int] | None]:
    """Return where each span stands, in code points; None, with the reason reported, for one that fits nowhere.

    Args:
        witnesses: What else the file places in this text, e.g. its tokens; they help to find the unit.
    """
    places: list[tuple[int, int] | None] = [None] * len(stated)
    sound = [at for at, one in enumerate(stated) if _is_sound(one, problems)]
    claims = [Claim(stated[at].start, stated[at].end, stated[at].text) for at in sound]
    settled = settle(text, [*claims, *witnesses], units=units)
    for at, place in zip(sound, settled.places, strict=False):
        places[at] = place
        if place is None:
            problems.append((stated[at].field, _misfit(text, stated[at], settled.unit)))
    return places


def pieces(given: Any, length: int) -> list[tuple[int, int]]:
    """Return the pieces of a span that a file lists; raises DataError for what is no list of places in the text."""
    if type(given) is not list or not given:
        raise DataError("`fragments` must be a list of [start, end]")
    found: list[tuple[int, int]] = []
    for piece in given:
        if type(piece) is not list or len(piece) != 2 or not all(type(edge) is int for edge in piece):
            raise DataError("`fragments` must be a list of [start, end]")
        if not 0 <= piece[0] < piece[1] <= length:
            raise DataError(f"the fragment [{piece[0]}, {piece[1]}) lies outside the text")
        found.append((piece[0], piece[1]))
    return found


def _is_sound(one: Stated, problems: Problems) -> bool:
    """Say whether offsets are whole numbers that do not run backwards, and report it when they are not."""
    reason = ""
    if type(one.start) is not int or type(one.end) is not int:
        reason = f"[{one.start!r}, {one.end!r}) are no whole numbers"
    elif not 0 <= one.start < one.end:
        reason = f"[{one.start}, {one.end}) is no span"
    elif one.text is not None and type(one.text) is not str:
        reason = f"`text` is {one.text!r}, no string"
    if reason:
        problems.append((one.field, f"{reason}; left out"))
    return not reason


def _misfit(text: str, one: Stated, unit: Unit) -> str:
    if one.text is not None and unit == "code points" and one.end <= len(text):
        return f"`text` is {one.text!r}, but [{one.start}, {one.end}) reads {text[one.start : one.end]!r}; left out"
    if one.end > len(text) + sum(character > "\uffff" for character in text):
        return f"[{one.start}, {one.end}) lies outside the text of {len(text)} characters; left out"
    return f"[{one.start}, {one.end}) fits {repr(one.text) if one.text else 'no characters'} in no unit; left out"

"""Which unit the offsets of a file count in: found out by the text that each span is said to cover.

Tools count code points, UTF-16 code units or UTF-8 bytes, and few say which. Beyond the first astral or
non-ASCII character the three differ, so a document's spans agree with their texts in the right one only.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate
from typing import Literal

Unit = Literal["code points", "UTF-16", "bytes"]
UNITS: tuple[Unit, ...] = ("code points", "UTF-16", "bytes")
"""In the order they are tried: where several agree, the earliest is taken."""


@dataclass(frozen=True, slots=True)
class Claim:
    """Offsets as a file has them, and the text it says is there."""

    start: int
    end: int
    surface: str | None = None
    """None where the file does not say; such a claim agrees wherever it lies inside the text."""


@dataclass(frozen=True, slots=True)
class Settled:
    """What the offsets of one text mean."""

    unit: Unit
    places: tuple[tuple[int, int] | None, ...]
    """Start and end in code points, claim by claim; None for one that does not agree in this unit."""
    is_proven: bool
    """More disagrees in every other unit; otherwise several fit alike, and the first of them was taken."""

    @property
    def agrees(self) -> bool:
        """Say whether every claim fits."""
        return None not in self.places


def same(found: str, said: str) -> bool:
    """Say whether two texts are equal."""
    return found == said


def settle(
    text: str,
    claims: Sequence[Claim],
    *,
    units: Sequence[Unit] = UNITS,
    equal: Callable[[str, str], bool] = same,
) -> Settled:
    """Return the unit in which all claims agree with the text, else the one in which most do.

    Args:
        units: What is tried, in order; where several fit alike the earliest is taken.
        equal: Compares the text found with the text said, for formats that write line breaks as blanks.
    """
    tried = [Settled(unit, _places(text, claims, unit, equal), False) for unit in _that_differ(text, units)]
    best = max(tried, key=lambda settled: len(claims) - settled.places.count(None))
    others = [settled for settled in tried if settled is not best]
    wrong = best.places.count(None)
    proven = bool(others) and all(other.places.count(None) > wrong for other in others)
    return Settled(best.unit, best.places, proven)


def to_points(text: str, offset: int, unit: Unit) -> int | None:
    """Return an offset in code points; None where it lies outside the text or inside a character."""
    if unit == "code points" or text.isascii():
        return offset if 0 <= offset <= len(text) else None
    ends = _ends(text, unit)
    at = bisect_left(ends, offset)
    return at if at < len(ends) and ends[at] == offset else None


def from_points(text: str, offset: int, unit: Unit) -> int:
    """Return what an offset in code points is in another unit; raises IndexError outside the text."""
    return offset if unit == "code points" or text.isascii() else _ends(text, unit)[offset]


def _that_differ(text: str, units: Sequence[Unit]) -> Sequence[Unit]:
    """Leave out units that count this text as an earlier one does."""
    if text.isascii():
        return units[:1]
    if _is_narrow(text):
        seen = [unit for unit in units if unit != "UTF-16" or "code points" not in units]
        return seen or units
    return units


@lru_cache(maxsize=8)
def _is_narrow(text: str) -> bool:
    """Say whether code points and UTF-16 count a text alike; asked again for each annotator of a document."""
    return max(text) < "\U00010000"


def _places(
    text: str, claims: Sequence[Claim], unit: Unit, equal: Callable[[str, str], bool]
) -> tuple[tuple[int, int] | None, ...]:
    places: list[tuple[int, int] | None] = []
    for claim in claims:
        start, end = to_points(text, claim.start, unit), to_points(text, claim.end, unit)
        fits = start is not None and end is not None and start < end
        if fits and claim.surface is not None:
            fits = equal(text[start:end], claim.surface)
        places.append((start, end) if fits and start is not None and end is not None else None)
    return tuple(places)


@lru_cache(maxsize=8)
def _ends(text: str, unit: Unit) -> tuple[int, ...]:
    """Return where each code point begins, and the whole length, in another unit."""
    if unit == "UTF-16":
        sizes = (2 if character > "\uffff" else 1 for character in text)
    else:
        sizes = (len(character.encode("utf-8", "surrogatepass")) for character in text)
    return (0, *accumulate(sizes))

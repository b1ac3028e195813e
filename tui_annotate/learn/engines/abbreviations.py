"""Abbreviations: what they stand for, found where a text writes `long form (SHORT)`.

After Schwartz and Hearst (2003), "A simple algorithm for identifying abbreviation definitions in biomedical text":
the letters of the short form are looked for from the right, and the first of them must begin a word. What is defined
once holds for all texts of the pool; of several long forms the most frequent wins.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

LONGEST = 10
"""Characters of a short form."""


class Abbreviations:
    """Collects definitions, a text at a time."""

    def __init__(self) -> None:
        self._met: dict[str, Counter[str]] = {}

    def read(self, tokens: Sequence[str]) -> None:
        """Take in the definitions in one text."""
        for place in range(2, len(tokens) - 1):
            short = tokens[place]
            if tokens[place - 1] == "(" and tokens[place + 1] in (")", ";", ",") and _is_short(short):
                width = 2 * most_words(short)
                long = long_form(short, tokens[max(0, place - 1 - width) : place - 1])
                if long:
                    self._met.setdefault(short, Counter())[" ".join(long).lower()] += 1

    def forms(self) -> dict[str, str]:
        """Return the long form of each short one, its tokens in lower case with blanks between."""
        return {short: min(longs, key=lambda form: (-longs[form], form)) for short, longs in self._met.items()}


def most_words(short: str) -> int:
    """Return how many words a long form may have at most."""
    return min(len(short) + 5, 2 * len(short))


def long_form(short: str, before: Sequence[str]) -> list[str]:
    """Return the tokens at the end of `before` that a short form stands for; empty where its letters are not found."""
    text = " ".join(before)
    at = len(text)
    for place in range(len(short) - 1, -1, -1):
        letter = short[place].lower()
        if not letter.isalnum():
            continue
        at -= 1
        while at >= 0 and (text[at].lower() != letter or (place == 0 and at > 0 and text[at - 1].isalnum())):
            at -= 1
        if at < 0:
            return []
    found = text[text.rfind(" ", 0, at + 1) + 1 :].split(" ")
    fits = len(found) <= most_words(short) and len(" ".join(found)) > len(short) and short not in found
    return found if fits else []


def names(long: str) -> Iterable[str]:
    """Return what the CRF sees of a word's long form: that there is one, its first and last word, the last's end."""
    first, _, _ = long.partition(" ")
    last = long.rpartition(" ")[2]
    return ("lf", f"lf1={first}", f"lf9={last}", f"lfx3{last[-3:]}", f"lfx4{last[-4:]}")


def _is_short(token: str) -> bool:
    return 2 <= len(token) <= LONGEST and token[0].isalnum() and any(c.isupper() for c in token)

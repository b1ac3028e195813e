"""JSON as it is written: cut into pieces, so that one can change while the others keep every byte."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

_BLANKS = re.compile(r"[ \t\n\r]*")
_FIRST_MARKS = re.compile(r'"(?:[^"\\]|\\.)*"[ \t\n\r]*:( ?)|,( ?)(?=["{\[])', re.DOTALL)
_decode = json.JSONDecoder().raw_decode


@dataclass(frozen=True, slots=True)
class Piece:
    """A member of an object, or an element of a list, where it stands in the text."""

    key: str
    """Empty for an element."""
    start: int
    value_at: int
    end: int
    value: Any
    lead: str
    """Blanks before it."""
    trail: str
    """Blanks after it, before the comma or the bracket."""


class JsonText:
    """A JSON text that is known to be sound."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.start = _blanks(text, 0)
        self._escapes = text.isascii() and "\\u" in text
        colon, comma = "", ""
        for match in list(_FIRST_MARKS.finditer(text, 0, 400)):
            colon = colon or match.group(1) or ""
            comma = comma or match.group(2) or ""
        self._separators = (f",{comma or colon}", f":{colon}")

    def written(self, value: Any) -> str:
        """Return a value spelled as the rest of the text is: blanks after marks, and escapes, or none."""
        return json.dumps(value, ensure_ascii=self._escapes, separators=self._separators)

    def member(self, key: str, value: str) -> str:
        """Return a member of an object, its value spelled already."""
        return f"{self.written(key)}{self._separators[1]}{value}"

    def raw(self, piece: Piece) -> str:
        """Return a piece as it stands."""
        return self.text[piece.start : piece.end]

    def with_value(self, piece: Piece, value: str) -> str:
        """Return a member as it stands, with another value."""
        return self.text[piece.start : piece.value_at] + value

    def whole(self, body: str, pieces: Sequence[Piece]) -> str:
        """Return the whole text with another body, and what stands around it."""
        end = pieces[-1].end + len(pieces[-1].trail) if pieces else _blanks(self.text, self.start + 1)
        return self.text[: self.start] + body + self.text[end + 1 :]

    def pieces(self, at: int) -> list[Piece]:
        """Return the members or elements of the object or list that begins at an offset."""
        text = self.text
        found: list[Piece] = []
        in_object = text[at] == "{"
        at += 1
        while True:
            start = _blanks(text, at)
            if text[start] in "}]":
                return found
            key, value_at = "", start
            if in_object:
                key, colon = _decode(text, start)
                value_at = _blanks(text, _blanks(text, colon) + 1)
            value, end = _decode(text, value_at)
            after = _blanks(text, end)
            found.append(Piece(key, start, value_at, end, value, text[at:start], text[end:after]))
            if text[after] in "}]":
                return found
            at = after + 1

    def joined(self, brackets: str, pieces: Sequence[Piece], parts: Sequence[tuple[Piece | None, str]]) -> str:
        """Return an object or list of other parts, each in the blanks of its old piece, or in those of its neighbours.

        Args:
            pieces: What it held.
            parts: What it is to hold: the piece that each was, None for a new one, and how it is spelled.
        """
        if not parts:
            return brackets
        usual = pieces[-1].lead if pieces else ""
        leads = [usual if piece is None else piece.lead for piece, _ in parts]
        trails = ["" if piece is None else piece.trail for piece, _ in parts]
        if pieces:
            leads[0], trails[-1] = pieces[0].lead, pieces[-1].trail
            if parts[-1][0] is not pieces[-1]:
                trails[:-1] = ["" if trail == trails[-1] else trail for trail in trails[:-1]]
        else:
            leads[1:] = [self._separators[0][1:]] * (len(parts) - 1)
        spelled = [f"{lead}{body}{trail}" for lead, (_, body), trail in zip(leads, parts, trails, strict=True)]
        return brackets[0] + ",".join(spelled) + brackets[1]


def _blanks(text: str, at: int) -> int:
    match = _BLANKS.match(text, at)
    assert match is not None
    return match.end()

"""The one grammar of searches: text to tree, in one pass, with errors that name the column.

Free words and `"phrases"`, `word*` and `"phrase"*`, `*`, `field:value` (`query_fields.FIELDS`), ranges `[2 TO *]` and
`{2 TO 5}`, `<` and `>`, AND OR NOT and their signs `&& || - ! +`, brackets, `\\` before what is meant literally. Words
side by side are joined by AND, which binds closer than OR.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from difflib import get_close_matches
from math import isfinite

from tui_annotate.domain import query_dates
from tui_annotate.domain.query_fields import ALSO, COUNT, FIELDS, Field
from tui_annotate.domain.query_tree import Bounds, Everything, Like, Not, Query, Where, Words, joined
from tui_annotate.errors import QueryError

__all__ = ["DEEPEST", "LONGEST", "MOST", "Query", "parse"]

DEEPEST = 50
"""Brackets inside one another."""
LONGEST = 20_000
"""Characters of a query."""
MOST = 500
"""Words, phrases and fields of a query."""
LONGEST_PHRASE = 100
"""Words of a phrase, or signs of a script without blanks: the index holds each against all places of the others."""
_NAME_OF_A_FILE = re.compile(r"\*[\w.-]*\.\w{1,8}", re.ASCII)
_NAME = 60
"""Characters of a wrong name that the right ones are compared with."""
_SPECIAL = frozenset('()"')
_SIGNS = {"-": True, "!": True, "+": False}
"""Signs before a term, and whether each negates it."""
_SOME_TIME = datetime(2000, 1, 1, tzinfo=UTC)
"""For checking dates whose now comes later."""


def parse(text: str) -> Query:
    """Return what a query asks for.

    Raises:
        QueryError: It cannot be understood; `column` says where.
    """
    if len(text) > LONGEST:
        raise QueryError(f"a query has {LONGEST:,} characters at most.", column=LONGEST + 1, query=text[:LONGEST])
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise QueryError("half a character stands here.", column=error.start + 1, query=text) from None
    return _Parser(text).whole()


class _Parser:
    """Goes through one query from left to right."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.depth = 0
        self.count = 0

    def whole(self) -> Query:
        """Parse everything there is."""
        self._skip()
        if self.at == len(self.text):
            raise self._error("there is nothing to search for.", self.at, hint="Give some words; * finds everything.")
        found = self._either(None)
        if self.at < len(self.text):
            raise self._error("a ) without a ( before it.", self.at)
        return found

    def _either(self, inside: _Open | None) -> Query:
        parts = [self._all(inside)]
        while self._takes("OR", "||"):
            parts.append(self._all(inside))
        return joined("OR", parts)

    def _all(self, inside: _Open | None) -> Query:
        parts = [self._term(inside)]
        while True:
            explicit = self._takes("AND", "&&")
            if not explicit and (self._ends() or self._is_next("OR", "||")):
                return joined("AND", parts)
            parts.append(self._term(inside))

    def _term(self, inside: _Open | None) -> Query:
        """Parse one term with the signs before it."""
        negated = False
        while True:
            self._skip()
            sign = self.text[self.at : self.at + 1]
            if self._takes("NOT"):
                negated = not negated
            elif sign in _SIGNS and sign:
                self.at += 1
                if self.text[self.at : self.at + 1].isspace() or self._ends():
                    raise self._error(
                        f"{sign} stands alone.", self.at - 1, hint=f'To find it in text, quote it: "{sign}".'
                    )
                negated ^= _SIGNS[sign]
            else:
                break
        found = self._primary(inside)
        if not negated:
            return found
        return found.part if isinstance(found, Not) else Not(found)

    def _primary(self, inside: _Open | None) -> Query:
        self._skip()
        if self._ends() or self._is_next("AND", "&&", "OR", "||"):
            raise self._error("a word, a phrase or a field is expected here.", self.at)
        if self.text[self.at] == "(":
            return self._bracket(inside)
        self.count += 1
        if self.count > MOST:
            raise self._error(f"a query has {MOST} words and fields at most.", self.at)
        if inside is not None:
            return inside.closed(self, self.at)
        if self.text[self.at] == '"':
            begin, text = self.at, self._quoted()
            goes_on = self.text[self.at : self.at + 1] == "*"
            self.at += goes_on
            return self._words(text, goes_on, begin)
        return self._word()

    def _bracket(self, inside: _Open | None) -> Query:
        begin = self.at
        self.depth += 1
        if self.depth > DEEPEST:
            raise self._error(f"brackets stand inside one another {DEEPEST} deep at most.", begin)
        self.at += 1
        found = self._either(inside)
        self._skip()
        if self.text[self.at : self.at + 1] != ")":
            raise self._error("this ( is not closed.", begin, hint="Add a ) behind it.")
        self.at += 1
        self.depth -= 1
        return found

    def _word(self) -> Query:
        """Parse a bare word, or the field that it turns out to name."""
        begin = self.at
        letters: list[str] = []
        stars: list[int] = []
        seen_colon = False
        while self.at < len(self.text):
            letter = self.text[self.at]
            if letter.isspace() or letter in _SPECIAL:
                break
            if letter == ":" and letters and not seen_colon:
                seen_colon = True
                if not letters[0].isdigit() and self._is_name(begin):
                    return self._field(begin, self.text[begin : self.at])
            if letter == "*":
                stars.append(self.at)
            letters.append(self._letter())
        text = "".join(letters)
        if stars and text == "*":
            return Everything()
        if stars and (len(stars) > 1 or stars[0] != self.at - 1):
            if _NAME_OF_A_FILE.fullmatch(text):
                # tagtog's scripts ask for `*.txt`, which no word of a text is.
                return Where("filename", (Like(self.text[begin : self.at]),), begin + 1, (begin + 1,))
            raise self._error("a * in text stands at the end of a word.", stars[0], hint="Escape it, \\*, to mean it.")
        return self._words(text[:-1] if stars else text, bool(stars), begin)

    def _words(self, text: str, prefix: bool, begin: int) -> Words:
        if len(text.split()) + sum(letter > "\u2e80" for letter in text) > LONGEST_PHRASE:
            raise self._error(f"a phrase has {LONGEST_PHRASE} words at most.", begin, hint="Its beginning will do.")
        return Words(text, prefix, begin + 1)

    def _is_name(self, begin: int) -> bool:
        name = self.text[begin : self.at]
        return name.replace("_", "a").replace("-", "a").replace(".", "a").isalnum()

    def _field(self, begin: int, name: str) -> Query:
        """Parse what stands behind `name:`; the position is on the colon."""
        lower = name.lower()
        self.at += 1
        if lower.startswith(COUNT) and len(name) > len(COUNT):
            of = Like(name[len(COUNT) :])
            return _Open(FIELDS["count"], begin, (of,), (begin + len(COUNT) + 1,)).more(self)
        field = FIELDS.get(ALSO.get(lower, lower))
        if field is None:
            near = get_close_matches(lower[:_NAME], [*FIELDS, *ALSO, COUNT + "e_1"], n=1)
            meant = f"Did you mean {near[0]}:?" if near else f"There are {', '.join(FIELDS)}."
            raise self._error(f"there is no field {name[:40]}.", begin, hint=f"{meant} In text a colon needs quotes.")
        return _Open(field, begin).more(self)

    # Small steps

    def _skip(self) -> None:
        while self.at < len(self.text) and self.text[self.at].isspace():
            self.at += 1

    def _ends(self) -> bool:
        self._skip()
        return self.at == len(self.text) or self.text[self.at] == ")"

    def _is_next(self, *joints: str) -> str:
        """Return which of some joints comes next, empty for none; words have to end there."""
        self._skip()
        for joint in joints:
            if self.text.startswith(joint, self.at):
                behind = self.text[self.at + len(joint) : self.at + len(joint) + 1]
                if not joint.isalpha() or not behind or behind.isspace() or behind in _SPECIAL:
                    return joint
        return ""

    def _takes(self, *joints: str) -> bool:
        found = self._is_next(*joints)
        self.at += len(found)
        return bool(found)

    def _letter(self) -> str:
        """Take one character, or the one behind a backslash."""
        letter = self.text[self.at]
        self.at += 1
        if letter != "\\":
            return letter
        if self.at == len(self.text):
            raise self._error("a \\ at the end stands before nothing.", self.at - 1, hint="\\\\ means a \\ itself.")
        self.at += 1
        return self.text[self.at - 1]

    def _quoted(self) -> str:
        begin = self.at
        self.at += 1
        letters: list[str] = []
        while self.at < len(self.text):
            if self.text[self.at] == '"':
                self.at += 1
                return "".join(letters)
            letters.append(self._letter())
        raise self._error("this quote is not closed.", begin, hint='Add a " behind it.')

    def _error(self, message: str, at: int, *, hint: str = "") -> QueryError:
        return QueryError(message, column=at + 1, query=self.text, hint=hint)


class _Open:
    """A field whose values are still coming; `label:urgent:(true OR false)` has several endings."""

    def __init__(
        self, field: Field, begin: int, values: tuple[Like | Bounds, ...] = (), columns: tuple[int, ...] = ()
    ) -> None:
        self.field = field
        self.begin = begin
        self.values = values
        self.columns = columns

    def more(self, parser: _Parser) -> Query:
        """Parse the next value, or a bracket of them."""
        if parser.text[parser.at : parser.at + 1] == "(":
            return parser._bracket(self)
        return self.closed(parser, parser.at)

    def closed(self, parser: _Parser, at: int) -> Query:
        """Parse the values from here to the end of the field."""
        value = self._value(parser)
        after = _Open(self.field, self.begin, (*self.values, value), (*self.columns, at + 1))
        if len(after.values) < self.field.values[1] and parser.text[parser.at : parser.at + 1] == ":":
            parser.at += 1
            return after.more(parser)
        if len(after.values) < self.field.values[0]:
            raise parser._error(f"{self.field.name}: is written {self.field.name}:{self.field.takes}.", parser.at)
        return Where(self.field.name, after.values, self.begin + 1, after.columns)

    def _value(self, parser: _Parser) -> Like | Bounds:
        begin = parser.at
        next = parser.text[begin : begin + 1]
        is_last = len(self.values) + 1 == self.field.values[1]
        kind = self.field.kind if is_last else "text"
        if not next or next.isspace() or next in ")":
            raise parser._error(f"{self.field.name}: is written {self.field.name}:{self.field.takes}.", begin)
        if kind in ("date", "number"):
            if next in "[{":
                return self._range(parser)
            if next in "<>":
                return self._compared(parser)
        if next == '"':
            text = parser._quoted().replace("\\", "\\\\").replace("*", "\\*")
        else:
            text = self._bare(parser, colons=is_last)
        return self._checked(parser, Like(text), begin, kind)

    def _bare(self, parser: _Parser, *, colons: bool) -> str:
        letters: list[str] = []
        while parser.at < len(parser.text):
            letter = parser.text[parser.at]
            if letter.isspace() or letter in _SPECIAL or (letter == ":" and not colons):
                break
            taken = parser._letter()
            letters.append("\\" + taken if letter == "\\" and taken in "\\*" else taken)
        return "".join(letters)

    def _checked(self, parser: _Parser, value: Like, begin: int, kind: str) -> Like | Bounds:
        """Return a value as its field has it; raises QueryError where that is none."""
        field = self.field
        if kind == "words":
            for word in field.words:
                if value.plain.lower().replace(" ", "_") == word.lower():
                    return Like(word)
            near = get_close_matches(value.plain.lower()[:_NAME], field.words, n=1)
            hint = f"Did you mean {near[0]}?" if near else ""
            raise parser._error(f"{field.name}: takes {', '.join(field.words)}.", begin, hint=hint)
        if kind == "number":
            if value.is_any:
                return Bounds()
            self._check_end(parser, value.plain, begin)
            return Bounds(value.plain, value.plain)
        if kind == "date" and not value.is_any:
            self._check_end(parser, value.plain, begin)
        return value

    def _compared(self, parser: _Parser) -> Bounds:
        sign = parser.text[parser.at]
        parser.at += 1
        inclusive = parser.text[parser.at : parser.at + 1] == "="
        parser.at += inclusive
        begin = parser.at
        text = parser._quoted() if parser.text[begin : begin + 1] == '"' else self._bare(parser, colons=True)
        self._check_end(parser, text, begin)
        return Bounds(low=text, with_low=inclusive) if sign == ">" else Bounds(high=text, with_high=inclusive)

    def _range(self, parser: _Parser) -> Bounds:
        begin = parser.at
        parser.at += 1
        low = self._range_end(parser)
        if not parser._takes("TO"):
            raise parser._error("TO is expected here.", parser.at, hint="A range is written [2 TO 5] or [2 TO *].")
        high = self._range_end(parser)
        parser._skip()
        closes = parser.text[parser.at : parser.at + 1]
        if not closes or closes not in "]}":
            raise parser._error("this range is not closed.", begin, hint="Add a ] behind it.")
        parser.at += 1
        return Bounds(low, high, parser.text[begin] == "[" or not low, closes == "]" or not high)

    def _range_end(self, parser: _Parser) -> str:
        parser._skip()
        begin = parser.at
        if parser.text[begin : begin + 1] == '"':
            text = parser._quoted()
        else:
            while parser.at < len(parser.text) and not (
                parser.text[parser.at].isspace() or parser.text[parser.at] in "]}"
            ):
                parser.at += 1
            text = parser.text[begin : parser.at]
            if text == "*":
                return ""
        self._check_end(parser, text, begin)
        return text

    def _check_end(self, parser: _Parser, text: str, begin: int) -> None:
        """Raise QueryError where a number or date is none."""
        try:
            if self.field.kind == "date":
                query_dates.interval(text, _SOME_TIME)
            elif not isfinite(float(text)) or "_" in text:
                raise ValueError(text)
        except ValueError:
            expected = query_dates.EXPECTED if self.field.kind == "date" else "a number"
            said = f"{text[:40]!r} is not {expected}." if text else f"{expected} is expected here."
            raise parser._error(said, begin) from None

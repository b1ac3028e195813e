"""Sentences of CoNLL-U: rows of ten columns, words that share a token of the text, and the white space between.

The text is put together from `SpaceAfter=No`, `SpacesAfter` and `SpacesBefore` (their escapes are UDPipe's), or is that
of `# text` where these are not used. Where nothing says otherwise, a blank stands after a token and an empty line
before a paragraph.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from tui_annotate.formats.column_text import locate
from tui_annotate.formats.flat import whole

COLUMNS = 10
FORM, MISC = 1, 9
_ID = re.compile(r"(\d+)(?:([-.])(\d+))?")
_ESCAPES = {"s": " ", "t": "\t", "r": "\r", "n": "\n", "p": "|", "\\": "\\"}
_UNESCAPE = re.compile(r"\\(?:u((?![dD][89a-fA-F])[0-9a-fA-F]{4})|(.))", re.DOTALL)
_ESCAPE = re.compile(r"[\\|\s]")
_NAMES = {character: f"\\{letter}" for letter, character in _ESCAPES.items()}
_GAPS = ("SpaceAfter", "SpacesAfter", "SpacesBefore")


@dataclass(slots=True)
class Unit:
    """A token of the text: one word, or several words that share it."""

    row: int
    """The row that says its form and the white space after it."""
    words: list[int]
    """Rows of its words."""
    start: int = 0
    end: int = 0


@dataclass(slots=True)
class Sentence:
    """One block of a file."""

    line: int
    comments: list[str] = field(default_factory=list)
    rows: list[list[str]] = field(default_factory=list)
    """Ten columns each, or more where the file has more."""
    units: list[Unit] = field(default_factory=list)
    problems: list[tuple[int, str, str]] = field(default_factory=list)
    """(line, field, reason) of what was repaired."""

    def comment(self, key: str) -> str | None:
        """Return the value of `# key = value`, empty for `# key`; None where it is missing."""
        for line in self.comments:
            name, equals, value = line.removeprefix("#").partition("=")
            if name.strip() == key:
                return value.removeprefix(" ") if equals else ""
        return None

    @property
    def begins_document(self) -> bool:
        """Say whether a comment says that a document begins here."""
        return any(re.match(r"#\s*newdoc\b", line) for line in self.comments)

    @property
    def begins_paragraph(self) -> bool:
        """Say whether a comment says that a paragraph begins here."""
        return any(re.match(r"#\s*newpar\b", line) for line in self.comments)


def sentences(lines: Iterable[tuple[int, str]]) -> Iterator[Sentence]:
    """Yield sentences from numbered lines."""
    held: Sentence | None = None
    for number, line in lines:
        if not line.strip(" \t"):
            if held is not None:
                yield _finished(held)
            held = None
            continue
        held = held or Sentence(number)
        if line.startswith("#"):
            held.comments.append(line)
        else:
            _add_row(held, line, number)
    if held is not None:
        yield _finished(held)


def _add_row(sentence: Sentence, line: str, number: int) -> None:
    row = line.split("\t")
    if len(row) < 2:
        row = line.split()
    if len(row) < 2 or not _ID.fullmatch(row[0]):
        reason = "has no number and form, as ID and FORM of ten columns between tabs; the row was left out"
        sentence.problems.append((number, "ID", reason))
        return
    if len(row) < COLUMNS:
        sentence.problems.append((number, "columns", f"are {len(row)}, not {COLUMNS}; the others were taken as `_`"))
        row += ["_"] * (COLUMNS - len(row))
    if not row[FORM].strip():
        sentence.problems.append((number, "FORM", "is empty; the row was left out"))
        return
    row[FORM] = row[FORM].strip()
    sentence.rows.append(row)


def _finished(sentence: Sentence) -> Sentence:
    """Tell which rows are tokens of the text: words outside of ranges, and ranges; no empty nodes."""
    until = 0
    for at, row in enumerate(sentence.rows):
        match = _ID.fullmatch(row[0])
        if match is None or match.group(2) == ".":
            continue
        number = int(match.group(1)[:9])
        if match.group(2) == "-":
            until = int(match.group(3)[:9])
            sentence.units.append(Unit(at, []))
        elif number <= until and sentence.units:
            sentence.units[-1].words.append(at)
        else:
            sentence.units.append(Unit(at, [at]))
    return sentence


def misc(row: Sequence[str]) -> dict[str, str]:
    """Return what the last column says, by key."""
    if row[MISC] == "_":
        return {}
    return dict(_pair(piece) for piece in row[MISC].split("|"))


def _pair(piece: str) -> tuple[str, str]:
    key, _, value = piece.partition("=")
    return key, value


def place(found: Sequence[Sentence]) -> str:
    """Return the text of a document's sentences; their units learn where they stand in it."""
    pieces: list[str] = []
    at = 0
    for number, sentence in enumerate(found):
        following = found[number + 1] if number + 1 < len(found) else None
        piece = _piece(sentence, at, "" if following is None else "\n\n" if following.begins_paragraph else " ")
        pieces.append(piece)
        at += len(piece)
    return "".join(pieces)


def _piece(sentence: Sentence, at: int, default: str) -> str:
    """Return a sentence's text with the white space after it, and set its units' places from `at` on."""
    said = [misc(sentence.rows[unit.row]) for unit in sentence.units]
    last = _after(said[-1], default) if said else ""
    forms = [sentence.rows[unit.row][FORM] for unit in sentence.units]
    given = sentence.comment("text")
    exact = not said or any("SpacesAfter" in one or "SpacesBefore" in one for one in said[:-1])
    exact |= bool(said) and "SpacesBefore" in said[-1]
    if given is not None and not exact:
        places = locate(given, forms)
        if places is not None:
            for unit, (start, end) in zip(sentence.units, places, strict=True):
                unit.start, unit.end = at + start, at + end
            return given.rstrip() + last
        sentence.problems.append((sentence.line, "text", "does not read as the forms do; put together from them"))
    pieces: list[str] = []
    for index, (unit, form, one) in enumerate(zip(sentence.units, forms, said, strict=True)):
        before = unescaped(one.get("SpacesBefore", ""))
        unit.start = at + len(before)
        unit.end = unit.start + len(form)
        after = last if index == len(said) - 1 else _after(one, " ")
        at = unit.end + len(after)
        pieces += (before, form, after)
    return "".join(pieces)


def _after(said: dict[str, str], default: str) -> str:
    spaces = unescaped(said["SpacesAfter"]) if "SpacesAfter" in said else None
    if spaces is not None and not spaces.strip():
        return spaces
    return "" if said.get("SpaceAfter") == "No" else default


def gap_keys(gap: str, default: str) -> dict[str, str]:
    """Return the keys that say which white space stands after a token; none where it is as expected."""
    if gap == default:
        return {}
    return {"SpaceAfter": "No"} if not gap else {"SpacesAfter": escaped(gap)}


def escaped(text: str) -> str:
    """Return a text as a value of the last column, without blanks and bars."""
    return _ESCAPE.sub(lambda match: _NAMES.get(match.group(), f"\\u{ord(match.group()):04x}"), text)


def unescaped(text: str) -> str:
    """Undo `escaped`; a backslash that escapes nothing stays."""
    if "\\" not in text:
        return text
    return whole(
        _UNESCAPE.sub(lambda m: chr(int(m.group(1), 16)) if m.group(1) else _ESCAPES.get(m.group(2), m.group()), text)
    )

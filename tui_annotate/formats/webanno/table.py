"""Tables of WebAnno TSV 3: layers in the header, sentences with their texts, and a row per token and part of a token.

The text is put together as INCEpTION does it: from the sentences, at the offsets of their first tokens. Offsets count
UTF-16; where the tokens say otherwise, code points or bytes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

from tui_annotate.errors import DataError
from tui_annotate.formats.flat import whole
from tui_annotate.formats.units import Unit, to_points

MARK = "#FORMAT=WebAnno TSV 3"
_LAYER = re.compile(r"#T_(SP|CH|RL)=(.*)")
_VERSION = re.compile(r"#FORMAT=WebAnno TSV 3\.(\d+)")
_TEXT_ESCAPE = re.compile(r"[\x00-\x08\x09\x0a\x0c-\x1f\\]")
_TEXT_UNESCAPE = re.compile(r"\\([\x00-\x08\x0e-\x1ftnfrb\\])")
_JAVA_UNESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|([tnfrb\\\"'/]))")
_LETTERS = {"\t": "t", "\n": "n", "\f": "f", "\r": "r", "\b": "b"}
_VALUE_ESCAPE = re.compile(r"->|[\\\[\]|_;\t\n*]")
_VALUE_UNESCAPE = re.compile(r"\\(->|[\\\[\]|_;tn*])")
_PIECES = re.compile(r"\\.|[^|;\\]+|[|;]|\\$", re.DOTALL)
_UNITS: tuple[Unit, ...] = ("UTF-16", "code points", "bytes")
_WIDEST_GAP = 100_000
"""Characters between two sentences; what leaves more has no offsets into this text."""


@dataclass(frozen=True, slots=True)
class Layer:
    """A layer of the header."""

    kind: Literal["SP", "CH", "RL"]
    name: str
    features: tuple[str, ...]
    """As declared; none where the layer has one column without a value."""
    first: int
    """Its first column."""

    @property
    def width(self) -> int:
        """Return how many columns it has."""
        return max(len(self.features), 1)

    @property
    def short(self) -> str:
        """Return the last part of its name."""
        return self.name.rpartition(".")[2].strip() or self.name.strip() or "layer"


@dataclass(slots=True)
class Row:
    """A token, or a part of one, with its columns."""

    line: int
    id: str
    begin: int
    end: int
    form: str
    cells: list[str]
    start: int = 0
    stop: int = 0
    """Its place in the text, in code points; nothing where it has none."""

    @property
    def is_part(self) -> bool:
        """Say whether it is a part of a token."""
        return "." in self.id


@dataclass(slots=True)
class Sentence:
    """A block of rows and the lines before them."""

    line: int
    headers: list[str] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)


@dataclass(slots=True)
class Table:
    """A whole file."""

    version: int
    layers: list[Layer] = field(default_factory=list)
    sentences: list[Sentence] = field(default_factory=list)
    problems: list[tuple[int, str, str]] = field(default_factory=list)
    """(line, field, reason) of what was left out."""
    text: str = ""
    unit: Unit = "UTF-16"

    @property
    def rows(self) -> Iterator[Row]:
        """Yield all rows."""
        for sentence in self.sentences:
            yield from sentence.rows


def parse(content: str) -> Table:
    """Return a file's table with its text; raises DataError when it is none of WebAnno TSV 3."""
    lines = [line.removesuffix("\r") for line in content.split("\n")]
    match = _VERSION.match(lines[0])
    if match is None:
        raise DataError(f"does not begin with {MARK}")
    table = Table(int(match.group(1)[:3]))
    at = 1
    while at < len(lines) and (layer := _LAYER.fullmatch(lines[at])):
        fields = [piece for piece in layer.group(2).split("|") if piece]
        first = table.layers[-1].first + table.layers[-1].width if table.layers else 0
        kind: Literal["SP", "CH", "RL"] = layer.group(1)  # type: ignore[assignment]
        table.layers.append(Layer(kind, fields[0] if fields else "", tuple(fields[1:]), first))
        at += 1
    width = sum(layer.width for layer in table.layers)
    _sentences(table, enumerate(lines[at:], at + 1), width)
    _place(table)
    return table


def _sentences(table: Table, lines: Iterable[tuple[int, str]], width: int) -> None:
    held: Sentence | None = None
    for number, line in lines:
        if not line.strip(" "):
            held = None
            continue
        is_header = line.startswith("#") and (held is None or not held.rows)
        if held is None:
            held = Sentence(number)
            table.sentences.append(held)
        if is_header:
            held.headers.append(line)
            continue
        row = _row(line, number, width)
        if row is None:
            reason = (
                f"is no row: a number as 1-1, offsets as 0-4, the token, and {width} columns between tabs; left out"
            )
            table.problems.append((number, "", reason))
        else:
            held.rows.append(row)


def _row(line: str, number: int, width: int) -> Row | None:
    fields = line.split("\t")
    if len(fields) < 3 + width or not re.fullmatch(r"\d{1,9}-\d{1,9}(\.\d{1,9})?", fields[0]):
        return None
    begin, dash, end = fields[1].partition("-")
    if not (dash and begin.isdecimal() and end.isdecimal() and len(begin) < 10 and len(end) < 10):
        return None
    return Row(number, fields[0], int(begin), int(end), fields[2], fields[3 : 3 + width])


def _place(table: Table) -> None:
    """Find the unit in which all tokens read as they say, and put text and places together in it."""
    tried = []
    for unit in _UNITS:
        wrong = _assemble(table, unit)
        tried.append((len(wrong), unit))
        if not wrong:
            table.unit = unit
            return
    table.unit = min(tried, key=lambda pair: pair[0])[1]
    wrong = _assemble(table, table.unit)
    for row in wrong[:20]:
        there = table.text[row.start : row.stop]
        reason = (
            f"says {row.form[:40]!r}, but the text there reads {there[:40]!r}; what is annotated there was left out"
        )
        table.problems.append((row.line, row.id, reason))
        row.start = row.stop = 0
    for row in wrong[20:]:
        row.start = row.stop = 0
    if len(wrong) > 20:
        table.problems.append((wrong[20].line, "offsets", f"of {len(wrong) - 20} more tokens do not fit the text"))


def _assemble(table: Table, unit: Unit) -> list[Row]:
    """Put the text together as if offsets were of one unit; return the rows that then read otherwise than they say."""
    pieces: list[str] = []
    at, size = 0, 0
    wrong: list[Row] = []
    for number, sentence in enumerate(table.sentences):
        text = sentence_text(sentence, table.version)
        if sentence.rows:
            begin = sentence.rows[0].begin - _lead(text, sentence.rows[0].form)
            # A line break stands between sentences, and is taken back where the offsets leave no room for it.
            gap = "" if begin <= size else "\n" if number else " "
            gap += " " * min(begin - size - 1, _WIDEST_GAP) if gap else ""
        else:
            begin, gap = size + 1, "\n" if number else ""
        pieces += (gap, text)
        at += len(gap)
        size += len(gap)
        for row in sentence.rows:
            start, stop = to_points(text, row.begin - begin, unit), to_points(text, row.end - begin, unit)
            fits = start is not None and stop is not None and start < stop
            row.start, row.stop = at + (start or 0), at + (stop or 0)
            if not (fits and _reads(row.form, text[start:stop])):
                wrong.append(row)
        at += len(text)
        size += _size(text, unit)
    table.text = "".join(pieces)
    return wrong


def _lead(text: str, form: str) -> int:
    """Return how many blanks stand before the first token in a sentence's text; INCEpTION writes none."""
    lead = len(text) - len(text.lstrip(" "))
    return lead if lead and text.startswith(form, lead) and not form.startswith(" ") else 0


def _reads(form: str, there: str) -> bool:
    return form == there or unescape_text(form) == there or form.split() == there.split()


def _size(text: str, unit: Unit) -> int:
    if unit == "code points" or text.isascii():
        return len(text)
    if unit == "UTF-16":
        return len(text) + sum(character > "\uffff" for character in text)
    return len(text.encode("utf-8", "surrogatepass"))


def sentence_text(sentence: Sentence, version: int) -> str:
    """Return the text of a sentence: its `#Text=` lines, a line break between them."""
    lines = [line.removeprefix("#Text=") for line in sentence.headers if line.startswith("#Text=")]
    return "\n".join(unescape_text(line, version) for line in lines)


def escape_text(text: str) -> str:
    """Return a line of text as `#Text=` has it."""
    return _TEXT_ESCAPE.sub(lambda match: f"\\{_LETTERS.get(match.group(), match.group())}", text)


def unescape_text(text: str, version: int = 3) -> str:
    """Undo `escape_text`; versions before 3.2 escaped as Java does."""
    letters = {letter: character for character, letter in _LETTERS.items()}
    if version < 2:
        return whole(
            _JAVA_UNESCAPE.sub(
                lambda m: chr(int(m.group(1), 16)) if m.group(1) else letters.get(m.group(2), m.group(2)), text
            )
        )
    return _TEXT_UNESCAPE.sub(lambda match: letters.get(match.group(1), match.group(1)), text)


def escape_value(value: str) -> str:
    """Return a value as a column has it."""
    shown = value.replace("\r\n", "\n").replace("\r", "\n")
    return _VALUE_ESCAPE.sub(lambda match: f"\\{_LETTERS.get(match.group(), match.group())}", shown)


def unescape_value(value: str) -> str:
    """Undo `escape_value`."""
    return _VALUE_UNESCAPE.sub(lambda match: {"t": "\t", "n": "\n"}.get(match.group(1), match.group(1)), value)


def pieces(cell: str, separator: str) -> Sequence[str]:
    """Cut a column at `|` or `;` where they are not escaped."""
    if separator not in cell:
        return [cell]
    found = [""]
    for piece in _PIECES.findall(cell):
        if piece == separator:
            found.append("")
        else:
            found[-1] += piece
    return found


def numbered(value: str) -> tuple[str, str]:
    """Cut the number in brackets off a value; empty where it has none."""
    if value.endswith("]") and not value.endswith("\\]") and "[" in value:
        head, _, tail = value.rpartition("[")
        return head, tail.removesuffix("]")
    return value, ""

"""Files of patterns: Prodigy's and spaCy's JSONL, word lists as CSV or TSV, plain lists of words or of expressions.

A JSONL line is `{"label": "DRUG", "pattern": "aspirin"}` with the text as it must stand, or with a list of conditions
on tokens. Ours besides: `"regex"` in place of `"pattern"`, `"case"` to tell capitals from small letters or not, and
`"words"`, how words were written that the conditions give token by token.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any, Literal

from tui_annotate.domain.interchange import Problem
from tui_annotate.domain.patterns import Pattern, PatternKind
from tui_annotate.domain.tokens import tokenize
from tui_annotate.errors import AnnotateError, DataError, UsageError

PatternFormat = Literal["jsonl", "csv", "tsv", "words", "regex"]
FORMATS: tuple[PatternFormat, ...] = ("jsonl", "csv", "tsv", "words", "regex")
_SUFFIXES: dict[str, PatternFormat] = {
    ".jsonl": "jsonl", ".ndjson": "jsonl", ".csv": "csv", ".tsv": "tsv", ".txt": "words", ".regex": "regex"
}  # fmt: skip
_TERM = frozenset(("term", "terms", "text", "word", "words", "pattern", "phrase", "entry"))
_LABEL = frozenset(("label", "labels", "type", "class", "category", "entity"))
_DELIMITERS = {"csv": ",", "tsv": "\t"}


@dataclass(frozen=True, slots=True)
class ReadPattern:
    """A pattern as a file has it; what its label stands for is the scheme's to say."""

    where: str
    """`drugs.csv:12`."""
    label: str
    """Empty where the file names none."""
    kind: PatternKind
    text: str = ""
    tokens: tuple[dict[str, Any], ...] = ()
    case: bool | None = None
    """None where the file says nothing of it."""
    key: str = ""


def format_of(name: str) -> PatternFormat:
    """Return a file's format by the end of its name; raises UsageError."""
    found = _SUFFIXES.get(PurePath(name).suffix.lower())
    if found is None:
        raise UsageError(f"{name}: what patterns it holds cannot be told by its name.", hint=f"--format: {_known()}.")
    return found


def checked_format(name: str) -> PatternFormat:
    """Return a format by its name; raises UsageError."""
    for format in FORMATS:
        if format == name:
            return format
    raise UsageError(f"There is no format of patterns {name!r}.", hint=f"There are {_known()}.")


def _known() -> str:
    return ", ".join(FORMATS)


def read(lines: Iterable[str], where: str, format: PatternFormat) -> Iterator[ReadPattern | Problem]:
    """Yield the patterns of a file, and what is wrong with its lines; the rest goes on."""
    if format == "jsonl":
        yield from _each(lines, where, _of_json)
    elif format in _DELIMITERS:
        yield from _of_table(lines, where, _DELIMITERS[format])
    else:
        kind: PatternKind = "regex" if format == "regex" else "words"
        yield from _each(lines, where, lambda line, at: ReadPattern(at, "", kind, line))


def _each(lines: Iterable[str], where: str, make: Callable[[str, str], ReadPattern]) -> Iterator[ReadPattern | Problem]:
    for number, line in enumerate(lines, 1):
        text = line.strip("\r\n").removeprefix("\ufeff")
        if not text.strip():
            continue
        at = f"{where}:{number}"
        try:
            yield make(text, at)
        except DataError as error:
            yield Problem("refused", at, "", reason(error))


def reason(error: AnnotateError) -> str:
    """Return what was wrong and what to do about it, as a report of problems has it."""
    return ". ".join(filter(None, (error.message.removesuffix("."), error.hint.removesuffix("."))))


def _of_json(line: str, at: str) -> ReadPattern:
    try:
        row = json.loads(line)
    except (json.JSONDecodeError, RecursionError) as error:
        raise DataError(f"is no JSON: {error}") from None
    if not isinstance(row, dict):
        raise DataError('is no object; write {"label": "DRUG", "pattern": "aspirin"}')
    label, case, key = row.get("label", ""), row.get("case"), row.get("id", "")
    if not isinstance(label, str) or not isinstance(case, bool | None):
        raise DataError(
            f"label: {label!r} is no text" if not isinstance(label, str) else f"case: {case!r} is no boolean"
        )
    held, key = row.get("pattern"), str(key)
    if isinstance(row.get("regex"), str):
        return ReadPattern(at, label, "regex", row["regex"], (), True if case is None else case, key)
    if isinstance(row.get("words"), str) and case is not True:
        return ReadPattern(at, label, "words", row["words"], (), False, key)
    if isinstance(held, str):
        return ReadPattern(at, label, "words", held, (), True if case is None else case, key)
    if held is None:
        raise DataError("has no pattern")
    return ReadPattern(at, label, "tokens", "", _conditions(held), None, key)


def conditions(text: str) -> tuple[dict[str, Any], ...]:
    """Return the conditions on tokens that a JSON list gives; raises DataError."""
    try:
        return _conditions(json.loads(text))
    except (json.JSONDecodeError, RecursionError) as error:
        raise DataError(f"is no JSON: {error}", hint='Write conditions as [{"lower": "aspirin"}].') from None


def _conditions(held: object) -> tuple[dict[str, Any], ...]:
    if not isinstance(held, list) or not held or not all(isinstance(one, dict) for one in held):
        raise DataError("pattern: is neither a text nor a list of conditions")
    return tuple(held)


def _of_table(lines: Iterable[str], where: str, delimiter: str) -> Iterator[ReadPattern | Problem]:
    rows = csv.reader((line.removeprefix("\ufeff") for line in lines), delimiter=delimiter)
    columns: tuple[int, int | None] | None = None
    while True:
        try:
            cells = next(rows, None)
        except csv.Error as error:
            yield Problem("refused", f"{where}:{rows.line_num}", "", f"is no row of a table: {error}")
            continue
        if cells is None:
            return
        if not any(cell.strip() for cell in cells):
            continue
        if columns is None:
            columns, is_head = _columns(cells)
            if is_head:
                continue
        at, (term, label) = f"{where}:{rows.line_num}", columns
        if term >= len(cells) or not cells[term].strip():
            yield Problem("refused", at, "term", "is empty")
            continue
        said = cells[label].strip() if label is not None and label < len(cells) else ""
        yield ReadPattern(at, said, "words", cells[term].strip())


def _columns(cells: Sequence[str]) -> tuple[tuple[int, int | None], bool]:
    """Return where term and label stand, and whether this row is a header that says so."""
    names = [cell.strip().casefold() for cell in cells]
    term = next((at for at, name in enumerate(names) if name in _TERM), None)
    label = next((at for at, name in enumerate(names) if name in _LABEL and at != term), None)
    if term is not None and (label is not None or len(names) == 1):
        return (term, label), True
    return (0, 1 if len(cells) > 1 else None), False


def write(patterns: Iterable[Pattern], format: PatternFormat) -> Iterator[str]:
    """Yield the lines of a file, newlines included; patterns that the format cannot say are left out."""
    if format == "jsonl":
        for pattern in patterns:
            yield json.dumps(_row(pattern), ensure_ascii=False) + "\n"
    elif format in _DELIMITERS:
        lines = _Lines()
        table = csv.writer(lines, delimiter=_DELIMITERS[format], lineterminator="\n")
        table.writerow(("term", "label"))
        yield lines.last
        for pattern in patterns:
            if fits(pattern, format):
                table.writerow((pattern.text, pattern.label))
                yield lines.last
    else:
        yield from (f"{pattern.text}\n" for pattern in patterns if fits(pattern, format))


def fits(pattern: Pattern, format: PatternFormat) -> bool:
    """Say whether a format can hold a pattern so that it comes back the same, its label given where it has none."""
    if format == "jsonl":
        return True
    if format == "regex":
        return pattern.kind == "regex" and pattern.case and "\n" not in pattern.text
    return pattern.kind == "words" and not pattern.case


class _Lines:
    """Takes what a csv writer writes."""

    last = ""

    def write(self, line: str) -> None:
        self.last = line


def _row(pattern: Pattern) -> dict[str, Any]:
    row: dict[str, Any] = {"label": pattern.label}
    if pattern.kind == "regex":
        row |= {"regex": pattern.text} | ({} if pattern.case else {"case": False})
    elif pattern.kind == "tokens":
        row["pattern"] = [dict(one) for one in pattern.tokens]
    elif pattern.case:
        row["pattern"] = pattern.text
    else:
        words = _words(pattern.text)
        row["pattern"] = [{"lower": word.lower()} for word in words]
        if pattern.text != " ".join(word.lower() for word in words):
            row["words"] = pattern.text
    return row | ({"id": pattern.key} if pattern.key else {})


def _words(text: str) -> list[str]:
    """Return the tokens of words, an `'s` as one of them, as spaCy has it."""
    words: list[str] = []
    end = -1
    for token in tokenize(text):
        if words and words[-1] in "'’" and token.start == end and token.text.lower() == "s":
            words[-1] += token.text
        else:
            words.append(token.text)
        end = token.end
    return words

"""Files in columns, line by line: blocks between blank lines, and which columns hold the token and its tag."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

import msgspec

from tui_annotate.errors import DataError
from tui_annotate.formats.flat import whole
from tui_annotate.formats.source import JSON_ERRORS, SourceFile, utf8_lines
from tui_annotate.formats.tagging import Evidence, is_tag, parse

DOCSTART = "-DOCSTART-"
_COMMENT = re.compile(r"#\s*((?:newdoc |newpar )?[\w.:-]+|label \S+)\s*=(?: |$)(.*)", re.DOTALL)
_FIELDS = re.compile(r"[ \t]+")
_MOST_COLUMNS = 20
_FEW_TYPES = 100


@dataclass(slots=True)
class Block:
    """What stands between two blank lines."""

    line: int
    docstart: str = ""
    """The line that begins a document, if there is one."""
    comments: list[tuple[int, str]] = field(default_factory=list)
    rows: list[tuple[int, list[str]]] = field(default_factory=list)
    """Line number and columns of each token."""

    def comment(self, key: str) -> str | None:
        """Return the value of the comment `# key = value`."""
        return next((value for name, value in self.pairs() if name == key), None)

    @property
    def key(self) -> str | None:
        """Return the id of the document that begins here, if a comment gives one."""
        exact = self.comment("id_json")
        if exact is not None:
            with suppress(*JSON_ERRORS):
                found = msgspec.json.decode(exact)
                return whole(found) if isinstance(found, str) else None
        return next((value for name, value in self.pairs() if name in ("id", "newdoc id")), None)

    def pairs(self) -> Iterator[tuple[str, str]]:
        """Yield key and value of the comments that have both."""
        for _, line in self.comments:
            match = _COMMENT.fullmatch(line)
            if match:
                yield match.group(1), match.group(2)


def lines_of(file: SourceFile) -> Iterator[tuple[int, str]]:
    """Yield numbered lines without their ends; raises DataError for what is no UTF-8."""
    with file.open() as stream:
        lines, _ = utf8_lines(stream)
        for number, line in enumerate(lines, 1):
            try:
                yield number, line.decode("utf-8").removesuffix("\n").removesuffix("\r")
            except UnicodeDecodeError as error:
                raise DataError(
                    f"{file.where}: line {number} is not UTF-8: byte {error.start} of it "
                    f"(0x{line[error.start]:02x}) begins no character.",
                    hint="Convert it, e.g. with `iconv -f LATIN1 -t UTF-8`.",
                ) from error


def blocks(lines: Iterable[tuple[int, str]]) -> Iterator[Block]:
    """Yield blocks in order; those that are only blank lines are none."""
    block: Block | None = None
    for number, line in lines:
        if not line.strip(" \t"):
            if block is not None:
                yield block
            block = None
            continue
        if line.startswith(DOCSTART) and block is not None:
            yield block
            block = None
        if block is None:
            block = Block(number)
        if line.startswith(DOCSTART):
            block.docstart = line
        elif is_comment(line, has_rows=bool(block.rows)):
            block.comments.append((number, line))
        else:
            block.rows.append((number, fields(line)))
    if block is not None:
        yield block


def is_comment(line: str, *, has_rows: bool) -> bool:
    """Tell a comment from the token `#`: by a blank or `key =` after it, before any token, and no tag at its end."""
    if not line.startswith("#"):
        return False
    if _COMMENT.fullmatch(line):
        return True
    last = fields(line)[-1]
    return not has_rows and line != "#" and not is_tag(last)


def fields(line: str) -> list[str]:
    """Return the columns of a line: at tabs if there are any, else at blanks."""
    return line.split("\t") if "\t" in line else _FIELDS.split(line.strip(" "))


@dataclass(slots=True)
class _Column:
    """What is known of one column while the file is looked through."""

    evidence: Evidence = field(default_factory=Evidence)
    tags: int = 0
    others: int = 0
    outside: int = 0
    types: set[str] = field(default_factory=set)

    def see(self, values: Sequence[str]) -> None:
        for value in values:
            mark, name = parse(value)
            self.outside += mark == "O"
            if mark:
                self.tags += 1
            else:
                self.others += 1
            if len(self.types) <= _FEW_TYPES:
                self.types.add(name)
        self.evidence.see(values)

    @property
    def is_likely(self) -> bool:
        return self.tags >= 20 * self.others

    @property
    def is_bare(self) -> bool:
        """Say whether it may hold types without a prefix: few different values, and some outside."""
        return bool(self.outside) and len(self.types) <= _FEW_TYPES and self.outside * 4 > self.others


@dataclass(frozen=True, slots=True)
class Layout:
    """Which columns of a file are read, and how."""

    token: int
    tag: int | None
    """From the front, or -1 for the last; None where no column holds tags."""
    evidence: Evidence
    has_documents: bool
    """It says where documents begin; otherwise each block is one."""
    columns: int
    """Of most rows."""
    blocks: int

    def tag_of(self, row: Sequence[str]) -> str:
        """Return the tag of a row; outside when the row is too short."""
        if self.tag is None or len(row) < 2 or (self.tag >= len(row)):
            return "O"
        return row[self.tag]

    def token_of(self, row: Sequence[str]) -> str:
        """Return the token of a row; empty when the row is too short."""
        return row[self.token].strip() if self.token < len(row) else ""

    def others(self, row: Sequence[str]) -> list[str]:
        """Return the columns that are neither token nor tag."""
        tag = len(row) - 1 if self.tag == -1 and len(row) > 1 else self.tag
        return [value for at, value in enumerate(row) if at not in (self.token, tag)]


def survey(found: Iterable[Block]) -> Layout:
    """Look through a whole file for its columns and its scheme of tags; raises DataError for other CoNLL formats."""
    front: list[_Column] = []
    last = _Column()
    widths: dict[int, int] = {}
    seconds: set[str] = set()
    count, numbered, has_documents = 0, 0, False
    for block in found:
        if any(text.startswith("#begin document") for _, text in block.comments):
            raise DataError("has the bracketed columns of CoNLL-2012, which are not read; convert it to BIO columns")
        has_documents |= bool(block.docstart) or block.key is not None
        count += 1
        rows = [row for _, row in block.rows]
        for row in rows:
            widths[len(row)] = widths.get(len(row), 0) + 1
        numbered += bool(rows) and all(row[0] == str(number) for number, row in enumerate(rows, 1))
        seconds |= {row[1] for row in rows if len(row) > 2} if len(seconds) < 2 else set()
        for at in range(min(max(map(len, rows), default=0), _MOST_COLUMNS)):
            if at == len(front):
                front.append(_Column())
            if front[at].is_likely:
                front[at].see([row[at] for row in rows if at < len(row)])
        last.see([row[-1] for row in rows if len(row) > 1])
    width = max(widths, key=lambda size: (widths[size], size), default=1)
    # A file of the tokens 1, 2, 3 has nothing to tell apart in the column beside them.
    token, tag = _columns(front, last, width, is_numbered=numbered == count and len(seconds) > 1)
    chosen = last if tag == -1 else front[tag] if tag is not None else _Column()
    return Layout(token, tag, chosen.evidence, has_documents, width, count)


def _columns(front: list[_Column], last: _Column, width: int, *, is_numbered: bool) -> tuple[int, int | None]:
    if width == 1:
        return 0, None
    if is_numbered and width > 2:
        return 1, next((at for at in range(2, min(width, len(front))) if front[at].is_likely), None)
    if last.is_likely:
        return 0, -1
    if front and front[0].is_likely:
        return 1, 0
    if last.is_bare:
        return 0, -1
    return 0, None

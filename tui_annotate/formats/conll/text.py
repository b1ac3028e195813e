"""The text of a document in columns: put together from tokens, or exactly as its comments give it.

`# text = ` is a sentence as it reads. What a comment cannot show plainly, line breaks above all, stands in
`# text_json`, and white space other than a line break between sentences in `# before` and `# after`, as JSON strings.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import msgspec

from tui_annotate.domain.interchange import Problem
from tui_annotate.formats.column_text import joined, locate
from tui_annotate.formats.conll.rows import Block, Layout
from tui_annotate.formats.flat import whole
from tui_annotate.formats.source import JSON_ERRORS

_ODD = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_OURS = frozenset(("id", "id_json", "text", "text_json", "before", "after"))
"""Keys of comments that are made anew when a document is written."""


@dataclass(frozen=True, slots=True)
class Row:
    """A token in its document."""

    start: int
    end: int
    tag: str
    others: tuple[str, ...]


@dataclass(slots=True)
class Sentence:
    """The tokens of one block."""

    rows: list[Row]
    comments: list[str]
    """Those that say nothing of the text."""
    line: int
    end: int
    """Where the next sentence begins, or the document ends."""


@dataclass(slots=True)
class Read:
    """What the blocks of one document say."""

    text: str = ""
    sentences: list[Sentence] = field(default_factory=list)
    problems: list[tuple[int, str, str]] = field(default_factory=list)
    """(line, field, reason) of what was repaired."""


def assemble(blocks: Sequence[Block], layout: Layout) -> Read:
    """Return the text of a document and where its tokens stand."""
    made = Read()
    pieces: list[str] = []
    at = 0
    last = len(blocks) - 1
    for number, block in enumerate(blocks):
        rows = _rows(block, layout, made)
        tokens = [layout.token_of(row) for row in rows]
        lead = _white(block, "before", "", made)
        piece, places = _piece(block, tokens, made)
        gap = _white(block, "after", "\n" if number < last else "", made)
        at += len(lead)
        sentence = [
            Row(at + start, at + end, layout.tag_of(row), tuple(layout.others(row)))
            for row, (start, end) in zip(rows, places, strict=True)
        ]
        at += len(piece) + len(gap)
        pieces += (lead, piece, gap)
        made.sentences.append(Sentence(sentence, list(_kept(block)), block.line, at))
    made.text = "".join(pieces)
    return made


def _rows(block: Block, layout: Layout, made: Read) -> list[list[str]]:
    found = []
    for line, row in block.rows:
        token = layout.token_of(row)
        if token and not token.isspace():
            found.append(row)
        else:
            made.problems.append((line, "token", "is empty; the row was left out"))
        if layout.tag is not None and len(row) < 2:
            made.problems.append((line, "tag", "is missing; taken as O"))
    return found


def _piece(block: Block, tokens: list[str], made: Read) -> tuple[str, list[tuple[int, int]]]:
    """Return the text of a sentence and the places of its tokens in it."""
    for text in (_string(block, "text_json", made), block.comment("text")):
        if text is not None:
            places = locate(text, tokens)
            if places is not None:
                return text, places
            made.problems.append((block.line, "text", "does not read as the tokens do; put together from them"))
    return joined(tokens, [" "] * (len(tokens) - 1) + [""] if tokens else [])


def _white(block: Block, key: str, default: str, made: Read) -> str:
    """Return the white space that a comment gives."""
    text = _string(block, key, made)
    if text is not None and text.strip():
        made.problems.append((block.line, key, "is more than white space; left out"))
        text = None
    return default if text is None else text


def _string(block: Block, key: str, made: Read) -> str | None:
    value = block.comment(key)
    if value is None:
        return None
    try:
        text = msgspec.json.decode(value)
    except JSON_ERRORS:
        text = None
    if isinstance(text, str):
        return whole(text)
    made.problems.append((block.line, key, "is no JSON string; left out"))
    return None


def _kept(block: Block) -> Iterator[str]:
    for _, line in block.comments:
        key = line.lstrip("# ").partition("=")[0].strip()
        if key not in _OURS and not key.startswith("label "):
            yield line


def comment(key: str, value: str) -> str:
    """Return a comment that gives a value: plainly, or as JSON where it would not read back."""
    if _ODD.search(value) or value != value.strip() or not value:
        return f"# {key}_json = {quoted(value)}"
    return f"# {key} = {value}"


def quoted(text: str) -> str:
    """Return a JSON string that stays on its line whatever reads it."""
    shown = json.dumps(text, ensure_ascii=False)
    return _ODD.sub(lambda match: f"\\u{ord(match.group()):04x}", shown)


def text_comments(text: str, *, is_first: bool, is_last: bool) -> Iterator[str]:
    """Yield the comments from which a sentence's text, with the white space around it, reads back."""
    inner = text.strip()
    before = text[: len(text) - len(text.lstrip())] if inner else ""
    after = text[len(before) + len(inner) :]
    if before and is_first:
        yield f"# before = {quoted(before)}"
    yield comment("text", inner)
    if after != ("" if is_last else "\n"):
        yield f"# after = {quoted(after)}"


def told(where: str, made: Read) -> Iterator[Problem]:
    """Yield what was repaired, the first of each kind with how many there are."""
    seen: dict[tuple[str, str], list[int]] = {}
    for line, name, reason in made.problems:
        seen.setdefault((name, reason), []).append(line)
    for (name, reason), lines in seen.items():
        more = f" ({len(lines)} times in this document)" if len(lines) > 1 else ""
        yield Problem("repaired", f"{where}:{lines[0]}", name, reason + more)

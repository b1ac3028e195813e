"""Writing columns of tokens and tags, so that text and entities read back to the character.

Tokens are those that the document came with, else those of the one tokeniser, cut where an entity begins or ends
inside of them. Without comments (`is_bare`) nothing but tokens and tags is left.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO

from tui_annotate.domain.interchange import ExchangedDocument, Problem
from tui_annotate.errors import DataError
from tui_annotate.formats import flat, tagging
from tui_annotate.formats.base import WriteOptions
from tui_annotate.formats.column_text import cut, runs
from tui_annotate.formats.conll.rows import Block, Layout, blocks, survey
from tui_annotate.formats.conll.text import Read, Row, Sentence, assemble, comment, text_comments
from tui_annotate.formats.flat import Flat, Placed, without_blanks
from tui_annotate.formats.tagging import Evidence, Tagging

KEPT = "conll"
"""Key of a document's `extra` under which its lines are kept."""
_WORDS = "texts that are more than words with a blank between"
_HALVES = "tokens cut in two where an entity begins or ends inside of them"


@dataclass(frozen=True, slots=True)
class Way:
    """Which of the formats in columns is written."""

    tagging: Tagging
    is_bare: bool = False


def write(
    documents: Iterable[ExchangedDocument], stream: BinaryIO, options: WriteOptions, *, way: Way
) -> Iterator[Problem]:
    """Write documents with one of their versions each; say what columns cannot hold."""
    yield from flat.alike(options.scheme, without_blanks)
    for exchanged in documents:
        made = _prepare(exchanged, options, way)
        lines = _bare_lines(made) if way.is_bare else _lines(exchanged, made, way)
        stream.write("".join(f"{line}\n" for line in lines).encode("utf-8", "replace"))
        yield from flat.told(exchanged.document.key, made.flat.lost)


def count_lost(exchanged: ExchangedDocument, options: WriteOptions, *, way: Way) -> dict[str, int]:
    """Count the entities that are not written as they are."""
    if not way.is_bare:
        return flat.counted(_choose(exchanged, options)[0].lost)
    made = _prepare(exchanged, options, way)
    found = flat.counted(made.flat.lost)
    if made.sentences:
        words = " ".join(made.flat.text[row.start : row.end] for one in made.sentences for row in one.rows)
        if words != made.flat.text.replace("\n", " "):
            found[_WORDS] = 1
    return found


def meaning(exchanged: ExchangedDocument, options: WriteOptions, *, way: Way) -> Any:
    """Key, text and entities that do not overlap; without comments the tokens, and entities counted in them."""
    if not way.is_bare:
        held, kept = _choose(exchanged, options)
        entities = [(without_blanks(one.entity.type), one.start, one.end) for one in kept]
        return exchanged.document.key, held.text, entities
    made = _prepare(exchanged, options, way)
    tokens = [row for sentence in made.sentences for row in sentence.rows]
    words = [without_blanks(made.flat.text[row.start : row.end]) for row in tokens]
    places = [(row.start, row.end) for row in tokens]
    return words, [(without_blanks(one.entity.type), first, last) for one, first, last in runs(places, made.kept)]


@dataclass(slots=True)
class _Prepared:
    """A document ready to be written."""

    flat: Flat
    kept: list[Placed]
    sentences: list[Sentence]
    layout: Layout | None
    docstart: str


def _choose(exchanged: ExchangedDocument, options: WriteOptions) -> tuple[Flat, list[Placed]]:
    """Return a document, and those of its entities that columns have room for."""
    held = flat.flatten(exchanged, options)
    return held, flat.longest(held, flat.hulls(held))


def _prepare(exchanged: ExchangedDocument, options: WriteOptions, way: Way) -> _Prepared:
    held, kept = _choose(exchanged, options)
    came = _came(exchanged)
    if came is None:
        made, halves = cut(exchanged.document, kept, split=not way.is_bare)
        sentences = [Sentence([Row(a, b, "O", ()) for a, b in one.tokens], [], 0, one.end) for one in made]
        layout, docstart = None, ""
        if halves:
            held.lost[_HALVES] = [""] * halves
    else:
        read, layout, docstart = came
        sentences = list(_fitted(read.sentences, kept, split=not way.is_bare))
    if way.is_bare:
        places = [(row.start, row.end) for sentence in sentences for row in sentence.rows]
        fitting = {id(one) for one, _, _ in runs(places, kept)}
        for one in kept:
            if id(one) not in fitting:
                held.lose(flat.INSIDE, one)
        kept = [one for one in kept if id(one) in fitting]
    return _Prepared(held, kept, sentences, layout, docstart)


def _lines(exchanged: ExchangedDocument, made: _Prepared, way: Way) -> Iterator[str]:
    text = made.flat.text
    width = _width(made)
    yield made.docstart or "\t".join([_docstart(width), "O"])
    yield ""
    yield comment("id", exchanged.document.key)
    for type in sorted({one.entity.type for one in made.kept}):
        if without_blanks(type) != type and type.isprintable():
            yield f"# label {without_blanks(type)} = {type}"
    start = 0
    for number, sentence in enumerate(made.sentences):
        yield from sentence.comments
        is_last = number == len(made.sentences) - 1
        yield from text_comments(text[start : sentence.end], is_first=number == 0, is_last=is_last)
        yield from _rows(made, sentence, way.tagging)
        yield ""
        start = sentence.end


def _bare_lines(made: _Prepared) -> Iterator[str]:
    yield "-DOCSTART- -X- O O"
    yield ""
    for sentence in made.sentences:
        if not sentence.rows:
            continue
        for row, tag in zip(sentence.rows, _tags(made, sentence, "IOB2"), strict=True):
            others = [without_blanks(value) or "_" for value in row.others[:2]]
            yield " ".join(
                [without_blanks(made.flat.text[row.start : row.end]), *others, *["_"] * (2 - len(others)), tag]
            )
        yield ""


def _width(made: _Prepared) -> int:
    return 1 + max((len(row.others) for sentence in made.sentences for row in sentence.rows), default=0)


def _docstart(width: int) -> str:
    return "\t".join(["-DOCSTART-", *["-X-"] * (width - 1)])


def _rows(made: _Prepared, sentence: Sentence, tags: Tagging) -> Iterator[str]:
    layout = made.layout
    for row, tag in zip(sentence.rows, _tags(made, sentence, tags), strict=True):
        columns = list(row.others)
        placed = [(layout.token if layout else 0, made.flat.text[row.start : row.end])]
        if layout is None or layout.tag is None or layout.tag == -1:
            columns.insert(*placed[0])
            columns.append(tag)
        else:
            for at, value in sorted([*placed, (layout.tag, tag)]):
                columns.insert(at, value)
        yield "\t".join(columns)


def _tags(made: _Prepared, sentence: Sentence, tags: Tagging) -> list[str]:
    places = [(row.start, row.end) for row in sentence.rows]
    found = [
        (without_blanks(one.entity.type), first, last)
        for one, first, last in runs(places, flat.within(made.kept, places))
    ]
    return tagging.encode(found, len(places), tags)


def keep(held: list[Block], layout: Layout) -> dict[str, Any]:
    """Return what `_came` makes a document's lines of again."""
    lines: list[str] = []
    for block in held:
        lines += [line for line in (block.docstart,) if line]
        lines += [text for _, text in block.comments]
        lines += ["\t".join(row) for _, row in block.rows]
        lines.append("")
    return {"lines": "\n".join(lines), "token": layout.token, "tag": layout.tag}


def _came(exchanged: ExchangedDocument) -> tuple[Read, Layout, str] | None:
    """Return tokens and columns as they came; None where there are none, or they are of another text."""
    kept = exchanged.extra.get(KEPT)
    if not isinstance(kept, dict) or not isinstance(kept.get("lines"), str):
        return None
    token, tag = kept.get("token"), kept.get("tag")
    if type(token) is not int or token < 0 or not (tag is None or (type(tag) is int and tag >= -1)):
        return None
    try:
        found = list(blocks(enumerate(kept["lines"].split("\n"), 1)))
        width = survey(found).columns
    except DataError:
        return None
    layout = Layout(token, tag, Evidence(), True, width, len(found))
    made = assemble([block for block in found if block.rows or block.comments], layout)
    if made.text != exchanged.document.text:
        return None
    return made, layout, next((block.docstart for block in found if block.docstart), "")


def _fitted(sentences: list[Sentence], kept: Sequence[Placed], *, split: bool) -> Iterator[Sentence]:
    """Yield sentences whose tokens fit the entities: a token is cut, sentences inside an entity are joined."""
    borders = sorted({border for one in kept for border in (one.start, one.end)}) if split else []
    reaches = sorted((one.start, one.end) for one in kept)
    held: Sentence | None = None
    at, reach, entity = 0, 0, 0
    for sentence in sentences:
        rows = []
        for row in sentence.rows:
            begin = row.start
            while at < len(borders) and borders[at] < row.end:
                if borders[at] > begin:
                    rows.append(Row(begin, borders[at], row.tag, row.others))
                    begin = borders[at]
                at += 1
            rows.append(Row(begin, row.end, row.tag, row.others))
        start = rows[0].start if rows else sentence.end
        while entity < len(reaches) and reaches[entity][0] < start:
            reach = max(reach, reaches[entity][1])
            entity += 1
        if held is not None and reach > start:
            held = Sentence(held.rows + rows, held.comments + sentence.comments, held.line, sentence.end)
            continue
        if held is not None:
            yield held
        held = Sentence(rows, sentence.comments, sentence.line, sentence.end)
    if held is not None:
        yield held

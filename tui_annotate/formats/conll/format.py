"""Columns of tokens and tags: CoNLL-2003 and 2002, two columns, tabs or blanks, IOB1, IOB2, BILUO and BIOES.

A document begins at `-DOCSTART-` or a comment `# id = `; in a file without either, every block between blank
lines is one. Other columns and the cutting into tokens are kept, and written again as they came.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from tui_annotate.domain.annotations import Annotations
from tui_annotate.domain.documents import Document, Part
from tui_annotate.domain.interchange import ExchangedDocument, ExchangedVersion, Problem
from tui_annotate.domain.tokens import token_offsets
from tui_annotate.errors import DataError
from tui_annotate.formats import tagging
from tui_annotate.formats.base import Feature, Format, Item, ReadOptions, stem
from tui_annotate.formats.conll import write as conll_write
from tui_annotate.formats.conll.rows import Block, Layout, blocks, lines_of, survey
from tui_annotate.formats.conll.shows import shows
from tui_annotate.formats.conll.text import Read, assemble, told
from tui_annotate.formats.flat import PART, by_plain_name, entities, without_blanks
from tui_annotate.formats.source import SourceFile
from tui_annotate.formats.tagging import Tagging


def read(files: Sequence[SourceFile], options: ReadOptions) -> Iterator[Item]:
    """Yield the documents of each file; a file is looked through first, to learn its columns and tags."""
    for file in files:
        try:
            yield from _read_file(file, options)
        except DataError as error:
            yield Problem("refused", file.where, "", str(error).removeprefix(f"{file.where}: "))


def _read_file(file: SourceFile, options: ReadOptions) -> Iterator[Item]:
    layout = survey(blocks(lines_of(file)))
    yield from _said(file, layout)
    reader = _Reader(file, layout, options)
    held: list[Block] = []
    for block in blocks(lines_of(file)):
        if held and _begins(block, held, layout):
            yield from reader.document(held)
            held = []
        held.append(block)
    if held:
        yield from reader.document(held)


def _begins(block: Block, held: list[Block], layout: Layout) -> bool:
    """Say whether a block begins another document than those before it."""
    if not layout.has_documents or block.docstart:
        return True
    return block.key is not None and not (held[-1].docstart and not held[-1].rows and not held[-1].comments)


def _said(file: SourceFile, layout: Layout) -> Iterator[Problem]:
    """Say how the columns were taken, where that is not plain."""
    if not layout.blocks:
        return
    where = file.where
    if layout.tag is None:
        yield Problem("noted", where, "", "no column holds tags; the tokens were read without entities")
    elif layout.evidence.tagging != "IOB2":
        yield Problem("noted", where, "tags", f"read as {layout.evidence.tagging}, as they show over the file")
    elif layout.evidence.inside_first:
        count = layout.evidence.inside_first
        yield Problem("repaired", where, "tags", f"{count} I- without a B- before them; each was read as a beginning")
    if not layout.has_documents and layout.blocks > 1:
        reason = f"no -DOCSTART-: each of the {layout.blocks} blocks between blank lines is a document"
        yield Problem("noted", where, "", reason)


class _Reader:
    """Turns blocks of one file into documents."""

    def __init__(self, file: SourceFile, layout: Layout, options: ReadOptions) -> None:
        self._file = file
        self._layout = layout
        self._options = options
        self._names = by_plain_name([e.name for e in options.scheme.entities], without_blanks)
        self._number = 0

    def document(self, held: list[Block]) -> Iterator[Item]:
        """Yield what some blocks hold, and what of it was repaired."""
        self._number += 1
        where = f"{self._file.where}:{held[0].line}"
        body = [block for block in held if block.rows or block.comments]
        made = assemble(body, self._layout)
        yield from told(self._file.where, made)
        if not made.text.strip() and not self._options.empty:
            yield Problem("refused", where, "", "the document is empty, there is nothing to annotate")
            return
        base = stem(self._file.name) if self._file.name != "-" else "stdin"
        key = _key(held) or f"{base}-{self._number}"
        names = self._names | _labels(held)
        found = [(names.get(type, type), start, end) for type, start, end in spans(made)]
        versions = (ExchangedVersion(Annotations(entities(found))),) if self._layout.tag is not None else ()
        extra = {conll_write.KEPT: kept} if (kept := _kept(held, made, self._layout)) else {}
        yield ExchangedDocument(Document(key, (Part(PART, made.text),)), versions, where, extra)


def spans(made: Read) -> Iterator[tuple[str, int, int]]:
    """Yield type, start and end of the entities that the tags give."""
    for sentence in made.sentences:
        rows = sentence.rows
        for type, first, last in tagging.decode([row.tag for row in rows]):
            yield type.strip() or tagging.UNNAMED, rows[first].start, rows[last - 1].end


def _key(held: list[Block]) -> str:
    for block in held:
        if block.key:
            return block.key
        start, bracket, rest = block.docstart.partition("(")
        if start and bracket and ")" in rest:
            return rest.partition(")")[0].strip()
    return ""


def _labels(held: list[Block]) -> dict[str, str]:
    """Return which types the file spells otherwise: `# label PLAIN = name`."""
    found = {}
    for block in held:
        for key, name in block.pairs():
            if key.startswith("label ") and name.strip():
                found[key.removeprefix("label ")] = name.strip()
    return found


def _kept(held: list[Block], made: Read, layout: Layout) -> dict[str, Any] | None:
    """Return the document's lines where they say more than its text and tags; None where they do not."""
    more = any(row.others for sentence in made.sentences for row in sentence.rows)
    more |= any(sentence.comments for sentence in made.sentences)
    places = [(row.start, row.end) for sentence in made.sentences for row in sentence.rows]
    if not more and places == token_offsets(made.text):
        return None
    return conll_write.keep(held, layout)


_HOLDS: frozenset[Feature] = frozenset(("entities", "ids"))
_LOSES = "labels, attributes, relations, who did it, and all versions but one; of entities over each other the longest"


def _format(name: str, extensions: tuple[str, ...], description: str, tags: Tagging, *, bare: bool = False) -> Format:
    way = conll_write.Way(tags, is_bare=bare)
    loses = f"{_LOSES} is kept" + ("; ids, white space, and entities that begin or end inside a word" if bare else "")
    return Format(
        name=name,
        description=description,
        extensions=extensions,
        many=True,
        loses=loses,
        meaning=partial(conll_write.meaning, way=way),
        holds=_HOLDS - {"ids"} if bare else _HOLDS,
        counts_lost=partial(conll_write.count_lost, way=way),
        read=read,
        write_stream=partial(conll_write.write, way=way),
    )


CONLL = replace(
    _format("conll", (".conll", ".iob2", ".iob", ".bio"), "columns of tokens and IOB2 tags", "IOB2"), shows=shows
)
CONLL2003 = _format("conll2003", (".conll2003",), "the four columns of CoNLL-2003, without comments", "IOB2", bare=True)
IOB1 = _format("iob1", (".iob1",), "columns of tokens and IOB1 tags, as CoNLL-2003 came", "IOB1")
BILUO = _format("biluo", (".biluo", ".bilou"), "columns of tokens and BILUO tags", "BILUO")
BIOES = _format("bioes", (".bioes", ".iobes"), "columns of tokens and BIOES tags", "BIOES")
FORMATS = (CONLL, CONLL2003, IOB1, BILUO, BIOES)

"""CoNLL-U: ten columns a word, with entities in the last one; whatever else it says is kept for untouched documents.

A document begins at `# newdoc`; in a file without it, every sentence is one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress

import msgspec

from tui_annotate.domain.annotations import Annotations
from tui_annotate.domain.documents import Document, Part
from tui_annotate.domain.interchange import ExchangedDocument, ExchangedVersion, Problem
from tui_annotate.domain.tokens import token_offsets
from tui_annotate.errors import DataError
from tui_annotate.formats.base import Format, Item, ReadOptions, stem
from tui_annotate.formats.conll.rows import lines_of
from tui_annotate.formats.conllu import entities as conllu_entities
from tui_annotate.formats.conllu import write as conllu_write
from tui_annotate.formats.conllu.lines import FORM, MISC, Sentence, misc, place, sentences
from tui_annotate.formats.flat import PART, entities, whole
from tui_annotate.formats.source import JSON_ERRORS, SourceFile

_OURS = frozenset(("SpaceAfter", "SpacesAfter", "SpacesBefore", "NER"))
_OUR_COMMENTS = frozenset(("newdoc", "newdoc id", "id_json", "text", "text_json", "sent_id"))


def read(files: Sequence[SourceFile], options: ReadOptions) -> Iterator[Item]:
    """Yield the documents of each file."""
    for file in files:
        try:
            yield from _read_file(file, options)
        except DataError as error:
            yield Problem("refused", file.where, "", str(error).removeprefix(f"{file.where}: "))


def _read_file(file: SourceFile, options: ReadOptions) -> Iterator[Item]:
    has_documents = any(line.startswith("#") and "newdoc" in line for _, line in lines_of(file))
    held: list[Sentence] = []
    number, brackets = 0, ""
    for sentence in sentences(lines_of(file)):
        brackets = sentence.comment("global.Entity") or brackets
        if brackets and (sentence.begins_document or not has_documents) and not sentence.comment("global.Entity"):
            # It is said once a file; each document shall be whole by itself.
            sentence.comments.append(f"# global.Entity = {brackets}")
        if held and (sentence.begins_document or not has_documents):
            number += 1
            yield from _document(file, held, number, options)
            held = []
        held.append(sentence)
    if held:
        yield from _document(file, held, number + 1, options)
    if number and not has_documents:
        yield Problem("noted", file.where, "", f"no # newdoc: each of the {number + 1} sentences is a document")


def _document(file: SourceFile, held: list[Sentence], number: int, options: ReadOptions) -> Iterator[Item]:
    where = f"{file.where}:{held[0].line}"
    text = place(held) or _blank_text(held[0])
    found, wrong, is_said = conllu_entities.read(held)
    for line, name, reason in [problem for sentence in held for problem in sentence.problems] + wrong:
        yield Problem("repaired", f"{file.where}:{line}", name, reason)
    if not text.strip() and not options.empty:
        yield Problem("refused", where, "", "the document is empty, there is nothing to annotate")
        return
    base = stem(file.name) if file.name != "-" else "stdin"
    document = Document(_key(held) or f"{base}-{number}", (Part(PART, text),))
    versions = (ExchangedVersion(Annotations(entities(found))),) if is_said else ()
    extra = {conllu_write.KEPT: {"lines": "\n".join(_lines(held))}} if _says_more(held, document) else {}
    yield ExchangedDocument(document, versions, where, extra)


def _key(held: list[Sentence]) -> str:
    exact = held[0].comment("id_json")
    if exact is not None:
        with suppress(*JSON_ERRORS):
            found = msgspec.json.decode(exact)
            if isinstance(found, str):
                return whole(found)
    named = held[0].comment("newdoc id")
    if named and named.strip():
        return named.strip()
    return (held[0].comment("sent_id") or "").strip() if len(held) == 1 and not held[0].begins_document else ""


def _blank_text(sentence: Sentence) -> str:
    """Return the text of a document without tokens, which is white space."""
    with suppress(*JSON_ERRORS):
        text = msgspec.json.decode(sentence.comment("text_json") or '""')
        if isinstance(text, str) and not text.strip():
            return text
    return ""


def _says_more(held: list[Sentence], document: Document) -> bool:
    """Say whether the lines hold more than text, entities and the tokens of the one tokeniser."""
    places = [(unit.start, unit.end) for sentence in held for unit in sentence.units]
    if places != token_offsets(document.text):
        return True
    for number, sentence in enumerate(held, 1):
        for row in sentence.rows:
            if any(value != "_" for value in row[FORM + 1 : MISC]) or len(row) > MISC + 1 or misc(row).keys() - _OURS:
                return True
        for line in sentence.comments:
            key, _, value = line.removeprefix("#").partition("=")
            if key.strip() not in _OUR_COMMENTS:
                return True
            if key.strip() == "sent_id" and value.strip() != f"{document.key}-{number}":
                return True
    return False


def _lines(held: list[Sentence]) -> Iterator[str]:
    for sentence in held:
        yield from sentence.comments
        yield from ("\t".join(row) for row in sentence.rows)
        yield ""


FORMAT = Format(
    name="conllu",
    description="CoNLL-U: words in ten columns, entities as NER= in the last",
    extensions=(".conllu", ".conllup"),
    many=True,
    loses="labels, attributes, relations, who did it, and all versions but one; of entities over each other the"
    " longest is kept",
    meaning=conllu_write.meaning,
    holds=frozenset(("entities", "ids")),
    counts_lost=conllu_write.count_lost,
    read=read,
    write_stream=conllu_write.write,
)

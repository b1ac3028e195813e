"""Writing CoNLL-U: untouched documents line by line as they came, touched ones with new tags, others word by word."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO

from tui_annotate.domain.documents import Document
from tui_annotate.domain.interchange import ExchangedDocument, Problem
from tui_annotate.formats import flat, tagging
from tui_annotate.formats.base import WriteOptions
from tui_annotate.formats.column_text import cut, runs
from tui_annotate.formats.conll.text import quoted
from tui_annotate.formats.conllu import entities as conllu_entities
from tui_annotate.formats.conllu.lines import COLUMNS, FORM, MISC, Sentence, escaped, gap_keys, place, sentences
from tui_annotate.formats.flat import Flat, Placed

KEPT = "conllu"
"""Key of a document's `extra` under which its lines are kept."""
_HALVES = "tokens cut in two where an entity begins or ends inside of them"
_BRACKETS = "entities in brackets (Entity=), written as tags (NER=)"


@dataclass(slots=True)
class _Prepared:
    """A document ready to be written."""

    flat: Flat
    kept: list[Placed]
    came: list[Sentence] | None
    """Its sentences as they came; None where they are made anew."""
    is_untouched: bool


def write(documents: Iterable[ExchangedDocument], stream: BinaryIO, options: WriteOptions) -> Iterator[Problem]:
    """Write documents with one of their versions each; say what the format cannot hold."""
    for exchanged in documents:
        made = _prepare(exchanged, options)
        key = exchanged.document.key
        lines = _new(exchanged.document, made) if made.came is None else _again(key, made, made.came)
        stream.write("".join(f"{line}\n" for line in lines).encode("utf-8", "replace"))
        yield from flat.told(key, made.flat.lost)


def count_lost(exchanged: ExchangedDocument, options: WriteOptions) -> dict[str, int]:
    """Count the entities that are not written as they are."""
    lost = _prepare(exchanged, options).flat.lost
    return flat.counted({reason: texts for reason, texts in lost.items() if reason not in (_HALVES, _BRACKETS)})


def meaning(exchanged: ExchangedDocument, options: WriteOptions) -> Any:
    """Key, text, and the entities; of those over each other the longest. A version without any says nothing here."""
    made = _prepare(exchanged, options)
    return exchanged.document.key, made.flat.text, [(one.entity.type, one.start, one.end) for one in made.kept]


def _prepare(exchanged: ExchangedDocument, options: WriteOptions) -> _Prepared:
    held = flat.flatten(exchanged, options)
    came = _came(exchanged)
    if came is not None:
        found, _, is_said = conllu_entities.read(came)
        now = [(one.entity.type, one.start, one.end) for one in held.placed]
        if sorted(set(now)) == sorted(found) and (is_said or held.version is None):
            distinct = {(one.entity.type, one.start, one.end): one for one in held.placed}
            return _Prepared(held, list(distinct.values()), came, True)
    kept = flat.longest(held, flat.hulls(held))
    if came is None:
        return _Prepared(held, kept, None, False)
    fitting: set[int] = set()
    for sentence in came:
        places = [(unit.start, unit.end) for unit in sentence.units]
        fitting |= {id(one) for one, _, _ in runs(places, kept)}
        if any("Entity=" in row[MISC] for row in sentence.rows):
            held.lost[_BRACKETS] = [""]
    for one in kept:
        if id(one) not in fitting:
            held.lose(flat.INSIDE, one)
    return _Prepared(held, [one for one in kept if id(one) in fitting], came, False)


def _came(exchanged: ExchangedDocument) -> list[Sentence] | None:
    kept = exchanged.extra.get(KEPT)
    if not isinstance(kept, dict) or not isinstance(kept.get("lines"), str):
        return None
    found = list(sentences(enumerate(kept["lines"].split("\n"), 1)))
    return found if place(found) == exchanged.document.text else None


def _begin(key: str) -> Iterator[str]:
    """Yield the comments that begin a document."""
    if key == key.strip() and key and key.isprintable():
        yield f"# newdoc id = {key}"
    else:
        yield "# newdoc"
        yield f"# id_json = {quoted(key)}"


def _again(key: str, made: _Prepared, came: list[Sentence]) -> Iterator[str]:
    """Yield the lines of a document as they came, with new tags where it was touched."""
    for number, sentence in enumerate(came):
        comments = sentence.comments
        if number == 0 and next(_begin(key)) not in comments:
            gone = ("newdoc", "newdoc id", "id_json")
            yield from _begin(key)
            comments = [line for line in comments if line.removeprefix("#").partition("=")[0].strip() not in gone]
        yield from comments
        rows = sentence.rows
        if not made.is_untouched:
            tags = _tags(made, [(unit.start, unit.end) for unit in sentence.units])
            rows = [_untagged(row) for row in rows]
            for unit, tag in zip(sentence.units, tags, strict=True):
                # Of words that share a token the first has its tag, and the others go on with it.
                for at in unit.words or [unit.row]:
                    rows[at] = _tagged(rows[at], tag)
                    tag = f"I{tag[1:]}" if tag.startswith("B-") else tag
        yield from ("\t".join(row) for row in rows)
        yield ""


def _untagged(row: list[str]) -> list[str]:
    left = [piece for piece in row[MISC].split("|") if piece.partition("=")[0] not in conllu_entities.KEYS]
    return [*row[:MISC], "|".join(left) or "_", *row[MISC + 1 :]]


def _tagged(row: list[str], tag: str) -> list[str]:
    if not tag:
        return row
    pieces = [] if row[MISC] == "_" else row[MISC].split("|")
    return [*row[:MISC], "|".join([f"NER={tag}", *pieces]), *row[MISC + 1 :]]


def _tags(made: _Prepared, places: Sequence[tuple[int, int]]) -> list[str]:
    """Return a tag for each token; empty ones where nobody has looked at the document."""
    if made.flat.version is None:
        return [""] * len(places)
    held = flat.within(made.kept, places)
    found = [(escaped(one.entity.type), first, last) for one, first, last in runs(places, held)]
    return tagging.encode(found, len(places), "IOB2")


def _new(document: Document, made: _Prepared) -> Iterator[str]:
    """Yield the lines of a document that did not come in this format."""
    key, text = document.key, made.flat.text
    cuts, halves = cut(document, made.kept, split=True)
    if halves:
        made.flat.lost[_HALVES] = [""] * halves
    for number, one in enumerate(cuts, 1):
        if number == 1:
            yield from _begin(key)
        if not one.tokens:
            yield f"# text_json = {quoted(text[one.start : one.end])}"
            yield ""
            continue
        if key.isprintable():
            yield f"# sent_id = {key}-{number}"
        yield f"# text = {' '.join(text[one.tokens[0][0] : one.tokens[-1][1]].split())}"
        tags = _tags(made, one.tokens)
        is_last = number == len(cuts)
        for index, ((start, end), tag) in enumerate(zip(one.tokens, tags, strict=True)):
            is_end = index == len(one.tokens) - 1
            following = one.end if is_end else one.tokens[index + 1][0]
            said = {"NER": tag} if tag else {}
            said |= gap_keys(text[end:following], "" if is_end and is_last else " ")
            if index == 0 and start > one.start:
                said["SpacesBefore"] = escaped(text[one.start : start])
            columns = [str(index + 1), text[start:end], *["_"] * (COLUMNS - FORM - 2)]
            yield "\t".join([*columns, "|".join(f"{name}={value}" for name, value in said.items()) or "_"])
        yield ""

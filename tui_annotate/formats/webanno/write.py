"""Writing WebAnno TSV 3.3: a file a document, as it came where nobody touched it, else with its layers filled anew."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from tui_annotate.domain.interchange import ExchangedDocument, Problem
from tui_annotate.domain.scheme import Scheme
from tui_annotate.errors import DataError
from tui_annotate.formats import flat
from tui_annotate.formats.base import Put, WriteOptions
from tui_annotate.formats.column_text import cut
from tui_annotate.formats.flat import Flat, Placed
from tui_annotate.formats.safety import Names, safe_path
from tui_annotate.formats.source import decode
from tui_annotate.formats.units import from_points
from tui_annotate.formats.webanno import layers as webanno_layers
from tui_annotate.formats.webanno.fill import Fill
from tui_annotate.formats.webanno.layers import Contents
from tui_annotate.formats.webanno.table import Row, Sentence, Table, escape_text, parse

KEPT = "webanno.tsv"
"""Under which the file is kept with its document."""
_LOOSE = "relations of entities that are nothing but white space"
_TAKEN = frozenset(("value", "begin", "end", "sofa"))


def write(documents: Iterable[ExchangedDocument], put: Put, options: WriteOptions) -> Iterator[Problem]:
    """Write a file per document."""
    names = Names()
    yield from flat.alike(Scheme(attributes=options.scheme.attributes), feature)
    for exchanged in documents:
        key = exchanged.document.key
        held, placed = prepare(exchanged, options)
        name = names.take(f"{safe_path(key) or '_'}.tsv", key)
        came = _came(exchanged)
        if came is not None and _content(held, placed) == _content_of(*came):
            put(name, exchanged.source[KEPT])
        else:
            yield from _refilled(key, came)
            fits = came is not None and _covers(came[0])
            table, found = came if came is not None and fits else (_table(exchanged, held), Contents())
            fill = Fill(table, found, held, placed, _texts)
            put(name, "".join(f"{line}\n" for line in fill.lines()).encode("utf-8", "replace"))
        yield from flat.told(key, held.lost)


def count_lost(exchanged: ExchangedDocument, options: WriteOptions) -> dict[str, int]:
    """Count the entities that are not written as they are."""
    return flat.counted(prepare(exchanged, options)[0].lost) | flat.unnameable(exchanged)


def meaning(exchanged: ExchangedDocument, options: WriteOptions) -> Any:
    """Text, and of one version entities with attributes, and relations between them."""
    held, placed = prepare(exchanged, options)
    return held.text, *_content(held, placed)


def prepare(exchanged: ExchangedDocument, options: WriteOptions) -> tuple[Flat, list[Placed]]:
    """Return a document as it is written."""
    held = flat.flatten(exchanged, options)
    placed = list(flat.hulls(held))
    there = {one.entity.number for one in placed}
    for relation in held.annotations.relations.values():
        if not there.issuperset(relation.ends):
            held.lost.setdefault(_LOOSE, []).append(relation.type)
    return held, placed


def _texts(one: Placed) -> dict[str, str]:
    """Return an entity's attributes as features."""
    return {feature(name): text_of(value) for name, value in one.entity.attributes.items()}


def _content(held: Flat, placed: list[Placed]) -> tuple[list[str], list[str]]:
    places = {one.entity.number: (shown(one.entity.type), one.start, one.end) for one in placed}
    entities = [repr((places[one.entity.number], sorted(_texts(one).items()))) for one in placed]
    relations = [
        repr((shown(relation.type), *(places[end] for end in relation.ends)))
        for relation in held.annotations.relations.values()
        if all(end in places for end in relation.ends)
    ]
    return sorted(entities), sorted(relations)


def _content_of(table: Table, found: Contents) -> tuple[list[str], list[str]] | None:
    """Return the same of a file as it came; None where some of it could not be read."""
    if table.problems or found.problems or any(one.place is None for one in found.annotations):
        return None
    places = {id(one): (one.type, *(one.place or (0, 0))) for one in found.annotations}
    entities = [
        repr((places[id(one)], sorted((feature(name), value) for name, value in one.attributes.items())))
        for one in found.annotations
    ]
    relations = [repr((link.type, places[id(link.source)], places[id(link.target)])) for link in found.links]
    return sorted(entities), sorted(relations)


def _came(exchanged: ExchangedDocument) -> tuple[Table, Contents] | None:
    content = exchanged.source.get(KEPT)
    if content is None:
        return None
    try:
        table = parse(decode(content).text)
    except DataError:
        return None
    if table.text != exchanged.document.text or table.unit != "UTF-16":
        return None
    return table, webanno_layers.contents(table)


def _covers(table: Table) -> bool:
    """Say whether the tokens of a file are all that is seen of its text, so that entities can be put on them."""
    tokens = (row for row in table.rows if not row.is_part and row.start < row.stop)
    return "".join("".join(table.text[row.start : row.stop] for row in tokens).split()) == "".join(table.text.split())


def _refilled(key: str, came: tuple[Table, Contents] | None) -> Iterator[Problem]:
    """Say what of a file's layers does not stay as it was when they are filled anew."""
    if came is None:
        return
    if not _covers(came[0]):
        yield Problem(
            "noted", key, "", "the tokens of its file leave out some of the text: it was cut into tokens anew"
        )
        return
    links = {link.layer.short for link in came[1].links if link.layer.kind != "RL"}
    if links:
        yield Problem("noted", key, "", f"links of {', '.join(sorted(links))} were written as relations")


def text_of(value: bool | int | float | str) -> str:
    """Return an attribute's value as it is written."""
    return shown(str(value).lower() if isinstance(value, bool) else str(value))


def shown(text: str) -> str:
    """Return a text with line breaks as a column can have them."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def feature(name: str) -> str:
    """Return an attribute's name as features are named in UIMA: letters, digits and `_`."""
    made = re.sub(r"[^A-Za-z0-9_]", "_", name)
    if not made[:1].isalpha():
        made = f"a{made}"
    return f"{made}_" if made in _TAKEN else made


def _table(exchanged: ExchangedDocument, held: Flat) -> Table:
    """Return a table of a document that did not come as one: sentences and tokens by our own rules."""
    text = held.text
    cuts, _ = cut(exchanged.document, [], split=False)
    table = Table(3, text=text)
    for number, one in enumerate(cuts, 1):
        tokens = list(one.tokens)
        first = tokens[0][0] if tokens else one.end
        if number == 1 and (text[:first].strip(" ") or not tokens) and first:
            # Only blanks may stand before the first token, and a document needs one.
            tokens.insert(0, (0, first))
        if not tokens:
            continue
        lines = text[tokens[0][0] : one.end].split("\n")
        sentence = Sentence(0, [f"#Text={escape_text(line)}" for line in lines])
        for index, (start, stop) in enumerate(tokens, 1):
            begin, end = from_points(text, start, "UTF-16"), from_points(text, stop, "UTF-16")
            form = text[start:stop] if not text[start:stop].isspace() else escape_text(text[start:stop])
            sentence.rows.append(Row(0, f"{number}-{index}", begin, end, form, [], start, stop))
        table.sentences.append(sentence)
    return table

"""A page that shows a document with its annotations in any browser, and carries them as a row of JSON lines."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from hashlib import blake2b
from html import escape

from tui_annotate.domain.annotations import Annotations, Entity
from tui_annotate.domain.documents import Document, Part
from tui_annotate.domain.interchange import ExchangedDocument, ExchangedVersion
from tui_annotate.formats.blocks import kind_of
from tui_annotate.formats.jsonl import write as jsonl_write

GENERATOR = '<meta name="generator" content="tui-annotate page">'
ROW_ID = "tui-annotate-row"
_COLOURS = ("#ffe08a", "#a8dcff", "#b8f0b0", "#ffc2d4", "#d9c8ff", "#ffd0a8", "#b5efe6", "#e3e3a0")
_TAGS = {"h": "h2", "v": "pre", "p": "p"}
_STYLE = """body { font: 1rem/1.6 serif; max-width: 46rem; margin: 2rem auto; padding: 0 1rem; }
p, h2, pre { white-space: pre-wrap; overflow-wrap: break-word; }
mark[data-end]::after { content: " " attr(data-end); font: bold .65em sans-serif; vertical-align: super; }
dt { font-weight: bold; float: left; clear: left; margin-right: 1ch; }"""


def page(exchanged: ExchangedDocument, version: ExchangedVersion | None) -> bytes:
    """Return the page of a document with one of its versions."""
    document = exchanged.document
    held = version.annotations if version else Annotations()
    row = json.dumps(jsonl_write.row(exchanged, version), ensure_ascii=True).replace("<", "\\u003c")
    title = escape(document.name or document.key)
    pieces = [
        f'<!DOCTYPE html>\n<html lang="{escape(document.language)}">\n<head>\n<meta charset="utf-8">\n{GENERATOR}\n',
        f"<title>{title}</title>\n<style>\n{_STYLE}\n</style>\n</head>\n<body>\n<article>\n",
        *(_part(part, held) for part in document.parts),
        "</article>\n",
        *_labels(held),
        *_relations(document, held),
        f'<script type="application/json" id="{ROW_ID}">{row}</script>\n</body>\n</html>\n',
    ]
    return "".join(pieces).encode("utf-8", "replace")


def _part(part: Part, held: Annotations) -> str:
    tag = _TAGS[kind_of(part)]
    entities = [entity for entity in held.entities.values() if entity.span.part == part.id]
    return f'<{tag} id="{escape(part.id)}">{"".join(_marked(part.text, entities))}</{tag}>\n'


def _marked(text: str, entities: Sequence[Entity]) -> Iterator[str]:
    """Yield the text cut wherever an entity begins or ends; a stretch names all entities that cover it."""
    begins: dict[int, list[str]] = {}
    ends: dict[int, list[str]] = {}
    for entity in entities:
        for place, span in enumerate(entity.spans, 1):
            begins.setdefault(span.start, []).append(entity.type)
            ends.setdefault(span.end, []).append(entity.type)
            if place < len(entity.spans):
                ends[span.end][-1] = f"{entity.type} …"
    inside: list[str] = []
    at = 0
    for cut in sorted({*begins, *ends, len(text)}):
        if cut > at:
            yield _stretch(text[at:cut], inside, ends.get(cut, ()))
        for type in ends.get(cut, ()):
            inside.remove(type.removesuffix(" …") if type not in inside else type)
        inside += begins.get(cut, [])
        at = cut


def _stretch(text: str, types: Sequence[str], ending: Sequence[str]) -> str:
    if not types:
        return escape(text)
    names = escape(", ".join(dict.fromkeys(types)))
    end = f' data-end="{escape(" ".join(ending))}"' if ending else ""
    return f'<mark style="background: {_colour(types[-1])}" title="{names}"{end}>{escape(text)}</mark>'


def _colour(type: str) -> str:
    digest = blake2b(type.encode("utf-8", "surrogatepass"), digest_size=1).digest()
    return _COLOURS[digest[0] % len(_COLOURS)]


def _labels(held: Annotations) -> Iterator[str]:
    if held.labels:
        rows = (
            f"<dt>{escape(one.name)}</dt><dd>"
            f"{escape(', '.join(one.value) if isinstance(one.value, tuple) else str(one.value))}</dd>"
            for one in held.labels.values()
        )
        yield f"<dl>{''.join(rows)}</dl>\n"


def _relations(document: Document, held: Annotations) -> Iterator[str]:
    found = []
    for relation in held.relations.values():
        ends = [held.entities.get(number) for number in relation.ends]
        texts = [escape(document.slice(entity.span)) if entity else "?" for entity in ends]
        found.append(f"<li>{texts[0]} {'→' if relation.directed else '—'} {texts[1]}: {escape(relation.type)}</li>")
    if found:
        yield f"<ul>{''.join(found)}</ul>\n"

"""A page of one document for a browser: its text with what is annotated in it, to be looked at and no more."""

from __future__ import annotations

from html import escape

from tui_annotate.domain.annotations import Entity
from tui_annotate.domain.documents import Part
from tui_annotate.services import answers
from tui_annotate.store.connection import Corpus

_STYLE = (
    "body{font:16px/1.6 sans-serif;max-width:50em;margin:2em auto;padding:0 1em}"
    "pre,p{white-space:pre-wrap;font:inherit}mark{padding:0 .2em;border-radius:.2em}"
    "sup{font-size:.7em;font-weight:bold}.undecided{background:none;border-bottom:2px dashed}"
    "dt{font-weight:bold}"
)


def document_page(corpus: Corpus, id: int, member: str) -> bytes:
    """Return the page of a document; everything in it that comes from the corpus is escaped."""
    held, _ = answers.versions(corpus, answers.document(corpus, id), member)
    document, version = held.document, held.versions[0]
    title = escape(document.name or document.key)
    state = "confirmed" if version.confirmed else "not confirmed"
    labels = "".join(
        f"<dt>{escape(one.name)}</dt><dd>{escape(str(one.value))} ({_by(one.who, one.prob)})</dd>"
        for one in version.annotations.labels.values()
    )
    entities = list(version.annotations.entities.values())
    parts = "".join(_part(part, [e for e in entities if e.spans[0].part == part.id]) for part in document.parts)
    page = (
        f'<!DOCTYPE html><html lang="{escape(document.language)}"><head><meta charset="utf-8"><title>{title}</title>'
        f"<style>{_STYLE}</style></head><body><h1>{title}</h1>"
        f"<p>{escape(document.key)}: version of {escape(version.annotator)}, {state}</p><dl>{labels}</dl>{parts}"
        "</body></html>"
    )
    return page.encode("utf-8", "replace")


def _part(part: Part, entities: list[Entity]) -> str:
    """Return a part with its entities marked; of those that overlap the first."""
    pieces: list[str] = []
    at = 0
    for entity in sorted(entities, key=lambda e: (e.span.start, -e.span.end)):
        span = entity.span
        if span.start < at:
            continue
        pieces.append(escape(part.text[at : span.start]))
        undecided = "" if any(who.startswith("user:") for who in entity.who) else ' class="undecided"'
        inside = escape(part.text[span.start : span.end])
        told = escape(_by(entity.who, entity.prob), quote=True)
        pieces.append(f'<mark{undecided} title="{told}">{inside}<sup>{escape(entity.type)}</sup></mark>')
        at = span.end
    pieces.append(escape(part.text[at:]))
    return f'<p id="{escape(part.id, quote=True)}">{"".join(pieces)}</p>'


def _by(who: tuple[str, ...], prob: float) -> str:
    return f"{', '.join(who) or 'nobody said'}, {prob:.2f}"

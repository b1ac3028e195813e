"""Alignment: whether the ends of an entity meet the ends of tokens, which is all that a model of tokens can learn."""

from __future__ import annotations

from collections.abc import Sequence

from tui_annotate.domain.documents import Document
from tui_annotate.domain.spans import Span
from tui_annotate.domain.tokens import snap, token_offsets


def misaligned(document: Document, spans: Sequence[Span]) -> bool:
    """Say whether any end of these spans lies inside a token, or on white space."""
    return any(snapped(document, span) != span for span in spans)


def snapped(document: Document, span: Span) -> Span:
    """Return the smallest span of whole tokens that covers one; itself where it holds no token at all.

    Only the text as far as the next white space is looked at: no token goes beyond that.
    """
    text = document.part(span.part).text
    begin, end = span.start, span.end
    while begin > 0 and not text[begin - 1].isspace():
        begin -= 1
    while end < len(text) and not text[end].isspace():
        end += 1
    found = snap(token_offsets(text[begin:end]), span.start - begin, span.end - begin)
    return span if found is None else Span(span.part, begin + found[0], begin + found[1])

"""What stands around a hit: the words of a query found again in a text, for whoever is shown the result."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import regex

from tui_annotate.domain.documents import Document
from tui_annotate.domain.query_tree import Like, Query, Where, Words, leaves
from tui_annotate.domain.spans import Span
from tui_annotate.store import documents
from tui_annotate.store.connection import Corpus
from tui_annotate.store.search import fts
from tui_annotate.store.search.places import Hit

_BEFORE, _BEHIND = 40, 160
_AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A place in a document."""

    span: Span | None
    """Where the first hit stands; None where no word was asked for, or none is there."""
    before: str
    found: str
    after: str

    @property
    def text(self) -> str:
        """Return all of it, `…` where the text goes on before it."""
        return self.before + self.found + self.after


class Pattern:
    """The words of a query, as they are found in a text."""

    def __init__(self, query: Query) -> None:
        expressions = _expressions(query)
        self._pattern = regex.compile("|".join(expressions)) if expressions else None

    def places(self, document: Document, *, most: int = 0) -> list[Span]:
        """Return where the words stand, in reading order; `most` of them at most, 0 for all."""
        found: list[Span] = []
        for part in document.parts if self._pattern is not None else ():
            for match in self._pattern.finditer(flat(part.text), concurrent=True):  # type: ignore[union-attr]
                if match.end() > match.start():
                    found.append(Span(part.id, *match.span()))
                    if len(found) == most:
                        return found
        return found


def excerpts(corpus: Corpus, query: Query, ids: Sequence[int]) -> dict[int, Excerpt]:
    """Return what stands around the first hit in each of some documents."""
    pattern = Pattern(query)
    return {id: excerpt(pattern, document) for id, document in documents.load_some(corpus, ids).items()}


def excerpt(pattern: Pattern, document: Document) -> Excerpt:
    """Return what stands around the first hit in a document; how it begins where there is none."""
    places = pattern.places(document, most=1)
    if not places:
        return Excerpt(None, "", "", document.text[: _BEFORE + _BEHIND])
    (span,) = places
    text = document.part(span.part).text
    begin = max(0, span.start - _BEFORE)
    before = ("…" if begin else "") + text[begin : span.start]
    return Excerpt(span, before, text[span.start : span.end], text[span.end : span.end + _BEHIND])


def places(corpus: Corpus, query: Query, ids: Sequence[int]) -> Iterator[Hit]:
    """Yield every place of the words in some documents, in this order; a document without any yields how it begins."""
    pattern = Pattern(query)
    for begin in range(0, len(ids), _AT_ONCE):
        some = ids[begin : begin + _AT_ONCE]
        held = documents.load_some(corpus, some)
        for id in some:
            if id in held:
                yield from _hits(id, held[id], pattern)


def _hits(id: int, document: Document, pattern: Pattern) -> Iterator[Hit]:
    found = pattern.places(document)
    if not found:
        yield Hit(id, document.key, document.name, None, "", "", document.text[: _BEFORE + _BEHIND])
    for span in found:
        text = document.part(span.part).text
        before, behind = text[max(0, span.start - _BEFORE) : span.start], text[span.end : span.end + _BEFORE]
        yield Hit(id, document.key, document.name, span, before, text[span.start : span.end], behind)


def _expressions(query: Query) -> list[str]:
    """Return how what a query asks for is written: its words, and the texts of the entities."""
    found: list[str] = []
    for leaf, negated in leaves(query):
        if isinstance(leaf, Words) and not negated:
            found.append(_written(leaf.text, leaf.prefix))
        elif isinstance(leaf, Where) and not negated and leaf.field == "entity" and len(leaf.values) == 2:
            text = leaf.values[1]
            if isinstance(text, Like) and fts.has_word(text.plain):
                found.append(_wild(text.pieces))
    return found


def _wild(pieces: Sequence[str]) -> str:
    """Return an expression for pieces of text with anything of a word between them."""
    if len(pieces) == 1:
        return _written(pieces[0], False)
    return r"[\p{L}\p{N}]*".join(regex.escape(flat(piece)) for piece in pieces)


def _written(text: str, prefix: bool) -> str:
    """Return an expression for words one after the other, with anything that is no word between them."""
    pieces = []
    for word in regex.findall(r"[\p{L}\p{N}\p{M}\p{Co}]+|\p{So}", flat(text)):
        bounded = fts.is_apart(word[0])
        begin = "" if bounded else r"(?<![\p{L}\p{N}])"
        end = "" if fts.is_apart(word[-1]) else r"(?![\p{L}\p{N}])"
        pieces.append((begin, regex.escape(word), end))
    if prefix and pieces:
        pieces[-1] = (pieces[-1][0], pieces[-1][1] + r"[\p{L}\p{N}]*", "")
    return r"[^\p{L}\p{N}]*".join("".join(piece) for piece in pieces) or r"(?!)"


def flat(text: str) -> str:
    """Return a text of the same length without regard to case and accents."""
    if text.isascii():
        return text.lower()
    return text.translate(_FLAT)


class _Flat(dict[int, str]):
    def __missing__(self, code: int) -> str:
        letter = chr(code)
        plain = unicodedata.normalize("NFD", letter)[0].lower() if not fts.is_apart(letter) else letter
        self[code] = found = plain if len(plain) == 1 else letter
        return found


_FLAT = _Flat()

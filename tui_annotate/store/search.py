"""Finding text in a corpus, in file order and in short reads; a search of everything holds nobody up."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import regex

from tui_annotate.domain.documents import Document
from tui_annotate.domain.spans import Span
from tui_annotate.errors import UsageError
from tui_annotate.store import documents
from tui_annotate.store.connection import Corpus

_AROUND = 40


@dataclass(frozen=True, slots=True)
class Hit:
    """A place where the text stands."""

    document: int
    key: str
    name: str
    span: Span
    before: str
    """Up to 40 characters before it."""
    found: str
    after: str
    """Up to 40 characters after it."""


@dataclass(frozen=True, slots=True)
class Look:
    """What one look at some documents found."""

    found: dict[int, str]
    """Documents in file order, each with what stands around the text in it; empty where its name alone holds it."""
    last: int | None
    """Where to go on behind; None when all have been looked at."""


def look(corpus: Corpus, text: str, *, after: int = 0, size: int = 100) -> Look:
    """Say which of the next `size` documents hold a text, in themselves or in name, id or folder.

    A look is short, so whoever asks can show what there is, and stop.
    """
    wanted = regex.compile(regex.escape(text), regex.IGNORECASE)
    batch = next(documents.batches(corpus, after=after, size=size), None)
    if batch is None:
        return Look({}, None)
    held = ((id, _held(document, wanted)) for id, document in batch)
    return Look({id: around for id, around in held if around is not None}, batch[-1][0])


def _held(document: Document, wanted: regex.Pattern[str]) -> str | None:
    for part in document.parts:
        # A long text is looked through without holding the other threads up.
        match = wanted.search(part.text, concurrent=True)
        if match is not None:
            begin = max(0, match.start() - _AROUND // 2)
            return ("…" if begin else "") + part.text[begin : match.end() + 4 * _AROUND]
    names = (document.name, document.key, document.folder)
    return "" if any(wanted.search(name) for name in names) else None


def search(
    corpus: Corpus, text: str, *, pattern: bool = False, case: bool = False, after: int = 0, per_document: int = 0
) -> Iterator[Hit]:
    """Yield where a text stands in the documents.

    Args:
        pattern: Take it for a regular expression.
        case: Tell capitals from small letters.
        after: Begin behind this document.
        per_document: Hits of one document at most; 0 for all.

    Raises:
        UsageError: The text is empty, or no regular expression.
    """
    if not text:
        raise UsageError("There is nothing to search for.", hint="Give some text.")
    try:
        wanted = regex.compile(text if pattern else regex.escape(text), 0 if case else regex.IGNORECASE)
    except regex.error as error:
        raise UsageError(f"{text!r} is no regular expression: {error}.") from None
    for batch in documents.batches(corpus, after=after):
        for id, document in batch:
            count = 0
            for part in document.parts:
                for match in wanted.finditer(part.text):
                    if match.start() == match.end() or (per_document and count >= per_document):
                        continue
                    count += 1
                    start, end = match.span()
                    yield Hit(
                        id,
                        document.key,
                        document.name,
                        Span(part.id, start, end),
                        part.text[max(0, start - _AROUND) : start],
                        match.group(),
                        part.text[end : end + _AROUND],
                    )

"""Finding every place of a text or regular expression, in file order and in short reads that hold nobody up."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import regex

from tui_annotate.domain.spans import Span
from tui_annotate.errors import UsageError
from tui_annotate.store import documents
from tui_annotate.store.connection import Corpus

_AROUND = 40


@dataclass(frozen=True, slots=True)
class Hit:
    """A place where something stands, or a document without one."""

    document: int
    key: str
    name: str
    span: Span | None
    """None where the document was found by something else than words."""
    before: str
    """Up to 40 characters before it."""
    found: str
    after: str
    """Up to 40 characters after it; how the document begins where there is no place."""


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

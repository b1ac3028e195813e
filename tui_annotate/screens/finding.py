"""Finding text in the open document: hits in reading order, without regard to case."""

from __future__ import annotations

import regex

from tui_annotate.domain.documents import Document
from tui_annotate.domain.spans import Span


class Finding:
    """One search in one document."""

    def __init__(self, document: Document, text: str) -> None:
        self.document = document
        self.text = text
        self._pattern = regex.compile(regex.escape(text), regex.IGNORECASE | regex.FULLCASE)

    def place(self, hit: Span) -> tuple[int, int]:
        """Return which of all hits one is, from 1, and how many there are."""
        before = count = 0
        parts = self.document.parts
        here = [part.id for part in parts].index(hit.part)
        for index, part in enumerate(parts):
            for match in self._pattern.finditer(part.text, overlapped=True):
                count += 1
                before += index < here or (index == here and match.start() < hit.start)
        return before + 1, count

    def after(self, place: Span | None) -> Span | None:
        """Return the first hit behind a place, round the end; None when there is none at all."""
        parts = self.document.parts
        order = [part.id for part in parts]
        first = order.index(place.part) if place is not None else 0
        for turn in range(len(parts) + 1):
            part = parts[(first + turn) % len(parts)]
            begin = place.start + 1 if place is not None and turn == 0 else 0
            match = self._pattern.search(part.text, begin)
            if match is not None and match.end() > match.start():
                return Span(part.id, match.start(), match.end())
        return None

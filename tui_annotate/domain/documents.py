"""Documents: imported texts, never altered, addressed by part and code-point offset."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property
from hashlib import blake2b

from tui_annotate.domain.spans import Span


@dataclass(frozen=True, slots=True)
class Part:
    """The smallest addressed unit of a document: a paragraph, a heading, a page, the whole text."""

    id: str
    """anndoc's part id, e.g. `s1v1`, `s1p2`, `s2h1`; opaque."""
    text: str


class DocumentState(IntEnum):
    """How far a document is, over all its versions. The numbers are stored."""

    PENDING = 0
    IN_PROGRESS = 1
    SKIPPED = 2
    CONFIRMED = 3


@dataclass(frozen=True)
class Document:
    """An imported text with its parts."""

    key: str
    """The public id, unique in a corpus; importing the same id again is idempotent."""
    parts: tuple[Part, ...]
    name: str = ""
    """What it is called where it came from: file name, anndoc's `data-origid`."""
    folder: str = ""
    """Path below the pool, `/` between levels, empty at the top."""
    language: str = ""
    """BCP 47 code when known."""
    tags: tuple[str, ...] = ()

    @cached_property
    def text(self) -> str:
        """All parts, a newline between them: for hashing, search and models of whole documents."""
        return self.parts[0].text if len(self.parts) == 1 else "\n".join(part.text for part in self.parts)

    @cached_property
    def _parts_by_id(self) -> dict[str, Part]:
        return {part.id: part for part in self.parts}

    def has(self, span: Span) -> bool:
        """Say whether the span lies inside one of the parts."""
        part = self._parts_by_id.get(span.part)
        return part is not None and span.end <= len(part.text)

    def slice(self, span: Span) -> str:
        """Return the text under a span; raises KeyError for a part that the document lacks."""
        return self._parts_by_id[span.part].text[span.start : span.end]

    def part(self, id: str) -> Part:
        """Return a part by id; raises KeyError."""
        return self._parts_by_id[id]

    def order(self, span: Span) -> tuple[int, int, int]:
        """Return the sort key of a span in reading order: position of its part, start, end."""
        return self._part_order[span.part], span.start, span.end

    @cached_property
    def _part_order(self) -> dict[str, int]:
        return {part.id: index for index, part in enumerate(self.parts)}


def text_hash(text: str) -> int:
    """Return a signed 64-bit hash of a text: equal texts are duplicates, and the holdout is drawn by it.

    Stable over machines and versions: blake2b with 8 bytes of the UTF-8 text,
    lone surrogates kept.
    """
    digest = blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)

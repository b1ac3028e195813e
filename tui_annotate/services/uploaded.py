"""What a client uploads, as values: its files, the documents that come of them, and what is to be said of those."""

from __future__ import annotations

import io
import re
from base64 import b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import BinaryIO

from tui_annotate.domain.documents import Part
from tui_annotate.domain.interchange import ExchangedDocument
from tui_annotate.formats.base import SchemeHint


@dataclass(frozen=True, slots=True)
class Uploaded:
    """One file as a client sent it."""

    name: str
    size: int
    open: Callable[[], BinaryIO]

    @classmethod
    def of(cls, name: str, content: bytes) -> Uploaded:
        """Return a file of what is in memory."""
        return cls(name, len(content), lambda: io.BytesIO(content))

    def read(self) -> bytes:
        """Return the whole content."""
        with self.open() as stream:
            return stream.read()


@dataclass(frozen=True, slots=True)
class Incoming:
    """One document on its way in."""

    exchanged: ExchangedDocument
    filenames: tuple[str, ...]
    """The client's files that it came from."""
    size: int
    """Bytes of these files."""


@dataclass(slots=True)
class Upload:
    """All that one request brings."""

    documents: list[Incoming] = field(default_factory=list)
    hints: list[SchemeHint] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def made_id(name: str, parts: Sequence[Part]) -> str:
    """Return the id of a document that comes without one, shaped as tagtog's.

    It follows from name and text, so that uploading the same again is the same document.
    """
    digest = blake2b(digest_size=21)
    for piece in (name, *(text for part in parts for text in (part.id, part.text))):
        encoded = piece.encode("utf-8", "surrogatepass")
        digest.update(len(encoded).to_bytes(8, "big") + encoded)
    mark = b64encode(digest.digest(), b"._").decode()[:27]
    cleaned = re.sub(r"[^A-Za-z0-9._]+", "_", name)[:100].strip("_") or "text"
    return f"a{mark}-{cleaned}"

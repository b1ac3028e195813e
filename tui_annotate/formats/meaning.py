"""What a document means in a format: two that mean the same give the same digest.

An export is read back and compared by these, so each leaves out just what its format cannot
hold, and nothing else.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from hashlib import blake2b
from typing import Any

import msgspec

from tui_annotate.domain.annotations import Annotations
from tui_annotate.domain.interchange import ExchangedDocument
from tui_annotate.formats.base import Feature, Format, Meaning, WriteOptions, chosen_version
from tui_annotate.formats.reducing import reduced
from tui_annotate.formats.safety import safe_path

_encode = msgspec.json.Encoder(order="deterministic").encode


def of_jsonl(exchanged: ExchangedDocument, options: WriteOptions) -> Any:
    """Everything but other versions; an empty version that says nothing is none."""
    document = exchanged.document
    index = chosen_version(exchanged, options)
    version: Any = None
    if index is not None:
        chosen = exchanged.versions[index]
        held = chosen.annotations
        if chosen.confirmed is not None or held.entities or held.labels or held.extra:
            version = chosen.confirmed, chosen.annotator, of_annotations(held)
    parts = [(part.id, part.text) for part in document.parts]
    return document.key, document.name, document.folder, document.language, document.tags, parts, version


def of_text(exchanged: ExchangedDocument, options: WriteOptions) -> Any:
    """The text alone."""
    return exchanged.document.text


def by(holds: frozenset[Feature]) -> Meaning:
    """Return the meaning of documents in a format that has room for just these features, besides the text."""

    def meaning(exchanged: ExchangedDocument, options: WriteOptions) -> Any:
        return plain(reduced(exchanged, holds, options))

    return meaning


def with_place(format: Format) -> Meaning:
    """Return what a document means in files of its own, which also say by their folder where it lies.

    The name itself may have to be another one, where two ids differ by capitals alone or are no names of files.
    """
    if format.is_project:
        return format.meaning

    def meaning(exchanged: ExchangedDocument, options: WriteOptions) -> Any:
        return safe_path(exchanged.document.key).rpartition("/")[0], format.meaning(exchanged, options)

    return meaning


def plain(left: ExchangedDocument) -> Any:
    """Return all that is left of a document as plain values."""
    document = left.document
    parts = [(part.id, part.text) for part in document.parts]
    versions = {v.annotator: [v.confirmed, of_annotations(v.annotations)] for v in left.versions}
    about = (document.key, document.name, document.folder, document.language, sorted(document.tags))
    return about, parts, versions


def of_annotations(held: Annotations) -> Any:
    """Return a version's annotations as plain values; their order and numbers mean nothing."""
    entities = [
        (e.type, _place(e.spans), e.who, float(e.prob), e.state, dict(e.attributes), dict(e.extra))
        for e in held.entities.values()
    ]
    labels = {m.name: (m.value, m.who, float(m.prob), m.state, dict(m.extra)) for m in held.labels.values()}
    relations = [
        (r.type, [_end(held, n) for n in r.ends], r.directed, r.who, float(r.prob), r.state, dict(r.extra))
        for r in held.relations.values()
    ]
    return sorted(map(_encode, entities)), labels, sorted(map(_encode, relations)), _unordered(held.extra)


def _unordered(extra: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a version holds besides, with the rows that could not be placed in no order either."""
    refused = extra.get("refused")
    if not isinstance(refused, dict):
        return dict(extra)
    rows = {group: sorted(map(_encode, held)) if isinstance(held, list) else held for group, held in refused.items()}
    return {**extra, "refused": rows}


def _place(spans: Any) -> Any:
    return spans[0].part, [(span.start, span.end) for span in spans]


def _end(held: Annotations, number: int) -> Any:
    """Return an end as anndoc names it: type and hull, so that equal ends are one."""
    hull = held.entities[number].span
    return held.entities[number].type, hull.part, hull.start, hull.end


class Tally:
    """Digests of documents, 16 bytes each in a temporary file, to compare what was written with what is read back."""

    def __init__(self, meaning: Meaning, options: WriteOptions) -> None:
        self.meaning = meaning
        self._options = options
        self._digests = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the tally
        self._count = 0
        self._sum = 0

    def close(self) -> None:
        """Drop the digests."""
        self._digests.close()

    def add(self, exchanged: ExchangedDocument) -> None:
        """Take a document's meaning in."""
        digest = self._digest(exchanged)
        self._sum = (self._sum + int.from_bytes(digest, "big")) % (1 << 128)
        self._count += 1
        self._digests.write(digest)

    def __len__(self) -> int:
        return self._count

    def matches(self, other: Tally) -> bool:
        """Say whether both hold the same documents, in any order."""
        return len(self) == len(other) and self._sum == other._sum

    def has(self, exchanged: ExchangedDocument) -> bool:
        """Say whether just this document was taken in; a search through all, to name what differs."""
        wanted = self._digest(exchanged)
        self._digests.seek(0)
        try:
            return any(digest == wanted for digest in iter(lambda: self._digests.read(16), b""))
        finally:
            self._digests.seek(0, 2)

    def _digest(self, exchanged: ExchangedDocument) -> bytes:
        return blake2b(_encode(self.meaning(exchanged, self._options)), digest_size=16).digest()

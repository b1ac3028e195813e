"""What the tests of formats in columns and beside texts share."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence

from tests.formats.helpers import SCHEME, docs, source
from tui_annotate.domain.annotations import Annotations, Entity
from tui_annotate.domain.documents import Document, Part
from tui_annotate.domain.interchange import ExchangedDocument, ExchangedVersion, Problem
from tui_annotate.domain.spans import Span
from tui_annotate.formats import registry
from tui_annotate.formats.base import Item, ReadOptions, WriteOptions

OPTIONS = WriteOptions(scheme=SCHEME)


def read(format: str, files: Mapping[str, str | bytes]) -> list[Item]:
    """Return all that a format's reader yields of files in memory."""
    reader = registry.get(format).read
    assert reader is not None
    return list(reader([source(name, body) for name, body in files.items()], ReadOptions()))


def stream(format: str, documents: Sequence[ExchangedDocument]) -> tuple[str, list[Problem]]:
    """Return what a format writes into one file, and what it says."""
    writer = registry.get(format).write_stream
    assert writer is not None
    target = io.BytesIO()
    said = list(writer(documents, target, OPTIONS))
    return target.getvalue().decode(), said


def tree(format: str, documents: Sequence[ExchangedDocument]) -> tuple[dict[str, str], list[Problem]]:
    """Return the files that a format writes, and what it says."""
    writer = registry.get(format).write_tree
    assert writer is not None
    files: dict[str, bytes] = {}
    said = list(writer(documents, files.__setitem__, OPTIONS))
    return {name: body.decode() for name, body in files.items()}, said


def made(text: str, *entities: tuple[str, int, int], key: str = "d") -> ExchangedDocument:
    """Return a document of one part with entities."""
    held = {n: Entity(t, (Span("s1v1", a, b),), number=n) for n, (t, a, b) in enumerate(entities, 1)}
    return ExchangedDocument(Document(key, (Part("s1v1", text),)), (ExchangedVersion(Annotations(held)),))


def places(one: ExchangedDocument) -> list[tuple[str, str]]:
    """Return type and text of the entities of the first version."""
    held = one.versions[0].annotations.entities.values()
    return [(e.type, "|".join(one.document.slice(span) for span in e.spans)) for e in held]


def links(one: ExchangedDocument) -> list[tuple[str, str, str]]:
    """Return type and the texts of both ends of the relations of the first version."""
    held = one.versions[0].annotations
    texts = {n: one.document.slice(e.span) for n, e in held.entities.items()}
    return [(r.type, *(texts[end] for end in r.ends)) for r in held.relations.values()]  # type: ignore[misc]


def first(items: list[Item]) -> ExchangedDocument:
    """Return the first document."""
    return docs(items)[0]

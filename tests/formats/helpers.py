"""Values and files that the tests of formats share."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from tui_annotate.domain.annotations import Annotations, Entity, LabelValue, Relation
from tui_annotate.domain.documents import Document, Part
from tui_annotate.domain.interchange import ExchangedDocument, ExchangedVersion, Problem
from tui_annotate.domain.scheme import Attribute, Choice, DocumentLabel, EntityType, RelationType, Scheme
from tui_annotate.domain.spans import Span
from tui_annotate.formats import registry
from tui_annotate.formats.base import Item, ReadOptions, SchemeHint
from tui_annotate.formats.source import SourceFile

CORPORA = Path(__file__).parent.parent / "corpora"

SCHEME = Scheme(
    (EntityType("DRUG", "e_1"), EntityType("Diséase 😀", "e_2")),
    (
        DocumentLabel("IsSpam", "boolean", id="m_3"),
        DocumentLabel("topic", "choice", (Choice("a"), Choice("b, c")), id="m_4"),
        DocumentLabel("tags", "choices", (Choice("x|y"), Choice("n/a"), Choice("z")), id="m_5"),
        DocumentLabel("comment", "text", id="m_6"),
    ),
    (Attribute("status", "text", id="f_7"), Attribute("negated", "boolean", id="f_8")),
    (RelationType("treats", id="r_9"),),
)

NASTY = "ab <&>\"'\t\n\r\x00\x01\x0b\x0c\x1b\x7f\x85\x9b\xa0\u2028\u200b\u202e\ufeff\ufffe\uffff"
NASTY += "\u0301é\U0001f600\U0010ffff]]>"
TEXTS = st.text(st.one_of(st.sampled_from(NASTY), st.characters(exclude_categories=["Cs"])), min_size=1, max_size=60)
WHO = st.lists(st.sampled_from(["user:alice", "ml:regex", "ml:entities-3"]), max_size=2, unique=True).map(tuple)
PROBS = st.one_of(st.sampled_from([0.0, 1.0, 0.5]), st.floats(0, 1))


@st.composite
def documents(draw: st.DrawFn, key: str = "doc") -> Document:
    """Return a document of one verbatim part, or of paragraphs and headings."""
    if draw(st.booleans()):
        parts: tuple[Part, ...] = (Part("s1v1", draw(TEXTS)),)
    else:
        count = draw(st.integers(1, 3))
        ids = ["s1h1", "s1p1", "s2p1"][:count]
        parts = tuple(Part(id, draw(TEXTS)) for id in ids)
    tags = draw(st.sampled_from([(), ("Train",), ('"q" & <b>', "Test", "é\x9b")]))
    return Document(key, parts, name=draw(st.sampled_from(["", "My note.txt", 'a "b" & <c>'])), tags=tags)


@st.composite
def labelled(draw: st.DrawFn, document: Document, *, entities: bool = True) -> Annotations:
    """Return annotations that a version of the document may have."""
    held = Annotations()
    if entities:
        for number in range(1, draw(st.integers(0, 4)) + 1):
            held.entities[number] = draw(entity(document, number))
    values: tuple[tuple[str, st.SearchStrategy[Any]], ...] = (
        ("IsSpam", st.booleans()),
        ("topic", st.sampled_from(["a", "b, c"])),
        ("tags", st.lists(st.sampled_from(["x|y", "n/a", "z"]), unique=True, min_size=1).map(sorted).map(tuple)),
        ("comment", st.sampled_from(["fine", "two\nlines", '"quoted", |; text'])),
    )
    for label, value in values:
        if draw(st.booleans()):
            who = draw(WHO) if entities else ()
            held.labels[label] = LabelValue(label, draw(value), who, draw(PROBS) if entities else 1.0)
    if len(held.entities) > 1 and draw(st.booleans()):
        held.relations[1] = Relation("treats", (1, 2), draw(st.booleans()), draw(WHO), draw(PROBS), 1)
    return held


@st.composite
def entity(draw: st.DrawFn, document: Document, number: int) -> Entity:
    """Return an entity somewhere in the document, now and then of two pieces."""
    part = draw(st.sampled_from(document.parts))
    start = draw(st.integers(0, len(part.text) - 1))
    end = draw(st.integers(start + 1, len(part.text)))
    spans: tuple[Span, ...] = (Span(part.id, start, end),)
    if end - start > 2 and draw(st.booleans()):
        spans = (Span(part.id, start, start + 1), Span(part.id, end - 1, end))
    attributes: dict[str, Any] = draw(
        st.fixed_dictionaries({}, optional={"status": st.sampled_from(["now", "past"]), "negated": st.booleans()})
    )
    extra = draw(st.sampled_from([{}, {"normalizations": {"n_1": {"source": None, "recName": "x"}}}]))
    type = draw(st.sampled_from([e.name for e in SCHEME.entities]))
    return Entity(
        type, spans, draw(WHO), draw(PROBS), number, attributes, draw(st.sampled_from(["pre-added", ""])), extra
    )


@st.composite
def corpora(draw: st.DrawFn, *, versions: int = 2, entities: bool = True) -> list[ExchangedDocument]:
    """Return a few documents with versions."""
    found = []
    for number in range(draw(st.integers(1, 3))):
        document = draw(documents(key=f"doc-{number}"))
        names = ["master", "alice"][: draw(st.integers(0, versions))]
        confirmed = st.booleans()
        made = [ExchangedVersion(draw(labelled(document, entities=entities)), draw(confirmed), n) for n in names]
        found.append(ExchangedDocument(document, tuple(made), document.key))
    return found


def source(name: str, content: bytes | str) -> SourceFile:
    """Return a source file that lies in memory."""
    body = content if isinstance(content, bytes) else content.encode()
    return SourceFile(name, "", lambda _: io.BytesIO(body))


def read(format: str, files: Sequence[SourceFile] | SourceFile, options: ReadOptions | None = None) -> list[Item]:
    """Return all that a format's reader yields."""
    reader = registry.get(format).read
    assert reader is not None
    return list(reader([files] if isinstance(files, SourceFile) else files, options or ReadOptions()))


def docs(items: Iterable[Item]) -> list[ExchangedDocument]:
    """Return the documents among a reader's items."""
    return [item for item in items if isinstance(item, ExchangedDocument)]


def problems(items: Iterable[Item], severity: str = "") -> list[Problem]:
    """Return the problems among a reader's items, of one severity or all."""
    return [item for item in items if isinstance(item, Problem) and severity in ("", item.severity)]


def hints(items: Iterable[Item]) -> list[SchemeHint]:
    """Return the scheme hints among a reader's items."""
    return [item for item in items if isinstance(item, SchemeHint)]

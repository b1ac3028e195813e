"""A small document as each format writes it: what `formats NAME` shows."""

from __future__ import annotations

import io

from tui_annotate.domain.annotations import Annotations, Entity, LabelValue, Relation
from tui_annotate.domain.documents import Document, Part
from tui_annotate.domain.interchange import MASTER, ExchangedDocument, ExchangedVersion
from tui_annotate.domain.scheme import Choice, DocumentLabel, EntityType, RelationType, Scheme
from tui_annotate.domain.spans import Span
from tui_annotate.formats.base import Format, WriteOptions

TEXT = "Aspirin eased her headache."
SCHEME = Scheme(
    (EntityType("DRUG"), EntityType("SYMPTOM")),
    (DocumentLabel("topic", "choice", (Choice("care"), Choice("billing"))),),
    (),
    (RelationType("treats"),),
).numbered()


def document() -> ExchangedDocument:
    """Return a confirmed sentence with two entities, a relation and a label."""
    entities = {
        1: Entity("DRUG", (Span("s1v1", 0, 7),), ("user:anna",), 1.0, 1),
        2: Entity("SYMPTOM", (Span("s1v1", 18, 26),), ("ml:entities-3", "user:anna"), 1.0, 2),
    }
    held = Annotations(entities, {"topic": LabelValue("topic", "care")}, {1: Relation("treats", (1, 2), number=1)})
    return ExchangedDocument(Document("note-1", (Part("s1v1", TEXT),)), (ExchangedVersion(held, True, MASTER),), "")


def shown(format: Format) -> dict[str, str]:
    """Return the files that a format makes of the document, by name; empty for one that writes none, or no text."""
    options = WriteOptions(scheme=SCHEME)
    files: dict[str, bytes] = {}
    if format.write_stream is not None:
        stream = io.BytesIO()
        list(format.write_stream([document()], stream, options))
        files[f"NAME{format.extensions[0]}"] = stream.getvalue()
    elif format.write_tree is not None:

        def put(name: str, content: bytes) -> None:
            files[name] = content

        list(format.write_tree([document()], put, options))
    try:
        return {name: content.decode("utf-8") for name, content in files.items() if b"\x00" not in content}
    except UnicodeDecodeError:
        return {}

"""The stretches of text that documents hold as entities, decided or not: what attributes are asked about."""

from __future__ import annotations

from collections.abc import Sequence

from tui_annotate.domain.spans import Span
from tui_annotate.store import rows
from tui_annotate.store.connection import Corpus

_DOCUMENTS_AT_ONCE = 50


def mentions(corpus: Corpus, documents: Sequence[int]) -> dict[int, list[tuple[str, tuple[Span, ...]]]]:
    """Return type and spans of every entity of any version, and of every one suggested by anything but a run."""
    found: dict[int, dict[tuple[str, tuple[Span, ...]], None]] = {}
    for begin in range(0, len(documents), _DOCUMENTS_AT_ONCE):
        asked = rows.encode(list(documents[begin : begin + _DOCUMENTS_AT_ONCE]))
        with corpus.reading() as db:
            entities = db.execute(
                "SELECT v.document, e.body FROM version v JOIN entity e ON e.version = v.id"
                " WHERE v.state IS NOT NULL AND v.document IN (SELECT value FROM json_each(?))",
                (asked,),
            ).fetchall()
            suggested = db.execute(
                "SELECT document, body FROM suggestion"
                " WHERE document IN (SELECT value FROM json_each(?)) AND source <> 'run'",
                (asked,),
            ).fetchall()
        for document, body in entities:
            entity = rows.decode_entity(body)
            found.setdefault(document, {})[entity.type, entity.spans] = None
        for document, body in suggested:
            suggestion = rows.decode_suggestion(body)
            if suggestion.target == "entity":
                found.setdefault(document, {})[suggestion.name, suggestion.spans] = None
    return {document: list(held) for document, held in found.items()}

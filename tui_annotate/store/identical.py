"""Documents with the same text: found by its hash, then compared."""

from __future__ import annotations

from tui_annotate.domain.documents import text_hash
from tui_annotate.store import documents
from tui_annotate.store.connection import Corpus


def same_text(corpus: Corpus, id: int) -> list[int]:
    """Return the other documents whose parts have just the texts of this one's, in file order."""
    with corpus.reading() as db:
        (hash,) = db.execute("SELECT text_hash FROM document WHERE id = ?", (id,)).fetchone()
    wanted = [part.text for part in documents.load(corpus, id).parts]
    texts = documents.load_some(corpus, [row for row in _of_hash(corpus, hash) if row != id])
    return [row for row, document in sorted(texts.items()) if [part.text for part in document.parts] == wanted]


def with_text(corpus: Corpus, text: str) -> list[int]:
    """Return the documents of just this text, in file order; parts count with a line feed between them."""
    texts = documents.load_some(corpus, _of_hash(corpus, text_hash(text)))
    return [row for row, document in sorted(texts.items()) if document.text == text]


def _of_hash(corpus: Corpus, hash: int) -> list[int]:
    """Return the documents of a hash; the index is cut into blocks of rows, each is asked."""
    with corpus.reading() as db:
        found = db.execute(
            "WITH RECURSIVE block(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM block"
            " WHERE n < (SELECT max(id) >> 16 FROM document))"
            " SELECT d.id FROM block CROSS JOIN document d"
            " ON d.id >> 16 = block.n AND d.text_hash = ? ORDER BY d.id LIMIT 500",
            (hash,),
        )
        return [id for (id,) in found.fetchall()]

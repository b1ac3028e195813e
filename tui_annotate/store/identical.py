"""Documents with the same text: found by its hash, then compared."""

from __future__ import annotations

from tui_annotate.store import documents
from tui_annotate.store.connection import Corpus


def same_text(corpus: Corpus, id: int) -> list[int]:
    """Return the other documents whose parts have just the texts of this one's, in file order."""
    with corpus.reading() as db:
        # The index is cut into blocks of rows; each is asked.
        found = db.execute(
            "WITH RECURSIVE block(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM block"
            " WHERE n < (SELECT max(id) >> 16 FROM document))"
            " SELECT d.id FROM document s CROSS JOIN block CROSS JOIN document d"
            " ON d.id >> 16 = block.n AND d.text_hash = s.text_hash WHERE s.id = ?1 AND d.id <> ?1 ORDER BY d.id",
            (id,),
        ).fetchall()
    wanted = [part.text for part in documents.load(corpus, id).parts]
    texts = documents.load_some(corpus, [row for (row,) in found])
    return [row for row, document in sorted(texts.items()) if [part.text for part in document.parts] == wanted]

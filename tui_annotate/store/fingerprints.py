"""What tells, without reading a document, whether anything that is shown of it has changed since."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import blake2b

from tui_annotate.store import rows
from tui_annotate.store.connection import Corpus

_PAGE = 250
_SQL = """
SELECT d.id, d.key, d.folder, d.holdout, d.state, d.changed,
    (SELECT json_group_array(tag) FROM document_tag WHERE document = d.id),
    (SELECT json_group_array(run) FROM frozen WHERE document = d.id),
    (SELECT json_array(count(*), max(id), sum(length(body))) FROM suggestion WHERE document = d.id)
FROM document d WHERE d.id > ? ORDER BY d.id LIMIT ?
"""


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """A document, and a mark that is another one after anything about it changed."""

    id: int
    key: str
    folder: str
    held_out: bool
    mark: str


def fingerprints(corpus: Corpus) -> Iterator[Fingerprint]:
    """Yield all documents in file order, in short reads."""
    after = 0
    while True:
        with corpus.reading() as db:
            found = db.execute(_SQL, (after, _PAGE)).fetchall()
        if not found:
            return
        for id, key, folder, holdout, *rest in found:
            digest = blake2b(rows.encode([key, folder, holdout, *rest]).encode(), digest_size=8)
            yield Fingerprint(id, key, folder, bool(holdout), digest.hexdigest())
        after = found[-1][0]

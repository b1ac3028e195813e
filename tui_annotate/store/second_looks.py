"""What somebody looked at again and left as it is: a comment in the log, so that it does not come back."""

from __future__ import annotations

from tui_annotate.domain.decisions import Changes, Decision, Kind
from tui_annotate.store import log
from tui_annotate.store.connection import Corpus

_MARK = "second_look"


def keep(corpus: Corpus, document: int, *, annotator: str, reason: str) -> None:
    """Note that a document was looked at again and is right as it is."""
    log.record(corpus, [Decision(Kind.COMMENT, document, annotator, Changes(), {_MARK: reason})])


def kept(corpus: Corpus) -> set[int]:
    """Return the documents that were left as they are and that nobody has changed since."""
    sql = (
        "SELECT l.document FROM decision l WHERE l.kind = 'comment' AND json_extract(l.details, ?) IS NOT NULL"
        " AND NOT EXISTS (SELECT 1 FROM version v WHERE v.document = l.document AND v.sequence > l.sequence)"
    )
    with corpus.reading() as db:
        return {id for (id,) in db.execute(sql, (f"$.{_MARK}",))}

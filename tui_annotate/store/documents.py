"""Documents as they are read: light rows for lists, whole ones with their text for screens and batches."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Any

from tui_annotate.domain.decisions import Kind
from tui_annotate.domain.documents import Document, DocumentState, Part
from tui_annotate.errors import UsageError
from tui_annotate.store import annotators, rows
from tui_annotate.store.connection import Corpus
from tui_annotate.store.listing import COLUMNS, DocumentRow, page, tags_of, to_rows

__all__ = [
    "DocumentRow",
    "add_tag",
    "all_tags",
    "batches",
    "change_tags",
    "decode_content",
    "encode_content",
    "extra",
    "files",
    "find",
    "ids",
    "load",
    "load_some",
    "neighbour",
    "page",
    "remove_tag",
    "row",
    "tag_counts",
    "tag_digest",
    "tags",
]

_decode_parts = rows.decoder(list[tuple[str, str]])


def row(corpus: Corpus, id: int) -> DocumentRow:
    """Return one row; raises UsageError when there is no such document."""
    with corpus.reading() as db:
        found = db.execute(f"SELECT {COLUMNS} FROM document d WHERE d.id = ?", (id,)).fetchall()
        if not found:
            raise _missing(id)
        return to_rows(db, found)[0]


def exists(corpus: Corpus, id: int) -> bool:
    """Say whether there is such a document."""
    with corpus.reading() as db:
        return db.execute("SELECT 1 FROM document WHERE id = ?", (id,)).fetchone() is not None


def find(corpus: Corpus, key: str) -> int | None:
    """Return the row id of a document by its public id."""
    with corpus.reading() as db:
        found = db.execute("SELECT id FROM document WHERE key = ?", (key,)).fetchone()
    return int(found[0]) if found else None


_WHOLE = (
    "SELECT d.id, d.key, d.name, d.folder, d.language, c.part, c.text"
    " FROM document d JOIN content c ON c.document = d.id"
)


def load(corpus: Corpus, id: int) -> Document:
    """Return one document with its text; raises UsageError when there is no such document."""
    with corpus.reading() as db:
        found = db.execute(f"{_WHOLE} WHERE d.id = ?", (id,)).fetchone()
        if found is None:
            raise _missing(id)
        return _to_document(found, tags_of(db, [id]).get(id, ()))


def load_some(corpus: Corpus, ids: Sequence[int]) -> dict[int, Document]:
    """Return documents by row id, those that exist; reads at most 500 of them at a time."""
    documents: dict[int, Document] = {}
    for start in range(0, len(ids), 500):
        some = ids[start : start + 500]
        with corpus.reading() as db:
            found = db.execute(
                f"{_WHOLE} WHERE d.id IN (SELECT value FROM json_each(?))", (rows.encode(some),)
            ).fetchall()
            tags = tags_of(db, some)
        documents.update((row[0], _to_document(row, tags.get(row[0], ()))) for row in found)
    return documents


def batches(
    corpus: Corpus, *, states: Collection[DocumentState] = (), after: int = 0, size: int = 500
) -> Iterator[list[tuple[int, Document]]]:
    """Yield all documents in file order, each batch from a short read of its own.

    A document that is imported meanwhile is met when it lies ahead. Lists may be
    shorter than `size`, or empty where no document of the states lies.
    """
    size = min(size, 500)
    wanted = rows.encode([int(state) for state in states])
    where = " AND d.state IN (SELECT value FROM json_each(?3))" if states else ""
    while True:
        with corpus.reading() as db:
            last = db.execute("SELECT id FROM document WHERE id > ? ORDER BY id LIMIT 1 OFFSET ?", (after, size - 1))
            end = last.fetchone()
            until = end[0] if end else 1 << 62
            found = db.execute(
                f"{_WHOLE} WHERE d.id > ?1 AND d.id <= ?2{where} ORDER BY d.id",
                (after, until, wanted)[: 3 if states else 2],
            )
            batch = found.fetchall()
            tags = tags_of(db, [row[0] for row in batch])
        if batch:
            yield [(row[0], _to_document(row, tags.get(row[0], ()))) for row in batch]
        if end is None:
            return
        after = until


def ids(corpus: Corpus, *, states: Collection[DocumentState] = (), size: int = 500) -> Iterator[list[int]]:
    """Yield the row ids of all documents in file order, at most `size` from a short read of its own.

    Lists may be shorter, or empty where no document of the states lies.
    """
    wanted = {int(state) for state in states or DocumentState}
    sql = "SELECT id, state FROM document WHERE id > ? ORDER BY id LIMIT ?"
    after = 0
    while True:
        with corpus.reading() as db:
            found = db.execute(sql, (after, min(size, 500))).fetchall()
        if not found:
            return
        after = found[-1][0]
        yield [id for id, state in found if state in wanted]


def neighbour(corpus: Corpus, id: int, *, step: int) -> int | None:
    """Return the next (`step` 1) or previous (-1) document in file order, None at the ends."""
    sql = (
        "SELECT id FROM document WHERE id > ? ORDER BY id LIMIT 1"
        if step > 0
        else "SELECT id FROM document WHERE id < ? ORDER BY id DESC LIMIT 1"
    )
    with corpus.reading() as db:
        found = db.execute(sql, (id,)).fetchone()
    return int(found[0]) if found else None


def extra(corpus: Corpus, id: int) -> dict[str, Any]:
    """Return what its reader did not understand of a document."""
    with corpus.reading() as db:
        found = db.execute("SELECT extra FROM content WHERE document = ?", (id,)).fetchone()
    return rows.object_or_empty(found[0]) if found else {}


def files(corpus: Corpus, id: int) -> dict[str, bytes]:
    """Return the files of this document alone, as they came, by extension."""
    with corpus.reading() as db:
        found = db.execute("SELECT extension, body FROM document_file WHERE document = ?", (id,)).fetchall()
        (text,) = db.execute("SELECT text FROM content WHERE document = ?", (id,)).fetchone() or ("",)
    return {extension: text.encode() if body is None else rows.unpack(body) for extension, body in found}


def tags(corpus: Corpus, ids: Sequence[int]) -> dict[int, tuple[str, ...]]:
    """Return the tags of documents by row id, for those that have any; reads at most 500 of them at a time."""
    found: dict[int, tuple[str, ...]] = {}
    for start in range(0, len(ids), 500):
        with corpus.reading() as db:
            found.update(tags_of(db, ids[start : start + 500]))
    return found


def all_tags(corpus: Corpus) -> list[str]:
    """Return every tag in use."""
    with corpus.reading() as db:
        return [tag for (tag,) in db.execute("SELECT DISTINCT tag FROM document_tag ORDER BY tag")]


def tag_digest(corpus: Corpus, tag: str) -> str:
    """Return what changes whenever the documents with a tag are others; empty for none."""
    with corpus.reading() as db:
        sql = "SELECT count(*), sum(document), sum(document * document % 1000003) FROM document_tag WHERE tag = ?"
        count, *sums = db.execute(sql, (tag,)).fetchone()
    return " ".join(map(str, (count, *sums))) if count else ""


def tag_counts(corpus: Corpus) -> dict[str, int]:
    """Return how many documents have each tag in use."""
    with corpus.reading() as db:
        return dict(db.execute("SELECT tag, count(*) FROM document_tag GROUP BY tag ORDER BY tag").fetchall())


def add_tag(corpus: Corpus, id: int, tag: str, *, annotator: str) -> None:
    """Tag a document; having the tag already changes nothing."""
    change_tags(corpus, [id], tag, annotator=annotator)


def remove_tag(corpus: Corpus, id: int, tag: str, *, annotator: str) -> None:
    """Take a tag off a document; a missing one changes nothing."""
    change_tags(corpus, [id], tag, annotator=annotator, remove=True)


def change_tags(corpus: Corpus, ids: Sequence[int], tag: str, *, annotator: str, remove: bool = False) -> int:
    """Tag documents, or take a tag off them, in one transaction, and log it; return how many were changed."""
    if not tag or tag != tag.strip():
        raise UsageError(f"{tag!r} is no tag.", hint="A tag is not empty, nor begins or ends with blanks.")
    sql = "INSERT OR IGNORE INTO document_tag(tag, document) VALUES (?, ?)"
    if remove:
        sql = "DELETE FROM document_tag WHERE tag = ? AND document = ?"
    details = rows.encode({"removed" if remove else "added": tag})
    changed = 0
    with corpus.transaction() as db:
        (sequence,) = db.execute("SELECT coalesce(max(sequence), 0) FROM decision").fetchone()
        who, now, step = annotators.ensure(corpus, db, annotator), rows.now(), sequence + 1
        for id in ids:
            if not db.execute("SELECT 1 FROM document WHERE id = ?", (id,)).fetchone():
                raise _missing(id)
            if db.execute(sql, (tag, id)).rowcount:
                changed += 1
                db.execute(
                    "INSERT INTO decision VALUES (?, ?, ?, ?, ?, ?, NULL, ?, 0, 0)",
                    (sequence + changed, now, step, Kind.TAG, id, who, details),
                )
    return changed


def encode_content(document: Document) -> tuple[str | None, str]:
    """Return the `part` and `text` columns: one part's text stands as it is."""
    if len(document.parts) == 1:
        return document.parts[0].id, document.parts[0].text
    return None, rows.encode([(part.id, part.text) for part in document.parts])


def decode_content(part: str | None, text: str) -> tuple[Part, ...]:
    """Return the parts that `encode_content` wrote."""
    return (Part(part, text),) if part is not None else tuple(Part(id, t) for id, t in _decode_parts(text))


def _to_document(row: tuple[Any, ...], tags: tuple[str, ...]) -> Document:
    _, key, name, folder, language, part, text = row
    return Document(key, decode_content(part, text), name, folder, language, tags)


def _missing(id: int) -> UsageError:
    return UsageError(f"There is no document {id}.")

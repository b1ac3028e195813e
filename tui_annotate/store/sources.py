"""Imported files as they came: compressed in chunks, one copy of equal ones."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from tui_annotate.errors import UsageError
from tui_annotate.store import rows
from tui_annotate.store.connection import Corpus

_CHUNK = 1 << 20


def keep(corpus: Corpus, name: str, stream: BinaryIO) -> int:
    """Keep a file and return its id; one with the same content is kept once, under its first name.

    Each chunk is a short transaction of its own. What a broken import leaves has no hash and is swept away by the next.
    """
    with corpus.reading() as db:
        sql = "SELECT id FROM source WHERE sha256 IS NULL AND at < datetime('now', '-1 day')"
        broken = [id for (id,) in db.execute(sql)]
    for id in broken:
        _drop(corpus, id)
    with corpus.transaction() as db:
        (id,) = db.execute(
            "INSERT INTO source(name, size, at) VALUES (?, 0, ?) RETURNING id", (name, rows.now())
        ).fetchone()
    digest = hashlib.sha256()
    size = number = 0
    while piece := stream.read(_CHUNK):
        digest.update(piece)
        size += len(piece)
        body = zlib.compress(piece, 1)
        with corpus.transaction() as db:
            db.execute("INSERT INTO source_chunk VALUES (?, ?, ?)", (id, number, body))
        number += 1
    with corpus.transaction() as db:
        known = db.execute("SELECT id FROM source WHERE sha256 = ?", (digest.hexdigest(),)).fetchone()
        if known is None:
            db.execute("UPDATE source SET sha256 = ?, size = ? WHERE id = ?", (digest.hexdigest(), size, id))
            return int(id)
    _drop(corpus, id)
    return int(known[0])


def _drop(corpus: Corpus, id: int) -> None:
    """Delete a file that no document came from, a few chunks in a transaction so that nobody waits for long."""
    sql = (
        "DELETE FROM source_chunk WHERE source = ?1 AND number IN"
        " (SELECT number FROM source_chunk WHERE source = ?1 LIMIT 16)"
    )
    while True:
        with corpus.transaction() as db:
            if not db.execute(sql, (id,)).rowcount:
                db.execute("DELETE FROM source WHERE id = ?", (id,))
                return


def read(corpus: Corpus, id: int) -> Iterator[bytes]:
    """Yield a kept file in pieces; raises UsageError when there is no such file."""
    with corpus.reading() as db:
        if not db.execute("SELECT 1 FROM source WHERE id = ? AND sha256 IS NOT NULL", (id,)).fetchone():
            raise UsageError(f"There is no kept file {id}.")
    number = 0
    while True:
        with corpus.reading() as db:
            found = db.execute("SELECT body FROM source_chunk WHERE source = ? AND number = ?", (id, number)).fetchone()
        if found is None:
            return
        yield rows.unpack(found[0])
        number += 1


def of_document(corpus: Corpus, document: int) -> tuple[int, str] | None:
    """Return id and name of the kept file that a document came from."""
    sql = "SELECT s.id, s.name FROM document d JOIN source s ON s.id = d.source WHERE d.id = ?"
    with corpus.reading() as db:
        found = db.execute(sql, (document,)).fetchone()
    return (int(found[0]), str(found[1])) if found else None


@dataclass(frozen=True, slots=True)
class Came:
    """How a document came in."""

    at: str
    """UTC."""
    source: str
    """Name of the file that it shared with others; empty for one that came alone."""


def came(corpus: Corpus, document: int) -> Came:
    """Return when a document came in and from where."""
    sql = "SELECT d.imported_at, coalesce(s.name, '') FROM document d LEFT JOIN source s ON s.id = d.source"
    with corpus.reading() as db:
        found = db.execute(f"{sql} WHERE d.id = ?", (document,)).fetchone()
    if found is None:
        raise UsageError(f"There is no document {document}.")
    return Came(*found)

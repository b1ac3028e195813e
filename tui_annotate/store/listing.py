"""Pages of documents for the corpus screen: filtered, sorted, and never a long read in one piece."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from tui_annotate.domain.documents import DocumentState
from tui_annotate.domain.selection import Review
from tui_annotate.store import bitsets, counters, rows
from tui_annotate.store.connection import Corpus

Sort = Literal["file", "name", "state", "changed"]
Standing = Literal["adjudicate", "reviewed", "accepted", "rejected", "to_correct"]
"""How the versions of a document stand: to be adjudicated, or by what a reviewer said of one of them."""
_BEGUN = (DocumentState.IN_PROGRESS, DocumentState.SKIPPED, DocumentState.CONFIRMED)
_COLUMN = {"file": "d.id", "name": "d.name", "state": "d.state", "changed": "d.changed"}
_FEW = 20_000
"""Documents that are sorted in one read."""
_LETTER = r'(?:[^"\\]|\\u[0-9a-fA-F]{4}|\\[^u])'
_PART = re.compile(rf'\["{_LETTER}*","({_LETTER}*)')
"""One of several parts as they are kept, `["id","text"]`, or its beginning."""
_decode_text = rows.decoder(str)
_WINDOW = 2000
"""Light rows looked at in one transaction: a few milliseconds."""


@dataclass(frozen=True, slots=True)
class DocumentRow:
    """What lists show of a document."""

    id: int
    key: str
    name: str
    folder: str
    state: DocumentState
    holdout: bool
    tags: tuple[str, ...]
    length: int
    """In characters, all parts together."""
    changed: str
    """When it was last decided on, or imported; UTC."""
    adjudicate: bool = False
    """Several annotators confirmed it, and none of their versions is agreed on yet."""
    reviews: tuple[Review, ...] = ()
    """What reviewers said of its versions."""


COLUMNS = (
    "d.id, d.key, d.name, d.folder, d.state, d.holdout, d.length,"
    " coalesce((SELECT at FROM decision WHERE sequence = d.changed), d.imported_at), d.adjudicate,"
    " (SELECT group_concat(DISTINCT review) FROM version WHERE document = d.id AND review <> '')"
)
"""What `to_rows` takes, from `document d`."""


def to_rows(db: sqlite3.Connection, found: Sequence[tuple[Any, ...]]) -> list[DocumentRow]:
    """Make rows of what was selected as `COLUMNS`, in that order, with their tags."""
    tags = tags_of(db, [row[0] for row in found])
    return [
        DocumentRow(
            id,
            key,
            name,
            folder,
            DocumentState(state),
            bool(holdout),
            tags.get(id, ()),
            length,
            changed,
            bool(adjudicate),
            tuple(map(Review, reviews.split(","))) if reviews else (),
        )
        for id, key, name, folder, state, holdout, length, changed, adjudicate, reviews in found
    ]


def tags_of(db: sqlite3.Connection, ids: Sequence[int]) -> dict[int, tuple[str, ...]]:
    """Return the tags of documents, in order, by row id."""
    if not ids:
        return {}
    tags: dict[int, tuple[str, ...]] = {}
    sql = "SELECT document, tag FROM document_tag WHERE document IN (SELECT value FROM json_each(?))"
    for id, tag in db.execute(f"{sql} ORDER BY document, tag", (rows.encode(ids),)):
        tags[id] = (*tags.get(id, ()), tag)
    return tags


def page(
    corpus: Corpus,
    *,
    text: str = "",
    states: Collection[DocumentState] = (),
    tags: Collection[str] = (),
    standing: Standing | None = None,
    sort: Sort = "file",
    descending: bool = False,
    offset: int = 0,
    limit: int = 200,
) -> list[DocumentRow]:
    """Return documents whose key, name or folder holds `text`, in order; at most 500.

    Ties go by file order. Texts of documents are not looked at (`search` does).
    """
    if standing is not None and not states:
        states = _BEGUN
    where, values = _conditions(text, states, tags, standing)
    limit = min(limit, 500)
    if where == "1" or _are_few(corpus, states):
        return _rows(corpus, _at_once(corpus, where, values, sort, descending, offset, limit))
    found: list[int] = []
    position: tuple[Any, int] | None = None
    while len(found) < offset + limit:
        seen, position, done = _window(corpus, where, values, _COLUMN[sort], descending, position)
        found += seen
        if done:
            break
    return _rows(corpus, found[offset : offset + limit])


def among(
    corpus: Corpus,
    ids: Sequence[int],
    *,
    states: Collection[DocumentState] = (),
    tags: Collection[str] = (),
    standing: Standing | None = None,
    sort: Sort = "file",
    descending: bool = False,
    offset: int = 0,
    limit: int = 200,
) -> list[DocumentRow]:
    """Return those of some documents that are in one of the states, in order; at most 500."""
    where, values = _conditions("", states, tags, standing)
    way = "DESC" if descending else "ASC"
    order = f"d.id {way}" if sort == "file" else f"{_COLUMN[sort]} {way}, d.id {way}"
    sql = (
        f"SELECT d.id FROM json_each(?) j JOIN document d ON d.id = j.value WHERE {where}"
        f" ORDER BY {order} LIMIT ? OFFSET ?"
    )
    with corpus.reading() as db:
        found = db.execute(sql, (rows.encode(ids), *values, min(limit, 500), offset)).fetchall()
    return _rows(corpus, [id for (id,) in found])


def matching(
    corpus: Corpus,
    ids: Sequence[int] | None = None,
    *,
    states: Collection[DocumentState] = (),
    tags: Collection[str] = (),
    standing: Standing | None = None,
) -> list[int]:
    """Return all documents that fit, or those of some that do, in file order; for acts on what a table shows."""
    where, values = _conditions("", states, tags, standing)
    if ids is not None:
        sql = f"SELECT d.id FROM json_each(?) j JOIN document d ON d.id = j.value WHERE {where} ORDER BY d.id"
        found: list[int] = []
        for start in range(0, len(ids), 500):
            with corpus.reading() as db:
                found += [id for (id,) in db.execute(sql, (rows.encode(ids[start : start + 500]), *values))]
        return sorted(found)
    fitting: list[int] = []
    position: tuple[Any, int] | None = None
    done = False
    while not done:
        seen, position, done = _window(corpus, where, values, "d.id", False, position)
        fitting += seen
    return fitting


def rank(corpus: Corpus, id: int) -> int:
    """Return how many documents lie before one in file order."""
    with corpus.reading() as db:
        return int(db.execute("SELECT count(*) FROM document WHERE id < ?", (id,)).fetchone()[0])


def beginnings(corpus: Corpus, ids: Sequence[int], *, length: int = 200) -> dict[int, str]:
    """Return how the texts of documents begin, by row id; what stands in several parts is joined with a blank."""
    sql = "SELECT document, part, substr(text, 1, ?) FROM content WHERE document IN (SELECT value FROM json_each(?))"
    with corpus.reading() as db:
        found = db.execute(sql, (8 * length + 400, rows.encode(ids))).fetchall()
    return {id: (text if part is not None else _first_texts(text))[:length] for id, part, text in found}


def _first_texts(encoded: str) -> str:
    """Return the texts in the beginning of a list of parts, the last of them cut where it is cut."""
    return " ".join(text for m in _PART.finditer(encoded) if (text := _decode_text(f'"{m[1]}"')))


def _are_few(corpus: Corpus, states: Collection[DocumentState]) -> bool:
    """Say whether the documents of these states are few enough to be sorted at once."""
    if not states or DocumentState.PENDING in states:
        return False
    with corpus.reading() as db:
        held = counters.kept(db)
    return sum(held[state.name.lower()] for state in set(states)) <= _FEW


def _at_once(
    corpus: Corpus, where: str, values: list[Any], sort: Sort, descending: bool, offset: int, limit: int
) -> list[int]:
    way = "DESC" if descending else "ASC"
    column = _COLUMN[sort]
    order = f"d.id {way}" if sort == "file" else f"{column} {way}, d.id {way}"
    along = "" if where == "1" else " INDEXED BY document_by_state"
    sql = f"SELECT d.id FROM document d{along} WHERE {where} ORDER BY {order} LIMIT ? OFFSET ?"
    with corpus.reading() as db:
        return [id for (id,) in db.execute(sql, (*values, limit, offset)).fetchall()]


def _conditions(
    text: str, states: Collection[DocumentState], tags: Collection[str], standing: Standing | None = None
) -> tuple[str, list[Any]]:
    parts: list[str] = []
    values: list[Any] = []
    if text:
        pattern = "%" + text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
        parts.append("(d.key LIKE ? ESCAPE '\\' OR d.name LIKE ? ESCAPE '\\' OR d.folder LIKE ? ESCAPE '\\')")
        values += [pattern] * 3
    if states:
        parts.append(f"d.state IN ({', '.join(str(int(state)) for state in states)})")
    for tag in tags:
        parts.append("EXISTS (SELECT 1 FROM document_tag t WHERE t.document = d.id AND t.tag = ?)")
        values.append(tag)
    if standing == "adjudicate":
        parts.append("d.adjudicate = 1")
    elif standing is not None:
        said = "<> ''" if standing == "reviewed" else "= ?"
        parts.append(f"EXISTS (SELECT 1 FROM version v WHERE v.document = d.id AND v.review {said})")
        values += [standing] if standing != "reviewed" else []
    return " AND ".join(parts) or "1", values


def _window(
    corpus: Corpus, where: str, values: list[Any], column: str, descending: bool, position: tuple[Any, int] | None
) -> tuple[list[int], tuple[Any, int] | None, bool]:
    """Look at the next rows in order; return the ids that pass, where it stopped, whether it was the end."""
    way, beyond = ("DESC", "<") if descending else ("ASC", ">")
    by_id = column == "d.id"
    order = f"d.id {way}" if by_id else f"{column} {way}, d.id {way}"
    since, start = "1", []
    if position is not None:
        since = f"d.id {beyond} ?" if by_id else f"({column}, d.id) {beyond} (?, ?)"
        start = [position[1]] if by_id else [*position]
    inner = f"SELECT d.id FROM document d WHERE {since} ORDER BY {order} LIMIT {_WINDOW}"
    with corpus.reading() as db:
        looked = db.execute(
            f"SELECT d.id, {column}, {where} FROM document d JOIN ({inner}) w ON w.id = d.id ORDER BY {order}",
            [*values, *start],
        ).fetchall()
    last = (looked[-1][1], looked[-1][0]) if looked else None
    return [row[0] for row in looked if row[2]], last, len(looked) < _WINDOW


def _rows(corpus: Corpus, ids: list[int]) -> list[DocumentRow]:
    with corpus.reading() as db:
        found = db.execute(
            f"SELECT {COLUMNS} FROM json_each(?) j JOIN document d ON d.id = j.value ORDER BY j.key",
            (rows.encode(ids),),
        ).fetchall()
        return to_rows(db, found)


def some(corpus: Corpus, ids: Sequence[int]) -> list[DocumentRow]:
    """Return some documents in this order, 500 at most; those that are gone are left out."""
    return _rows(corpus, list(ids[:500]))


def ordered(
    corpus: Corpus, bits: int, *, sort: Sort, descending: bool = False, offset: int = 0, limit: int = 200
) -> list[DocumentRow]:
    """Return those of a set of documents (`bitsets`) in order; at most 500."""
    limit = min(limit, 500)
    if sort == "file":
        count = bits.bit_count()
        begin = max(0, count - offset - limit) if descending else offset
        end = max(0, count - offset) if descending else offset + limit
        found = list(bitsets.members(bits, begin, end))
        return _rows(corpus, found[::-1] if descending else found)
    if bits.bit_count() <= _FEW:
        ids = list(bitsets.members(bits))
        return among(corpus, ids, sort=sort, descending=descending, offset=offset, limit=limit)
    held = bitsets.flags(bits)
    fitting: list[int] = []
    position: tuple[Any, int] | None = None
    done = False
    while len(fitting) < offset + limit and not done:
        seen, position, done = _window(corpus, "1", [], _COLUMN[sort], descending, position)
        fitting += [id for id in seen if id < len(held) and held[id]]
    return _rows(corpus, fitting[offset : offset + limit])

"""Documents as other people's programs ask for them: who confirmed what, and what two annotators both confirmed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tui_annotate.domain.annotations import Annotations, LabelContent
from tui_annotate.domain.decisions import VersionState
from tui_annotate.store import rows, versions
from tui_annotate.store.annotators import MASTER_ID
from tui_annotate.store.connection import Corpus
from tui_annotate.store.rows import STATE_NUMBERS

_CONFIRMED = STATE_NUMBERS[VersionState.CONFIRMED]
_AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class Standing:
    """How a document stands with each of those who work on it."""

    key: str
    created: str
    """When it was imported; UTC."""
    confirmed: bool
    """Master is."""
    confirmed_by: tuple[str, ...]
    """Members who confirmed their version."""
    assigned_to: tuple[str, ...]


def standings(corpus: Corpus, ids: Sequence[int]) -> dict[int, Standing]:
    """Return how documents stand, by row id; at most 500."""
    given = (rows.encode(list(ids)),)
    of = "IN (SELECT value FROM json_each(?))"
    with corpus.reading() as db:
        found = db.execute(
            "SELECT d.id, d.key, d.imported_at, coalesce((SELECT state FROM version WHERE id = d.master), 0)"
            f" FROM document d WHERE d.id {of}",
            given,
        ).fetchall()
        confirmed: dict[int, list[str]] = {}
        assigned: dict[int, list[str]] = {}
        for held, sql in (
            (
                confirmed,
                "SELECT v.document, a.name FROM version v JOIN annotator a ON a.id = v.annotator"
                f" WHERE v.document {of} AND v.state = {_CONFIRMED} AND a.id <> {MASTER_ID} ORDER BY a.name",
            ),
            (
                assigned,
                "SELECT s.document, a.name FROM assignment s JOIN annotator a ON a.id = s.annotator"
                f" WHERE s.document {of} ORDER BY a.name",
            ),
        ):
            for document, name in db.execute(sql, given):
                held.setdefault(document, []).append(name)
    return {
        id: Standing(key, created, state == _CONFIRMED, tuple(confirmed.get(id, ())), tuple(assigned.get(id, ())))
        for id, key, created, state in found
    }


def pairs(corpus: Corpus, first: str, second: str) -> Iterator[tuple[Annotations, Annotations]]:
    """Yield both versions of each document that two annotators confirmed, in file order; `master` may be one."""
    sql = (
        "SELECT x.document, x.id, y.id FROM version x JOIN version y ON y.document = x.document"
        " JOIN annotator a ON a.id = x.annotator JOIN annotator b ON b.id = y.annotator"
        f" WHERE a.name = ? AND b.name = ? AND x.state = {_CONFIRMED} AND y.state = {_CONFIRMED}"
        " AND x.document > ? ORDER BY x.document LIMIT ?"
    )
    after = 0
    while True:
        with corpus.reading() as db:
            found = db.execute(sql, (first, second, after, _AT_ONCE)).fetchall()
            held = [(versions.contents(db, x), versions.contents(db, y)) for _, x, y in found]
        yield from held
        if len(found) < _AT_ONCE:
            return
        after = found[-1][0]


def odd_keys(corpus: Corpus) -> Iterator[tuple[int, str, str]]:
    """Yield row, key and name of documents whose key is no id of anndoc, looking at every document in short reads."""
    after = 0
    while True:
        with corpus.reading() as db:
            (last,) = db.execute(
                "SELECT max(id) FROM (SELECT id FROM document WHERE id > ? ORDER BY id LIMIT 2000)", (after,)
            ).fetchone()
            if last is None:
                return
            found = db.execute(
                "SELECT id, key, name FROM document WHERE id > ? AND id <= ?"
                " AND (key GLOB '*[^A-Za-z0-9._-]*' OR length(key) > 150)",
                (after, last),
            ).fetchall()
        yield from found
        after = last


def tally(
    corpus: Corpus, ids: Sequence[int]
) -> tuple[dict[str, tuple[int, int]], list[tuple[str, LabelContent]], int, int]:
    """Count what master holds of at most 500 documents.

    Returns:
        Entities and documents by entity type; name and value of each document label; documents with anything
        annotated; documents with a confirmed master.
    """
    given = (rows.encode(list(ids)),)
    where = "d.id IN (SELECT value FROM json_each(?))"
    with corpus.reading() as db:
        types = {
            type: (count, documents)
            for type, count, documents in db.execute(
                "SELECT e.type, count(*), count(DISTINCT e.version) FROM document d"
                f" JOIN entity e ON e.version = d.master WHERE {where} GROUP BY e.type",
                given,
            )
        }
        labels = db.execute(
            f"SELECT l.body FROM document d JOIN label l ON l.version = d.master WHERE {where}", given
        ).fetchall()
        annotated, confirmed = db.execute(
            "SELECT coalesce(sum(EXISTS (SELECT 1 FROM entity WHERE version = d.master)"
            " OR EXISTS (SELECT 1 FROM label WHERE version = d.master)), 0),"
            f" coalesce(sum((SELECT state FROM version WHERE id = d.master) = {_CONFIRMED}), 0)"
            f" FROM document d WHERE {where}",
            given,
        ).fetchone()
    said = [rows.decode_label(body) for (body,) in labels]
    return types, [(one.name, one.value) for one in said], int(annotated), int(confirmed)


def began(corpus: Corpus) -> str:
    """Return the day when the corpus got its first scheme, which is when it was made; UTC."""
    with corpus.reading() as db:
        found = db.execute("SELECT at FROM scheme ORDER BY number LIMIT 1").fetchone()
    return str(found[0])[:10] if found else ""

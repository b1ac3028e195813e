"""Checking a corpus: the file itself, and whether what is in it fits together."""

from __future__ import annotations

from collections.abc import Callable

from tui_annotate.domain.documents import Document
from tui_annotate.store import counters, documents, rows
from tui_annotate.store.connection import Corpus
from tui_annotate.store.search import indexing

_MOST = 100
"""Problems of one kind that are listed."""


def verify(corpus: Corpus, on_progress: Callable[[float], None] | None = None) -> list[str]:
    """Return what is wrong, a line each; empty when all is sound.

    SQLite's quick check (which holds writers up for as long as it takes to read the file), references
    between rows (a table at a time), every entity inside its part, the kept counters, the search index.
    """
    with corpus.reading() as db:
        problems = [str(answer) for (answer,) in db.execute("PRAGMA quick_check") if answer != "ok"]
        tables = [name for (name,) in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")]
    for name in tables:
        with corpus.reading() as db:
            for table, row, parent, _ in db.execute(f'PRAGMA foreign_key_check("{name}")').fetchmany(_MOST):
                problems.append(f"row {row} of {table} refers to a row of {parent} that is not there")
    if problems:
        return problems
    if on_progress is not None:
        on_progress(0.3)
    problems += _spans(corpus, on_progress)
    problems += counters.wrong(corpus)
    problems += indexing.wrong(corpus)
    return problems


def _spans(corpus: Corpus, on_progress: Callable[[float], None] | None) -> list[str]:
    problems: list[str] = []
    after = 0
    with corpus.reading() as db:
        (last,) = db.execute("SELECT coalesce(max(id), 1) FROM version").fetchone()
    while len(problems) < _MOST:
        with corpus.reading() as db:
            found = db.execute(
                "SELECT v.id, v.document, a.name FROM version v JOIN annotator a ON a.id = v.annotator"
                " WHERE v.id > ? ORDER BY v.id LIMIT 100",
                (after,),
            ).fetchall()
            texts = documents.load_some(corpus, [document for _, document, _ in found])
            entities = {
                id: db.execute("SELECT number, body FROM entity WHERE version = ?", (id,)).fetchall()
                for id, _, _ in found
            }
        for id, document, name in found:
            problems += [
                f"document {document}: entity {number} of the version of {name} points outside its text"
                for number in _outside(texts[document], entities[id])
            ]
        if not found:
            break
        after = found[-1][0]
        if on_progress is not None:
            on_progress(0.3 + 0.7 * after / last)
    return problems[:_MOST]


def _outside(document: Document, entities: list[tuple[int, str]]) -> list[int]:
    return [n for n, body in entities if not all(document.has(span) for span in rows.decode_entity(body).spans)]

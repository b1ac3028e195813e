"""Suggestions: what is put before the annotator, kept in the corpus so that no run is needed to understand a decision.

Those of imports, patterns and the API are there from the start. A run's are
frozen when a document is opened. A newer run of the same task replaces what was not decided;
the rows stay, so that acceptance rates of older runs stay true.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from math import isfinite
from typing import Any

from tui_annotate.domain.annotations import Annotations, Relation, Suggestion
from tui_annotate.domain.interchange import ExchangedVersion
from tui_annotate.errors import DataError
from tui_annotate.store import rows
from tui_annotate.store.annotators import MASTER_ID
from tui_annotate.store.connection import Corpus


@dataclass(frozen=True, slots=True)
class Proposal:
    """What an unconfirmed imported version holds besides suggestions."""

    relations: tuple[Relation, ...] = ()
    extra: dict[str, Any] | None = None


_decode_proposal = rows.decoder(Proposal)


def task_of(run: str) -> str:
    """Return the task of a run from its name, `<task>-<n>`."""
    task, dash, number = run.rpartition("-")
    return task if dash and number.isdigit() else run


def of(corpus: Corpus, document: int) -> list[Suggestion]:
    """Return what is to be shown of a document, decided or not; of equal ones the first.

    That is what imports, patterns and the API suggest, and of each task the run that was frozen
    last; of older runs what somebody has decided.
    """
    with corpus.reading() as db:
        return _shown(db, document)


def freeze(corpus: Corpus, document: int, predictions: Sequence[Suggestion], *, run: str) -> list[Suggestion]:
    """Keep a run's predictions for a document, once, and return what `of` then does.

    On disk when it returns. Where it was frozen already nothing is written.

    Args:
        predictions: Of `run`; or of several runs of several tasks, each then naming its own in `Suggestion.run`.
        run: The run; an empty list says that it predicts nothing here.
    """
    by_run: dict[str, list[Suggestion]] = {run: []} if run else {}
    for suggestion in predictions:
        by_run.setdefault(suggestion.run or run, []).append(suggestion)
    with corpus.reading() as db:
        frozen = _frozen(db, document)
        if all(frozen.get(task_of(name)) == name for name in by_run):
            return _shown(db, document)
    with corpus.transaction() as db:
        for name, suggestions in by_run.items():
            if not db.execute(
                "SELECT 1 FROM suggestion WHERE document = ? AND source = 'run' AND run = ? LIMIT 1", (document, name)
            ).fetchone():
                insert(db, document, (replace(s, source="run", run=name) for s in suggestions))
            db.execute(
                "INSERT INTO frozen(document, task, run) VALUES (?, ?, ?)"
                " ON CONFLICT DO UPDATE SET run = excluded.run WHERE run <> excluded.run",
                (document, task_of(name), name),
            )
        return _shown(db, document)


def add(corpus: Corpus, document: int, suggestions: Iterable[Suggestion]) -> int:
    """Keep suggestions of patterns or the API; return how many were new for the document."""
    with corpus.transaction() as db:
        known = {s.key for s in _shown(db, document)}
        new = list({s.key: s for s in suggestions if s.key not in known}.values())
        insert(db, document, new)
    return len(new)


def proposals(corpus: Corpus, document: int) -> list[ExchangedVersion]:
    """Return the unconfirmed versions as they were imported, to go out again as they came."""
    with corpus.reading() as db:
        return list(read_proposals(db, document).values())


def read_proposals(db: sqlite3.Connection, document: int) -> dict[str, ExchangedVersion]:
    """Return the unconfirmed imported versions by annotator, inside a transaction."""
    held = db.execute(
        "SELECT a.name, p.annotator, p.confirmed, p.body FROM proposal p JOIN annotator a ON a.id = p.annotator"
        " WHERE p.document = ? ORDER BY p.annotator",
        (document,),
    ).fetchall()
    found: dict[str, ExchangedVersion] = {}
    for name, annotator, confirmed, body in held:
        proposal = _decode_proposal(body)
        annotations = Annotations(relations={r.number: r for r in proposal.relations}, extra=dict(proposal.extra or {}))
        sql = "SELECT number, body FROM suggestion WHERE document = ? AND source = 'import' AND origin = ? ORDER BY id"
        for number, text in db.execute(sql, (document, annotator)):
            rows.put(annotations, rows.decode_suggestion(text), number)
        found[name] = ExchangedVersion(annotations, None if confirmed is None else bool(confirmed), name)
    return found


def insert(db: sqlite3.Connection, document: int, suggestions: Iterable[Suggestion]) -> None:
    """Write suggestions, inside a transaction; raises DataError for a probability that is none."""
    values = []
    for suggestion in suggestions:
        if not isfinite(suggestion.prob):
            raise DataError(f"A suggestion of {suggestion.name} has the probability {suggestion.prob}.")
        body = rows.encode(replace(suggestion, id=0) if suggestion.id else suggestion)
        values.append((document, suggestion.source, suggestion.run, body))
    db.executemany("INSERT INTO suggestion(document, source, run, number, body) VALUES (?, ?, ?, 0, ?)", values)


def _frozen(db: sqlite3.Connection, document: int) -> dict[str, str]:
    return dict(db.execute("SELECT task, run FROM frozen WHERE document = ?", (document,)).fetchall())


def _shown(db: sqlite3.Connection, document: int) -> list[Suggestion]:
    current = set(_frozen(db, document).values())
    found = db.execute(
        "SELECT id, source, run, body FROM suggestion WHERE document = ?"
        " ORDER BY source = 'run', coalesce(origin, 0) <> ?, id",
        (document, MASTER_ID),
    ).fetchall()
    if not found:
        return []
    decided = {
        rows.decode_key(key)
        for (key,) in db.execute(
            "SELECT k.key FROM version v JOIN verdict k ON k.version = v.id WHERE v.document = ?", (document,)
        )
    }
    shown: dict[Any, Suggestion] = {}
    older: list[Suggestion] = []
    for id, source, run, body in found:
        suggestion = replace(rows.decode_suggestion(body), id=id)
        if source == "run" and run not in current:
            older.append(suggestion)
        else:
            shown.setdefault(suggestion.key, suggestion)
    for suggestion in older:
        if suggestion.key in decided:
            shown.setdefault(suggestion.key, suggestion)
    return list(shown.values())

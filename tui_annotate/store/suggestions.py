"""Suggestions: what is put before the annotator, kept in the corpus so that no run is needed to understand a decision.

Those of imports and the API are there from the start. A run's, and the matches of the patterns, are
frozen when a document is opened. A newer run of the same task replaces what was not decided, and so do changed
patterns; the rows stay, so that acceptance rates of older runs stay true.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import isfinite
from typing import Any

from tui_annotate.domain.annotations import Annotations, Relation, Suggestion, SuggestionKey
from tui_annotate.domain.interchange import ExchangedVersion
from tui_annotate.errors import DataError
from tui_annotate.store import aliases, rows
from tui_annotate.store.annotators import MASTER_ID
from tui_annotate.store.connection import Corpus


@dataclass(frozen=True, slots=True)
class Proposal:
    """What an unconfirmed imported version holds besides suggestions."""

    relations: tuple[Relation, ...] = ()
    extra: dict[str, Any] | None = None


decode_proposal = rows.decoder(Proposal)
_PATTERNS = "patterns"
"""Stands for the patterns where tasks have their run frozen."""


def task_of(run: str) -> str:
    """Return the task that a run was trained for from its name, `<task>-<n>`; it may have been renamed since."""
    task, dash, number = run.rpartition("-")
    return task if dash and number.isdigit() else run


def of(corpus: Corpus, document: int) -> list[Suggestion]:
    """Return what is to be shown of a document, decided or not; of equal ones the first.

    That is what imports and the API suggest, of each task the run that was frozen last, and the matches of the
    patterns as they were frozen last; of what was frozen before that, what somebody has decided.
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
        if all(frozen.get(_task(db, name)) == name for name in by_run):
            return _shown(db, document)
    with corpus.transaction() as db:
        for name, suggestions in by_run.items():
            _freeze_one(db, document, name, suggestions)
        return _shown(db, document)


def freeze_several(corpus: Corpus, predictions: Mapping[int, Mapping[str, Sequence[Suggestion]]]) -> None:
    """Keep what runs predict for several documents, as `freeze` does for one; in one transaction, so give it few.

    Args:
        predictions: By document and run.
    """
    with corpus.transaction() as db:
        for document, by_run in predictions.items():
            frozen = _frozen(db, document)
            for name, suggestions in by_run.items():
                if frozen.get(_task(db, name)) != name:
                    _freeze_one(db, document, name, suggestions)


def _freeze_one(db: sqlite3.Connection, document: int, name: str, suggestions: Iterable[Suggestion]) -> None:
    if not db.execute(
        "SELECT 1 FROM suggestion WHERE document = ? AND source = 'run' AND run = ? LIMIT 1", (document, name)
    ).fetchone():
        predicted = aliases.modern(db, list(suggestions))
        insert(db, document, (replace(s, source="run", run=name) for s in predicted))
    db.execute(
        "INSERT INTO frozen(document, task, run) VALUES (?, ?, ?)"
        " ON CONFLICT DO UPDATE SET run = excluded.run WHERE run <> excluded.run",
        (document, _task(db, name), name),
    )


def _task(db: sqlite3.Connection, run: str) -> str:
    """Return the task of a run as it is called now."""
    found = db.execute("SELECT task FROM run WHERE name = ?", (run,)).fetchone()
    return str(found[0]) if found else task_of(run)


def add(corpus: Corpus, document: int, suggestions: Iterable[Suggestion]) -> int:
    """Keep suggestions of patterns or the API; return how many were new for the document."""
    with corpus.transaction() as db:
        known = {s.key for s in _shown(db, document)}
        new = list({s.key: s for s in suggestions if s.key not in known}.values())
        insert(db, document, new)
    return len(new)


def frozen_runs(corpus: Corpus, document: int) -> set[str]:
    """Return the runs whose predictions are frozen last for a document, one a task."""
    with corpus.reading() as db:
        return {run for task, run in _frozen(db, document).items() if task != _PATTERNS}


def frozen_matches(corpus: Corpus, document: int) -> int:
    """Return as of which change of the patterns their matches are frozen; 0 where none are."""
    with corpus.reading() as db:
        kept = _frozen(db, document).get(_PATTERNS, "")
    return int(kept.rpartition("-")[2] or 0)


def keep_matches(corpus: Corpus, document: int, found: Sequence[Suggestion], *, stamp: int) -> None:
    """Keep what the patterns suggest for a document, in place of what was undecided of their matches before.

    What they suggested already is not written again.
    """
    with corpus.transaction() as db:
        name = f"{_PATTERNS}-{stamp}"
        sql = "UPDATE suggestion SET run = ? WHERE id = ?"
        before = _matches(db, document)
        insert(db, document, (replace(s, source="pattern") for s in found if s.key not in before), run=name)
        db.executemany(sql, [(name, before[s.key]) for s in found if s.key in before])
        db.execute(
            "INSERT INTO frozen(document, task, run) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET run = excluded.run",
            (document, _PATTERNS, name),
        )


def _matches(db: sqlite3.Connection, document: int) -> dict[SuggestionKey, int]:
    """Return the rows of matches that were frozen, now or before, by what they suggest."""
    sql = "SELECT body, id FROM suggestion WHERE document = ? AND source = 'pattern' AND run <> ''"
    return {rows.decode_suggestion(body).key: id for body, id in db.execute(sql, (document,))}


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
        proposal = decode_proposal(body)
        annotations = Annotations(relations={r.number: r for r in proposal.relations}, extra=dict(proposal.extra or {}))
        sql = "SELECT number, body FROM suggestion WHERE document = ? AND source = 'import' AND origin = ? ORDER BY id"
        for number, text in db.execute(sql, (document, annotator)):
            rows.put(annotations, rows.decode_suggestion(text), number)
        found[name] = ExchangedVersion(annotations, None if confirmed is None else bool(confirmed), name)
    return found


def insert(db: sqlite3.Connection, document: int, suggestions: Iterable[Suggestion], *, run: str = "") -> None:
    """Write suggestions, inside a transaction, as of the run that each names or of this one.

    Raises:
        DataError: A probability is none.
    """
    values = []
    for suggestion in suggestions:
        if not isfinite(suggestion.prob):
            raise DataError(f"A suggestion of {suggestion.name} has the probability {suggestion.prob}.")
        body = rows.encode(replace(suggestion, id=0) if suggestion.id else suggestion)
        values.append((document, suggestion.source, suggestion.run or run, body))
    db.executemany("INSERT INTO suggestion(document, source, run, number, body) VALUES (?, ?, ?, 0, ?)", values)


def _frozen(db: sqlite3.Connection, document: int) -> dict[str, str]:
    return dict(db.execute("SELECT task, run FROM frozen WHERE document = ?", (document,)).fetchall())


def _shown(db: sqlite3.Connection, document: int) -> list[Suggestion]:
    current = set(_frozen(db, document).values())
    found = db.execute(
        "SELECT id, run, body FROM suggestion WHERE document = ?"
        " ORDER BY source = 'pattern', source = 'run', coalesce(origin, 0) <> ?, id",
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
    for id, run, body in found:
        suggestion = replace(rows.decode_suggestion(body), id=id)
        if run and run not in current:
            older.append(suggestion)
        else:
            shown.setdefault(suggestion.key, suggestion)
    for suggestion in older:
        if suggestion.key in decided:
            shown.setdefault(suggestion.key, suggestion)
    return list(shown.values())

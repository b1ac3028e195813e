"""Deriving the current state again from the imports' bases and the log, and comparing it with what is stored."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from tui_annotate.domain.decisions import Kind, LoggedDecision
from tui_annotate.store import counters, log, restoring, rows, steps, versions
from tui_annotate.store.connection import Corpus
from tui_annotate.store.replaying import ReplayedDocument, ReplayedVersion, replay
from tui_annotate.store.rows import STATES
from tui_annotate.store.search import indexing

_WINDOW = 50
_NO_STEP = {Kind.IMPORT, Kind.SCHEME, Kind.TAG, Kind.COMMENT}


@dataclass(slots=True)
class RebuildReport:
    """What a rebuild found."""

    documents: int = 0
    """How many have decisions, so were derived."""
    differences: list[str] = field(default_factory=list)
    """One line each: where stored and derived state differ, or the log contradicts itself."""
    mended: int = 0
    """How many of the differences were put right; what contradicts itself cannot be."""

    @property
    def equal(self) -> bool:
        """Say whether what was stored is what follows from the log."""
        return not self.differences


def rebuild(
    corpus: Corpus, *, on_progress: Callable[[float], None] | None = None, apply: bool = False
) -> RebuildReport:
    """Derive every document's state, the undo steps and the counters, and compare.

    In short reads, so somebody may decide meanwhile; a document that differs is looked at in one piece.

    Args:
        apply: Store the derived state where it differs.
    """
    report = RebuildReport()
    with corpus.reading() as db:
        (last,) = db.execute("SELECT coalesce(max(id), 1) FROM document").fetchone()
    after = 0
    while True:
        with corpus.reading() as db:
            found = db.execute(
                "SELECT document FROM decision WHERE document > ?1 UNION SELECT document FROM version"
                " WHERE document > ?1 ORDER BY document LIMIT ?2",
                (after, _WINDOW),
            ).fetchall()
        for (id,) in found:
            _document(corpus, id, report, apply)
        if not found:
            break
        after = found[-1][0]
        if on_progress is not None:
            on_progress(after / last)
    _steps(corpus, report, apply)
    _counters(corpus, report, apply)
    _index(corpus, report, apply)
    return report


def _document(corpus: Corpus, id: int, report: RebuildReport, apply: bool) -> None:
    with corpus.reading() as db:
        if not db.execute("SELECT 1 FROM document WHERE id = ?", (id,)).fetchone():
            report.differences.append(f"document {id}: the log knows it, and it is not there")
            return
        derived, differences = _derived(db, id)
    report.documents += bool(derived.changed)
    report.differences += [f"document {id}: {what}" for what in (*derived.impossible, *differences)]
    if apply and differences and not derived.impossible:
        with corpus.transaction() as db:
            # Somebody may have decided on it since it was read.
            now, still = _derived(db, id)
            if still and not now.impossible:
                restoring.restore(db, id, now)
        report.mended += len(differences)


def _derived(db: sqlite3.Connection, id: int) -> tuple[ReplayedDocument, list[str]]:
    """Return what follows from the log of a document, and where what is stored differs."""
    derived = replay(_decisions(db, id))
    return derived, list(_differences(db, id, derived))


def _decisions(db: sqlite3.Connection, document: int) -> Iterator[LoggedDecision]:
    sql = (
        f"SELECT {log.COLUMNS} FROM decision l JOIN annotator a ON a.id = l.annotator"
        " WHERE l.document = ? ORDER BY l.sequence"
    )
    return map(log.to_logged, db.execute(sql, (document,)).fetchall())


def _differences(db: sqlite3.Connection, id: int, derived: ReplayedDocument) -> Iterator[str]:
    state, adjudicate, changed, master = db.execute(
        "SELECT d.state, d.adjudicate, d.changed, coalesce(a.name, '') FROM document d"
        " LEFT JOIN version v ON v.id = d.master LEFT JOIN annotator a ON a.id = v.annotator WHERE d.id = ?",
        (id,),
    ).fetchone()
    for what, stored, follows in (
        ("state", state, derived.state),
        ("adjudication", bool(adjudicate), derived.adjudicate),
        ("last decision", changed, derived.changed),
        ("master", master, derived.master),
    ):
        if stored != follows:
            yield f"its {what} is {stored!r}, and {follows!r} follows from the log"
    stored_versions = _stored_versions(db, id)
    for name in sorted(derived.versions.keys() | stored_versions.keys()):
        follows_version = derived.versions.get(name, ReplayedVersion())
        stored_version = stored_versions.get(name, ReplayedVersion())
        if stored_version != follows_version:
            parts = [f for f in ReplayedVersion.__slots__ if getattr(stored_version, f) != getattr(follows_version, f)]
            yield f"the version of {name} differs in {', '.join(parts)}"


def _stored_versions(db: sqlite3.Connection, document: int) -> dict[str, ReplayedVersion]:
    found = db.execute(
        "SELECT a.name, v.id, v.state, v.review, v.next_number, v.sequence, v.confirmed FROM version v"
        " JOIN annotator a ON a.id = v.annotator WHERE v.document = ?",
        (document,),
    ).fetchall()
    return {
        name: ReplayedVersion(
            versions.contents(db, id),
            versions.verdicts(db, id),
            STATES[state or 0],
            review,
            number,
            sequence,
            confirmed,
        )
        for name, id, state, review, number, sequence, confirmed in found
    }


def _steps(corpus: Corpus, report: RebuildReport, apply: bool) -> None:
    derived, until = _derived_steps(corpus)
    with corpus.reading() as db:
        sql = "SELECT annotator, sequence, undone FROM step WHERE sequence <= ?"
        stored = {(annotator, sequence): undone for annotator, sequence, undone in db.execute(sql, (until,))}
        is_behind = _newest(db) != until
    if stored == derived or is_behind:
        return
    report.differences.append("the steps that undo can take back differ from the log")
    if apply:
        with corpus.transaction() as db:
            if _newest(db) != until:
                # Somebody decided since: the next rebuild puts it right.
                return
            db.execute("DELETE FROM step")
            sql = "INSERT INTO step(annotator, sequence, undone) VALUES (?, ?, ?)"
            db.executemany(sql, [(*key, undone) for key, undone in derived.items()])
        report.mended += 1


def _newest(db: sqlite3.Connection) -> int:
    (sequence,) = db.execute("SELECT coalesce(max(sequence), 0) FROM decision").fetchone()
    return int(sequence)


def _derived_steps(corpus: Corpus) -> tuple[dict[tuple[int, int], int], int]:
    """Return each step's mark by annotator and sequence, and how far the log was read."""
    marks: dict[tuple[int, int], int] = {}
    step_of: dict[int, int] = {}
    redoable: dict[int, set[int]] = {}
    until = 0
    sql = (
        "SELECT sequence, step, kind, annotator, changes IS NOT NULL, details FROM decision"
        " WHERE sequence > ? ORDER BY sequence LIMIT 500"
    )
    while True:
        with corpus.reading() as db:
            found = db.execute(sql, (until,)).fetchall()
        for until, step, kind, annotator, has_changes, details in found:
            step_of[until] = step
            waiting = redoable.setdefault(annotator, set())
            if kind in (Kind.UNDO, Kind.REDO):
                held = rows.object_or_empty(details)
                if steps.OVER in held:
                    _pass_over(marks, waiting, (annotator, held[steps.OVER]))
                    continue
                target = step_of[held["of"]]
                marks[annotator, target] = steps.TAKEN_BACK if kind == Kind.UNDO else steps.HOLDS
                (waiting.add if kind == Kind.UNDO else waiting.discard)(target)
            elif kind == Kind.DELETE:
                _bury(marks, redoable)
            elif _is_step(kind, has_changes, details):
                marks[annotator, step] = steps.HOLDS
                for buried in waiting:
                    marks[annotator, buried] = steps.BURIED
                waiting.clear()
        if not found:
            return marks, until


def _pass_over(marks: dict[tuple[int, int], int], waiting: set[int], step: tuple[int, int]) -> None:
    """Bury a step that was refused, unless it went with its documents."""
    if step in marks:
        marks[step] = steps.BURIED
    waiting.discard(step[1])


def _is_step(kind: str, has_changes: bool, details: str | None) -> bool:
    if kind == Kind.SCHEME:
        return "change" in rows.object_or_empty(details)
    if kind == Kind.REVIEW:
        return True
    return bool(has_changes) and (kind not in _NO_STEP or bool(rows.object_or_empty(details).get("base")))


def _bury(marks: dict[tuple[int, int], int], redoable: dict[int, set[int]]) -> None:
    """Let nobody redo anything: what buried a step may be among the decisions that went with documents."""
    for annotator, waiting in redoable.items():
        for buried in waiting:
            marks[annotator, buried] = steps.BURIED
        waiting.clear()


def _index(corpus: Corpus, report: RebuildReport, apply: bool) -> None:
    wrong = indexing.wrong(corpus)
    report.differences += wrong
    if apply and wrong:
        indexing.forget(corpus)
        report.mended += len(wrong)


def _counters(corpus: Corpus, report: RebuildReport, apply: bool) -> None:
    wrong = counters.wrong(corpus)
    report.differences += wrong
    if apply and wrong:
        with corpus.transaction() as db:
            counters.recount(db)
        report.mended += len(wrong)

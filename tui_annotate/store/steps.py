"""Undo and redo: decisions of their own that take a step back or do it again.

A step is one act of one annotator. The steps that hold, those taken back and those that a newer
act buried stand in `step`; what they did stands in the log. A step that is refused would keep those before it from
being taken back for ever: it may be passed over, which buries it where it stands and is logged too.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal

from tui_annotate.domain.decisions import Changes, Decision, Kind, LoggedDecision, owner_of
from tui_annotate.domain.scheme_changes import SchemeChange
from tui_annotate.errors import BlockedStepError, DecisionError, UndoError
from tui_annotate.store import annotators, renaming_steps, rows
from tui_annotate.store.acts import Act
from tui_annotate.store.connection import Corpus

HOLDS, TAKEN_BACK, BURIED = 0, 1, 2
OVER = "over"
"""In the details of an undo or redo that turned nothing: the step that it passed over."""
_OF = "FROM step s JOIN annotator a ON a.id = s.annotator WHERE a.name = ?"
_NEWEST = f"SELECT max(s.sequence) {_OF} AND s.undone = 0"
_NEXT = f"SELECT min(s.sequence) {_OF} AND s.undone = 1"
_WITHOUT_CHANGES = (Kind.REVIEW, Kind.SCHEME)
"""What a step is made of although it changes no version."""
_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Undone:
    """What undo or redo did, so that the screen can go there."""

    document: int
    decisions: list[Decision]
    """As applied now; without the copy of master that a version began with."""
    kind: Kind
    """Of the decision that was undone or redone: the last of its step."""
    place: Mapping[str, Any]
    """Where the annotator was when making it; empty when unknown."""


def add(db: sqlite3.Connection, annotator: int, sequence: int) -> None:
    """Put a new step on top; what was taken back before it cannot be redone any more."""
    db.execute("UPDATE step SET undone = ? WHERE annotator = ? AND undone = ?", (BURIED, annotator, TAKEN_BACK))
    db.execute("INSERT INTO step(annotator, undone, sequence) VALUES (?, ?, ?)", (annotator, HOLDS, sequence))


def next_undone(corpus: Corpus, annotator: str) -> int | None:
    """Return the document of the step that the annotator would take back next, None when there is none."""
    with corpus.reading() as db:
        found = db.execute(
            "SELECT document FROM decision WHERE sequence >= (SELECT max(s.sequence) FROM step s"
            " JOIN annotator a ON a.id = s.annotator WHERE a.name = ? AND s.undone = 0) ORDER BY sequence LIMIT 1",
            (annotator,),
        ).fetchone()
    return int(found[0]) if found and found[0] is not None else None


def newest_change(corpus: Corpus, annotator: str) -> SchemeChange | None:
    """Return the change of labels that the annotator would take back next; None where that is another step."""
    with corpus.reading() as db:
        (step,) = db.execute(_NEWEST, (annotator,)).fetchone()
        return renaming_steps.change_of(_page(db, step, annotator, step - 1, 1)) if step is not None else None


def undo(corpus: Corpus, annotator: str) -> Undone:
    """Take back the annotator's newest step, and log that.

    Raises:
        UndoError: There is none; nothing was changed.
        BlockedStepError: Somebody else changed the same since; nothing was changed.
    """
    known, ahead = _ahead(corpus, annotator, _NEWEST)
    with corpus.transaction() as db:
        who = annotators.ensure(corpus, db, annotator)
        (step,) = db.execute("SELECT max(sequence) FROM step WHERE annotator = ? AND undone = 0", (who,)).fetchone()
        if step is None:
            raise UndoError("There is nothing to undo.")
        decisions = ahead if step == known else _of_step(db, step, annotator)
        act = Act(corpus, db)
        with _blocking(step):
            _refuse_if_reviewed(db, who, decisions)
            if renaming_steps.change_of(decisions) is not None:
                applied = _turn_labels(act, decisions, Kind.UNDO)
            else:
                applied = [_take_back(act, logged) for logged in reversed(decisions)]
        return _finish(act, db, who, step, decisions, applied, TAKEN_BACK)


def redo(corpus: Corpus, annotator: str) -> Undone:
    """Do again what was undone last, and log that.

    Raises:
        UndoError: There is nothing; nothing was changed.
        BlockedStepError: Somebody else changed the same since; nothing was changed.
    """
    known, ahead = _ahead(corpus, annotator, _NEXT)
    with corpus.transaction() as db:
        who = annotators.ensure(corpus, db, annotator)
        (step,) = db.execute("SELECT min(sequence) FROM step WHERE annotator = ? AND undone = 1", (who,)).fetchone()
        if step is None:
            raise UndoError("There is nothing to redo.")
        decisions = ahead if step == known else _of_step(db, step, annotator)
        act = Act(corpus, db)
        with _blocking(step):
            if renaming_steps.change_of(decisions) is not None:
                applied = _turn_labels(act, decisions, Kind.REDO)
            else:
                applied = [_do_again(act, logged) for logged in decisions]
        return _finish(act, db, who, step, decisions, applied, HOLDS)


def pass_over(corpus: Corpus, annotator: str, step: int, *, kind: Literal[Kind.UNDO, Kind.REDO] = Kind.UNDO) -> None:
    """Leave a refused step as it is, for good: undo, or redo, goes on with the one behind it.

    Raises:
        UndoError: It is not the step that would be taken back, or done again, next.
    """
    with corpus.transaction() as db:
        (next_one,) = db.execute(_NEWEST if kind is Kind.UNDO else _NEXT, (annotator,)).fetchone()
        if next_one != step:
            raise UndoError("This is not the next step any more.", hint="Try again.")
        # On no document: the step may be about many, of which some may be deleted one day.
        Act(corpus, db).note(Decision(kind, 0, annotator, details={OVER: step}))
        who = annotators.ensure(corpus, db, annotator)
        db.execute("UPDATE step SET undone = ? WHERE annotator = ? AND sequence = ?", (BURIED, who, step))


@contextmanager
def _blocking(step: int) -> Iterator[None]:
    """Say of a refusal which step it is about."""
    try:
        yield
    except UndoError as error:
        raise BlockedStepError(error.message, step=step, hint=error.hint) from None


def _of_step(db: sqlite3.Connection, step: int, annotator: str) -> list[LoggedDecision]:
    """Return the decisions of a step that changed something: they follow one another in the log."""
    found: list[LoggedDecision] = []
    after = step - 1
    while page := _page(db, step, annotator, after):
        found += page
        after = page[-1].sequence
    return [logged for logged in found if logged.decision.changes or logged.decision.kind in _WITHOUT_CHANGES]


def _page(db: sqlite3.Connection, step: int, annotator: str, after: int, limit: int = _AT_ONCE) -> list[LoggedDecision]:
    """Return the first decisions of a step behind a sequence."""
    found: list[LoggedDecision] = []
    sql = (
        "SELECT sequence, at, step, kind, document, changes, details FROM decision"
        " WHERE sequence > ? ORDER BY sequence LIMIT ?"
    )
    for sequence, at, its_step, kind, document, changes, details in db.execute(sql, (after, limit)).fetchall():
        if its_step != step:
            break
        held = rows.decode_changes(changes) if changes is not None else Changes()
        more = rows.object_or_empty(details)
        decision = Decision(Kind(kind), document or 0, annotator, held, more)
        found.append(LoggedDecision(sequence, at, its_step, decision))
    return found


def _ahead(corpus: Corpus, annotator: str, which: str) -> tuple[int, list[LoggedDecision]]:
    """Return the step to be turned with its decisions where it changed labels: there may be very many.

    The log only grows, so they may be read before the lock is taken; 0 for any other step, which is read behind it.
    """
    with corpus.reading() as db:
        (step,) = db.execute(which, (annotator,)).fetchone()
        page = _page(db, step, annotator, step - 1, 1) if step is not None else []
    if not page or renaming_steps.change_of(page) is None:
        return 0, []
    found: list[LoggedDecision] = []
    after = step - 1
    while page:
        with corpus.reading() as db:
            page = _page(db, step, annotator, after)
        found += page
        after = page[-1].sequence if page else after
    return step, found


def _take_back(act: Act, logged: LoggedDecision) -> Decision:
    decision, details = logged.decision, {"of": logged.sequence, **_again(logged.decision)}
    if "review" in details:
        details["review"] = list(reversed(details["review"]))
    if decision.kind is Kind.REVIEW:
        details["before"], details["after"] = details["after"], details["before"]
    if "confirmed" in decision.details:
        details["confirmed"] = decision.details["confirmed"]
    return _apply(act, Decision(Kind.UNDO, decision.document, decision.annotator, decision.changes.inverted(), details))


def _do_again(act: Act, logged: LoggedDecision) -> Decision:
    decision, details = logged.decision, {"of": logged.sequence, **_again(logged.decision)}
    return _apply(act, Decision(Kind.REDO, decision.document, decision.annotator, decision.changes, details))


def _again(decision: Decision) -> dict[str, Any]:
    """Return what a decision said of reviews."""
    names = ("version", "before", "after", "note") if decision.kind is Kind.REVIEW else ("review",)
    return {name: decision.details[name] for name in names if name in decision.details}


def _turn_labels(act: Act, decisions: list[LoggedDecision], kind: Kind) -> list[Decision]:
    try:
        return renaming_steps.turn(act, decisions, kind)
    except UndoError:
        raise
    except DecisionError as error:
        change = renaming_steps.change_of(decisions)
        assert change is not None
        hint = "That has to be taken back first."
        if change.verb == "rename" and kind is Kind.UNDO:
            hint = f"Rename {change.new[0]} to {change.old[0]} instead."
        raise UndoError(f"This cannot be taken back or done again: {error.message}", hint=hint) from None


def _apply(act: Act, decision: Decision) -> Decision:
    try:
        act.check_names(decision.changes)
        act.apply(decision)
    except DecisionError as error:
        reason = f"{error.message[:1].lower()}{error.message[1:]}"
        verb = "taken back" if decision.kind is Kind.UNDO else "done again"
        where = _named(act.db, decision.document)
        raise UndoError(f"{where}: this cannot be {verb}: {reason}") from None
    return decision


def _named(db: sqlite3.Connection, document: int) -> str:
    """Return a document's name as the screen has it."""
    found = db.execute("SELECT coalesce(nullif(name, ''), key) FROM document WHERE id = ?", (document,)).fetchone()
    return str(found[0]) if found else "A deleted document"


def _finish(
    act: Act,
    db: sqlite3.Connection,
    who: int,
    step: int,
    decisions: list[LoggedDecision],
    applied: list[Decision],
    mark: int,
) -> Undone:
    act.finish()
    db.execute("UPDATE step SET undone = ? WHERE annotator = ? AND sequence = ?", (mark, who, step))
    bases = {logged.sequence for logged in decisions if logged.decision.kind is Kind.IMPORT}
    # A change of labels is known by its first decision: the others are its consequences.
    last = (decisions[0] if decisions[0].decision.kind is Kind.SCHEME else decisions[-1]).decision
    place: Mapping[str, Any] = next(
        (d.decision.details["place"] for d in decisions if "place" in d.decision.details), {}
    )
    return Undone(last.document, [d for d in applied if d.details["of"] not in bases], last.kind, place)


def _refuse_if_reviewed(db: sqlite3.Connection, who: int, decisions: list[LoggedDecision]) -> None:
    """Raise UndoError when somebody else reviewed or merged one of the versions since.

    What is only called something else is what was reviewed.
    """
    change = renaming_steps.change_of(decisions)
    if change is not None and change.verb in ("rename", "merge"):
        return
    changed = [logged.decision for logged in decisions if logged.decision.changes]
    for document, annotator in {(decision.document, owner_of(decision)): None for decision in changed}:
        later = db.execute(
            "SELECT a.name, l.kind, l.at FROM decision l JOIN annotator a ON a.id = l.annotator"
            " WHERE l.document = ? AND l.sequence > ? AND l.annotator <> ? AND l.kind IN ('review', 'merge')"
            " AND json_extract(l.details, '$.version') = ? LIMIT 1",
            (document, decisions[-1].sequence, who, annotator),
        ).fetchone()
        if later:
            where = _named(db, document)
            raise UndoError(
                f"{where}: {later[0]} decided on this version since ({later[1]}, {later[2]}).", hint="Ask them first."
            )

"""Taking a change of labels back, and doing it again: just what it did, and what came with the names since.

What others decided meanwhile on the same is a reason to refuse, as for every step.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from tui_annotate.domain.changed_scheme import inverted, reverted, with_group
from tui_annotate.domain.decisions import Decision, Kind, LoggedDecision
from tui_annotate.domain.renaming import Renaming
from tui_annotate.domain.scheme import Scheme
from tui_annotate.domain.scheme_changes import SchemeChange, group_of
from tui_annotate.errors import SchemeError, UndoError
from tui_annotate.store import aliases, annotators, rows
from tui_annotate.store.acts import Act
from tui_annotate.store.aliases import Entry
from tui_annotate.store.relabelling import row_changes
from tui_annotate.store.relabelling.beside import beside
from tui_annotate.store.relabelling.plan import Planner
from tui_annotate.store.relabelling.write import Writer, changed_since, put_scheme, write_rows

_decode_change = rows.decoder(SchemeChange)
_COLUMNS = {"entity": ("entity", "type"), "label": ("label", "name"), "relation": ("relation", "type")}


def change_of(decisions: Sequence[LoggedDecision]) -> SchemeChange | None:
    """Return the change of labels that a step is; None of any other step."""
    if not decisions:
        return None
    head = decisions[0].decision
    if head.kind is not Kind.SCHEME or "change" not in head.details:
        return None
    return _decode_change(rows.encode(head.details["change"]))


def turn(act: Act, decisions: Sequence[LoggedDecision], kind: Kind) -> list[Decision]:
    """Take a step that changed labels back, or do it again; return the decisions as applied now.

    Raises:
        UndoError: Others changed the scheme, so that it cannot be told what it should be.
        DecisionError: Others changed what it did.
    """
    db, head = act.db, decisions[0]
    change = change_of(decisions)
    assert change is not None
    back = kind is Kind.UNDO
    before, after = (_scheme(db, head.decision.details[name]) for name in ("before", "number"))
    candidates = _came_since(db, decisions)
    scheme = _turned(db, before, after, back=back)
    who = annotators.ensure(act.corpus, db, head.decision.annotator)
    (number,) = db.execute("SELECT max(number) + 1 FROM scheme").fetchone()
    of = {"of": head.sequence}
    noted = act.note(Decision(kind, 0, head.decision.annotator, details={**of, "number": number}))
    applied = [noted.decision]
    for logged in reversed(decisions[1:]) if back else decisions[1:]:
        applied.append(_turn_one(act, logged, kind))
    backward = inverted(change, before)
    sweep = (backward if change.verb == "rename" else None) if back else change
    if sweep is not None:
        renaming = Renaming(sweep)
        writer = Writer(act, head.decision.annotator, kind, of)
        # Versions that came with the old names since follow.
        for plan in Planner(act.corpus, renaming).some(db, candidates):
            writer.document(plan)
        writer.rows(beside(db, renaming, Counter()))
    elif back:
        scheme = _with_what_is_used(db, scheme, after, change)
    put_scheme(db, act, number, scheme, who)
    undoes, redoes = (head.sequence, 0) if back else (0, head.sequence)
    entry = Entry(noted.sequence, noted.decision.annotator, noted.at, None, backward if back else None, undoes, redoes)
    aliases.add(db, entry)
    return applied


def _scheme(db: sqlite3.Connection, number: int) -> Scheme:
    (body,) = db.execute("SELECT body FROM scheme WHERE number = ?", (number,)).fetchone()
    return aliases.decode_scheme(body)


def _turned(db: sqlite3.Connection, before: Scheme, after: Scheme, *, back: bool) -> Scheme:
    now = aliases.scheme_in_force(db)
    wanted = reverted(now, before, after) if back else reverted(now, after, before)
    try:
        if wanted is not None:
            wanted.check_faults()
            return wanted
    except SchemeError:
        pass
    by, at = db.execute(
        "SELECT a.name, s.at FROM scheme s JOIN annotator a ON a.id = s.annotator ORDER BY s.number DESC LIMIT 1"
    ).fetchone()
    raise UndoError(f"{by} changed the same labels since ({at}).", hint="Take that back first, or change them by hand.")


def _turn_one(act: Act, logged: LoggedDecision, kind: Kind) -> Decision:
    decision, back = logged.decision, kind is Kind.UNDO
    details: dict[str, Any] = {"of": logged.sequence}
    details |= {name: decision.details[name] for name in ("in", "confirmed") if name in decision.details}
    if "rows" in decision.details:
        held = row_changes.decode(decision.details["rows"])
        turned = [change.inverted for change in reversed(held)] if back else held
        write_rows(act.db, turned)
        details["rows"] = row_changes.encode(turned)
    changes = decision.changes.inverted() if back else decision.changes
    made = Decision(kind, decision.document, decision.annotator, changes, details)
    if changes:
        act.apply(made)
    else:
        act.note(made)
    return made


def _came_since(db: sqlite3.Connection, decisions: Sequence[LoggedDecision]) -> list[int]:
    """Return the documents that something was decided on or suggested for since a step, before it is turned."""
    return changed_since(db, (decisions[-1].sequence, decisions[0].decision.details["suggestions"]))


def _with_what_is_used(db: sqlite3.Connection, scheme: Scheme, after: Scheme, change: SchemeChange) -> Scheme:
    """Return a scheme with the names that a change had brought and that somebody has annotated with since."""
    if change.of or change.kind not in _COLUMNS:
        return scheme
    table, column = _COLUMNS[change.kind]
    known = {one.name for one in group_of(scheme, change.kind)}
    for thing in group_of(after, change.kind):
        if thing.name in known or thing.name not in change.new:
            continue
        if db.execute(f"SELECT 1 FROM {table} WHERE {column} = ? LIMIT 1", (thing.name,)).fetchone():
            scheme = with_group(scheme, change.kind, (*group_of(scheme, change.kind), replace(thing, id="")))
    return scheme.numbered()

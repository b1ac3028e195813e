"""One act: decisions that are applied, logged and undone together, inside one transaction.

The rows that summarise (version, document, counters) are read when an act first
touches them and written once at its end, however many decisions it holds.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, field, replace
from typing import Any

from tui_annotate.domain.annotations import Annotations
from tui_annotate.domain.decisions import (
    Changes,
    Decision,
    EntityChange,
    Kind,
    LabelChange,
    LoggedDecision,
    RelationChange,
    VersionState,
)
from tui_annotate.errors import ChangedMeanwhileError, DecisionError
from tui_annotate.store import annotators, changing, counters, rows, versions
from tui_annotate.store.annotators import MASTER_ID
from tui_annotate.store.connection import Corpus
from tui_annotate.store.rows import STATE_NUMBERS, STATES


@dataclass(slots=True)
class HeldVersion:
    """A version's row while an act works on it."""

    id: int
    annotator: int
    state: VersionState | None
    next_number: int
    sequence: int
    confirmed: int


@dataclass(slots=True)
class HeldDocument:
    """A document's row while an act works on it."""

    state: int
    holdout: int
    given: int
    master: int | None
    adjudicate: int
    versions: dict[int, HeldVersion] = field(default_factory=dict)
    """By annotator."""
    changed: int = 0
    restated: bool = False
    """A version's state changed, so the document's has to be worked out."""


class Act:
    """Applies and logs decisions; `finish` writes what they add up to."""

    def __init__(self, corpus: Corpus, db: sqlite3.Connection) -> None:
        self.db = db
        self.corpus = corpus
        (self.sequence,) = db.execute("SELECT coalesce(max(sequence), 0) FROM decision").fetchone()
        self.step: int = self.sequence + 1
        self.at = rows.now()
        self.held: dict[int, HeldDocument] = {}

    def take(self, decision: Decision) -> LoggedDecision:
        """Apply and log a decision that an annotator made; the first on a document makes the version.

        Raises:
            DecisionError: The rows are not as the decision expects.
        """
        document = self.document(decision.document)
        annotator = annotators.ensure(self.corpus, self.db, decision.annotator)
        if not decision.changes:
            return self._log(decision, annotator)
        version = document.versions.get(annotator) or self._version(decision.document, document, annotator)
        if version.state is None:
            decision = self._begin(decision, document, version)
        changes = decision.changes
        if changes.state is not None and changes.state[1] is VersionState.CONFIRMED:
            effect = self._publish(document, version, annotator)
            if effect:
                decision = replace(decision, details={**decision.details, "publishes": effect})
        return self.apply(decision)

    def apply(self, decision: Decision) -> LoggedDecision:
        """Apply and log a decision as it is: for undo, redo, and what `take` has prepared."""
        document = self.document(decision.document)
        annotator = annotators.ensure(self.corpus, self.db, decision.annotator)
        if not decision.changes:
            return self._log(decision, annotator)
        version = document.versions.get(annotator) or self._version(decision.document, document, annotator)
        changes = decision.changes
        if changes.state is not None and version.state is not changes.state[0]:
            raise self._stale(decision, "the state of the version")
        try:
            highest = changing.write(self.db, version.id, changes)
        except changing.StaleError as error:
            raise self._stale(decision, str(error)) from None
        self._carry_out(decision, document, version)
        logged = self._log(decision, annotator)
        version.sequence = document.changed = logged.sequence
        version.next_number = max(version.next_number, highest + 1)
        if changes.state is not None:
            version.state = changes.state[1]
            version.confirmed = logged.sequence if version.state is VersionState.CONFIRMED else 0
            document.restated = True
        return logged

    def document(self, id: int) -> HeldDocument:
        """Return a document's row, read once; raises DecisionError when there is none."""
        held = self.held.get(id)
        if held is None:
            sql = "SELECT state, holdout, given, master, adjudicate FROM document WHERE id = ?"
            found = self.db.execute(sql, (id,)).fetchone()
            if found is None:
                raise DecisionError(f"There is no document {id}; nothing was changed.")
            held = self.held[id] = HeldDocument(*found)
        return held

    def finish(self) -> None:
        """Write the summaries of everything that was touched."""
        for id, document in self.held.items():
            if not document.versions:
                continue
            self.db.executemany(
                "UPDATE version SET state = ?, next_number = ?, sequence = ?, confirmed = ? WHERE id = ?",
                [
                    (STATE_NUMBERS[v.state] or None, v.next_number, v.sequence, v.confirmed, v.id)
                    for v in document.versions.values()
                ],
            )
            state = work_out_state(self.db, id) if document.restated else document.state
            self.db.execute(
                "UPDATE document SET state = ?, master = ?, adjudicate = ?, changed = ? WHERE id = ?",
                (state, document.master, document.adjudicate, document.changed, id),
            )
            if state != document.state:
                counters.move(self.db, document.state, state, holdout=document.holdout)
                if state >= 2:
                    self.db.execute("DELETE FROM queue WHERE document = ?", (id,))

    def _version(self, id: int, document: HeldDocument, annotator: int) -> HeldVersion:
        sql = "SELECT id, annotator, state, next_number, sequence, confirmed FROM version"
        found = self.db.execute(f"{sql} WHERE document = ? AND annotator = ?", (id, annotator)).fetchone()
        if found is None:
            made = "INSERT INTO version(document, annotator) VALUES (?, ?) RETURNING id"
            found = (*self.db.execute(made, (id, annotator)).fetchone(), annotator, None, 1, 0, 0)
        id, annotator, state, next_number, sequence, confirmed = found
        held = HeldVersion(id, annotator, STATES[state or 0], next_number, sequence, confirmed)
        document.versions[annotator] = held
        return held

    def _begin(self, decision: Decision, document: HeldDocument, version: HeldVersion) -> Decision:
        """Bring a version into being: as a copy of master, which is logged by itself, or by the decision."""
        changes = decision.changes
        if changes.state is not None and changes.state[0] is not None:
            raise self._stale(decision, "the version, which is gone")
        if document.master is None or document.master == version.id:
            if changes.state is None:
                changes = replace(changes, state=(None, VersionState.IN_PROGRESS))
            return replace(decision, changes=changes)
        (next_number,) = self.db.execute("SELECT next_number FROM version WHERE id = ?", (document.master,)).fetchone()
        version.next_number = max(version.next_number, next_number)
        copied = versions.contents(self.db, document.master)
        base = Decision(
            Kind.IMPORT,
            decision.document,
            decision.annotator,
            as_changes(copied, VersionState.IN_PROGRESS),
            {"base": True, **({"extra": copied.extra} if copied.extra else {})},
        )
        self.apply(base)
        if changes.state is not None:
            after = changes.state[1]
            came = VersionState.IN_PROGRESS
            changes = replace(changes, state=None if after is came else (came, after))
        return replace(decision, changes=changes)

    def _publish(self, document: HeldDocument, version: HeldVersion, annotator: int) -> dict[str, Any]:
        """Return what confirming does to master: whose it was and is, or a need to adjudicate."""
        current = None
        if document.master is not None:
            (current,) = self.db.execute("SELECT annotator FROM version WHERE id = ?", (document.master,)).fetchone()
        if current in (None, MASTER_ID, annotator):
            return {"master": [self._name(current), self._name(annotator)]} if current != annotator else {}
        return {} if document.adjudicate else {"adjudicate": [False, True]}

    def _carry_out(self, decision: Decision, document: HeldDocument, version: HeldVersion) -> None:
        effect = decision.details.get("publishes", {})
        if "master" in effect:
            before, after = effect["master"]
            if self._master_name(document) == before:
                document.master = self._version_of(decision.document, after, version)
        if "adjudicate" in effect:
            document.adjudicate = int(effect["adjudicate"][1])
        if decision.kind is Kind.IMPORT:
            text = rows.encode_object(decision.details.get("extra", {}))
            self.db.execute("UPDATE version SET extra = ? WHERE id = ?", (text, version.id))

    def _name(self, annotator: int | None) -> str:
        if annotator is None:
            return ""
        name: str = self.db.execute("SELECT name FROM annotator WHERE id = ?", (annotator,)).fetchone()[0]
        return name

    def _master_name(self, document: HeldDocument) -> str:
        if document.master is None:
            return ""
        (annotator,) = self.db.execute("SELECT annotator FROM version WHERE id = ?", (document.master,)).fetchone()
        return self._name(annotator)

    def _version_of(self, document: int, annotator: str, version: HeldVersion) -> int | None:
        if not annotator:
            return None
        sql = "SELECT v.id FROM version v JOIN annotator a ON a.id = v.annotator WHERE v.document = ? AND a.name = ?"
        found = self.db.execute(sql, (document, annotator)).fetchone()
        return int(found[0]) if found else None

    def _log(self, decision: Decision, annotator: int) -> LoggedDecision:
        self.sequence += 1
        changes = rows.encode(decision.changes) if decision.changes else None
        self.db.execute(
            "INSERT INTO decision(sequence, at, step, kind, document, annotator, changes, details, milliseconds, keys)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                self.sequence,
                self.at,
                self.step,
                decision.kind,
                decision.document or None,
                annotator,
                changes,
                rows.encode_object(decision.details),
                decision.milliseconds,
                decision.keys,
            ),
        )
        return LoggedDecision(self.sequence, self.at, self.step, decision)

    def _stale(self, decision: Decision, what: str) -> ChangedMeanwhileError:
        last = self.db.execute(
            "SELECT a.name, l.at FROM decision l JOIN annotator a ON a.id = l.annotator"
            " WHERE l.document = ? AND l.sequence < ? ORDER BY l.sequence DESC LIMIT 1",
            (decision.document, self.step),
        ).fetchone()
        by = f"by {last[0]} at {last[1]}" if last else "elsewhere"
        message = f"{what[:1].upper()}{what[1:]} was changed meanwhile {by}."
        return ChangedMeanwhileError(message, hint="Read the document again, then decide.")


def work_out_state(db: sqlite3.Connection, document: int) -> int:
    """Return a document's state from its versions; the imported one counts only where it is alone."""
    sql = "SELECT max(state) FROM version WHERE document = ? AND annotator {} ? AND state IS NOT NULL"
    (own,) = db.execute(sql.format("<>"), (document, MASTER_ID)).fetchone()
    if own is None:
        (own,) = db.execute(sql.format("="), (document, MASTER_ID)).fetchone()
    return int(own or 0)


def as_changes(annotations: Annotations, state: VersionState) -> Changes:
    """Return the changes that make a version from nothing."""
    return Changes(
        entities=tuple(EntityChange(None, entity) for entity in annotations.entities.values()),
        labels=tuple(LabelChange(None, label) for label in annotations.labels.values()),
        relations=tuple(RelationChange(None, relation) for relation in annotations.relations.values()),
        state=(None, state),
    )

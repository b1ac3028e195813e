"""One act: decisions that are applied, logged and undone together, inside one transaction.

The rows that summarise (version, document, counters) are read when an act first
touches them and written once at its end, however many decisions it holds.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
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
    owner_of,
)
from tui_annotate.domain.hooks import Event
from tui_annotate.errors import ChangedMeanwhileError, DecisionError
from tui_annotate.store import aliases, annotators, changing, counters, outbox, rows, versions
from tui_annotate.store.agreeing import agreement
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
    review: str
    came: bool = False
    """It was imported in this act: whoever follows confirmations is told, although it was confirmed before."""


@dataclass(slots=True)
class HeldDocument:
    """A document's row while an act works on it."""

    state: int
    holdout: int
    given: int
    master: int | None
    versions: dict[int, HeldVersion] = field(default_factory=dict)
    """By annotator."""
    changed: int = 0
    restated: bool = False
    """A version's state or review changed, so the document's state and master have to be worked out."""


class Act:
    """Applies and logs decisions; `finish` writes what they add up to."""

    def __init__(self, corpus: Corpus, db: sqlite3.Connection) -> None:
        self.db = db
        self.corpus = corpus
        (self.sequence,) = db.execute("SELECT coalesce(max(sequence), 0) FROM decision").fetchone()
        self.step: int = self.sequence + 1
        self.at = rows.now()
        self.held: dict[int, HeldDocument] = {}
        self._lost: aliases.Lost | None = None

    def take(self, decision: Decision) -> LoggedDecision:
        """Apply and log a decision that an annotator made; the first on a document makes the version.

        Raises:
            DecisionError: The rows are not as the decision expects.
        """
        document = self.document(decision.document)
        annotator = annotators.ensure(self.corpus, self.db, decision.annotator)
        if not decision.changes:
            return self._log(decision, annotator)
        self.check_names(decision.changes)
        version = document.versions.get(annotator) or self._version(decision.document, document, annotator)
        if version.state is None:
            decision = self._begin(decision, document, version)
        return self.apply(_with_what_it_ends(decision, version))

    def apply(self, decision: Decision) -> LoggedDecision:
        """Apply and log a decision as it is: for undo, redo, and what `take` has prepared.

        It changes the version of the annotator who makes it, or the one that `in` of its details names.
        """
        if "version" in decision.details and not decision.changes:
            return self._review(decision)
        document = self.document(decision.document)
        annotator = annotators.ensure(self.corpus, self.db, decision.annotator)
        if not decision.changes:
            return self._log(decision, annotator)
        owner = annotators.ensure(self.corpus, self.db, owner_of(decision))
        version = document.versions.get(owner) or self._version(decision.document, document, owner)
        changes = decision.changes
        if changes.state is not None and version.state is not changes.state[0]:
            raise self._stale(decision, "the state of the version")
        try:
            highest = changing.write(self.db, version.id, changes)
        except changing.StaleError as error:
            raise self._stale(decision, str(error)) from None
        if decision.kind is Kind.IMPORT:
            version.came = True
            text = rows.encode_object(decision.details.get("extra", {}))
            self.db.execute("UPDATE version SET extra = ? WHERE id = ?", (text, version.id))
        logged = self._log(decision, annotator)
        version.sequence = document.changed = logged.sequence
        version.next_number = max(version.next_number, highest + 1)
        if changes.state is not None:
            version.state = changes.state[1]
            version.confirmed = confirmed_by(logged) if version.state is VersionState.CONFIRMED else 0
            document.restated = True
        if "review" in decision.details:
            version.review = decision.details["review"][1]
        return logged

    def note(self, decision: Decision) -> LoggedDecision:
        """Log a decision that changes no version."""
        return self._log(decision, annotators.ensure(self.corpus, self.db, decision.annotator))

    def check_names(self, changes: Changes) -> None:
        """Raise ChangedMeanwhileError where changes would write the name of a label that was renamed or went."""
        if self._lost is None:
            self._lost = aliases.lost_names(self.db)
        found = aliases.stale(self._lost, changes)
        if found is not None:
            name, entry = found
            raise ChangedMeanwhileError(
                f"There is no {name} any more: {aliases.said(self.db, entry)}.", hint="Read the document again."
            )

    def _review(self, decision: Decision) -> LoggedDecision:
        """Write what an annotator says about a version, their own or another's."""
        details = decision.details
        document = self.document(decision.document)
        of = annotators.ensure(self.corpus, self.db, details["version"])
        version = document.versions.get(of) or self._version(decision.document, document, of)
        if version.state is None:
            raise DecisionError(f"{details['version']} has no version of this document.")
        if version.review != details["before"]:
            raise self._stale(decision, "the review of the version")
        logged = self._log(decision, annotators.ensure(self.corpus, self.db, decision.annotator))
        version.review = details["after"]
        version.sequence = document.changed = logged.sequence
        document.restated = True
        return logged

    def document(self, id: int) -> HeldDocument:
        """Return a document's row, read once; raises DecisionError when there is none."""
        held = self.held.get(id)
        if held is None:
            sql = "SELECT state, holdout, given, master FROM document WHERE id = ?"
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
                "UPDATE version SET state = ?, next_number = ?, sequence = ?, confirmed = ?, review = ? WHERE id = ?",
                [
                    (STATE_NUMBERS[v.state] or None, v.next_number, v.sequence, v.confirmed, v.review, v.id)
                    for v in document.versions.values()
                ],
            )
            if not document.restated:
                self.db.execute("UPDATE document SET changed = ? WHERE id = ?", (document.changed, id))
                continue
            state = work_out_state(self.db, id)
            self.db.execute(
                "UPDATE document SET state = ?, master = ?, adjudicate = ?, changed = ? WHERE id = ?",
                (state, *agreement(self.db, id), document.changed, id),
            )
            if state != document.state:
                counters.move(self.db, document.state, state, holdout=document.holdout)
                if state >= 2:
                    self.db.execute("DELETE FROM queue WHERE document = ?", (id,))
        outbox.tell(self.corpus, self.db, self._told())

    def _told(self) -> Iterator[outbox.Told]:
        """Yield what webhooks are told of this act: each version that it changed."""
        names = {id: name for name, id in self.corpus.annotator_ids.items()}
        for id, document in self.held.items():
            for version in document.versions.values():
                if version.sequence >= self.step:
                    is_new = version.confirmed >= self.step or (version.came and version.confirmed > 0)
                    event: Event = "confirmed" if is_new else "saved"
                    yield outbox.Told(id, names[version.annotator], event)

    def _version(self, id: int, document: HeldDocument, annotator: int) -> HeldVersion:
        sql = "SELECT id, annotator, state, next_number, sequence, confirmed, review FROM version"
        found = self.db.execute(f"{sql} WHERE document = ? AND annotator = ?", (id, annotator)).fetchone()
        if found is None:
            made = "INSERT INTO version(document, annotator) VALUES (?, ?) RETURNING id"
            found = (*self.db.execute(made, (id, annotator)).fetchone(), annotator, None, 1, 0, 0, "")
        id, annotator, state, next_number, sequence, confirmed, review = found
        held = HeldVersion(id, annotator, STATES[state or 0], next_number, sequence, confirmed, review)
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
        who = last[0] if last and last[0] != decision.annotator else f"{decision.annotator}, elsewhere,"
        by = f"by {who} at {last[1]}" if last else "elsewhere"
        message = f"{what[:1].upper()}{what[1:]} was changed meanwhile {by}."
        return ChangedMeanwhileError(message, hint="Read the document again, then decide.")


def confirmed_by(logged: LoggedDecision) -> int:
    """Return by which decision a version is confirmed: taking a reopening back brings the one before it back."""
    decision = logged.decision
    if decision.kind is Kind.UNDO:
        return int(decision.details.get("confirmed", logged.sequence))
    return logged.sequence


def _with_what_it_ends(decision: Decision, version: HeldVersion) -> Decision:
    """Add to a decision what undoing it has to bring back: the confirmation that it ends, the review it outdates.

    A version that is confirmed again is another than the one that was reviewed.
    """
    state = decision.changes.state
    ends: dict[str, Any] = {}
    if version.state is VersionState.CONFIRMED and state is not None:
        ends["confirmed"] = version.confirmed
    if state is not None and state[1] is VersionState.CONFIRMED and version.review:
        ends["review"] = [version.review, ""]
    return replace(decision, details={**decision.details, **ends}) if ends else decision


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

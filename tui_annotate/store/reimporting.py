"""A document imported again: the same changes nothing, other annotations come in, decisions are never overwritten."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from typing import Literal

from tui_annotate.domain.decisions import (
    Changes,
    Decision,
    EntityChange,
    Kind,
    LabelChange,
    RelationChange,
    VersionState,
)
from tui_annotate.domain.interchange import MASTER, Problem
from tui_annotate.store import annotators, landing, numbering, outbox, rows, versions
from tui_annotate.store.acts import Act, as_changes
from tui_annotate.store.connection import Corpus
from tui_annotate.store.preparing import PreparedDocument, PreparedVersion, import_details
from tui_annotate.store.rows import STATES
from tui_annotate.store.suggestions import read_proposals

Outcome = Literal["unchanged", "updated"]


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a version was not taken over."""

    reason: str


@dataclass(frozen=True, slots=True)
class _Stored:
    """A version's row."""

    id: int
    state: VersionState
    sequence: int
    next_number: int


class Again:
    """Takes one known document in again, inside the transaction of its batch."""

    def __init__(self, corpus: Corpus, db: sqlite3.Connection, by: str) -> None:
        self.corpus = corpus
        self.db = db
        self.by = by

    def take(self, prepared: PreparedDocument, id: int) -> tuple[list[Outcome], list[Problem]]:
        """Compare a document with what is stored under its key, and take over what may be."""
        where = prepared.exchanged.where
        part, text = self.db.execute("SELECT part, text FROM content WHERE document = ?", (id,)).fetchone()
        if (part, text) != prepared.content:
            reason = f"another text is stored under the id {prepared.document.key}; documents are never altered"
            return [], [Problem("refused", where, "text", reason)]
        outcomes: list[Outcome] = [self._tag(id, prepared.document.tags)]
        problems: list[Problem] = []
        for version in prepared.versions:
            outcome = self._version(id, version)
            if isinstance(outcome, Refusal):
                problems.append(Problem("refused", where, f"version of {version.version.annotator}", outcome.reason))
            else:
                outcomes.append(outcome)
                self._keep(id, prepared, version.version.annotator)
        return outcomes, problems

    def _keep(self, id: int, prepared: PreparedDocument, annotator: str) -> None:
        """Keep the file of a version that was taken over, in place of the one before."""
        sql = "INSERT OR REPLACE INTO document_file(document, extension, body) VALUES (?, ?, ?)"
        found = [(id, name, body) for name, body in prepared.files if name.startswith(f"{annotator}.")]
        self.db.executemany(sql, found)

    def _tag(self, id: int, tags: tuple[str, ...]) -> Outcome:
        sql = "INSERT OR IGNORE INTO document_tag(document, tag) VALUES (?, ?)"
        new = sum(self.db.execute(sql, (id, tag)).rowcount for tag in tags)
        return "updated" if new else "unchanged"

    def _version(self, id: int, version: PreparedVersion) -> Outcome | Refusal:
        name = version.version.annotator
        annotator = annotators.ensure(self.corpus, self.db, name)
        stored = self._stored(id, annotator)
        if stored is not None and self._holds(stored.id, version):
            same_state = version.state is None or stored.state is version.state
            return "unchanged" if same_state else self._replace(id, stored, version)
        if name == MASTER:
            published = self._published(id)
            if published is not None:
                if self._holds(published, version):
                    return "unchanged"
                return Refusal("master was agreed on here since it was imported")
        if version.state is None:
            if stored is not None:
                return Refusal(f"{name} has annotations here, which unconfirmed ones do not replace")
            return self._suggest(id, annotator, version)
        if stored is None:
            return self._create(id, version)
        return self._replace(id, stored, version)

    def _stored(self, document: int, annotator: int) -> _Stored | None:
        sql = "SELECT id, state, sequence, next_number FROM version WHERE document = ? AND annotator = ?"
        found = self.db.execute(sql, (document, annotator)).fetchone()
        state = STATES[found[1] or 0] if found else None
        return None if state is None else _Stored(found[0], state, found[2], found[3])

    def _published(self, document: int) -> int | None:
        """Return the version that is master when an annotator made it."""
        sql = "SELECT v.id FROM document d JOIN version v ON v.id = d.master WHERE d.id = ? AND v.annotator <> ?"
        found = self.db.execute(sql, (document, annotators.MASTER_ID)).fetchone()
        return int(found[0]) if found else None

    def _holds(self, row: int, version: PreparedVersion) -> bool:
        return numbering.same(versions.contents(self.db, row), version.version.annotations)

    def _suggest(self, id: int, annotator: int, version: PreparedVersion) -> Outcome:
        stored = read_proposals(self.db, id).get(version.version.annotator)
        if stored is not None and stored == version.version:
            return "unchanged"
        landing.write_suggestions(self.db, id, annotator, version)
        outbox.tell(self.corpus, self.db, [outbox.Told(id, version.version.annotator, "saved")])
        return "updated"

    def _create(self, id: int, version: PreparedVersion) -> Outcome:
        assert version.state is not None
        given = version.version
        self._write(id, version, as_changes(given.annotations, version.state))
        return "updated"

    def _replace(self, id: int, stored: _Stored, version: PreparedVersion) -> Outcome | Refusal:
        sql = "SELECT l.kind, l.details, l.at, a.name FROM decision l JOIN annotator a ON a.id = l.annotator"
        kind, details, at, name = self.db.execute(f"{sql} WHERE l.sequence = ?", (stored.sequence,)).fetchone()
        if kind != Kind.IMPORT or rows.object_or_empty(details).get("base"):
            return Refusal(f"{name} decided on it here, last at {at}")
        assert version.state is not None
        old = versions.contents(self.db, stored.id)
        new = numbering.renumbered(version.version.annotations, stored.next_number - 1)
        gone, come = as_changes(old, stored.state), as_changes(new, version.state)
        changes = Changes(
            entities=tuple(EntityChange(c.after, None) for c in gone.entities) + come.entities,
            labels=tuple(LabelChange(c.after, None) for c in gone.labels) + come.labels,
            relations=tuple(RelationChange(c.after, None) for c in gone.relations) + come.relations,
            state=None if stored.state is version.state else (stored.state, version.state),
        )
        self._write(id, version, changes)
        return "updated"

    def _write(self, id: int, version: PreparedVersion, changes: Changes) -> None:
        details = import_details(version.version, self.by)
        act = Act(self.corpus, self.db)
        act.apply(Decision(Kind.IMPORT, id, version.version.annotator, changes, details))
        act.finish()
        self._count_as_given(id)

    def _count_as_given(self, id: int) -> None:
        """Mark a document that an import confirmed before anybody had begun it: it is no holdout, it was not drawn."""
        sql = (
            "UPDATE document SET given = 1, holdout = 0 WHERE id = ? AND state = 3 AND given = 0 AND NOT EXISTS"
            " (SELECT 1 FROM decision l WHERE l.document = document.id AND l.kind NOT IN ('import', 'tag'))"
        )
        (held_out,) = self.db.execute("SELECT holdout FROM document WHERE id = ?", (id,)).fetchone()
        if self.db.execute(sql, (id,)).rowcount:
            sql = "UPDATE counter SET given = given + 1, holdout_confirmed = holdout_confirmed - ?"
            self.db.execute(sql, (held_out,))

"""A version that comes again through the API: it takes the place of what stood there, and the log keeps both.

An import never overwrites a decision (`reimporting`); an upload names the document and the version, and replaces it.
One thing stays: what an annotator confirmed and published is not unpublished by an upload that is not confirmed.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from typing import Literal

from tui_annotate.domain.annotations import Annotations, Verdict
from tui_annotate.domain.decisions import (
    Changes,
    Decision,
    EntityChange,
    Kind,
    LabelChange,
    RelationChange,
    VerdictChange,
    VersionState,
)
from tui_annotate.domain.interchange import MASTER
from tui_annotate.domain.selection import Review
from tui_annotate.errors import DecisionError
from tui_annotate.store import annotators, landing, numbering, outbox, steps, versions
from tui_annotate.store.acts import Act
from tui_annotate.store.connection import Corpus
from tui_annotate.store.preparing import PreparedDocument, PreparedVersion
from tui_annotate.store.rows import STATES
from tui_annotate.store.suggestions import read_proposals

Outcome = Literal["unchanged", "updated"]


def obstacle(corpus: Corpus, id: int, prepared: PreparedDocument) -> str:
    """Say why a document cannot take what comes for it; empty when it can."""
    with corpus.reading() as db:
        return _obstacle(db, id, prepared)


def replace(
    corpus: Corpus, id: int, prepared: PreparedDocument, *, by: str, details: Mapping[str, object] | None = None
) -> Outcome:
    """Put the versions that come in place of those that are stored, in one transaction.

    An unconfirmed version becomes suggestions, as with an import; what its annotator rejected stays rejected.

    Args:
        details: What the log is to say besides who did it.

    Raises:
        DecisionError: Another text is stored, or an annotator's confirmation would be lost; nothing was changed.
    """
    with corpus.transaction() as db:
        reason = _obstacle(db, id, prepared)
        if reason:
            raise DecisionError(f"{prepared.document.key}: {reason}.")
        changed = _tag(db, id, prepared.document.tags)
        _keep_files(db, id, prepared)
        for version in prepared.versions:
            changed |= _Replacement(corpus, db, id, by, dict(details or {})).take(version)
    return "updated" if changed else "unchanged"


def _obstacle(db: sqlite3.Connection, id: int, prepared: PreparedDocument) -> str:
    found = db.execute("SELECT part, text FROM content WHERE document = ?", (id,)).fetchone()
    if found is None:
        return "the document was deleted meanwhile"
    if tuple(found) != prepared.content:
        return "another text is stored under this id, and documents are never altered; upload it under another id"
    for version in prepared.versions:
        if version.version.annotator == MASTER and version.state is None:
            name = _published(db, id)
            if name:
                return (
                    f"{name} confirmed it, and that is master; an upload that is not confirmed does not replace it."
                    " Set anncomplete to true, or name a member"
                )
    return ""


def _published(db: sqlite3.Connection, id: int) -> str:
    """Return who confirmed the version that is master; empty where it is nobody's, or master's own."""
    found = db.execute(
        "SELECT a.name FROM document d JOIN version v ON v.id = d.master JOIN annotator a ON a.id = v.annotator"
        " WHERE d.id = ? AND a.id <> ?",
        (id, annotators.MASTER_ID),
    ).fetchone()
    return str(found[0]) if found else ""


def _tag(db: sqlite3.Connection, id: int, tags: tuple[str, ...]) -> bool:
    sql = "INSERT OR IGNORE INTO document_tag(document, tag) VALUES (?, ?)"
    return sum(db.execute(sql, (id, tag)).rowcount for tag in tags) > 0


def _keep_files(db: sqlite3.Connection, id: int, prepared: PreparedDocument) -> None:
    """Keep the annotations as they came in place of those that came before."""
    db.executemany(
        "INSERT OR REPLACE INTO document_file(document, extension, body) VALUES (?, ?, ?)",
        [(id, extension, body) for extension, body in prepared.files if extension.endswith(".ann.json")],
    )


class _Replacement:
    """One version, inside the transaction."""

    def __init__(self, corpus: Corpus, db: sqlite3.Connection, id: int, by: str, details: dict[str, object]) -> None:
        self.corpus = corpus
        self.db = db
        self.id = id
        self.by = by
        self.details = details

    def take(self, version: PreparedVersion) -> bool:
        """Put it in place of what is stored; say whether anything changed."""
        given = version.version
        annotator = annotators.ensure(self.corpus, self.db, given.annotator)
        sql = "SELECT id, state, next_number FROM version WHERE document = ? AND annotator = ?"
        row, number, next_number = self.db.execute(sql, (self.id, annotator)).fetchone() or (0, 0, 1)
        state = STATES[number or 0]
        if version.state is None:
            return self._suggest(annotator, version, row, state)
        old = versions.contents(self.db, row) if row and state is not None else Annotations()
        if state is version.state and numbering.same(old, given.annotations):
            return self._accept_master(version)
        new = numbering.renumbered(given.annotations, next_number - 1)
        self._write(given.annotator, self._swap(old, new, row, (state, version.state)), new.extra)
        self._accept_master(version)
        self.db.execute("DELETE FROM proposal WHERE document = ? AND annotator = ?", (self.id, annotator))
        sql = "DELETE FROM suggestion WHERE document = ? AND source = 'import' AND origin = ?"
        self.db.execute(sql, (self.id, annotator))
        return True

    def _suggest(self, annotator: int, version: PreparedVersion, row: int, state: VersionState | None) -> bool:
        if state is None and read_proposals(self.db, self.id).get(version.version.annotator) == version.version:
            return False
        if state is not None:
            old = versions.contents(self.db, row)
            self._write(version.version.annotator, self._swap(old, Annotations(), row, (state, None)), {})
            self._count_as_open()
        landing.write_suggestions(self.db, self.id, annotator, version)
        outbox.tell(self.corpus, self.db, [outbox.Told(self.id, version.version.annotator, "saved")])
        return True

    def _swap(
        self, old: Annotations, new: Annotations, row: int, states: tuple[VersionState | None, VersionState | None]
    ) -> Changes:
        names = sorted(old.labels.keys() | new.labels.keys())
        decided = versions.verdicts(self.db, row) if row else {}
        return Changes(
            entities=tuple(EntityChange(e, None) for e in old.entities.values())
            + tuple(EntityChange(None, e) for e in new.entities.values()),
            labels=tuple(
                LabelChange(old.labels.get(n), new.labels.get(n))
                for n in names
                if old.labels.get(n) != new.labels.get(n)
            ),
            relations=tuple(RelationChange(r, None) for r in old.relations.values())
            + tuple(RelationChange(None, r) for r in new.relations.values()),
            verdicts=tuple(
                VerdictChange(key, verdict, Verdict.UNDECIDED)
                for key, verdict in decided.items()
                if verdict in (Verdict.ACCEPTED, Verdict.CHANGED)
            ),
            state=None if states[0] is states[1] else states,
        )

    def _write(self, annotator: str, changes: Changes, extra: Mapping[str, object]) -> None:
        details: dict[str, object] = {"by": self.by, **self.details}
        if extra:
            details["extra"] = dict(extra)
        if not changes:
            # Only what we do not understand differs: the log needs a change to hang it on.
            return
        act = Act(self.corpus, self.db)
        act.apply(Decision(Kind.IMPORT, self.id, annotator, changes, details))
        act.finish()

    def _accept_master(self, version: PreparedVersion) -> bool:
        """Let a confirmed master that was written here stand above what annotators confirmed."""
        if version.version.annotator != MASTER or not _published(self.db, self.id):
            return False
        sql = (
            "SELECT a.name, v.review FROM version v JOIN annotator a ON a.id = v.annotator"
            " WHERE v.document = ? AND v.state IS NOT NULL"
        )
        held = dict(self.db.execute(sql, (self.id,)).fetchall())
        wanted = {name: "" for name, review in held.items() if review == Review.ACCEPTED} | {
            MASTER: Review.ACCEPTED.value
        }
        act = Act(self.corpus, self.db)
        for name, after in wanted.items():
            if held.get(name) != after:
                said = {"version": name, "before": held[name], "after": after}
                act.apply(Decision(Kind.REVIEW, self.id, self.by, details=said))
        act.finish()
        steps.add(self.db, annotators.ensure(self.corpus, self.db, self.by), act.step)
        return True

    def _count_as_open(self) -> None:
        """A document that came confirmed, and is open again now, is not among those that were given any more."""
        sql = "UPDATE document SET given = 0 WHERE id = ? AND given = 1 AND state <> 3"
        if self.db.execute(sql, (self.id,)).rowcount:
            self.db.execute("UPDATE counter SET given = given - 1")

"""What a change of labels would do to a corpus, worked out document by document, in short reads.

Nothing is written here. A document that changed since it was read is looked at again by whoever writes.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from tui_annotate.domain.annotations import Suggestion
from tui_annotate.domain.decisions import VersionState
from tui_annotate.domain.documents import Document
from tui_annotate.domain.renaming import Renaming
from tui_annotate.domain.reworking import Worked, rework, rework_relation
from tui_annotate.store import documents, rows, suggestions, versions
from tui_annotate.store.connection import Corpus
from tui_annotate.store.relabelling.row_changes import RowChange
from tui_annotate.store.rows import STATES

WINDOW = 200
"""Documents looked through in one read."""
Tell = Callable[[float], None]


@dataclass(slots=True)
class VersionPlan:
    """What becomes of one version."""

    annotator: str
    state: VersionState | None
    confirmed: int
    """Sequence of the decision that confirmed it."""
    worked: Worked


@dataclass(slots=True)
class DocumentPlan:
    """What becomes of one document."""

    id: int
    changed: int
    """Newest decision on it when it was read."""
    versions: list[VersionPlan] = field(default_factory=list)
    rows: list[RowChange] = field(default_factory=list)
    again: list[Suggestion] = field(default_factory=list)
    """To be suggested anew."""
    counts: Counter[str] = field(default_factory=Counter)
    """`suggestions`, and those of them that go: `suggestions gone`."""

    def __bool__(self) -> bool:
        return bool(self.rows or self.versions)


class Planner:
    """Works a renaming out for some documents of a corpus."""

    def __init__(self, corpus: Corpus, renaming: Renaming) -> None:
        self.corpus = corpus
        self.renaming = renaming
        self._names = [rows.encode(name) for name in renaming.names]
        self._reads_text = any(rule.how in ("regex", "near", "text") for rule in renaming.change.rules)

    def whole(self, tell: Tell | None = None) -> Iterator[DocumentPlan]:
        """Yield what becomes of each document that is touched, in short reads."""
        with self.corpus.reading() as db:
            (last,) = db.execute("SELECT coalesce(max(id), 0) FROM document").fetchone()
        for after in range(0, last, WINDOW):
            with self.corpus.reading() as db:
                found = self._window(db, "document > ? AND document <= ?", (after, after + WINDOW))
            yield from found
            if tell is not None:
                tell(min(1.0, (after + WINDOW) / last))

    def some(self, db: sqlite3.Connection, ids: Sequence[int]) -> Iterator[DocumentPlan]:
        """Yield the same of some documents, inside a transaction."""
        for start in range(0, len(ids), WINDOW):
            wanted = rows.encode(list(ids[start : start + WINDOW]))
            yield from self._window(db, "document IN (SELECT value FROM json_each(?))", (wanted,))

    def _window(self, db: sqlite3.Connection, where: str, of: tuple[object, ...]) -> list[DocumentPlan]:
        found: dict[int, DocumentPlan] = {}
        held = self._suggested(db, where, of)
        touched = self._versions(db, where, of)
        proposals = self._proposed(db, where, of)
        ids = sorted({*touched, *(row[1] for row in held), *(row[0] for row in proposals)})
        if not ids:
            return []
        texts: dict[int, Document] = documents.load_some(self.corpus, ids) if self._reads_text else {}
        sql = "SELECT id, changed FROM document WHERE id IN (SELECT value FROM json_each(?))"
        found = {id: DocumentPlan(id, changed) for id, changed in db.execute(sql, (rows.encode(ids),))}
        for plan in found.values():
            for version in touched.get(plan.id, ()):
                planned = self._version(db, plan.id, version, texts.get(plan.id))
                if planned.worked.changes:
                    plan.versions.append(planned)
                    plan.again += planned.worked.again
        for row in held:
            self._suggestion(found[row[1]], row, texts.get(row[1]))
        for proposed in proposals:
            self._proposal(db, found[proposed[0]], proposed)
        return [plan for plan in found.values() if plan]

    def _hits(self, column: str) -> str:
        return " OR ".join([f"instr({column}, ?)"] * len(self._names))

    def _versions(self, db: sqlite3.Connection, where: str, of: tuple[object, ...]) -> dict[int, list[int]]:
        """Return the versions that hold one of the names anywhere, by document."""
        found: dict[int, set[int]] = {}
        for table, column in (("entity", "body"), ("label", "body"), ("relation", "body"), ("verdict", "key")):
            sql = (
                f"SELECT DISTINCT v.document, v.id FROM version v CROSS JOIN {table} t ON t.version = v.id"
                f" WHERE v.{where.replace('AND document', 'AND v.document')} AND ({self._hits(f't.{column}')})"
            )
            for document, version in db.execute(sql, (*of, *self._names)):
                found.setdefault(document, set()).add(version)
        return {document: sorted(held) for document, held in found.items()}

    def _version(self, db: sqlite3.Connection, id: int, version: int, document: Document | None) -> VersionPlan:
        name, state, confirmed = db.execute(
            "SELECT a.name, v.state, v.confirmed FROM version v JOIN annotator a ON a.id = v.annotator WHERE v.id = ?",
            (version,),
        ).fetchone()
        held = versions.contents(db, version)
        decided = versions.verdicts(db, version)
        worked = rework(self.renaming, held, decided, document, id=id, state=STATES[state or 0])
        return VersionPlan(name, STATES[state or 0], confirmed, worked)

    def _suggested(
        self, db: sqlite3.Connection, where: str, of: tuple[object, ...]
    ) -> list[tuple[int, int, str, str, int | None, int, str]]:
        sql = "SELECT id, document, source, run, origin, number, body FROM suggestion"
        return db.execute(f"{sql} WHERE {where} AND ({self._hits('body')})", (*of, *self._names)).fetchall()

    def _suggestion(
        self,
        plan: DocumentPlan,
        row: tuple[int, int, str, str, int | None, int, str],
        document: Document | None,
    ) -> None:
        id, *rest = row
        before = rows.decode_suggestion(row[-1])
        after = self.renaming.suggestion(before, document, id=plan.id)
        if after == before:
            return
        plan.counts["suggestions"] += 1
        if after is None:
            plan.counts["suggestions gone"] += 1
            plan.rows.append(RowChange("suggestion row", (id,), tuple(rest), None))
        else:
            plan.rows.append(RowChange("suggestion", (id,), (row[-1],), (rows.encode(after),)))

    def _proposed(self, db: sqlite3.Connection, where: str, of: tuple[object, ...]) -> list[tuple[int, int, str]]:
        """Return the imported versions whose relations may change."""
        change = self.renaming.change
        if change.kind != "relation" and (change.kind != "entity" or change.verb != "delete"):
            return []
        sql = f"SELECT document, annotator, body FROM proposal WHERE {where} AND instr(body, '\"ends\"')"
        return db.execute(sql, of).fetchall()

    def _proposal(self, db: sqlite3.Connection, plan: DocumentPlan, row: tuple[int, int, str]) -> None:
        document, annotator, body = row
        held = suggestions.decode_proposal(body)
        sql = "SELECT id, number FROM suggestion WHERE document = ? AND origin = ? AND source = 'import'"
        numbers = dict(db.execute(sql, (document, annotator)).fetchall())
        gone = {change.key[0] for change in plan.rows if change.after is None}
        present = frozenset(number for id, number in numbers.items() if id not in gone)
        now = (rework_relation(self.renaming, relation, present) for relation in held.relations)
        after = tuple(relation for relation in now if relation is not None)
        if after != held.relations:
            plan.counts["suggestions"] += 1
            fresh = suggestions.Proposal(after, held.extra)
            plan.rows.append(RowChange("proposal", (document, annotator), (body,), (rows.encode(fresh),)))

"""New documents of one import batch, gathered as rows and written table by table."""

from __future__ import annotations

import sqlite3
from typing import Any

from tui_annotate.domain.decisions import Kind
from tui_annotate.domain.documents import DocumentState
from tui_annotate.domain.interchange import MASTER
from tui_annotate.store import annotators, drawing, outbox, rows
from tui_annotate.store.annotators import MASTER_ID
from tui_annotate.store.connection import Corpus
from tui_annotate.store.preparing import PreparedDocument, PreparedVersion
from tui_annotate.store.rows import STATE_NUMBERS
from tui_annotate.store.settings import Settings

_CONFIRMED = int(DocumentState.CONFIRMED)
_INSERTS = {
    "version": (
        "INSERT INTO version(id, document, annotator, state, next_number, sequence, confirmed, extra)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
    ),
    "document": (
        "INSERT INTO document(id, key, name, folder, language, source, text_hash, length, imported_at,"
        " holdout, given, state, master, adjudicate, changed) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
    ),
    "content": "INSERT INTO content(document, part, text, extra) VALUES (?, ?, ?, ?)",
    "document_file": "INSERT INTO document_file(document, extension, body) VALUES (?, ?, ?)",
    "document_tag": "INSERT OR IGNORE INTO document_tag(document, tag) VALUES (?, ?)",
    "decision": (
        "INSERT INTO decision(sequence, at, step, kind, document, annotator, changes, details, milliseconds, keys)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0, 0)"
    ),
    "entity": "INSERT INTO entity(version, number, type, body) VALUES (?, ?, ?, ?)",
    "relation": "INSERT INTO relation(version, number, type, body) VALUES (?, ?, ?, ?)",
    "label": "INSERT INTO label(version, name, body) VALUES (?, ?, ?)",
    "suggestion": (
        "INSERT INTO suggestion(document, source, run, origin, number, body) VALUES (?, 'import', '', ?, ?, ?)"
    ),
    "proposal": "INSERT INTO proposal(document, annotator, confirmed, body) VALUES (?, ?, ?, ?)",
}


class NewDocuments:
    """Rows to be written, in the order that foreign keys ask for."""

    def __init__(self, corpus: Corpus, db: sqlite3.Connection, drawn: Settings) -> None:
        self.corpus = corpus
        self.db = db
        self.drawn = drawn
        self.now = rows.now()
        self.values: dict[str, list[tuple[Any, ...]]] = {name: [] for name in _INSERTS}
        self.states = dict.fromkeys(DocumentState, 0)
        self.ids: list[int] = []
        """Of the documents gathered."""
        (gone,) = db.execute("SELECT document FROM gone").fetchone()
        self.next_document: int = max(self._next("id", "document"), gone + 1)
        self.next_version = self._next("id", "version")
        self.next_sequence = self._next("sequence", "decision")

    @property
    def is_first(self) -> bool:
        """Say whether the corpus had no document when this began."""
        return self.next_document == 1

    def add(self, prepared: PreparedDocument, source: int | None) -> int:
        """Gather the rows of a document and return its id."""
        id, document = self.next_document, prepared.document
        self.next_document += 1
        self.ids.append(id)
        own = imported = changed = confirmed = 0
        master: int | None = None
        for version in prepared.versions:
            annotator = annotators.ensure(self.corpus, self.db, version.version.annotator)
            if version.state is None:
                add_suggestions(self.values, id, annotator, version)
                continue
            changed = self.next_sequence
            row, state = self._add_version(id, annotator, version), STATE_NUMBERS[version.state]
            if annotator == MASTER_ID:
                master, imported = row, state
            else:
                own = max(own, state)
                confirmed += state == _CONFIRMED
        # As `domain.selection.agree` has it, for versions that were all imported.
        adjudicate = confirmed > 1 and imported != _CONFIRMED
        state = own or imported
        self.states[DocumentState(state)] += 1
        given = state == _CONFIRMED
        drawn = self.drawn
        held_out = not given and drawing.is_held_out(prepared.hash, seed=drawn.seed, share=drawn.holdout_share)
        names = (id, document.key, document.name, document.folder, document.language, source, prepared.hash)
        marks = (prepared.length, self.now, held_out, given, state, master, adjudicate, changed)
        self.values["document"].append((*names, *marks))
        self.values["content"].append((id, *prepared.content, prepared.extra))
        self.values["document_file"] += [(id, extension, body) for extension, body in prepared.files]
        self.values["document_tag"] += [(id, tag) for tag in document.tags]
        return id

    def flush(self) -> None:
        """Write everything gathered, and count it."""
        for name, values in self.values.items():
            if values:
                self.db.executemany(_INSERTS[name], values)
                values.clear()
        total = sum(self.states.values())
        if total:
            in_progress = self.states[DocumentState.IN_PROGRESS]
            skipped, confirmed = self.states[DocumentState.SKIPPED], self.states[DocumentState.CONFIRMED]
            self.db.execute(
                "UPDATE counter SET total = total + ?1, in_progress = in_progress + ?2, skipped = skipped + ?3,"
                " confirmed = confirmed + ?4, given = given + ?4",
                (total, in_progress, skipped, confirmed),
            )
        self.states = dict.fromkeys(DocumentState, 0)
        outbox.tell(self.corpus, self.db, (outbox.Told(id, MASTER, "created", "created") for id in self.ids))
        self.ids = []

    def _add_version(self, document: int, annotator: int, version: PreparedVersion) -> int:
        row, sequence = self.next_version, self.next_sequence
        self.next_version += 1
        self.next_sequence += 1
        state = STATE_NUMBERS[version.state]
        next_number = max((number for _, number, _, _ in version.things), default=0) + 1
        self.values["decision"].append(
            (sequence, self.now, sequence, Kind.IMPORT, document, annotator, version.changes, version.details)
        )
        self.values["version"].append(
            (
                row,
                document,
                annotator,
                state,
                next_number,
                sequence,
                sequence if state == _CONFIRMED else 0,
                version.extra,
            )
        )
        for table, number, type, body in version.things:
            self.values[table].append((row, number, type, body))
        self.values["label"] += [(row, name, body) for name, body in version.labels]
        return row

    def _next(self, column: str, table: str) -> int:
        (number,) = self.db.execute(f"SELECT coalesce(max({column}), 0) + 1 FROM {table}").fetchone()
        return int(number)


def add_suggestions(
    values: dict[str, list[tuple[Any, ...]]], document: int, annotator: int, version: PreparedVersion
) -> None:
    """Gather the rows of an unconfirmed version."""
    values["proposal"].append((document, annotator, version.version.confirmed, version.proposal))
    values["suggestion"] += [(document, annotator, number, body) for number, body in version.suggestions]


def write_suggestions(db: sqlite3.Connection, document: int, annotator: int, version: PreparedVersion) -> None:
    """Write an unconfirmed version in place of what that annotator's had suggested."""
    sql = "DELETE FROM suggestion WHERE document = ? AND source = 'import' AND origin = ?"
    db.execute(sql, (document, annotator))
    db.execute("DELETE FROM proposal WHERE document = ? AND annotator = ?", (document, annotator))
    values: dict[str, list[tuple[Any, ...]]] = {"proposal": [], "suggestion": []}
    add_suggestions(values, document, annotator, version)
    for name, found in values.items():
        db.executemany(_INSERTS[name], found)

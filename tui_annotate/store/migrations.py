"""The schema, as numbered migrations: appended, never edited, each run once on files of the version before.

Number n makes `user_version` n. Whoever upgrades an existing corpus makes a checked
backup of it first (`Corpus.open` does).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

import sqlite_utils

from tui_annotate.errors import CorruptError
from tui_annotate.store import opening


def m001_first_schema(db: sqlite_utils.Database) -> None:
    """Lay out the corpus: documents, versions, the log, suggestions, queue, runs, counters."""
    for statement in _FIRST_SCHEMA.split(";;"):
        db.execute(statement)


_FIRST_SCHEMA = """
CREATE TABLE setting (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;;
CREATE TABLE annotator (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, priority INTEGER NOT NULL DEFAULT 0, place TEXT
) STRICT;;
INSERT INTO annotator(id, name) VALUES (1, 'master');;
CREATE TABLE scheme (
    number INTEGER PRIMARY KEY, body TEXT NOT NULL, annotator INTEGER NOT NULL REFERENCES annotator, at TEXT NOT NULL
) STRICT;;
CREATE TABLE source (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL, sha256 TEXT UNIQUE, size INTEGER NOT NULL, at TEXT NOT NULL
) STRICT;;
CREATE TABLE source_chunk (
    source INTEGER NOT NULL REFERENCES source ON DELETE CASCADE, number INTEGER NOT NULL, body BLOB NOT NULL,
    PRIMARY KEY (source, number)
) STRICT;;
CREATE TABLE document (
    id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, name TEXT NOT NULL, folder TEXT NOT NULL, language TEXT NOT NULL,
    source INTEGER REFERENCES source, text_hash INTEGER NOT NULL, length INTEGER NOT NULL, imported_at TEXT NOT NULL,
    holdout INTEGER NOT NULL, given INTEGER NOT NULL DEFAULT 0,
    state INTEGER NOT NULL DEFAULT 0, master INTEGER REFERENCES version,
    adjudicate INTEGER NOT NULL DEFAULT 0,
    changed INTEGER NOT NULL DEFAULT 0
) STRICT;;
CREATE INDEX document_by_text ON document(id >> 16, text_hash);;
CREATE INDEX document_by_name ON document(name);;
CREATE INDEX document_by_change ON document(changed);;
CREATE INDEX document_pending ON document(holdout) WHERE state = 0;;
CREATE INDEX document_by_state ON document(state);;
CREATE TABLE content (
    document INTEGER PRIMARY KEY REFERENCES document, part TEXT, text TEXT NOT NULL, extra TEXT
) STRICT;;
CREATE TABLE document_file (
    document INTEGER NOT NULL REFERENCES document, extension TEXT NOT NULL, body BLOB, PRIMARY KEY (document, extension)
) STRICT;;
CREATE TABLE document_tag (
    document INTEGER NOT NULL REFERENCES document, tag TEXT NOT NULL, PRIMARY KEY (document, tag)
) STRICT, WITHOUT ROWID;;
CREATE INDEX document_tag_by_name ON document_tag(tag);;
CREATE TABLE version (
    id INTEGER PRIMARY KEY, document INTEGER NOT NULL REFERENCES document DEFERRABLE INITIALLY DEFERRED,
    annotator INTEGER NOT NULL REFERENCES annotator,
    state INTEGER, review TEXT NOT NULL DEFAULT '', next_number INTEGER NOT NULL DEFAULT 1,
    sequence INTEGER NOT NULL DEFAULT 0, confirmed INTEGER NOT NULL DEFAULT 0, extra TEXT, UNIQUE (document, annotator)
) STRICT;;
CREATE INDEX version_by_confirmation ON version(confirmed) WHERE confirmed > 0;;
CREATE TABLE entity (
    version INTEGER NOT NULL REFERENCES version, number INTEGER NOT NULL, type TEXT NOT NULL, body TEXT NOT NULL,
    PRIMARY KEY (version, number)
) STRICT, WITHOUT ROWID;;
CREATE TABLE label (
    version INTEGER NOT NULL REFERENCES version, name TEXT NOT NULL, body TEXT NOT NULL, PRIMARY KEY (version, name)
) STRICT, WITHOUT ROWID;;
CREATE TABLE relation (
    version INTEGER NOT NULL REFERENCES version, number INTEGER NOT NULL, type TEXT NOT NULL, body TEXT NOT NULL,
    PRIMARY KEY (version, number)
) STRICT, WITHOUT ROWID;;
CREATE TABLE verdict (
    version INTEGER NOT NULL REFERENCES version, key TEXT NOT NULL, verdict TEXT NOT NULL, PRIMARY KEY (version, key)
) STRICT, WITHOUT ROWID;;
CREATE TABLE suggestion (
    id INTEGER PRIMARY KEY, document INTEGER NOT NULL REFERENCES document, source TEXT NOT NULL, run TEXT NOT NULL,
    origin INTEGER REFERENCES annotator, number INTEGER NOT NULL, body TEXT NOT NULL
) STRICT;;
CREATE INDEX suggestion_by_document ON suggestion(document);;
CREATE TABLE frozen (
    document INTEGER NOT NULL REFERENCES document, task TEXT NOT NULL, run TEXT NOT NULL, PRIMARY KEY (document, task)
) STRICT, WITHOUT ROWID;;
CREATE TABLE proposal (
    document INTEGER NOT NULL REFERENCES document, annotator INTEGER NOT NULL REFERENCES annotator,
    confirmed INTEGER, body TEXT NOT NULL, PRIMARY KEY (document, annotator)
) STRICT, WITHOUT ROWID;;
CREATE TABLE decision (
    sequence INTEGER PRIMARY KEY, at TEXT NOT NULL, step INTEGER NOT NULL, kind TEXT NOT NULL,
    document INTEGER REFERENCES document, annotator INTEGER NOT NULL REFERENCES annotator,
    changes TEXT, details TEXT, milliseconds INTEGER NOT NULL, keys INTEGER NOT NULL
) STRICT;;
CREATE INDEX decision_by_document ON decision(document);;
CREATE TRIGGER decision_stays BEFORE UPDATE ON decision BEGIN SELECT raise(ABORT, 'the log is append-only'); END;;
CREATE TRIGGER decision_remains BEFORE DELETE ON decision BEGIN SELECT raise(ABORT, 'the log is append-only'); END;;
CREATE TABLE step (
    annotator INTEGER NOT NULL REFERENCES annotator, undone INTEGER NOT NULL, sequence INTEGER NOT NULL,
    PRIMARY KEY (annotator, undone, sequence)
) STRICT, WITHOUT ROWID;;
CREATE TABLE queue (
    rank INTEGER PRIMARY KEY, document INTEGER NOT NULL UNIQUE REFERENCES document, score REAL NOT NULL,
    reason TEXT NOT NULL, task TEXT NOT NULL, run TEXT NOT NULL
) STRICT;;
CREATE TABLE run (
    name TEXT PRIMARY KEY, id TEXT NOT NULL, task TEXT NOT NULL, engine TEXT NOT NULL, trigger TEXT NOT NULL,
    state TEXT NOT NULL, created TEXT NOT NULL, finished TEXT NOT NULL, documents INTEGER NOT NULL,
    sequence INTEGER NOT NULL, parameters TEXT NOT NULL, metrics TEXT NOT NULL, by TEXT NOT NULL, error TEXT NOT NULL
) STRICT;;
CREATE TABLE deployment (
    id INTEGER PRIMARY KEY, task TEXT NOT NULL, run TEXT NOT NULL REFERENCES run, at TEXT NOT NULL,
    withdrawn INTEGER NOT NULL DEFAULT 0
) STRICT;;
CREATE TABLE counter (
    id INTEGER PRIMARY KEY CHECK (id = 1), total INTEGER NOT NULL DEFAULT 0, in_progress INTEGER NOT NULL DEFAULT 0,
    skipped INTEGER NOT NULL DEFAULT 0, confirmed INTEGER NOT NULL DEFAULT 0, given INTEGER NOT NULL DEFAULT 0,
    holdout_skipped INTEGER NOT NULL DEFAULT 0, holdout_confirmed INTEGER NOT NULL DEFAULT 0
) STRICT;;
INSERT INTO counter(id) VALUES (1)
"""


def m002_patterns(db: sqlite_utils.Database) -> None:
    """Keep the patterns that suggest from the first document on."""
    for statement in _PATTERNS.split(";;"):
        db.execute(statement)


_PATTERNS = """
CREATE TABLE pattern (
    id INTEGER PRIMARY KEY, target TEXT NOT NULL, name TEXT NOT NULL, kind TEXT NOT NULL, body TEXT NOT NULL,
    enabled INTEGER NOT NULL DEFAULT 1, annotator INTEGER NOT NULL REFERENCES annotator, at TEXT NOT NULL,
    UNIQUE (target, name, kind, body)
) STRICT
"""


def m003_master_of_versions(db: sqlite_utils.Database) -> None:
    """Let master and adjudication be what follows from the versions as they are; they hung on the order of acts."""
    db.execute(_MASTER_OF_VERSIONS)


_MASTER_OF_VERSIONS = """
UPDATE document SET
    master = coalesce(
        (SELECT v.id FROM version v JOIN decision l ON l.sequence = v.confirmed
         WHERE v.document = document.id AND v.annotator <> 1 AND v.state = 3
         AND (v.review = 'accepted' OR l.kind <> 'import') AND v.review NOT IN ('rejected', 'to_correct')
         ORDER BY v.review = 'accepted' DESC, v.confirmed LIMIT 1),
        (SELECT id FROM version WHERE document = document.id AND annotator = 1 AND state IS NOT NULL)
    ),
    adjudicate = 1 < (
        SELECT CASE WHEN sum(v.review = 'accepted') THEN sum(v.review = 'accepted') ELSE count(*) END
        FROM version v JOIN decision l ON l.sequence = v.confirmed
        WHERE v.document = document.id AND v.annotator <> 1 AND v.state = 3
        AND v.review NOT IN ('rejected', 'to_correct')
        AND (v.review = 'accepted' OR l.kind <> 'import' OR NOT EXISTS
             (SELECT 1 FROM version WHERE document = v.document AND annotator = 1 AND state = 3))
    )
WHERE id IN (SELECT document FROM version WHERE annotator <> 1)
"""


def m004_others(db: sqlite_utils.Database) -> None:
    """Keep who else takes part: programs that are called, what they are still to be told, accounts, assignments."""
    for statement in _OTHERS.split(";;"):
        db.execute(statement)


_OTHERS = """
CREATE TABLE hook (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, body TEXT NOT NULL, enabled INTEGER NOT NULL DEFAULT 1,
    at TEXT NOT NULL
) STRICT;;
CREATE TABLE outbox (
    id INTEGER PRIMARY KEY AUTOINCREMENT, hook INTEGER NOT NULL REFERENCES hook ON DELETE CASCADE,
    document INTEGER NOT NULL, key TEXT NOT NULL, member TEXT NOT NULL, event TEXT NOT NULL, status TEXT NOT NULL,
    source TEXT NOT NULL, at TEXT NOT NULL, due REAL NOT NULL, attempts INTEGER NOT NULL DEFAULT 0,
    sent INTEGER NOT NULL DEFAULT 0, answer TEXT NOT NULL DEFAULT ''
) STRICT;;
CREATE INDEX outbox_waiting ON outbox(hook, document, id) WHERE sent = 0;;
CREATE INDEX outbox_of_document ON outbox(document);;
CREATE TABLE assignment (
    document INTEGER NOT NULL REFERENCES document, annotator INTEGER NOT NULL REFERENCES annotator,
    at TEXT NOT NULL, PRIMARY KEY (document, annotator)
) STRICT, WITHOUT ROWID;;
CREATE INDEX assignment_by_annotator ON assignment(annotator);;
CREATE TABLE account (name TEXT PRIMARY KEY, password TEXT NOT NULL, at TEXT NOT NULL) STRICT, WITHOUT ROWID;;
ALTER TABLE annotator ADD COLUMN role TEXT NOT NULL DEFAULT 'owner'
"""


def m005_search(db: sqlite_utils.Database) -> None:
    """Keep an index of texts and facts for searches, filled by whoever has time; let documents go with their log.

    `gone` keeps the highest row of a document that was deleted, since it must not come back as another's.
    """
    for statement in _SEARCH.split(";;"):
        db.execute(statement)
    _watch(db)


_SEARCH = """
CREATE VIRTUAL TABLE search_text USING fts5(
    text, content = '', tokenize = "unicode61 remove_diacritics 2 categories 'L* N* Co'"
);;
INSERT INTO search_text(search_text, rank) VALUES ('automerge', 0);;
INSERT INTO search_text(search_text, rank) VALUES ('crisismerge', 1000);;
CREATE TABLE search_fact (
    block INTEGER NOT NULL, fact TEXT NOT NULL, bits BLOB NOT NULL, PRIMARY KEY (block, fact)
) STRICT, WITHOUT ROWID;;
CREATE TABLE search_state (
    id INTEGER PRIMARY KEY CHECK (id = 1), until INTEGER NOT NULL DEFAULT 0, watched INTEGER NOT NULL DEFAULT 0,
    merging INTEGER NOT NULL DEFAULT 0, generation INTEGER NOT NULL DEFAULT 0
) STRICT;;
INSERT INTO search_state(id) VALUES (1);;
CREATE TABLE search_stale (document INTEGER PRIMARY KEY, times INTEGER NOT NULL DEFAULT 1) STRICT;;
CREATE TABLE gone (
    id INTEGER PRIMARY KEY CHECK (id = 1), document INTEGER NOT NULL DEFAULT 0
) STRICT;;
INSERT INTO gone(id) VALUES (1);;
DROP TRIGGER decision_remains;;
CREATE TRIGGER decision_remains BEFORE DELETE ON decision
WHEN OLD.document IS NULL OR EXISTS (SELECT 1 FROM document WHERE id = OLD.document)
BEGIN SELECT raise(ABORT, 'the log is append-only'); END
"""
_OF_VERSION = "(SELECT document FROM version WHERE id = {row}.version)"
_STALE = """
CREATE TRIGGER search_{name} AFTER {event} ON {table}
WHEN {document} <= (SELECT watched FROM search_state) BEGIN
INSERT INTO search_stale(document) VALUES ({document}) ON CONFLICT (document) DO UPDATE SET times = times + 1;
END
"""


def _watch(db: sqlite_utils.Database) -> None:
    """Have every change of what is indexed mark its document, whoever makes it."""
    for table in ("entity", "label", "relation", "verdict"):
        _watch_rows(db, table, _OF_VERSION)
    for table in ("version", "document_tag", "suggestion", "frozen", "assignment"):
        _watch_rows(db, table, "{row}.document")
    columns = "key, name, folder, language, source, imported_at, holdout, given, state, adjudicate, changed"
    document = "NEW.id"
    db.execute(_STALE.format(name="document", event=f"UPDATE OF {columns}", table="document", document=document))


def _watch_rows(db: sqlite_utils.Database, table: str, document: str) -> None:
    for event, row in (("INSERT", "NEW"), ("UPDATE", "NEW"), ("DELETE", "OLD")):
        name = f"{table}_{event.lower()}"
        db.execute(_STALE.format(name=name, event=event, table=table, document=document.format(row=row)))


MIGRATIONS: list[Callable[[sqlite_utils.Database], None]] = [
    m001_first_schema,
    m002_patterns,
    m003_master_of_versions,
    m004_others,
    m005_search,
]
"""Append only."""


def run(db: sqlite3.Connection) -> None:
    """Run the migrations that the file lacks, all in one transaction."""
    db.execute("PRAGMA foreign_keys = OFF")
    db.execute("BEGIN IMMEDIATE")
    try:
        (version,) = db.execute("PRAGMA user_version").fetchone()
        tables = sqlite_utils.Database(db)
        for migration in MIGRATIONS[version : opening.SCHEMA_VERSION]:
            migration(tables)
        broken = db.execute("PRAGMA foreign_key_check").fetchone()
        if broken:
            raise CorruptError(f"Rows of {broken[0]} refer to nothing, so the corpus was not upgraded.")
        db.execute(f"PRAGMA application_id = {opening.APPLICATION_ID}")
        db.execute(f"PRAGMA user_version = {opening.SCHEMA_VERSION}")
        db.execute("COMMIT")
    finally:
        if db.in_transaction:
            db.execute("ROLLBACK")
        db.execute("PRAGMA foreign_keys = ON")

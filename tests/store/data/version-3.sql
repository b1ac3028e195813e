-- index decision_by_document
CREATE INDEX decision_by_document ON decision(document);
-- index document_by_change
CREATE INDEX document_by_change ON document(changed);
-- index document_by_name
CREATE INDEX document_by_name ON document(name);
-- index document_by_state
CREATE INDEX document_by_state ON document(state);
-- index document_by_text
CREATE INDEX document_by_text ON document(id >> 16, text_hash);
-- index document_pending
CREATE INDEX document_pending ON document(holdout) WHERE state = 0;
-- index document_tag_by_name
CREATE INDEX document_tag_by_name ON document_tag(tag);
-- index sqlite_autoindex_annotator_1
;
-- index sqlite_autoindex_document_1
;
-- index sqlite_autoindex_document_file_1
;
-- index sqlite_autoindex_pattern_1
;
-- index sqlite_autoindex_queue_1
;
-- index sqlite_autoindex_run_1
;
-- index sqlite_autoindex_source_1
;
-- index sqlite_autoindex_source_chunk_1
;
-- index sqlite_autoindex_version_1
;
-- index suggestion_by_document
CREATE INDEX suggestion_by_document ON suggestion(document);
-- index version_by_confirmation
CREATE INDEX version_by_confirmation ON version(confirmed) WHERE confirmed > 0;
-- table annotator
CREATE TABLE annotator (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, priority INTEGER NOT NULL DEFAULT 0, place TEXT
) STRICT;
-- table content
CREATE TABLE content (
    document INTEGER PRIMARY KEY REFERENCES document, part TEXT, text TEXT NOT NULL, extra TEXT
) STRICT;
-- table counter
CREATE TABLE counter (
    id INTEGER PRIMARY KEY CHECK (id = 1), total INTEGER NOT NULL DEFAULT 0, in_progress INTEGER NOT NULL DEFAULT 0,
    skipped INTEGER NOT NULL DEFAULT 0, confirmed INTEGER NOT NULL DEFAULT 0, given INTEGER NOT NULL DEFAULT 0,
    holdout_skipped INTEGER NOT NULL DEFAULT 0, holdout_confirmed INTEGER NOT NULL DEFAULT 0
) STRICT;
-- table decision
CREATE TABLE decision (
    sequence INTEGER PRIMARY KEY, at TEXT NOT NULL, step INTEGER NOT NULL, kind TEXT NOT NULL,
    document INTEGER REFERENCES document, annotator INTEGER NOT NULL REFERENCES annotator,
    changes TEXT, details TEXT, milliseconds INTEGER NOT NULL, keys INTEGER NOT NULL
) STRICT;
-- table deployment
CREATE TABLE deployment (
    id INTEGER PRIMARY KEY, task TEXT NOT NULL, run TEXT NOT NULL REFERENCES run, at TEXT NOT NULL,
    withdrawn INTEGER NOT NULL DEFAULT 0
) STRICT;
-- table document
CREATE TABLE document (
    id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, name TEXT NOT NULL, folder TEXT NOT NULL, language TEXT NOT NULL,
    source INTEGER REFERENCES source, text_hash INTEGER NOT NULL, length INTEGER NOT NULL, imported_at TEXT NOT NULL,
    holdout INTEGER NOT NULL, given INTEGER NOT NULL DEFAULT 0,
    state INTEGER NOT NULL DEFAULT 0, master INTEGER REFERENCES version,
    adjudicate INTEGER NOT NULL DEFAULT 0,
    changed INTEGER NOT NULL DEFAULT 0
) STRICT;
-- table document_file
CREATE TABLE document_file (
    document INTEGER NOT NULL REFERENCES document, extension TEXT NOT NULL, body BLOB, PRIMARY KEY (document, extension)
) STRICT;
-- table document_tag
CREATE TABLE document_tag (
    document INTEGER NOT NULL REFERENCES document, tag TEXT NOT NULL, PRIMARY KEY (document, tag)
) STRICT, WITHOUT ROWID;
-- table entity
CREATE TABLE entity (
    version INTEGER NOT NULL REFERENCES version, number INTEGER NOT NULL, type TEXT NOT NULL, body TEXT NOT NULL,
    PRIMARY KEY (version, number)
) STRICT, WITHOUT ROWID;
-- table frozen
CREATE TABLE frozen (
    document INTEGER NOT NULL REFERENCES document, task TEXT NOT NULL, run TEXT NOT NULL, PRIMARY KEY (document, task)
) STRICT, WITHOUT ROWID;
-- table label
CREATE TABLE label (
    version INTEGER NOT NULL REFERENCES version, name TEXT NOT NULL, body TEXT NOT NULL, PRIMARY KEY (version, name)
) STRICT, WITHOUT ROWID;
-- table pattern
CREATE TABLE pattern (
    id INTEGER PRIMARY KEY, target TEXT NOT NULL, name TEXT NOT NULL, kind TEXT NOT NULL, body TEXT NOT NULL,
    enabled INTEGER NOT NULL DEFAULT 1, annotator INTEGER NOT NULL REFERENCES annotator, at TEXT NOT NULL,
    UNIQUE (target, name, kind, body)
) STRICT
;
-- table proposal
CREATE TABLE proposal (
    document INTEGER NOT NULL REFERENCES document, annotator INTEGER NOT NULL REFERENCES annotator,
    confirmed INTEGER, body TEXT NOT NULL, PRIMARY KEY (document, annotator)
) STRICT, WITHOUT ROWID;
-- table queue
CREATE TABLE queue (
    rank INTEGER PRIMARY KEY, document INTEGER NOT NULL UNIQUE REFERENCES document, score REAL NOT NULL,
    reason TEXT NOT NULL, task TEXT NOT NULL, run TEXT NOT NULL
) STRICT;
-- table relation
CREATE TABLE relation (
    version INTEGER NOT NULL REFERENCES version, number INTEGER NOT NULL, type TEXT NOT NULL, body TEXT NOT NULL,
    PRIMARY KEY (version, number)
) STRICT, WITHOUT ROWID;
-- table run
CREATE TABLE run (
    name TEXT PRIMARY KEY, id TEXT NOT NULL, task TEXT NOT NULL, engine TEXT NOT NULL, trigger TEXT NOT NULL,
    state TEXT NOT NULL, created TEXT NOT NULL, finished TEXT NOT NULL, documents INTEGER NOT NULL,
    sequence INTEGER NOT NULL, parameters TEXT NOT NULL, metrics TEXT NOT NULL, by TEXT NOT NULL, error TEXT NOT NULL
) STRICT;
-- table scheme
CREATE TABLE scheme (
    number INTEGER PRIMARY KEY, body TEXT NOT NULL, annotator INTEGER NOT NULL REFERENCES annotator, at TEXT NOT NULL
) STRICT;
-- table setting
CREATE TABLE setting (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
-- table source
CREATE TABLE source (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL, sha256 TEXT UNIQUE, size INTEGER NOT NULL, at TEXT NOT NULL
) STRICT;
-- table source_chunk
CREATE TABLE source_chunk (
    source INTEGER NOT NULL REFERENCES source ON DELETE CASCADE, number INTEGER NOT NULL, body BLOB NOT NULL,
    PRIMARY KEY (source, number)
) STRICT;
-- table step
CREATE TABLE step (
    annotator INTEGER NOT NULL REFERENCES annotator, undone INTEGER NOT NULL, sequence INTEGER NOT NULL,
    PRIMARY KEY (annotator, undone, sequence)
) STRICT, WITHOUT ROWID;
-- table suggestion
CREATE TABLE suggestion (
    id INTEGER PRIMARY KEY, document INTEGER NOT NULL REFERENCES document, source TEXT NOT NULL, run TEXT NOT NULL,
    origin INTEGER REFERENCES annotator, number INTEGER NOT NULL, body TEXT NOT NULL
) STRICT;
-- table verdict
CREATE TABLE verdict (
    version INTEGER NOT NULL REFERENCES version, key TEXT NOT NULL, verdict TEXT NOT NULL, PRIMARY KEY (version, key)
) STRICT, WITHOUT ROWID;
-- table version
CREATE TABLE version (
    id INTEGER PRIMARY KEY, document INTEGER NOT NULL REFERENCES document DEFERRABLE INITIALLY DEFERRED,
    annotator INTEGER NOT NULL REFERENCES annotator,
    state INTEGER, review TEXT NOT NULL DEFAULT '', next_number INTEGER NOT NULL DEFAULT 1,
    sequence INTEGER NOT NULL DEFAULT 0, confirmed INTEGER NOT NULL DEFAULT 0, extra TEXT, UNIQUE (document, annotator)
) STRICT;
-- trigger decision_remains
CREATE TRIGGER decision_remains BEFORE DELETE ON decision BEGIN SELECT raise(ABORT, 'the log is append-only'); END;
-- trigger decision_stays
CREATE TRIGGER decision_stays BEFORE UPDATE ON decision BEGIN SELECT raise(ABORT, 'the log is append-only'); END;

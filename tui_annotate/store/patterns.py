"""The patterns of a corpus: rows, compiled once a connection; their matches are frozen like a run's predictions.

A counter goes up with every change of them. What was frozen carries the count, so that a document that is opened again
after a change shows what the patterns suggest now, and of what they suggested before only what was decided.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal
from weakref import WeakKeyDictionary

from tui_annotate.domain.annotations import LabelScalar
from tui_annotate.domain.documents import Document
from tui_annotate.domain.matching import Matcher
from tui_annotate.domain.patterns import Pattern, PatternKind
from tui_annotate.store import annotators, rows, settings, suggestions
from tui_annotate.store.connection import Corpus

_AT_ONCE = 1_000
"""Rows written in one transaction: some 20 ms."""
_PAUSE = 0.01
_READ = 500
_CHANGED = "patterns-changed"
_COLUMNS = "p.id, p.target, p.name, p.kind, p.body, p.enabled, a.name, p.at"
_FROM = "FROM pattern p CROSS JOIN annotator a ON a.id = p.annotator"


@dataclass(frozen=True, slots=True)
class _Body:
    """What a pattern holds besides its columns."""

    text: str = ""
    tokens: tuple[dict[str, Any], ...] = ()
    value: LabelScalar | None = None
    case: bool = False
    key: str = ""


_decode_body = rows.decoder(_Body)
_compiled: WeakKeyDictionary[Corpus, tuple[int, Matcher]] = WeakKeyDictionary()


@dataclass(frozen=True, slots=True)
class Held:
    """How many patterns of one kind suggest the same."""

    target: Literal["entity", "label"]
    name: str
    kind: PatternKind
    count: int
    enabled: int


def add(corpus: Corpus, patterns: Iterable[Pattern], *, annotator: str) -> int:
    """Keep patterns, in short transactions; return how many were new. Those that are there already stay as they are."""
    waiting = list(patterns)
    new = 0
    for start in range(0, len(waiting), _AT_ONCE):
        if start:
            time.sleep(_PAUSE)
        with corpus.transaction() as db:
            who, now = annotators.ensure(corpus, db, annotator), rows.now()
            before = db.total_changes
            db.executemany(
                "INSERT OR IGNORE INTO pattern(target, name, kind, body, annotator, at) VALUES (?, ?, ?, ?, ?, ?)",
                [(p.target, p.name, p.kind, _body(p), who, now) for p in waiting[start : start + _AT_ONCE]],
            )
            added = db.total_changes - before
            new += added
            if added:
                note_change(db)
    return new


def remove(corpus: Corpus, ids: Sequence[int]) -> int:
    """Forget patterns; return how many there were."""
    return _change(corpus, "DELETE FROM pattern WHERE id IN (SELECT value FROM json_each(?))", ids)


def enable(corpus: Corpus, ids: Sequence[int], enabled: bool) -> int:
    """Switch patterns on or off; return how many were the other way."""
    chosen = "id IN (SELECT value FROM json_each(?))"
    return _change(corpus, f"UPDATE pattern SET enabled = {enabled:d} WHERE {chosen} AND enabled <> {enabled:d}", ids)


def _change(corpus: Corpus, sql: str, ids: Sequence[int]) -> int:
    changed = 0
    for start in range(0, len(ids), _AT_ONCE):
        if start:
            time.sleep(_PAUSE)
        with corpus.transaction() as db:
            count = db.execute(sql, (rows.encode(ids[start : start + _AT_ONCE]),)).rowcount
            changed += count
            if count:
                note_change(db)
    return changed


def note_change(db: sqlite3.Connection) -> None:
    """Note that the patterns are others now, inside a transaction."""
    db.execute(
        "INSERT INTO setting(name, value) VALUES (?, '1') ON CONFLICT DO UPDATE SET value = CAST(value AS INTEGER) + 1",
        (_CHANGED,),
    )


def stamp(corpus: Corpus) -> int:
    """Return a number that goes up when the patterns change; 0 where there never were any."""
    with corpus.reading() as db:
        found = db.execute("SELECT CAST(value AS INTEGER) FROM setting WHERE name = ?", (_CHANGED,)).fetchone()
    return int(found[0]) if found else 0


def every(corpus: Corpus) -> Iterator[Pattern]:
    """Yield all patterns in the order they were added, from short reads."""
    after = 0
    while True:
        with corpus.reading() as db:
            sql = f"SELECT {_COLUMNS} {_FROM} WHERE p.id > ? ORDER BY p.id LIMIT {_READ}"
            found = db.execute(sql, (after,)).fetchall()
        yield from map(_to_pattern, found)
        if len(found) < _READ:
            return
        after = found[-1][0]


def page(corpus: Corpus, *, text: str = "", offset: int = 0, limit: int = 200) -> list[Pattern]:
    """Return patterns that hold `text` in their name or body, the newest first; at most 500."""
    wanted = "%" + text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
    where = "WHERE p.name LIKE ?1 ESCAPE '\\' OR p.body LIKE ?1 ESCAPE '\\'" if text else "WHERE ?1 <> ''"
    with corpus.reading() as db:
        sql = f"SELECT {_COLUMNS} {_FROM} {where} ORDER BY p.id DESC LIMIT ?2 OFFSET ?3"
        return list(map(_to_pattern, db.execute(sql, (wanted, min(limit, _READ), offset)).fetchall()))


def held(corpus: Corpus) -> list[Held]:
    """Return how many patterns there are of each kind, by what they suggest."""
    with corpus.reading() as db:
        found = db.execute(
            "SELECT target, name, kind, count(*), sum(enabled) FROM pattern GROUP BY 1, 2, 3 ORDER BY 1, 2, 3"
        ).fetchall()
    return [Held(*row) for row in found]


def matcher(corpus: Corpus) -> Matcher:
    """Return the patterns that are on, compiled; kept with the connection until they change."""
    now = stamp(corpus)
    known = _compiled.get(corpus)
    if known is None or known[0] != now:
        known = now, Matcher(pattern for pattern in (every(corpus) if now else ()) if pattern.enabled)
        _compiled[corpus] = known
    return known[1]


def freeze(corpus: Corpus, id: int, document: Document) -> None:
    """Keep what the patterns suggest for a document that is being opened, unless that was done since they changed."""
    now = stamp(corpus)
    kept = suggestions.frozen_matches(corpus, id) if now else now
    if kept == now:
        return
    found = matcher(corpus).suggestions(document, settings.scheme(corpus))
    # Where nothing was and nothing is, there is nothing to write.
    if found or kept:
        suggestions.keep_matches(corpus, id, found, stamp=now)


def _body(pattern: Pattern) -> str:
    tokens = tuple(dict(one) for one in pattern.tokens)
    return rows.encode(_Body(pattern.text, tokens, pattern.value, pattern.case, pattern.key))


def _to_pattern(row: tuple[Any, ...]) -> Pattern:
    id, target, name, kind, body, enabled, annotator, at = row
    more = _decode_body(body)
    return Pattern(
        target, name, kind, more.text, more.tokens, more.value, more.case, more.key, bool(enabled), id, annotator, at
    )

"""The search index: texts and facts of all documents up to a mark, filled by whoever has time, never trusted blindly.

Importing and deciding cost it nothing but a note: documents behind the mark `until` are not indexed yet, and triggers
write down which indexed ones changed since (`search_stale`). Searches look at both themselves, so they are right
however far the index is. It is filled in steps of a few milliseconds, between which everybody else may write.

Triggers watch documents from a while before they are indexed on (`watched`): what is read for the index and then
changes before the index is written is noted too.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass

from tui_annotate.errors import CorruptError
from tui_annotate.store import bitsets, documents, rows
from tui_annotate.store.bitsets import BLOCK
from tui_annotate.store.connection import Corpus
from tui_annotate.store.search import facts, fts

FEW = 256
"""Documents that a search rather looks at itself than having them indexed."""
_WATCHED = 4096
"""Ids behind the mark that are watched already."""
_CHARACTERS = 120_000
"""Of the texts that are indexed in one step."""
_READ = 256
"""Documents whose facts are read at once."""
_MERGE_EVERY = 4
_MERGED_PAGES = 80
_MOST_PROBLEMS = 100
_CHECKED_OF = 31
"""One in so many documents is looked for by its own words."""
_CHECKED_TEXT = 200
_PAUSE = 0.002
"""Seconds between two steps, in which others get the lock."""


@dataclass(frozen=True, slots=True)
class State:
    """How far the index is."""

    until: int
    watched: int
    merging: int
    """Steps since pieces were brought together last."""
    generation: int
    """Changes when documents are deleted, or the index is emptied."""


@dataclass(frozen=True, slots=True)
class Behind:
    """What a search has to look at itself."""

    new: int
    """Documents that are not indexed yet, counted by their ids."""
    stale: int
    """Indexed ones that changed since."""

    @property
    def many(self) -> bool:
        """Say whether it is worth it to index first."""
        return self.new > FEW or self.stale > FEW


def state(db: sqlite3.Connection) -> State:
    """Return how far the index is, inside a transaction."""
    return State(*db.execute("SELECT until, watched, merging, generation FROM search_state").fetchone())


def behind(corpus: Corpus) -> Behind:
    """Return how much is not indexed as it is."""
    with corpus.reading() as db:
        until = state(db).until
        (last,) = db.execute("SELECT coalesce(max(id), 0) FROM document").fetchone()
        (stale,) = db.execute("SELECT count(*) FROM search_stale WHERE document <= ?", (until,)).fetchone()
    return Behind(max(0, last - until), stale)


def catch_up(
    corpus: Corpus,
    *,
    seconds: float | None = None,
    on_progress: Callable[[float], None] | None = None,
    stop: Callable[[], bool] | None = None,
) -> bool:
    """Index what is not, in short transactions with pauses; say whether all is indexed that is worth it.

    Args:
        seconds: Give up after so long.
        on_progress: Gets the share of all documents that is indexed.
        stop: Asked between steps.
    """
    deadline = time.monotonic() + seconds if seconds is not None else None
    if not behind(corpus).many:
        return True
    while (left := behind(corpus)).new or left.stale:
        if (deadline is not None and time.monotonic() >= deadline) or (stop is not None and stop()):
            return False
        share = step(corpus)
        if on_progress is not None:
            on_progress(share)
        time.sleep(_PAUSE)
    return True


def step(corpus: Corpus) -> float:
    """Index the next few documents, or those that changed; return the share of all that is indexed.

    A text of many megabytes is one step, and takes as long as FTS5 takes for it.
    """
    with corpus.reading() as db:
        held = state(db)
        (last,) = db.execute("SELECT coalesce(max(id), 0) FROM document").fetchone()
    if held.watched < min(last, held.until + _WATCHED // 2):
        _watch(corpus, held)
    elif held.until < last:
        _add_next(corpus, held, last)
    else:
        _renew(corpus, held)
    return min(1.0, held.until / last) if last else 1.0


def forget(corpus: Corpus) -> None:
    """Empty the index; it is filled again from the start."""
    with corpus.transaction() as db:
        db.execute("INSERT INTO search_text(search_text) VALUES ('delete-all')")
        db.execute("DELETE FROM search_fact")
        db.execute("DELETE FROM search_stale")
        db.execute("UPDATE search_state SET until = 0, watched = 0, merging = 0, generation = generation + 1")


def remove(db: sqlite3.Connection, texts: dict[int, str]) -> None:
    """Take documents that are being deleted out of the index; part of the transaction that deletes them."""
    held = state(db)
    fts.remove(db, {id: text for id, text in texts.items() if id <= held.until})
    by_block: dict[int, int] = {}
    for id in texts:
        if id <= held.until:
            by_block[id // BLOCK] = by_block.get(id // BLOCK, 0) | 1 << id % BLOCK
    for block, gone in by_block.items():
        found = db.execute("SELECT fact, bits FROM search_fact WHERE block = ?", (block,)).fetchall()
        kept = {fact: bitsets.unpack(body) & ~gone for fact, body in found}
        _write_block(db, block, kept, replace=True)
    sql = "DELETE FROM search_stale WHERE document IN (SELECT value FROM json_each(?))"
    db.execute(sql, (rows.encode(list(texts)),))
    db.execute("UPDATE search_state SET generation = generation + 1")


def wrong(corpus: Corpus, on_progress: Callable[[float], None] | None = None) -> list[str]:
    """Return where the index is not what follows from the documents; what is not indexed yet is not wrong.

    Facts are worked out again for every document; of the words, some documents of each block are looked for by how
    they begin.
    """
    with corpus.reading() as db:
        until = state(db).until
    problems: list[str] = []
    for block in range(until // BLOCK + 1 if until else 0):
        if len(problems) >= _MOST_PROBLEMS:
            break
        problems += _wrong_block(corpus, block, until) + _lost_words(corpus, block, until)
        if on_progress is not None:
            on_progress(block * BLOCK / until)
    return problems[:_MOST_PROBLEMS]


def _wrong_block(corpus: Corpus, block: int, until: int) -> list[str]:
    """Return where a block differs, documents left out that are noted as changed."""
    first, last = block * BLOCK, min(block * BLOCK + BLOCK - 1, until)
    between = "BETWEEN ? AND ?"
    with corpus.reading() as db:
        ids = [id for (id,) in db.execute(f"SELECT id FROM document WHERE id {between} ORDER BY id", (first, last))]
        sql = f"SELECT id FROM search_text_docsize WHERE id {between} ORDER BY id"
        texts = [id for (id,) in db.execute(sql, (first, last))]
        stale = {
            id for (id,) in db.execute(f"SELECT document FROM search_stale WHERE document {between}", (first, last))
        }
        stored = db.execute("SELECT fact, bits FROM search_fact WHERE block = ?", (block,)).fetchall()
        follows = _by_block(facts.gather(corpus, db, ids)).get(block, {})
    problems = [] if texts == ids else [f"search index: documents {first} to {last} are not those whose texts it has"]
    left_out = sum(1 << id % BLOCK for id in stale)
    held = {fact: kept for fact, body in stored if (kept := bitsets.unpack(body) & ~left_out)}
    wanted = {fact: kept for fact, bits in follows.items() if (kept := bits & ~left_out)}
    if held != wanted:
        differing = sum(1 for fact in held.keys() | wanted.keys() if held.get(fact) != wanted.get(fact))
        problems.append(f"search index: {differing} facts of documents {first} to {last} do not follow from them")
    return problems


def _lost_words(corpus: Corpus, block: int, until: int) -> list[str]:
    """Return which of some documents are not found by their own first words."""
    first, last = block * BLOCK, min(block * BLOCK + BLOCK - 1, until)
    try:
        with corpus.reading() as db:
            sql = "SELECT id FROM document WHERE id BETWEEN ? AND ? AND id % ? = 0"
            ids = [id for (id,) in db.execute(sql, (first, last, _CHECKED_OF))]
            texts = {id: one.text[:_CHECKED_TEXT] for id, one in documents.load_some(corpus, ids).items()}
            sql = "SELECT 1 FROM search_text WHERE search_text MATCH ? AND rowid = ?"
            lost = [
                id
                for id, text in texts.items()
                if fts.has_word(text) and not db.execute(sql, (fts.expression(text, prefix=True), id)).fetchone()
            ]
    except CorruptError:
        return ["search index: its words are damaged"]
    return [f"search index: document {id} is not found by its own words" for id in lost]


def _watch(corpus: Corpus, held: State) -> None:
    with corpus.transaction() as db:
        db.execute("UPDATE search_state SET watched = max(watched, ?)", (held.until + _WATCHED,))


def _add_next(corpus: Corpus, held: State, last: int) -> None:
    """Index documents behind the mark, of one block."""
    end = min(((held.until + 1) // BLOCK + 1) * BLOCK - 1, held.watched, last)
    with corpus.reading() as db:
        sql = "SELECT id, length FROM document WHERE id > ? AND id <= ? ORDER BY id"
        ids, weight = [], 0
        for id, length in db.execute(sql, (held.until, end)):
            if weight and weight + length > _CHARACTERS:
                end = id - 1
                break
            ids.append(id)
            weight += length
    texts = {id: document.text for id, document in documents.load_some(corpus, ids).items()}
    found, marks = _facts(corpus, ids)
    with corpus.transaction() as db:
        if state(db) != held:
            return
        fts.add(db, texts.items())
        for block, bits in _by_block(found).items():
            _write_block(db, block, bits, replace=False)
        _unmark(db, marks)
        merging = held.merging + 1
        sql = "UPDATE search_state SET until = ?, watched = max(watched, ?), merging = ?"
        db.execute(sql, (end, end + _WATCHED, merging % _MERGE_EVERY))
    if merging == _MERGE_EVERY:
        with corpus.transaction() as db:
            fts.merge(db, _MERGED_PAGES)


def _renew(corpus: Corpus, held: State) -> None:
    """Work the facts of documents out again that changed, those of one block."""
    sql = "SELECT document, times FROM search_stale WHERE document <= ? ORDER BY document LIMIT ?"
    with corpus.reading() as db:
        marks = db.execute(sql, (held.until, _READ)).fetchall()
        if not marks:
            return
        block = marks[0][0] // BLOCK
        marks = [mark for mark in marks if mark[0] // BLOCK == block]
        found = facts.gather(corpus, db, [id for id, _ in marks])
    follows = _by_block(found).get(block, {})
    others = ~sum(1 << id % BLOCK for id, _ in marks)
    with corpus.transaction() as db:
        now = state(db)
        if (now.until, now.generation) != (held.until, held.generation):
            return
        rows_there = db.execute("SELECT fact, bits FROM search_fact WHERE block = ?", (block,)).fetchall()
        stored = {fact: bitsets.unpack(body) for fact, body in rows_there}
        after = {fact: bits & others for fact, bits in stored.items()}
        for fact, bits in follows.items():
            after[fact] = after.get(fact, 0) | bits
        gone = [(block, fact) for fact, bits in after.items() if not bits]
        db.executemany("DELETE FROM search_fact WHERE block = ? AND fact = ?", gone)
        changed = {fact: bits for fact, bits in after.items() if bits and bits != stored.get(fact)}
        _write(db, block, changed)
        _unmark(db, marks)


def _facts(corpus: Corpus, ids: Collection[int]) -> tuple[dict[int, set[str]], list[tuple[int, int]]]:
    """Return the facts of documents, and how often those of them were noted that changed."""
    found: dict[int, set[str]] = {}
    marks: list[tuple[int, int]] = []
    wanted = list(ids)
    for begin in range(0, len(wanted), _READ):
        some = wanted[begin : begin + _READ]
        with corpus.reading() as db:
            found |= facts.gather(corpus, db, some)
            sql = "SELECT document, times FROM search_stale WHERE document IN (SELECT value FROM json_each(?))"
            marks += db.execute(sql, (rows.encode(some),)).fetchall()
    return found, marks


def _unmark(db: sqlite3.Connection, marks: Iterable[tuple[int, int]]) -> None:
    db.executemany("DELETE FROM search_stale WHERE document = ? AND times = ?", marks)


def _by_block(found: dict[int, set[str]]) -> dict[int, dict[str, int]]:
    """Turn facts by document into documents by block and fact."""
    blocks: dict[int, dict[str, int]] = {}
    for id, held in found.items():
        block = blocks.setdefault(id // BLOCK, {})
        bit = 1 << id % BLOCK
        for fact in held:
            block[fact] = block.get(fact, 0) | bit
    return blocks


def _write_block(db: sqlite3.Connection, block: int, bits: dict[str, int], *, replace: bool) -> None:
    """Write what is known of a block, in place of what was or besides it."""
    if replace:
        db.execute("DELETE FROM search_fact WHERE block = ?", (block,))
    elif bits:
        sql = "SELECT f.fact, f.bits FROM json_each(?) j CROSS JOIN search_fact f ON f.block = ? AND f.fact = j.value"
        for fact, body in db.execute(sql, (rows.encode(list(bits)), block)).fetchall():
            bits[fact] |= bitsets.unpack(body)
    _write(db, block, bits)


def _write(db: sqlite3.Connection, block: int, bits: dict[str, int]) -> None:
    db.executemany(
        "INSERT OR REPLACE INTO search_fact(block, fact, bits) VALUES (?, ?, ?)",
        [(block, fact, bitsets.pack(held)) for fact, held in sorted(bits.items()) if held],
    )

"""Evaluating a query: each thing it asks for becomes a set of documents, and the sets are joined as it says.

What is indexed is asked of the index; what is not, or changed since, is worked out from the rows. Both give the same
sets, so a search is right however far the index is. Reads are short.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from typing import Any, ClassVar
from weakref import WeakKeyDictionary

import msgspec

from tui_annotate.domain.query_tree import Both, Everything, Not, Query, Where, Words
from tui_annotate.errors import AnnotateError, QueryError
from tui_annotate.store import bitsets, documents, rows
from tui_annotate.store.bitsets import BLOCK
from tui_annotate.store.connection import Corpus
from tui_annotate.store.search import facts, fields, fts, indexing
from tui_annotate.store.search.fields import Asking, Source

_ids = msgspec.json.Decoder(list[int]).decode
_BLOCKS = 400
"""Blocks of which one read takes rows."""
_ONE_BY_ONE = 1000
"""Documents up to which each is asked for its words, rather than the words for their documents."""
_REMEMBERED = 32
_AT_ONCE = 2000
"""Documents that are looked at together where they are not indexed."""
_LAST = "\U0010ffff"


class SearchStopped(AnnotateError):
    """The search was given up because its caller said so."""


def find(corpus: Corpus, query: Query, asking: Asking, *, stop: Callable[[], bool] | None = None) -> int:
    """Return the documents that fit, as a set of their row ids.

    Args:
        stop: Asked while documents are looked at that are not indexed.

    Raises:
        SearchStopped: It was to stop.
        QueryError: A label or type is not in the scheme, or there is no word to look for.
    """
    finder = _Finder(asking)
    with corpus.reading() as db:
        held = indexing.state(db)
        (last,) = db.execute("SELECT coalesce(max(id), 0) FROM document").fetchone()
        sql = "SELECT document FROM search_stale WHERE document <= ? ORDER BY document"
        stale = [id for (id,) in db.execute(sql, (held.until,))]
    found = 0
    if held.until:
        found = finder.evaluate(query, _Indexed(corpus, held))
        # Another program may be indexing: what it adds meanwhile is among those looked at below.
        found &= (1 << held.until + 1) - 1 & ~bitsets.of(stale, held.until + 1)
    for some in _not_indexed(corpus, stale, held.until, last):
        if stop is not None and stop():
            raise SearchStopped("The search was stopped.")
        source = _Scanned(corpus, some)
        try:
            held_by_these = finder.evaluate(query, source)
        finally:
            source.close()
        fitting = [some[at] for at in bitsets.members(held_by_these)]
        if fitting:
            found |= bitsets.of(fitting, fitting[-1] + 1)
    return found


def quick(corpus: Corpus, query: Query, most: int) -> tuple[list[int], int] | None:
    """Return the first documents that fit and how many there are, where FTS5 alone can say both.

    That is for words and phrases however they are joined, once all is indexed; None for everything else.
    """
    inner = query.part if isinstance(query, Not) else query
    match = _text_only(inner)
    with corpus.reading() as db:
        held = indexing.state(db)
        last, total = db.execute("SELECT (SELECT coalesce(max(id), 0) FROM document), total FROM counter").fetchone()
    if match is None or not held.until or last > held.until:
        return None
    count = 0
    for begin, end in fts.slices(held.until):
        sql = "SELECT count(*) FROM search_text WHERE search_text MATCH ? AND rowid BETWEEN ? AND ?"
        with corpus.reading() as db:
            count += db.execute(sql, (match, begin, end)).fetchone()[0]
    if isinstance(query, Not):
        return _without(corpus, match, held, most), total - count
    sql = "SELECT rowid FROM search_text WHERE search_text MATCH ? ORDER BY rowid LIMIT ?"
    with corpus.reading() as db:
        return [id for (id,) in db.execute(sql, (match, most))], count


def _without(corpus: Corpus, match: str, held: indexing.State, most: int) -> list[int]:
    """Return the first documents that do not fit an FTS5 expression."""
    everything = _Indexed(corpus, held).everything
    sql = "SELECT json_group_array(rowid) FROM search_text WHERE search_text MATCH ? AND rowid BETWEEN ? AND ?"
    found: list[int] = []
    for begin, end in fts.slices(held.until):
        with corpus.reading() as db:
            holding = bitsets.of(_ids(db.execute(sql, (match, begin, end)).fetchone()[0]), end + 1)
        between = (1 << end + 1) - (1 << begin)
        found += bitsets.members(everything & between & ~holding, 0, most - len(found))
        if len(found) >= most:
            break
    return found


def _text_only(query: Query) -> str | None:
    """Return a query as an FTS5 expression, None where it asks for anything but words."""
    if isinstance(query, Words):
        return _match(query)
    if not isinstance(query, Both):
        return None
    absent = [part.part for part in query.parts if isinstance(part, Not)] if query.joined == "AND" else []
    present = [part for part in query.parts if not (absent and isinstance(part, Not))]
    held = [_text_only(part) for part in present]
    without = [_text_only(part) for part in absent]
    if not held or None in held or None in without:
        return None
    match = f" {query.joined} ".join(f"({part})" for part in held)
    return f"({match}) NOT ({' OR '.join(f'({part})' for part in without)})" if without else match


def _match(words: Words) -> str:
    if not fts.has_word(words.text):
        raise QueryError(f"{words.text!r} has no letter, digit or symbol to look for.", column=words.column)
    return fts.expression(words.text, prefix=words.prefix)


def _not_indexed(corpus: Corpus, stale: list[int], until: int, last: int) -> Iterable[list[int]]:
    for begin in range(0, len(stale), _AT_ONCE):
        yield stale[begin : begin + _AT_ONCE]
    after = until
    while after < last:
        sql = "SELECT id FROM document WHERE id > ? AND id <= ? ORDER BY id LIMIT ?"
        with corpus.reading() as db:
            some = [id for (id,) in db.execute(sql, (after, last, _AT_ONCE))]
        if not some:
            return
        yield some
        after = some[-1]


class _Known:
    """What was found for words through one connection lately: texts are never altered, so it stays true."""

    _of: ClassVar[WeakKeyDictionary[Corpus, _Known]] = WeakKeyDictionary()

    def __init__(self, stamp: tuple[int, int]) -> None:
        self.stamp = stamp
        self._sets: OrderedDict[str, int] = OrderedDict()

    @classmethod
    def of(cls, corpus: Corpus, held: indexing.State) -> _Known:
        """Return what is known as of this state of the index."""
        stamp = (held.until, held.generation)
        known = cls._of.get(corpus)
        if known is None or known.stamp != stamp:
            known = cls._of[corpus] = cls(stamp)
        return known

    def get(self, match: str) -> int | None:
        """Return the documents that fit an FTS5 expression, None where that has to be asked."""
        if match in self._sets:
            self._sets.move_to_end(match)
        return self._sets.get(match)

    def keep(self, match: str, held: int) -> None:
        """Remember a set; the one that was not asked for for the longest time goes."""
        self._sets[match] = held
        while len(self._sets) > _REMEMBERED:
            self._sets.popitem(last=False)


class _Indexed:
    """The documents up to the mark; a member of a set is a row id."""

    def __init__(self, corpus: Corpus, held: indexing.State) -> None:
        self._corpus = corpus
        self._until = held.until
        self._blocks = held.until // BLOCK + 1
        self._known = _Known.of(corpus, held)
        self.everything = self.fact(facts.EXISTS)

    def words(self, match: str, among: int | None = None) -> int:
        known = self._known.get(match)
        if known is not None:
            return known
        if among is not None and among.bit_count() <= _ONE_BY_ONE:
            return self._words_of(match, list(bitsets.members(among)))
        sql = "SELECT json_group_array(rowid) FROM search_text WHERE search_text MATCH ? AND rowid BETWEEN ? AND ?"
        found: list[int] = []
        for first, last in fts.slices(self._until):
            with self._corpus.reading() as db:
                found += _ids(db.execute(sql, (match, first, last)).fetchone()[0])
        held = bitsets.of(found, self._until + 1) & self.everything
        self._known.keep(match, held)
        return held

    def _words_of(self, match: str, ids: list[int]) -> int:
        """Return which of a few documents fit an FTS5 expression."""
        sql = (
            "SELECT value FROM json_each(?) WHERE EXISTS"
            " (SELECT 1 FROM search_text WHERE search_text MATCH ? AND rowid = value)"
        )
        found: list[int] = []
        for begin in range(0, len(ids), _ONE_BY_ONE // 2):
            some = rows.encode(ids[begin : begin + _ONE_BY_ONE // 2])
            with self._corpus.reading() as db:
                found += [id for (id,) in db.execute(sql, (some, match))]
        return bitsets.of(found, self._until + 1)

    def fact(self, fact: str) -> int:
        return bitsets.assemble(((block, body) for block, _, body in self._rows("= ?", (fact,))), self._blocks)

    def facts(self, begin: str, fits: Callable[[str], bool]) -> int:
        found = self._rows(">= ? AND f.fact < ?", (begin, begin + _LAST))
        held = ((block, body) for block, fact, body in found if fits(fact[len(begin) :]))
        return bitsets.assemble(held, self._blocks)

    def rows(self, sql: str, values: Sequence[Any]) -> int:
        with self._corpus.reading() as db:
            found = [id for (id,) in db.execute(sql, values) if id <= self._until]
        return bitsets.of(found, self._until + 1)

    def _rows(self, condition: str, values: Sequence[str]) -> Iterable[tuple[int, str, bytes]]:
        sql = (
            "SELECT f.block, f.fact, f.bits FROM json_each(?) b CROSS JOIN search_fact f"
            f" ON f.block = b.value AND f.fact {condition}"
        )
        for begin in range(0, self._blocks, _BLOCKS):
            wanted = rows.encode(list(range(begin, min(begin + _BLOCKS, self._blocks))))
            with self._corpus.reading() as db:
                found = db.execute(sql, (wanted, *values)).fetchall()
            yield from found


class _Scanned:
    """Some documents that are not indexed; a member of a set is a place among them."""

    def __init__(self, corpus: Corpus, ids: list[int]) -> None:
        self._corpus = corpus
        self._ids = ids
        self._places = {id: place for place, id in enumerate(ids)}
        self._aside: fts.Aside | None = None
        self._facts: dict[str, int] | None = None
        self.everything = (1 << len(ids)) - 1

    def close(self) -> None:
        """Forget what was read."""
        if self._aside is not None:
            self._aside.close()

    def words(self, match: str, among: int | None = None) -> int:
        if self._aside is None:
            held = documents.load_some(self._corpus, self._ids)
            self._aside = fts.Aside({id: document.text for id, document in held.items()})
        return self._set(self._aside.find(match))

    def fact(self, fact: str) -> int:
        return self._held().get(fact, 0)

    def facts(self, begin: str, fits: Callable[[str], bool]) -> int:
        found = 0
        for fact, bits in self._held().items():
            if fact.startswith(begin) and fits(fact[len(begin) :]):
                found |= bits
        return found

    def rows(self, sql: str, values: Sequence[Any]) -> int:
        with self._corpus.reading() as db:
            return self._set(id for (id,) in db.execute(sql, values) if id in self._places)

    def _set(self, ids: Iterable[int]) -> int:
        return bitsets.of((self._places[id] for id in ids), len(self._ids))

    def _held(self) -> dict[str, int]:
        if self._facts is None:
            self._facts = {}
            for begin in range(0, len(self._ids), 256):
                with self._corpus.reading() as db:
                    found = facts.gather(self._corpus, db, self._ids[begin : begin + 256])
                for id, held in found.items():
                    for fact in held:
                        self._facts[fact] = self._facts.get(fact, 0) | 1 << self._places[id]
        return self._facts


class _Finder:
    """Evaluates one query on any source."""

    def __init__(self, asking: Asking) -> None:
        self._asking = asking

    def evaluate(self, query: Query, source: Source) -> int:
        """Return the documents of a source that fit."""
        if isinstance(query, Everything):
            return source.everything
        if isinstance(query, Not):
            return source.everything & ~self.evaluate(query.part, source)
        if isinstance(query, Words):
            return source.words(_match(query))
        if isinstance(query, Both):
            return self._joined(query, source)
        return self._where(query, source)

    def _joined(self, query: Both, source: Source) -> int:
        """Join sets; what FTS5 can join among words, it does."""
        every = query.joined == "AND"
        texts = [part for part in query.parts if isinstance(part, Words)]
        others = [part for part in query.parts if not isinstance(part, Words)]
        absent: list[Words] = []
        if every and texts:
            absent = [part.part for part in others if isinstance(part, Not) and isinstance(part.part, Words)]
            others = [part for part in others if not (isinstance(part, Not) and isinstance(part.part, Words))]
        found = source.everything if every else 0
        for part in others:
            held = self.evaluate(part, source)
            found = found & held if every else found | held
            if every and not found:
                for words in (*texts, *absent):
                    _match(words)
                return 0
        if texts:
            match = f" {query.joined} ".join(map(_match, texts))
            if absent:
                match = f"({match}) NOT ({' OR '.join(map(_match, absent))})"
            held = source.words(match, found if every else None)
            found = found & held if every else found | held
        return found

    def _where(self, query: Where, source: Source) -> int:
        return fields.evaluate(query, source, self._asking)

"""What each field of a query finds, as sets of documents of a source."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, Protocol

from tui_annotate.domain import query_dates, query_names
from tui_annotate.domain.query_tree import Bounds, Like, Where
from tui_annotate.domain.scheme import Scheme
from tui_annotate.errors import QueryError
from tui_annotate.store.choosing import ASKED, PATTERNS
from tui_annotate.store.search import facts
from tui_annotate.store.search.facts import SEPARATOR, fact, value

_ME = "me"
_POOL = "pool"
"""What anndoc calls the folder of all folders."""


@dataclass(frozen=True, slots=True)
class Asking:
    """Who searches, and when: `filter:TODO` and `NOW` mean that."""

    annotator: str
    now: datetime
    scheme: Scheme


class Source(Protocol):
    """Where sets of documents come from."""

    everything: int

    def words(self, match: str, among: int | None = None) -> int:
        """Return the documents whose text fits an FTS5 expression; it may leave out those that are not `among` some."""

    def fact(self, fact: str) -> int:
        """Return the documents of which a fact is true."""

    def facts(self, begin: str, fits: Callable[[str], bool]) -> int:
        """Return the documents of which a fact is true that begins so, and whose rest fits."""

    def rows(self, sql: str, values: Sequence[Any]) -> int:
        """Return the documents that a statement selects."""


@dataclass(frozen=True, slots=True)
class _Leaf:
    where: Where
    source: Source
    asking: Asking

    @property
    def like(self) -> Like:
        """The last value of a field that takes text."""
        found = self.where.values[-1]
        assert isinstance(found, Like)
        return found

    @property
    def names(self) -> list[str]:
        """The names of the scheme that the first value means."""
        first = self.where.values[0]
        assert isinstance(first, Like)
        return query_names.named(self.asking.scheme, self.where.field, first, self.column)

    @property
    def column(self) -> int:
        """Where the first value stands in the query."""
        return self.where.columns[0] if self.where.columns else self.where.column


def evaluate(where: Where, source: Source, asking: Asking) -> int:
    """Return the documents of a source that a field finds.

    Raises:
        QueryError: The scheme has nothing of that name.
    """
    return _FIELDS[where.field](_Leaf(where, source, asking))


def _valued(kind: str) -> Callable[[_Leaf], int]:
    """Return how a field is evaluated that names a label and perhaps its value."""

    def find(leaf: _Leaf) -> int:
        found = 0
        for name in leaf.names:
            if len(leaf.where.values) == 1 or leaf.like.is_any:
                found |= leaf.source.fact(fact(kind, name))
            else:
                like = query_names.meant(leaf.asking.scheme, leaf.where.field, name, leaf.like)
                found |= _like(leaf.source, fact(kind, name, ""), like)
        return found

    return find


def _plain(kind: str) -> Callable[[_Leaf], int]:
    """Return how a field is evaluated that has one value."""
    return lambda leaf: _like(leaf.source, fact(kind, ""), leaf.like)


def _like(source: Source, begin: str, like: Like) -> int:
    """Return the documents with a fact that begins so and has such a value behind it."""
    pieces = like.pieces
    if len(pieces) == 1:
        return source.fact(begin + value(pieces[0]))
    first = pieces[0].casefold().replace(SEPARATOR, " ")
    rest = ["", *pieces[1:]]
    return source.facts(begin + first, lambda text: query_names.fits(rest, text))


def _person(kind: str) -> Callable[[_Leaf], int]:
    """Return how a field is evaluated that names an annotator; `me` is who searches."""

    def find(leaf: _Leaf) -> int:
        found = _like(leaf.source, fact(kind, ""), leaf.like)
        if leaf.like.plain == _ME:
            found |= leaf.source.fact(fact(kind, value(leaf.asking.annotator)))
        return found

    return find


def _to_do(leaf: _Leaf) -> int:
    me, source = value(leaf.asking.annotator), leaf.source
    assigned = source.facts(fact(facts.ASSIGNED, ""), lambda _: True)
    mine = source.fact(fact(facts.ASSIGNED, me)) | (source.everything & ~assigned)
    return mine & ~source.fact(fact(facts.CONFIRMED_BY, me))


def _state(leaf: _Leaf) -> int:
    return leaf.source.fact(fact(facts.STATE, leaf.like.plain))


def _complete(leaf: _Leaf) -> int:
    confirmed = leaf.source.fact(fact(facts.STATE, "confirmed"))
    return confirmed if leaf.like.plain == "true" else leaf.source.everything & ~confirmed


def _tag(leaf: _Leaf) -> int:
    found = _like(leaf.source, fact(facts.TAG, ""), leaf.like)
    if leaf.like.text.startswith("#"):
        found |= _like(leaf.source, fact(facts.TAG, ""), Like(leaf.like.text[1:]))
    return found


def _folder(leaf: _Leaf) -> int:
    if len(leaf.like.pieces) > 1:
        return _like(leaf.source, fact(facts.FOLDER, ""), leaf.like)
    path = leaf.like.plain.strip("/")
    found = leaf.source.fact(fact(facts.FOLDER, value(path)))
    if path == _POOL or path.startswith(_POOL + "/"):
        found |= leaf.source.fact(fact(facts.FOLDER, value(path[len(_POOL) + 1 :])))
    return found


def _source(leaf: _Leaf) -> int:
    pieces = [piece.casefold() for piece in leaf.like.pieces]
    below = ["", "/" + pieces[0], *pieces[1:]]

    def fits(text: str) -> bool:
        return text == pieces[0] if len(pieces) == 1 else query_names.fits(pieces, text)

    return leaf.source.facts(fact(facts.SOURCE, ""), lambda text: fits(text) or query_names.fits(below, text))


def _count(leaf: _Leaf) -> int:
    bounds = leaf.where.values[1]
    assert isinstance(bounds, Bounds)
    found = 0
    for name in leaf.names:
        found |= leaf.source.facts(fact(facts.COUNT, name, ""), lambda text: _is_within(float(text), bounds))
        if _is_within(0.0, bounds):
            found |= leaf.source.everything & ~leaf.source.fact(fact(facts.ENTITY, name))
    return found


def _prob(leaf: _Leaf) -> int:
    bounds = leaf.where.values[0]
    assert isinstance(bounds, Bounds)
    return leaf.source.facts(fact(facts.PROB, ""), lambda text: _is_within(float(text), bounds))


def _uncertainty(leaf: _Leaf) -> int:
    bounds = leaf.where.values[0]
    assert isinstance(bounds, Bounds)
    conditions = ["run NOT IN (?, ?)"]
    values: list[str | float] = [ASKED, PATTERNS]
    for end, closed, sign in ((bounds.low, bounds.with_low, ">"), (bounds.high, bounds.with_high, "<")):
        if end:
            conditions.append(f"score {sign}{'=' * closed} ?")
            values.append(float(end))
    return leaf.source.rows(f"SELECT document FROM queue WHERE {' AND '.join(conditions)}", values)


def _is_within(number: float, bounds: Bounds) -> bool:
    if bounds.low and not (number >= float(bounds.low) if bounds.with_low else number > float(bounds.low)):
        return False
    return not bounds.high or (number <= float(bounds.high) if bounds.with_high else number < float(bounds.high))


def _is_between(low: str, high: str, hour: str, rest: str) -> bool:
    return low <= hour + rest and (not high or hour + rest < high)


def _date(hours: str, moments: str) -> Callable[[_Leaf], int]:
    """Return how dates are found: by whole hours, and in the first and last hour by moments."""

    def find(leaf: _Leaf) -> int:
        given = leaf.where.values[0]
        if isinstance(given, Like) and given.is_any:
            return leaf.source.everything
        try:
            low, high = query_dates.between(given if isinstance(given, Bounds) else given.plain, leaf.asking.now)
        except ValueError as error:
            # What is counted from now is known to be a date, and only now how far away it is.
            reason = f"{str(error)[:40]!r} is beyond the years 1 to 9999."
            raise QueryError(reason, column=leaf.column) from None
        first, last = low[: facts.HOUR], high[: facts.HOUR]
        found = leaf.source.facts(fact(hours, ""), lambda hour: first < hour and (not last or hour < last))
        for hour in {first, last} - {""}:
            found |= leaf.source.facts(fact(moments, hour), partial(_is_between, low, high, hour))
        return found

    return find


def _named_rows(column: str, index: str, *, ending: bool = False) -> Callable[[_Leaf], int]:
    """Return how a column is looked through that has an index: capitals count."""

    def find(leaf: _Leaf) -> int:
        if leaf.like.is_any:
            return leaf.source.everything
        pieces = leaf.like.pieces
        if len(pieces) == 1:
            sql = f"SELECT id FROM document WHERE {column} = ?1"
            if ending:
                sql += (
                    f" UNION SELECT id FROM document WHERE {column} > ?1 || '.' AND {column} < ?1 || '/'"
                    f" AND instr(substr({column}, length(?1) + 2), '.') = 0"
                )
            return leaf.source.rows(sql, pieces)
        if len(pieces) == 2 and not pieces[1]:
            sql = f"SELECT id FROM document WHERE {column} >= ?1 AND {column} < ?1 || char(1114111)"
            return leaf.source.rows(sql, pieces[:1])
        pattern = "*".join("".join(f"[{c}]" if c in "*?[" else c for c in piece) for piece in pieces)
        return leaf.source.rows(f"SELECT id FROM document INDEXED BY {index} WHERE {column} GLOB ?", [pattern])

    return find


_FIELDS: dict[str, Callable[[_Leaf], int]] = {
    "docid": _named_rows("key", "sqlite_autoindex_document_1"),
    "filename": _named_rows("name", "document_by_name", ending=True),
    "folder": _folder,
    "label": _valued(facts.LABEL),
    "entity": _valued(facts.ENTITY),
    "attribute": _valued(facts.ATTRIBUTE),
    "relation": _valued(facts.RELATION),
    "count": _count,
    "created": _date(facts.CREATED_HOUR, facts.CREATED),
    "updated": _date(facts.UPDATED_HOUR, facts.UPDATED),
    "anncomplete": _complete,
    "members_anncomplete": _person(facts.CONFIRMED_BY),
    "members_assigned": _person(facts.ASSIGNED),
    "filter": _to_do,
    "by": _person(facts.BY),
    "state": _state,
    "tag": _tag,
    "source": _source,
    "language": _plain(facts.LANGUAGE),
    "suggested": _valued(facts.SUGGESTED),
    "rejected": _valued(facts.REJECTED),
    "run": _plain(facts.RUN),
    "prob": _prob,
    "uncertainty": _uncertainty,
}

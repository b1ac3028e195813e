"""Searching as everybody does it: the app, the command line, the HTTP API; pages of documents that fit a query."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal

from tui_annotate.domain import query as grammar
from tui_annotate.domain import query_doubts
from tui_annotate.domain.query_tree import Query
from tui_annotate.errors import QueryError
from tui_annotate.store import annotators, bitsets, documents, folders, listing, runs, settings
from tui_annotate.store.connection import Corpus
from tui_annotate.store.listing import DocumentRow
from tui_annotate.store.search import around, finding, indexing, ranking
from tui_annotate.store.search.around import Excerpt
from tui_annotate.store.search.fields import Asking
from tui_annotate.store.search.places import Hit

Order = Literal["relevance", "file", "name", "state", "changed"]
"""`relevance`: the first 1,000 hits by how often and how densely the words stand in them, the others in file order."""


@dataclass(frozen=True, slots=True)
class Found:
    """A page of what was found."""

    query: str
    rows: list[DocumentRow]
    total: int
    """Documents that fit, exactly."""
    page: int
    """From 1."""
    size: int
    excerpts: dict[int, Excerpt] = field(default_factory=dict)
    """What stands around the first hit of each row, by row id; how the text begins where no word was asked for."""

    @property
    def pages(self) -> int:
        """How many pages there are; 1 where nothing was found."""
        return max(1, -(-self.total // self.size))

    @property
    def previous(self) -> int:
        """The page before, -1 on the first."""
        return self.page - 1 if self.page > 1 else -1

    @property
    def next(self) -> int:
        """The page behind, -1 on the last."""
        return self.page + 1 if self.page < self.pages else -1


@dataclass(frozen=True, slots=True)
class Hits:
    """All documents that fit a query, as they were when it was asked."""

    query: str
    tree: Query
    bits: int
    """As a set, see `store.bitsets`."""

    @property
    def total(self) -> int:
        """How many there are."""
        return self.bits.bit_count()

    def ids(self, start: int = 0, stop: int | None = None) -> list[int]:
        """Return row ids in file order, all or some of them."""
        return list(bitsets.members(self.bits, start, stop))


def search(
    corpus: Corpus,
    query: str,
    *,
    annotator: str,
    page: int = 1,
    size: int = 50,
    sort: Order = "relevance",
    descending: bool = False,
    now: datetime | None = None,
) -> Found:
    """Return a page of the documents that fit a query.

    Where many documents are not indexed yet they are first, some 20,000 a second; where the corpus is open read-only
    they are looked at every time. `catch_up` can do it before.

    Args:
        annotator: Who searches: `filter:TODO` and `members_assigned:me` mean them.
        page: From 1; beyond the last there are no rows.
        size: Rows of a page, 500 at most.

    Raises:
        QueryError: The query cannot be understood; it knows the column.
    """
    size, page = max(1, min(size, 500)), max(1, page)
    offset = (page - 1) * size
    if offset + size <= ranking.FIRST and sort in ("relevance", "file") and not descending:
        first = _first_page(corpus, query, offset, size, page, by_relevance=sort == "relevance")
        if first is not None:
            return first
    found = hits(corpus, query, annotator=annotator, now=now)
    rows = page_of(corpus, found, offset=min(offset, found.total), limit=size, sort=sort, descending=descending)
    return Found(query, rows, found.total, page, size, excerpts(corpus, found, rows))


def _first_page(corpus: Corpus, query: str, offset: int, size: int, page: int, *, by_relevance: bool) -> Found | None:
    """Return one of the first pages where only words are asked for; None where that takes more."""
    tree = grammar.parse(query)
    with _with_whole(query):
        quick = finding.quick(corpus, tree, ranking.FIRST)
    if quick is None:
        return None
    ids, total = quick
    if by_relevance:
        ids = ranking.ranked(corpus, tree, ids)
    rows = listing.some(corpus, ids[offset : offset + size])
    return Found(query, rows, total, page, size, around.excerpts(corpus, tree, [row.id for row in rows]))


def ids(corpus: Corpus, query: str, *, annotator: str, now: datetime | None = None) -> list[int]:
    """Return the row ids of all documents that fit, in file order; raises QueryError."""
    return hits(corpus, query, annotator=annotator, now=now).ids()


def hits(
    corpus: Corpus,
    query: str,
    *,
    annotator: str,
    now: datetime | None = None,
    stop: Callable[[], bool] | None = None,
) -> Hits:
    """Return all documents that fit, to take pages of; what is not indexed is indexed first where that may be.

    Raises:
        QueryError: The query cannot be understood.
        SearchStopped: `stop` said so.
    """
    tree = grammar.parse(query)
    if not corpus.readonly and not corpus.connection.in_transaction:
        indexing.catch_up(corpus, stop=stop)
    asking = Asking(annotator, now or datetime.now(UTC), settings.scheme(corpus))
    with _with_whole(query):
        return Hits(query, tree, finding.find(corpus, tree, asking, stop=stop))


@contextmanager
def _with_whole(query: str) -> Iterator[None]:
    """Let an error of one part of a query know all of it."""
    try:
        yield
    except QueryError as error:
        raise QueryError(error.message, column=error.column, query=query, hint=error.hint) from None


def doubts(corpus: Corpus, query: str, *, annotator: str) -> list[str]:
    """Return what is to be said of values in a query that nothing has, a sentence each; what is found stays as it is.

    Raises:
        QueryError: The query cannot be understood.
    """
    scheme = settings.scheme(corpus)
    asking = Asking(annotator, datetime.now(UTC), scheme)
    return query_doubts.doubts(
        scheme,
        grammar.parse(query),
        finds=lambda where: bool(finding.find(corpus, where, asking)),
        known=lambda field: _known(corpus, field),
    )


def _known(corpus: Corpus, field: str) -> list[str]:
    """Return the values that there are for a field."""
    if field == "tag":
        return documents.all_tags(corpus)
    if field == "folder":
        return [path for path in folders.every(corpus) if path]
    if field == "run":
        return [run.name for run in runs.all(corpus)]
    return list(annotators.names(corpus))


def page_of(
    corpus: Corpus, found: Hits, *, offset: int, limit: int, sort: Order = "relevance", descending: bool = False
) -> list[DocumentRow]:
    """Return some of the documents that were found, in order; those deleted since are left out."""
    if sort == "relevance":
        first: list[int] = []
        if offset < ranking.FIRST:
            first = ranking.ranked(corpus, found.tree, found.ids(0, ranking.FIRST))[offset : offset + limit]
        behind = max(offset, ranking.FIRST)
        if found.total > behind and offset + limit > behind:
            first += found.ids(behind, offset + limit)
        return listing.some(corpus, first)
    return listing.ordered(corpus, found.bits, sort=sort, descending=descending, offset=offset, limit=limit)


def excerpts(corpus: Corpus, found: Hits, rows: list[DocumentRow]) -> dict[int, Excerpt]:
    """Return what stands around the first hit in each of some documents."""
    return around.excerpts(corpus, found.tree, [row.id for row in rows])


def places(corpus: Corpus, found: Hits) -> Iterator[Hit]:
    """Yield every place where the words stand, in file order; documents found by fields alone have none."""
    yield from around.places(corpus, found.tree, found.ids())


def catch_up(
    corpus: Corpus,
    *,
    seconds: float | None = None,
    on_progress: Callable[[float], None] | None = None,
    stop: Callable[[], bool] | None = None,
) -> bool:
    """Index what is not yet, so that searches are quick; False where it was stopped or the corpus is read-only."""
    if corpus.readonly:
        return not indexing.behind(corpus).many
    return indexing.catch_up(corpus, seconds=seconds, on_progress=on_progress, stop=stop)


def is_behind(corpus: Corpus) -> bool:
    """Say whether a search would look at many documents that are not indexed, and they could be."""
    return not corpus.readonly and indexing.behind(corpus).many


def step(corpus: Corpus) -> float:
    """Index for some milliseconds, while `is_behind`; return the share of all documents that is indexed.

    For programs with one connection that writes and others that search.
    """
    return indexing.step(corpus)

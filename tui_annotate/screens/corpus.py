"""The corpus screen: the table of all documents, filtered and sorted."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType

from tui_annotate.domain.display import shown
from tui_annotate.domain.documents import DocumentState
from tui_annotate.domain.query_tree import quoted
from tui_annotate.domain.scheme import Scheme
from tui_annotate.errors import AnnotateError, UsageError
from tui_annotate.keymaps.assignment import Keymap
from tui_annotate.keymaps.names import display_key
from tui_annotate.screens import status
from tui_annotate.screens.asking import STATES
from tui_annotate.screens.bindings import bindings
from tui_annotate.screens.document_table import DocumentTable, Entry
from tui_annotate.screens.filter_prompt import FilterPrompt
from tui_annotate.screens.leaving import LeftOnce
from tui_annotate.screens.lines import Lines, Piece, row
from tui_annotate.screens.opened import OpenedCorpus
from tui_annotate.screens.picker import Choice, Picker, matching
from tui_annotate.screens.table_search import TableSearch
from tui_annotate.screens.tags import change_tags, tag_for_all
from tui_annotate.services import searching
from tui_annotate.services.searching import Order
from tui_annotate.store import documents, listing, queue, settings
from tui_annotate.store.connection import Corpus
from tui_annotate.store.counters import Progress
from tui_annotate.store.listing import Standing

_SORTS: dict[Order, str] = {
    "file": "file order",
    "relevance": "relevance",
    "name": "name",
    "state": "state",
    "changed": "last change",
}
_HINTS = (
    ("open-document", "open"),
    ("filter", "filter"),
    ("filter-state", "state"),
    ("sort", "sort"),
    ("label-next", "label next"),
    ("tag-documents", "tag"),
    ("close", "back"),
    ("help", "help"),
)
_STANDINGS: dict[Standing, str] = {
    "adjudicate": "to adjudicate",
    "reviewed": "reviewed",
    "accepted": "accepted by a reviewer",
    "rejected": "rejected by a reviewer",
    "to_correct": "to be corrected",
}


@dataclass(frozen=True, slots=True)
class _Kept:
    """Which documents the table keeps to."""

    states: tuple[DocumentState, ...] = ()
    tags: tuple[str, ...] = ()
    standing: Standing | None = None

    @property
    def words(self) -> str:
        """What they are, as people say it; empty for all."""
        said = [STATES[state] for state in self.states] + [f"#{shown(tag, 30)}" for tag in self.tags]
        return ", ".join([*said, *([_STANDINGS[self.standing]] if self.standing else [])])

    def narrowed(self, text: str) -> str:
        """Return a query that also asks for this."""
        more = [f"state:{state.name.lower()}" for state in self.states]
        more += [f"tag:{quoted(tag)}" for tag in self.tags]
        more += [f"state:{self.standing}"] if self.standing else []
        return " ".join([f"({text})", *more]) if more else text


class CorpusScreen(LeftOnce[int]):
    """Shows all documents; its result is the one to open."""

    DEFAULT_CSS = """
    CorpusScreen { layout: vertical; overflow: hidden; }
    """
    AUTO_FOCUS = ""
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("corpus")]

    def __init__(self, opened: OpenedCorpus, keymap: Keymap, progress: Progress, here: int | None) -> None:
        super().__init__()
        self._corpus = opened.path.name
        self._reader = opened.reader
        self._writer = opened.writer
        self._keymap = keymap
        self._progress = progress
        self._here = here
        """The document that is open on the screen below."""
        self._search = TableSearch(opened, found=self._found, told=self._draw_heading, failed=self._tell)
        self._scheme: Scheme | None = None
        """As it was when the table was opened, once it is read."""
        self._kept = _Kept()
        self._annotator = opened.annotator
        self._sort: Order = "file"
        self._descending = False

    def compose(self) -> ComposeResult:
        """Lay out the heading, the table and the keys."""
        yield Lines(2, id="heading")
        yield DocumentTable(self._draw_heading, here=self._here, id="table")
        yield Lines(1, id="keys")

    async def on_mount(self) -> None:
        """Show the documents in file order, with the cursor on the one that is open."""
        keys: list[Piece] = []
        for id, word in _HINTS:
            if self._keymap.keys(id):
                keys += [(f" {display_key(self._keymap.keys(id)[0])}", "bold"), (f" {word} ", "")]
        self.query_one("#keys", Lines).put(0, row(*keys))
        self._say("")
        cursor = 0
        if self._here is not None:
            with suppress(AnnotateError):
                cursor = await self._reader(partial(listing.rank, id=self._here))
        self._renew(cursor)
        self._search.begin()
        await self._guarded(self._read_scheme())

    def on_unmount(self) -> None:
        """End the search with the screen."""
        self._search.close()

    @property
    def _table(self) -> DocumentTable:
        return self.query_one("#table", DocumentTable)

    def action_do(self, id: str) -> None:
        """Do what a key is for."""
        self._say("")
        {
            "open-document": self._open,
            "filter": self._filter,
            "filter-state": self._filter_state,
            "sort": self._choose_sort,
            "label-next": self._label_next,
            "tag-documents": self._tag,
            "close": self._close,
            "row-down": lambda: self._table.move(1),
            "row-up": lambda: self._table.move(-1),
            "rows-down": lambda: self._page(1),
            "rows-up": lambda: self._page(-1),
            "first-row": lambda: self._table.move(-self._table.cursor),
            "last-row": self._last,
        }[id]()

    def _page(self, pages: int) -> None:
        self._table.move(pages * max(self._table.size.height - 1, 1))

    def _last(self) -> None:
        count = self._count()
        if count is not None:
            self._table.move(count - 1 - self._table.cursor)

    def _open(self) -> None:
        found = self._table.row
        if found is not None:
            self.dismiss(found.id)

    def _close(self) -> None:
        """Stop the search, else show all again, else leave."""
        if self._search.task is not None:
            self._search.stop()
            self._draw_heading()
        elif self._search.text or self._kept != _Kept():
            self._kept = _Kept()
            self._search.look_for("", "")
        else:
            self.dismiss(None)

    def _filter(self) -> None:
        before = self._search.text

        def given(text: str | None) -> None:
            wanted = before if text is None else text.strip()
            if wanted != self._search.wanted:
                self._look_for(wanted)

        self.app.push_screen(FilterPrompt(self._scheme, value=before, typed=self._look_for), given)

    def _found(self) -> None:
        """Show what was found, and say what nothing has."""
        self._renew()
        doubts = self._search.doubts
        prompt = self.app.screen
        if isinstance(prompt, FilterPrompt):
            prompt.note(doubts)
        self._say("; ".join(doubts))

    def _look_for(self, text: str) -> None:
        self._search.look_for(text, self._kept.narrowed(text))

    def _filter_state(self) -> None:
        async def ask() -> None:
            tags = await self._reader(documents.tag_counts)
            choices = [Choice(_Kept(), "all")]
            choices += [Choice(_Kept((state,)), word) for state, word in STATES.items()]
            choices += [Choice(_Kept(standing=standing), word) for standing, word in _STANDINGS.items()]
            choices += [Choice(_Kept(tags=(tag,)), f"#{tag}", f"{count:,} tagged") for tag, count in tags.items()]

            def picked(answer: Choice[_Kept] | str | None) -> None:
                if isinstance(answer, Choice):
                    self._kept = answer.value
                    self._look_for(self._search.text)

            self.app.push_screen(Picker("show documents that are", lambda query: matching(query, choices)), picked)

        self.run_worker(self._guarded(ask()))

    def _tag(self) -> None:
        """Ask for a tag, and put it on all documents that are shown, or take it off them."""

        async def ask() -> None:
            if self._search.task is not None:
                raise UsageError("The search goes on.", hint="Wait for its end, or stop it.")
            counts = await self._reader(documents.tag_counts)
            self.app.push_screen(tag_for_all(counts, self._count()), picked)

        def picked(answer: Choice[tuple[str, bool]] | str | None) -> None:
            if answer is not None:
                found, kept = self._search.found, self._kept

                def fitting(corpus: Corpus) -> list[int]:
                    if found is not None:
                        return found.ids()
                    return listing.matching(corpus, states=kept.states, tags=kept.tags, standing=kept.standing)

                self.run_worker(self._guarded(change(answer, fitting)))

        async def change(answer: Choice[tuple[str, bool]] | str, fitting: Callable[[Corpus], list[int]]) -> None:
            said = await change_tags(self._writer, answer, fitting, annotator=self._annotator)
            self._table.renew()
            self._say(said)

        self.run_worker(self._guarded(ask()))

    async def _read_scheme(self) -> None:
        self._scheme = await self._reader(settings.scheme)

    async def _guarded(self, job: Awaitable[None]) -> None:
        try:
            await job
        except AnnotateError as error:
            self._tell(error)

    def _tell(self, error: AnnotateError) -> None:
        self._say(str(error), warning=True)

    def _say(self, notice: str, *, warning: bool = False) -> None:
        """Say something below the heading until the next key; nothing when the screen was left meanwhile."""
        if self.is_attached:
            self.query_one("#heading", Lines).put(1, status.rule(notice, warning=warning))

    def _choose_sort(self) -> None:
        choices = [
            Choice(
                (sort, descending),
                f"{word}, {'last' if descending else 'first'} first"
                if sort not in ("file", "relevance") or descending
                else word,
            )
            for sort, word in _SORTS.items()
            for descending in (False, True)
            if not (sort == "relevance" and descending)
        ]

        def picked(answer: Choice[tuple[Order, bool]] | str | None) -> None:
            if isinstance(answer, Choice):
                self._sort, self._descending = answer.value
                self._renew()

        self.app.push_screen(Picker("sort by", lambda query: matching(query, choices)), picked)

    # Searching

    def _label_next(self) -> None:
        """Have the documents that a search found shown before all others."""
        found = self._search.found
        if found is None or not found.total:
            self._say("Filter for something first: what is found then comes next.")
            return
        reason = queue.searched(self._search.text)

        async def ask() -> None:
            asked = await self._writer(lambda corpus: queue.ask_for(corpus, found.ids(), reason=reason))
            self._say(str(asked))

        self.run_worker(self._guarded(ask()))

    # Showing

    def _renew(self, cursor: int = 0) -> None:
        found, kept, sort, descending = self._search.found, self._kept, self._sort, self._descending

        async def fetch(offset: int, limit: int) -> list[Entry]:
            def read(corpus: Corpus) -> list[Entry]:
                if found is not None:
                    rows = searching.page_of(
                        corpus, found, offset=offset, limit=limit, sort=sort, descending=descending
                    )
                    around = searching.excerpts(corpus, found, rows)
                    return [(row, around.get(row.id, "")) for row in rows]
                rows = listing.page(
                    corpus,
                    states=kept.states,
                    tags=kept.tags,
                    standing=kept.standing,
                    sort="file" if sort == "relevance" else sort,
                    descending=descending and sort != "relevance",
                    offset=offset,
                    limit=limit,
                )
                texts = listing.beginnings(corpus, [row.id for row in rows])
                return [(row, texts.get(row.id, "")) for row in rows]

            return await self._reader(read)

        self._table.show(fetch, cursor)
        self._draw_heading()

    def _count(self) -> int | None:
        """Return how many documents the table has, as far as is known."""
        if self._search.found is not None:
            return self._search.found.total
        if self._table.count is not None:
            return self._table.count
        if self._kept.tags or self._kept.standing:
            return None
        counts = self._progress
        by_state = {
            DocumentState.PENDING: counts.pending,
            DocumentState.IN_PROGRESS: counts.in_progress,
            DocumentState.SKIPPED: counts.skipped,
            DocumentState.CONFIRMED: counts.confirmed,
        }
        return sum(by_state[state] for state in self._kept.states) if self._kept.states else counts.total

    def _draw_heading(self) -> None:
        chosen = self._kept.words or "all"
        text, indexed = self._search.text, self._search.indexed
        filter = f" that fit {shown(text, 40)}" if text else ""
        order = _SORTS[self._sort] + (" (last first)" if self._descending else "")
        count = self._count()
        where = f"{self._table.cursor + 1:,} of {count:,} " if count else ""
        if count == 0 and text.isalnum():
            where = f"nothing; filename:*{shown(text, 20)}* looks at names "
        if self._search.task is not None:
            keys = self._keymap.keys("close")
            stops = f"; {display_key(keys[0])} stops" if keys else ""
            where = f"searching{stops} " if indexed is None else f"indexing, {indexed:.0%}{stops} "
        left: list[Piece] = [(f" {shown(self._corpus, 40)}", "bold"), (f"  {chosen} documents{filter}, by {order}", "")]
        self.query_one("#heading", Lines).put(0, row(*left, right=[(where, "")]))

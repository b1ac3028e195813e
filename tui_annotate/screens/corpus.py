"""The corpus screen: the table of all documents, filtered and sorted."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import Screen

from tui_annotate.domain.display import shown
from tui_annotate.domain.documents import DocumentState
from tui_annotate.screens.asking import STATES
from tui_annotate.screens.bindings import bindings
from tui_annotate.screens.corpus_thread import CorpusThread
from tui_annotate.screens.document_table import DocumentTable
from tui_annotate.screens.lines import Lines, Piece, row
from tui_annotate.screens.picker import Choice, Picker, matching
from tui_annotate.screens.prompt import Prompt
from tui_annotate.store import documents
from tui_annotate.store.listing import DocumentRow, Sort

_SORTS: dict[Sort, str] = {"file": "file order", "name": "name", "state": "state", "changed": "last change"}


class CorpusScreen(Screen[int]):
    """Shows all documents; its result is the one to open."""

    DEFAULT_CSS = """
    CorpusScreen { layout: vertical; overflow: hidden; }
    """
    AUTO_FOCUS = ""
    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings("corpus"),
        Binding("j,down", "move(1)", "down", show=False),
        Binding("k,up", "move(-1)", "up", show=False),
        Binding("pagedown,space", "page(1)", "page down", show=False),
        Binding("pageup", "page(-1)", "page up", show=False),
        Binding("home", "move(-1000000000)", "first", show=False),
    ]

    def __init__(self, name: str, reader: CorpusThread) -> None:
        super().__init__()
        self._corpus = name
        self._reader = reader
        self._text = ""
        self._states: tuple[DocumentState, ...] = ()
        self._sort: Sort = "file"
        self._descending = False

    def compose(self) -> ComposeResult:
        """Lay out the heading, the table and the keys."""
        yield Lines(2, id="heading")
        yield DocumentTable(id="table")
        yield Lines(1, id="keys")

    def on_mount(self) -> None:
        """Show the documents in file order."""
        keys: list[Piece | str] = [
            (" enter", "bold"),
            " open ",
            (" f", "bold"),
            " filter ",
            (" s", "bold"),
            " state ",
            (" o", "bold"),
            " sort ",
        ]
        self.query_one("#keys", Lines).put(0, row(*keys, (" esc", "bold"), " back "))
        self._renew()

    @property
    def _table(self) -> DocumentTable:
        return self.query_one("#table", DocumentTable)

    def action_do(self, id: str) -> None:
        """Do what a key is for."""
        {
            "open-document": self._open,
            "filter": self._filter,
            "filter-state": self._filter_state,
            "sort": self._choose_sort,
            "close": self._close,
        }[id]()

    def action_move(self, step: int) -> None:
        """Move the cursor."""
        self._table.move(step)

    def action_page(self, pages: int) -> None:
        """Move the cursor by the height of the table."""
        self._table.move(pages * max(self._table.size.height - 1, 1))

    def _open(self) -> None:
        found = self._table.row
        if found is not None:
            self.dismiss(found.id)

    def _close(self) -> None:
        if self._text or self._states:
            self._text, self._states = "", ()
            self._renew()
        else:
            self.dismiss(None)

    def _filter(self) -> None:
        def given(text: str | None) -> None:
            if text is not None:
                self._text = text.strip()
                self._renew()

        self.app.push_screen(Prompt("name, id or folder holds", value=self._text, hint="Empty shows all."), given)

    def _filter_state(self) -> None:
        choices: list[Choice[tuple[DocumentState, ...]]] = [Choice((), "all")]
        choices += [Choice((state,), word) for state, word in STATES.items()]

        def picked(answer: Choice[tuple[DocumentState, ...]] | str | None) -> None:
            if isinstance(answer, Choice):
                self._states = answer.value
                self._renew()

        self.app.push_screen(Picker("show documents that are", lambda query: matching(query, choices)), picked)

    def _choose_sort(self) -> None:
        choices = [
            Choice(
                (sort, descending),
                f"{word}, {'last' if descending else 'first'} first" if sort != "file" or descending else word,
            )
            for sort, word in _SORTS.items()
            for descending in (False, True)
        ]

        def picked(answer: Choice[tuple[Sort, bool]] | str | None) -> None:
            if isinstance(answer, Choice):
                self._sort, self._descending = answer.value
                self._renew()

        self.app.push_screen(Picker("sort by", lambda query: matching(query, choices)), picked)

    def _renew(self) -> None:
        text, states, sort, descending = self._text, self._states, self._sort, self._descending

        async def fetch(offset: int, limit: int) -> list[DocumentRow]:
            return await self._reader(
                lambda corpus: documents.page(
                    corpus, text=text, states=states, sort=sort, descending=descending, offset=offset, limit=limit
                )
            )

        chosen = ", ".join(STATES[state] for state in states) or "all"
        filter = f" holding “{shown(text, 30)}”" if text else ""
        order = _SORTS[sort] + (" (last first)" if descending else "")
        heading = self.query_one("#heading", Lines)
        heading.put(0, row((f" {shown(self._corpus, 40)}", "bold"), f"  {chosen} documents{filter}, by {order}"))
        heading.put(1, row(fill="─", fill_style="dim"))
        self._table.show(fetch)

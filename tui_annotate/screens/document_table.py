"""The table of documents: pages are fetched as they come into sight, so a million rows cost as much as a hundred."""

from __future__ import annotations

import asyncio
import re
from collections import OrderedDict
from collections.abc import Awaitable, Callable

from rich.cells import cell_len
from textual.geometry import Region
from textual.strip import Strip

from tui_annotate.domain.clock import local_time
from tui_annotate.domain.display import shown
from tui_annotate.errors import AnnotateError
from tui_annotate.screens.asking import REVIEWS, STATES
from tui_annotate.screens.lines import Piece, Row, RowWidget, row
from tui_annotate.store.listing import DocumentRow
from tui_annotate.store.search.around import Excerpt

PAGE = 200
_KEPT_PAGES = 20
_WIDE = 100
"""Columns from which there is room for when a document was last decided on."""

Entry = tuple[DocumentRow, str | Excerpt]
"""A document, and how its text begins, or what stands around the first hit in it."""
Fetch = Callable[[int, int], Awaitable[list[Entry]]]
"""From offset and limit to rows."""


class DocumentTable(RowWidget):
    """Rows with a cursor; what they are is asked for page by page."""

    DEFAULT_CSS = """
    DocumentTable { height: 1fr; width: 100%; }
    """

    def __init__(self, moved: Callable[[], None], *, here: int | None = None, id: str | None = None) -> None:
        super().__init__(id=id)
        self._moved = moved
        """Called when the cursor or the number of rows is another."""
        self._here = here
        """The document that is open, which is marked."""
        self.cursor = 0
        self._first = 0
        self._end: int | None = None
        """Number of rows, once the last page was seen."""
        self._pages: OrderedDict[int, list[Entry]] = OrderedDict()
        self._asked: dict[int, asyncio.Task[None]] = {}
        self._fetch: Fetch | None = None
        self._trouble = ""
        """Why rows could not be read."""

    def show(self, fetch: Fetch, cursor: int = 0) -> None:
        """Show other rows, from the start or with the cursor on one of them."""
        for task in self._asked.values():
            task.cancel()
        self._asked.clear()
        self._pages.clear()
        self._fetch = fetch
        self._trouble = ""
        self._end = None
        self.cursor = cursor
        self._first = max(0, cursor - (self.size.height or self.app.size.height) // 2)
        self._need()
        self.refresh()

    def renew(self) -> None:
        """Read again what is in sight, since there may be more of it now; the cursor stays."""
        for task in self._asked.values():
            task.cancel()
        self._asked.clear()
        self._end = None
        in_sight = set(self._in_sight())
        for page in [page for page in self._pages if page not in in_sight]:
            del self._pages[page]
        for page in in_sight:
            self._asked[page] = asyncio.ensure_future(self._load(page))

    @property
    def row(self) -> DocumentRow | None:
        """The row under the cursor, once it is there."""
        found = self._row(self.cursor)
        return found[0] if found is not None else None

    @property
    def count(self) -> int | None:
        """How many rows there are, once the last has been seen."""
        return self._end

    def move(self, step: int) -> None:
        """Move the cursor."""
        last = (self._end or 1) - 1 if self._end is not None else self.cursor + step
        self.cursor = max(0, min(last, self.cursor + step))
        height = max(self.size.height, 1)
        self._first = max(self.cursor - height + 1, min(self._first, self.cursor))
        self._need()
        self.refresh()
        self._moved()

    def _row(self, index: int) -> Entry | None:
        page = self._pages.get(index // PAGE)
        at = index % PAGE
        return page[at] if page is not None and at < len(page) else None

    def _in_sight(self) -> range:
        height = max(self.size.height, self.app.size.height)
        return range(self._first // PAGE, (self._first + height) // PAGE + 1)

    def _need(self) -> None:
        for page in self._in_sight():
            if page not in self._pages and page not in self._asked:
                self._asked[page] = asyncio.ensure_future(self._load(page))

    async def _load(self, page: int) -> None:
        fetch = self._fetch
        if fetch is None:
            return
        try:
            rows = await fetch(page * PAGE, PAGE)
        except AnnotateError as error:
            self._trouble = shown(str(error))
            self.refresh()
            return
        finally:
            if self._asked.get(page) is asyncio.current_task():
                del self._asked[page]
        self._pages[page] = rows
        while len(self._pages) > _KEPT_PAGES:
            self._pages.popitem(last=False)
        if len(rows) < PAGE:
            end = page * PAGE + len(rows)
            self._end = end if self._end is None else min(end, self._end)
            self.cursor = max(0, min(self.cursor, self._end - 1))
            self._first = max(0, min(self._first, self.cursor, self._end - self.size.height))
            self._moved()
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """Return one row as it is drawn."""
        index = self._first + y
        found = self._row(index)
        if found is None:
            if self._trouble and y == 0:
                return self.draw(row((f" {self._trouble}", "bold reverse")))
            loading = index // PAGE in self._asked and y == 0
            empty = self._end == 0 and y == 0
            return self.draw(row((" …" if loading else " nothing fits" if empty else "", "dim")))
        here = found[0].id == self._here
        return self.draw(table_row(*found, width=self.size.width, focused=index == self.cursor, here=here))

    def refresh_cursor(self) -> None:
        """Redraw the row under the cursor."""
        self.refresh(Region(0, self.cursor - self._first, self.size.width, 1))


def table_row(document: DocumentRow, text: str | Excerpt, *, width: int, focused: bool, here: bool = False) -> Row:
    """Return one document as the table shows it: state, name, tags, and as much of its text as there is room for."""
    style = "reverse" if focused else ""
    state = STATES[document.state] + (" holdout" if document.holdout else "")
    standing = "to adjudicate" if document.adjudicate else ", ".join(REVIEWS[review] for review in document.reviews)
    place = f"{shown(document.folder, 30)}/" if document.folder else ""
    name = f"{place}{shown(document.name or document.key, 60)}" + (" (open)" if here else "")
    tags = " ".join(f"#{shown(tag, 20)}" for tag in document.tags)
    changed = f"  {shown(local_time(document.changed), 16)}" if width >= _WIDE else ""
    right = f" {document.length:,} char{'' if document.length == 1 else 's'}{changed} "
    left: list[Piece] = [(" ▸ " if focused else "   ", style), (f"{state:<18}", style), (f"{name:<12}", style)]
    if standing:
        left.append((f"  [{standing}]", f"{style} bold".strip()))
    if tags:
        left.append((f"  {tags}", style))
    room = width - cell_len(right) - sum(cell_len(piece) for piece, _ in left) - 3
    if room > 0:
        left.append(("  ", style))
        if isinstance(text, Excerpt):
            left += _around(text, room, style)
        else:
            left.append((shown(_flat(text).strip(), room), style or "dim"))
    return row(*left, right=((right, style),), fill_style=style)


def _around(excerpt: Excerpt, room: int, style: str) -> list[Piece]:
    """Return what stands around a hit; what is before it is cut so that the hit is in sight."""
    found = shown(_flat(excerpt.found), room)
    before = shown(_flat(excerpt.before).lstrip())
    after = shown(_flat(excerpt.after))
    most = max((room - cell_len(found)) // 3, room - cell_len(found) - cell_len(after))
    if cell_len(before) > most:
        while before and cell_len(before) >= most:
            before = before[1:]
        before = f"…{before}" if most > 0 else ""
    after = shown(after, room - cell_len(before) - cell_len(found))
    dim = style or "dim"
    return [(before, dim), (found, f"{style} bold".strip() if found else dim), (after, dim)]


def _flat(text: str) -> str:
    """Return a text in one line, with one blank where there were several."""
    return re.sub(r"\s+", " ", text)

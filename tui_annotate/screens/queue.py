"""The queue screen: which documents come next, with place, score and reason."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual.binding import BindingType

from tui_annotate.keymaps.assignment import Keymap
from tui_annotate.screens.bindings import bindings
from tui_annotate.screens.opened import OpenedCorpus
from tui_annotate.screens.rows_screen import RowsScreen, TableRow
from tui_annotate.session.desk import Desk
from tui_annotate.store import listing, queue
from tui_annotate.store.connection import Corpus
from tui_annotate.store.queue import NextDocument

SHOWN = 50
_BEGINNING = 400
_COLUMNS = ("place", "document", "score", "why here", "text")
_SCORE = "The higher the score, the sooner it is asked for; what comes at random or in order has none."

_Entry = tuple[NextDocument, str, str]
"""A document, its name, and how its text begins."""


class QueueScreen(RowsScreen[int]):
    """Shows the next fifty; its result is the document to open."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("queue")]
    HINTS = (("open-queued", "open"), ("forget-asked", "forget the search"))

    def __init__(self, opened: OpenedCorpus, keymap: Keymap, here: int | None) -> None:
        super().__init__(f"{opened.path.name}: what comes next", keymap)
        self._opened = opened
        self._here = here
        """The document that is open on the screen below, which is not to come again."""
        self._entries: dict[str, _Entry] = {}

    def on_mount(self) -> None:
        """Read the queue."""
        self.later(self.renew)

    async def renew(self) -> None:
        """Show what comes next now."""
        here, annotator = self._here, self._opened.annotator

        def read(corpus: Corpus) -> list[_Entry]:
            found = Desk(corpus, annotator).following(SHOWN, () if here is None else (here,))
            ids = [one.document for one in found]
            names = {row.id: row.name or row.key for row in listing.among(corpus, ids)}
            texts = listing.beginnings(corpus, ids, length=_BEGINNING)
            return [(one, names[one.document], " ".join(texts[one.document].split())) for one in found]

        found = await self._opened.writer(read)
        self._entries = {str(one.document): (one, name, text) for one, name, text in found}
        rows = [
            TableRow(str(one.document), (str(place), name, _score(one), one.reason, text[:80]))
            for place, (one, name, text) in enumerate(found, 1)
        ]
        self.fill(_COLUMNS, rows)
        self.tell("" if rows else "nothing: every other document is confirmed")

    def details(self, key: str) -> str:
        """Return how a document begins, and what the score says."""
        return f"{self._entries[key][2]}\n{_SCORE}"

    def action_do(self, id: str) -> None:
        """Do what a key is for."""
        table: dict[str, Callable[[], None]] = {"open-queued": self._open, "forget-asked": self._forget}
        if id in table:
            table[id]()
        else:
            super().action_do(id)

    def _open(self) -> None:
        if self.chosen is not None:
            self.dismiss(int(self.chosen))

    def _forget(self) -> None:
        async def forget() -> None:
            gone = await self._opened.writer(queue.forget_asked)
            await self.renew()
            self.tell(f"{gone} documents taken out" if gone else "no search has put documents first")

        self.later(forget)


def _score(one: NextDocument) -> str:
    return "" if one.score is None else f"{one.score:.2f}"

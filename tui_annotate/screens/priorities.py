"""The priorities screen: whose version counts where several are confirmed, in the order of their names."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import BindingType

from tui_annotate.keymaps.assignment import Keymap
from tui_annotate.screens.bindings import bindings
from tui_annotate.screens.corpus_thread import CorpusThread
from tui_annotate.screens.rows_screen import RowsScreen, TableRow
from tui_annotate.store import annotators, settings
from tui_annotate.store.connection import Corpus


class PrioritiesScreen(RowsScreen[None]):
    """Shows the annotators, who counts most first; each move is written at once."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("priorities")]
    HINTS = (("move-earlier", "counts more"), ("move-later", "counts less"))

    def __init__(self, corpus: CorpusThread, keymap: Keymap) -> None:
        super().__init__("priority of annotators", keymap)
        self._corpus = corpus
        self._order: list[str] = []

    def on_mount(self) -> None:
        """Read the order."""
        self.later(self._renew)

    async def _renew(self, cursor: str | None = None) -> None:
        def read(corpus: Corpus) -> tuple[list[str], dict[str, str], str]:
            return annotators.order(corpus), annotators.roles(corpus), settings.load(corpus).tie

        self._order, roles, tie = await self._corpus(read)
        if not self._order:
            self.tell("nobody has annotated anything yet")
        elif tie == "recent":
            self.tell("not in use: the setting `tie` lets the most recent version count", warning=True)
        else:
            self.tell("of several confirmed versions that of the first one here counts")
        self.fill(
            ("", "annotator", "role"),
            [TableRow(name, (str(n), name, roles.get(name, ""))) for n, name in enumerate(self._order, 1)],
            cursor=cursor,
        )

    def action_do(self, id: str) -> None:
        """Do what a key is for."""
        if id in ("move-earlier", "move-later"):
            self._move(-1 if id == "move-earlier" else 1)
        else:
            super().action_do(id)

    def _move(self, step: int) -> None:
        name = self.chosen
        if name is None:
            return
        here = self._order.index(name)
        there = here + step
        if not 0 <= there < len(self._order):
            return
        self._order[here], self._order[there] = self._order[there], self._order[here]
        order = tuple(self._order)

        async def write() -> None:
            await self._corpus(lambda corpus: annotators.set_order(corpus, order))
            await self._renew(name)

        self.later(write)

"""The second look: confirmed documents that models contradict which never saw them, the most suspicious first."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import ClassVar

from textual.binding import BindingType

from tui_annotate.errors import AnnotateError
from tui_annotate.keymaps.assignment import Keymap
from tui_annotate.screens.bindings import bindings
from tui_annotate.screens.opened import OpenedCorpus
from tui_annotate.screens.rows_screen import RowsScreen, TableRow
from tui_annotate.services import second_look
from tui_annotate.services.second_look import Found, Suspect

_COLUMNS = ("document", "task", "score", "why")


class SecondLookScreen(RowsScreen[Suspect]):
    """Shows the suspects; its result is the one to open."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("second-look")]
    HINTS = (("open-suspect", "open"), ("keep-suspect", "right as it is"))

    def __init__(self, opened: OpenedCorpus, keymap: Keymap, found: Found, *, after: str = "") -> None:
        super().__init__(f"{opened.path.name}: second look", keymap)
        self._opened = opened
        self._found = {f"{one.document} {one.task}": one for one in found.suspects}
        self._looked = found.looked
        self._after = after

    def on_mount(self) -> None:
        """Show them."""
        self.renew()

    def renew(self) -> None:
        """Show those that are left."""
        rows = [
            TableRow(key, (one.name or one.key, one.task, f"{one.score:.2f}", one.reason))
            for key, one in self._found.items()
        ]
        self.fill(_COLUMNS, rows, cursor=self._after or None)
        self._after = ""
        self.tell(f"{len(rows)} of {self._looked} confirmed documents are contradicted")

    def details(self, key: str) -> str:
        """Return why, in full."""
        one = self._found[key]
        return f"{one.reason}\n`enter` opens it, to be reopened and changed; `a` says that it is right as it is."

    def action_do(self, id: str) -> None:
        """Do what a key is for."""
        table: dict[str, Callable[[], None]] = {"open-suspect": self._open, "keep-suspect": self._keep}
        if id in table:
            table[id]()
        else:
            super().action_do(id)

    def _open(self) -> None:
        if self.chosen is not None:
            self.dismiss(self._found[self.chosen])

    def _keep(self) -> None:
        if self.chosen is not None:
            self.run_worker(self._write(self.chosen), exit_on_error=True)

    async def _write(self, key: str) -> None:
        one = self._found[key]
        try:
            await self._opened.writer(partial(second_look.keep, suspect=one, annotator=self._opened.annotator))
        except AnnotateError as error:
            self.tell(str(error), warning=True)
            return
        self._found = {k: s for k, s in self._found.items() if s.document != one.document}
        self.renew()
        self.tell(f"{one.name or one.key} is right as it is")

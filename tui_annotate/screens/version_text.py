"""A version read in its text: its annotations, and where another's differ. Nothing can be changed here."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from tui_annotate.domain.annotations import Annotations
from tui_annotate.domain.differences import differences
from tui_annotate.domain.display import shown
from tui_annotate.domain.documents import Document
from tui_annotate.domain.scheme import Scheme
from tui_annotate.keymaps.assignment import Keymap
from tui_annotate.keymaps.names import display_key
from tui_annotate.screens.bindings import bindings
from tui_annotate.screens.document_view import DocumentView
from tui_annotate.screens.layout_marks import Mark
from tui_annotate.screens.leaving import LeftOnce
from tui_annotate.screens.lines import Lines, Piece, row
from tui_annotate.screens.marks import Marker
from tui_annotate.session.working import WorkingDocument
from tui_annotate.store.listing import DocumentRow
from tui_annotate.store.versions import Version

ONLY_HERE, ONLY_THERE, OTHER = "+", "-", "~"
"""Before the label of what only this version has, only the other has, and what is something else there."""


class VersionText(LeftOnce[None]):
    """Shows one version of a document."""

    DEFAULT_CSS = """
    VersionText { layout: vertical; overflow: hidden; }
    VersionText DocumentView { height: 1fr; padding: 0 1; }
    """
    AUTO_FOCUS = ""
    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings("list"),
        Binding("down", "rows(1)", show=False),
        Binding("up", "rows(-1)", show=False),
        Binding("pagedown,space", "pages(1)", show=False),
        Binding("pageup", "pages(-1)", show=False),
        Binding("q", "app.pop_screen", show=False),
    ]

    def __init__(
        self,
        document_row: DocumentRow,
        document: Document,
        scheme: Scheme,
        keymap: Keymap,
        *,
        whose: str,
        annotations: Annotations,
        other: str,
        compared: Annotations | None,
        colour: bool,
    ) -> None:
        super().__init__()
        self._row = document_row
        self._document = document
        self._keymap = keymap
        self._marker = Marker(scheme, keymap, colour=colour)
        self._whose = whose
        self._annotations = annotations
        self._other = other
        self._compared = compared
        self.view = DocumentView()

    def compose(self) -> ComposeResult:
        """Lay out heading, labels, text and keys."""
        yield Lines(3, id="heading")
        yield self.view
        yield Lines(1, id="keys")

    def on_mount(self) -> None:
        """Show the version."""
        heading = self.query_one("#heading", Lines)
        heading.put(0, row((f" {shown(self._row.name or self._row.key, 60)}", "bold"), f"  {self._says()}"))
        values = ", ".join(f"{n} = {_value(v.value)}" for n, v in self._annotations.labels.items())
        heading.put(1, row(f" {shown(values, 400)}"))
        heading.put(2, row(fill="─", fill_style="dim"))
        back = self._keymap.keys("list-close")
        hint: list[Piece] = [(f" {display_key(back[0])}", "bold"), (" back ", "")] if back else []
        self.query_one("#keys", Lines).put(0, row(*hint))
        self.view.show(self._document, self.marks())

    def _says(self) -> str:
        whose = f"as {shown(self._whose, 40)} has it"
        if self._compared is None:
            return whose
        other = shown(self._other, 40)
        return f"{whose}; + only here, - only {other}, ~ something else with {other}"

    def marks(self) -> list[Mark]:
        """Return the marks of the version, and of what only the other has."""
        mine = self._working(self._annotations)
        found = self._marker.marks(mine)
        if self._compared is None:
            return found
        between = differences(self._annotations, self._compared)
        signs = {f"e{entity.number}": ONLY_HERE for entity in between.first}
        signs |= {f"e{entity.number}": OTHER for entity, _ in between.changed}
        marked = [replace(mark, label=signs.get(str(mark.id), "") + mark.label) for mark in found]
        theirs = self._working(self._compared)
        lone = {f"e{entity.number}" for entity in between.second}
        return marked + [
            replace(mark, id=f"other {mark.id}", label=ONLY_THERE + mark.label, kind="suggestion", color="")
            for mark in self._marker.marks(theirs)
            if mark.id in lone
        ]

    def _working(self, annotations: Annotations) -> WorkingDocument:
        version = Version(self._row.id, self._whose, None, "", annotations, {}, 1, "", True)
        return WorkingDocument(self._row, self._document, version, ())

    def action_do(self, id: str) -> None:
        """Scroll, or leave."""
        if id == "list-close":
            self.dismiss(None)
        else:
            self.action_rows(1 if id == "list-down" else -1)

    def action_rows(self, lines: int) -> None:
        """Scroll by lines."""
        self.view.scroll_rows(lines * (2 if self.view.labels == "rows" else 1))

    def action_pages(self, pages: int) -> None:
        """Scroll by pages."""
        self.view.scroll_pages(pages)


def _value(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ", ".join(value) if isinstance(value, tuple) else str(value)

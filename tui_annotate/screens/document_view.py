"""The document view: text with its marks on Textual's Line API, drawing only rows that changed.

Text never moves when a label comes, changes or goes: names of types live in a row kept free under
each line (`rows`), in the style with a letter in the blank beside the span (`style`), or in a column
beside the text (`gutter`).
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from typing import ClassVar

from textual import events
from textual.geometry import Region
from textual.message import Message
from textual.reactive import reactive

from tui_annotate.domain.documents import Document
from tui_annotate.domain.spans import Span
from tui_annotate.screens.document_strips import DocumentStrips, Labels, gutter_width
from tui_annotate.screens.layout import Layout
from tui_annotate.screens.layout_marks import Mark, MarkIndex
from tui_annotate.screens.layout_view import LayoutView

_CURSOR = ("cursor",)
_MANY = 64
"""Changed marks from which drawing everything is quicker than finding the rows."""
_NOTHING = Document("", ())


class DocumentView(LayoutView, can_focus=True):
    """Shows one document with its marks; the screen around it owns keys and decisions."""

    DEFAULT_CSS = """
    DocumentView {
        & > .document--annotation { text-style: bold underline; }
        & > .document--suggestion { text-style: underline; }
        & > .document--find { text-style: bold italic; }
        & > .document--selection { text-style: reverse; }
        & > .document--focus { text-style: bold reverse; }
        & > .document--label { text-style: none; }
        & > .document--letter { text-style: reverse; }
        & > .document--glyph { text-style: dim; }
        & > .document--rule { text-style: dim; }
    }
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "document--annotation",
        "document--suggestion",
        "document--find",
        "document--selection",
        "document--focus",
        "document--label",
        "document--letter",
        "document--glyph",
        "document--rule",
    }
    """
    | Class | Description |
    | :- | :- |
    | `document--annotation`, `--suggestion`, `--find`, `--selection` | Text under a mark of that kind. |
    | `document--focus` | Text and label of the mark in focus. |
    | `document--label` | Names in marker rows and gutter. |
    | `document--letter` | Letters beside spans when labels live in the style. |
    | `document--glyph` | Glyphs that stand for characters which do not show. |
    | `document--rule` | The line between text and gutter. |
    """

    labels: reactive[Labels] = reactive("rows", repaint=False)
    """Where the names of types are shown."""

    class PlaceClicked(Message):
        """The text was clicked; only where the app takes the mouse."""

        def __init__(self, view: DocumentView, part: str, offset: int, mark: Mark | None) -> None:
            super().__init__()
            self.view = view
            self.part = part
            self.offset = offset
            """Start of the grapheme cluster under the pointer."""
            self.mark = mark
            """The topmost mark there."""

        @property
        def control(self) -> DocumentView:
            """The view that was clicked."""
            return self.view

    def __init__(
        self,
        *,
        labels: Labels = "rows",
        name: str | None = None,
        id: str | None = None,
        classes: str | None = None,
    ) -> None:
        super().__init__(name=name, id=id, classes=classes)
        self.set_reactive(DocumentView.labels, labels)
        self._document = _NOTHING
        self._marks = self._rows.marks

    # What is shown

    @property
    def document(self) -> Document:
        """The document on show; one without parts before the first `show`."""
        return self._document

    @property
    def focused_mark(self) -> Mark | None:
        """The mark in focus."""
        return None if self._rows.focus is None else self._marks.get(self._rows.focus)

    @property
    def cursor(self) -> Span | None:
        """The stretch selected by keyboard."""
        return None if self._rows.cursor is None else self._rows.cursor.spans[0]

    def show(self, document: Document, marks: Iterable[Mark] = (), focus: Hashable = None) -> None:
        """Show another document from its start, or with the mark `focus` in sight.

        Raises:
            ValueError: Two marks with one id.
        """
        self._document = document
        self._layout = self._new_layout()
        self._marks = MarkIndex(self._layout.stretch, marks)
        self._rows = self._drawer()
        self._rows.focus = focus
        self._pending = None
        self._set_top(0)
        self._measure()
        mark = self.focused_mark
        if mark is not None and mark.spans:
            self._reveal(mark.spans[0])
        self.refresh()
        self.post_message(self.Scrolled(self))

    def set_marks(self, marks: Iterable[Mark]) -> None:
        """Make these all the marks there are, redrawing only rows where something differs."""
        wanted = {mark.id: mark for mark in marks}
        gone = [mark.id for mark in self._marks if mark.id not in wanted]
        changed = [mark for id, mark in wanted.items() if self._marks.get(id) != mark]
        if len(gone) + len(changed) > _MANY:
            self._marks = self._rows.marks = MarkIndex(self._layout.stretch, wanted.values())
            self._rows.forget_all()
            self.refresh(self.size.region)
            return
        for id in gone:
            self.remove_mark(id)
        for mark in changed:
            self.replace_mark(mark)

    def replace_mark(self, mark: Mark) -> None:
        """Add a mark, or replace the one with its id."""
        old = self._marks.get(mark.id)
        if old == mark:
            return
        self._marks.put(mark)
        if old is not None and old.spans != mark.spans:
            self._touch(old)
        self._touch(mark)

    def remove_mark(self, id: Hashable) -> None:
        """Take a mark away, and the focus with it; an unknown id is no error."""
        self._touch(self._marks.remove(id))
        if id == self._rows.focus:
            self._rows.focus = None

    def focus_mark(self, id: Hashable, *, reveal: bool = True, page: bool = False) -> None:
        """Move the focus to a mark, or take it away with None, and bring it into sight, with a page that follows it."""
        if id != self._rows.focus:
            self._touch(self.focused_mark)
            self._rows.focus = id
            self._touch(self.focused_mark)
        mark = self.focused_mark
        if reveal and mark is not None and mark.spans:
            self._reveal(mark.spans[0], page=page)

    def set_cursor(self, span: Span | None, *, reveal: bool = True) -> None:
        """Show a stretch as selected by keyboard, or none, and bring it into sight."""
        self._touch(self._rows.cursor)
        self._rows.cursor = None if span is None else Mark(_CURSOR, (span,), kind="selection")
        self._touch(self._rows.cursor)
        if reveal and span is not None:
            self._reveal(span)

    def visible_marks(self) -> list[Hashable]:
        """Return the ids of the marks that are on screen, wholly or in part."""
        if not self._document.parts or not self.size.height:
            return []
        lines = [self._layout.row(row).line for row in self._window()]
        shown = [line for line in lines if line >= 0]
        if not shown:
            return []
        fragments = self._marks.within(self._layout.bounds(shown[0])[0], self._layout.bounds(shown[-1])[1])
        return list(dict.fromkeys(fragment.mark.id for fragment in fragments))

    # Laying out and drawing

    def watch_labels(self) -> None:
        """Lay out again: the rows differ, and the gutter takes width."""
        self._relay()

    def notify_style_update(self) -> None:
        """Forget strips made with the styles of another theme."""
        super().notify_style_update()
        self._rows.forget_all(styles=True)

    def on_resize(self, event: events.Resize) -> None:
        """Wrap again at the new width, with what was in sight still there."""
        if self._layout.width != self._text_width():
            self._relay()
        elif self._pending is not None:
            self._reveal(self._pending)

    def on_click(self, event: events.Click) -> None:
        """Say which place was clicked."""
        place = self.place_at(event.x, event.y)
        if place is not None:
            row = self._layout.row(event.y + self.scroll_offset.y)
            position = self._layout.position(*place)
            start = self._layout.bounds(row.line)[0]
            under = [p.mark for p in self._rows.pieces(row.line) if p.start <= position - start < p.end]
            self.post_message(self.PlaceClicked(self, *place, under[-1] if under else None))

    def _drawer(self) -> DocumentStrips:
        return DocumentStrips(self._layout, self._marks, self.labels, self._style_of)

    def _text_width(self) -> int:
        width = self.size.width
        return max(width - 1 - gutter_width(self.labels, width), 1)

    def _new_layout(self) -> Layout:
        return Layout(self._document.parts, self._text_width(), rows_per_line=2 if self.labels == "rows" else 1)

    def _relay(self) -> None:
        """Lay the same document out anew, keeping the focus or the top line where it can be seen."""
        top = self._layout.row(self.scroll_offset.y).line if self._layout.size else -1
        position = self._layout.bounds(top)[0] if top >= 0 else 0
        old = self._rows
        self._layout = self._new_layout()
        self._marks = MarkIndex(self._layout.stretch, self._marks)
        self._rows = self._drawer()
        self._rows.focus, self._rows.cursor = old.focus, old.cursor
        self._set_top(self._layout.row_of(self._layout.line_at(position)) if self._layout.size else 0)
        self._measure()
        mark = old.cursor or self.focused_mark
        if mark is not None and mark.spans:
            self._reveal(mark.spans[0])
        self.refresh()

    def _touch(self, mark: Mark | None) -> None:
        """Draw the rows of a mark anew; those on screen are refreshed, no others."""
        if mark is None:
            return
        window = self._window()
        for start, end in self._marks.stretches(mark):
            if start > self._layout.reached:
                continue
            first = self._layout.row_of(self._layout.line_at(start))
            last = self._layout.row_of(self._layout.line_at(end - 1)) + self._layout.rows_per_line
            self._rows.forget(range(first, last))
            low, high = max(first, window.start), min(last, window.stop)
            if low < high:
                self.refresh(Region(0, low - window.start, self.size.width, high - low))

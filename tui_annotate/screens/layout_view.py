"""A view that scrolls over a layout: draws its rows and knows which place of the text lies where."""

from __future__ import annotations

from rich.style import Style
from textual import events
from textual.geometry import Region, Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.widget import Widget

from tui_annotate.domain.spans import Span
from tui_annotate.screens.document_strips import DocumentStrips
from tui_annotate.screens.layout import Layout
from tui_annotate.screens.layout_marks import MarkIndex


class LayoutView(ScrollView):
    """Scrolls by whole rows, without scrollbars and without animation."""

    ALLOW_SELECT = False

    DEFAULT_CSS = """
    LayoutView {
        overflow: hidden hidden;
        scrollbar-size: 0 0;
        width: 1fr;
        height: 1fr;
    }
    """

    context_lines: reactive[int] = reactive(2, repaint=False)
    """Lines kept in sight above and below the focus."""

    class Scrolled(Message, namespace="document_view"):
        """Other rows came into view; what is visible changed."""

        def __init__(self, view: LayoutView) -> None:
            super().__init__()
            self.view = view

        @property
        def control(self) -> LayoutView:
            """The view that was scrolled."""
            return self.view

    def __init__(self, *, name: str | None = None, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(name=name, id=id, classes=classes)
        self._layout = Layout((), 1)
        self._rows = DocumentStrips(self._layout, MarkIndex(self._layout.stretch), "rows", self._style_of)
        self._pending: Span | None = None
        """What to bring into sight once the size is known."""

    def _style_of(self, role: str) -> Style:
        return self.get_component_rich_style(f"document--{role}", partial=True)

    def progress(self) -> float:
        """Return how far the last row in sight is into the document, 0 to 1."""
        line = -1
        for row in self._window():
            line = max(line, self._layout.row(row).line)
        return self._layout.bounds(line)[1] / self._layout.size if line >= 0 and self._layout.size else 1.0

    def line_move(self, part: str, offset: int, lines: int, *, column: int | None = None) -> tuple[str, int, int]:
        """Return part, offset and column that lie some lines further down, or up when negative.

        Args:
            column: The column to keep to, as an earlier call returned it; the offset's own by default.
        """
        line, own = self._layout.column_of(self._layout.position(part, offset))
        goal = own if column is None else column
        target = line + lines
        if lines > 0:
            self._layout.extend(rows=self._layout.row_of(line) + (lines + 2) * (self._layout.rows_per_line + 1))
        target = max(0, min(target, self._layout.lines - 1))
        return *self._layout.place(self._layout.position_at(target, goal)), goal

    def place_at(self, x: int, y: int) -> tuple[str, int] | None:
        """Return part and offset drawn at a cell of the widget; None beside the text."""
        row = self._layout.row(y + self.scroll_offset.y)
        if row.line < 0:
            return None
        return self._layout.place(self._layout.position_at(row.line, x))

    def scroll_rows(self, rows: int) -> None:
        """Scroll by rows without moving the focus."""
        self._scroll_row(self.scroll_offset.y + rows)

    def scroll_pages(self, pages: int) -> None:
        """Scroll by the height of the view less a line of overlap."""
        self.scroll_rows(pages * max(self.size.height - self._layout.rows_per_line, 1))

    def scroll_to_start(self) -> None:
        """Scroll to the first row."""
        self._scroll_row(0)

    def scroll_to_end(self) -> None:
        """Scroll to the last row."""
        self._layout.extend(position=self._layout.size)
        self._scroll_row(self._layout.rows)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Scroll down by two lines."""
        event.stop()
        self.scroll_rows(2 * self._layout.rows_per_line)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Scroll up by two lines."""
        event.stop()
        self.scroll_rows(-2 * self._layout.rows_per_line)

    def render_line(self, y: int) -> Strip:
        """Draw one row of the widget."""
        return self._rows.strip(y + self.scroll_offset.y, self.size.width, self.rich_style)

    def render_lines(self, crop: Region) -> list[Strip]:
        """Draw rows of the widget past Textual's cache of styled lines, which draws all of them anew on each scroll.

        A border, padding or opacity from a style sheet is Textual's to draw.
        """
        styles = self.styles
        width = self.size.width
        if styles.gutter.totals != (0, 0) or self.opacity != 1.0 or styles.text_opacity != 1.0 or styles.tint.a:
            return super().render_lines(crop)
        base = self.rich_style
        top = self.scroll_offset.y
        strips = [self._rows.strip(top + y, width, base) for y in crop.line_range]
        background = self.background_colors[1]
        for line_filter in self.get_line_filters():
            strips = [strip.apply_filter(line_filter, background) for strip in strips]
        if crop.column_span != (0, width):
            strips = [strip.crop(*crop.column_span) for strip in strips]
        return strips

    def _measure(self) -> None:
        """Tell Textual how much there is to scroll; an estimate until the end of the document was wrapped."""
        layout = self._layout
        layout.extend(rows=self.scroll_offset.y + 2 * self.size.height)
        rows = layout.rows
        if not layout.complete:
            rows += (layout.size - layout.reached) * layout.rows_per_line // layout.width + 1
        self.set_reactive(Widget.virtual_size, Size(self.size.width, rows))

    def _window(self) -> range:
        top = self.scroll_offset.y
        return range(top, top + self.size.height)

    def _reveal(self, span: Span, *, page: bool = False) -> None:
        """Scroll so that the span's start and end can be seen with some lines around them.

        As little as needed; or, with `page`, so that as much as possible of what follows is in sight too.
        """
        stretch = self._layout.stretch(span)
        height = self.size.height
        if stretch is None or not height:
            self._pending = span if stretch is not None else None
            return
        self._pending = None
        layout = self._layout
        first = layout.row_of(layout.line_at(stretch[0]))
        last = layout.row_of(layout.line_at(stretch[1] - 1)) + layout.rows_per_line
        context = min(self.context_lines * layout.rows_per_line, max(height - layout.rows_per_line, 0) // 2)
        top = self.scroll_offset.y
        if last + context > top + height:
            goal = last + context - height
            if goal - top > height:
                goal = first - height // 3
            top = first - context if page else min(goal, first - context)
        if first - context < top:
            top = first - context if page or top - first < height else first - height // 3
        self._scroll_row(top)

    def _scroll_row(self, row: int) -> None:
        self._layout.extend(rows=row + 2 * self.size.height)
        self._measure()
        top = max(0, min(row, self.virtual_size.height - self.size.height))
        if top != self.scroll_offset.y:
            self.scroll_to(y=top, animate=False, force=True)
            self.post_message(self.Scrolled(self))

    def _set_top(self, row: int) -> None:
        self.set_reactive(Widget.scroll_y, float(row))
        self.set_reactive(Widget.scroll_target_y, float(row))

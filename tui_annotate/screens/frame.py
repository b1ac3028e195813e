"""The frame: the lines over and under the document, and what is told in them."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual.binding import BindingType

from tui_annotate.domain.scheme import Attribute, Scheme
from tui_annotate.errors import StoreError
from tui_annotate.keymaps.assignment import Keymap
from tui_annotate.screens import attribute_rows, label_rows, status
from tui_annotate.screens.bindings import bindings
from tui_annotate.screens.hints import hint_row
from tui_annotate.screens.lines import Lines, Row, row
from tui_annotate.screens.notices import Notices
from tui_annotate.screens.selecting import Selecting
from tui_annotate.screens.status import Learning, Sign
from tui_annotate.session.review import ReviewSession
from tui_annotate.store.counters import Progress

_HEADER, _RULE, _DOCUMENT = range(3)
_NOTICE, _FOCUS, _FIRST = range(3)


class Panel(Lines, can_focus=True):
    """The lines under the text. It has the focus while text is selected, and with it the keys of that."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("selection")]

    def __init__(self, count: int, press: Callable[[str], None]) -> None:
        super().__init__(count, id="panel")
        self._press = press

    def action_do(self, id: str) -> None:
        """Do what a key of the selection mode is for; at once, since a message would let the next key overtake it."""
        self._press(id)


class Frame:
    """Writes the lines of the review screen."""

    def __init__(self, name: str, press: Callable[[str], None], *, readonly: bool) -> None:
        self.top = Lines(3, id="top")
        self.panel = Panel(3, press)
        self.notices = Notices(self.panel)
        self._name = name
        self._calm: Sign = "read-only" if readonly else "saved"
        self._sign: Sign = self._calm
        self._banner: StoreError | None = None
        self._news = ""
        self._attributes: list[list[Attribute]] = []
        self._labels: list[list[label_rows.Part]] = []
        self._width = 80
        self._nothing = ""
        self.top.put(_RULE, status.rule())

    def header(self, progress: Progress, learning: Learning | None) -> None:
        """Show the counts and what learning does."""
        self.top.put(_HEADER, status.header(self._name, progress, learning))
        news = learning.news if learning is not None else ""
        if news and news != self._news:
            self.tell(news, warning=learning is not None and learning.failed, unasked=True)
        self._news = news

    def tell(self, notice: str, *, warning: bool = False, unasked: bool = False) -> None:
        """Say something in the rule; a banner is not overwritten."""
        if self._banner is None:
            self.notices.tell(notice, warning=warning, unasked=unasked, width=self._width)

    def arrange(self, scheme: Scheme, keymap: Keymap, width: int) -> None:
        """Give attributes and document labels their rows."""
        self._width = width
        self._attributes = attribute_rows.arrange(scheme, keymap, width)
        self._labels = label_rows.arrange(scheme, keymap, width)
        self.notices.uncover()
        self.panel.resize(3 + len(self._attributes) + len(self._labels))

    def nothing_here(self, what: str) -> None:
        """Say what to do where there is no document."""
        self._nothing = what

    def draw(self, session: ReviewSession, keymap: Keymap, selecting: Selecting | None) -> None:
        """Show where the session is."""
        working = session.working
        self._draw_document(session)
        if working is None:
            self.notices.put(_FOCUS, row())
        elif selecting is None:
            self.notices.put(_FOCUS, status.focus_line(working, session.focused, snap=keymap.keys("snap")))
        else:
            self.notices.put(_FOCUS, status.selection_line(working, selecting.span, selecting.item))
        item = session.focused
        name = item.name if item is not None and not item.spans else ""
        for index, attributes in enumerate(self._attributes):
            self.notices.put(_FIRST + index, attribute_rows.attribute_row(attributes, keymap, working, item))
        for index, labels in enumerate(self._labels, start=len(self._attributes)):
            self.notices.put(_FIRST + index, label_rows.label_row(labels, keymap, working, name))
        if self._banner is None:
            self._last(hint_row(keymap, session, width=self._width, selecting=selecting))

    def _draw_document(self, session: ReviewSession) -> None:
        working = session.working
        self.top.put(
            _DOCUMENT,
            status.document_line(working, self._sign) if working is not None else row((f" {self._nothing}", "bold")),
        )

    def _last(self, line: Row) -> None:
        self.panel.put(len(self.panel.rows) - 1, line)

    # Writing

    def saving(self, session: ReviewSession) -> None:
        """Say that a write takes long."""
        self._sign = "saving"
        self._draw_document(session)

    def not_saved(self, session: ReviewSession, error: StoreError, dropped: int) -> None:
        """Put the banner up: what could not be written, and what to do."""
        self._banner = error
        self._sign = "not saved"
        self._draw_document(session)
        self.notices.tell(str(error), width=self._width)
        self.notices.uncover()
        self.panel.put(_NOTICE, status.banner(error))
        self._last(status.banner_hint(error, dropped, readonly=self._calm == "read-only"))

    def left(self) -> None:
        """Take the banner down where nothing can be written: it was about the document that is left."""
        if self._banner is not None and self._calm == "read-only":
            self._banner, self._sign = None, self._calm
            self.tell("")

    def not_done(self) -> None:
        """Take the sign of a slow write down: there was nothing to write."""
        if self._sign == "saving":
            self._sign = self._calm

    def saved(self, session: ReviewSession, keymap: Keymap, selecting: Selecting | None) -> None:
        """Take banner and sign down: something reached the disk."""
        if self._banner is None and self._sign == self._calm:
            return
        was_up, self._banner, self._sign = self._banner is not None, None, self._calm
        if was_up:
            self.tell("")
        self.draw(session, keymap, selecting)

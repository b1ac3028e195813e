"""The review screen: the document with its marks, the lines around it, and the keys. Decisions are `Reviewing`'s."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import ClassVar, TypeVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.message import Message
from textual.screen import Screen

from tui_annotate.config import Config
from tui_annotate.domain.decisions import Changes
from tui_annotate.errors import AnnotateError, StoreError
from tui_annotate.keymaps.assignment import Keymap, assign
from tui_annotate.keymaps.names import display_key
from tui_annotate.screens.bindings import bindings
from tui_annotate.screens.corpus_thread import CorpusThread
from tui_annotate.screens.document_view import DocumentView
from tui_annotate.screens.frame import Frame, Panel
from tui_annotate.screens.idle import Idle
from tui_annotate.screens.lane import Lane
from tui_annotate.screens.marks import Marker, touched
from tui_annotate.screens.resuming import Opening
from tui_annotate.screens.reviewing import Reviewing
from tui_annotate.screens.selecting import Selecting
from tui_annotate.screens.status import Learning
from tui_annotate.screens.verbs import Verbs

T = TypeVar("T")

_SAVING_SHOWS_AFTER = 0.15
"""Seconds: a write that takes no longer needs no sign."""


class ReviewScreen(Screen[None]):
    """Where documents are reviewed."""

    DEFAULT_CSS = """
    ReviewScreen { layout: vertical; overflow: hidden; }
    ReviewScreen DocumentView { height: 1fr; padding: 0 1; }
    """
    AUTO_FOCUS = ""
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("review")]

    class Ready(Message):
        """The first picture is on screen."""

    class SchemeChanged(Message):
        """The scheme changed; the keymap is this one now."""

        def __init__(self, keymap: Keymap) -> None:
            super().__init__()
            self.keymap = keymap

    def __init__(
        self,
        corpus: CorpusThread,
        start: Opening,
        annotator: str,
        *,
        config: Config,
        path: Path,
        wanted: Callable[[str], None],
    ) -> None:
        super().__init__()
        self._wanted = wanted
        self._first = start.first
        self.reviewing = Reviewing(corpus, start, annotator, self, keys=config.keys)
        self.keymap = assign(start.scheme, config.keys)
        self.lane = Lane(self.failed)
        self.learning: Learning | None = None
        self.selecting: Selecting | None = None
        self.verbs = Verbs(self)
        self._config = config
        self._marker = self._make_marker()
        self.frame = Frame(path.name, self.action_do, readonly=start.readonly)
        self.view = DocumentView(labels=config.labels, id="document")
        self.idle = Idle(
            self.reviewing,
            self.lane,
            draw=self.progress_changed,
            tell=lambda notice: self.tell(notice, warning=True),
            failed=self.failed,
        )

    def compose(self) -> ComposeResult:
        """Lay the lines out around the document."""
        yield self.frame.top
        yield self.view
        yield self.frame.panel

    def on_mount(self) -> None:
        """Show what was read before the app began."""
        self.scheme_changed()
        self.progress_changed()
        self.document_changed()
        if self._first and not self.reviewing.readonly:
            self.tell(f"You are {self.reviewing.session.annotator}; {self._key('help')} says how to change that.")
        odd = len(self._config.notices) + len(self.keymap.notices) + len(self.keymap.displaced)
        if odd:
            what = "1 setting or key is" if odd == 1 else f"{odd} settings or keys are"
            self.tell(f"{what} not as asked for: the help ({self._key('help')}) ends with why.", warning=True)
        if self.reviewing.readonly:
            self.tell("This corpus is read-only: you can look, but nothing you decide can be written.", warning=True)
        self.set_interval(1.0, self.idle.tick)
        self.call_after_refresh(self.post_message, self.Ready())

    @property
    def panel(self) -> Panel:
        """The lines under the text."""
        return self.frame.panel

    @property
    def own_keys(self) -> Mapping[str, Sequence[str]]:
        """The user's own keys, by action."""
        return self._config.keys

    @property
    def has_colour(self) -> bool:
        """Say whether types are told apart by colour too."""
        return self._config.look != "no-colour"

    # Keys

    def action_do(self, id: str) -> None:
        """Do what a key is for, or have the app do it."""
        self.idle.pressed()
        if not self.verbs.do(id):
            self._wanted(id)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """While text is selected, only the keys of that are alive."""
        return not (action == "do" and self.selecting is not None)

    def letter(self, key: str, character: str | None) -> bool:
        """Take the letter that a jump in the selection mode waits for; False when none does."""
        return self.verbs.selection.letter(key, character)

    def scheme_key(self, key: str) -> bool:
        """Take a key of the scheme, a digit for an entity type or a letter for a label; False when it is none.

        The app calls it where it looks for bindings, so that these keys and those keep their order.
        """
        self.idle.pressed()
        hotkey = self.keymap.hotkey(key)
        return hotkey is not None and self.verbs.hotkey(hotkey)

    def later(self, job: Callable[[], Awaitable[None] | None]) -> None:
        """Do something behind all keys that came before it."""
        self.lane.put(job)

    def write(self, job: Callable[[], Awaitable[None]]) -> None:
        """Do something that writes: a sign shows when it takes long, a banner when it fails."""

        async def written() -> None:
            slow = asyncio.get_running_loop().call_later(_SAVING_SHOWS_AFTER, self.frame.saving, self.reviewing.session)
            try:
                await job()
            finally:
                slow.cancel()
            self.frame.saved(self.reviewing.session, self.keymap, self.selecting)

        self.lane.put(written)

    def ask(self, question: Screen[T], answer: Callable[[T], None]) -> None:
        """Show a question; `answer` is called unless it was left.

        Keys that wait behind a slow write are dropped: they were meant for the question.
        """
        self.lane.drop()

        def answered(result: T | None) -> None:
            if result is not None:
                answer(result)

        self.app.push_screen(question, answered)

    # Told by Reviewing

    def document_changed(self) -> None:
        """Show another document, or what to do when there is none."""
        session = self.reviewing.session
        self.stop_selecting()
        self.verbs.forget()
        self.frame.left()
        working = session.working
        if working is None:
            self.frame.nothing_here(self._nothing_here())
        else:
            focused = session.focused
            self.view.show(working.document, self._marker.marks(working), focused.shown_by if focused else None)
            self.tell("")
        self._draw()

    def _nothing_here(self) -> str:
        if self.reviewing.progress.total:
            return f"Every document is confirmed. The table of documents ({self._key('corpus')}) opens any of them."
        return (
            f"No documents yet: `import` in the commands ({self._key('palette')}), or `tui-annotate import`."
            f" {self._key('edit-scheme')} sets up labels."
        )

    def _key(self, id: str) -> str:
        keys = self.keymap.keys(id)
        return display_key(keys[0]) if keys else "no key"

    def marks_changed(self, changes: Sequence[Changes] = (), *, page: bool = False) -> None:
        """Redraw what changes touched, and move the focus; with `page`, to see what follows it too."""
        session = self.reviewing.session
        working = session.working
        if changes:
            self.stop_selecting()
        if working is not None:
            for id, item in touched(working, changes).items():
                if item is None:
                    self.view.remove_mark(id)
                else:
                    self.view.replace_mark(self._marker.mark(item, working))
            focused = session.focused
            self.view.focus_mark(focused.shown_by if focused is not None else None, page=page)
            self.tell("")
        self._draw()

    def progress_changed(self) -> None:
        """Show the counts and what learning does."""
        self.idle.drawn()
        self.frame.header(self.reviewing.progress, self.learning)

    def scheme_changed(self) -> None:
        """Give the keys anew, and the labels their rows."""
        scheme = self.reviewing.session.scheme
        self.keymap = assign(scheme, self._config.keys)
        before, self._marker = self._marker, self._make_marker()
        if not self._marker.draws_like(before):
            working = self.reviewing.session.working
            self.view.set_marks(self._marker.marks(working) if working is not None else [])
        self.post_message(self.SchemeChanged(self.keymap))
        self._arrange_labels()

    def deleted(self) -> None:
        """Leave the open document, which is gone, unless something is asked or shown over it."""
        if self.is_current:
            self.lane.drop()
            self.later(self.reviewing.leave_deleted)

    def tell(self, notice: str, *, warning: bool = False, unasked: bool = False) -> None:
        """Say something in the rule under the text."""
        self.frame.tell(notice, warning=warning, unasked=unasked)

    def learning_changed(self, state: Learning) -> None:
        """Show what the learning loop does; progress alone waits for a pause between keys."""
        before, self.learning = self.learning, state
        if before is not None and state.training and before.training == state.training:
            self.idle.draw_later()
        else:
            self.progress_changed()

    def look_changed(self, *, colour: bool) -> None:
        """Draw everything in another look."""
        self._config = replace(self._config, look="terminal" if colour else "no-colour")
        self._marker = self._make_marker()
        working = self.reviewing.session.working
        if working is not None:
            self.view.set_marks(self._marker.marks(working))
        self.refresh()

    def _make_marker(self) -> Marker:
        return Marker(self.reviewing.session.scheme, self.keymap, colour=self._config.look != "no-colour")

    # Trouble

    def failed(self, error: Exception) -> None:
        """Show why something was not done; what is no error of ours ends the app."""
        if isinstance(error, StoreError):
            self.frame.not_saved(self.reviewing.session, error, self.lane.drop())
        elif isinstance(error, AnnotateError):
            self.frame.not_done()
            # Confirming went to what has not been seen: the next press should find a page of it seen.
            self.marks_changed(page=True)
            self.tell(str(error), warning=True)
        else:
            self.app.call_later(_raise, error)

    # Selecting

    def start_selecting(self, selecting: Selecting) -> None:
        """Enter the selection mode."""
        self.selecting = selecting
        self.panel.focus(scroll_visible=False)
        self.show_selection()

    def show_selection(self) -> None:
        """Draw what is selected now."""
        if self.selecting is not None:
            self.view.set_cursor(self.selecting.span)
        self._draw()

    def stop_selecting(self) -> None:
        """Leave the selection mode."""
        if self.selecting is not None:
            self.selecting = None
            self.set_focus(None)
            self.view.set_cursor(None)
            self._draw()

    # Drawing

    def _draw(self) -> None:
        self.frame.draw(self.reviewing.session, self.keymap, self.selecting)

    def _arrange_labels(self) -> None:
        self.frame.arrange(self.reviewing.session.scheme, self.keymap, self.size.width or self.app.size.width)
        self._draw()

    def on_resize(self, event: events.Resize) -> None:
        """Arrange the labels for the new width."""
        self._arrange_labels()
        self.came_into_view()

    @on(DocumentView.Scrolled)
    def came_into_view(self) -> None:
        """Note what has been on screen, once it was drawn."""
        self.call_after_refresh(self._note_seen)

    def _note_seen(self) -> None:
        if self.reviewing.session.working is not None:
            self.reviewing.session.saw_items(str(id) for id in self.view.visible_marks())

    @on(DocumentView.PlaceClicked)
    def clicked(self, event: DocumentView.PlaceClicked) -> None:
        """Put the focus on what was clicked."""
        if event.mark is not None:
            self.verbs.focus_item(str(event.mark.id))


def _raise(error: Exception) -> None:
    raise error

"""The filter's prompt, below the table: a query that is searched while it is typed, or what is wrong in it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rich.cells import cell_len
from rich.text import Text
from textual import on
from textual.timer import Timer
from textual.widgets import Input, Static

from tui_annotate.domain import query, query_names
from tui_annotate.domain.display import shown
from tui_annotate.domain.query_pointing import pointed
from tui_annotate.domain.scheme import Scheme
from tui_annotate.errors import QueryError
from tui_annotate.screens.prompt import Prompt

HINT = (
    'words  "a phrase"  word*  -word  this OR that  (brackets)\n'
    "label:NAME:VALUE  entity:TYPE:TEXT  count_TYPE:[2 TO *]  tag:  folder:  filename:  docid:\n"
    "state:confirmed  filter:TODO  by:  suggested:  rejected:  run:  prob:<0.5  created:[NOW-1DAY TO *]"
)
_PAUSE = 0.2
"""Seconds without a key after which what is typed is searched."""


class FilterPrompt(Prompt):
    """Asks for a query; an empty one shows all."""

    DEFAULT_CSS = """
    FilterPrompt { align: center bottom; }
    FilterPrompt > Vertical { width: 100; margin: 0 0 1 0; }
    FilterPrompt #hint { min-height: 3; }
    """

    def __init__(self, scheme: Scheme | None, *, value: str, typed: Callable[[str], None]) -> None:
        super().__init__("documents that fit", value=value)
        self._scheme = scheme
        self._typed = typed
        """Called with what is typed, when it can be searched."""
        self._waiting: Timer | None = None
        self._last = value.strip()

    def on_mount(self) -> None:
        """Say how a query is written, below what every prompt shows."""
        self._problem()

    @on(Input.Changed)
    def typing(self, event: Input.Changed) -> None:
        """Say what is wrong, or search a moment later."""
        event.stop()
        if self._waiting is not None:
            self._waiting.stop()
        if self._problem() is None:
            self._waiting = self.set_timer(_PAUSE, self._search)

    @on(Input.Submitted)
    def given(self, event: Input.Submitted) -> None:
        """Give the query back, unless it cannot be understood."""
        event.prevent_default()  # the handler of every prompt
        if self._problem() is None:
            self.dismiss(event.value)

    def _search(self) -> None:
        text = self.query_one(Input).value.strip()
        if self._problem() is None and text != self._last:
            self._last = text
            self._typed(text)

    def _problem(self) -> QueryError | None:
        """Say what is wrong with the query, below it, and return that."""
        text = self.query_one(Input).value
        hint = self.query_one("#hint", Static)
        try:
            if text.strip():
                tree = query.parse(text)
                if self._scheme is not None:
                    query_names.check(self._scheme, tree)
        except QueryError as error:
            hint.update(Text(self._pointing(error), style="bold"))
            return error
        hint.update(Text(HINT, style="dim"))
        return None

    def _pointing(self, error: QueryError) -> str:
        """Return a caret below the place that is meant, and what is wrong there."""
        room = max(self.query_one(Input).content_size.width, 20)
        query, caret = pointed(QueryError("", column=error.column, query=self.query_one(Input).value))
        if len(caret) > room or cell_len(self.query_one(Input).value) >= room:
            # The line has scrolled: what of it is meant is shown again.
            query, caret = pointed(
                QueryError("", column=error.column, query=self.query_one(Input).value), around=room // 2 - 1
            )
            caret = f"{query}\n{caret}"
        said = f"{error.message} {error.hint}".strip()
        return f"{caret}\n{shown(said[:1].upper() + said[1:])}"

    def note(self, doubts: Sequence[str]) -> None:
        """Say which values of the query nothing has."""
        if doubts and self._problem() is None:
            said = "; ".join(doubts)
            self.query_one("#hint", Static).update(Text(f"note: {shown(said)}", style="bold"))

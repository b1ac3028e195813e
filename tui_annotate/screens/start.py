"""The start screen: recent corpora, a new one, a demo, or a path."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Literal

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.screen import Screen

from tui_annotate.domain.display import shown
from tui_annotate.screens.lines import Lines, Piece, row


@dataclass(frozen=True, slots=True)
class Wish:
    """What was chosen at the start."""

    kind: Literal["open", "new", "demo", "path"]
    name: str = ""
    """Path of a corpus, or name of a demo."""


class StartScreen(Screen[None]):
    """Asks what to work on, and says so with `Chosen`."""

    DEFAULT_CSS = """
    StartScreen { layout: vertical; overflow: hidden; padding: 1 2; }
    """
    AUTO_FOCUS = ""
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j,down,tab", "move(1)", "down", show=False),
        Binding("k,up,shift+tab", "move(-1)", "up", show=False),
        Binding("enter", "choose", "choose", show=False),
        Binding("n", "wish('new')", "new", show=False),
        Binding("o", "wish('path')", "open a path", show=False),
    ]

    class Chosen(Message):
        """Something was chosen."""

        def __init__(self, wish: Wish) -> None:
            super().__init__()
            self.wish = wish

    def __init__(self, recent: Sequence[Path], demos: Sequence[tuple[str, str]]) -> None:
        super().__init__()
        self._wishes = [
            *((Wish("open", str(path)), shown(path.name, 40), shown(str(path.parent), 60)) for path in recent[:9]),
            *((Wish("demo", name), f"demo: {name}", says) for name, says in demos),
            (Wish("new"), "new corpus", "n"),
            (Wish("path"), "open a path", "o"),
        ]
        self._at = 0

    def compose(self) -> ComposeResult:
        """Lay out the list."""
        yield Lines(2, id="title")
        yield Lines(3, id="notice")
        yield Lines(len(self._wishes), id="wishes")
        yield Lines(2, id="keys")

    def on_mount(self) -> None:
        """Show what can be chosen."""
        title = self.query_one("#title", Lines)
        title.put(0, row(("tui-annotate", "bold")))
        title.put(1, row(("From raw text to reviewed training data and a working model.", "dim")))
        keys: list[Piece | str] = [
            ("j/k", "bold"),
            " move  ",
            ("enter", "bold"),
            " choose  ",
            ("?", "bold"),
            " help  ",
            ("q", "bold"),
            " quit",
        ]
        self.query_one("#keys", Lines).put(1, row(*keys))
        self._draw()

    def tell(self, notice: str) -> None:
        """Say why something could not be done."""
        width = max(self.size.width - 4, 20)
        lines = self.query_one("#notice", Lines)
        for index in range(3):
            lines.put(index, row((notice[index * width : (index + 1) * width], "bold")))

    def action_move(self, step: int) -> None:
        """Move the cursor."""
        self._at = max(0, min(len(self._wishes) - 1, self._at + step))
        self._draw()

    def action_choose(self) -> None:
        """Take what the cursor is on."""
        self.tell("")
        self.post_message(self.Chosen(self._wishes[self._at][0]))

    def action_wish(self, kind: Literal["new", "path"]) -> None:
        """Take something by its own key."""
        self.tell("")
        self.post_message(self.Chosen(Wish(kind)))

    def _draw(self) -> None:
        lines = self.query_one("#wishes", Lines)
        for index, (_, name, says) in enumerate(self._wishes):
            focused = index == self._at
            lines.put(
                index,
                row(("▸ " if focused else "  ", "bold"), (name, "reverse" if focused else ""), (f"  {says}", "dim")),
            )

"""The document view by itself: key to final picture and bytes a key, beside Textual's own cost and way.

    python -m bench.view_keys [--keys 60] [--stock] [--labels rows]

Documents at 100x30, 1 MB of Japanese and one line of 50 MB among them. `j` moves the focus to the next suggestion, `a`
accepts it in memory and moves on, `o` opens the document anew, at its end and at its start by turns. `bare` is
a key that changes one word of a `Static`.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
from collections.abc import Sequence
from typing import ClassVar

from textual.app import App, ComposeResult
from textual.binding import BindingType
from textual.widgets import Static

from bench.pty_harness import Terminal, summary
from tui_annotate.domain.documents import Document, Part
from tui_annotate.domain.spans import Span
from tui_annotate.screens.document_strips import Labels
from tui_annotate.screens.document_view import DocumentView
from tui_annotate.screens.layout_marks import Mark, type_colors
from tui_annotate.screens.terminal import TerminalApp

SIZES = {
    "5 kB, 50": (5_000, 50),
    "60 kB, 500": (60_000, 500),
    "100 kB, 1,000": (100_000, 1_000),
    "1 MB, 10,000": (1_000_000, 10_000),
    "1 MB Japanese, 10,000": (1_000_000, 10_000),
    "50 MB, 1,000": (50_000_000, 1_000),
}
TYPES = ("DRUG", "DISEASE", "DOSE", "PROCEDURE")
TEXT = (
    "the patient was started on aspirin and lisinopril in spring with no history of diabetes mellitus reported by "
    "family or earlier records while blood pressure stayed within normal range after admission to ward"
)
WORDS = TEXT.split()
_JAPANESE = "患者は 服薬を 開始した。 高血圧の 既往が あり 糖尿病の 家族歴は ない。 退院後も 経過を 観察する"
JAPANESE = _JAPANESE.split()
_DRAWN = 1_000_000
"""Characters drawn word by word; longer documents repeat them."""


def made(size: int, count: int, words: Sequence[str]) -> tuple[Document, list[Mark]]:
    """Return a document of about `size` characters with `count` suggestions spread over its first million."""
    chance = random.Random(7)
    drawn: list[str] = []
    length = 0
    while length < min(size, _DRAWN):
        drawn.append(chance.choice(words))
        length += len(drawn[-1]) + 1
    step = len(drawn) // count
    colors = type_colors(TYPES)
    marks: list[Mark] = []
    offset = 0
    for index, word in enumerate(drawn):
        if index % step == step // 2 and len(marks) < count:
            type = chance.choice(TYPES)
            span = Span("p1", offset, offset + len(word))
            prob = 0.3 + chance.random() * 0.7
            marks.append(Mark(len(marks), (span,), type, prob=prob, kind="suggestion", color=colors[type]))
        offset += len(word) + 1
    text = " ".join(drawn) * max(size // _DRAWN, 1)
    return Document("bench", (Part("p1", text),)), marks


class ViewApp(App[None]):
    """The view with two keys."""

    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = [
        ("j", "next", "Next"),
        ("a", "accept", "Accept"),
        ("o", "open(0)", "Open"),
        ("n", "open(-1)", "End"),
    ]
    CSS = "#head, #foot { height: 1; }"

    def __init__(self, name: str, labels: Labels) -> None:
        super().__init__(ansi_color=True)
        self.theme = "ansi-dark"
        self.document, self.marks = made(*SIZES[name], JAPANESE if "Japanese" in name else WORDS)
        self.labels = labels
        self.at = 0

    def compose(self) -> ComposeResult:
        """Put the view between two lines, as the review screen does."""
        yield Static("bench", id="head")
        yield DocumentView(labels=self.labels)
        yield Static("ready", id="foot")

    def on_mount(self) -> None:
        """Show the document."""
        self.query_one(DocumentView).show(self.document, self.marks, focus=0)

    def action_open(self) -> None:
        """Show the document anew, the focus on its last suggestion or on its first."""
        self.at = 0 if self.at else len(self.marks) - 1
        self.query_one(DocumentView).show(self.document, self.marks, focus=self.at)

    def action_next(self) -> None:
        """Move the focus on."""
        self.at = (self.at + 1) % len(self.marks)
        self.query_one(DocumentView).focus_mark(self.at)

    def action_accept(self) -> None:
        """Make an annotation of the suggestion in focus, and move on."""
        view = self.query_one(DocumentView)
        mark = self.marks[self.at]
        view.replace_mark(Mark(mark.id, mark.spans, mark.label, color=mark.color))
        self.action_next()


class LeanViewApp(TerminalApp[None], ViewApp):
    """The same, sending changed cells only."""


class BareApp(App[None]):
    """What Textual costs by itself: one word changes."""

    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = [("j", "next", "Next")]
    count = 0

    def compose(self) -> ComposeResult:
        """Show one word."""
        yield Static("ready", id="word")

    def action_next(self) -> None:
        """Change it."""
        self.count += 1
        self.query_one(Static).update(f"word {self.count}")


def child(arguments: argparse.Namespace) -> None:
    """Run one of the apps on this terminal."""
    if arguments.child == "bare":
        BareApp(ansi_color=True).run(mouse=False)
        return
    kind = ViewApp if arguments.stock else LeanViewApp
    kind(arguments.child, arguments.labels).run(mouse=False)


def measured(arguments: argparse.Namespace, name: str, keys: str) -> dict[str, object]:
    """Press each of the keys a number of times in one of the apps."""
    own = [sys.executable, "-m", "bench.view_keys", "--child", name, "--labels", arguments.labels]
    terminal = Terminal(own + (["--stock"] if arguments.stock else []))
    chance = random.Random(1)
    try:
        found: dict[str, object] = {"start_ms": round(terminal.start("ready"), 1)}
        for key in keys:
            terminal.key(key.encode())
            results = []
            for _ in range(arguments.keys if key in "ja" else 8):
                time.sleep(chance.random() / 100)
                results.append(terminal.key(key.encode()))
            found[key] = summary(results)
        if arguments.show:
            found["screen"] = [line.rstrip() for line in terminal.screen.display]
    finally:
        terminal.close()
    return found


def main() -> None:
    """Measure and print JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--keys", type=int, default=60)
    parser.add_argument("--stock", action="store_true", help="send as Textual does")
    parser.add_argument("--labels", default="rows", choices=("rows", "style", "gutter"))
    parser.add_argument("--show", action="store_true", help="print the last screen too")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child:
        child(arguments)
        return
    report: dict[str, object] = {"bare": measured(arguments, "bare", "j")}
    for name in SIZES:
        report[name] = measured(arguments, name, "jao")
    print(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()

"""Sending changed cells only: the terminal shows what Textual drew, whatever came before."""

from __future__ import annotations

import random
from collections.abc import Iterable
from typing import Any

import pyte
import pytest
from rich.color import ColorSystem
from rich.console import RenderableType
from rich.segment import Segment
from rich.style import Style
from textual._compositor import ChopsUpdate
from textual.app import ComposeResult
from textual.screen import Screen
from textual.strip import Strip
from textual.widgets import Static

from tui_annotate.domain.documents import Document, Part
from tui_annotate.domain.spans import Span
from tui_annotate.screens import terminal
from tui_annotate.screens.document_view import DocumentView
from tui_annotate.screens.layout_marks import Mark
from tui_annotate.screens.terminal import TerminalApp, TerminalPicture, UnknownContentError

WIDTH, HEIGHT = 40, 12
STYLES = (None, Style(bold=True), Style(underline=True, color="cyan"), Style(reverse=True, color="#102030"))
WORDS = ("aspirin", "  ", "漢字", "x\u0301", "a", "–", "      ", "█")


def made_strip(chance: random.Random, width: int = WIDTH) -> Strip:
    segments: list[Segment] = []
    left = width
    while left > 0:
        segment = Segment(chance.choice(WORDS), chance.choice(STYLES))
        if segment.cell_length > left or chance.random() < 0.1:
            segment = Segment(" " * left)
        segments.append(segment)
        left -= segment.cell_length
    return Strip(segments, width)


def cells(strip: Strip) -> list[tuple[str, bool, bool, bool]]:
    """Return text, bold, underline and reverse of each cell, halves of wide characters and marks left out."""
    found = []
    for text, style, _ in strip:
        for char in text:
            if char != "\u0301":
                style = style or Style.null()
                found.append((char, bool(style.bold), bool(style.underline), bool(style.reverse)))
    return found


class Emulator:
    def __init__(self, width: int = WIDTH, height: int = HEIGHT) -> None:
        self.screen = pyte.Screen(width, height)
        self.stream = pyte.Stream(self.screen)
        self.screen.reset_mode(pyte.modes.DECAWM)

    def row(self, y: int) -> list[tuple[str, bool, bool, bool]]:
        line = [self.screen.buffer[y][x] for x in range(self.screen.columns)]
        return [(c.data[0], c.bold, c.underscore, c.reverse) for c in line if c.data]


def chops(rows: dict[int, Strip]) -> ChopsUpdate:
    lines: list[dict[int, Strip | None]] = [{0: rows.get(y)} for y in range(HEIGHT)]
    return ChopsUpdate(lines, [(y, 0, WIDTH) for y in sorted(rows)], [[WIDTH]] * HEIGHT)


@pytest.mark.parametrize("seed", range(20))
def test_any_updates_leave_the_terminal_showing_the_picture(seed: int) -> None:
    chance = random.Random(seed)
    picture, emulator = TerminalPicture(WIDTH, HEIGHT), Emulator()
    shown = [made_strip(chance) for _ in range(HEIGHT)]
    emulator.stream.feed(picture.full([[strip] for strip in shown], ColorSystem.TRUECOLOR))
    for _ in range(12):
        if chance.random() < 0.5:
            top, bottom = sorted(chance.sample(range(HEIGHT), 2))
            by = chance.randint(-4, 4)
            moved = {
                y: shown[y + by] if top <= y + by <= bottom else made_strip(chance) for y in range(top, bottom + 1)
            }
        else:
            moved = {y: made_strip(chance) for y in chance.sample(range(HEIGHT), 3)}
        emulator.stream.feed(picture.update(chops(moved), ColorSystem.TRUECOLOR))
        shown = [moved.get(y, strip) for y, strip in enumerate(shown)]
        assert [emulator.row(y) for y in range(HEIGHT)] == [cells(strip) for strip in shown]


def test_one_changed_word_costs_one_word() -> None:
    picture = TerminalPicture(WIDTH, HEIGHT)
    blank = Strip([Segment(" " * WIDTH)], WIDTH)
    picture.full([[blank]] * HEIGHT, ColorSystem.TRUECOLOR)
    word = Strip([Segment("     "), Segment("word", Style(bold=True)), Segment(" " * (WIDTH - 9))], WIDTH)
    assert picture.update(chops({3: word}), ColorSystem.TRUECOLOR) == "\x1b[4;6H\x1b[1mword\x1b[m"
    assert picture.update(chops({3: word}), ColorSystem.TRUECOLOR) == ""


def test_scrolled_lines_are_not_sent_again() -> None:
    picture = TerminalPicture(WIDTH, HEIGHT)
    strips = [Strip([Segment(f"line {y}".ljust(WIDTH))], WIDTH) for y in range(HEIGHT + 1)]
    picture.full([[strip] for strip in strips[:HEIGHT]], ColorSystem.TRUECOLOR)
    sent = picture.update(chops(dict(enumerate(strips[1:]))), ColorSystem.TRUECOLOR)
    assert sent == "\x1b[1;12r\x1b[1;1H\x1b[1M\x1b[r\x1b[12;1Hline 12"


def test_after_characters_of_doubtful_width_the_column_is_set_again() -> None:
    picture = TerminalPicture(WIDTH, HEIGHT)
    picture.full([[Strip([Segment(" " * WIDTH)], WIDTH)]] * HEIGHT, ColorSystem.TRUECOLOR)
    strip = Strip([Segment("👍🏽 fine".ljust(WIDTH))], WIDTH)
    assert "👍🏽\x1b[3G fine" in picture.update(chops({0: strip.adjust_cell_length(WIDTH)}), ColorSystem.TRUECOLOR)


@pytest.mark.parametrize(
    "segment", [Segment("x" * WIDTH, Style(link="http://x")), Segment("short"), Segment("\x1b[2J", None, [])]
)
def test_what_cells_cannot_hold_is_refused(segment: Segment) -> None:
    picture = TerminalPicture(WIDTH, HEIGHT)
    if segment.control is not None:
        segment = Segment("\x1b[2J", None, [(1,)])  # type: ignore[list-item]
    with pytest.raises(UnknownContentError):
        picture.full([[Strip([segment], WIDTH)]] * HEIGHT, ColorSystem.TRUECOLOR)


@pytest.mark.parametrize(("width", "height"), [(WIDTH, HEIGHT - 4), (WIDTH - 10, HEIGHT), (WIDTH + 10, HEIGHT)])
def test_an_update_from_before_the_window_changed_its_size_is_refused(width: int, height: int) -> None:
    picture = TerminalPicture(width, height)
    picture.full([[Strip([Segment(" " * width)], width)]] * height, ColorSystem.TRUECOLOR)
    late = chops({HEIGHT - 1: Strip([Segment("x" * WIDTH)], WIDTH)})
    with pytest.raises(UnknownContentError):
        picture.update(late, ColorSystem.TRUECOLOR)


class PictureApp(TerminalApp[None]):
    """Sends to an emulator what would go to the terminal."""

    sent = ""

    def __init__(self) -> None:
        super().__init__()
        self.emulator = Emulator(60, 16)

    def compose(self) -> ComposeResult:
        yield Static("head\n────", id="head")
        yield DocumentView()
        yield Static("foot", id="foot")

    def _may_send(self) -> bool:
        return self._driver is not None

    def _display(self, screen: Screen[object], renderable: RenderableType | None) -> None:
        driver = self._driver
        assert driver is not None
        driver.write = self.take  # type: ignore[method-assign]
        super()._display(screen, renderable)

    def take(self, data: str) -> None:
        self.sent += data
        self.emulator.stream.feed(data)


def same(app: PictureApp) -> bool:
    drawn = [cells(strip) for strip in app.screen._compositor.render_strips()]
    return drawn == [app.emulator.row(y) for y in range(16)]


async def press(app: PictureApp, pilot: Any, focuses: Iterable[int]) -> list[int]:
    sizes = []
    for index in focuses:
        app.sent = ""
        app.query_one(DocumentView).focus_mark(index)
        app.query_one("#foot", Static).update(f"focus {index}")
        await pilot.pause()
        assert same(app), index
        sizes.append(len(app.sent.encode()))
    return sizes


async def test_a_session_looks_the_same_and_costs_little() -> None:
    app = PictureApp()
    text = " ".join(f"word{index}" for index in range(2000))
    marks = []
    for index in range(100):
        start = text.index(f"word{index * 10} ")
        marks.append(Mark(index, (Span("p", start, start + 5),), "TYPE", prob=0.5, kind="suggestion", color="cyan"))
    async with app.run_test(size=(60, 16)) as pilot:
        app.query_one(DocumentView).show(Document("d", (Part("p", text),)), marks, focus=0)
        await pilot.pause()
        assert same(app)
        sizes = await press(app, pilot, [*range(1, 40), 80, 79, 78, 10, 0])
        assert sorted(sizes)[len(sizes) // 2] < 450


async def test_other_versions_of_textual_draw_their_own_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(terminal, "_IS_CHECKED", False)
    app = TerminalApp[None]()
    async with app.run_test():
        assert not app._may_send()
        assert app._picture is None

"""The document view: what the annotator sees, and that text never moves."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from textual.app import App, ComposeResult
from textual.pilot import Pilot

from tui_annotate.domain.documents import Document, Part
from tui_annotate.domain.spans import Span
from tui_annotate.screens.document_strips import Labels
from tui_annotate.screens.document_view import DocumentView
from tui_annotate.screens.layout_marks import Mark

TEXT = (
    "The patient was started on aspirin 81 mg and lisinopril in 2019; no history of diabetes.\n\x1b[31mred 漢字 e\u0301"
)
LONG = " ".join(f"word{index}" for index in range(4000))


class ViewApp(App[None]):
    def __init__(self, labels: Labels = "rows") -> None:
        super().__init__()
        self.labels = labels
        self.scrolled = 0

    def compose(self) -> ComposeResult:
        yield DocumentView(labels=self.labels)

    def on_document_view_scrolled(self) -> None:
        self.scrolled += 1


def document(text: str = TEXT) -> Document:
    return Document("d", (Part("p", text),))


def span(words: str, text: str = TEXT) -> Span:
    start = text.index(words)
    return Span("p", start, start + len(words))


def rows(app: App[None]) -> list[str]:
    return [strip.text.rstrip() for strip in app.screen._compositor.render_strips()]


def styles(app: App[None], words: str) -> set[tuple[bool, bool, bool]]:
    """Return bold, underline and reverse of what holds the words."""
    found = set()
    for strip in app.screen._compositor.render_strips():
        for segment in strip:
            if words in segment.text and segment.style:
                style = segment.style
                found.add((bool(style.bold), bool(style.underline), bool(style.reverse)))
    return found


DRUG = Mark(1, (span("aspirin"),), "DRUG", color="cyan")
GUESS = Mark(2, (span("lisinopril"),), "DRUG", prob=0.74, kind="suggestion", color="cyan")


async def test_labels_stand_under_their_spans() -> None:
    async with ViewApp().run_test(size=(60, 10)) as pilot:
        view = pilot.app.query_one(DocumentView)
        view.show(document(), [DRUG, GUESS], focus=2)
        await pilot.pause()
        first, under = rows(pilot.app)[:2]
        assert first == "The patient was started on aspirin 81 mg and lisinopril in"
        assert under == " " * 27 + "DRUG───" + " " * 11 + "▐DRUG? 0.74▌"


async def test_nothing_from_a_document_drives_the_terminal() -> None:
    async with ViewApp().run_test(size=(60, 10)) as pilot:
        view = pilot.app.query_one(DocumentView)
        view.show(document(), [Mark(1, (span("red"),), "\x1b]52;c;x\x07\u202e")])
        await pilot.pause()
        shown = "".join(rows(pilot.app))
        assert "␛[31mred" in shown
        assert shown.isprintable()


@pytest.mark.parametrize("labels", ["rows", "style", "gutter"])
async def test_text_stays_where_it_is_whatever_becomes_of_marks(labels: Labels) -> None:
    async with ViewApp(labels).run_test(size=(60, 10)) as pilot:
        view = pilot.app.query_one(DocumentView)
        view.show(document())
        await pilot.pause()
        before = rows(pilot.app)
        view.set_marks([DRUG, GUESS])
        view.focus_mark(2)
        view.set_cursor(span("history"))
        await pilot.pause()
        during = rows(pilot.app)
        assert during != before
        for old, new in zip(before, during, strict=True):
            words = old.split("│")[0].rstrip()
            assert len(new) >= len(words)
            assert all(a == b or a == " " for a, b in zip(words, new, strict=False))
        view.set_marks([])
        view.set_cursor(None)
        await pilot.pause()
        assert rows(pilot.app) == before


@pytest.mark.parametrize("theme", ["ansi-dark", "textual-dark", "textual-light"])
async def test_kinds_differ_without_colour(theme: str) -> None:
    async with ViewApp().run_test(size=(60, 10)) as pilot:
        pilot.app.theme = theme
        view = pilot.app.query_one(DocumentView)
        view.show(document(), [DRUG, GUESS, Mark(3, (span("81"),), kind="find")])
        await pilot.pause()
        assert styles(pilot.app, "aspirin") == {(True, True, False)}
        assert styles(pilot.app, "lisinopril") == {(False, True, False)}
        view.focus_mark(2)
        await pilot.pause()
        assert styles(pilot.app, "lisinopril") == {(True, True, True)}
        view.set_cursor(span("aspirin"))
        await pilot.pause()
        assert styles(pilot.app, "aspirin") == {(False, False, True)}


async def test_accepting_changes_the_look_only_there() -> None:
    async with ViewApp().run_test(size=(60, 10)) as pilot:
        view = pilot.app.query_one(DocumentView)
        view.show(document(), [DRUG, GUESS], focus=2)
        await pilot.pause()
        view.replace_mark(Mark(2, GUESS.spans, "DRUG"))
        view.focus_mark(1)
        await pilot.pause()
        assert rows(pilot.app)[1] == " " * 27 + "▐DRUG▌─" + " " * 11 + "DRUG──────"


@contextmanager
def drawn_rows(view: DocumentView, monkeypatch: pytest.MonkeyPatch) -> Iterator[set[int]]:
    drawn: set[int] = set()
    draw = view._rows._draw

    def noted(row: int, *rest: Any) -> Any:
        drawn.add(row)
        return draw(row, *rest)

    with monkeypatch.context() as patch:
        patch.setattr(view._rows, "_draw", noted)
        yield drawn


async def test_only_touched_rows_are_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    async with ViewApp().run_test(size=(60, 10)) as pilot:
        view = pilot.app.query_one(DocumentView)
        view.show(document(), [DRUG, Mark(3, (span("diabetes"),), "DIS")], focus=1)
        await pilot.pause()
        with drawn_rows(view, monkeypatch) as drawn:
            view.focus_mark(3)
            await pilot.pause()
        assert drawn == {0, 1, 2, 3}
        with drawn_rows(view, monkeypatch) as drawn:
            view.set_marks([DRUG, Mark(3, (span("diabetes"),), "DISEASE")])
            await pilot.pause()
        assert drawn == {2, 3}


async def long_view(pilot: Pilot[None]) -> tuple[DocumentView, list[Mark]]:
    marks = [Mark(index, (span(f"word{index * 40} ", LONG),), "W") for index in range(100)]
    view = pilot.app.query_one(DocumentView)
    view.show(document(LONG), marks, focus=0)
    await pilot.pause()
    return view, marks


async def test_the_focus_is_always_in_sight_with_lines_around_it() -> None:
    async with ViewApp().run_test(size=(60, 12)) as pilot:
        view, _ = await long_view(pilot)
        for index in (1, 2, 3, 50, 49, 48, 99, 0):
            view.focus_mark(index)
            await pilot.pause()
            assert index in view.visible_marks()
            row = next(y for y, text in enumerate(rows(pilot.app)) if "▐W▌" in text)
            assert index in (0, 99) or 4 < row < 9, (index, row)
        assert view.scroll_offset.y == 0


async def test_scrolling_says_so_and_moves_by_rows() -> None:
    app = ViewApp()
    async with app.run_test(size=(60, 12)) as pilot:
        view, _ = await long_view(pilot)
        told = app.scrolled
        view.scroll_pages(1)
        await pilot.pause()
        assert (view.scroll_offset.y, app.scrolled) == (10, told + 1)
        assert 0 < view.progress() < 1
        view.scroll_to_end()
        await pilot.pause()
        assert view.progress() == 1.0
        assert rows(app)[-2].endswith("word3999")
        view.scroll_to_start()
        await pilot.pause()
        assert rows(app)[0].startswith("word0 ")


async def test_a_new_width_keeps_the_focus_in_sight() -> None:
    async with ViewApp().run_test(size=(60, 12)) as pilot:
        view, _ = await long_view(pilot)
        view.focus_mark(60)
        await pilot.pause()
        await pilot.resize_terminal(35, 20)
        await pilot.pause()
        assert 60 in view.visible_marks()
        assert all(len(row) <= 35 for row in rows(pilot.app))
        view.labels = "gutter"
        await pilot.pause()
        assert 60 in view.visible_marks()


async def test_a_document_shown_before_there_is_a_size_reveals_its_focus() -> None:
    class Early(ViewApp):
        def on_mount(self) -> None:
            marks = [Mark(7, (span("word3000 ", LONG),), "W")]
            self.query_one(DocumentView).show(document(LONG), marks, focus=7)

    async with Early().run_test(size=(60, 12)) as pilot:
        await pilot.pause()
        assert any("▐W▌" in row for row in rows(pilot.app))


async def test_places_are_found_by_cell_and_by_line() -> None:
    async with ViewApp().run_test(size=(60, 10)) as pilot:
        view = pilot.app.query_one(DocumentView)
        view.show(document())
        await pilot.pause()
        red = TEXT.index("\x1b")
        assert view.place_at(27, 0) == ("p", TEXT.index("aspirin"))
        assert view.place_at(9, 4) == ("p", red + 9)
        assert view.place_at(10, 4) == ("p", red + 9)
        assert view.place_at(0, 9) is None
        assert view.line_move("p", 4, 1) == ("p", TEXT.index("2019") + 4, 4)
        assert view.line_move("p", 4, -3) == ("p", 4, 4)
        part, offset, column = view.line_move("p", 40, 2)
        assert (part, offset, column) == ("p", len(TEXT), 40)
        assert view.line_move(part, offset, -2, column=column) == ("p", 40, 40)


async def test_marks_that_point_nowhere_are_not_drawn() -> None:
    async with ViewApp().run_test(size=(60, 10)) as pilot:
        view = pilot.app.query_one(DocumentView)
        lost = [Mark(1, (Span("q", 0, 3),), "X"), Mark(2, (Span("p", 900, 903),), "Y"), Mark(3, (), "Z")]
        view.show(document(), lost, focus=1)
        for id in (1, 2, 3):
            view.focus_mark(id)
        await pilot.pause()
        assert view.visible_marks() == []
        assert rows(pilot.app)[1] == ""


async def test_an_empty_document_is_shown_empty() -> None:
    async with ViewApp().run_test(size=(60, 10)) as pilot:
        view = pilot.app.query_one(DocumentView)
        view.show(Document("d", (Part("p", ""),)))
        await pilot.pause()
        assert set(rows(pilot.app)) == {""}
        assert view.progress() == 1.0
        view.show(Document("e", ()))
        await pilot.pause()
        assert view.visible_marks() == []

"""Selecting by keyboard: as a whole, then one end, then the other."""

from __future__ import annotations

import pytest

from tui_annotate.domain.documents import Document, Part
from tui_annotate.domain.spans import Span
from tui_annotate.screens.finding import Finding
from tui_annotate.screens.selecting import Selecting
from tui_annotate.session.selection import Selection

TEXT = "The patient took aspirin.\nNo known drug allergies."
DOCUMENT = Document("d", (Part("s1v1", TEXT), Part("s1v2", "Émile was STRASSE seen.")))


def line_move(part: str, offset: int, lines: int, column: int | None) -> tuple[str, int, int]:
    """Move by the line of the text, as a view that never wraps."""
    text = DOCUMENT.part(part).text
    line = text.count("\n", 0, offset)
    column = offset - (text.rfind("\n", 0, offset) + 1) if column is None else column
    starts = [0, *(index + 1 for index, char in enumerate(text) if char == "\n")]
    target = max(0, min(line + lines, len(starts) - 1))
    return part, min(starts[target] + column, len(text)), column


@pytest.fixture
def selecting() -> Selecting:
    selection = Selection.at(DOCUMENT, "s1v1", 4)
    assert selection is not None
    return Selecting(DOCUMENT, selection, line_move)


def words(selecting: Selecting) -> str:
    return DOCUMENT.slice(selecting.span)


def test_it_moves_as_a_whole_until_an_end_is_held(selecting: Selecting) -> None:
    selecting.step(1, "word")
    assert words(selecting) == "took"
    selecting.hold()
    selecting.step(1, "word")
    assert words(selecting) == "took aspirin"
    selecting.other_end()
    selecting.step(-1, "word")
    assert words(selecting) == "patient took aspirin"
    selecting.step(1, "character")
    assert words(selecting) == "atient took aspirin"


def test_an_end_never_passes_the_other(selecting: Selecting) -> None:
    selecting.hold()
    assert not selecting.step(-1, "word")
    assert words(selecting) == "patient"


def test_lines_move_the_word_or_the_held_end(selecting: Selecting) -> None:
    selecting.line(1)
    assert words(selecting) == "known"
    selecting.line(-1)
    assert words(selecting) == "patient"
    selecting.hold()
    selecting.line(1)
    assert words(selecting) == "patient took aspirin.\nNo known drug"


def test_finding_goes_on_and_round_without_regard_to_case() -> None:
    finding = Finding(DOCUMENT, "a")
    first = finding.after(None)
    assert first == Span("s1v1", 5, 6)
    seen = [first]
    while (following := finding.after(seen[-1])) != first:
        assert following is not None
        seen.append(following)
    assert [span.start for span in seen] == [5, 17, 40, 7, 13]
    assert Finding(DOCUMENT, "straße").after(None) == Span("s1v2", 10, 17)
    assert Finding(DOCUMENT, "none.*").after(None) is None

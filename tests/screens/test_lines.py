"""The lines around the document: what they say, how they are cut, and that nothing moves."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.screens.conftest import HOSTILE, MIXED
from tui_annotate.domain.scheme import Choice as SchemeChoice
from tui_annotate.domain.scheme import DocumentLabel, Scheme
from tui_annotate.errors import DiskFullError
from tui_annotate.keymaps.assignment import assign
from tui_annotate.screens import status
from tui_annotate.screens.label_rows import Part, arrange, label_row
from tui_annotate.screens.lines import Lines, row, strip_of
from tui_annotate.screens.notices import Notices
from tui_annotate.screens.picker import Choice, matching
from tui_annotate.store.counters import Progress


@dataclass
class State:
    """A learning state."""

    active: bool = True
    every: int = 10
    since: int = 6
    runs: dict[str, str] = field(default_factory=lambda: {"entities": "entities-7"})
    figure: str = "F1 0.81 (0.70-0.89, 38 held out)"
    training: str = ""
    fraction: float | None = None
    waiting: bool = False
    news: str = ""
    failed: bool = False


PROGRESS = Progress(total=2412, confirmed=391, skipped=2, in_progress=1, holdout_confirmed=38, sequence=9)


@given(
    left=st.lists(st.text(st.sampled_from("ab 漢─é"), max_size=30), max_size=4),
    right=st.lists(st.text(st.sampled_from("ab 漢"), max_size=30), max_size=3),
    width=st.integers(1, 60),
)
def test_a_row_fills_its_width_exactly(left: list[str], right: list[str], width: int) -> None:
    strip = strip_of(row(*left, right=right), width)
    assert sum(segment.cell_length for segment in strip) == width


def test_what_stands_last_at_the_right_is_cut_last() -> None:
    cut = strip_of(row("sms-4145", right=["why here: a model that never saw it says no   ", "NOT SAVED "]), 40)
    assert cut.text == "sms-4145      why here: a mo… NOT SAVED "


def test_the_header_says_what_the_design_asks_for() -> None:
    text = status.header("notes.db", PROGRESS, State(training="entities", fraction=0.62)).text
    assert text == (
        " notes.db  391/2412 confirmed  2 skipped │ run entities-7  F1 0.81 (0.70-0.89, 38 held out)"
        " │ retrain 6/10 ▸ training 62 %"
    )


@pytest.mark.parametrize(
    ("state", "said"),
    [
        (State(runs={}), "no model yet"),
        (State(active=False), "retrain off"),
        (State(failed=True), "training failed"),
        (State(since=30), "retrain 10/10"),
        (State(runs={"a": "a-1", "b": "b-1"}), "runs a-1, b-1"),
        (State(runs={"a": "a-1", "b": "b-1", "c": "c-1"}), "3 runs"),
    ],
)
def test_the_header_says_how_learning_stands(state: State, said: str) -> None:
    assert said in status.header("notes.db", PROGRESS, state).text


def test_names_from_outside_are_made_visible() -> None:
    rows = [
        status.header(f"n{HOSTILE}.db", PROGRESS, State(figure=HOSTILE, runs={"a": HOSTILE})),
        status.rule(HOSTILE),
        status.banner(DiskFullError(f"No room for {HOSTILE}")),
        status.banner_hint(DiskFullError("x", hint=HOSTILE)),
    ]
    assert not set("".join(r.text for r in rows)) & set("\x1b\x07\x9b\u202e")


def test_labels_find_rows_and_a_narrow_screen_gives_them_more() -> None:
    keymap = assign(MIXED)
    assert [[label.name for label in row] for row in arrange(MIXED, keymap, 100)] == [["urgent", "smoker"]]
    assert [[label.name for label in row] for row in arrange(MIXED, keymap, 40)] == [["urgent"], ["smoker"]]
    text = label_row([Part(label) for label in MIXED.labels], keymap, None).text
    for word in ("urgent", "yes", "no", "smoker", "current", "never"):
        assert word in text


def test_a_label_wider_than_the_screen_goes_on_in_the_next_row() -> None:
    options = tuple(
        SchemeChoice(name) for name in ("anger", "disgust", "fear", "joy", "neutral", "sadness", "surprise")
    )
    scheme = Scheme(labels=(DocumentLabel("emotion", "choices", options), DocumentLabel("urgent", "boolean")))
    keymap = assign(scheme)
    for width in (30, 50, 80, 120):
        rows = [label_row(parts, keymap, None).text for parts in arrange(scheme, keymap, width)]
        assert all(len(text.rstrip()) <= width for text in rows)
        assert [text.count("emotion") for text in rows[:2]] == [1, 0]
        if width > 30:
            assert all(option.value in " ".join(rows) for option in options)
            assert "urgent" in rows[-1]
    assert len(arrange(scheme, keymap, 200)) == 1


def test_what_is_typed_finds_the_whole_name_before_parts_of_others() -> None:
    names = ["Adverse drug event", "Drug dose", "Drug", "Undrugged", "Dr. Unger"]
    found = matching("drug", [Choice(name, name) for name in names])
    assert [choice.name for choice in found] == ["Drug", "Drug dose", "Adverse drug event", "Undrugged", "Dr. Unger"]
    assert matching("zz", [Choice(name, name) for name in names]) == []


def told_in(panel: Lines) -> list[str]:
    return [line.text.strip("─ ") for line in panel.rows]


def test_a_notice_that_is_longer_than_the_rule_goes_on_below_it_until_a_key_comes() -> None:
    panel = Lines(5)
    notices = Notices(panel)
    for index in range(1, 4):
        notices.put(index, row(f"row {index}"))
    panel.put(4, row("keys"))
    notices.tell("d1: rita decided on this version since. Ask them first. The same key again leaves it.", width=40)
    assert told_in(panel) == [
        "d1: rita decided on this version",
        "since. Ask them first. The same key",
        "again leaves it.",
        "row 3",
        "keys",
    ]
    notices.put(1, row("another focus"))
    assert panel.rows[1].text.strip() == "since. Ask them first. The same key"
    notices.tell("")
    assert told_in(panel) == ["", "another focus", "row 2", "row 3", "keys"]
    notices.tell("word " * 60, width=40)
    assert len(told_in(panel)[3]) > 40, "the last one is cut by the row, with a sign"
    assert panel.rows[4].text == "keys"
    assert [line.partition("  ")[2][:2] for line in notices.told] == ["d1", "wo"]


def test_what_comes_by_itself_stays_a_moment_and_gives_way_to_a_warning() -> None:
    panel, now = Lines(3), [0.0]
    notices = Notices(panel, clock=lambda: now[0])
    notices.tell("d1 was deleted by alice", warning=True, unasked=True)
    notices.tell("2 documents came in", unasked=True)
    notices.tell("")
    assert told_in(panel)[0] == "d1 was deleted by alice"
    now[0] = 5.0
    notices.tell("")
    assert told_in(panel)[0] == ""
    notices.tell("2 documents came in", unasked=True)
    notices.tell("Nothing is focused.", warning=True)
    assert told_in(panel)[0] == "Nothing is focused."
    notices.tell("")
    assert told_in(panel)[0] == ""
    assert len(notices.told) == 4

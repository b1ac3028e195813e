"""What is said of the runs that serve."""

from __future__ import annotations

from tui_annotate.services.registering import figure
from tui_annotate.store.runs import RunRow


def test_runs_without_a_figure_say_once_how_much_is_held_out() -> None:
    few = {"holdout": {"documents": 4, "needed": 30}}
    rows = [RunRow(f"{task}-1", task, task, documents=9, metrics=few) for task in ("attributes:status", "entities")]
    assert figure(rows) == "4/30 held out"

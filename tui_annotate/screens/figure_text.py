"""What the figures screen says, section by section. Pure: what was read in, lines out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from tui_annotate.learn.messages import CurveDrawn
from tui_annotate.services import figure_words, figures, stopping
from tui_annotate.services.figures import Point
from tui_annotate.store import pace, runs, settings
from tui_annotate.store.connection import Corpus
from tui_annotate.store.pace import Pace
from tui_annotate.store.runs import RunRow

Section = Literal["figures", "confusion", "calibration", "compared", "curve", "stop", "pace"]
SECTIONS: dict[Section, str] = {
    "figures": "figures",
    "confusion": "confusion",
    "calibration": "calibration",
    "compared": "compared",
    "curve": "learning curve",
    "stop": "stop or go on",
    "pace": "pace",
}
_PARTS = (("holdout", "held out"), ("test", "tagged Test"), ("validation", "validation part"))
_WIDEST = 110
_ROWS = 16


@dataclass(slots=True)
class Held:
    """What is known of the task on screen."""

    tasks: list[str] = field(default_factory=list)
    deployed: dict[str, RunRow] = field(default_factory=dict)
    rows: list[RunRow] = field(default_factory=list)
    """Finished runs of the task, the newest first."""
    history: list[Point] = field(default_factory=list)
    curve: CurveDrawn | None = None
    stop: list[stopping.Stop] = field(default_factory=list)
    pace: list[Pace] = field(default_factory=list)


def read(corpus: Corpus, task: str) -> Held:
    """Read what the screen shows; nothing is trained or measured for it."""
    tasks = settings.scheme(corpus).tasks
    task = task if task in tasks else next(iter(tasks), "")
    rows = [one for one in runs.all(corpus, task=task) if one.state == "finished"] if task else []
    return Held(
        tasks,
        runs.deployed(corpus),
        list(reversed(rows)),
        figures.history(corpus, task),
        figures.kept_curve(corpus, task),
        stopping.report(corpus, tasks=[task]) if task else [],
        pace.pace(corpus),
    )


def lines(
    section: Section,
    held: Held,
    run: RunRow | None,
    *,
    width: int,
    measured: Mapping[str, Any] | None = None,
    beside: Mapping[str, Any] | None = None,
) -> list[str]:
    """Return a section as text.

    Args:
        run: The one on screen; None where none is deployed.
        measured: Its figures on the gold as it is now, where that was asked for.
        beside: What comparing it with another came to, by part, where that was asked for.
    """
    if section == "pace":
        found = [line for one in held.pace for line in pace.said(one)]
        return found or ["Nothing was decided with keys yet."]
    if not held.tasks:
        return ["The scheme has nothing to learn: give it an entity type or a document label."]
    if section == "stop":
        return [line for one in held.stop for line in stopping.said(one)] + _audits()
    if section == "curve":
        return _curve(held, width)
    if run is None:
        return ["No run is deployed yet. Confirm documents until a training begins, or train now."]
    if section == "compared":
        return _compared(run, beside or {})
    return _parts(section, measured or run.metrics)


def _parts(section: Section, measured: Mapping[str, Any]) -> list[str]:
    found: list[str] = []
    for part, words in _PARTS:
        held = measured.get(part)
        if held:
            first, *rest = _of(section, held)
            found += [*([""] if found else []), f"{words}: {first}", *rest]
    return found or ["This run was not measured."]


def _of(section: Section, held: Mapping[str, Any]) -> list[str]:
    whole = figure_words.overview(held)
    if len(whole) == 1:
        return whole
    if section == "figures":
        return [*whole, "", *figure_words.by_part(held)]
    if section == "confusion":
        return [whole[0], *(figure_words.confusion(held) or ["  a document may hold several values: see the figures"])]
    return [whole[0], *figure_words.calibration(held), "", *figure_words.above(held)]


def _compared(run: RunRow, beside: Mapping[str, Any]) -> list[str]:
    found: list[str] = []
    for part, held in beside.items():
        found += [f"{part}:", *figure_words.paired(held), ""]
    paired = run.metrics.get("paired")
    if paired and not beside:
        found += [f"when it was trained, on {paired.get('on', 'holdout')}:", *figure_words.paired(paired)]
    stable = run.metrics.get("stability")
    if stable:
        found += ["", figure_words.stability(stable)]
    return found or ["There was no run before this one to compare with. It can be compared with any other."]


def _curve(held: Held, width: int) -> list[str]:
    size = (min(max(width - 4, 40), _WIDEST), _ROWS)
    table = figure_words.over_time(held.history)
    found = ["runs so far", *table] if table else ["No run has a figure yet on what was held out."]
    found += figure_words.over_time_drawn(held.history, size=size)
    if held.curve is None:
        return [*found, "", "No learning curve was drawn yet: drawing one trains on parts of the gold."]
    return [*found, "", *figure_words.curve(held.curve), *figure_words.curve_drawn(held.curve, size=size)]


def _audits() -> list[str]:
    widths = ", ".join(f"{count} give {width:g}" for count, width in stopping.AUDIT_WIDTHS.items())
    said = f"Width of the interval of an accuracy of 0.9: {widths}."
    return ["", f"An audit draws random documents to measure on. {said}"]

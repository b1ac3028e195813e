"""Whether to go on: the figure and its interval, whether trainings still change anything, what more would bring."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from tui_annotate.domain.extrapolating import Range, Trend, trend
from tui_annotate.domain.figures import LEAST_DOCUMENTS, headline, wilson
from tui_annotate.services import figures
from tui_annotate.store import auditing, counters, runs, settings
from tui_annotate.store.connection import Corpus

MORE = 50
"""Confirmations ahead that a forecast is made for."""
STABLE = 0.99
"""Kappa of two runs in a row from which another training changes next to nothing."""
AUDIT_WIDTHS = {count: round(high - low, 2) for count in (30, 50, 100) for low, high in (wilson(0.9 * count, count),)}
"""Width of the interval that so many audited documents give to an accuracy of 0.9."""

Source = Literal["runs", "curve", ""]


@dataclass(frozen=True, slots=True)
class Stop:
    """What is known of one task."""

    task: str
    run: str
    """Deployed; empty where none is."""
    documents: int
    """It was trained on."""
    held_out: int
    """Documents that its figure was measured on."""
    needed: int
    figure: dict[str, Any] | None
    """`name`, `value`, `low`, `high`."""
    test: dict[str, Any] | None
    """The same on documents tagged `Test`, with how many `documents` they are."""
    stability: dict[str, Any] | None
    """As `learn.stability.agreement` has it."""
    kappas: tuple[float, ...]
    """Of the newest runs with the run before each, the newest last."""
    source: Source
    """What the forecast goes by: the runs so far, or the learning curve that was drawn."""
    points: int
    gain: Range | None
    """What the next `MORE` confirmations are expected to add to the figure; None: cannot be said yet."""
    target: float | None
    further: tuple[int | None, int | None, int | None] | None
    """Confirmations until the target: expected, at best, at worst; None for one that is out of reach."""

    @property
    def is_stable(self) -> bool:
        """Say whether the last two trainings changed next to nothing."""
        return len(self.kappas) >= 2 and min(self.kappas[-2:]) >= STABLE


def report(corpus: Corpus, *, tasks: Sequence[str] = (), target: float | None = None) -> list[Stop]:
    """Return what is known of each task of the scheme, without training anything.

    Args:
        target: Figure to reach; None for the corpus's own.
    """
    known = settings.load(corpus)
    wanted = target if target is not None else known.target or None
    deployed = runs.deployed(corpus)
    trained_share = 1 - known.holdout_share
    found = []
    for task in settings.scheme(corpus).tasks:
        if tasks and task not in tasks:
            continue
        row = deployed.get(task)
        best = headline(row.metrics) if row is not None else None
        line, source, points = _line(corpus, task, row.documents if row is not None else 0, apart=best is None)
        held = (row.metrics.get("holdout") if row is not None else None) or {}
        found.append(
            Stop(
                task=task,
                run=row.name if row is not None else "",
                documents=row.documents if row is not None else 0,
                held_out=held.get("documents", counters.progress(corpus).holdout_confirmed),
                needed=held.get("needed", LEAST_DOCUMENTS),
                figure=best,
                test=_on_test(row.metrics) if row is not None else None,
                stability=row.metrics.get("stability") if row is not None else None,
                kappas=_kappas(corpus, task),
                source=source,
                points=points,
                gain=line.gain(round(MORE * trained_share)) if line is not None else None,
                target=wanted,
                further=_confirmations(line, wanted, trained_share) if line is not None and wanted else None,
            )
        )
    return found


def audit(corpus: Corpus, count: int) -> int:
    """Have so many documents drawn at random come next, held out; return how many come."""
    return auditing.ask(corpus, count, seed=settings.load(corpus).seed)


def _on_test(metrics: Mapping[str, Any]) -> dict[str, Any] | None:
    held = metrics.get("test") or {}
    best = held.get("headline")
    return None if best is None else {**best, "documents": held["documents"]}


def _kappas(corpus: Corpus, task: str) -> tuple[float, ...]:
    finished = [row for row in runs.all(corpus, task=task) if row.state == "finished"]
    found = [row.metrics["stability"]["kappa"] for row in finished[-3:] if row.metrics.get("stability")]
    return tuple(found)


def _line(corpus: Corpus, task: str, documents: int, *, apart: bool) -> tuple[Trend | None, Source, int]:
    """Return the law of learning so far: by the curve drawn last where it is up to date, else by the runs.

    Args:
        apart: A curve will do that was measured on documents set apart for it: there is no honest figure yet.
    """
    drawn = figures.kept_curve(corpus, task)
    fresh = drawn is not None and drawn.gold >= 0.8 * documents and (apart or not drawn.is_apart)
    if drawn is not None and fresh:
        by_curve = trend([(point.documents, point.value) for point in drawn.points])
        if by_curve is not None:
            return by_curve, "curve", len(drawn.points)
    past = figures.history(corpus, task)
    alike = [point for point in past if past and (point.name, point.engine) == (past[-1].name, past[-1].engine)]
    by_runs = trend([(point.documents, point.value) for point in alike])
    if by_runs is None and drawn is not None and fresh:
        return None, "curve", len(drawn.points)
    return by_runs, "runs" if by_runs is not None else "", len(alike)


def _confirmations(line: Trend, target: float, share: float) -> tuple[int | None, int | None, int | None]:
    """Return trained documents as confirmations: some of those are held out."""
    expected, best, worst = (None if n is None else round(n / share) for n in line.needed(target))
    return expected, best, worst


def said(stop: Stop) -> list[str]:
    """Return a task's part of the report, line by line."""
    lines = [f"{stop.task}: {f'run {stop.run}, trained on {stop.documents}' if stop.run else 'nothing is learned yet'}"]
    if stop.figure is not None:
        best = stop.figure
        low, high = best["low"], best["high"]
        lines.append(
            f"  figure     {best['name']} {best['value']:.3f} ({low:.3f}-{high:.3f}, {stop.held_out} held out)"
        )
    else:
        lines.append(
            f"  figure     {stop.held_out}/{stop.needed} held out: none yet"
            f"{' (an audit draws the rest)' if stop.held_out < stop.needed else ' (too few positives)'}"
        )
    if stop.test is not None:
        best = stop.test
        between = f"{best['low']:.3f}-{best['high']:.3f}"
        lines.append(f"  test       {best['name']} {best['value']:.3f} ({between}, {best['documents']} tagged Test)")
    lines.append(f"  changes    {_stability(stop)}")
    lines.append(f"  next {MORE}    {_forecast(stop)}")
    if stop.target is not None:
        lines.append(f"  target     {_target(stop)}")
    return [*lines, f"  so         {advice(stop)}"]


def _stability(stop: Stop) -> str:
    held = stop.stability
    if held is None:
        return "cannot say yet: no run before this one was compared with"
    same = f"{held['same']:.0%} of {held['documents']} pending documents as {held['run']} has them"
    return f"{same}, kappa {held['kappa']:.3f}{' (stable)' if stop.is_stable else ''}"


def _forecast(stop: Stop) -> str:
    if stop.gain is None:
        if stop.source == "curve":
            return f"cannot say: the {stop.points} points of the learning curve follow no line"
        return (
            f"cannot say yet: {stop.points} runs with a figure are too few, or too near each other (`curve` draws some)"
        )
    by = "the learning curve" if stop.source == "curve" else "the runs so far"
    between = f"{stop.gain.low:+.3f} to {stop.gain.high:+.3f}"
    return f"{stop.gain.value:+.3f} ({between}) expected, by {by} ({stop.points} points)"


def _target(stop: Stop) -> str:
    assert stop.target is not None
    if stop.figure is not None and stop.figure["low"] >= stop.target:
        return f"{stop.target:g} is reached: the whole interval lies above it"
    if stop.further is None:
        return f"{stop.target:g}: cannot say yet how far it is"
    expected, best, worst = ("out of reach" if n is None else f"{n:,}" for n in stop.further)
    if expected == "out of reach":
        return f"{stop.target:g} is not in reach by this curve (at best {best} confirmations more)"
    return f"{stop.target:g} in {expected} confirmations more (at best {best}, at worst {worst})"


def advice(stop: Stop) -> str:
    """Return what follows, in a sentence."""
    if stop.figure is None:
        return f"go on, or ask for an audit of {max(stop.needed - stop.held_out, 10)} random documents to have a figure"
    if stop.target is not None and stop.figure["low"] >= stop.target:
        return "you may stop: the target is reached"
    if stop.gain is not None and stop.gain.high < 0.01 and stop.is_stable:
        return "you may stop: trainings change next to nothing, and no more than 0.01 is to be expected"
    if stop.target is None and stop.gain is not None and stop.gain.value < 0.005 and stop.is_stable:
        return "little is to be gained; a target (`settings target=0.9`) would say when it is enough"
    return "go on"

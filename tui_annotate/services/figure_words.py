"""Figures as lines of text: tables, matrices and drawings, for the command line and the screen alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from rich.cells import cell_len

from tui_annotate.domain.display import shown
from tui_annotate.domain.figures import LEAST_POSITIVES, bounded, changed, compared, parts, share
from tui_annotate.learn.messages import CurveDrawn
from tui_annotate.services import plotting
from tui_annotate.services.figures import Point

Size = tuple[int, int]
_SIDES: tuple[Literal["precision", "recall"], ...] = ("precision", "recall")
_WHOLE = (
    ("train", "on what it learned"),
    ("validation", "validation part"),
    ("holdout", "held out"),
    ("test", "tagged Test"),
)
_BAR = 30
_LISTED = (0.5, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99)
"""Probabilities of `GRID` that a table shows."""
_SPECIAL = ("(missed)", "(other ends)", "(spurious)")


def whole(metrics: Mapping[str, Any]) -> list[str]:
    """Return the figures of a run as they were when it was trained: each part, by label, and beside the run before."""
    lines = [f"trained on: {', '.join(f'{n} {count:,}' for n, count in (metrics.get('trained_on') or {}).items())}"]
    lines += [f"note: {note}" for note in metrics.get("notes") or ()]
    for part, words in _WHOLE:
        if metrics.get(part):
            first, *rest = overview(metrics[part])
            lines += [f"{words}: {first}", *rest, *by_part(metrics[part])]
    if metrics.get("paired"):
        lines += [f"beside the run before, on {metrics['paired'].get('on', 'holdout')}:", *paired(metrics["paired"])]
    if metrics.get("stability"):
        lines.append(stability(metrics["stability"]))
    return lines


def stability(found: Mapping[str, Any]) -> str:
    """Return how far a run agrees with the one before on pending documents."""
    same = f"{found['same']:.0%} of {found['documents']} pending documents just the same"
    return f"beside {found['run']}: {same}, kappa {found['kappa']:.3f}, {changed(found)}"


def overview(figures: Mapping[str, Any]) -> list[str]:
    """Return the figures over all values or types; how many documents there are where that is too few."""
    documents, needed = figures["documents"], figures["needed"]
    if documents < needed:
        return [f"{documents}/{needed} documents, too few for a figure{_left_out(figures)}"]
    lines = [f"{documents} documents{_left_out(figures)} (in brackets: 90 % interval)"]
    for name in ("accuracy", "f1"):
        if figures.get(name) is not None:
            lines.append(f"  {name.upper() if name == 'f1' else name:10} {bounded(figures[name], 3)}")
    if "f1" in figures:
        for side in _SIDES:
            lines.append(f"  {side:10} {bounded(share(figures, side), 3)}")
    macro = figures.get("macro")
    if macro is not None:
        over, of = figures["macro_over"], len(parts(figures))
        which = "" if len(over) == of else f", over {len(over)} of {of}: {', '.join(over)}"
        lines.append(f"  {'macro F1':10} {bounded(macro['f1'], 3)}{which}")
    if figures["headline"] is None and not any(figures.get(name) for name in ("accuracy", "f1")):
        lines.append("  too few positives for a figure")
    return lines


def _left_out(figures: Mapping[str, Any]) -> str:
    """Say how many documents were not measured on, since a run had learned their text before they were set apart."""
    count = figures.get("left_out")
    return f"; {count} left out, their text was trained on" if count else ""


def by_part(figures: Mapping[str, Any]) -> list[str]:
    """Return a table with a row for each value or type."""
    rows = [["", "positives", "precision", "recall", "F1"]]
    for name, held in parts(figures).items():
        if "f1" not in held:
            needed = held.get("needed", LEAST_POSITIVES)
            rows.append([name, f"{held['positives']}/{needed}", "too few for a figure", "", ""])
        else:
            rows.append(
                [
                    name,
                    str(held["positives"]),
                    bounded(share(held, "precision")),
                    bounded(share(held, "recall")),
                    bounded(held["f1"]),
                ]
            )
    return columns(rows) if len(rows) > 1 else []


def confusion(figures: Mapping[str, Any]) -> list[str]:
    """Return the matrix: a row for what is true, a column for what was said."""
    table: Mapping[str, Mapping[str, int]] = figures.get("confusion") or {}
    if not table:
        return []
    said = {name for row in table.values() for name in row}
    names = sorted((said | set(table)) - set(_SPECIAL))
    across = [*names, *(name for name in _SPECIAL if name in said)]
    down = [*names, *(name for name in _SPECIAL if name in table)]
    rows = [["true \\ said", *across]]
    rows += [[name, *(str(table.get(name, {}).get(other, 0) or "·") for other in across)] for name in down]
    return columns(rows, right=True)


def calibration(figures: Mapping[str, Any]) -> list[str]:
    """Return the reliability of the probabilities: what was shown beside how many were right, with bars."""
    held = figures.get("calibration")
    if not held:
        return []
    lines = [
        f"{held['suggestions']} suggestions; calibration error (ECE) {held['ece']:.3f}, Brier {held['brier']:.3f}",
        f"{'shown':11} {'count':>5}  {'mean':>4}  right",
    ]
    for one in held["bins"]:
        bar = _bar(one["right"], one["prob"])
        low, high = one["bounds"]
        lines.append(
            f"{one['low']:.1f} to {one['high']:.1f}  {one['count']:>5}  {one['prob']:.2f}  {one['right']:.2f}"
            f" ({low:.2f}-{high:.2f})  {bar}"
        )
    return [*lines, "bars: how many were right; the stroke: what was shown"]


def _bar(right: float, prob: float) -> str:
    cells = ["█" if place < round(right * _BAR) else " " for place in range(_BAR + 1)]
    cells[round(prob * _BAR)] = "│"
    return "".join(cells).rstrip()


def above(figures: Mapping[str, Any]) -> list[str]:
    """Return the precision of what is suggested at or above each probability."""
    found = figures.get("above") or {}
    if not found.get(""):
        return []
    rows = [["at or above", "suggestions", "right"]]
    rows += [[f"{row['prob']:g}", str(row["suggestions"]), bounded(row)] for row in found[""] if row["prob"] in _LISTED]
    return columns(rows, right=True)


def paired(found: Mapping[str, Any] | None) -> list[str]:
    """Return how a run does beside another on the same documents."""
    if not found:
        return []
    lines = [f"{found.get('name', '')} {compared(found)}".strip()]
    if found["outcome"] == "too few":
        return [lines[0] + _left_out(found)]
    lines[0] += f", on {found['documents']} documents{_left_out(found)}, p {found['p']:.3f}"
    rows = [["", "before", "now", "difference", ""]]
    for name, one in found.get("parts", {}).items():
        gap = one["difference"]
        between = f"{gap['value']:+.2f} ({gap['low']:+.2f} to {gap['high']:+.2f})"
        rows.append([name, f"{one['before']:.2f}", f"{one['value']:.2f}", between, one["outcome"]])
    return lines + (columns(rows) if len(rows) > 1 else [])


def over_time(points: Sequence[Point]) -> list[str]:
    """Return the runs of a task with their figures."""
    rows = [["", "run", "documents", "figure", "held out"]]
    rows += [
        [
            "*" if p.deployed else "",
            p.run,
            str(p.documents),
            f"{p.name} {p.value:.3f} ({p.low:.3f}-{p.high:.3f})",
            str(p.measured_on),
        ]
        for p in points
    ]
    return columns(rows) if points else []


def over_time_drawn(points: Sequence[Point], *, size: Size, colour: bool = False) -> list[str]:
    """Return the drawing of the runs of a task, with their intervals."""
    if len(points) < 2:
        return []
    found = {
        points[-1].name: [(float(p.documents), p.value) for p in points],
        "low": [(float(p.documents), p.low) for p in points],
        "high": [(float(p.documents), p.high) for p in points],
    }
    drawn = plotting.curves(
        found, title="runs so far, with 90 % intervals", across="documents trained on", size=size, colour=colour
    )
    return drawn.splitlines()


def curve(found: CurveDrawn) -> list[str]:
    """Return the table of a learning curve: the mean of the draws, and how far they lie apart."""
    rows = [["documents", found.name, "draws", "interval of one", "seconds"]]
    for size in sorted({p.documents for p in found.points}):
        ours = [p for p in found.points if p.documents == size]
        values = [p.value for p in ours]
        spread = f" ({min(values):.3f}-{max(values):.3f})" if len(ours) > 1 else ""
        rows.append(
            [
                str(size),
                f"{sum(values) / len(values):.3f}{spread}",
                str(len(ours)),
                f"{min(p.low for p in ours):.3f}-{max(p.high for p in ours):.3f}",
                f"{sum(p.seconds for p in ours) / len(ours):.2f}",
            ]
        )
    where = f"engine {found.engine}, measured on {found.measured_on} documents {found.measured}"
    return [f"{found.task}: {where}", *columns(rows)]


def curve_drawn(found: CurveDrawn, *, size: Size, colour: bool = False) -> list[str]:
    """Return the drawing of a learning curve."""
    sizes = sorted({p.documents for p in found.points})
    if len(sizes) < 2:
        return []
    by_size = [[p for p in found.points if p.documents == n] for n in sizes]
    lines = {
        found.name: [
            (float(n), sum(p.value for p in ours) / len(ours)) for n, ours in zip(sizes, by_size, strict=True)
        ],
        "low": [(float(n), min(p.low for p in ours)) for n, ours in zip(sizes, by_size, strict=True)],
        "high": [(float(n), max(p.high for p in ours)) for n, ours in zip(sizes, by_size, strict=True)],
    }
    title = f"{found.task}, {found.name} on {found.measured_on} documents"
    return plotting.curves(lines, title=title, across="documents trained on", size=size, colour=colour).splitlines()


def columns(rows: Sequence[Sequence[str]], *, right: bool = False) -> list[str]:
    """Return rows in columns; all but the first stand right where asked for."""
    cells = [[shown(cell, 60) for cell in row] for row in rows]
    widths = [max(cell_len(row[at]) for row in cells) for at in range(len(cells[0]))]
    found = []
    for row in cells:
        padded = []
        for at, cell in enumerate(row):
            gap = " " * (widths[at] - cell_len(cell))
            padded.append(gap + cell if right and at else cell + gap)
        found.append("  " + "  ".join(padded).rstrip())
    return found

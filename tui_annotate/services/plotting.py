"""Curves drawn in characters, for a terminal, a log or a mail."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import plotext

from tui_annotate.domain.display import shown

_MARKS = ("●", "○", "▲", "◆", "■", "□")
"""Curves are told apart by their marks; colours come on top of them."""

Curve = Sequence[tuple[float, float]]


def curves(
    found: Mapping[str, Curve],
    *,
    title: str,
    across: str,
    size: tuple[int, int] = (100, 22),
    bounds: tuple[float, float] | None = None,
    colour: bool = False,
) -> str:
    """Draw curves by name.

    Args:
        across: What the first coordinate counts.
        size: Columns and rows.
        bounds: Least and largest second coordinate; None to fit.
        colour: Leave the terminal's sequences in.
    """
    plotext.clear_figure()
    plotext.theme("clear")
    plotext.plotsize(*size)
    plotext.title(shown(title))
    plotext.xlabel(shown(across))
    for number, (name, points) in enumerate(found.items()):
        mark = _MARKS[number % len(_MARKS)]
        xs, ys = [x for x, _ in points], [y for _, y in points]
        plotext.plot(xs, ys, marker="braille", color="default")
        plotext.scatter(xs, ys, marker=mark, label=shown(name), color="default")
    if bounds is not None:
        plotext.ylim(*bounds)
    drawn: str = plotext.build()
    plotext.clear_figure()
    return drawn if colour else plotext.uncolorize(drawn)

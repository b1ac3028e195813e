"""Whether to go on: what is said with how much, from the registry and a kept curve."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from tui_annotate.domain.scheme import EntityType, Scheme
from tui_annotate.errors import UsageError
from tui_annotate.learn.messages import CurveDrawn, CurvePoint
from tui_annotate.services import figure_words, figures, stopping
from tui_annotate.store import runs, settings
from tui_annotate.store.connection import Corpus
from tui_annotate.store.runs import RunRow


@pytest.fixture
def corpus(tmp_path: Path) -> Iterator[Corpus]:
    """Return an empty corpus with an entity type."""
    with Corpus.create(tmp_path / "notes.db", scheme=Scheme((EntityType("DRUG"),))) as made:
        yield made


def run(corpus: Corpus, number: int, documents: int, value: float, *, kappa: float = 0.9, held_out: int = 60) -> None:
    """Register and deploy a run."""
    best = {"name": "F1", "value": value, "low": value - 0.03, "high": value + 0.03} if held_out >= 30 else None
    metrics: dict[str, Any] = {"holdout": {"documents": held_out, "needed": 30, "headline": best}}
    if number > 1:
        metrics["stability"] = {
            "run": f"entities-{number - 1}",
            "documents": 100,
            "same": 0.97,
            "kappa": kappa,
            "suggestions": 41,
            "changed": 3,
        }
    runs.register(corpus, RunRow(f"entities-{number}", "entities", "entities", documents=documents, metrics=metrics))
    runs.deploy(corpus, f"entities-{number}")


def only(corpus: Corpus, **options: Any) -> stopping.Stop:
    """Return the report on the only task."""
    (found,) = stopping.report(corpus, **options)
    return found


def test_nothing_can_be_said_before_anything_is_learned(corpus: Corpus) -> None:
    found = only(corpus)
    assert (found.figure, found.gain, found.run) == (None, None, "")
    told = "\n".join(stopping.said(found))
    assert "0/30 held out" in told
    assert told.count("cannot say yet") == 2
    assert "audit of 30" in told


def test_runs_so_far_say_what_more_would_bring(corpus: Corpus) -> None:
    for number, (documents, value) in enumerate([(20, 0.5), (40, 0.63), (80, 0.74), (160, 0.81)], 1):
        run(corpus, number, documents, value)
    found = only(corpus, target=0.9)
    assert (found.source, found.points, found.run) == ("runs", 4, "entities-4")
    assert found.gain is not None
    assert 0 < found.gain.value < 0.1
    assert found.further is not None
    assert found.further[0] is not None
    assert not found.is_stable
    told = stopping.said(found)
    assert any("0.9 in " in line for line in told)
    assert told[-1].strip() == "so         go on"
    assert [point.run for point in figures.history(corpus, "entities")] == [f"entities-{n}" for n in range(1, 5)]
    assert "* entities-4" in " ".join("\n".join(figure_words.over_time(figures.history(corpus, "entities"))).split())
    assert len(figure_words.over_time_drawn(figures.history(corpus, "entities"), size=(60, 12))) >= 10


def test_a_target_that_the_whole_interval_passes_ends_it(corpus: Corpus) -> None:
    run(corpus, 1, 100, 0.95)
    settings.change(corpus, target=0.9)
    found = only(corpus)
    assert found.target == 0.9
    assert stopping.advice(found) == "you may stop: the target is reached"


def test_trainings_that_change_nothing_are_stable(corpus: Corpus) -> None:
    for number, documents in enumerate((50, 100, 150), 1):
        run(corpus, number, documents, 0.9, kappa=0.995)
    assert only(corpus).is_stable
    run(corpus, 4, 200, 0.9, kappa=0.9)
    assert not only(corpus).is_stable


def test_a_curve_that_was_drawn_goes_before_the_runs(corpus: Corpus) -> None:
    run(corpus, 1, 100, 0.8, held_out=12)
    points = [CurvePoint(n, 0, 1 - 2 * n**-0.5, 0.0, 1.0, None, 0.1) for n in (25, 50, 75, 100)]
    drawn = CurveDrawn(
        task="entities", engine="entities", name="F1", measured="held out", measured_on=40, points=points
    )
    figures._keep(figures._curve_file(corpus, "entities"), drawn)
    assert figures.kept_curve(corpus, "entities") == drawn
    found = only(corpus)
    assert (found.source, found.points, found.figure) == ("curve", 4, None)
    table = figure_words.curve(drawn)
    assert table[0] == "entities: engine entities, measured on 40 documents held out"
    assert table[2].split()[:2] == ["25", "0.600"]
    assert "F1 on 40 documents" in "\n".join(figure_words.curve_drawn(drawn, size=(70, 14)))


def test_a_curve_counts_what_was_set_apart_for_it_and_one_without_a_line_says_so(corpus: Corpus) -> None:
    run(corpus, 1, 190, 0.8, held_out=12)
    points = [CurvePoint(n, 0, 1 - 2 * n**-0.5, 0.0, 1.0, None, 0.1) for n in (37, 74, 112, 149)]
    drawn = CurveDrawn(
        task="entities",
        engine="entities",
        name="F1",
        measured="set apart for this curve",
        measured_on=62,
        points=points,
    )
    figures._keep(figures._curve_file(corpus, "entities"), drawn)
    assert only(corpus).source == "curve"
    figures._keep(figures._curve_file(corpus, "entities"), structs.replace(drawn, points=points[:2]))
    assert "`curve` draws some" in "\n".join(stopping.said(only(corpus))), "of long ago"
    figures._keep(figures._curve_file(corpus, "entities"), structs.replace(drawn, points=[points[-1]] * 3))
    assert "follow no line" in "\n".join(stopping.said(only(corpus)))
    figures._keep(figures._curve_file(corpus, "entities"), drawn)
    run(corpus, 2, 195, 0.8)
    assert only(corpus).source == "", "no forecast by what the model picked, where something was held out"


def test_unknown_tasks_and_runs_are_told(corpus: Corpus) -> None:
    with pytest.raises(UsageError, match="no task 'entitis'"):
        figures.curve(corpus, "entitis")
    run(corpus, 1, 100, 0.8)
    with pytest.raises(UsageError, match="the same run"):
        figures.compare(corpus, "entities-1", "entities-1")
    with pytest.raises(UsageError, match="no run entities-9"):
        figures.chosen(corpus, run="entities-9")

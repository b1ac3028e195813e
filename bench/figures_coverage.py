"""How often nominal 90 % intervals hold what they should, at 30, 100 and 300 held-out documents.

    python -m bench.figures_coverage [--runs 500]

Documents are drawn again and again from a gold corpus with the predictions of a real model (BC5CDR sentences, and
eight of them joined; SMS spam), and from made ones whose documents differ a little or a lot. `plain` counts every
entity as independent, `f1` is what is shown. The truth is the figure over all documents. Needs the data folder beside
the project (see `simulations.DATA`) for the real ones.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from collections.abc import Sequence
from typing import Any

import numpy as np

from bench.simulations import DATA
from tui_annotate.domain.figures import wilson
from tui_annotate.learn.comparing import by_f1, newcombe
from tui_annotate.learn.engines.base import Example, no_progress
from tui_annotate.learn.engines.registry import engine_for
from tui_annotate.learn.grading import Graded, grade
from tui_annotate.learn.intervals import Tally, clustered_f1, clustered_share, f1_interval, macro_f1
from tui_annotate.services import gold

SIZES = (30, 100, 300)
POOL = 4000


def graded(train: gold.Gold, test: gold.Gold, confirmed: int) -> Graded:
    """Return what a model fitted on some documents makes of others."""
    (task, *_) = train.scheme.tasks
    chosen = random.Random(0).sample(train.documents, confirmed)
    held = random.Random(1).sample(test.documents, min(POOL, len(test.documents)))
    factory = engine_for(task, train.scheme)
    space = factory.learn([d.document for d in train.documents], seed=0, progress=no_progress)
    examples = [Example(row, d.document, d.versions[0].annotations) for row, d in enumerate(chosen)]
    encodings = space.encode([e.document for e in examples])
    model = factory.create(task, train.scheme, space).fit(
        examples, encodings, parameters={}, seed=0, progress=no_progress
    )
    said = model.predict(space.encode([d.document for d in held]), run="", minimum=0.3)
    found = grade(task, train.scheme, [d.versions[0].annotations for d in held], said)
    assert found is not None
    return found


def made(share: float, alike: float, *, documents: int = 20_000, each: float = 4.0) -> Tally:
    """Return documents whose share of hits varies about `share`; a small `alike` makes them differ a lot."""
    rng = np.random.default_rng(1)
    answers = rng.poisson(each, documents)
    hits = rng.binomial(answers, rng.beta(share * alike, (1 - share) * alike, documents))
    wrong = answers - hits
    spurious = rng.binomial(wrong, 0.5)
    return Tally(hits.astype(float), spurious.astype(float), (wrong - spurious).astype(float))


def some(tally: Tally, rows: Any) -> Tally:
    """Return some documents."""
    return Tally(tally.tp[rows], tally.fp[rows], tally.fn[rows])


def of_entities(tallies: Sequence[Tally], runs: int) -> dict[str, Any]:
    """Return how often intervals hold the truth, of all types together and of their macro mean."""
    whole = Tally(sum(t.tp for t in tallies), sum(t.fp for t in tallies), sum(t.fn for t in tallies))
    truth, precision = whole.total.f1, whole.total.precision
    rng = np.random.default_rng(0)
    found = {}
    for size in SIZES:
        held = dict.fromkeys(("plain", "f1", "precision", "macro"), 0)
        measured = 0
        for _ in range(runs):
            rows = rng.integers(0, len(whole.tp), size)
            drawn = some(whole, rows)
            held["plain"] += _holds(f1_interval(drawn.total), truth)
            held["f1"] += _holds(clustered_f1(drawn), truth)
            held["precision"] += _holds(clustered_share(drawn.tp, drawn.tp + drawn.fp), precision)
            over = [t for t in tallies if some(t, rows).total.positives >= 10]
            if over:
                measured += 1
                mean = sum(t.total.f1 for t in over) / len(over)
                held["macro"] += _holds(macro_f1([some(t, rows) for t in over]), mean)
        found[str(size)] = {
            name: round(count / (measured if name == "macro" else runs), 3) for name, count in held.items()
        }
    return found


def of_labels(found: Graded, runs: int) -> dict[str, Any]:
    """Return how often intervals of accuracy, of a value's F1 and of the macro mean hold the truth."""
    right = np.array([bool(one) for one in found.outcomes])
    tallies = found.by_name()
    rng = np.random.default_rng(0)
    result = {}
    for size in SIZES:
        held = dict.fromkeys(("accuracy", "f1 of a value", "macro"), 0)
        values = measured = 0
        for _ in range(runs):
            rows = rng.integers(0, len(right), size)
            held["accuracy"] += _holds(wilson(int(right[rows].sum()), size), right.mean())
            over = [t for t in tallies.values() if some(t, rows).total.positives >= 10]
            for tally in over:
                values += 1
                held["f1 of a value"] += _holds(f1_interval(some(tally, rows).total), tally.total.f1)
            if over:
                measured += 1
                mean = sum(t.total.f1 for t in over) / len(over)
                held["macro"] += _holds(macro_f1([some(t, rows) for t in over]), mean)
        result[str(size)] = {
            "accuracy": round(held["accuracy"] / runs, 3),
            "f1 of a value": round(held["f1 of a value"] / max(values, 1), 3),
            "macro": round(held["macro"] / max(measured, 1), 3),
        }
    return result


def of_differences(whole: Tally, runs: int) -> dict[str, Any]:
    """Return how often the interval of the difference of two runs holds the truth, and what is concluded."""
    rng = np.random.default_rng(2)
    better = whole.tp.copy(), whole.fp.copy(), whole.fn.copy()
    gains, losses = (
        (rng.random(len(whole.tp)) < 0.2) & (whole.fn > 0),
        (rng.random(len(whole.tp)) < 0.1) & (whole.tp > 0),
    )
    better[0][gains] += 1
    better[2][gains] -= 1
    better[0][losses] -= 1
    better[2][losses] += 1
    other = Tally(*better)
    truth = other.total.f1 - whole.total.f1
    found = {}
    for size in SIZES:
        held, outcomes = 0, {"better": 0, "worse": 0, "not distinguishable": 0}
        for _ in range(runs):
            rows = rng.integers(0, len(whole.tp), size)
            one = by_f1(some(other, rows), some(whole, rows), rng)
            held += _holds((one["difference"]["low"], one["difference"]["high"]), truth)
            outcomes[one["outcome"]] += 1
        found[str(size)] = {"holds": round(held / runs, 3), "truth": round(truth, 3), **outcomes}
    return found


def of_pairs(runs: int) -> dict[str, Any]:
    """Return how often the interval of a difference of accuracies holds the truth."""
    rng = np.random.default_rng(3)
    found = {}
    for size in SIZES:
        held = 0
        for _ in range(runs):
            cells = rng.multinomial(size, (0.8, 0.08, 0.04, 0.08))
            held += _holds(newcombe(*(int(cell) for cell in cells)), 0.04)
        found[str(size)] = round(held / runs, 3)
    return found


def _holds(bounds: tuple[float, float], truth: float) -> bool:
    return bounds[0] <= truth <= bounds[1]


def _joined(tallies: Sequence[Tally], count: int) -> list[Tally]:
    """Return documents of so many others each."""
    size = len(tallies[0].tp) // count * count
    return [Tally(*(column[:size].reshape(-1, count).sum(axis=1) for column in (t.tp, t.fp, t.fn))) for t in tallies]


def main() -> dict[str, Any]:
    """Measure all."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=500)
    runs = parser.parse_args().runs
    found: dict[str, Any] = {
        f"made, F1 about {2 * share / (1 + share):.2f}, {words}": of_entities([made(share, alike)], runs)
        for share in (0.5, 0.8, 0.95)
        for alike, words in ((1.0, "documents differ a lot"), (50.0, "documents much alike"))
    }
    found["difference of accuracies"] = of_pairs(runs)
    if not DATA.is_dir():
        return {**found, "skipped": "the data are not here"}
    train = gold.load(DATA / "bc5cdr" / "train.jsonl")
    entities = list(
        graded(train, gold.load(DATA / "bc5cdr" / "test.jsonl", scheme=train.scheme), 150).by_name().values()
    )
    found["BC5CDR sentences"] = of_entities(entities, runs)
    found["BC5CDR, 8 sentences joined"] = of_entities(_joined(entities, 8), runs)
    together = Tally(*(sum(getattr(t, n) for t in entities) for n in ("tp", "fp", "fn")))
    found["BC5CDR, difference of two runs"] = of_differences(together, runs)
    sms = gold.load(DATA / "sms_spam" / "all.jsonl")
    pool, test = sms.split(0.7, 0)
    found["SMS spam"] = of_labels(graded(pool, test, 40), runs)
    return found


if __name__ == "__main__":
    json.dump(main(), sys.stdout, indent=1)
    print()

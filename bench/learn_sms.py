"""Confirmations until document labels on SMS spam are 98 % right two rounds in a row, picked and at random.

The test share is set apart first, its texts too: the space is learned from the others. A tenth of what is
shown is held out: it counts as confirmed and is never trained on. Runs engine and acquisition alone, in the
order that a corpus would give.

    python -m bench.learn_sms [--seeds 20] [--n 10] [--quick]
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tui_annotate.domain.annotations import Annotations, LabelValue
from tui_annotate.domain.documents import Document, Part
from tui_annotate.domain.scheme import Choice, DocumentLabel, Scheme
from tui_annotate.errors import TooFewExamplesError
from tui_annotate.learn.acquisition import pick
from tui_annotate.learn.engines.base import Example, no_progress
from tui_annotate.learn.engines.labels import LabelEngines

DATA = Path(__file__).parents[2] / "shared" / "data" / "sms_spam" / "all.jsonl"
TARGET = 0.98
SCHEME = Scheme(labels=(DocumentLabel("label", "choice", (Choice("ham"), Choice("spam"))),))


@dataclass(frozen=True, slots=True)
class Corpus:
    """The messages of one seed, encoded in the space of those that are not tested on."""

    gold: list[Example]
    values: np.ndarray
    test: np.ndarray
    pool: np.ndarray
    encodings: object
    engine: object


def read(path: Path) -> list[Example]:
    """Read the messages."""
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    return [
        Example(
            number,
            Document(row["id"], (Part("s1v1", row["text"]),)),
            Annotations(labels={"label": LabelValue("label", row["label"])}),
        )
        for number, row in enumerate(rows)
    ]


def set_apart(gold: list[Example], *, seed: int, test_share: float) -> Corpus:
    """Draw the test share and learn from the texts of the rest."""
    order = np.random.default_rng(seed).permutation(len(gold))
    test, pool = np.split(order, [int(test_share * len(order))])
    factory = LabelEngines()
    space = factory.learn([gold[i].document for i in pool], seed=0, progress=no_progress)
    values = np.array([example.annotations.labels["label"].value for example in gold])
    encodings = space.encode([example.document for example in gold])
    return Corpus(gold, values, test, pool, encodings, factory.create("labels:label", SCHEME, space))


def play(corpus: Corpus, *, seed: int, strategy: str, n: int, most: int) -> dict:
    """Return the confirmations one seed needs, None where it does not get there by `most`."""
    test, pool = corpus.test, corpus.pool
    held, queue = list(pool[: len(pool) // 10]), list(pool[len(pool) // 10 :])
    left, taken, points, row = set(map(int, queue)), [], [], 0
    tests = corpus.encodings.select(test)
    for confirmed in range(n, most + 1, n):
        for number in range(confirmed - n, confirmed):
            if (number + 1) // 10 > number // 10:
                held.pop()
            else:
                taken.append(int(queue.pop(0)))
                left.discard(taken[-1])
        start = time.perf_counter()
        try:
            model = corpus.engine.fit(
                [corpus.gold[i] for i in taken],
                corpus.encodings.select(taken),
                parameters={},
                seed=seed,
                progress=no_progress,
            )
        except TooFewExamplesError:
            continue
        answers = [found[0].value for found in model.predict(tests, run="r")]
        accuracy = float(np.mean(np.array(answers) == corpus.values[test]))
        points.append({"confirmations": confirmed, "accuracy": round(accuracy, 4)})
        row = row + 1 if accuracy >= TARGET else 0
        if row == 2:
            return {"seed": seed, "confirmations": confirmed, "points": points}
        if strategy != "random":
            rest = np.array(sorted(left))
            signals = model.signals(corpus.encodings.select(rest))
            queue = [int(rest[entry.row]) for entry in pick(signals, strategy=strategy, size=n, n=n, seed=seed)]
        points[-1]["seconds"] = round(time.perf_counter() - start, 3)
    return {"seed": seed, "confirmations": None, "points": points}


def summary(runs: list[dict]) -> dict:
    """Return median and worst; a seed that does not get there counts as one round more than it was given."""
    beyond = max(run["points"][-1]["confirmations"] for run in runs) + 10
    reached = [run["confirmations"] or beyond for run in runs]
    return {
        "median": statistics.median(reached),
        "worst": max(reached),
        "not_reached": sum(run["confirmations"] is None for run in runs),
        "confirmations": [run["confirmations"] for run in runs],
        "slowest_round_seconds": max(point.get("seconds", 0.0) for run in runs for point in run["points"]),
    }


def main() -> int:
    """Print the figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--n", type=int, default=10)
    parser.add_argument("--max", type=int, default=500)
    parser.add_argument("--strategies", nargs="*", default=["margin", "random"])
    parser.add_argument("--quick", action="store_true", help="5 seeds, and random to 200 only")
    options = parser.parse_args()
    if not DATA.exists():
        print(json.dumps({"skipped": f"{DATA} is not here"}))
        return 0
    gold = read(DATA)
    runs: dict[str, list[dict]] = {strategy: [] for strategy in options.strategies}
    for seed in range(5 if options.quick else options.seeds):
        corpus = set_apart(gold, seed=seed, test_share=0.2)
        for strategy in options.strategies:
            most = 200 if options.quick and strategy == "random" else options.max
            runs[strategy].append(play(corpus, seed=seed, strategy=strategy, n=options.n, most=most))
    result = {"documents": len(gold), "n": options.n, "target": TARGET}
    result["strategies"] = {strategy: summary(found) for strategy, found in runs.items()}
    print(json.dumps(result, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Confirmations until document labels on SMS spam are 98 % right two rounds in a row, picked and at random.

The test share is set apart first. A tenth of what is shown is held out: it counts as confirmed
and is never trained on. Runs engine and acquisition alone, as a corpus would.

    python bench/learn_sms.py [--seeds 20] [--n 10] [--quick]
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
    """Everything that does not change between seeds."""

    gold: list[Example]
    values: np.ndarray
    encodings: object
    engine: object


def read(path: Path) -> Corpus:
    """Read the messages and learn the space of their texts."""
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    gold = [
        Example(
            number,
            Document(row["id"], (Part("s1v1", row["text"]),)),
            Annotations(labels={"label": LabelValue("label", row["label"])}),
        )
        for number, row in enumerate(rows)
    ]
    factory = LabelEngines()
    documents = [example.document for example in gold]
    space = factory.learn(documents, seed=0, progress=no_progress)
    values = np.array([row["label"] for row in rows])
    return Corpus(gold, values, space.encode(documents), factory.create("labels:label", SCHEME, space))


def play(corpus: Corpus, *, seed: int, strategy: str, n: int, most: int, test_share: float) -> dict:
    """Return the confirmations one seed needs, None where it does not get there by `most`."""
    generator = np.random.default_rng(seed)
    order = generator.permutation(len(corpus.gold))
    test, pool = np.split(order, [int(test_share * len(order))])
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
    start = time.perf_counter()
    corpus = read(DATA)
    result: dict = {
        "documents": len(corpus.gold),
        "learn_seconds": round(time.perf_counter() - start, 2),
        "strategies": {},
    }
    for strategy in options.strategies:
        most = 200 if options.quick and strategy == "random" else options.max
        seeds = 5 if options.quick else options.seeds
        runs = [play(corpus, seed=s, strategy=strategy, n=options.n, most=most, test_share=0.2) for s in range(seeds)]
        reached = [run["confirmations"] or most + options.n for run in runs]
        result["strategies"][strategy] = {
            "median": statistics.median(reached),
            "worst": max(reached),
            "not_reached_by_max": sum(run["confirmations"] is None for run in runs),
            "confirmations": [run["confirmations"] for run in runs],
            "slowest_round_seconds": max(p.get("seconds", 0.0) for run in runs for p in run["points"]),
        }
    print(json.dumps(result, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())

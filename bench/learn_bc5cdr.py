"""Entity F1 on BC5CDR sentences by confirmations, picked and at random, with the words that were read for it.

The pool is the official train file, the test the first 800 sentences of the official test; vectors are
learned from the pool and the dev file. A tenth of what is shown is held out: it counts as confirmed and
is never trained on. A suggestion counts when its probability is 0.3 or more.

    python bench/learn_bc5cdr.py [--seeds 5] [--n 10] [--quick]
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from pathlib import Path

import numpy as np

from tui_annotate.domain.annotations import Annotations, Entity
from tui_annotate.domain.documents import Document, Part
from tui_annotate.domain.scheme import EntityType, Scheme
from tui_annotate.domain.spans import Span
from tui_annotate.errors import TooFewExamplesError
from tui_annotate.learn.acquisition import pick
from tui_annotate.learn.engines.base import Example, no_progress
from tui_annotate.learn.engines.entities import EntityEngines

DATA = Path(__file__).parents[2] / "shared" / "data" / "bc5cdr"
SCHEME = Scheme(entities=(EntityType("Chemical"), EntityType("Disease")))
TARGETS = (0.60, 0.69)


def read(path: Path, first: int) -> list[Example]:
    """Read tokens and BIO tags as texts with entities, numbered from `first`."""
    found = []
    for number, line in enumerate(path.read_text("utf-8").splitlines()):
        row = json.loads(line)
        starts = np.cumsum([0, *(len(token) + 1 for token in row["tokens"])]).tolist()
        spans: list[list] = []
        for token, tag in enumerate(row["tags"]):
            end = starts[token + 1] - 1
            if tag.startswith("B-"):
                spans.append([tag[2:], starts[token], end])
            elif tag.startswith("I-"):
                spans[-1][2] = end
        entities = {n: Entity(t, (Span("s1v1", a, b),), number=n) for n, (t, a, b) in enumerate(spans, 1)}
        document = Document(row["id"], (Part("s1v1", " ".join(row["tokens"])),))
        found.append(Example(first + number, document, Annotations(entities=entities)))
    return found


def f1(predicted: list, gold: list[Example]) -> float:
    """Return the micro F1 over exact spans and types."""
    hits = said = true = 0
    for suggestions, example in zip(predicted, gold, strict=True):
        theirs = {(e.type, e.span) for e in example.annotations.entities.values()}
        ours = {(s.name, s.span) for s in suggestions}
        hits, said, true = hits + len(ours & theirs), said + len(ours), true + len(theirs)
    return 2 * hits / max(said + true, 1)


def play(pool: list[Example], encodings, space, tests, *, seed: int, strategy: str, n: int, most: int) -> list[dict]:
    """Return a point for each round."""
    generator = np.random.default_rng(seed)
    order = generator.permutation(len(pool))
    held, queue = list(order[: len(pool) // 10]), list(map(int, order[len(pool) // 10 :]))
    left, taken, words, points = set(queue), [], 0, []
    engine = EntityEngines().create("entities", SCHEME, space)
    test_gold, test_encodings = tests
    lengths = [sum(len(s.words) for s in document) for document in encodings.documents]
    for confirmed in range(n, most + 1, n):
        for number in range(confirmed - n, confirmed):
            row = int(held.pop()) if (number + 1) // 10 > number // 10 else queue.pop(0)
            words += lengths[row]
            if row in left:
                taken.append(row)
                left.discard(row)
        gold = [pool[row] for row in taken]
        start = time.perf_counter()
        try:
            model = engine.fit(gold, encodings.select(taken), parameters={}, seed=seed, progress=no_progress)
        except TooFewExamplesError:
            continue
        seconds = time.perf_counter() - start
        score = f1(model.predict(test_encodings, run="r", minimum=0.3), test_gold)
        points.append(
            {"confirmations": confirmed, "f1": round(score, 4), "tokens": words, "fit_seconds": round(seconds, 2)}
        )
        if score >= TARGETS[-1]:
            break
        if strategy != "random":
            rest = np.array(sorted(left))
            signals = model.signals(encodings.select(rest))
            queue = [
                int(rest[p.row]) for p in pick(signals, strategy=strategy, size=n, n=n, seed=seed, task="entities")
            ]
    return points


def main() -> int:
    """Print the figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--n", type=int, default=10)
    parser.add_argument("--max", type=int, default=500)
    parser.add_argument("--strategies", nargs="*", default=["default", "random"])
    parser.add_argument("--quick", action="store_true", help="one seed, steps of 25")
    options = parser.parse_args()
    if not DATA.exists():
        print(json.dumps({"skipped": f"{DATA} is not here"}))
        return 0
    seeds, n = (1, 25) if options.quick else (options.seeds, options.n)
    pool, test = read(DATA / "train.jsonl", 0), read(DATA / "test.jsonl", 100_000)[:800]
    more = read(DATA / "dev.jsonl", 50_000)
    start = time.perf_counter()
    space = EntityEngines().learn([e.document for e in pool + more], seed=0, progress=no_progress)
    result: dict = {"n": n, "learn_seconds": round(time.perf_counter() - start, 2), "strategies": {}}
    encodings = space.encode([e.document for e in pool])
    tests = (test, space.encode([e.document for e in test]))
    for strategy in options.strategies:
        runs = [
            play(pool, encodings, space, tests, seed=s, strategy=strategy, n=n, most=options.max) for s in range(seeds)
        ]
        rows = {}
        for target in TARGETS:
            first = [next((p for p in run if p["f1"] >= target), None) for run in runs]
            reached = [p for p in first if p is not None]
            rows[f"f1_{target:.2f}"] = {
                "confirmations": [p and p["confirmations"] for p in first],
                "tokens": [p and p["tokens"] for p in first],
                "median": statistics.median(p["confirmations"] for p in reached) if reached else None,
                "median_tokens": statistics.median(p["tokens"] for p in reached) if reached else None,
            }
        rows["f1_at"] = {
            str(at): round(statistics.mean(p["f1"] for run in runs for p in run if p["confirmations"] == at), 3)
            for at in (50, 100, 150, 175, 200, 300, 400)
            if any(p["confirmations"] == at for run in runs for p in run)
        }
        result["strategies"][strategy] = rows
    print(json.dumps(result, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())

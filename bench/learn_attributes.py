"""Confirmations until an attribute is learned: negation of given concepts, temporality beside it.

`python -m bench.learn_attributes [--seeds 5] [--n 0] [--max 160] [--random]`. The concepts stand in the texts; what is
decided is the attribute, a key each. F1 is that of the negated ones; temporality is the mean over its values.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bench.simulations import DATA
from tui_annotate.services import gold, simulating
from tui_annotate.services.simulating import Play

TARGET = 0.94


def rows(path: Path, attribute: str) -> Iterator[dict[str, Any]]:
    """Yield sentences with their concept as an entity that has the attribute."""
    for line in path.read_text("utf-8").splitlines():
        row = json.loads(line)
        if row["start"] is None:
            continue
        value = row["negation"] == "Negated" if attribute == "negated" else row[attribute]
        span = {"start": row["start"], "end": row["end"], "label": "Concept", "attributes": {attribute: value}}
        yield {"id": row["id"], "text": row["text"], "spans": [span]}


def plays(path: Path, attribute: str, *, seeds: int, n: int, most: int, strategies: Sequence[str]) -> list[Play]:
    """Play the corpus with one attribute."""
    with TemporaryDirectory() as folder:
        made = Path(folder) / "gold.jsonl"
        made.write_text("".join(json.dumps(row) + "\n" for row in rows(path, attribute)), "utf-8")
        found = gold.load(made)
    played = simulating.simulate(found, n=n, strategies=strategies, seeds=range(seeds), most=most, given=True)
    return list(played)


def reached(play: Play, target: float) -> int | None:
    """Return the confirmations after which F1 first reached the target; None when it did not."""
    return next((p.confirmations for p in play.points if p.f1 is not None and p.f1 >= target), None)


def summed(found: Sequence[Play], target: float, most: int) -> dict[str, Any]:
    """Return what the plays of one strategy came to."""
    needed = [reached(play, target) for play in found]
    known = [one if one is not None else most + 1 for one in needed]
    return {
        "to_target": needed,
        "median": statistics.median(known),
        "worst": max(known) if None not in needed else f"> {most}",
        "f1_at_the_end": [round(play.points[-1].f1 or 0.0, 3) for play in found],
        "keys_at_the_end": [play.points[-1].keys for play in found],
        "fit_seconds": round(statistics.median(p.fit_seconds for play in found for p in play.points[1:]), 3),
    }


def main() -> int:
    """Print the figures as JSON."""
    parser = argparse.ArgumentParser(prog="python -m bench.learn_attributes", description=__doc__)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--n", type=int, default=0, help="0 for the default")
    parser.add_argument("--max", type=int, default=160)
    parser.add_argument("--random", action="store_true", help="play random order too")
    parser.add_argument("--only", choices=("negated", "temporality"))
    options = parser.parse_args()
    path = DATA / "negex" / "all.jsonl"
    if not path.exists():
        print(json.dumps({"skipped": f"{path} is not there"}))
        return 0
    result: dict[str, Any] = {}
    for attribute in ("negated", "temporality"):
        if options.only not in (None, attribute):
            continue
        strategies = ["default", "random"] if options.random else ["default"]
        found = plays(path, attribute, seeds=options.seeds, n=options.n, most=options.max, strategies=strategies)
        target = TARGET if attribute == "negated" else 0.75
        result[attribute] = {
            strategy: summed([p for p in found if p.strategy == strategy], target, options.max)
            for strategy in strategies
        }
    print(json.dumps(result, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Confirmations until a target, played through the real session and learner; random order beside it.

    python -m bench.simulations [--only sms_5,sms_10] [--sms-seeds 20] [--entity-seeds 3]

SMS spam: all messages, a fifth set apart, N = 5 and N = 10, until two rounds in a row reach 98 %; the same with each
text once, where accuracy is harder to reach: duplicates of the test are in the pool else. BC5CDR: the official training
sentences, the first 800 of the official test. Needs the data folder beside the project (see `DATA`).
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from bench.pty_harness import percentile
from tui_annotate.domain.interchange import ExchangedDocument
from tui_annotate.services import gold, simulating
from tui_annotate.services.simulating import Play

DATA = Path(__file__).parents[2] / "shared" / "data"
STRATEGIES = ("default", "random")


def reached(play: Play, figure: str, target: float, *, rounds: int) -> int | None:
    """Return the confirmations after which a figure was at its target so many rounds in a row."""
    in_a_row = 0
    for point in play.points:
        value = getattr(point, figure)
        in_a_row = in_a_row + 1 if value is not None and value >= target else 0
        if in_a_row == rounds:
            return point.confirmations
    return None


def described(values: Sequence[int | None], most: int) -> dict[str, Any]:
    """Return median and worst; a play that never got there counts as worse than all."""
    counted = [float("inf") if value is None else float(value) for value in values]
    return {
        "median": _or_never(statistics.median(counted), most),
        "worst": _or_never(max(counted), most),
        "p90": _or_never(percentile([min(value, most + 1) for value in counted], 0.9), most),
        "plays": len(values),
    }


def _or_never(value: float, most: int) -> float | str:
    return value if value <= most else f"not by {most}"


def sms(seeds: int, *, n: int, duplicates: bool = True) -> dict[str, Any]:
    """Play SMS spam, to fewer confirmations where they are picked."""
    pool = gold.load(DATA / "sms_spam" / "all.jsonl")
    if not duplicates:
        pool = replace(pool, documents=_different(pool.documents))
    found: dict[str, Any] = {"documents": len(pool.documents)}
    for strategy, most in zip(STRATEGIES, (120, 310), strict=True):
        ours = list(
            simulating.simulate(pool, n=n, strategies=[strategy], seeds=range(seeds), most=most, test_share=0.2)
        )
        counted = [reached(p, "accuracy", 0.98, rounds=2) for p in ours]
        fits = [x.fit_seconds for p in ours for x in p.points]
        found[strategy] = {**described(counted, most), "all": counted, "fit_seconds_p50": statistics.median(fits)}
    return found


def _different(documents: Sequence[ExchangedDocument]) -> tuple[ExchangedDocument, ...]:
    return tuple({document.document.text: document for document in reversed(documents)}.values())[::-1]


def bc5cdr(seeds: int, *, n: int, most: int = 300) -> dict[str, Any]:
    """Play BC5CDR with so many confirmations a round."""
    pool = gold.load(DATA / "bc5cdr" / "train.jsonl")
    held = gold.load(DATA / "bc5cdr" / "test.jsonl", scheme=pool.scheme)
    test = replace(held, documents=held.documents[:800])
    plays = list(simulating.simulate(pool, n=n, strategies=STRATEGIES, seeds=range(seeds), most=most, test=test))
    found: dict[str, Any] = {}
    for strategy in STRATEGIES:
        ours = [p for p in plays if p.strategy == strategy]
        at = {
            str(count): round(statistics.mean(x.f1 or 0 for p in ours for x in p.points if x.confirmations == count), 3)
            for count in (50, 100, 150, 200, 250, 300)
        }
        found[strategy] = {
            "f1_at": at,
            "to_0.60": described([reached(p, "f1", 0.60, rounds=1) for p in ours], most),
            "to_0.69": described([reached(p, "f1", 0.69, rounds=1) for p in ours], most),
            "cost_to_0.60": _cost(ours, 0.60),
            "cost_to_0.69": _cost(ours, 0.69),
        }
    return found


def _cost(plays: Sequence[Play], target: float) -> dict[str, float]:
    """Return tokens read and keys pressed until a target, means over the plays that reached it."""
    points = [next((x for x in p.points if x.f1 is not None and x.f1 >= target), None) for p in plays]
    there = [x for x in points if x is not None]
    if not there:
        return {}
    return {name: round(statistics.mean(getattr(x, name) for x in there)) for name in ("tokens", "keys", "spans")}


def main() -> dict[str, Any]:
    """Play both."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help="some by commas: sms_5, sms_10, ..._different, bc5cdr, bc5cdr_25")
    parser.add_argument("--sms-seeds", type=int, default=20)
    parser.add_argument("--entity-seeds", type=int, default=3)
    options = parser.parse_args()
    if not DATA.is_dir():
        return {"skipped": "the data are not here"}
    seeds = options.sms_seeds
    parts: dict[str, Callable[[], dict[str, Any]]] = {
        "sms_5": lambda: {"reach": {"median": 25, "worst": 45}, **sms(seeds, n=5)},
        "sms_10": lambda: {"reach": {"median": 35, "worst": 60}, **sms(seeds, n=10)},
        "sms_5_different": lambda: sms(seeds, n=5, duplicates=False),
        "sms_10_different": lambda: sms(seeds, n=10, duplicates=False),
        "bc5cdr": lambda: bc5cdr(options.entity_seeds, n=10),
        "bc5cdr_25": lambda: bc5cdr(options.entity_seeds, n=25, most=150),
    }
    return {name: parts[name]() for name in (options.only.split(",") if options.only else parts)}


if __name__ == "__main__":
    json.dump(main(), sys.stdout, indent=1)
    print()

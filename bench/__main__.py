"""Runs the benchmarks one after the other: `python -m bench [--quick] [NAME...]`, JSON into `bench/out`.

Each is a module of its own with a command line of its own; a line says what it is for. The machine should
have nothing else to do.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

OUT = Path(__file__).parent / "out"


@dataclass(frozen=True, slots=True)
class Benchmark:
    """One module, with what makes it quick."""

    what: str
    quick: tuple[str, ...] = ()


BENCHMARKS = {
    "app_documents": Benchmark("start and going on, in a corpus of 100,000", ("--documents", "20000", "--keys", "10")),
    "app_keys": Benchmark("keys in documents of three sizes, idle and while training", ("--keys", "20")),
    "app_lag": Benchmark("how late the app is while each engine trains", ("--engines", "labels,entities")),
    "view_keys": Benchmark("the document view by itself", ("--keys", "20")),
    "store_waits": Benchmark(
        "a decision's wait beside import, export and backup", ("--documents", "20000", "--seconds", "3")
    ),
    "store_import": Benchmark("documents imported a second", ("--documents", "20000")),
    "search": Benchmark(
        "first pages of 1,000,000 documents, and the index beside imports",
        ("--documents", "50000", "--import", "20000", "--times", "3", "--fuzz", "10000"),
    ),
    "formats_speed": Benchmark("rows read and documents exported a second", ("--documents", "10000")),
    "formats_roundtrip": Benchmark("random documents through every format", ("--documents", "500")),
    "formats_owners": Benchmark("our files read by the libraries that own the formats", ("--documents", "500")),
    "formats_fuzz": Benchmark("damaged input to every reader and parser", ("--inputs", "2000")),
    "anndoc_readers": Benchmark("our anndoc read by four other parsers", ("--documents", "1000")),
    "anndoc_export": Benchmark("anndoc exports of growing size, and their memory", ("--documents", "2000", "20000")),
    "learn_latency": Benchmark("from a confirmation to new suggestions", ("--quick",)),
    "learn_entities": Benchmark("entities from so many random sentences", ("--seeds", "1", "--pools", "all_texts")),
    "learn_labels": Benchmark("document labels: accuracy, seconds, calibration", ("--only", "rounds,calibration")),
    "simulations": Benchmark("confirmations until a target", ("--sms-seeds", "2", "--entity-seeds", "1")),
    "figures_coverage": Benchmark("how often 90 % intervals hold the truth", ("--runs", "100")),
    "figures_second_look": Benchmark("label errors found by a second look", ("--seeds", "2")),
    "learn_attributes": Benchmark("confirmations until negation is learned", ("--seeds", "2", "--only", "negated")),
    "webhooks": Benchmark("webhooks told while the receiver is down and the program killed", ("--events", "200")),
    "serve": Benchmark("uploads over HTTP with 8 clients, the app open", ("--documents", "2000", "--seconds", "6")),
    "serve_fuzz": Benchmark("odd requests to every route of the HTTP API", ("--requests", "2000")),
    "scheme_changes": Benchmark(
        "a label renamed, merged, split, deleted among 100,000 entities", ("--documents", "2000")
    ),
    "kill_sessions": Benchmark("kill -9 in the middle of sessions", ("--times", "10")),
}


def run(name: str, *, quick: bool) -> bool:
    """Run one and keep its JSON; False when it failed."""
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    arguments = BENCHMARKS[name].quick if quick else ()
    began = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", f"bench.{name}", *arguments], env=environment, stdout=subprocess.PIPE, text=True
    )
    seconds = round(time.perf_counter() - began, 1)
    print(f"{name}: {BENCHMARKS[name].what}: exit {done.returncode} after {seconds} s", file=sys.stderr)
    if done.returncode:
        return False
    found = {
        "benchmark": name,
        "quick": quick,
        "seconds": seconds,
        "machine": {"processors": os.cpu_count(), "python": platform.python_version()},
        "result": json.loads(done.stdout),
    }
    OUT.mkdir(exist_ok=True)
    (OUT / f"{name}.json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    print(done.stdout)
    return True


def main() -> int:
    """Run what was asked for, or all."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(BENCHMARKS))
    parser.add_argument("--quick", action="store_true", help="less of everything: minutes instead of half an hour")
    options = parser.parse_args()
    unknown = [name for name in options.names if name not in BENCHMARKS]
    if unknown:
        parser.error(f"there is no benchmark {unknown[0]}; there are {', '.join(BENCHMARKS)}")
    ended = [run(name, quick=options.quick) for name in options.names or BENCHMARKS]
    return 0 if all(ended) else 1


if __name__ == "__main__":
    sys.exit(main())

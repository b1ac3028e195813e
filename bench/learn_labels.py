"""Document labels: macro F1 of GoEmotions by confirmations, the seconds of a round, calibration, a pool of a million.

    python -m bench.learn_labels [--only accuracy,rounds,calibration,million] [--seeds 3] [--documents 1000000]

GoEmotions (7 emotions, several at once) is played through the real session and learner, measured on the official
test. A round is fit, then the ranking of the pool, in one warm child. Needs the data folder beside the project.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from bench.learn_latency import rows_of
from bench.running import resident_megabytes
from bench.simulations import DATA, STRATEGIES
from tui_annotate.domain.annotations import Annotations, LabelValue
from tui_annotate.domain.documents import Document, Part
from tui_annotate.domain.interchange import ExchangedDocument, ExchangedVersion
from tui_annotate.domain.scheme import Choice, DocumentLabel, Scheme
from tui_annotate.learn.blocking import Worker
from tui_annotate.services import gold, simulating
from tui_annotate.store.connection import Corpus
from tui_annotate.store.intake import Intake

GOEMOTIONS = DATA / "goemotions_ekman"
SMS = ("sms_spam/all.jsonl",)
MARKS = (100, 300)
CONFIRMED = 300
"""Confirmed documents before a round is measured."""
N = 5


def accuracy(seeds: int) -> dict[str, Any]:
    """Play GoEmotions; returns the mean macro F1 by strategy and confirmations."""
    pool = gold.load(GOEMOTIONS / "train.jsonl")
    test = gold.load(GOEMOTIONS / "test.jsonl", scheme=pool.scheme)
    found: dict[str, Any] = {"reach": dict(zip(map(str, MARKS), (0.25, 0.30), strict=True))}
    plays = []
    for seed in range(seeds):
        part = replace(pool, documents=tuple(random.Random(seed).sample(pool.documents, 10_000)))
        plays += simulating.simulate(part, n=10, strategies=STRATEGIES, seeds=[seed], most=max(MARKS), test=test)
    for strategy in STRATEGIES:
        points = [p for play in plays if play.strategy == strategy for p in play.points]
        by_mark = {m: [p.f1 or 0.0 for p in points if p.confirmations == m] for m in MARKS}
        found[strategy] = {str(m): {"mean": round(statistics.mean(v), 3), "all": v} for m, v in by_mark.items()}
    return found


def larger(rows: Sequence[tuple[Document, Annotations]], size: int) -> Iterator[tuple[Document, Annotations]]:
    """Yield so many documents: those given, then others made of halves of two of them."""
    chance = random.Random(0)
    for number in range(size):
        if number < len(rows):
            yield rows[number]
            continue
        (left, held), (right, _) = chance.choice(rows), chance.choice(rows)
        words, others = left.text.split(), right.text.split()
        text = " ".join([*words[: len(words) // 2], *others[len(others) // 2 :], str(number)])
        yield Document(f"made-{number}", (Part("s1v1", text),)), held


def store(path: Path, scheme: Scheme, rows: Iterable[tuple[Document, Annotations]]) -> None:
    """Make a corpus in which the first documents are confirmed."""
    with Corpus.create(path, scheme=scheme) as corpus:
        exchanged = (
            ExchangedDocument(document, (ExchangedVersion(held, confirmed=True),) if place < CONFIRMED else ())
            for place, (document, held) in enumerate(rows)
        )
        if any(problem.severity == "refused" for problem in Intake(corpus).add(exchanged)):
            raise SystemExit("documents were refused")


def timed(work: Callable[[], object]) -> float:
    """Return the seconds of something."""
    start = time.perf_counter()
    work()
    return round(time.perf_counter() - start, 3)


def rounds(path: Path, task: str, repeats: int) -> dict[str, Any]:
    """Return the seconds of the first round and of those after it, and the memory of the child at its most."""
    with Worker(path) as worker:
        seconds = []
        for number in range(repeats):
            known = range(1, CONFIRMED + N * (number - repeats + 1) + 1)
            fit = timed(partial(worker.fit, task, known))
            seconds.append((fit, timed(partial(worker.rank, n=N, seed=number))))
        memory = round(resident_megabytes(worker.pid))
    after = [fit + rank for fit, rank in seconds[1:]]
    return {
        "first": round(sum(seconds[0]), 2),
        "after": round(statistics.median(after), 3),
        "worst": round(max(after), 3),
        "fit_and_rank": seconds,
        "megabytes": memory,
    }


def pools(sizes: Sequence[int], reach: Sequence[float], repeats: int) -> dict[str, Any]:
    """Return the rounds of SMS pools of these sizes."""
    scheme, rows = rows_of(*SMS)
    found = {}
    for size, target in zip(sizes, reach, strict=True):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "corpus.db"
            store(path, scheme, larger(rows, size))
            found[f"{size:,}"] = {"reach": target, **rounds(path, scheme.tasks[0], repeats)}
    return found


def single(rows: Sequence[tuple[Document, Annotations]]) -> tuple[Scheme, list[tuple[Document, Annotations]]]:
    """Return the comments that have one emotion, as a single choice."""
    found, values = [], []
    for document, held in rows:
        chosen = next(iter(held.labels.values())).value if held.labels else ()
        if isinstance(chosen, tuple) and len(chosen) == 1:
            values.append(chosen[0])
            found.append((document, Annotations(labels={"emotion": LabelValue("emotion", chosen[0])})))
    choices = tuple(Choice(value) for value in sorted(set(values)))
    return Scheme(labels=(DocumentLabel("emotion", "choice", choices),)), found


def calibration() -> dict[str, Any]:
    """Return how far shown probabilities are from the truth, with naive Bayes over unlabelled text and without it.

    Trained on documents at random, measured on the others.
    """
    found: dict[str, Any] = {}
    cases = {"sms_spam": rows_of(*SMS), "goemotions, one emotion": single(rows_of("goemotions_ekman/dev.jsonl")[1])}
    for name, (scheme, rows) in cases.items():
        (task,) = scheme.tasks
        mixed = random.Random(0).sample(rows, len(rows))[:5000]
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "corpus.db"
            store(path, scheme, mixed)
            with Worker(path) as worker:
                for case, share in (("as it is", 0.25), ("without unlabelled text", 0.0)):
                    worker.fit(task, range(1, CONFIRMED + 1), parameters={"unlabelled": share})
                    predicted = worker.predict(range(CONFIRMED + 1, len(mixed) + 1))[task]
                    pairs = [
                        (one.prob or 0.0, one.value == next(iter(mixed[id - 1][1].labels.values())).value)
                        for id, suggestions in predicted.items()
                        for one in suggestions
                    ]
                    found.setdefault(name, {})[case] = {"ece": round(error_of(pairs), 3), "documents": len(pairs)}
    return found


def error_of(pairs: Sequence[tuple[float, bool]]) -> float:
    """Return the mean gap between probability and truth over ten bins of probability."""
    bins: dict[int, list[tuple[float, bool]]] = {}
    for prob, right in pairs:
        bins.setdefault(min(int(prob * 10), 9), []).append((prob, right))
    return sum(abs(sum(p for p, _ in held) - sum(right for _, right in held)) for held in bins.values()) / len(pairs)


def main() -> int:
    """Print the figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="accuracy,rounds,calibration", help="parts by commas; also: million")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--repeats", type=int, default=4)
    parser.add_argument("--documents", type=int, default=1_000_000, help="of the large pool")
    options = parser.parse_args()
    if not DATA.is_dir():
        print(json.dumps({"skipped": "the data are not here"}))
        return 0
    parts: dict[str, Callable[[], Any]] = {
        "accuracy": lambda: accuracy(options.seeds),
        "rounds": lambda: pools((5_000, 100_000), (0.3, 2.0), options.repeats),
        "calibration": calibration,
        "million": lambda: pools((options.documents,), (20.0,), options.repeats),
    }
    print(json.dumps({name: parts[name]() for name in options.only.split(",")}, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""How long a decision waits for the disk: alone, and beside an import, an export and a backup.

    python -m bench.store_waits [--documents 100000] [--seconds 10]

A decision is one `log.record`; a bare commit is one row changed in a file of the same settings beside it.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from bench.store_import import documents
from tui_annotate.domain.annotations import Entity, SuggestionKey, Verdict
from tui_annotate.domain.decisions import Changes, Decision, EntityChange, Kind, VerdictChange, VersionState
from tui_annotate.domain.scheme import EntityType, Scheme
from tui_annotate.domain.spans import Span
from tui_annotate.store import backup, log, versions
from tui_annotate.store.connection import Corpus
from tui_annotate.store.documents import batches
from tui_annotate.store.intake import Intake
from tui_annotate.store.opening import connect


def main() -> None:
    """Print the figures as JSON, in milliseconds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=int, default=100_000)
    parser.add_argument("--seconds", type=float, default=10.0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "c.db"
        with Corpus.create(path, scheme=Scheme((EntityType("DRUG"),))) as corpus:
            for _ in Intake(corpus).add(documents(options.documents, 1100)):
                pass
            for _ in Intake(corpus).add(documents(1, 100_000, entities=10_000, prefix="big")):
                pass
            report: dict[str, object] = {"documents": options.documents, "file_mb": path.stat().st_size // 10**6}
            decider = Decider(corpus)
            report |= alone(decider, Path(folder) / "bare.db", options.seconds / 2, "")
            big = Decider(corpus, options.documents + 1)
            report |= alone(big, Path(folder) / "bare2.db", options.seconds / 2, ", 10,000 entities in the document")
            report["beside an import"] = beside(importing, path, decider, options.seconds)
            report["beside an export"] = beside(exporting, path, decider, options.seconds)
            report["beside a backup"] = beside_backup(corpus, decider)
    print(json.dumps(report, indent=1))


class Decider:
    """Adds an entity and a verdict at a time, and times each."""

    def __init__(self, corpus: Corpus, document: int = 1) -> None:
        self.corpus = corpus
        self.document = document
        log.record(corpus, [Decision(Kind.SKIP, document, "ann", Changes(state=(None, VersionState.IN_PROGRESS)))])
        self.number = versions.load(corpus, document, "ann").next_number

    def once(self) -> float:
        """Return the milliseconds that one decision waited."""
        start = self.number % 80
        entity = Entity("DRUG", (Span("s1v1", start, start + 4),), ("ml:r-1", "user:ann"), 1.0, self.number)
        key = SuggestionKey("DRUG", "s1v1", ((self.number, self.number + 4),))
        verdict = VerdictChange(key, Verdict.UNDECIDED, Verdict.ACCEPTED)
        decision = Decision(
            Kind.ACCEPT, self.document, "ann", Changes((EntityChange(None, entity),), verdicts=(verdict,))
        )
        self.number += 1
        begun = time.perf_counter()
        log.record(self.corpus, [decision], place={"document": self.document, "focus": self.number})
        return (time.perf_counter() - begun) * 1000

    def during(self, seconds: float, pause: float = 0.005) -> list[float]:
        """Decide for some seconds, with a short pause after each."""
        until = time.perf_counter() + seconds
        waits = []
        while time.perf_counter() < until:
            waits.append(self.once())
            time.sleep(pause)
        return waits


def alone(decider: Decider, path: Path, seconds: float, what: str) -> dict[str, object]:
    """Time decisions and, between them, commits of one changed row: the least that a decision can cost on this disk."""
    path.touch()
    db = connect(path, readonly=False)
    db.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, v INTEGER)")
    db.execute("INSERT INTO t VALUES (1, 0)")
    decisions, bare = [], []
    until = time.perf_counter() + seconds
    while time.perf_counter() < until:
        decisions.append(decider.once())
        time.sleep(0.005)
        begun = time.perf_counter()
        db.execute("BEGIN IMMEDIATE")
        db.execute("UPDATE t SET v = v + 1")
        db.execute("COMMIT")
        bare.append((time.perf_counter() - begun) * 1000)
        time.sleep(0.005)
    db.close()
    return {f"alone{what}": spread(decisions), f"bare commit beside it{what}": spread(bare)}


def beside(other: Callable[[Path], None], path: Path, decider: Decider, seconds: float) -> dict[str, object]:
    """Decide while another process works on the same corpus."""
    process = multiprocessing.get_context("spawn").Process(target=other, args=(path,))
    process.start()
    try:
        time.sleep(1.0)
        waits = decider.during(seconds)
        assert process.is_alive(), "the other process ended before the measurement did"
    finally:
        process.terminate()
        process.join()
    return spread(waits)


def importing(path: Path) -> None:
    """Import without end."""
    with Corpus.open(path, timeout=60) as corpus:
        for _ in Intake(corpus).add(documents(10**9, 1100, prefix=f"more{time.time()}-")):
            pass


def exporting(path: Path) -> None:
    """Read every document with its versions, without end."""
    with Corpus.open(path, readonly=True, timeout=60) as corpus:
        while True:
            for batch in batches(corpus):
                for id, _ in batch:
                    versions.load(corpus, id, "master")


def beside_backup(corpus: Corpus, decider: Decider) -> dict[str, object]:
    """Decide between the slices of a backup, a decision arriving every 5 ms at most."""
    waits: list[float] = []
    last = asked = time.perf_counter()

    def between() -> None:
        nonlocal last, asked
        now = time.perf_counter()
        if now - last >= 0.005:
            waits.append((now - asked) * 1000 + decider.once())
            last = time.perf_counter()
        asked = time.perf_counter()

    begun = time.perf_counter()
    target = corpus.path.with_name("backup.db")
    backup.backup(corpus, target, between=between)
    return {**spread(waits), "seconds": round(time.perf_counter() - begun, 2)}


def spread(waits: list[float]) -> dict[str, object]:
    """Return what is usual and what is rare."""
    ordered = sorted(waits)
    at = {"p50": 0.5, "p95": 0.95, "p99": 0.99}
    return {
        "n": len(ordered),
        **{n: round(ordered[int(len(ordered) * q)], 2) for n, q in at.items()},
        "max": round(ordered[-1], 2),
    }


if __name__ == "__main__":
    main()

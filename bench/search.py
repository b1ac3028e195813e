"""Searching a large corpus: first pages, import beside the index, catching up, the longest time a lock is held.

python -m bench.search [--documents 1000000] [--import 100000] [--times 10] [--fuzz 100000]

Words are drawn as they come in languages (Zipf), documents have 100 characters, one in ten is annotated and confirmed.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tui_annotate.domain import query as grammar
from tui_annotate.domain.annotations import Annotations, Entity, LabelValue
from tui_annotate.domain.documents import Document, Part
from tui_annotate.domain.interchange import ExchangedDocument, ExchangedVersion
from tui_annotate.domain.query_fields import FIELDS
from tui_annotate.domain.scheme import DocumentLabel, EntityType, Scheme
from tui_annotate.domain.spans import Span
from tui_annotate.errors import QueryError
from tui_annotate.services import searching
from tui_annotate.store.connection import Corpus
from tui_annotate.store.intake import Intake
from tui_annotate.store.search import indexing

SCHEME = Scheme((EntityType("DRUG"), EntityType("DOSE")), (DocumentLabel("urgent", "boolean"),)).numbered()
_VOCABULARY = 50_000


def words() -> list[str]:
    """Return made-up words, the most frequent first."""
    drawn = random.Random(3)
    letters = "abcdefghijklmnopqrstuvwxyz"
    return list(dict.fromkeys("".join(drawn.choices(letters, k=drawn.randint(3, 9))) for _ in range(_VOCABULARY)))


def documents(count: int) -> Iterator[ExchangedDocument]:
    """Yield documents of about 100 characters in 100 folders."""
    drawn = random.Random(5)
    known = words()
    page = drawn.choices(known, [1 / (rank + 1) for rank in range(len(known))], k=400_000)
    for number in range(count):
        at = drawn.randrange(len(page) - 20)
        text = " ".join(page[at : at + 16])[:100]
        versions: tuple[ExchangedVersion, ...] = ()
        if number % 10 == 0:
            end = text.index(" ")
            held = Annotations(
                {1: Entity("DRUG" if number % 20 else "DOSE", (Span("s1v1", 0, end),), ("user:a",), 1.0, 1)},
                {"urgent": LabelValue("urgent", number % 30 == 0, ("user:a",))},
            )
            versions = (ExchangedVersion(held, True),)
        folder = f"year-{number % 10}/month-{number % 100}"
        yield ExchangedDocument(Document(f"d{number}", (Part("s1v1", text),), f"{number}.txt", folder), versions)


def queries() -> dict[str, str]:
    """Return a query of each kind."""
    known = words()
    common, frequent, some, rare = known[0], known[5], known[300], known[30_000]
    return {
        "rare word": rare,
        "some word": some,
        "frequent word": frequent,
        "most frequent word": common,
        "phrase": f'"{common} {known[1]}"',
        "prefix": f"{some[:3]}*",
        "all words": f"{common} {frequent} {some}",
        "any word": f"{frequent} OR {some} OR {rare}",
        "not": f"{frequent} -{common}",
        "only not": f"NOT {common}",
        "everything": "*",
        "label": "label:urgent:true",
        "entity": "entity:DRUG",
        "entity text": f"entity:DRUG:{some}",
        "count": "count_e_1:[1 TO *]",
        "date": "created:[NOW-1DAY TO NOW]",
        "folder": "folder:year-3/month-13",
        "open documents": "anncomplete:false",
        "to do": "filter:TODO",
        "docid": "docid:d4711",
        "filename": "filename:4711*",
        "frequent word and label": f"{common} label:urgent:true",
        "rare word or label": f"{rare} OR label:urgent:true",
        "combined": f"({frequent} OR {some}) folder:year-3 -entity:DOSE created:[NOW-1DAY TO *]",
    }


def imported(path: Path, count: int, *, watched: bool) -> float:
    """Import into a new corpus and return documents a second; without triggers where nothing watches for the index."""
    with Corpus.create(path, scheme=SCHEME) as corpus:
        if not watched:
            for (name,) in corpus.connection.execute(
                "SELECT name FROM sqlite_schema WHERE type = 'trigger' AND name LIKE 'search_%'"
            ).fetchall():
                corpus.connection.execute(f"DROP TRIGGER {name}")
        made = making = 0.0
        batch: list[ExchangedDocument] = []
        intake = Intake(corpus, annotator="bench")
        begin = time.perf_counter()
        for document in documents(count):
            batch.append(document)
            if len(batch) == 20_000:
                making = time.perf_counter()
                for _ in intake.add(batch):
                    pass
                made += time.perf_counter() - making
                batch = []
        making = time.perf_counter()
        for _ in intake.add(batch):
            pass
        made += time.perf_counter() - making
        assert intake.counts.created == count, time.perf_counter() - begin
    return count / made


class Held:
    """Notes how long locks are held, by wrapping the two ways to touch a corpus."""

    def __init__(self, corpus: Corpus) -> None:
        self.writing: list[float] = []
        self.reading: list[float] = []
        corpus.transaction = self._timed(corpus.transaction, self.writing)  # type: ignore[method-assign]
        corpus.reading = self._timed(corpus.reading, self.reading)  # type: ignore[method-assign]

    @staticmethod
    def _timed(way: Any, into: list[float]) -> Any:
        @contextmanager
        def timed() -> Iterator[Any]:
            begin = time.perf_counter()
            with way() as db:
                yield db
            into.append(time.perf_counter() - begin)

        return timed

    def report(self) -> dict[str, float]:
        """Return milliseconds."""
        kinds = (("write", self.writing), ("read", self.reading))
        found = {f"{kind}_longest_ms": round(max(held, default=0) * 1000, 1) for kind, held in kinds}
        return found | {f"{kind}_p99_ms": round(percentile(held, 0.99) * 1000, 1) for kind, held in kinds}


def percentile(values: list[float], share: float) -> float:
    """Return a percentile, 0 of nothing."""
    return sorted(values)[min(len(values) - 1, int(len(values) * share))] if values else 0.0


def run(count: int, imports: int, times: int) -> dict[str, Any]:
    """Measure everything."""
    with tempfile.TemporaryDirectory() as folder:
        plain = imported(Path(folder) / "plain.db", imports, watched=False)
        watched = imported(Path(folder) / "watched.db", imports, watched=True)
        path = Path(folder) / "large.db"
        rate = imported(path, count, watched=True)
        report: dict[str, Any] = {
            "documents": count,
            "import_per_second": {"without": round(plain), "with": round(watched), "all": round(rate)},
            "file_mb": round(path.stat().st_size / 1e6),
        }
        with Corpus.open(path) as corpus:
            held = Held(corpus)
            begin = time.perf_counter()
            indexing.catch_up(corpus)
            seconds = time.perf_counter() - begin
            report["catch_up"] = {"per_second": round(count / seconds), "seconds": round(seconds, 1), **held.report()}
        report["indexed_mb"] = round(path.stat().st_size / 1e6)
        report["search"] = searched(path, times)
    return report


def searched(path: Path, times: int) -> dict[str, Any]:
    """Measure first pages; each first on a connection of its own, as a new program would ask."""
    all_times: list[float] = []
    found: dict[str, Any] = {}
    locks: list[float] = []
    for name, query in queries().items():
        taken = []
        for _ in range(times):
            with Corpus.open(path, readonly=True) as corpus:
                held = Held(corpus)
                begin = time.perf_counter()
                result = searching.search(corpus, query, annotator="bench")
                taken.append(time.perf_counter() - begin)
                locks += held.reading
        all_times += taken
        found[name] = {
            "total": result.total,
            "p50_ms": round(statistics.median(taken) * 1000, 1),
            "p95_ms": round(percentile(taken, 0.95) * 1000, 1),
        }
    return {
        "p50_ms": round(statistics.median(all_times) * 1000, 1),
        "p95_ms": round(percentile(all_times, 0.95) * 1000, 1),
        "longest_read_ms": round(max(locks) * 1000, 1),
        "queries": found,
    }


def fuzzed(count: int) -> dict[str, Any]:
    """Parse random input made of what the grammar knows; all but a query or an error with its column is a fault."""
    drawn = random.Random(11)
    signs = [*'()[]{}:*"\\-+!<> \t\n\0', "AND ", " OR ", "NOT ", " TO ", "&&", "||", "é", "東", "😀", "\ud800"]
    names = [*(f"{name}:" for name in FIELDS), "count_e_1:", "NOW/DAY-1MONTH", "2024-05-31", "0.5", "x", "lung"]
    longest = parsed = 0.0
    for _ in range(count):
        text = "".join(drawn.choices(signs + names, k=drawn.randrange(40)))
        if drawn.random() < 0.01:
            text *= 200
        begin = time.perf_counter()
        try:
            tree = grammar.parse(text)
        except QueryError as error:
            if not 1 <= error.column <= len(text) + 1:
                raise
            continue
        finally:
            longest = max(longest, time.perf_counter() - begin)
        parsed += 1
        assert len(str(tree)) > grammar.LONGEST or grammar.parse(str(tree)) == tree, text
    return {"inputs": count, "queries": int(parsed), "longest_ms": round(longest * 1000, 1)}


def main() -> None:
    """Print the figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=int, default=1_000_000)
    parser.add_argument("--import", type=int, default=100_000, dest="imports")
    parser.add_argument("--times", type=int, default=10)
    parser.add_argument("--fuzz", type=int, default=100_000)
    options = parser.parse_args()
    report = {"fuzz": fuzzed(options.fuzz), **run(options.documents, options.imports, options.times)}
    print(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()

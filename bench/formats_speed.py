"""How fast formats are read, imported and exported, and what memory it takes; JSON on standard output.

    python -m bench.formats_speed [--documents 100000]

Each measurement runs in a process of its own, so that peak memory is its own.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

TEXT = "the patient was started on aspirin 81 mg and lisinopril in 2019 with no history of diabetes in the family"
WORDS = TEXT.split(" ")


def make(path: Path, documents: int, length: int) -> None:
    """Write JSON lines of texts of about `length` characters, all different, every other one with two spans."""
    with path.open("w", encoding="utf-8") as stream:
        for number in range(documents):
            words: list[str] = [f"{number}"]
            while sum(map(len, words)) + len(words) < length:
                words.append(WORDS[(number * 7 + len(words)) % len(WORDS)])
            row: dict[str, object] = {"id": f"d{number}", "text": " ".join(words)}
            if number % 2:
                row["spans"] = [{"start": 0, "end": 1, "label": "NUMBER"}, {"start": 2, "end": 6, "label": "WORD"}]
            stream.write(json.dumps(row) + "\n")


def read(source: Path, folder: Path) -> int:
    """Read rows into documents."""
    from tui_annotate.domain.interchange import ExchangedDocument
    from tui_annotate.formats import registry

    return sum(isinstance(item, ExchangedDocument) for item in registry.read_paths([source]))


def take_in(source: Path, folder: Path) -> int:
    """Import into a new corpus."""
    from tui_annotate.services.importing import import_paths
    from tui_annotate.store.connection import Corpus

    with Corpus.create(folder / "corpus.db") as corpus:
        return import_paths(corpus, [source], annotator="bench").counts.created


def send_out(format: str, name: str) -> Callable[[Path, Path], int]:
    """Export the corpus that was imported; reading back and comparing is a part of it."""

    def export_it(source: Path, folder: Path) -> int:
        from tui_annotate.services.exporting import export
        from tui_annotate.store.connection import Corpus

        with Corpus.open(folder / "corpus.db") as corpus:
            return export(corpus, folder / name, format=format, overwrite=True).documents

    return export_it


STEPS: dict[str, Callable[[Path, Path], int]] = {
    "read jsonl": read,
    "import jsonl": take_in,
    "export jsonl": send_out("jsonl", "out.jsonl"),
    "export anndoc zip": send_out("anndoc", "out.zip"),
    "read anndoc zip": lambda source, folder: read(folder / "out.zip", folder),
}


def run_step(step: str, source: Path, folder: Path) -> None:
    """Run one step and print its figures."""
    start = time.perf_counter()
    done = STEPS[step](source, folder)
    seconds = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"documents": done, "per_second": round(done / seconds), "peak_mb": round(peak)}))


def main() -> None:
    """Measure every step for short and long documents."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=int, default=100_000)
    parser.add_argument("--lengths", type=int, nargs="*", default=[100, 1100])
    parser.add_argument("--step", help=argparse.SUPPRESS)
    parser.add_argument("--files", nargs=2, type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.step:
        run_step(given.step, *given.files)
        return
    found = []
    for length in given.lengths:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            source = folder / "in.jsonl"
            make(source, given.documents, length)
            for step in STEPS:
                call = [sys.executable, "-m", "bench.formats_speed", "--step", step, "--files", str(source), name]
                answer = json.loads(subprocess.run(call, check=True, capture_output=True).stdout)
                found.append({"what": step, "characters": length} | answer)
                print(f"{step}, {length} characters: {answer}", file=sys.stderr)
    print(json.dumps({"formats_speed": found}, indent=1))


if __name__ == "__main__":
    main()

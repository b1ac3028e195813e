"""Renaming, merging, splitting and deleting a label in a large corpus: seconds each, and how long others wait.

A second connection writes a decision every few milliseconds meanwhile; the longest wait is what somebody who
annotates in the app would feel. `python -m bench.scheme_changes [--documents N] [--entities M]`.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import resource
import tempfile
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Event
from pathlib import Path

from tui_annotate.domain.annotations import Annotations, Entity
from tui_annotate.domain.decisions import Changes, Decision, EntityChange, Kind
from tui_annotate.domain.documents import Document, Part
from tui_annotate.domain.interchange import ExchangedDocument, ExchangedVersion
from tui_annotate.domain.scheme import EntityType, Scheme
from tui_annotate.domain.scheme_changes import Rule
from tui_annotate.domain.spans import Span
from tui_annotate.services import scheme_changes
from tui_annotate.store import log, rebuild, versions
from tui_annotate.store.connection import Corpus
from tui_annotate.store.intake import Intake

TYPES = ("PERSON", "PEOPLE", "ORG", "PLACE")
WORDS = ("Dr Smith", "the team", "the bank", "the town")


def document(number: int, entities: int) -> ExchangedDocument:
    """Return a confirmed document with so many entities of four types in turn."""
    text, held = "", {}
    for n in range(entities):
        start, words = len(text) + 5, WORDS[n % 4]
        text += f"then {words} of {number}. "
        held[n + 1] = Entity(TYPES[n % 4], (Span("s1v1", start, start + len(words)),), ("user:bob",), 1.0, n + 1)
    versions = (ExchangedVersion(Annotations(held), True, "bob"),)
    return ExchangedDocument(Document(f"d{number}", (Part("s1v1", text),)), versions)


def colleague(path: Path, document: int, ends: Event, told: Connection) -> None:
    """Decide on a document again and again, in a process of its own, and tell the longest wait."""
    longest = 0.0
    with Corpus.open(path, timeout=60.0) as corpus:
        told.send(0.0)
        while not ends.is_set():
            number = versions.load(corpus, document, "cleo").next_number
            entity = Entity("OTHER", (Span("s1v1", 0, 4),), ("user:cleo",), 1.0, number)
            began = time.perf_counter()
            log.record(corpus, [Decision(Kind.ADD, document, "cleo", Changes((EntityChange(None, entity),)))])
            longest = max(longest, time.perf_counter() - began)
            time.sleep(0.02)
    told.send(longest)


def measure(path: Path, document: int, work: Callable[[Corpus], object]) -> dict[str, float]:
    """Return how long something took, and how long a colleague waited for the lock meanwhile at most."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    ends = context.Event()
    other = context.Process(target=colleague, args=(path, document, ends, theirs))
    other.start()
    ours.recv()
    with Corpus.open(path) as corpus:
        began, used = time.perf_counter(), time.process_time()
        work(corpus)
        seconds, cpu = time.perf_counter() - began, time.process_time() - used
    ends.set()
    waited = ours.recv()
    other.join()
    return {"seconds": round(seconds, 2), "cpu": round(cpu, 2), "others_waited": round(waited, 2)}


def main() -> None:
    """Make a corpus, change its labels, and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=int, default=10_000)
    parser.add_argument("--entities", type=int, default=10, help="of each document")
    options = parser.parse_args()
    scheme = Scheme(entities=tuple(EntityType(name) for name in (*TYPES, "OTHER"))).numbered()
    rules = [Rule("DOCTOR", "regex", "^Dr")]
    figures: dict[str, object] = {"documents": options.documents, "entities": options.documents * options.entities}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "bench.db"
        with Corpus.create(path, scheme=scheme) as corpus:
            intake = Intake(corpus)
            for start in range(0, options.documents, 500):
                list(intake.add([document(n, options.entities) for n in range(start, start + 500)]))
        works: dict[str, Callable[[Corpus], object]] = {
            "preview": lambda c: scheme_changes.rename(c, "entity", "PERSON", "HUMAN", dry_run=True, annotator="ann"),
            "rename": lambda c: scheme_changes.rename(c, "entity", "PERSON", "HUMAN", annotator="ann"),
            "undo rename": lambda c: log.undo(c, "ann"),
            "merge": lambda c: scheme_changes.merge(c, "entity", list(TYPES), "ANY", annotator="ann"),
            "undo merge": lambda c: log.undo(c, "ann"),
            "split": lambda c: scheme_changes.split(
                c, "entity", "PERSON", ["DOCTOR", "PATIENT"], rules=rules, annotator="ann"
            ),
            "undo split": lambda c: log.undo(c, "ann"),
            "delete": lambda c: scheme_changes.delete(c, "entity", "PERSON", annotator="ann"),
            "undo delete": lambda c: log.undo(c, "ann"),
        }
        for name, work in works.items():
            figures[name] = measure(path, options.documents, work)
        with Corpus.open(path) as corpus:
            figures["equal"] = rebuild.rebuild(corpus).equal
        figures["megabytes"] = round(path.stat().st_size / 1e6)
    figures["resident_megabytes"] = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
    print(json.dumps(figures, indent=1))


if __name__ == "__main__":
    main()

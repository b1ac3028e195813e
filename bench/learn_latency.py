"""From the N-th confirmation to new suggestions on the next documents, through both child processes.

A corpus file is filled with gold and pool. Both children are up; the trainer is ready. Then N more
documents are confirmed, the training is asked for, its runs are registered, deployed and served, the next
documents predicted. Measured is the time from the last commit to those predictions, and to the new queue.

    python -m bench.learn_latency [--quick] [--repeats 3]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import sys
import tempfile
import time
from pathlib import Path

from bench.simulations import DATA
from tui_annotate.domain.annotations import Annotations
from tui_annotate.domain.decisions import Changes, Decision, EntityChange, Kind, LabelChange, VersionState
from tui_annotate.domain.documents import Document
from tui_annotate.domain.interchange import ExchangedDocument, ExchangedVersion
from tui_annotate.domain.scheme import Scheme
from tui_annotate.learn.client import Learner
from tui_annotate.learn.messages import (
    ChildDied,
    Failed,
    PredictionsReady,
    QueueRanked,
    TrainingFailed,
    TrainingFinished,
)
from tui_annotate.services import gold
from tui_annotate.store import documents, log, runs
from tui_annotate.store.connection import Corpus
from tui_annotate.store.intake import Intake

NEXT = 5
"""Documents whose suggestions are waited for."""


def rows_of(*files: str) -> tuple[Scheme, list[tuple[Document, Annotations]]]:
    """Return the labels and the annotated documents of data files."""
    read = gold.load(DATA / files[0])
    found = [*read.documents, *(d for file in files[1:] for d in gold.load(DATA / file, scheme=read.scheme).documents)]
    return read.scheme, [(document.document, document.versions[0].annotations) for document in found]


def fill(
    path: Path, scheme: Scheme, rows: list[tuple[Document, Annotations]], confirmed: int
) -> dict[str, Annotations]:
    """Make a corpus in which the first `confirmed` documents are confirmed; return what the others hold, by key."""
    with Corpus.create(path, scheme=scheme) as corpus:
        intake = Intake(corpus)
        exchanged = (
            ExchangedDocument(document, (ExchangedVersion(annotations, confirmed=True),) if place < confirmed else ())
            for place, (document, annotations) in enumerate(rows)
        )
        refused = [str(problem) for problem in intake.add(exchanged) if problem.severity == "refused"]
        if refused:
            raise SystemExit("\n".join(refused))
    return {document.key: annotations for document, annotations in rows[confirmed:]}


def confirm(corpus: Corpus, id: int, annotations: Annotations) -> None:
    """Confirm a document as an annotator would."""
    changes = Changes(
        entities=tuple(EntityChange(None, entity) for entity in annotations.entities.values()),
        labels=tuple(LabelChange(None, label) for label in annotations.labels.values()),
        state=(None, VersionState.CONFIRMED),
    )
    log.record(corpus, [Decision(Kind.CONFIRM, id, "bench", changes)])


class Loop:
    """The app's part of the loop: registers, deploys, serves, asks."""

    def __init__(self, path: Path) -> None:
        self.corpus = Corpus.open(path)
        self.events: asyncio.Queue = asyncio.Queue()
        self.learner = Learner(path, on_event=self.events.put_nowait, annotator="bench")

    async def expect(self, kind: type) -> object:
        """Return the next event of a kind; stop where something failed."""
        while True:
            event = await asyncio.wait_for(self.events.get(), 120)
            if isinstance(event, (ChildDied, Failed, TrainingFailed)):
                raise SystemExit(f"failed: {event}")
            if isinstance(event, kind):
                return event

    async def round(self, ids: list[int], *, n: int) -> dict:
        """Train, deploy, predict, rank; returns the seconds of each step."""
        start = time.perf_counter()
        self.learner.train(trigger="active learning")
        finished = await self.expect(TrainingFinished)
        trained = time.perf_counter()
        for run in finished.runs:
            runs.register(
                self.corpus,
                runs.RunRow(
                    run.name,
                    run.task,
                    run.engine,
                    trigger="active learning",
                    documents=run.documents,
                    sequence=run.sequence,
                    metrics=run.metrics,
                ),
            )
            runs.deploy(self.corpus, run.name)
        self.learner.serve({run.task: run.name for run in finished.runs})
        self.learner.predict(ids)
        self.learner.rank(n=n)
        await self.expect(PredictionsReady)
        predicted = time.perf_counter()
        await self.expect(QueueRanked)
        return {
            "documents": finished.runs[0].documents,
            "to_suggestions": round(predicted - start, 3),
            "training": round(trained - start, 3),
            "fit_and_write": finished.runs[0].seconds,
            "to_queue": round(time.perf_counter() - start, 3),
        }

    async def settled(self) -> None:
        """Wait until the trainer that is kept ready has read everything."""
        while not self.learner.ready:
            await asyncio.sleep(0.05)


async def measure(path: Path, rows: dict[str, Annotations], *, n: int, repeats: int) -> dict:
    """Return the median and all rounds."""
    loop = Loop(path)
    pending = sorted(rows.items())
    start = time.perf_counter()
    await loop.learner.start()
    try:
        await loop.settled()
        ready = round(time.perf_counter() - start, 2)
        rounds = []
        for _ in range(repeats):
            batch, pending = pending[:n], pending[n:]
            for key, annotations in batch:
                confirm(loop.corpus, documents.find(loop.corpus, key), annotations)
            ids = [documents.find(loop.corpus, key) for key, _ in pending[:NEXT]]
            rounds.append(await loop.round(ids, n=n))
            await loop.settled()
    finally:
        await loop.learner.stop()
        loop.corpus.close()
    return {
        "seconds": statistics.median(r["to_suggestions"] for r in rounds),
        "worst": max(r["to_suggestions"] for r in rounds),
        "trainer_ready_after": ready,
        "rounds": rounds,
    }


def main() -> int:
    """Print the figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--quick", action="store_true", help="one round of each")
    options = parser.parse_args()
    if not DATA.is_dir():
        print(json.dumps({"skipped": "the data are not here"}))
        return 0
    repeats = 1 if options.quick else options.repeats
    entities = rows_of("bc5cdr/train.jsonl", "bc5cdr/dev.jsonl")
    labels = rows_of("sms_spam/all.jsonl")
    cases = (
        ("entities_300", entities, 300, 10, 1.5),
        ("entities_1000", entities, 1000, 10, 4.0),
        ("labels_4000", labels, 4000, 5, 2.5),
    )
    result = {}
    for name, (scheme, rows), confirmed, n, target in cases:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "corpus.db"
            rest = fill(path, scheme, rows, confirmed)
            result[name] = {"reach": target, **asyncio.run(measure(path, rest, n=n, repeats=repeats))}
    print(json.dumps(result, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())

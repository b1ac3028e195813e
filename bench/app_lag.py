"""How late the app's event loop is while each engine trains in its child, and while nothing does.

The app runs without a terminal on a corpus with gold. A timer of 5 ms says how late it was called; a
key is pressed twice a second meanwhile. The first column is the same without a training.

    python -m bench.app_lag [--engines labels,entities,attributes,spacy-ner,spacy-spancat,custom]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

from bench.learn_latency import fill, rows_of
from bench.pty_harness import percentile
from tui_annotate.app import AnnotateApp
from tui_annotate.config import Config
from tui_annotate.domain.scheme import ATTRIBUTES, ENTITIES, LABELS, Attribute, Scheme
from tui_annotate.learn.messages import TrainOptions
from tui_annotate.screens.opened import OpenedCorpus
from tui_annotate.store import settings
from tui_annotate.store.connection import Corpus

EVERY = 0.005
LEAST, MOST = 5.0, 25.0
"""Seconds looked at; a training that is over before the least is asked for again."""
SCRIPT = """
import time
def train(examples, parameters, folder, progress):
    end = time.time() + 12
    while time.time() < end:
        sum(i * i for i in range(10_000))
def load(folder):
    class Model:
        def predict(self, texts):
            return [{} for _ in texts]
    return Model()
"""
TASKS = {
    "labels": ("label", ("sms_spam/all.jsonl",), 2000),
    "entities": (ENTITIES, ("bc5cdr/train.jsonl",), 1000),
    "attributes": ("attribute", ("bc5cdr/train.jsonl",), 1000),
    "spacy-ner": (ENTITIES, ("bc5cdr/train.jsonl",), 300),
    "spacy-spancat": (ENTITIES, ("bc5cdr/train.jsonl",), 100),
    "custom": (ENTITIES, ("bc5cdr/train.jsonl",), 100),
}


async def lateness(seconds: float, stop: asyncio.Event | None = None) -> list[float]:
    """Return by how many milliseconds a timer of the running loop was late, again and again."""
    loop = asyncio.get_running_loop()
    found = []
    end = loop.time() + seconds
    while loop.time() < end and not (stop is not None and stop.is_set()):
        due = loop.time() + EVERY
        await asyncio.sleep(EVERY)
        found.append((loop.time() - due) * 1000)
    return found


def described(late: list[float]) -> dict[str, float]:
    """Return median, p99 and worst."""
    return {
        "p50": round(statistics.median(late), 2),
        "p99": round(percentile(late, 0.99), 2),
        "worst": round(max(late), 2),
        "samples": len(late),
    }


async def measure(engine: str, folder: Path) -> dict[str, Any]:
    """Open the app on a corpus for the engine, and train."""
    kind, files, confirmed = TASKS[engine]
    scheme, rows = rows_of(*files)
    task = LABELS + scheme.labels[0].name if kind == "label" else kind
    if kind == "attribute":
        # Whether a chemical is named in the first half of its sentence: something to learn, whatever it is worth.
        scheme = Scheme(scheme.entities, attributes=(Attribute("early", "boolean"),))
        task = f"{ATTRIBUTES}early"
        for document, annotations in rows:
            half = len(document.text) // 2
            for number, entity in annotations.entities.items():
                annotations.entities[number] = _with(entity, entity.span.start < half)
    path = folder / f"{engine}.db"
    fill(path, scheme, rows[: confirmed + 500], confirmed)
    with Corpus.open(path) as corpus:
        settings.change(corpus, active_learning=False)
    script = folder / "script.py"
    script.write_text(SCRIPT, "utf-8")
    options = TrainOptions(tasks=[task], engine=engine, script=str(script) if engine == "custom" else "")
    opened = OpenedCorpus(path, "bench")
    app = AnnotateApp(Config(), "bench", corpus=(opened, opened.wait()))
    async with app.run_test(size=(100, 30)) as pilot:
        while opened.loop is None:
            await asyncio.sleep(0.05)
        await asyncio.sleep(3)
        alone = await lateness(LEAST)
        late: list[float] = []
        trained = 0
        while len(late) * EVERY < LEAST:
            await opened.loop.train_now(options)
            while opened.loop.state.course is None:
                await asyncio.sleep(0.01)
            trained += 1
            over = asyncio.Event()
            watching = asyncio.ensure_future(lateness(MOST, over))
            began = asyncio.get_running_loop().time()
            while opened.loop.state.course is not None and asyncio.get_running_loop().time() - began < MOST:
                await pilot.press("j")
                await asyncio.sleep(0.5)
            over.set()
            late += await watching
            opened.loop.cancel()
            await asyncio.sleep(0.5)
        news = opened.loop.state.news
    return {"alone": described(alone), "training": described(late), "trainings": trained, "news": news}


def _with(entity: Any, early: bool) -> Any:
    from dataclasses import replace

    return replace(entity, attributes={"early": early})


def main() -> dict[str, Any]:
    """Measure each engine."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--engines", default=",".join(TASKS))
    options = parser.parse_args()
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        for engine in options.engines.split(","):
            found[engine] = asyncio.run(measure(engine, Path(folder)))
    return {"reach": {"p99": 10}, "milliseconds": found}


if __name__ == "__main__":
    json.dump(main(), sys.stdout, indent=1)
    print()

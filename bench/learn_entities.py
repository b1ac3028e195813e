"""How well entities are learned from so many random sentences, and how far their probabilities can be believed.

The engine by itself, without a corpus file and children. The official training sentences are drawn from, the first 800
of the official test are measured on, exact F1 of all types together, what is suggested from 0.3. `all_texts` means that
the space of words was learned from the texts (never the annotations) of train, dev and test, as it is where everything
has been imported; `train_texts` that it saw the training texts alone, as in `simulate`, which keeps its test apart.

    python -m bench.learn_entities [--seeds 3] [--sizes 25 100 300 1000] [--corpus bc5cdr]
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from bench.simulations import DATA
from tui_annotate.domain.agreement import Counts, Marked, exact, total
from tui_annotate.domain.annotations import Annotations
from tui_annotate.domain.documents import Document
from tui_annotate.domain.scheme import Scheme
from tui_annotate.learn.calibration import Shown, reliability
from tui_annotate.learn.engines.base import Example, no_progress
from tui_annotate.learn.engines.entities import EntityEngine, EntityModel
from tui_annotate.learn.engines.wordspace import WordSpace, learn_word_space
from tui_annotate.services import gold

TESTED = 800
SUGGESTED = 0.3
SURE = 0.9

Rows = list[tuple[Document, Annotations]]


@dataclass(frozen=True, slots=True)
class Data:
    """The parts of a set."""

    scheme: Scheme
    train: Rows
    dev: Rows
    test: Rows


def load(name: str) -> Data:
    """Read a set."""
    first = gold.load(DATA / name / "train.jsonl")
    rest = [gold.load(DATA / name / f"{part}.jsonl", scheme=first.scheme) for part in ("dev", "test")]
    scheme = rest[-1].scheme
    parts = [[(d.document, d.versions[0].annotations) for d in read.documents] for read in (first, *rest)]
    return Data(scheme, parts[0], parts[1], parts[2])


def marked(annotations: Annotations) -> list[Marked]:
    """Return the entities that are true of a document."""
    return [(entity.type, entity.spans) for entity in annotations.entities.values()]


def measured(model: EntityModel, test: Rows, encodings: Any) -> dict[str, float]:
    """Return F1, and what the probabilities that are shown are worth."""
    found = model.predict(encodings, minimum=SUGGESTED)
    counts = [
        total(exact(marked(annotations), [(s.name, s.spans) for s in said]))
        for (_, annotations), said in zip(test, found, strict=True)
    ]
    shown = [
        Shown(place, s.name, s.prob, (s.name, s.spans) in set(marked(annotations)))
        for place, ((_, annotations), said) in enumerate(zip(test, found, strict=True))
        for s in said
    ]
    sure = [one for one in shown if one.prob >= SURE]
    believed = reliability(shown, len(test))
    result = {"f1": sum(counts, Counts()).f1, "sure": len(sure)}
    if believed is not None:
        result["ece"] = believed["ece"]
    if sure:
        result["shown"] = statistics.mean(one.prob for one in sure)
        result["precision"] = statistics.mean(float(one.hit) for one in sure)
    return result


def play(data: Data, space: WordSpace, encoded: Any, tested: Any, *, size: int, seed: int) -> dict[str, Any]:
    """Fit on so many random sentences, and once more to calibrate."""
    rows = list(range(len(data.train)))
    random.Random(seed).shuffle(rows)
    rows = rows[:size]
    examples = [Example(row, *data.train[row]) for row in rows]
    encodings = encoded.select(rows)
    engine = EntityEngine(data.scheme, space)
    seconds = {}
    models = {}
    for name, parameters in (("raw", {"calibrate": False}), ("calibrated", {})):
        began = time.perf_counter()
        models[name] = engine.fit(examples, encodings, parameters=parameters, seed=seed, progress=no_progress)
        seconds[name] = time.perf_counter() - began
    found = {name: measured(model, data.test[:TESTED], tested) for name, model in models.items()}
    return {**found, "fit_seconds": seconds["raw"], "fit_and_calibrate_seconds": seconds["calibrated"]}


def described(plays: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return means over seeds, and F1 and the gap between shown and true of each."""
    both = {name: [one[name] for one in plays] for name in ("raw", "calibrated")}
    calibration = {}
    for name, found in both.items():
        said = [one for one in found if "precision" in one]
        calibration[name] = {
            "ece": _mean([one["ece"] for one in found if "ece" in one]),
            f"suggested_from_{SURE}": _mean([one["sure"] for one in found]),
            "shown": _mean([one["shown"] for one in said]),
            "precision": _mean([one["precision"] for one in said]),
            "shown_minus_precision": [round(one["shown"] - one["precision"], 3) for one in said],
        }
    scores = [one["f1"] for one in both["calibrated"]]
    return {
        "f1": _mean(scores),
        "f1_of_each_seed": [round(score, 3) for score in scores],
        "fit_seconds": _mean([one["fit_seconds"] for one in plays]),
        "fit_and_calibrate_seconds": _mean([one["fit_and_calibrate_seconds"] for one in plays]),
        "calibration": calibration,
    }


def _mean(values: Sequence[float]) -> float | None:
    return round(statistics.mean(values), 3) if values else None


def curve(name: str, sizes: Sequence[int], seeds: int, pools: Sequence[str]) -> dict[str, Any]:
    """Return the figures at each size, by what the space has seen."""
    data = load(name)
    texts = {"all_texts": [*data.train, *data.dev, *data.test], "train_texts": data.train}
    result: dict[str, Any] = {}
    for pool in pools:
        began = time.perf_counter()
        space = learn_word_space(document for document, _ in texts[pool])
        learned = round(time.perf_counter() - began, 1)
        encoded = space.encode([document for document, _ in data.train])
        tested = space.encode([document for document, _ in data.test[:TESTED]])
        result[pool] = {
            "texts": len(texts[pool]),
            "learned_in_seconds": learned,
            "sentences": {
                str(size): described([play(data, space, encoded, tested, size=size, seed=s) for s in range(seeds)])
                for size in sizes
            },
        }
    return result


def main() -> dict[str, Any]:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--sizes", type=int, nargs="+", default=[25, 100, 300, 1000])
    parser.add_argument("--corpus", default="bc5cdr", help="a folder of the data, with train, dev and test")
    parser.add_argument(
        "--pools", nargs="+", choices=["all_texts", "train_texts"], default=["all_texts", "train_texts"]
    )
    options = parser.parse_args()
    if not DATA.is_dir():
        return {"skipped": "the data are not here"}
    return {options.corpus: curve(options.corpus, options.sizes, options.seeds, options.pools)}


if __name__ == "__main__":
    json.dump(main(), sys.stdout, indent=1)
    print()

"""How many label errors a second look finds: 5 % of 600 SMS labels flipped, five seeds.

    python -m bench.figures_second_look [--seeds 5]

Prints the share of the flipped ones that stand in the first tenth of the second-look queue. Needs the data folder
beside the project (see `simulations.DATA`).
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import sys
from dataclasses import replace
from typing import Any

from bench.simulations import DATA
from tui_annotate.domain.annotations import Annotations
from tui_annotate.domain.interchange import ExchangedDocument
from tui_annotate.learn.engines.base import Example, no_progress
from tui_annotate.learn.engines.registry import engine_for
from tui_annotate.learn.second_look import contradictions, out_of_fold
from tui_annotate.services import gold

DOCUMENTS = 600
FLIPPED = 0.05


def found_in_first_tenth(pool: gold.Gold, seed: int) -> float:
    """Return the share of the flipped labels that the first tenth of the queue holds."""
    rng = random.Random(seed)
    chosen = rng.sample(pool.documents, DOCUMENTS)
    wrong = set(rng.sample(range(DOCUMENTS), round(FLIPPED * DOCUMENTS)))
    (task,) = pool.scheme.tasks
    examples = [_example(row, document, row in wrong) for row, document in enumerate(chosen)]
    factory = engine_for(task, pool.scheme)
    space = factory.learn([d.document for d in chosen], seed=seed, progress=no_progress)
    said = out_of_fold(
        lambda: factory.create(task, pool.scheme, space),
        examples,
        lambda some: space.encode([e.document for e in some]),
        parameters={},
        seed=seed,
    )
    scores = [one.score for one in contradictions(task, pool.scheme, examples, said)]
    first = sorted(range(DOCUMENTS), key=lambda row: -scores[row])[: DOCUMENTS // 10]
    return len(wrong.intersection(first)) / len(wrong)


def _example(row: int, document: ExchangedDocument, wrong: bool) -> Example:
    held = document.versions[0].annotations
    if wrong:
        ((name, label),) = held.labels.items()
        other = not label.value if isinstance(label.value, bool) else "ham" if label.value == "spam" else "spam"
        held = Annotations(labels={name: replace(label, value=other)})
    return Example(row, document.document, held)


def main() -> dict[str, Any]:
    """Measure for several seeds."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=5)
    options = parser.parse_args()
    if not DATA.is_dir():
        return {"skipped": "the data are not here"}
    pool = gold.load(DATA / "sms_spam" / "all.jsonl")
    shares = [found_in_first_tenth(pool, seed) for seed in range(options.seeds)]
    return {
        "documents": DOCUMENTS,
        "flipped": round(FLIPPED * DOCUMENTS),
        "found_in_first_tenth": [round(share, 3) for share in shares],
        "mean": round(statistics.mean(shares), 3),
        "worst": round(min(shares), 3),
    }


if __name__ == "__main__":
    json.dump(main(), sys.stdout, indent=1)
    print()

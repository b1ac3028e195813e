"""spaCy on BC5CDR: F1 on 800 sentences of the official test after 100 and 300, with and without pool vectors.

Beside F1 it says how long the fit took, how long the 800 sentences took, and how far the probabilities are from the
truth: expected calibration error, and the precision of what is shown at 0.9 or more.

    python -m bench.learn_spacy [--sizes 100 300] [--kind ner] [--set epochs=20] [--validation 0.2]
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
from collections.abc import Sequence

from bench.simulations import DATA
from tui_annotate.domain.annotations import Suggestion
from tui_annotate.domain.scheme import ENTITIES
from tui_annotate.learn.engines.base import Example, no_progress
from tui_annotate.learn.engines.registry import engine
from tui_annotate.services import gold

TEST = 800


def calibration(test: Sequence[Example], predicted: Sequence[Sequence[Suggestion]]) -> dict[str, float]:
    """Return F1 of what is likelier than not, the expected calibration error, and the precision from 0.9 on."""
    hits: list[tuple[float, bool]] = []
    there = 0
    for example, found in zip(test, predicted, strict=True):
        right = {(entity.type, entity.spans) for entity in example.annotations.entities.values()}
        there += len(right)
        hits += [(one.prob, (one.name, one.spans) in right) for one in found]
    shown = [hit for prob, hit in hits if prob >= 0.5]
    error = 0.0
    for low in range(10):
        part = [(prob, hit) for prob, hit in hits if low / 10 <= prob < (low + 1) / 10 + (low == 9)]
        error += abs(sum(prob for prob, _ in part) - sum(hit for _, hit in part))
    sure = [hit for prob, hit in hits if prob >= 0.9]
    return {
        "f1": round(2 * sum(shown) / max(len(shown) + there, 1), 4),
        "calibration_error": round(error / max(len(hits), 1), 4),
        "precision_from_0.9": round(sum(sure) / max(len(sure), 1), 4),
        "share_from_0.9": round(len(sure) / max(len(hits), 1), 3),
    }


def main() -> int:
    """Print the figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="*", default=[100, 300])
    parser.add_argument("--kind", default="ner", choices=["ner", "spancat"])
    parser.add_argument("--set", action="append", default=[], help="a parameter, e.g. epochs=20")
    parser.add_argument("--validation", type=float, default=0.0)
    parser.add_argument("--vectors", default="10", help="1 with, 0 without vectors of the pool")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    if not DATA.is_dir():
        print(json.dumps({"skipped": "the data are not here"}))
        return 0
    read = gold.load(DATA / "bc5cdr/train.jsonl")
    held = gold.load(DATA / "bc5cdr/test.jsonl", scheme=read.scheme).documents
    dev = gold.load(DATA / "bc5cdr/dev.jsonl", scheme=read.scheme).documents
    chance = random.Random(options.seed)
    rows = [Example(n, d.document, d.versions[0].annotations) for n, d in enumerate(read.documents)]
    test = [Example(n, d.document, d.versions[0].annotations) for n, d in enumerate(chance.sample(held, TEST))]
    chance.shuffle(rows)
    factory = engine(f"spacy-{options.kind}")
    pool = [one.document for one in (*read.documents, *dev, *held)]
    space = factory.learn(pool, seed=0, progress=no_progress)
    given = dict(pair.split("=", 1) for pair in options.set)
    encoded = space.encode([example.document for example in test])
    results = []
    for vectors in (flag == "1" for flag in options.vectors):
        for size in options.sizes:
            parameters = {**given, "pool_vectors": vectors}
            part = round(options.validation * size)
            chosen, apart = rows[part:size], rows[:part]
            maker = factory.create(ENTITIES, read.scheme, space)
            encodings = space.encode([example.document for example in chosen])
            start, cpu = time.perf_counter(), time.process_time()
            common = {"parameters": parameters, "seed": options.seed, "progress": no_progress}
            if apart:
                validation = (apart, space.encode([example.document for example in apart]))
                model = maker.fit_validated(chosen, encodings, validation=validation, **common)
            else:
                model = maker.fit(chosen, encodings, **common)
            fitted, used = time.perf_counter() - start, time.process_time() - cpu
            start = time.perf_counter()
            found = model.predict(encoded, run="bench", minimum=0.1)
            row = {"sentences": size, "pool_vectors": vectors, "passes": len(model.lines), **calibration(test, found)}
            row |= {"fit_seconds": round(fitted, 1), "fit_cpu_seconds": round(used, 1)}
            row |= {"predict_seconds": round(time.perf_counter() - start, 2)}
            results.append(row)
            print(row, file=sys.stderr)
    print(json.dumps({"kind": options.kind, "parameters": given, "rows": results}, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())

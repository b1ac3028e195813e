"""How much two runs agree on documents that nobody has confirmed: whether another training still changes anything.

Cohen's kappa of the two runs' answers (Bloodgood and Vijay-Shanker, 2009: stop when it stays at 0.99), over documents
for a label, over characters for entities.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from tui_annotate.domain.annotations import Annotations, Suggestion
from tui_annotate.domain.documents import Document, DocumentState
from tui_annotate.domain.scheme import ATTRIBUTES, ENTITIES
from tui_annotate.domain.selection import TEST_TAG
from tui_annotate.learn import measuring
from tui_annotate.learn.deployed import Deployed
from tui_annotate.learn.engines.base import Example, Model
from tui_annotate.store import counters, documents
from tui_annotate.store.connection import Corpus
from tui_annotate.store.drawing import draw_row

SIZE = 100
"""Pending documents that two runs are compared on."""
MOST_CHARACTERS = 60_000
"""Of all of them together."""
_ATTEMPTS = 4 * SIZE

Predicted = Sequence[Sequence[Suggestion]]


def sample(corpus: Corpus, *, seed: int) -> list[Example]:
    """Return pending documents drawn at random, the same ones for as long as they are pending."""
    found: dict[int, Example] = {}
    top, room = counters.progress(corpus).total, MOST_CHARACTERS
    for attempt in range(_ATTEMPTS if top else 0):
        id = draw_row(seed=seed, turn=0, attempt=attempt, top=top)
        if len(found) == SIZE or room <= 0:
            break
        if id in found or not (loaded := documents.load_some(corpus, [id])):
            continue
        if documents.row(corpus, id).state is DocumentState.PENDING and TEST_TAG not in loaded[id].tags:
            found[id] = Example(id, loaded[id], Annotations())
            room -= len(loaded[id].text)
    return list(found.values())


def beside(
    task: str,
    examples: Sequence[Example],
    model: Model,
    encode: measuring.Encode,
    deployed: Deployed,
    *,
    minimum: float,
) -> dict[str, Any] | None:
    """Return how far a new model agrees with the deployed run on pending documents; see `agreement`."""
    if task.startswith(ATTRIBUTES):
        return None  # Nobody has marked the entities of these documents that the attributes are of.
    ours = measuring.predict(model, examples, encode, run="", minimum=minimum)
    theirs = measuring.predict(deployed.model, examples, deployed.encode, run="", minimum=minimum)
    return agreement(task, [example.document for example in examples], ours, theirs, run=deployed.run)


def agreement(
    task: str, documents: Sequence[Document], ours: Predicted, theirs: Predicted, *, run: str
) -> dict[str, Any] | None:
    """Return how far a run agrees with another on the same documents; None without any.

    Returns:
        `run` (the other), `documents`, `same` (share of documents with just the same suggestions), `kappa`,
        `suggestions` (how many the two have) and `changed` (those that one of them has alone; another value for a
        label is one change).
    """
    if not documents:
        return None
    keys = [({s.key for s in one}, {s.key for s in other}) for one, other in zip(ours, theirs, strict=True)]
    return {
        "run": run,
        "documents": len(documents),
        "same": sum(one == other for one, other in keys) / len(keys),
        "kappa": kappa(_characters(documents, ours, theirs) if task == ENTITIES else _values(ours, theirs)),
        "suggestions": sum(len(one | other) if task == ENTITIES else len(one or other) for one, other in keys),
        "changed": sum(len(one ^ other) if task == ENTITIES else int(one != other) for one, other in keys),
    }


def kappa(pairs: Counter[tuple[str, str]]) -> float:
    """Return Cohen's kappa of counted pairs of answers; 1 where both always give the same one."""
    of = sum(pairs.values())
    seen = sum(count for (a, b), count in pairs.items() if a == b) / of
    first, second = Counter[str](), Counter[str]()
    for (a, b), count in pairs.items():
        first[a] += count
        second[b] += count
    chance = sum(first[name] * second[name] for name in first) / of**2
    return 1.0 if chance == 1.0 else (seen - chance) / (1 - chance)


def _values(ours: Predicted, theirs: Predicted) -> Counter[tuple[str, str]]:
    def answer(found: Sequence[Suggestion]) -> str:
        return "; ".join(sorted(f"{s.name}={s.value}" for s in found))

    return Counter((answer(one), answer(other)) for one, other in zip(ours, theirs, strict=True))


def _characters(documents: Sequence[Document], ours: Predicted, theirs: Predicted) -> Counter[tuple[str, str]]:
    pairs = Counter[tuple[str, str]]()
    for document, one, other in zip(documents, ours, theirs, strict=True):
        for part in document.parts:
            pairs.update(
                zip(_marked(part.id, len(part.text), one), _marked(part.id, len(part.text), other), strict=True)
            )
    return pairs if pairs else Counter({("", ""): 1})


def _marked(part: str, length: int, found: Sequence[Suggestion]) -> list[str]:
    marks = [""] * length
    for suggestion in sorted(found, key=lambda s: s.prob):
        for span in suggestion.spans:
            if span.part == part:
                marks[span.start : span.end] = [suggestion.name] * (span.end - span.start)
    return marks

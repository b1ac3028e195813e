"""The part of the gold that shows overfitting: drawn once by text, in proportion to what the documents say, and kept.

A document that was drawn stays drawn, whatever is confirmed after it, for as long as seed
and share are the same: the split is a file beside the spaces. Equal texts are on one side. Each new batch is drawn so
that every kind of document comes as near to the share as it can, and none loses its only example to the part.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Mapping, Sequence
from hashlib import blake2b
from pathlib import Path

import msgspec

from tui_annotate.domain.documents import text_hash
from tui_annotate.domain.readiness import facts
from tui_annotate.domain.scheme import Scheme
from tui_annotate.learn.engines.base import Example
from tui_annotate.store.connection import Corpus

FILE = "validation.json"
"""Beside the spaces that the corpus keeps."""

Sides = dict[int, bool]
"""By text hash: in the validation part or not."""


class Kept(msgspec.Struct):
    """What `validation.json` holds: by task, seed and share, the texts of both sides."""

    draws: dict[str, dict[str, list[int]]] = {}


def divide(
    corpus: Corpus, task: str, scheme: Scheme, examples: Sequence[Example], *, share: float, seed: int
) -> tuple[list[Example], list[Example], int]:
    """Return what is left to train on, the validation part, and how many of it were drawn just now."""
    if share <= 0 or len(examples) < 2:
        return list(examples), [], 0
    hashes = {example.id: text_hash(example.document.text) for example in examples}
    path = corpus.runs_folder / "cache" / FILE
    kept = _read(path)
    name = f"{task} {seed} {share:g}"
    held = kept.draws.get(name, {"train": [], "validation": []})
    known: Sides = {**dict.fromkeys(held["train"], False), **dict.fromkeys(held["validation"], True)}
    strata = {hashes[e.id]: " ".join(sorted(name for name, _ in facts(task, scheme, e.annotations))) for e in examples}
    sides = draw(strata, known, share=share, seed=seed)
    if sides != known:
        kept.draws[name] = {
            "train": sorted(text for text, drawn in sides.items() if not drawn),
            "validation": sorted(text for text, drawn in sides.items() if drawn),
        }
        _write(path, kept)
    part = [example for example in examples if sides[hashes[example.id]]]
    rest = [example for example in examples if not sides[hashes[example.id]]]
    return rest, part, sum(hashes[example.id] not in known for example in part)


def draw(strata: Mapping[int, str], known: Sides, *, share: float, seed: int) -> Sides:
    """Return on which side each text is; those known stay where they are.

    Args:
        strata: By text hash, what kind of document it is.
    """
    sides = dict(known)
    new: dict[str, list[int]] = defaultdict(list)
    sizes: dict[str, int] = defaultdict(int)
    drawn: dict[str, int] = defaultdict(int)
    for text, stratum in strata.items():
        sizes[stratum] += 1
        if text in known:
            drawn[stratum] += known[text]
        else:
            sides[text] = False
            new[stratum].append(text)
    for texts in new.values():
        texts.sort(key=lambda text: _lot(text, seed), reverse=True)
    for _ in range(round(share * len(strata)) - sum(drawn.values())):
        # What kinds of a single document cannot give, the others do not give in their place.
        open_ones = [s for s, texts in new.items() if texts and sizes[s] - drawn[s] > 1 and drawn[s] < share * sizes[s]]
        if not open_ones:
            break
        stratum = max(open_ones, key=lambda s: (share * sizes[s] - drawn[s], s))
        sides[new[stratum].pop()] = True
        drawn[stratum] += 1
    return sides


def _lot(text: int, seed: int) -> bytes:
    return blake2b(f"validation {seed} {text}".encode(), digest_size=8).digest()


def _read(path: Path) -> Kept:
    try:
        return msgspec.json.decode(path.read_bytes(), type=Kept)
    except (OSError, msgspec.DecodeError):
        return Kept()


def _write(path: Path, kept: Kept) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        aside.write_bytes(msgspec.json.encode(kept))
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)

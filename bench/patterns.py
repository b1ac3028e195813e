"""How quick patterns are: a dictionary of ten thousand terms, a token pattern, an expression; and copying an answer.

    python bench/patterns.py [FILE.jsonl]

The texts are those of a JSONL file (`text`, or `tokens`), or made up.
"""

from __future__ import annotations

import json
import random
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tui_annotate.domain.decisions import Changes, Decision, Kind, VersionState
from tui_annotate.domain.documents import Document, Part
from tui_annotate.domain.interchange import ExchangedDocument
from tui_annotate.domain.matching import Matcher
from tui_annotate.domain.patterns import Pattern
from tui_annotate.services import identical
from tui_annotate.store import log, settings
from tui_annotate.store.connection import Corpus
from tui_annotate.store.intake import Intake

TERMS = 10_000
COPIES = 1_000


def texts(path: str | None) -> list[str]:
    """Return the texts of a file, or made-up ones."""
    if path is not None:
        rows = [json.loads(line) for line in Path(path).read_text(encoding="utf-8").splitlines()]
        return [row.get("text") or " ".join(row["tokens"]) for row in rows]
    draw = random.Random(0)
    words = [f"{draw.choice('abcdefgh')}{n}" for n in range(5_000)]
    return [" ".join(draw.choices(words, k=30)) for _ in range(5_000)]


def report(name: str, patterns: list[Pattern], documents: list[Document], size: float) -> None:
    """Print what compiling and matching take."""
    begun = time.process_time()
    matcher = Matcher(patterns)
    ready = time.process_time()
    hits = sum(len(matcher.hits(document)) for document in documents)
    took = time.process_time() - ready
    print(f"{name:28} ready {ready - begun:.3f} s, {took / size:.2f} s a MB, {hits:,} places")


def copying() -> float:
    """Return the seconds that copying an answer to a thousand documents takes."""
    with TemporaryDirectory() as folder, Corpus.create(Path(folder, "same.db")) as corpus:
        settings.change(corpus, holdout_share=0.0)
        same = (ExchangedDocument(Document(f"d{n}", (Part("s1v1", "the same"),))) for n in range(COPIES + 1))
        list(Intake(corpus).add(same))
        log.record(corpus, [Decision(Kind.CONFIRM, 1, "ann", Changes(state=(None, VersionState.CONFIRMED)))])
        begun = time.perf_counter()
        identical.copy(corpus, "ann", identical.plan(corpus, "ann", [1]))
        return time.perf_counter() - begun


def main() -> None:
    """Print everything."""
    found = texts(sys.argv[1] if len(sys.argv) > 1 else None)
    documents = [Document(str(n), (Part("s1v1", text),)) for n, text in enumerate(found)]
    size = sum(map(len, found)) / 1e6
    print(f"{len(documents):,} documents, {size:.2f} MB")
    draw = random.Random(1)
    spoken = sorted({word for text in found for word in text.split()})
    terms = {" ".join(draw.choices(spoken, k=draw.choice((1, 2, 3)))) for _ in range(TERMS)}
    conditions: tuple[dict[str, Any], ...] = ({"is_digit": True}, {"lower": {"in": ["mg", "ml"]}})
    report(f"{len(terms):,} terms", [Pattern("entity", "X", "words", term) for term in terms], documents, size)
    report("a token pattern", [Pattern("entity", "X", "tokens", tokens=conditions)], documents, size)
    report("an expression", [Pattern("entity", "X", "regex", r"\b\w+(?:ine|ol)\b")], documents, size)
    print(f"copied to {COPIES:,} documents in {copying():.2f} s")


if __name__ == "__main__":
    main()

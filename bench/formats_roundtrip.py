"""Round trips: random documents through every format that reads and writes; offsets equal or the loss reported.

    python -m bench.formats_roundtrip [--documents 10000] [--only FORMAT...]

Each batch is written as an export is, which reads it back and compares it in the format's own terms; then it is read
again here and compared without the format's help: the text, and type and place of every entity, over the whole text.
An entity that is missing must have been announced before (`losses`) or named by the writer; so must a text that
differs. What comes back and was never there is wrong whatever was said.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from bench.random_documents import SCHEME, Maker
from tui_annotate.domain.interchange import ExchangedDocument
from tui_annotate.errors import AnnotateError
from tui_annotate.formats import registry, writing
from tui_annotate.formats.base import EVERYTHING, Format, ReadOptions, WriteOptions, chosen_version
from tui_annotate.formats.losses import Losses
from tui_annotate.formats.reducing import reduced

BATCH = 500
OPTIONS = WriteOptions(scheme=SCHEME)
_LOSSES = frozenset(("entities", "overlaps", "fragments", "versions"))
Place = tuple[str, int, int]


class Run:
    """Sends documents through one format and counts what becomes of them."""

    def __init__(self, format: Format, folder: Path) -> None:
        self._format = format
        self._target = folder / (f"out{format.extensions[0]}" if format.write_stream else "out.zip")
        self.counts: Counter[str] = Counter()
        self.examples: list[str] = []

    def batch(self, documents: Sequence[ExchangedDocument]) -> None:
        """Write and read a batch."""
        try:
            written = writing.write(documents, self._format, self._target, OPTIONS, overwrite=True)
        except AnnotateError as error:
            self.counts["batches refused"] += 1
            self._show(f"{error}")
            if len(documents) > 1:
                middle = len(documents) // 2
                self.batch(documents[:middle])
                self.batch(documents[middle:])
            return
        named = {problem.where for problem in written.problems} | {"" for _ in range(written.more_problems)}
        reading = ReadOptions(scheme=SCHEME, text_column="text", id_column="id", empty=True)
        items = registry.read_paths([self._target], format=self._format.name, options=reading, own=True)
        back = [item for item in items if isinstance(item, ExchangedDocument)]
        if len(back) != len(documents):
            self.counts["documents lost"] += abs(len(documents) - len(back))
            self._show(f"{len(documents)} documents written, {len(back)} read")
            return
        by_key = {one.document.key: one for one in back}
        for place, document in enumerate(documents):
            other = by_key.get(document.document.key, back[place])
            self._compare(document, other, document.document.key in named or "" in named)

    def _compare(self, before: ExchangedDocument, after: ExchangedDocument, is_named: bool) -> None:
        losses = Losses(self._format, OPTIONS)
        losses.add(before)
        own = losses.counts.keys() - EVERYTHING
        is_said = is_named or bool(own) or bool(losses.counts.keys() & _LOSSES)
        index = chosen_version(before, OPTIONS)
        annotator = "" if index is None else before.versions[index].annotator
        wanted, text = _places(before, annotator)
        found, other = _places(after, annotator if "versions" in self._format.holds else "")
        self.counts["documents"] += 1
        self.counts["entities"] += wanted.total()
        if text != other:
            self.counts["texts that differ"] += 1
            if not (is_named or own):
                self.counts["texts that differ, not reported"] += 1
                self._show(f"text {text!r} came back as {other!r}")
            wanted, found = _surfaces(wanted, text), _surfaces(found, other)
        missing, strange = wanted - found, found - wanted
        if is_said and text == other:
            for lost, came in _moved(missing, strange):
                self.counts["entities moved to borders of tokens and reported"] += 1
                missing[lost] -= 1
                strange[came] -= 1
            missing, strange = +missing, +strange
        self.counts["entities equal"] += (wanted & found).total()
        self.counts["entities lost and reported" if is_said else "entities lost, not reported"] += missing.total()
        self.counts["entities that were never there"] += strange.total()
        if strange or (missing and not is_said):
            self._show(f"in {text!r}: lost {sorted(missing)}, came {sorted(strange)}")

    def _show(self, text: str) -> None:
        if len(self.examples) < 5:
            self.examples.append(text[:600])


def _places(exchanged: ExchangedDocument, annotator: str) -> tuple[Counter[Any], str]:
    """Return type and hull of each entity of one version, in offsets of the whole text; no name means the first."""
    named = [version for version in exchanged.versions if annotator in ("", version.annotator)][:1]
    left = reduced(replace(exchanged, versions=tuple(named)), EVERYTHING - {"parts", "versions"}, OPTIONS)
    held = left.versions[0].annotations.entities.values() if left.versions else ()
    return Counter((entity.type, entity.span.start, entity.span.end) for entity in held), exchanged.document.text


def _moved(missing: Counter[Any], strange: Counter[Any]) -> Iterator[tuple[Place, Place]]:
    """Yield what was lost with what came in its place: of the same type, and over some of the same text."""
    left = list(strange.elements())
    for type, start, end in list(missing.elements()):
        near = [came for came in left if came[0] == type and came[1] < end and start < came[2]]
        if near:
            nearest = min(near, key=lambda came: abs(came[1] - start) + abs(came[2] - end))
            left.remove(nearest)
            yield (type, start, end), nearest


def _surfaces(places: Counter[Any], text: str) -> Counter[Any]:
    """Return entities by type and text without white space and what had to give way, where offsets mean nothing."""
    found: Counter[Any] = Counter()
    for (type, start, end), count in places.items():
        kept = [c for c in text[start:end] if c.isprintable() and not c.isspace() and c != "\ufffd"]
        found[type, "".join(kept)] += count
    return found


def run(name: str, documents: int, seed: int) -> dict[str, Any]:
    """Send documents through one format."""
    began = time.perf_counter()
    maker = Maker(seed)
    with tempfile.TemporaryDirectory() as folder:
        one = Run(registry.get(name), Path(folder))
        for start in range(0, documents, BATCH):
            one.batch([maker.document(number) for number in range(start, min(documents, start + BATCH))])
    bad = ("batches refused", "documents lost", "texts that differ, not reported", "entities lost, not reported")
    wrong = sum(one.counts[what] for what in (*bad, "entities that were never there"))
    seconds = round(time.perf_counter() - began, 1)
    return {"format": name, "wrong": wrong, **dict(one.counts), "examples": one.examples, "seconds": seconds}


def main() -> int:
    """Run all formats, or those that were named."""
    able = [fmt.name for fmt in registry.FORMATS.values() if fmt.read and fmt.writes and not fmt.lacking]
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=4)
    parser.add_argument("--only", nargs="*", choices=able, default=able)
    given = parser.parse_args()
    found = []
    for name in given.only:
        found.append(run(name, given.documents, given.seed))
        print(json.dumps(found[-1], ensure_ascii=False), file=sys.stderr, flush=True)
    print(json.dumps({"formats_roundtrip": found}, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())

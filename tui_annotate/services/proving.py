"""The proof that nothing is lost on the way: a corpus exported, imported into a fresh one, and the two compared.

What the format has no room for is counted and said, and is no difference; everything else has to be the same.
"""

from __future__ import annotations

import tempfile
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from hashlib import blake2b
from itertools import zip_longest
from pathlib import Path
from typing import Any

import msgspec

from tui_annotate.domain.interchange import ExchangedDocument, Problem
from tui_annotate.errors import DataError, NothingToDoError
from tui_annotate.formats import registry
from tui_annotate.formats.base import Format, ReadOptions, WriteOptions
from tui_annotate.formats.losses import Losses
from tui_annotate.formats.meaning import Tally
from tui_annotate.formats.reducing import reduced
from tui_annotate.services.comparing import Compared, Found, differences
from tui_annotate.services.exporting import export
from tui_annotate.services.importing import import_paths
from tui_annotate.services.outgoing_versions import exchanged
from tui_annotate.store import settings
from tui_annotate.store.connection import Corpus
from tui_annotate.store.outgoing import outgoing

_MOST = 1000
_EVERY = 200
_encode = msgspec.json.Encoder(order="deterministic", enc_hook=dict).encode


@dataclass(frozen=True, slots=True)
class Difference:
    """Something that did not come back as it went out."""

    document: str
    """Id of the document."""
    what: str
    """`entities of alice`, `text of s1p1`, `folder`."""
    before: str
    """In the corpus; empty where it had nothing."""
    after: str
    """What came back; empty where nothing did."""

    def __str__(self) -> str:
        return f"{self.document}: {self.what}: {self.before or 'nothing'} came back as {self.after or 'nothing'}"


@dataclass(slots=True)
class Proof:
    """What a round trip through a format showed."""

    format: str
    counts: Compared = field(default_factory=Compared)
    """How much was compared."""
    lost: dict[str, int] = field(default_factory=dict)
    """What the format has no room for."""
    lost_words: str = ""
    """The same in a sentence."""
    differences: list[Difference] = field(default_factory=list)
    """The first thousand; `more` counts the rest."""
    more: int = 0
    refused: list[str] = field(default_factory=list)
    """What the import refused of what the export wrote, where something did not come back."""

    @property
    def equal(self) -> bool:
        """Say whether the difference is zero."""
        return not (self.differences or self.more or self.refused)


def formats() -> list[str]:
    """Return the formats that can prove it: those that both read and write, and have what they need."""
    return [name for name, f in registry.FORMATS.items() if f.read is not None and f.writes and not f.lacking]


def prove(corpus: Corpus, *, format: str = "anndoc", on_progress: Callable[[str, int], None] | None = None) -> Proof:
    """Export the whole corpus to a temporary place, import it into a fresh corpus, and compare everything.

    Args:
        on_progress: Gets `exporting`, `importing` or `comparing`, and the number of documents.

    Raises:
        UsageError: There is no such format, or it is only read or only written.
        NothingToDoError: The corpus has no documents.
        DataError: The export itself found a difference, and left nothing.
    """
    fmt = registry.get(format)
    if fmt.read is None or not fmt.writes:
        raise DataError(f"The format {format} is not both read and written, so nothing comes back from it.")
    tell = on_progress or _nothing
    proof = Proof(fmt.name)
    options = WriteOptions(settings.scheme(corpus))
    with tempfile.TemporaryDirectory(prefix="tui-annotate-proof-") as name:
        folder = Path(name)
        target = folder / f"corpus{fmt.extensions[0]}" if fmt.write_stream is not None else folder / "corpus.zip"
        lost = _Lost()
        export(corpus, target, format=format, on_losses=lost, on_progress=lambda n: tell("exporting", n))
        if lost.losses is not None:
            proof.lost, proof.lost_words = lost.losses.ordered(), lost.losses.sentence()
        with Corpus.create(folder / "back.db", scheme=options.scheme) as back:
            _import(back, target, fmt, options, proof, tell)
            _compare(corpus, back, fmt, options, proof, tell)
    return proof


class _Lost:
    """Keeps what an export says that it will lose."""

    def __init__(self) -> None:
        self.losses: Losses | None = None

    def __call__(self, losses: Losses) -> None:
        self.losses = losses


def _import(
    back: Corpus, target: Path, fmt: Format, options: WriteOptions, proof: Proof, tell: Callable[[str, int], None]
) -> None:
    reading = ReadOptions(scheme=options.scheme, text_column="text", id_column="id", empty=True)
    report = import_paths(
        back,
        [target],
        annotator="master",
        format=fmt.name,
        options=reading,
        on_progress=lambda number: tell("importing", number),
    )
    refused: list[Problem] = [p for p in report.problems if p.severity == "refused"]
    proof.refused = [str(p).replace(f"{target}/", "").replace(f"{target}", target.name) for p in refused]


def _compare(
    corpus: Corpus, back: Corpus, fmt: Format, options: WriteOptions, proof: Proof, tell: Callable[[str, int], None]
) -> None:
    """Compare all documents: by their digests, and where these differ in detail."""
    before, after = Tally(fmt.meaning, options), Tally(fmt.meaning, options)
    for number, document in enumerate(_documents(corpus), 1):
        before.add(document)
        proof.counts.add(reduced(document, fmt.holds, options))
        if number % _EVERY == 0:
            tell("comparing", number)
    if not proof.counts.documents:
        raise NothingToDoError("The corpus has no documents.")
    for document in _documents(back):
        after.add(document)
    if before.matches(after):
        # What an import cannot place, and keeps as it came, was no different in the corpus.
        proof.refused.clear()
    else:
        _name_differences(corpus, back, fmt, options, proof)


def _documents(corpus: Corpus) -> Iterator[ExchangedDocument]:
    tie = settings.load(corpus).tie
    for one in outgoing(corpus):
        yield exchanged(one, tie=tie)


def _name_differences(corpus: Corpus, back: Corpus, fmt: Format, options: WriteOptions, proof: Proof) -> None:
    came, went = _digests(back, fmt, options), _digests(corpus, fmt, options)
    gone = [d for d in _documents(corpus) if not came.get(_digest(d, fmt, options), 0)]
    new = [d for d in _documents(back) if not went.get(_digest(d, fmt, options), 0)]
    by_key = {document.document.key: document for document in new}
    pairs: list[tuple[ExchangedDocument | None, ExchangedDocument | None]] = []
    if "ids" in fmt.holds:
        pairs += [(document, by_key.pop(document.document.key, None)) for document in gone]
        pairs += [(None, document) for document in by_key.values()]
    else:
        pairs += list(zip_longest(gone, new))
    if not pairs:
        # The same documents, some of them another number of times.
        pairs.append((next(d for d in _documents(corpus) if went[_digest(d, fmt, options)] > 1), None))
    for first, second in pairs:
        found = differences(
            reduced(first, fmt.holds, options) if first is not None else None,
            reduced(second, fmt.holds, options) if second is not None else None,
            ids="ids" in fmt.holds,
        )
        key = (first or second).document.key  # type: ignore[union-attr]
        for what, one, other in found or [_besides(first, second, fmt, options)]:
            if len(proof.differences) < _MOST:
                proof.differences.append(Difference(key, what, one, other))
            else:
                proof.more += 1


def _besides(
    first: ExchangedDocument | None, second: ExchangedDocument | None, fmt: Format, options: WriteOptions
) -> Found:
    """Return the first thing that differs in what the format keeps of two documents besides what all formats do."""
    said = (None if one is None else fmt.meaning(one, options) for one in (first, second))
    one, other = (msgspec.to_builtins(meaning, builtin_types=(bytes,), enc_hook=dict) for meaning in said)
    names: list[str] = []
    while type(one) is type(other):
        if isinstance(one, bytes):
            one, other = msgspec.json.decode(one), msgspec.json.decode(other)
        elif isinstance(one, dict):
            name = next((n for n in sorted({*one, *other}) if one.get(n) != other.get(n)), "")
            one, other = one.get(name), other.get(name)
            names.append(name)
        elif isinstance(one, list | tuple) and one != other:
            one, other = next(pair for pair in zip_longest(one, other) if pair[0] != pair[1])
        else:
            break
    where = f", in {'.'.join(names)}" if names else ""
    return f"what its format keeps besides{where}", _shown(one), _shown(other)


def _shown(value: Any) -> str:
    return "" if value is None else textwrap.shorten(_encode(value).decode("utf-8", "replace"), 80, placeholder="…")


def _digests(corpus: Corpus, fmt: Format, options: WriteOptions) -> dict[bytes, int]:
    found: dict[bytes, int] = {}
    for document in _documents(corpus):
        digest = _digest(document, fmt, options)
        found[digest] = found.get(digest, 0) + 1
    return found


def _digest(document: ExchangedDocument, fmt: Format, options: WriteOptions) -> bytes:
    meaning: Any = fmt.meaning(document, options)
    return blake2b(_encode(meaning), digest_size=16).digest()


def _nothing(what: str, number: int) -> None:
    """Report nothing."""

"""Prodigy's JSONL: a row per question and annotator; rows about the same input are versions of one document.

What an answer means: `accept` confirms the version. `reject` of a label is false; of one span that span is
left out; of a whole set of spans the set is wrong, so none of them is taken and the version is not confirmed.
`ignore` leaves it unconfirmed. A row without an answer is a question: its spans are suggestions.
"""

from __future__ import annotations

import re
import zlib
from array import array
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import msgspec

from tui_annotate.domain.annotations import Annotations
from tui_annotate.domain.documents import Document
from tui_annotate.domain.interchange import MASTER, ExchangedDocument, ExchangedVersion, Problem
from tui_annotate.errors import DataError
from tui_annotate.formats import meaning
from tui_annotate.formats.base import EVERYTHING, Format, Item, ReadOptions, stem
from tui_annotate.formats.json_items import JsonItem, objects
from tui_annotate.formats.jsonl import rows as jsonl_rows
from tui_annotate.formats.kept import is_of, under
from tui_annotate.formats.prodigy import rows as prodigy_rows
from tui_annotate.formats.prodigy.tokens import fits
from tui_annotate.formats.prodigy.write import write
from tui_annotate.formats.source import SourceFile

_OF_VERSION = frozenset(
    (
        "_task_hash",
        "_view_id",
        "_session_id",
        "_annotator_id",
        "_timestamp",
        "_is_binary",
        "options",
        "config",
        "accept",
    )
)
"""Belongs to one annotator's answer, not to the document."""
_READ = frozenset(("text", "spans", "tokens", "relations", "answer", "accept", "label", "labels", "labels_as", "cats"))
_READ |= {"id", "parts", "name", "folder", "language", "document_tags"}
_MEDIA = ("image", "audio", "video", "html")
_NO_NAME = re.compile(r"\d{4}-\d\d-\d\d_\d\d-\d\d-\d\d")
"""What Prodigy calls a session that nobody gave a name."""
_MARK = re.compile(rb'(?<!\\)"(?:_input_hash|_task_hash|_view_id|_session_id)"\s*:')


def sniff(name: str, head: bytes) -> bool:
    """Tell Prodigy's rows by the keys that it adds to every one."""
    return is_of("prodigy", _MARK, head)


def read(files: Sequence[SourceFile], options: ReadOptions) -> Iterator[Item]:
    """Yield a document per input, with a version per annotator who answered."""
    for file in files:
        yield from _read_file(file, options)


def _read_file(file: SourceFile, options: ReadOptions) -> Iterator[Item]:
    shared = _shared(file)
    waiting: dict[int, list[bytes]] = {}
    reader = _Reader(file, options)
    met = False
    for item in objects(file):
        met = True
        if isinstance(item, Problem):
            yield item
            continue
        of = _of_input(item.row) if shared else None
        if of is None or of not in shared:
            yield from reader.read([item])
            continue
        rows = waiting.setdefault(of, [])
        rows.append(zlib.compress(msgspec.json.encode((item.where, item.number, item.row)), 1))
        if len(rows) == shared[of]:
            yield from reader.read([_unpacked(row) for row in waiting.pop(of)])
    if not met and not options.empty:
        yield Problem("refused", file.where, "", "the file is empty, there is nothing to annotate")
    yield from reader.summary()


def _unpacked(packed: bytes) -> JsonItem:
    where, number, row = msgspec.json.decode(zlib.decompress(packed))
    return JsonItem(where, row, b"", number)


def _shared(file: SourceFile) -> dict[int, int]:
    """Return the inputs that several rows are about, with how many; 8 bytes a row are needed to find them."""
    met = array("q", (of for item in objects(file) if isinstance(item, JsonItem) and (of := _of_input(item.row))))
    if len(met) < 2:
        return {}
    found: Counter[int] = Counter()
    last = 0
    for of in sorted(met):
        if of == last:
            found[of] += 1
        last = of
    return {of: more + 1 for of, more in found.items()}


def _of_input(row: dict[str, Any]) -> int | None:
    """Return what rows about the same input share; None for a row that Prodigy has not hashed."""
    hashed = row.get("_input_hash")
    return hash((hashed, str(row.get("id")))) if type(hashed) is int else None


@dataclass(slots=True)
class _Version:
    """One annotator's answers about one document, as far as they have been read."""

    held: Annotations = field(default_factory=Annotations)
    confirmed: bool | None = None
    kept: dict[str, Any] = field(default_factory=dict)
    rejected: list[Any] = field(default_factory=list)


class _Reader:
    """Turns the rows of one file into documents."""

    def __init__(self, file: SourceFile, options: ReadOptions) -> None:
        self._where = file.where
        self._stem = stem(file.name) if file.name != "-" else "stdin"
        self._options = options
        self._rejected = self._binary = self._cut_otherwise = 0

    def read(self, items: list[JsonItem]) -> Iterator[Item]:
        """Yield the document that all these rows are about."""
        first = items[0]
        try:
            document = self._document(first)
        except DataError as error:
            yield Problem("refused", first.where, "", error.message)
            return
        versions: dict[str, _Version] = {}
        extra: dict[str, Any] = {}
        for item in items:
            if item.row.get("text") != first.row["text"]:
                yield Problem("refused", item.where, "text", f"differs from that of {first.where}, of the same hash")
                continue
            answered = prodigy_rows.read(document, item.row, self._options)
            for name, reason in answered.problems:
                yield Problem("refused", item.where, name, reason)
            kept = {key: value for key, value in item.row.items() if key not in _READ}
            if tokens := prodigy_rows.tokens_to_keep(item.row, document.text):
                kept["tokens"] = tokens
            self._cut_otherwise += bool(item.row.get("tokens")) and not fits(item.row["tokens"], document.text)
            if answered.chosen != sorted(answered.chosen, key=str):
                kept["accept"] = answered.chosen
            if _says_something(answered, item.row):
                version = versions.setdefault(_annotator(item.row), _Version())
                self._take(version, answered)
                version.kept |= {key: value for key, value in kept.items() if key in _OF_VERSION}
                kept = {key: value for key, value in kept.items() if key not in _OF_VERSION}
            extra |= {key: value for key, value in kept.items() if key not in extra}
        yield ExchangedDocument(
            document,
            tuple(_finished(name, version) for name, version in versions.items()),
            first.where,
            under("prodigy", extra),
        )

    def _document(self, item: JsonItem) -> Document:
        row, text = item.row, item.row.get("text")
        media = next((kind for kind in _MEDIA if row.get(kind) and (kind != "html" or "text" not in row)), "")
        if media:
            raise DataError(f"is a task about {media}; only text can be annotated here")
        return jsonl_rows.document_of(row, text, f"{self._stem}-{item.number}", empty=self._options.empty)

    def _take(self, version: _Version, answered: prodigy_rows.Answered) -> None:
        """Add a row's answer to what the same annotator said before of the same input."""
        held, answer = answered.held, answered.answer
        if answered.is_binary:
            version.held.labels |= held.labels
            if answer == "reject":
                version.rejected += answered.spans
            else:
                _add_entities(version.held, held)
            if held.labels and answer in ("accept", "reject"):
                version.confirmed = True
            elif held.entities or answer == "ignore":
                # One span that is right says nothing of the others in the text.
                self._binary += bool(held.entities)
                version.confirmed = version.confirmed or False
            return
        if answer == "reject":
            self._rejected += 1
            version.rejected = answered.spans
            version.held, version.confirmed = Annotations(), False
            return
        version.held = Annotations(held.entities, version.held.labels | held.labels, held.relations)
        version.confirmed = {"accept": not answered.misfits, "ignore": False}.get(answer)

    def summary(self) -> Iterator[Problem]:
        """Yield what answers were taken for, where that is not plain."""
        if self._rejected:
            reason = "rows were rejected: their spans are not taken, and the documents are not confirmed"
            yield Problem("noted", self._where, "answer", f"{self._rejected} {reason}")
        if self._binary:
            reason = "rows ask about single spans: accepted ones are taken, but confirm no whole document"
            yield Problem("noted", self._where, "answer", f"{self._binary} {reason}")
        if self._cut_otherwise:
            reason = (
                "rows have tokens that do not stand where they say; they are left out, and made anew on the way out"
            )
            yield Problem("noted", self._where, "tokens", f"{self._cut_otherwise} {reason}")


def _says_something(answered: prodigy_rows.Answered, row: dict[str, Any]) -> bool:
    held = answered.held
    return bool(answered.answer or held.entities or held.labels or held.relations) or _annotator(row) != MASTER


def _annotator(row: dict[str, Any]) -> str:
    for key in ("_annotator_id", "_session_id"):
        name = row.get(key)
        if type(name) in (str, int) and str(name).strip() and not _NO_NAME.fullmatch(str(name).strip()):
            return str(name).strip()
    return MASTER


def _add_entities(to: Annotations, held: Annotations) -> None:
    for entity in held.entities.values():
        number = len(to.entities) + 1
        to.entities[number] = replace(entity, number=number)


def _finished(name: str, version: _Version) -> ExchangedVersion:
    kept = version.kept | ({"rejected": version.rejected} if version.rejected else {})
    if kept:
        version.held.extra |= under("prodigy", kept)
    return ExchangedVersion(version.held, version.confirmed, name)


FORMAT = Format(
    name="prodigy",
    description="Prodigy's JSONL: spans, relations, choices and answers of one or more annotators",
    extensions=(".jsonl", ".ndjson", ".json"),
    many=True,
    loses="",
    meaning=meaning.by(EVERYTHING),
    holds=EVERYTHING,
    sniff=sniff,
    read=read,
    write_stream=write,
)

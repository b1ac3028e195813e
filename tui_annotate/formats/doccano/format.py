"""doccano's JSONL and JSON, of any generation. It writes no text beside its offsets, and has changed their unit.

So a file is read twice: once to find out, over all its documents, which unit its spans look right in
(`offset_evidence`), and whether a text may have several categories or none but free texts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from tui_annotate.domain.annotations import Annotations, Entity, LabelValue, Relation
from tui_annotate.domain.documents import Document
from tui_annotate.domain.interchange import MASTER, ExchangedDocument, ExchangedVersion, Problem
from tui_annotate.errors import DataError
from tui_annotate.formats import meaning
from tui_annotate.formats.base import EVERYTHING, Feature, Format, Item, ReadOptions, stem, unnamed_label
from tui_annotate.formats.categories import read_labels
from tui_annotate.formats.claimed import Places
from tui_annotate.formats.doccano import rows as doccano_rows
from tui_annotate.formats.doccano.rows import Marked, Row
from tui_annotate.formats.doccano.write import write
from tui_annotate.formats.json_items import JsonItem, objects
from tui_annotate.formats.jsonl import rows as jsonl_rows
from tui_annotate.formats.jsonl.rows import Problems
from tui_annotate.formats.kept import is_of, under
from tui_annotate.formats.offset_evidence import COVERED, Evidence
from tui_annotate.formats.source import SourceFile
from tui_annotate.formats.utf16 import Utf16

HOLDS: frozenset[Feature] = EVERYTHING - {"fragments", "attributes", "authors", "probabilities", "versions"}
_READ = doccano_rows.USED | {"annotation_approver", "confirmed", "parts", "name", "folder", "language", "document_tags"}
_READ |= {COVERED, "Comments"}
_MOST_CATEGORIES = 100
"""Different ones of a file, above which they are free texts (doccano's sequence to sequence)."""
_LONGEST_CATEGORY = 80
_MARK = re.compile(
    rb'(?<!\\)"(?:start_offset|annotation_approver|Comments)"\s*:'
    rb'|(?<!\\)"(?:labels?|entities)"\s*:\s*\[\s*\[\s*\d+\s*,\s*\d+\s*,\s*"'
)
_FILE = re.compile(r"\.(?:png|jpe?g|gif|bmp|tiff?|wav|mp3|flac|ogg|m4a|mp4)$", re.IGNORECASE)


def sniff(name: str, head: bytes) -> bool:
    """Tell doccano's rows by spans as triples, or by keys that only it has."""
    return is_of("doccano", _MARK, head)


def read(files: Sequence[SourceFile], options: ReadOptions) -> Iterator[Item]:
    """Yield a document per row; a row that does not fit is refused with its line, and the rest goes on."""
    for file in files:
        survey = _Survey()
        for item in objects(file):
            if isinstance(item, JsonItem):
                survey.add(item)
        reader = _Reader(file, options, survey)
        yield from survey.notes(file.where)
        for item in objects(file):
            yield from (item,) if isinstance(item, Problem) else reader.read(item)
        if not survey.rows and not options.empty:
            yield Problem("refused", file.where, "", "no row of doccano's is in it, so there is nothing to annotate")


@dataclass(slots=True)
class _Survey:
    """What a whole file says of itself."""

    rows: int = 0
    evidence: Evidence = field(default_factory=Evidence)
    several: bool = False
    """Some row has several categories."""
    distinct: set[str] = field(default_factory=set)
    longest: int = 0
    numbered: int = 0

    def add(self, item: JsonItem) -> None:
        self.rows += 1
        row = doccano_rows.read(item.row, [])
        text = doccano_rows.text_of(item.row)
        if row.spans and type(text) is str:
            self.evidence.add(text, [(one.start, one.end) for one in row.spans], item.row.get(COVERED))
        self.numbered += row.is_numbered
        if row.categories:
            self.several |= len(row.categories) > 1
            self.longest = max(self.longest, *map(len, row.categories))
            if len(self.distinct) <= _MOST_CATEGORIES:
                self.distinct.update(row.categories)

    @property
    def is_free_text(self) -> bool:
        """Say whether what stands where categories do is written by people, word by word."""
        return len(self.distinct) > _MOST_CATEGORIES or (self.longest > _LONGEST_CATEGORY and len(self.distinct) > 1)

    def notes(self, where: str) -> Iterator[Problem]:
        if self.evidence.said:
            yield Problem("noted", where, "start_offset", self.evidence.said)
        if self.is_free_text:
            reason = f"more than {min(len(self.distinct), _MOST_CATEGORIES)} different ones, so they are read as texts"
            yield Problem("noted", where, "label", reason)
        if self.numbered:
            reason = "are numbers, which this export of doccano's names nowhere: rename them with `scheme rename`"
            yield Problem("noted", where, "label", f"labels in {self.numbered} rows {reason}")


class _Reader:
    """Turns the rows of one file into documents."""

    def __init__(self, file: SourceFile, options: ReadOptions, survey: _Survey) -> None:
        self._stem = stem(file.name) if file.name != "-" else "stdin"
        self._options = options
        self._survey = survey

    def read(self, item: JsonItem) -> Iterator[Item]:
        problems: Problems = []
        try:
            document = self._document(item)
        except DataError as error:
            yield Problem("refused", item.where, "", error.message)
            return
        row = doccano_rows.read(item.row, problems)
        versions = tuple(self._versions(document, row, item.row, problems))
        yield from (Problem("refused", item.where, name, reason) for name, reason in problems)
        extra = {key: value for key, value in item.row.items() if key not in _READ}
        extra |= under("doccano", {"Comments": item.row["Comments"]} if item.row.get("Comments") else {})
        if type(item.row.get("labels")) is dict and not versions:
            extra["labels"] = item.row["labels"]
        yield ExchangedDocument(document, versions, item.where, extra)

    def _document(self, item: JsonItem) -> Document:
        row, text = item.row, doccano_rows.text_of(item.row)
        if text is None and type(row.get("filename")) is str:
            raise DataError(f"is a task about the file {row['filename']!r}; only text can be annotated here")
        return jsonl_rows.document_of(row, text, f"{self._stem}-{item.number}", empty=self._options.empty)

    def _versions(
        self, document: Document, row: Row, given: dict[str, Any], problems: Problems
    ) -> Iterator[ExchangedVersion]:
        if not (row.says_something or row.relations or row.confirmed is not None):
            return
        marked: dict[str, list[Marked]] = {}
        for span in row.spans:
            marked.setdefault(span.user, []).append(span)
        people = list(dict.fromkeys([*marked, *row.users])) or [""]
        for user in people:
            relations = row.relations if user == people[0] else []
            before = len(problems)
            held = _Annotated(document, self._survey.evidence.unit == "UTF-16").read(
                marked.get(user, []), relations, problems
            )
            categories = row.categories + row.users.get(user, [])
            if categories or "labels_as" in given:
                held.labels.update(self._labels(given, categories, problems))
            # What lost something is not what was confirmed.
            confirmed = row.confirmed and len(problems) == before
            yield ExchangedVersion(held, confirmed, user or MASTER)

    def _labels(self, given: dict[str, Any], categories: list[str], problems: Problems) -> dict[str, LabelValue]:
        if not self._survey.is_free_text or "labels_as" in given:
            return read_labels(given, categories, self._options, problems, several=self._survey.several)
        name = unnamed_label(self._options, ("text",), "label")
        if len(categories) > 1:
            problems.append(("label", f"{len(categories)} texts stand there; they are joined by line ends"))
        return {name: LabelValue(name, "\n".join(categories))}


class _Annotated:
    """The spans and relations of one row, placed in its document."""

    def __init__(self, document: Document, in_utf16: bool) -> None:
        self._document = document
        self._places = Places(document)
        self._units = Utf16(document.text) if in_utf16 else None
        self._by_id: dict[int, int] = {}

    def read(self, spans: list[Marked], relations: list[tuple[str, Any]], problems: Problems) -> Annotations:
        held = Annotations()
        for span in spans:
            try:
                entity = self._entity(span, len(held.entities) + 1)
            except DataError as error:
                problems.append((span.field, f"{error.message}; left out"))
                continue
            held.entities[entity.number] = entity
            if span.id is not None:
                self._by_id.setdefault(span.id, entity.number)
        for name, relation in relations:
            try:
                number = len(held.relations) + 1
                held.relations[number] = self._relation(relation, number)
            except DataError as error:
                problems.append((name, f"{error.message}; left out"))
        return held

    def _entity(self, span: Marked, number: int) -> Entity:
        start: int | None = span.start
        end: int | None = span.end
        if self._units is not None:
            start, end = self._units.to_points(span.start), self._units.to_points(span.end)
        if start is None or end is None or end > len(self._document.text):
            raise DataError(
                f"[{span.start}, {span.end}) lies outside the text of {len(self._document.text)} characters"
            )
        place = self._places.find(start, end)
        if place is None:
            raise DataError(f"[{span.start}, {span.end}) crosses the border of two parts")
        state = jsonl_rows.state_in(dict(span.more))
        more = {key: value for key, value in span.more.items() if key != "state"}
        return Entity(span.type, (place,), number=number, state=state, extra=more)

    def _relation(self, row: Any, number: int) -> Relation:
        if type(row) is not dict or type(row.get("type")) is not str or not row["type"].strip():
            raise DataError("must be an object with `from_id`, `to_id` and `type`")
        given = (row.get("from_id"), row.get("to_id"))
        ends = [self._by_id.get(id) if type(id) is int else None for id in given]
        if ends[0] is None or ends[1] is None:
            raise DataError(f"{given[0]!r} or {given[1]!r} is the id of no entity of this row")
        more = {key: value for key, value in row.items() if key not in _OF_RELATION}
        directed = row.get("directed") is not False
        return Relation(
            row["type"].strip(),
            (ends[0], ends[1]),
            directed,
            number=number,
            state=jsonl_rows.state_in(row),
            extra=more,
        )


_OF_RELATION = frozenset(("from_id", "to_id", "type", "directed", "state"))

FORMAT = Format(
    name="doccano",
    description="doccano's JSONL and JSON: spans, categories, relations",
    extensions=(".jsonl", ".json"),
    many=True,
    loses="attributes, pieces of entities, probabilities, who did it, and all versions but one",
    meaning=meaning.by(HOLDS),
    holds=HOLDS,
    sniff=sniff,
    read=read,
    write_stream=write,
)

"""BioC's model, shared by its XML and its JSON: documents of passages, annotations with types, relations of nodes.

A document is an object as BioC JSON has it; the XML is read into the same. Passages are parts. Offsets count from
the beginning of the document, in what the tool that wrote them counted in: the texts of the annotations decide.
Infons are strings; those named in `OWN` carry what BioC has no element for, `label:NAME` a document label.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tui_annotate.domain.annotations import Annotations, Entity, LabelScalar, LabelValue, Relation
from tui_annotate.domain.documents import Document, Part
from tui_annotate.domain.interchange import MASTER, ExchangedDocument, ExchangedVersion, Problem
from tui_annotate.domain.spans import Span
from tui_annotate.formats import plain_values
from tui_annotate.formats.base import EVERYTHING, Feature, Item, ReadOptions
from tui_annotate.formats.units import UNITS, Claim, Settled, settle

HOLDS: frozenset[Feature] = EVERYTHING - {"versions", "names", "folders", "tags", "language"}
OWN = frozenset(("type", "annotator", "prob", "confirmed", "directed", "part", "updated_at"))
LABEL, LABELS = "label:", "labels:"
"""What the infons of a document begin with that are document labels, of one value and of several."""
_PART = re.compile(r"(?:s\d+)+(?:f\d+)?[hpv]\d+")


@dataclass(slots=True)
class _Passage:
    """A passage with its text and where it begins in the units of the file."""

    part: str
    text: str
    offset: int
    rows: list[dict[str, Any]] = field(default_factory=list)
    """Annotations that lie in it."""


def read(given: Mapping[str, Any], where: str, default_key: str, options: ReadOptions) -> Iterator[Item]:
    """Yield a document and what was wrong with it."""
    reader = _Reader(given, where, options)
    passages = reader.passages()
    if not any(passage.text for passage in passages) and not (options.empty and passages):
        yield from reader.problems
        yield Problem("refused", where, "", "the document has no text, there is nothing to annotate")
        return
    id = given.get("id")
    key = id if type(id) is str and id else str(id) if type(id) is int else default_key
    document = Document(key, tuple(Part(passage.part, passage.text) for passage in passages))
    reader.annotations(passages)
    reader.relations()
    version = reader.version()
    yield from reader.problems
    yield ExchangedDocument(document, (version,) if version else (), where, reader.kept)


class _Reader:
    """Reads one document."""

    def __init__(self, given: Mapping[str, Any], where: str, options: ReadOptions) -> None:
        self._given = given
        self._where = where
        self._scheme = options.scheme
        self._held = Annotations()
        self._numbers: dict[str, int] = {}
        """Entities by the id that the file gives them."""
        self._rows: list[Any] = []
        self.problems: list[Problem] = []
        self.kept: dict[str, Any] = {}

    def passages(self) -> list[_Passage]:
        """Return the passages, with the ids of the parts that they become."""
        found: list[_Passage] = []
        for index, row in enumerate(_list(self._given.get("passages"))):
            if type(row) is not dict:
                self._refuse(f"passages[{index}]", "is no object; left out")
                continue
            infons = _infons(row)
            offset = row.get("offset")
            if type(offset) is not int:
                offset = found[-1].offset + len(found[-1].text) + 1 if found else 0
                self._note("repaired", f"passages[{index}].offset", "is missing or no number; counted from the text")
            text = row.get("text")
            kind = str(infons.get("type", "")).lower()
            letter = "h" if "title" in kind or kind in ("heading", "header") else "p"
            passage = _Passage(str(infons.get("part", letter)), text if type(text) is str else "", offset)
            passage.rows = [one for one in _list(row.get("annotations")) if self._is_object(one, "annotations")]
            self._rows += _list(row.get("relations"))
            self._add_sentences(passage, _list(row.get("sentences")))
            found.append(passage)
        self._name(found)
        return found

    def annotations(self, passages: Sequence[_Passage]) -> None:
        """Read the annotations of all passages, in the one unit that fits them best."""
        for row in _list(self._given.get("annotations")):
            if self._is_object(row, "annotations"):
                home = _home(passages, _first_offset(row))
                (passages[home] if passages else _Passage("", "", 0)).rows.append(row)
        # Some tools count from the passage, though BioC says from the document.
        ways = [(unit, from_document) for from_document in (True, False) for unit in UNITS]
        tried = ([settle(p.text, _claims(p, from_), units=(unit,)) for p in passages] for unit, from_ in ways)
        best: tuple[int, list[Settled]] = (-1, [])
        for settled in tried:
            wrong = sum(one.places.count(None) for one in settled)
            if best[0] < 0 or wrong < best[0]:
                best = (wrong, settled)
            if not wrong:
                break
        for passage, found in zip(passages, best[1], strict=True):
            self._read_passage(passage, found)

    def relations(self) -> None:
        """Read the relations of the document and its passages: those between two of its annotations."""
        unplaced: list[Any] = []
        for row in [*self._rows, *_list(self._given.get("relations"))]:
            nodes = _list(row.get("nodes")) if type(row) is dict else []
            ends = [self._numbers.get(str(node.get("refid"))) for node in nodes if type(node) is dict]
            if len(ends) != 2 or ends[0] is None or ends[1] is None:
                unplaced.append(row)
                continue
            infons = _infons(row)
            number = len(self._held.relations) + 1
            name = str(infons.get("type") or infons.get("relation") or infons.get("label") or "relation")
            is_directed = str(infons.get("directed", "false")).lower() == "true"
            self._held.relations[number] = Relation(
                name, (ends[0], ends[1]), is_directed, _who(infons), _prob(infons), number
            )
        if unplaced:
            self.kept["bioc_relations"] = unplaced
            self._note("noted", "relations", f"{len(unplaced)} are not between two annotations; kept as they came")

    def version(self) -> ExchangedVersion | None:
        """Return what is annotated; None when nothing says that anybody looked."""
        infons = _infons(self._given)
        for name, value in infons.items():
            self._read_label(name, value)
        kept = {name: v for name, v in infons.items() if name not in OWN and not name.startswith((LABEL, LABELS))}
        if kept:
            self.kept["bioc_infons"] = kept
        said = str(infons.get("confirmed", "")).lower()
        # What lost something is not what was confirmed.
        is_whole = not any(problem.severity == "refused" for problem in self.problems)
        confirmed = (said == "true" and is_whole) if said in ("true", "false") else None
        if confirmed is None and not (self._held.entities or self._held.labels or self._held.relations):
            return None
        return ExchangedVersion(self._held, confirmed, str(infons.get("annotator") or MASTER))

    def _read_label(self, name: str, value: Any) -> None:
        if name.startswith(LABELS) and len(name) > len(LABELS):
            name = name[len(LABELS) :]
            self._held.labels[name] = LabelValue(name, tuple(map(str, value if type(value) is list else [value])))
        elif name.startswith(LABEL) and len(name) > len(LABEL):
            name, said = name[len(LABEL) :], value if type(value) is dict else {"value": value}
            value = said.get("value", "")
            given = plain_values.written(value) if type(value) is bool else str(value)
            self._held.labels[name] = LabelValue(name, plain_values.label(self._scheme, name, given))

    def _read_passage(self, passage: _Passage, settled: Settled) -> None:
        at = 0
        for row in passage.rows:
            places = settled.places[at : at + max(1, len(_locations(row)))]
            at += len(places)
            spans = [Span(passage.part, *place) for place in places if place is not None]
            if len(spans) != len(places):
                text = row.get("text")
                reason = f"{text!r} is not where `locations` say it is, in no unit of offsets; left out"
                self._refuse(f"annotations {row.get('id')!r}", reason)
                continue
            infons = _infons(row)
            number = len(self._held.entities) + 1
            self._numbers[str(row.get("id"))] = number
            names = (infons.get(name) for name in ("type", "label", "class", "entity_type"))
            type_ = str(next((name for name in names if name), "entity"))
            self._held.entities[number] = Entity(
                type_, tuple(sorted(spans)), _who(infons), _prob(infons), number, self._attributes(infons)
            )

    def _attributes(self, infons: Mapping[str, Any]) -> dict[str, LabelScalar]:
        return {
            name: plain_values.attribute(self._scheme, name, plain_values.written(value))
            for name, value in infons.items()
            if name not in OWN and name and name == name.strip() and type(value) in (str, int, float, bool)
        }

    def _add_sentences(self, passage: _Passage, sentences: list[Any]) -> None:
        """Make the text of a passage that has it in sentences only, each where its offset says."""
        for row in sentences:
            if type(row) is not dict:
                continue
            passage.rows += [one for one in _list(row.get("annotations")) if self._is_object(one, "annotations")]
            self._rows += _list(row.get("relations"))
            text, offset = row.get("text"), row.get("offset")
            if type(text) is str and type(offset) is int:
                gap = offset - passage.offset - len(passage.text)
                passage.text += " " * min(max(gap, 0), 1000) + text

    def _name(self, passages: Sequence[_Passage]) -> None:
        """Give parts their ids: those that the file has, when it has them all, otherwise counted."""
        named = [passage.part for passage in passages]
        if len(set(named)) == len(named) and all(_PART.fullmatch(id) for id in named):
            return
        counts: dict[str, int] = {}
        for passage in passages:
            letter = "h" if passage.part == "h" else "p"
            counts[letter] = counts.get(letter, 0) + 1
            passage.part = f"s1{letter}{counts[letter]}"

    def _is_object(self, row: Any, field: str) -> bool:
        if type(row) is not dict:
            self._refuse(field, f"{str(row)[:40]!r} is no object; left out")
        return type(row) is dict

    def _refuse(self, field: str, reason: str) -> None:
        self.problems.append(Problem("refused", self._where, field, reason))

    def _note(self, severity: Any, field: str, reason: str) -> None:
        self.problems.append(Problem(severity, self._where, field, reason))


def _claims(passage: _Passage, from_document: bool) -> list[Claim]:
    """Return what the annotations of a passage claim, a claim for each location; one that has none claims nothing."""
    found: list[Claim] = []
    for row in passage.rows:
        text = row.get("text")
        locations = _locations(row)
        said = text if type(text) is str and len(locations) == 1 else None
        for offset, length in locations or [(-1, 0)]:
            start = offset - passage.offset if from_document else offset
            found.append(Claim(start, start + length, said))
    return found


def _locations(row: Mapping[str, Any]) -> list[tuple[int, int]]:
    found = [one for one in _list(row.get("locations")) if type(one) is dict]
    pairs = [(one.get("offset"), one.get("length")) for one in found]
    return [(o, n) for o, n in pairs if type(o) is int and type(n) is int and n > 0 and abs(o) < 1 << 60 > n]


def _first_offset(row: Mapping[str, Any]) -> int:
    return min((offset for offset, _ in _locations(row)), default=0)


def _home(passages: Sequence[_Passage], offset: int) -> int:
    """Return which passage an offset of the document lies in: the last that begins before it."""
    before = [index for index, passage in enumerate(passages) if passage.offset <= offset]
    return before[-1] if before else 0


def _infons(row: Mapping[str, Any]) -> dict[str, Any]:
    given = row.get("infons")
    return {str(name): value for name, value in given.items() if value is not None} if type(given) is dict else {}


def _who(infons: Mapping[str, Any]) -> tuple[str, ...]:
    given = infons.get("annotator")
    return prefixed(map(str, given if type(given) is list else [given] if given else []))


def prefixed(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(name if name.startswith(("user:", "ml:")) else f"user:{name}" for name in names)


def _prob(infons: Mapping[str, Any]) -> float:
    try:
        prob = float(infons.get("prob", 1.0))
    except (TypeError, ValueError):
        return 1.0
    return prob if 0 <= prob <= 1 else 1.0


def objects(given: Any) -> list[dict[str, Any]]:
    """Return the objects of a list; none when it is no list."""
    return [one for one in _list(given) if type(one) is dict]


def _list(given: Any) -> list[Any]:
    return given if type(given) is list else []

"""ann.json read: one version of a document's annotations.

What we cannot place is reported and kept as it came, under `refused` in the
version's `extra`, and goes out again; so is every key that we do not know.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import msgspec

from tui_annotate.domain.annotations import Annotations, Entity, LabelScalar, LabelValue
from tui_annotate.domain.documents import Document
from tui_annotate.domain.interchange import ExchangedVersion, Problem
from tui_annotate.domain.spans import Span
from tui_annotate.errors import DataError
from tui_annotate.formats.anchoring import PartText
from tui_annotate.formats.anndoc import confidence as anndoc_confidence
from tui_annotate.formats.anndoc import relations as anndoc_relations
from tui_annotate.formats.anndoc.oddities import Oddities
from tui_annotate.formats.anndoc.template import is_true
from tui_annotate.formats.schemes.legend import Legend
from tui_annotate.formats.source import JSON_ERRORS, decode

REFUSED = "refused"
"""Key of a version's `extra` under which what could not be placed is kept, by anndoc's key."""
CAME = "came"
"""Key of an object's `extra` under which offsets or ends are kept that we read differently."""
_KNOWN = frozenset(("annotatable", "anncomplete", "metas", "entities", "relations"))
_ENTITY_KNOWN = frozenset(("classId", "part", "offsets", "coordinates", "confidence", "fields", "normalizations"))
_OFFSET_KNOWN = frozenset(("start", "text"))


class AnnReader:
    """Reads one ann.json against the document that it belongs to."""

    def __init__(self, document: Document, shown: Mapping[str, str], legend: Legend, where: str) -> None:
        self._parts = {
            part.id: PartText(part, shown.get(part.id, part.text), order) for order, part in enumerate(document.parts)
        }
        self._legend = legend
        self._where = where
        self.problems: list[Problem] = []
        self._annotations = Annotations()
        self._refused: dict[str, Any] = {}
        self._odd = Oddities()
        self.used: dict[str, str] = {}
        """Names by id that no scheme of ours holds, as far as they were met."""

    def read(self, content: bytes, annotator: str) -> ExchangedVersion:
        """Return the version; `problems` says what was repaired and refused in it.

        Raises:
            DataError: The file is no JSON object.
        """
        decoded = decode(content)
        if decoded.note:
            self._note("noted", "", decoded.note)
        try:
            given = msgspec.json.decode(decoded.text)
        except JSON_ERRORS as error:
            raise DataError(f"is no JSON: {error}") from error
        if not isinstance(given, dict):
            raise DataError("is no ann.json: it must be a JSON object")
        self._odd.of_file(given)
        self._read_parts(given)
        self._read_metas(_object(given, "metas"))
        index = self._read_entities(_list(given, "entities"))
        for at, row in enumerate(_list(given, "relations")):
            self._read_relation(at, row, index)
        extra = self._annotations.extra
        extra.update(
            {key: value for key, value in given.items() if key not in _KNOWN and (key, value) != ("sources", [])}
        )
        if self._refused:
            extra[REFUSED] = self._refused
        told = self._odd.told()
        if told:
            self._note("noted", "", told)
        return ExchangedVersion(self._annotations, self._confirmed(given), annotator)

    def _note(self, severity: Any, field: str, reason: str) -> None:
        self.problems.append(Problem(severity, self._where, field, reason))

    def _refuse(self, group: str, field: str, row: Any, reason: str) -> None:
        self._refused.setdefault(group, []).append(row)
        self._note("refused", field, f"{reason}; kept as it came, but not shown")

    def _confirmed(self, given: Mapping[str, Any]) -> bool:
        value = given.get("anncomplete", False)
        if type(value) is not bool and value is not None:
            self._note("repaired", "anncomplete", f"is {value!r:.60}; taken as {'true' if is_true(value) else 'false'}")
        return is_true(value)

    def _read_parts(self, given: Mapping[str, Any]) -> None:
        """Keep `annotatable` when it names other parts than the document has."""
        annotatable = given.get("annotatable")
        if "annotatable" not in given or annotatable == {"parts": list(self._parts)}:
            return
        self._annotations.extra["annotatable"] = annotatable
        named = annotatable.get("parts") if isinstance(annotatable, dict) else None
        if not isinstance(named, list):
            if annotatable is not None:
                self._note("noted", "annotatable", "is no object with `parts`; all parts are annotatable, it is kept")
            return
        strange = [repr(id)[:40] for id in named if not isinstance(id, str) or id not in self._parts]
        if strange:
            self._note("noted", "annotatable.parts", f"names parts that the text lacks: {_some(strange)}; kept")
        given_ids = {id for id in named if isinstance(id, str)}
        missing = [id for id in self._parts if id not in given_ids] if named else []
        if missing:
            self._note("noted", "annotatable.parts", f"lacks parts that the text has: {_some(missing)}; they are shown")

    def _read_metas(self, metas: Mapping[str, Any]) -> None:
        labels = self._annotations.labels
        choices: dict[str, dict[str, Any]] = {}
        for id, row in metas.items():
            value: Any = row.get("value") if isinstance(row, dict) else None
            chosen = self._legend.choice(id)
            if chosen and type(value) is bool:
                self.used[id] = self._legend.names[id]
                choices.setdefault(chosen[0], {})[chosen[1]] = row
            elif type(value) in (bool, int, float, str):
                name = self._legend.name(id)
                self._odd.of_confidence(row)
                who, prob, state, extra = anndoc_confidence.parse(row)
                extra |= {key: v for key, v in row.items() if key not in ("value", "confidence")}
                labels[name] = LabelValue(name, value, who, prob, state, extra)
            else:
                self._refused.setdefault("metas", {})[id] = row
                self._note("refused", f"metas.{id}", "has no value of a kind we know; kept as it came, but not shown")
        for name, rows in choices.items():
            labels[name] = _joined(name, rows)

    def _read_entities(self, rows: list[Any]) -> anndoc_relations.Index:
        index = anndoc_relations.Index()
        number = 0
        seen: set[tuple[str, tuple[Span, ...]]] = set()
        for at, row in enumerate(rows):
            field = f"entities[{at}]"
            try:
                entity = self._entity(row, field, number + 1)
            except DataError as error:
                self._refuse("entities", field, row, error.message)
                continue
            number += 1
            self._annotations.entities[number] = entity
            index.add(row, number)
            place = (entity.type, entity.spans)
            if place in seen:
                self._odd.add("entity that stands twice: both are kept")
            seen.add(place)
        return index

    def _entity(self, row: Any, field: str, number: int) -> Entity:
        if not isinstance(row, dict) or type(row.get("classId")) is not str or not row["classId"]:
            raise DataError("has no classId")
        id = row.get("part", "")
        part = self._parts.get(id) if isinstance(id, str) else None
        if part is None:
            raise DataError(f"stands in part {row.get('part')!r}, which the text lacks")
        spans, extra = self._spans(part, row, field)
        self._odd.of_entity(row, _ENTITY_KNOWN)
        who, prob, state, kept = anndoc_confidence.parse(row)
        attributes, fields = self._attributes(row.get("fields"), anndoc_confidence.made(who, prob, state))
        extra |= kept | fields
        normalizations, names = row.get("normalizations"), self._legend.names
        if isinstance(normalizations, dict):
            self.used.update((id, names[id]) for id in normalizations if id in names)
        for key, value in row.items():
            if key not in _ENTITY_KNOWN or (key in ("coordinates", "normalizations") and value):
                extra[key] = value
        entity = Entity(self._legend.name(row["classId"]), spans, who, prob, number, attributes, state, extra)
        if CAME in extra:
            extra[CAME]["of"] = as_came(entity)
        return entity

    def _spans(self, part: PartText, row: Mapping[str, Any], field: str) -> tuple[tuple[Span, ...], dict[str, Any]]:
        spans: list[Span] = []
        as_came = True
        offsets = row.get("offsets")
        if not isinstance(offsets, list) or not offsets:
            raise DataError("has no offsets")
        for offset in offsets:
            start, text = _start_and_text(offset)
            found = part.find(start, text)
            if found is None:
                raise DataError(f"points at {start} for {text[:60]!r}, which stands nowhere in part {part.id}")
            if found.moved:
                now = part.units.from_points(found.start)
                self._note("repaired", f"{field}.offsets", f"{text[:60]!r} is not at {start}; the nearest is at {now}")
            if type(offset["start"]) is not int:
                self._odd.add("start that is no whole number: taken as one")
            if not offset.keys() <= _OFFSET_KNOWN:
                self._odd.add("offset with more than `start` and `text`: kept")
            as_came = as_came and not found.moved and type(offset["start"]) is int and offset.keys() <= _OFFSET_KNOWN
            spans.append(Span(part.id, found.start, found.end))
        ordered = tuple(sorted(spans))
        if not as_came or list(ordered) != spans:
            return ordered, {CAME: {"offsets": offsets, "spans": [[s.start, s.end] for s in ordered]}}
        return ordered, {}

    def _attributes(self, fields: Any, confidence: Any) -> tuple[dict[str, LabelScalar], dict[str, Any]]:
        """Return attribute values by name, and the fields that say more than value and the entity's confidence."""
        if not isinstance(fields, dict) or not fields:
            return {}, {"fields": fields} if fields else {}
        values: dict[str, LabelScalar] = {}
        for id, field in fields.items():
            value = field.get("value") if isinstance(field, dict) else None
            if type(value) in (bool, int, float, str):
                values[self._legend.name(id)] = value  # type: ignore[assignment]
        self._odd.of_fields(fields, [id for id in fields if self._legend.name(id) in values])
        kept = {
            self._legend.name(id): field
            for id, field in fields.items()
            if self._legend.name(id) not in values or field != {"value": field["value"], "confidence": confidence}
        }
        return values, {"fields": kept} if kept else {}

    def _read_relation(self, at: int, row: Any, index: anndoc_relations.Index) -> None:
        try:
            relation = anndoc_relations.read(row, index, self._legend, len(self._annotations.relations) + 1)
        except DataError as error:
            self._refuse("relations", f"relations[{at}]", row, error.message)
            return
        self._annotations.relations[relation.number] = relation


def as_came(thing: Entity | LabelValue) -> list[Any]:
    """Return what a thing says, as JSON has it: while that is the same, nobody has touched it."""
    said = (
        thing.type
        if isinstance(thing, Entity)
        else list(thing.value)
        if isinstance(thing.value, tuple)
        else thing.value
    )
    values = dict(thing.attributes) if isinstance(thing, Entity) else {}
    return [said, list(thing.who), thing.prob, thing.state, values]


def _object(given: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = given.get(key) or {}
    if not isinstance(value, dict):
        raise DataError(f"`{key}` is no object")
    return value


def _list(given: Mapping[str, Any], key: str) -> list[Any]:
    value = given.get(key) or []
    if not isinstance(value, list):
        raise DataError(f"`{key}` is no list")
    return value


def _start_and_text(offset: Any) -> tuple[int, str]:
    if isinstance(offset, dict):
        start, text = offset.get("start"), offset.get("text")
        if isinstance(start, str) and start.strip().isdecimal() and start.isascii() and len(start) < 16:
            start = int(start)
        if isinstance(start, float) and start.is_integer():
            start = int(start)
        if type(start) is int and type(text) is str and text:
            return start, text
    raise DataError("has an offset without `start` and `text`")


def _some(names: list[str]) -> str:
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")


def _joined(name: str, rows: Mapping[str, Mapping[str, Any]]) -> LabelValue:
    """Make one multiple-choice value of its choices; what differs between them is kept."""
    chosen = tuple(choice for choice, row in rows.items() if row["value"])
    parsed = [anndoc_confidence.parse(row) for choice, row in rows.items()]
    who, prob, state, extra = parsed[next((i for i, choice in enumerate(rows) if choice in chosen), 0)]
    uniform = len({repr(one) for one in parsed}) == 1 and (len(chosen) == len(rows) or not chosen)
    value = LabelValue(name, chosen, who, prob, state, extra)
    if uniform and all(len(row) <= 2 for row in rows.values()):
        return value
    return replace(value, extra={CAME: {"rows": dict(rows), "of": as_came(value)}})

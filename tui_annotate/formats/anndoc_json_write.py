"""ann.json written, format 3.6: minified raw UTF-8, keys and entities in anndoc's order."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from tui_annotate.domain.annotations import Annotations, Entity, LabelValue
from tui_annotate.domain.documents import Document
from tui_annotate.domain.interchange import ExchangedVersion
from tui_annotate.formats import anndoc_confidence, anndoc_controls, anndoc_relations
from tui_annotate.formats.anndoc_json import CAME, REFUSED
from tui_annotate.formats.anndoc_legend import Ids
from tui_annotate.formats.utf16 import Utf16, units

_TOP = frozenset(("annotatable", "sources", REFUSED))
_ENTITY_OURS = frozenset(("coordinates", "normalizations", "fields", "confidence", CAME))


class AnnWriter:
    """Writes the versions of one document."""

    def __init__(self, document: Document, ids: Ids) -> None:
        self._document = document
        self._ids = ids
        self._shown = {part.id: anndoc_controls.shown(part.text) for part in document.parts}
        self._units = {id: Utf16(text) for id, text in self._shown.items()}
        self._order = {part.id: order for order, part in enumerate(document.parts)}

    def write(self, version: ExchangedVersion) -> bytes:
        """Return the ann.json of a version."""
        annotations = version.annotations
        refused = annotations.extra.get(REFUSED, {})
        made: dict[str, Any] = {
            "annotatable": annotations.extra.get("annotatable") or {"parts": list(self._order)},
            "anncomplete": bool(version.confirmed),
            "sources": annotations.extra.get("sources", []),
            "metas": self._metas(annotations.labels) | dict(refused.get("metas", {})),
            "entities": [],
            "relations": [],
        }
        hashes = self._add_entities(made["entities"], annotations, refused.get("entities", []))
        made["relations"] = [
            anndoc_relations.write(relation, self._ids.relations.get(relation.type, relation.type), hashes)
            for relation in annotations.relations.values()
        ] + list(refused.get("relations", []))
        made.update({key: value for key, value in annotations.extra.items() if key not in _TOP})
        return msgspec.json.encode(made)

    def _add_entities(self, rows: list[Any], annotations: Annotations, refused: list[Any]) -> dict[int, str]:
        """Fill in the entities, sorted by part and start; return the hash of each, for relations."""
        sortable: list[tuple[int, int, int, Any]] = []
        hashes: dict[int, str] = {}
        for at, (number, entity) in enumerate(annotations.entities.items()):
            row = self._entity(entity)
            starts = [offset["start"] for offset in row["offsets"]]
            ends = [offset["start"] + units(offset["text"]) for offset in row["offsets"]]
            hashes[number] = anndoc_relations.hash_of(row["part"], row["classId"], min(starts), max(ends))
            sortable.append((self._order[row["part"]], starts[0], at, row))
        for at, row in enumerate(refused):
            part = row.get("part") if isinstance(row, dict) else ""
            sortable.append((self._order.get(str(part), len(self._order)), 1 << 62, at, row))
        rows.extend(row for *_, row in sorted(sortable, key=lambda item: item[:3]))
        return hashes

    def _entity(self, entity: Entity) -> dict[str, Any]:
        extra = entity.extra
        part = entity.spans[0].part
        made: dict[str, Any] = {
            "classId": self._ids.entities.get(entity.type, entity.type),
            "part": part,
            "offsets": self._offsets(entity),
            "coordinates": extra.get("coordinates", []),
            "confidence": anndoc_confidence.write(entity.who, entity.prob, entity.state, extra),
            "fields": self._fields(entity),
            "normalizations": extra.get("normalizations", {}),
        }
        return made | {key: value for key, value in extra.items() if key not in _ENTITY_OURS}

    def _offsets(self, entity: Entity) -> list[Any]:
        came = entity.extra.get(CAME)
        if came and came["spans"] == [[span.start, span.end] for span in entity.spans]:
            return list(came["offsets"])
        part = entity.spans[0].part
        text, offsets = self._shown[part], self._units[part]
        return [{"start": offsets.from_points(s.start), "text": text[s.start : s.end]} for s in entity.spans]

    def _fields(self, entity: Entity) -> dict[str, Any]:
        """Return anndoc's fields: each as it came while its value is the same."""
        came: Mapping[str, Any] = entity.extra.get("fields", {})
        made: dict[str, Any] = {}
        for name, row in came.items():
            value = row.get("value") if isinstance(row, dict) else None
            kept = entity.attributes.get(name)
            if (kept == value and type(kept) is type(value)) or type(value) not in (bool, int, float, str):
                made[self._ids.attributes.get(name, name)] = row
        for name, held in entity.attributes.items():
            confidence = anndoc_confidence.made(entity.who, entity.prob, entity.state)
            made.setdefault(self._ids.attributes.get(name, name), {"value": held, "confidence": confidence})
        return made

    def _metas(self, labels: Mapping[str, LabelValue]) -> dict[str, Any]:
        made: dict[str, Any] = {}
        for label in labels.values():
            if isinstance(label.value, tuple):
                made.update(self._choices(label, label.value))
            else:
                made[self._ids.labels.get(label.name, label.name)] = _meta(label, label.value)
        return made

    def _choices(self, label: LabelValue, chosen: tuple[str, ...]) -> dict[str, Any]:
        """Return a boolean per choice; those that came otherwise and did not change as they came."""
        came: Mapping[str, Any] = label.extra.get(CAME, {})
        ids = {choice: id for (name, choice), id in self._ids.choices.items() if name == label.name}
        plain = LabelValue(label.name, label.value, label.who, label.prob, label.state, _without_came(label))
        made: dict[str, Any] = {}
        for choice in chosen or ids:
            made[ids.get(choice, f"{label.name}/{choice}")] = _meta(plain, choice in chosen)
        for choice, row in came.items():
            id = ids.get(choice, f"{label.name}/{choice}")
            if row["value"] is (choice in chosen):
                made[id] = row
        return made


def _without_came(label: LabelValue) -> dict[str, Any]:
    return {key: value for key, value in label.extra.items() if key != CAME}


def _meta(label: LabelValue, value: Any) -> dict[str, Any]:
    confidence = anndoc_confidence.write(label.who, label.prob, label.state, label.extra)
    made = {"value": value, "confidence": confidence}
    return made | {key: v for key, v in label.extra.items() if key not in ("value", anndoc_confidence.KEY)}

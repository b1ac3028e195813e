"""ann.json written, format 3.6: minified raw UTF-8, keys and entities in anndoc's order."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from tui_annotate.domain.annotations import Annotations, Entity, LabelValue
from tui_annotate.domain.documents import Document
from tui_annotate.domain.interchange import MASTER, ExchangedVersion
from tui_annotate.formats.anndoc import confidence as anndoc_confidence
from tui_annotate.formats.anndoc import controls as anndoc_controls
from tui_annotate.formats.anndoc import relations as anndoc_relations
from tui_annotate.formats.anndoc import template as anndoc_template
from tui_annotate.formats.anndoc.json import CAME, REFUSED, as_came
from tui_annotate.formats.schemes.legend import Ids
from tui_annotate.formats.utf16 import Utf16

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

    def write(self, version: ExchangedVersion, came: Mapping[str, bytes] | None = None) -> bytes:
        """Return the ann.json of a version, written after the file that it came from.

        Args:
            came: The document's files as they came, by extension.
        """
        made = self.made(version)
        plain = msgspec.json.encode(made)
        template = _template(came, version.annotator) if came else None
        if template is None or template == plain:
            return plain
        return anndoc_template.like(template, made, self._order) or plain

    def made(self, version: ExchangedVersion) -> dict[str, Any]:
        """Return what a version's ann.json says."""
        annotations = version.annotations
        refused = annotations.extra.get(REFUSED, {})
        made: dict[str, Any] = {
            "annotatable": annotations.extra.get("annotatable", {"parts": list(self._order)}),
            "anncomplete": bool(version.confirmed),
            "sources": annotations.extra.get("sources", []),
            "metas": self._metas(annotations.labels) | dict(refused.get("metas", {})),
        }
        made["entities"], hashes = self._entities(annotations, refused.get("entities", []))
        made["relations"] = [
            anndoc_relations.write(relation, self._ids.relations.get(relation.type, relation.type), hashes)
            for relation in annotations.relations.values()
        ] + list(refused.get("relations", []))
        made.update({key: value for key, value in annotations.extra.items() if key not in _TOP})
        return made

    def _entities(self, annotations: Annotations, refused: list[Any]) -> tuple[list[Any], dict[int, str]]:
        """Return the entities, sorted by part and start, and the hash of each, for relations."""
        sortable: list[tuple[int, int, int, Any]] = []
        hashes: dict[int, str] = {}
        for at, (number, entity) in enumerate(annotations.entities.items()):
            row = self._entity(entity)
            start, end = anndoc_relations.hull(row["offsets"])
            hashes[number] = anndoc_relations.hash_of(row["part"], row["classId"], start, end)
            sortable.append((self._order[row["part"]], int(row["offsets"][0]["start"]), at, row))
        for at, row in enumerate(refused):
            part = row.get("part") if isinstance(row, dict) else ""
            sortable.append((self._order.get(str(part), len(self._order)), 1 << 62, at, row))
        return [row for *_, row in sorted(sortable, key=lambda item: item[:3])], hashes

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
        places = [[span.start, span.end] for span in entity.spans]
        if came and came["spans"] == places and came.get("of", as_came(entity)) == as_came(entity):
            return list(came["offsets"])
        part = entity.spans[0].part
        text, offsets = self._shown[part], self._units[part]
        return [{"start": offsets.from_points(s.start), "text": text[s.start : s.end]} for s in entity.spans]

    def _fields(self, entity: Entity) -> Any:
        """Return anndoc's fields: each as it came while its value is the same."""
        came = entity.extra.get("fields", {})
        if not isinstance(came, dict):
            if not entity.attributes:
                return came
            came = {}
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
        came = label.extra.get(CAME, {})
        rows = came.get("rows", came) if came.get("of", as_came(label)) == as_came(label) else {}
        ids = {choice: id for (name, choice), id in self._ids.choices.items() if name == label.name}
        plain = LabelValue(label.name, label.value, label.who, label.prob, label.state, _without_came(label))
        made: dict[str, Any] = {}
        for choice in chosen or ids:
            made[ids.get(choice, f"{label.name}/{choice}")] = _meta(plain, choice in chosen)
        for choice, row in rows.items():
            id = ids.get(choice, f"{label.name}/{choice}")
            if row["value"] is (choice in chosen):
                made[id] = row
        return made


def _template(came: Mapping[str, bytes], annotator: str) -> bytes | None:
    """Return the file to write after: the version's own, else master's, which it began as a copy of, else another."""
    for name in (annotator, MASTER):
        if f"{name}.ann.json" in came:
            return came[f"{name}.ann.json"]
    return next((body for name, body in came.items() if name.endswith(".ann.json")), None)


def _without_came(label: LabelValue) -> dict[str, Any]:
    return {key: value for key, value in label.extra.items() if key != CAME}


def _meta(label: LabelValue, value: Any) -> dict[str, Any]:
    confidence = anndoc_confidence.write(label.who, label.prob, label.state, label.extra)
    made = {"value": value, "confidence": confidence}
    return made | {key: v for key, v in label.extra.items() if key not in ("value", anndoc_confidence.KEY)}

"""Writing Label Studio's JSON: an array of tasks; versions are annotations or drafts, suggestions predictions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, BinaryIO

import msgspec

from tui_annotate.domain.annotations import Annotations, Entity, LabelScalar, LabelValue, Relation
from tui_annotate.domain.documents import Document
from tui_annotate.domain.interchange import MASTER, ExchangedDocument, ExchangedVersion, Problem
from tui_annotate.domain.scheme import Scheme
from tui_annotate.formats.base import WriteOptions
from tui_annotate.formats.jsonl.write import about, made_by
from tui_annotate.formats.kept import of
from tui_annotate.formats.label_studio.results import prob_in
from tui_annotate.formats.label_studio.standing import ML, Standing, model_in, model_of, standing, was_cancelled
from tui_annotate.formats.reducing import part_starts, says_something

OURS = "tui-annotate"
"""Key of a task's `meta` with what Label Studio has no field for: the id, the name, the folder."""
_NOT_WRITTEN = ("text_key", "data", "meta", "other_annotations", "predictions", "drafts")
_encode = msgspec.json.Encoder().encode


def write(documents: Iterable[ExchangedDocument], stream: BinaryIO, options: WriteOptions) -> Iterator[Problem]:
    """Write an array with a task a line."""
    stream.write(b"[")
    for at, exchanged in enumerate(documents):
        stream.write(b",\n" if at else b"\n")
        stream.write(_encode(_task(exchanged, options.scheme)))
    stream.write(b"\n]\n")
    yield from ()


def _task(exchanged: ExchangedDocument, scheme: Scheme) -> dict[str, Any]:
    document = exchanged.document
    kept = of(exchanged.extra, "label_studio")
    made: dict[str, Any] = {}
    ours = about(document, part_starts(document))
    key = document.key
    if key.isascii() and key.isdecimal() and len(key) < 16 and str(int(key)) == key:
        made["id"] = int(key)
    else:
        ours = {"id": key} | ours
    data = kept.get("data")
    made["data"] = {_text_key(kept): document.text} | (data if isinstance(data, dict) else {})
    # An annotation without results means that somebody found nothing; a version that says nothing is none.
    by_standing: dict[Standing, list[ExchangedVersion]] = {"annotation": [], "draft": [], "prediction": []}
    for version in filter(says_something, exchanged.versions):
        by_standing[standing(version)].append(version)
    made["annotations"] = [
        *(_annotation(document, version, scheme) for version in by_standing["annotation"]),
        *_rows(kept, "other_annotations"),
    ]
    drafts = [*(_draft(document, version, scheme) for version in by_standing["draft"]), *_rows(kept, "drafts")]
    if drafts or "drafts" in kept:
        made["drafts"] = drafts
    made["predictions"] = [
        *(one for version in by_standing["prediction"] for one in _predictions(document, version, scheme)),
        *_rows(kept, "predictions"),
    ]
    meta = kept.get("meta")
    meta = {name: value for name, value in meta.items() if name != OURS} if isinstance(meta, dict) else {}
    if ours or meta or "meta" in kept:
        made["meta"] = meta | ({OURS: ours} if ours else {})
    return made | {name: value for name, value in kept.items() if name not in made and name not in _NOT_WRITTEN}


def _text_key(kept: Mapping[str, Any]) -> str:
    key = kept.get("text_key")
    return key if isinstance(key, str) and key else "text"


def _rows(kept: Mapping[str, Any], name: str) -> list[Any]:
    given = kept.get(name)
    return given if isinstance(given, list) else []


def _annotation(document: Document, version: ExchangedVersion, scheme: Scheme) -> dict[str, Any]:
    kept = of(version.annotations.extra, "label_studio")
    made: dict[str, Any] = {"result": [*_Items(document, version.annotations, scheme).rows(), *_rows(kept, "unread")]}
    made["was_cancelled"] = was_cancelled(version)
    if "completed_by" in kept:
        made["completed_by"] = kept["completed_by"]
    elif version.annotator != MASTER:
        name = _person(version.annotator)
        made["completed_by"] = name if isinstance(name, int) else {"email": name}
    return made | {key: value for key, value in kept.items() if key not in made and key not in _OF_VERSION}


def _draft(document: Document, version: ExchangedVersion, scheme: Scheme) -> dict[str, Any]:
    """Return a version in progress; what its annotation or draft said besides goes along."""
    kept = of(version.annotations.extra, "label_studio")
    made: dict[str, Any] = {"result": [*_Items(document, version.annotations, scheme).rows(), *_rows(kept, "unread")]}
    if version.annotator != MASTER:
        made["user"] = _person(version.annotator)
    left = (*_OF_VERSION, "was_cancelled", "completed_by")
    more = {key: value for key, value in kept.items() if key not in made and key not in left}
    return made | more


def _person(name: str) -> int | str:
    return int(name) if name.isascii() and name.isdecimal() and str(int(name)) == name else name


_OF_VERSION = ("unread", "predictions")


def _predictions(document: Document, version: ExchangedVersion, scheme: Scheme) -> Iterator[dict[str, Any]]:
    """Yield a prediction per model; an item says who made it, and how sure they were, where its prediction does not."""
    held, kept = version.annotations, of(version.annotations.extra, "label_studio")
    models = {model_in(one): one for one in _rows(kept, "predictions") if isinstance(one, dict)}
    results: dict[str, list[Any]] = {}
    for by, thing, row in _Items(document, held, scheme).all():
        model = model_of(by)
        said: dict[str, Any] = {}
        if thing is not None:
            said = _said(thing)
            if thing.who == (f"{ML}{model}",):
                said.pop("who", None)
            else:
                said["who"] = list(thing.who)
            if thing.prob != prob_in(models.get(model, {})):
                said["score"] = thing.prob
            else:
                said.pop("score", None)
        results.setdefault(model, []).append(row | said)
    for at, (model, rows) in enumerate(results.items()):
        about_model = models.get(model, {"model_version": model})
        yield about_model | {"result": [*rows, *(_rows(kept, "unread") if not at else [])]}


class _Items:
    """The `result` of one version."""

    def __init__(self, document: Document, held: Annotations, scheme: Scheme) -> None:
        self._document = document
        self._held = held
        self._starts = part_starts(document)
        self._kinds = {label.name: label.kind for label in scheme.labels}
        self._attribute_kinds = {one.name: one.kind for one in scheme.attributes}
        # Offsets that came in another unit than ours may only go out again all together.
        self._as_it_came = all(self._is_untouched(entity) for entity in held.entities.values())
        self._leaders = self._shared_regions()
        self._further: dict[int, list[str]] = {}
        """Types of the other entities of a region, by the one that stands for it."""
        for number, leader in self._leaders.items():
            self._further.setdefault(leader, []).append(held.entities[number].type)
        self._ids = self._region_ids()

    def rows(self) -> list[dict[str, Any]]:
        """Return all items, with who made them where that is known."""
        return [row | (_said(thing) if thing is not None else {}) for _, thing, row in self.all()]

    def all(self) -> Iterator[tuple[tuple[str, ...], Entity | LabelValue | Relation | None, dict[str, Any]]]:
        """Yield each item with who made what it is of, and what it says itself; None for controls of a region.

        Relations stand with their first end: Label Studio looks for their regions in the same result.
        """
        for entity in self._held.entities.values():
            if entity.number in self._leaders:
                continue
            region = self._region(entity)
            yield entity.who, entity, region
            for name, value in entity.attributes.items():
                place = {key: region["value"][key] for key in _PLACE if key in region["value"]}
                base = {"id": region["id"], "from_name": name, "to_name": region["to_name"]}
                base |= _control_kept(entity, name)
                yield entity.who, None, base | _control(value, self._attribute_kinds.get(name), place)
        for label in self._held.labels.values():
            kept = of(label.extra, "label_studio")
            base = {"from_name": label.name, "to_name": "text"} | {k: v for k, v in kept.items() if k != "type"}
            kind = self._kinds.get(label.name)
            yield label.who, label, base | _control(label.value, kind, {}, kept.get("type"))
        for relation in self._held.relations.values():
            yield self._held.entities[relation.ends[0]].who, relation, self._relation(relation)

    def _is_untouched(self, entity: Entity) -> bool:
        place = of(entity.extra, "label_studio").get("at")
        return bool(place == list(self._hull(entity)))

    def _hull(self, entity: Entity) -> tuple[int, int]:
        offset = self._starts[entity.span.part]
        return entity.span.start + offset, entity.span.end + offset

    def _shared_regions(self) -> dict[int, int]:
        """Return the entities that are further labels of a region, as they came, by the entity that stands for it."""
        first: dict[object, int] = {}
        leaders: dict[int, int] = {}
        for number, entity in self._held.entities.items():
            id = of(entity.extra, "label_studio").get("id")
            if isinstance(id, str):
                same = (id, entity.spans, entity.who, entity.prob, entity.state, tuple(entity.attributes.items()))
                leader = first.setdefault(same, number)
                if leader != number:
                    leaders[number] = leader
        return leaders

    def _region_ids(self) -> dict[int, str]:
        """Return a region id for each entity, its own where it came with one that no other has."""
        ids: dict[int, str] = {}
        taken: set[str] = set()
        for number, entity in self._held.entities.items():
            if number in self._leaders:
                ids[number] = ids[self._leaders[number]]
                continue
            given = of(entity.extra, "label_studio").get("id")
            id = given if isinstance(given, str) and given not in taken else f"e{number}"
            while id in taken:
                id = f"{id}-{number}"
            taken.add(id)
            ids[number] = id
        return ids

    def _region(self, entity: Entity) -> dict[str, Any]:
        kept = of(entity.extra, "label_studio")
        start, end = self._hull(entity)
        value: dict[str, Any] = {"start": start, "end": end}
        given = kept.get("value")
        if isinstance(given, dict):
            value = given if self._as_it_came else value | {k: v for k, v in given.items() if k not in _PLACE}
        type_ = kept.get("type")
        type_ = type_ if isinstance(type_, str) else "labels"
        labels = [entity.type, *self._further.get(entity.number, ())]
        value = value | {"text": self._document.text[start:end], type_: labels}
        if len(entity.spans) > 1:
            offset = self._starts[entity.span.part]
            value["fragments"] = [[span.start + offset, span.end + offset] for span in entity.spans]
        rest = {key: held for key, held in kept.items() if key not in ("id", "type", "at", "value", "controls")}
        base = {"id": self._ids[entity.number], "from_name": "label", "to_name": "text", "type": type_}
        return base | rest | {"value": value}

    def _relation(self, relation: Relation) -> dict[str, Any]:
        kept = of(relation.extra, "label_studio")
        return {
            "type": "relation",
            "from_id": self._ids[relation.ends[0]],
            "to_id": self._ids[relation.ends[1]],
            "direction": "right" if relation.directed else "bi",
            "labels": [] if kept.get("unnamed") else [relation.type],
        } | {key: value for key, value in kept.items() if key != "unnamed"}


def _control_kept(entity: Entity, name: str) -> dict[str, Any]:
    controls = of(entity.extra, "label_studio").get("controls")
    kept = controls.get(name) if isinstance(controls, dict) else None
    return kept if isinstance(kept, dict) else {}


_PLACE = ("start", "end", "startOffset", "endOffset", "globalOffsets", "text")


def _said(thing: Entity | LabelValue | Relation) -> dict[str, Any]:
    said = made_by(thing.who, thing.prob, thing.state)
    if "prob" in said:
        said["score"] = said.pop("prob")
    return said


def _control(
    value: LabelScalar | tuple[str, ...], kind: str | None, place: Mapping[str, Any], given: object = None
) -> dict[str, Any]:
    """Return type and value of a control: what it came as where that still fits, else by the kind of the label."""
    if isinstance(value, bool):
        return {"type": "choices", "value": {**place, "choices": [str(value).lower()]}}
    if isinstance(value, (int, float)):
        type_ = "rating" if given == "rating" else "number"
        return {"type": type_, "value": {**place, type_: value}}
    values = list(value) if isinstance(value, tuple) else [value]
    if given == "taxonomy":
        return {"type": "taxonomy", "value": {**place, "taxonomy": [path.split(" / ") for path in values]}}
    if given == "datetime" and isinstance(value, str):
        return {"type": "datetime", "value": {**place, "datetime": value}}
    if given != "choices" and (kind == "text" or given == "textarea" or (kind is None and "\n" in values[0])):
        return {"type": "textarea", "value": {**place, "text": values}}
    return {"type": "choices", "value": {**place, "choices": values}}

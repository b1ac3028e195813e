"""Writing Label Studio's JSON: an array of tasks, each version an annotation, suggestions of models predictions."""

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
from tui_annotate.formats.reducing import part_starts, says_something

OURS = "tui-annotate"
"""Key of a task's `meta` with what Label Studio has no field for: the id, the name, the folder."""
_NOT_WRITTEN = ("text_key", "data", "meta", "other_annotations", "predictions")
_ML = "ml:"
_encode = msgspec.json.Encoder().encode


def write(documents: Iterable[ExchangedDocument], stream: BinaryIO, options: WriteOptions) -> Iterator[Problem]:
    """Write an array with a task a line."""
    stream.write(b"[")
    for at, exchanged in enumerate(documents):
        stream.write(b",\n" if at else b"\n")
        stream.write(_encode(_task(exchanged, options.scheme)))
    stream.write(b"\n]\n")
    yield from ()


def is_prediction(version: ExchangedVersion) -> bool:
    """Say whether a version is what models suggest, and nobody's annotation."""
    held = version.annotations
    things: list[Entity | LabelValue | Relation] = [*held.entities.values(), *held.labels.values()]
    things += held.relations.values()
    return (
        version.confirmed is None
        and version.annotator == MASTER
        and bool(held.entities or held.labels)
        and all(thing.who and thing.who[0].startswith(_ML) for thing in things)
    )


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
    annotated = [version for version in exchanged.versions if says_something(version) and not is_prediction(version)]
    others = kept.get("other_annotations")
    made["annotations"] = [
        *(_annotation(document, version, scheme) for version in annotated),
        *(others if isinstance(others, list) else []),
    ]
    predicted = [version for version in exchanged.versions if is_prediction(version)]
    given = kept.get("predictions")
    made["predictions"] = [
        *(one for version in predicted for one in _predictions(document, version, scheme)),
        *(given if isinstance(given, list) else []),
    ]
    meta = kept.get("meta")
    meta = {name: value for name, value in meta.items() if name != OURS} if isinstance(meta, dict) else {}
    if ours or meta or "meta" in kept:
        made["meta"] = meta | ({OURS: ours} if ours else {})
    return made | {name: value for name, value in kept.items() if name not in made and name not in _NOT_WRITTEN}


def _text_key(kept: Mapping[str, Any]) -> str:
    key = kept.get("text_key")
    return key if isinstance(key, str) and key else "text"


def _annotation(document: Document, version: ExchangedVersion, scheme: Scheme) -> dict[str, Any]:
    kept = of(version.annotations.extra, "label_studio")
    made: dict[str, Any] = {"result": [*_Items(document, version.annotations, scheme).rows(), *_unread(kept)]}
    made["was_cancelled"] = version.confirmed is False
    name = version.annotator
    if "completed_by" in kept:
        made["completed_by"] = kept["completed_by"]
    elif name != MASTER:
        is_number = name.isascii() and name.isdecimal() and str(int(name)) == name
        made["completed_by"] = int(name) if is_number else {"email": name}
    return made | {key: value for key, value in kept.items() if key not in made and key not in _OF_VERSION}


_OF_VERSION = ("unread", "predictions")


def _unread(kept: Mapping[str, Any]) -> list[Any]:
    unread = kept.get("unread")
    return unread if isinstance(unread, list) else []


def _predictions(document: Document, version: ExchangedVersion, scheme: Scheme) -> Iterator[dict[str, Any]]:
    """Yield a prediction per model."""
    held, kept = version.annotations, of(version.annotations.extra, "label_studio")
    given = kept.get("predictions")
    models = {f"{_ML}{one.get('model_version')}": one for one in given or () if isinstance(one, dict)}
    results: dict[str, list[Any]] = {}
    for who, row in _Items(document, held, scheme).by_model():
        results.setdefault(who, []).append(row)
    for at, (who, rows) in enumerate(results.items()):
        about_model = models.get(who, {"model_version": who.removeprefix(_ML)})
        yield about_model | {"result": [*rows, *(_unread(kept) if not at else [])]}


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
        return [row | said for _, row, said in self._all()]

    def by_model(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield the items with the model that each is by; who is said only where it is not just that."""
        for who, row, said in self._all():
            plain = {key: value for key, value in said.items() if key != "who"} if len(who) == 1 else said
            yield who[0], row | ({"score": 1.0} | plain)

    def _all(self) -> Iterator[tuple[tuple[str, ...], dict[str, Any], dict[str, Any]]]:
        for entity in self._held.entities.values():
            if entity.number in self._leaders:
                continue
            region = self._region(entity)
            yield entity.who, region, _said(entity)
            for name, value in entity.attributes.items():
                place = {key: region["value"][key] for key in _PLACE if key in region["value"]}
                base = {"id": region["id"], "from_name": name, "to_name": region["to_name"]}
                base |= _control_kept(entity, name)
                yield entity.who, base | _control(value, self._attribute_kinds.get(name), place), {}
        for label in self._held.labels.values():
            kept = of(label.extra, "label_studio")
            base = {"from_name": label.name, "to_name": "text"} | {k: v for k, v in kept.items() if k != "type"}
            kind = self._kinds.get(label.name)
            yield label.who, base | _control(label.value, kind, {}, kept.get("type")), _said(label)
        for relation in self._held.relations.values():
            yield relation.who, self._relation(relation), _said(relation)

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

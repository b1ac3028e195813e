"""tagtog's project settings, as its API exports and imports them (version 1.6), as a scheme.

`entities`, `metas`, `fields` and `relations` are objects by id; the options of an `enum` stand in its `description`,
separated by commas. Published are entities and metas. That a field is written like a meta, either by itself or inside
the `fields` of an entity, and a relation like an entity with the ids of its ends in `entities`, or in its name as in
the legend (`x(e_1|e_2)`), is assumed from that. What else stands in the file is kept, but for `webhooks`, which may
hold passwords.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import msgspec

from tui_annotate.domain.scheme import Attribute, Choice, DocumentLabel, EntityType, LabelKind, RelationType, Scheme
from tui_annotate.errors import DataError
from tui_annotate.formats.label_studio.tags import color_of, hex_color
from tui_annotate.formats.schemes.legend import ids_of
from tui_annotate.formats.schemes.reading import Group, Reading, did_you_mean
from tui_annotate.formats.source import JSON_ERRORS, decode

VERSION = "1.6"
KEYS = ("entities", "metas", "fields", "relations")
KINDS: Mapping[str, LabelKind] = {"boolean": "boolean", "enum": "choice", "string": "text"}
_TYPES = {kind: name for name, kind in KINDS.items()}
_NOT_KEPT = ("webhooks",)
_COLORS = ("#17becf", "#bcbd22", "#e377c2", "#1f77b4", "#2ca02c", "#d62728", "#9467bd", "#8c564b")
"""For types without a colour of their own: tagtog gives each one."""
_ENDS = re.compile(r"(.*)\((e_\d+)\|(e_\d+)\)$")


def is_settings(given: object) -> bool:
    """Say whether a JSON value is a project's settings, by themselves or as the API answers with them."""
    if not isinstance(given, dict):
        return False
    settings = given.get("newSettings", given)
    return isinstance(settings, dict) and any(isinstance(settings.get(key), dict) for key in KEYS)


def parse(content: bytes, where: str) -> Reading:
    """Read settings."""
    reading = Reading(where)
    try:
        given = msgspec.json.decode(decode(content).text)
    except (*JSON_ERRORS, DataError) as error:
        reading.refuse(0, "", f"is no JSON: {error}.")
        return reading
    if not is_settings(given):
        reading.refuse(0, "", f"is no project settings: an object with {', '.join(KEYS)}.")
        return reading
    given = given.get("newSettings", given)
    _Reader(reading).read(given)
    if not reading.faults:
        kept = {key: value for key, value in given.items() if key not in _NOT_KEPT}
        reading.scheme = replace(reading.scheme, template=msgspec.json.encode(kept).decode())
        if given.get("webhooks"):
            reading.note(0, "webhooks", "are left out, since they may hold passwords; `hook add` adds them here")
    return reading


class _Reader:
    """Reads the four objects."""

    def __init__(self, reading: Reading) -> None:
        self._to = reading

    def read(self, given: dict[str, Any]) -> None:
        """Put what they hold into the reading."""
        entities = self._things(given, "entities", "e", "entity")
        names = {id: name for id, (name, _) in entities.items()}
        types = [
            EntityType(name, id, color=self._color(thing, name), help=_text(thing, "description"))
            for id, (name, thing) in entities.items()
        ]
        on: dict[str, list[str]] = {}
        fields = dict(given["fields"]) if isinstance(given.get("fields"), dict) else {}
        for name, thing in entities.values():
            inner = thing.get("fields")
            for id, field in inner.items() if isinstance(inner, dict) else ():
                on.setdefault(id, []).append(name)
                fields.setdefault(id, field if isinstance(field, dict) else {})
        attributes = [
            self._field(Attribute, id, n, t)
            for id, (n, t) in self._things({"fields": fields}, "fields", "f", "attribute").items()
        ]
        labels = [
            self._field(DocumentLabel, id, n, t) for id, (n, t) in self._things(given, "metas", "m", "label").items()
        ]
        self._to.take(
            types,
            _joined([label for label in labels if label is not None]),
            [replace(a, on=tuple(on.get(a.id, ()))) for a in attributes if a is not None],
            [_relation(id, n, t, names) for id, (n, t) in self._things(given, "relations", "r", "relation").items()],
        )

    def _things(
        self, given: dict[str, Any], key: str, prefix: str, group: Group
    ) -> dict[str, tuple[str, dict[str, Any]]]:
        """Return name and body of what one of the objects holds, by id."""
        held = given.get(key, {})
        if not isinstance(held, dict):
            self._to.refuse(0, key, "must be an object by id.")
            return {}
        found: dict[str, tuple[str, dict[str, Any]]] = {}
        names: set[str] = set()
        for id, thing in held.items():
            if not re.fullmatch(rf"{prefix}_[0-9]+", id):
                self._to.refuse(0, f"{key}.{id}", f"an id here is {prefix}_ and a number.")
                continue
            if not isinstance(thing, dict):
                self._to.refuse(0, f"{key}.{id}", "must be an object.")
                continue
            name = _text(thing, "name").strip() or id
            if name in names:
                self._to.note(0, f"{key}.{id}", f"is called {name!r} like another; it is called {name} ({id}) here")
                name = f"{name} ({id})"
            names.add(name)
            found[id] = (name, thing)
        return found

    def _field(self, make: Any, id: str, name: str, thing: dict[str, Any]) -> Any:
        """Return a document label or an attribute; None for one that has to be mended."""
        said = _text(thing, "type") or "boolean"
        if said not in KINDS:
            self._to.refuse(0, f"{name} ({id}): type", f"{said!r} is none. {did_you_mean(said, KINDS)}")
            return None
        help = _text(thing, "description")
        if KINDS[said] != "choice":
            return make(name, KINDS[said], id=id, help=help)
        options = tuple(map(Choice, dict.fromkeys(filter(None, (part.strip() for part in help.split(","))))))
        if not options:
            self._to.note(0, f"{name} ({id})", "has no options in its description; it is read as text")
            return make(name, "text", id=id)
        return make(name, "choice", options, id=id)

    def _color(self, thing: dict[str, Any], name: str) -> str:
        said = _text(thing, "color")
        color = color_of(said) if said.strip() else ""
        if color is None:
            self._to.note(0, f"{name}: color", f"{said!r} is no colour known here; it has one of ours")
        return color or ""


def _text(thing: Mapping[str, Any], key: str) -> str:
    value = thing.get(key)
    return value if isinstance(value, str) else ""


def _joined(labels: list[DocumentLabel]) -> list[DocumentLabel]:
    """Return the labels with the booleans `<label>/<choice>` joined again to the multiple-choice labels we wrote."""
    many: dict[str, list[DocumentLabel]] = {}
    for label in labels:
        stem, slash, choice = label.name.partition("/")
        if label.kind == "boolean" and slash and stem == stem.strip() and choice.strip() == choice and stem and choice:
            many.setdefault(stem, []).append(label)
    taken = {label.name for label in labels}
    many = {name: parts for name, parts in many.items() if len(parts) > 1 and name not in taken}
    made: list[DocumentLabel] = []
    for label in labels:
        parts = many.get(label.name.partition("/")[0], [])
        if label not in parts:
            made.append(label)
        elif label is parts[0]:
            options = tuple(Choice(part.name.partition("/")[2]) for part in parts)
            made.append(DocumentLabel(label.name.partition("/")[0], "choices", options, id=label.id, help=label.help))
    return made


def _relation(id: str, name: str, thing: dict[str, Any], names: Mapping[str, str]) -> RelationType:
    """Return a relation type; its ends are those that it names, or those in its name."""
    ends = thing.get("entities")
    found = _ENDS.match(name)
    if not (isinstance(ends, list) and len(ends) == 2 and all(isinstance(end, str) for end in ends)):
        ends = [found[2], found[3]] if found else []
    known = tuple(names.get(end, "") for end in ends)
    directed = thing.get("directed") is True
    return RelationType(name, (known[0], known[1]) if len(known) == 2 else ("", ""), directed, id)


def write(scheme: Scheme) -> str:
    """Return settings: those the scheme came from where it came from some, with the labels as they are now."""
    scheme = scheme.numbered()
    template: dict[str, Any] = {"version": VERSION}
    if scheme.template.lstrip().startswith("{"):
        template = msgspec.json.decode(scheme.template)
    ids = ids_of(scheme)
    entities = {type.id: _entity_written(type, place, scheme) for place, type in enumerate(scheme.entities)}
    metas: dict[str, Any] = {}
    for label in scheme.labels:
        if label.kind != "choices":
            metas[label.id] = _written(label, label.id, label.name)
            continue
        for option in label.options:
            id = ids.choices[label.name, option.value]
            metas[id] = {"id": id, "name": f"{label.name}/{option.value}", "description": label.help, "type": "boolean"}
    made = {
        "entities": entities,
        "metas": metas,
        "fields": {a.id: _written(a, a.id, a.name) for a in scheme.attributes},
        "relations": {r.id: _relation_written(r, ids.entities) for r in scheme.relations},
    }
    whole = {**template, **{key: _over(template.get(key), value) for key, value in made.items()}}
    return msgspec.json.format(msgspec.json.encode(whole), indent=2).decode() + "\n"


def _entity_written(type: EntityType, place: int, scheme: Scheme) -> dict[str, Any]:
    return {
        "id": type.id,
        "name": type.name,
        "description": type.help,
        "color": hex_color(type.color) or _COLORS[place % len(_COLORS)],
        "fields": {a.id: {"id": a.id} for a in scheme.attributes if a.on and a.is_on(type.name)},
        "normalizations": {},
    }


def _written(field: DocumentLabel | Attribute, id: str, name: str) -> dict[str, Any]:
    options = ",".join(option.value for option in field.options)
    return {"id": id, "name": name, "description": options or field.help, "type": _TYPES.get(field.kind, "enum")}


def _relation_written(relation: RelationType, entities: Mapping[str, str]) -> dict[str, Any]:
    ends = [entities.get(end, "") for end in relation.ends]
    said: dict[str, Any] = {"entities": ends} if all(ends) else {}
    return {"id": relation.id, "name": relation.name, "directed": relation.directed, **said}


def _over(held: object, made: dict[str, Any]) -> dict[str, Any]:
    """Return what was made, with what stood beside it in the settings as they came, in their order."""
    before = held if isinstance(held, dict) else {}
    order = [*(id for id in before if id in made), *(id for id in made if id not in before)]
    whole: dict[str, Any] = {}
    for id in order:
        old = before.get(id)
        empty: dict[str, Any] = {"oldnames": []} if not isinstance(old, dict) else {}
        kept = old if isinstance(old, dict) else {}
        given = {key: value for key, value in made[id].items() if not (key == "normalizations" and key in kept)}
        whole[id] = {**kept, **given, **empty}
    return whole

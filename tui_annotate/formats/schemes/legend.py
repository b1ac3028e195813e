"""The legend: anndoc's ids and the names they stand for."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

import msgspec

from tui_annotate.domain.scheme import Attribute, Choice, DocumentLabel, EntityType, RelationType, Scheme
from tui_annotate.errors import DataError
from tui_annotate.formats.base import LabelHint, SchemeHint
from tui_annotate.formats.json_text import JsonText, Piece
from tui_annotate.formats.source import JSON_ERRORS, decode

FILE_NAME = "annotations-legend.json"
_ENDS = re.compile(r"\((e_\d+)\|(e_\d+)\)$")
_GROUPS: dict[str, Literal["entity", "label", "attribute", "relation"]] = {
    "e": "entity",
    "m": "label",
    "f": "attribute",
    "r": "relation",
}


@dataclass(slots=True)
class Legend:
    """Names by id, as one project has them; ids that it lacks stand for themselves."""

    names: Mapping[str, str] = field(default_factory=dict)
    unknown: set[str] = field(default_factory=set)
    """Ids met in files that the legend lacks."""
    choices: dict[str, tuple[str, str]] = field(default_factory=dict)
    """(label, choice) of the ids that are one choice of a multiple-choice label."""
    members: dict[str, str] = field(default_factory=dict)
    """Annotators by the folder of their files, where the two differ."""

    def name(self, id: str) -> str:
        """Return the name of an id; the id itself, remembered as unknown, when the legend lacks it."""
        name = self.names.get(id)
        if name is None:
            self.unknown.add(id)
            return id
        return name

    def choice(self, id: str) -> tuple[str, str] | None:
        """Return (label, choice) of an id that is one choice of a multiple-choice label."""
        return self.choices.get(id)

    def join_choices(self, known: Collection[str]) -> None:
        """Find the metas called `<label>/<choice>`: two or more of a label, or one whose label is in `known`."""
        metas = {id: name for id, name in self.names.items() if id.startswith("m_") and "/" in name}
        by_label: dict[str, list[tuple[str, str]]] = {}
        for id, name in metas.items():
            label, _, choice = next((split for split in _splits(name) if split[0] in known), name.partition("/"))
            if label and choice and label == label.strip() and choice == choice.strip():
                by_label.setdefault(label, []).append((id, choice))
        taken = {name for id, name in self.names.items() if id.startswith("m_")}
        for label, found in by_label.items():
            if label in known or (len(found) > 1 and label not in taken):
                self.choices.update((id, (label, choice)) for id, choice in found)

    def _ends(self, name: str) -> tuple[str, ...]:
        """Return the entity types that a relation's name ends with, `x(e_1|e_4)`; none when it does not."""
        found = _ENDS.search(name)
        ends = (self.names.get(found.group(1), ""), self.names.get(found.group(2), "")) if found else ()
        return ends if all(ends) else ()

    @property
    def leftovers(self) -> dict[str, str]:
        """What no scheme of ours holds: normalizations, prefixes that we do not know, and the ids of choices."""
        return {id: n for id, n in self.names.items() if id.partition("_")[0] not in _GROUPS or id in self.choices}

    def scheme(self) -> Scheme:
        """Return a scheme of just these names; kinds, which a legend does not tell, are boolean and text."""
        self.join_choices(())
        named = sorted(self.names.items(), key=lambda item: _number(item[0]))
        joined: dict[str, list[str]] = {}
        for label, choice in self.choices.values():
            joined.setdefault(label, []).append(choice)
        labels = [DocumentLabel(n, "boolean", id=id) for id, n in named if id[:2] == "m_" and id not in self.choices]
        labels += [DocumentLabel(n, "choices", tuple(map(Choice, options))) for n, options in joined.items()]
        return Scheme(
            tuple(EntityType(name, id) for id, name in named if id.startswith("e_")),
            tuple(labels),
            tuple(Attribute(name, "text", id=id) for id, name in named if id.startswith("f_")),
            tuple(RelationType(name, id=id) for id, name in named if id.startswith("r_")),
        ).numbered()

    def hint(self, where: str, guidelines: str) -> SchemeHint:
        """Return what the legend names, for the scheme."""
        labels: list[LabelHint] = []
        joined: dict[str, tuple[str, list[str]]] = {}
        for id, name in self.names.items():
            group = _GROUPS.get(id.partition("_")[0])
            if id in self.choices:
                label, choice = self.choices[id]
                joined.setdefault(label, (id, []))[1].append(choice)
            elif group:
                labels.append(LabelHint(group, name, id, values=self._ends(name) if group == "relation" else ()))
        labels += [LabelHint("label", name, id, "choices", tuple(v)) for name, (id, v) in joined.items()]
        return SchemeHint(where, tuple(labels), guidelines=guidelines)


def read(content: bytes) -> tuple[Legend, list[str]]:
    """Read a legend; also return what was odd in it.

    Raises:
        DataError: It is no JSON object of strings.
    """
    try:
        given = msgspec.json.decode(decode(content).text, type=dict[str, str])
    except JSON_ERRORS as error:
        raise DataError(f"is no legend, an object of ids and names: {error}") from error
    names: dict[str, str] = {}
    notes: list[str] = []
    seen: set[tuple[str, str]] = set()
    for id, said in given.items():
        name = said.strip() or id
        prefix = id.partition("_")[0]
        if (prefix, name) in seen:
            notes.append(f"{id} is called {name!r} like another id; it is called {name} ({id}) here")
            name = f"{name} ({id})"
        elif name != said:
            notes.append(f"{id} is called {said!r}; blanks around a name are left out")
        seen.add((prefix, name))
        names[id] = name
    return Legend(names), notes


def _splits(name: str) -> Iterator[tuple[str, str, str]]:
    """Yield every way to cut a name at one of its slashes."""
    for match in re.finditer("/", name):
        yield name[: match.start()], "/", name[match.end() :]


def write(scheme: Scheme, leftovers: Mapping[str, str], came: bytes | None = None) -> bytes:
    """Write the legend of a scheme; a multiple-choice label is one boolean per choice, `<label>/<choice>`.

    Args:
        leftovers: Names by id that the scheme does not hold.
        came: The legend that was imported: what is still so keeps its bytes.
    """
    names = dict(ids_of(scheme, leftovers).items_for_legend())
    for id, name in leftovers.items():
        if not id.startswith("m_"):
            names.setdefault(id, name)
    after = _after(came, names) if came is not None else None
    if after is not None:
        return after
    ordered = sorted(names.items(), key=lambda item: (_number(item[0]), item[0]))
    return msgspec.json.format(msgspec.json.encode(dict(ordered)), indent=2) + b"\n"


def _after(came: bytes, names: Mapping[str, str]) -> bytes | None:
    """Return names written after a legend that came; None when that is none."""
    try:
        held, _ = read(came)
        if held.names == names:
            return came
        text = JsonText(decode(came).text)
        pieces = text.pieces(text.start)
    except (DataError, ValueError, IndexError):
        return None
    last = {piece.key: piece for piece in pieces}
    parts: list[tuple[Piece | None, str]] = []
    for piece in pieces:
        if piece.key in names and last[piece.key] is piece:
            same = held.names[piece.key] == names[piece.key]
            parts.append((piece, text.raw(piece) if same else text.with_value(piece, text.written(names[piece.key]))))
    new = sorted((_number(id), id) for id in names if id not in last)
    parts += [(None, text.member(id, text.written(names[id]))) for _, id in new]
    return text.whole(text.joined("{}", pieces, parts), pieces).encode()


def _number(id: str) -> int:
    digits = id.partition("_")[2]
    return int(digits) if digits.isdecimal() and digits.isascii() else 1 << 62


@dataclass(frozen=True, slots=True)
class Ids:
    """Ids by name, per group; the choices of multiple-choice labels have ids of their own."""

    entities: Mapping[str, str]
    labels: Mapping[str, str]
    choices: Mapping[tuple[str, str], str]
    attributes: Mapping[str, str]
    relations: Mapping[str, str]

    def items_for_legend(self) -> list[tuple[str, str]]:
        """Return (id, name) of all."""
        groups = (self.entities, self.labels, self.attributes, self.relations)
        plain = [(id, name) for group in groups for name, id in group.items()]
        return plain + [(id, f"{label}/{choice}") for (label, choice), id in self.choices.items()]


def ids_of(scheme: Scheme, names: Mapping[str, str] | None = None) -> Ids:
    """Return the ids of a scheme; choices are numbered after everything else, in the scheme's order.

    The id of a multiple-choice label goes to its first choice, since the label itself is no meta.

    Args:
        names: Names by id of an imported legend: a choice that has one there keeps it.
    """
    scheme = scheme.numbered()
    groups = (scheme.entities, scheme.labels, scheme.attributes, scheme.relations)
    things = [thing for group in groups for thing in group]
    taken = {thing.id for thing in things if not (isinstance(thing, DocumentLabel) and thing.kind == "choices")}
    known = {name: id for id, name in (names or {}).items() if id.startswith("m_") and id not in taken}
    highest = max((_number(id) for id in (*(thing.id for thing in things), *known.values())), default=0)
    choices: dict[tuple[str, str], str] = {}
    used = taken | set(known.values())
    for label in scheme.labels:
        for option in label.options if label.kind == "choices" else ():
            id = known.get(f"{label.name}/{option.value}") or label.id
            if id in choices.values() or (id in used and id not in known.values()):
                highest += 1
                id = f"m_{highest}"
            choices[label.name, option.value] = id
    return Ids(
        {e.name: e.id for e in scheme.entities},
        {m.name: m.id for m in scheme.labels if m.kind != "choices"},
        choices,
        {f.name: f.id for f in scheme.attributes},
        {r.name: r.id for r in scheme.relations},
    )

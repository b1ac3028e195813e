"""brat's `annotation.conf` and `visual.conf` as a scheme, and a scheme as these.

Names in brat are of ASCII letters, digits, `_` and `-`. What the corpus calls its labels stands in `visual.conf`, where
brat looks for what to show; of files that we wrote the names are taken back from there.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from tui_annotate.domain.scheme import Attribute, Choice, EntityType, RelationType, Scheme
from tui_annotate.errors import SchemeError

MARK = "# Written by tui-annotate: the second column is what the corpus calls it"
_SECTION = re.compile(r"\[(\w+)\]\s*")
_MACRO = re.compile(r"<([^<>=]+)>\s*=\s*(.*)")
_COLOR = re.compile(r"bgColor:\s*(#[0-9a-fA-F]{6})\b")
_GENERAL = frozenset(("<ENTITY>", "<EVENT>", "<ANY>", "<POLAR>"))


def plain(name: str) -> str:
    """Return a name as brat takes it; equal for names that it takes."""
    folded = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-zA-Z0-9_-]+", "_", folded).strip("_") or "unnamed"


@dataclass(slots=True)
class Config:
    """What the configuration of one folder says."""

    scheme: Scheme = field(default_factory=Scheme)
    names: dict[str, str] = field(default_factory=dict)
    """What our own `visual.conf` calls labels, by brat's name."""

    def name(self, brat: str) -> str:
        """Return what the corpus calls something."""
        return self.names.get(brat, brat)


def read(annotation: str, visual: str) -> Config:
    """Return the scheme of a folder from the texts of its two files; lines that say nothing we know are left out."""
    labels, colors = _visual(visual)
    names = labels if visual.startswith(MARK) else {}
    sections = _sections(annotation)
    macros = {f"<{m.group(1)}>": m.group(2) for line in annotation.split("\n") if (m := _MACRO.match(line.strip()))}
    entities: dict[str, EntityType] = {}
    relations: dict[str, RelationType] = {}
    attributes: dict[str, Attribute] = {}
    for section, kept in (("entities", entities), ("events", entities)):
        for type, arguments in sections.get(section, ()):
            name = names.get(type, type)
            kept.setdefault(name, EntityType(name, color=colors.get(type, "")))
            for role, ends in arguments:
                if section == "events":
                    role = role.rstrip("?*+0123456789{}-") or role
                    found = _types(ends, macros)
                    end = names.get(found[0], found[0]) if len(found) == 1 else ""
                    relations.setdefault(role, RelationType(role, ("", end), directed=True))
    for type, arguments in sections.get("relations", ()):
        name = names.get(type, type)
        given = dict(arguments)
        if type != "ENTITY-NESTING" and name not in relations:
            symmetric = "symmetric" in given.get("<REL-TYPE>", "") or type == "Equiv"
            first, second = (_single(given.get(end, ""), macros, names) for end in ("Arg1", "Arg2"))
            relations[name] = RelationType(name, (first, second), directed=not symmetric)
    for type, arguments in sections.get("attributes", ()):
        name = names.get(type, type)
        attributes.setdefault(name, _attribute(name, dict(arguments), macros, names, entities))
    try:
        return Config(
            Scheme(tuple(entities.values()), (), tuple(attributes.values()), tuple(relations.values())), names
        )
    except SchemeError:
        return Config(Scheme(tuple(entities.values())), names)


def _attribute(
    name: str, given: dict[str, str], macros: dict[str, str], names: dict[str, str], entities: dict[str, EntityType]
) -> Attribute:
    values = [value.strip() for value in given.get("Value", "").split("|") if value.strip()]
    on = tuple(names.get(type, type) for type in _types(given.get("Arg", ""), macros))
    options = tuple(Choice(names.get(value, value)) for value in dict.fromkeys(values))
    return Attribute(name, "choice" if options else "boolean", options, on=on if set(on) <= entities.keys() else ())


def _single(ends: str, macros: dict[str, str], names: dict[str, str]) -> str:
    found = _types(ends, macros)
    return names.get(found[0], found[0]) if len(found) == 1 else ""


def _types(text: str, macros: dict[str, str]) -> list[str]:
    """Return the types that an argument takes, macros put in, each once; none where it takes all."""
    found: dict[str, None] = {}
    left, seen = [text], set()
    while left:
        for piece in map(str.strip, left.pop().split("|")):
            if piece in _GENERAL:
                return []
            if piece in macros:
                if piece not in seen:
                    seen.add(piece)
                    left.append(macros[piece])
            elif piece:
                found[piece] = None
    return list(found)


def _sections(text: str) -> dict[str, list[tuple[str, list[tuple[str, str]]]]]:
    found: dict[str, list[tuple[str, list[tuple[str, str]]]]] = {}
    section = ""
    for line in text.split("\n"):
        line = line.rstrip()
        match = _SECTION.fullmatch(line.strip())
        if match:
            section = match.group(1).lower()
        elif line.strip() and not line.lstrip().startswith(("#", "-", "!", "<")) and section:
            name, _, rest = line.strip().partition("\t" if "\t" in line.strip() else " ")
            pairs = [piece.partition(":") for piece in rest.split(",")]
            arguments = [(key.strip(), value.strip()) for key, colon, value in pairs if colon]
            found.setdefault(section, []).append((name.strip(), arguments))
    return found


def _visual(text: str) -> tuple[dict[str, str], dict[str, str]]:
    labels: dict[str, str] = {}
    colors: dict[str, str] = {}
    section = ""
    for line in text.split("\n"):
        match = _SECTION.fullmatch(line.strip())
        if match:
            section = match.group(1).lower()
        elif section == "labels" and "|" in line and not line.startswith("#"):
            name, _, rest = line.partition("|")
            labels[name.strip()] = (
                rest.strip() if text.startswith(MARK) else rest.partition("|")[0].strip()
            ) or name.strip()
        elif section == "drawing" and not line.startswith("#"):
            color = _COLOR.search(line)
            if color:
                colors[line.split()[0]] = color.group(1).lower()
    return labels, colors


@dataclass(slots=True)
class Used:
    """Names that the written documents have, beyond those of the scheme."""

    types: set[str] = field(default_factory=set)
    relations: set[str] = field(default_factory=set)
    directed: set[str] = field(default_factory=set)
    """Types of relations of which one at least has a direction."""
    attributes: dict[str, set[str]] = field(default_factory=dict)
    """Values by name; none for those that are only true."""
    events: dict[str, set[str]] = field(default_factory=dict)
    """Roles by type of the events that are written as such."""


def write_annotation(scheme: Scheme, used: Used) -> str:
    """Return an `annotation.conf` for a scheme and what the documents have besides."""
    known = {entity.name for entity in scheme.entities}
    types = [plain(name) for name in [*(entity.name for entity in scheme.entities), *sorted(used.types - known)]]
    types = [name for name in types if name not in used.events]
    lines = [
        "# The labels of a corpus, for brat (annotation.conf).",
        "",
        "[entities]",
        *types,
        "",
        "[relations]",
    ]
    relations = {relation.name: relation for relation in scheme.relations}
    for name in [*relations, *sorted(used.relations - relations.keys())]:
        ends = relations[name].ends if name in relations else ("", "")
        first, second = (plain(end) if end else "<ENTITY>" for end in ends)
        symmetric = name in relations and not relations[name].directed and name not in used.directed
        kind = ", <REL-TYPE>:symmetric" if symmetric else ""
        kind = ", <REL-TYPE>:symmetric-transitive" if name == "Equiv" else kind
        lines.append(f"{plain(name)}\tArg1:{first}, Arg2:{second}{kind}")
    lines += ["", "[events]"]
    for type, roles in sorted(used.events.items()):
        lines.append("\t".join(filter(None, (type, ", ".join(f"{role}*:<ANY>" for role in sorted(roles))))))
    lines += ["", "[attributes]", *_attribute_lines(scheme, used), ""]
    return "\n".join(lines)


def _attribute_lines(scheme: Scheme, used: Used) -> Iterator[str]:
    held = {attribute.name: attribute for attribute in scheme.attributes}
    for name in [*held, *sorted(used.attributes.keys() - held.keys())]:
        attribute = held.get(name)
        on = "|".join(map(plain, attribute.on)) if attribute and attribute.on else "<ENTITY>"
        options = [option.value for option in attribute.options] if attribute else []
        values = list(dict.fromkeys(value_of(value) for value in [*options, *sorted(used.attributes.get(name, ()))]))
        yield f"{plain(name)}\tArg:{on}" + (f", Value:{'|'.join(values)}" if values else "")


def value_of(value: str) -> str:
    """Return an attribute's value as brat takes it: without blanks, bars and commas."""
    return re.sub(r"[\s|,]+", "_", value)


def write_visual(scheme: Scheme, used: Used) -> str:
    """Return a `visual.conf` that shows what the corpus calls its labels, in their colours."""
    values = [option.value for attribute in scheme.attributes for option in attribute.options]
    names: Iterable[str] = [
        *(e.name for e in scheme.entities), *sorted(used.types), *(r.name for r in scheme.relations),
        *sorted(used.relations), *(a.name for a in scheme.attributes), *sorted(used.attributes),
    ]  # fmt: skip
    shown = {plain(name): name for name in reversed([*names]) if plain(name) != name and _is_line(name)}
    shown |= {value_of(value): value for value in values if value_of(value) != value and _is_line(value)}
    for name in names:
        shown.pop(name, None)
    lines = [MARK, "[labels]", *(f"{short} | {name}" for short, name in sorted(shown.items())), "", "[drawing]"]
    lines += ["SPAN_DEFAULT\tfgColor:black, bgColor:lightgreen, borderColor:darken", "ARC_DEFAULT\tcolor:black"]
    lines += [f"{plain(e.name)}\tbgColor:{e.color}" for e in scheme.entities if e.color.startswith("#")]
    return "\n".join([*lines, ""])


def _is_line(name: str) -> bool:
    return "\n" not in name and "\r" not in name

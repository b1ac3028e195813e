"""Our own scheme file, TOML: `[[entity]]`, `[[label]]`, `[[attribute]]`, `[[relation]]` and `guidelines`."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import cached_property
from typing import Any, TypeVar

from tui_annotate.domain.scheme import Attribute, Choice, DocumentLabel, EntityType, RelationType, Scheme
from tui_annotate.formats.schemes.reading import Group, Reading, did_you_mean

T = TypeVar("T")

KINDS = ("boolean", "choice", "choices", "text")
_KEYS: dict[str, dict[str, type]] = {
    "entity": {"name": str, "id": str, "key": str, "color": str, "help": str, "overlapping": bool, "model": str},
    "label": {
        "name": str,
        "kind": str,
        "options": list,
        "id": str,
        "key": str,
        "help": str,
        "threshold": float,
        "train": bool,
        "model": str,
    },
    "attribute": {
        "name": str,
        "kind": str,
        "options": list,
        "id": str,
        "on": list,
        "assertion": bool,
        "help": str,
        "key": str,
        "model": str,
    },
    "relation": {"name": str, "ends": list, "directed": bool, "id": str, "key": str},
}
_OPTION_KEYS: dict[str, type] = {"value": str, "key": str, "help": str}
_WORDS = {"entity": "entity type", "label": "document label", "attribute": "attribute", "relation": "relation type"}
_TYPE_NAMES = {str: "a string", bool: "true or false", list: "a list", float: "a number"}


def parse(text: str, where: str = "scheme.toml") -> Scheme:
    """Read a scheme.

    Raises:
        SchemeError: With file, line where it can be told, field, and the nearest right name; every mistake on a line.
    """
    return examine(text, where).checked()


def examine(text: str, where: str) -> Reading:
    """Read a scheme as far as it goes, with all that has to be mended in it."""
    reading = Reading(where)
    try:
        given = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        line = re.search(r"line (\d+)", str(error))
        number = int(line.group(1)) if line else max(1, len(text.splitlines()))
        # Where it stands is said before it.
        reason = re.sub(r" \(at .*\)$", "", str(error)) or "nested too deep"
        reading.refuse(number, "", f"is no TOML: {reason}.")
        return reading
    reader = _Reader(text, reading)
    for name in given:
        if name not in (*_KEYS, "guidelines"):
            reader.fault(name, 0, "", f"there is no table {name!r}.{_nearest(name, (*_KEYS, 'guidelines'))}")
    guidelines = given.get("guidelines", "")
    if type(guidelines) is not str:
        reading.refuse(0, "guidelines", "must be a string.")
        guidelines = ""
    entities = reader.rows(given, "entity", lambda row, _: EntityType(**row))
    labels = reader.rows(given, "label", reader.label)
    attributes = reader.rows(given, "attribute", reader.attribute)
    relations = reader.rows(given, "relation", reader.relation)
    _check_ids(reading, ("e", entities), ("m", labels), ("f", attributes), ("r", relations))
    reading.take(entities, labels, attributes, relations, guidelines=guidelines)
    for fault in reading.scheme.faults:
        owner = next((one.name for one in attributes if fault.startswith(one.name)), "")
        reading.refuse(reading.line("attribute", owner, "model"), "", fault, read=True)
    return reading


class _Reader:
    """Reads tables of one file and says where in it something is wrong."""

    def __init__(self, text: str, reading: Reading) -> None:
        self._to = reading
        self._lines = _outside_strings(text)

    def rows(
        self, given: Mapping[str, Any], table: Group, make: Callable[[dict[str, Any], int], T | None]
    ) -> tuple[T, ...]:
        rows = given.get(table, [])
        if type(rows) is not list or not all(type(row) is dict for row in rows):
            self.fault(table, 0, "", f"write `[[{table}]]`, once for each.")
            return ()
        made: dict[str, T] = {}
        for index, row in enumerate(rows):
            checked = self._checked(row, table, index, _KEYS[table])
            one = make(checked, index) if checked is not None else None
            name = row.get("name", "")
            if one is None:
                continue
            if name in made:
                first = self._to.line(table, name, "name")
                self.fault(table, index, "name", f"{_WORDS[table]} {name!r} stands twice, first on line {first}.")
            made.setdefault(name, one)
            self._places(table, index, row)
        return tuple(made.values())

    def _places(self, table: Group, index: int, row: Mapping[str, Any]) -> None:
        name = row["name"]
        for key in ("", *row):
            self._to.places.setdefault((table, name, key), self._line(table, index, key))
        for option in row.get("options", []):
            value = option.get("value", "") if type(option) is dict else option
            line = self._line(table, index, "options")
            quoted = {f'"{value}"', f"'{value}'"}
            after = (n for n in range(line, len(self._lines) + 1) if any(q in self._lines[n - 1] for q in quoted))
            self._to.places.setdefault((table, name, f"={value}"), next(after, line) if line else 0)

    def _checked(
        self, row: Mapping[str, Any], table: Group, index: int, keys: Mapping[str, type]
    ) -> dict[str, Any] | None:
        before = len(self._to.problems)
        for key, value in row.items():
            if key not in keys:
                self.fault(table, index, key, f"there is no such field.{_nearest(key, keys)}")
            elif type(value) is not keys[key] and not (keys[key] is float and type(value) is int):
                self.fault(table, index, key, f"must be {_TYPE_NAMES[keys[key]]}, not {value!r}.")
        needed = next(iter(keys))
        if needed not in row:
            self.fault(table, index, "", f"has no `{needed}`.")
        return dict(row) if len(self._to.problems) == before else None

    def label(self, row: dict[str, Any], index: int) -> DocumentLabel | None:
        options = self._options(row, "label", index)
        if options is None or not self._kind(row, "label", index, options):
            return None
        return DocumentLabel(**row | {"options": options})

    def attribute(self, row: dict[str, Any], index: int) -> Attribute | None:
        options = self._options(row, "attribute", index)
        on = self._strings(row, "attribute", index, "on")
        if options is None or on is None or not self._kind(row, "attribute", index, options):
            return None
        return Attribute(**row | {"options": options, "on": on})

    def relation(self, row: dict[str, Any], index: int) -> RelationType | None:
        ends = self._strings(row, "relation", index, "ends")
        if ends is not None and len(ends) not in (0, 2):
            self.fault("relation", index, "ends", "must name two entity types; an empty one means any.")
            return None
        return None if ends is None else RelationType(**row | {"ends": tuple(ends) or ("", "")})

    def _kind(self, row: dict[str, Any], table: Group, index: int, options: tuple[Choice, ...]) -> bool:
        kind = row.setdefault("kind", "choice" if options else "boolean" if table == "label" else "text")
        if kind not in KINDS:
            self.fault(table, index, "kind", f"{kind!r} is no kind.{_nearest(kind, KINDS)}")
        elif kind in ("choice", "choices") and not options:
            self.fault(table, index, "", f"{row['name']}: a {kind} label needs at least one option.")
        elif kind in ("boolean", "text") and options:
            self.fault(table, index, "options", f"a {kind} label has none; make it a choice or choices.")
        else:
            return True
        return False

    def _options(self, row: Mapping[str, Any], table: Group, index: int) -> tuple[Choice, ...] | None:
        options: list[Choice] = []
        before = len(self._to.problems)
        for option in row.get("options", []):
            if type(option) is dict:
                checked = self._checked(option, table, index, _OPTION_KEYS)
                options += [Choice(**checked)] if checked is not None else []
            elif type(option) is str and option:
                options.append(Choice(option))
            else:
                self.fault(table, index, "options", f"{option!r} is no option: a string, or a table with `value`.")
        values = [option.value for option in options]
        for twice in {value for value in values if values.count(value) > 1} if len(values) > len(set(values)) else ():
            self.fault(table, index, "options", f"option {twice!r} stands twice.")
        return tuple(options) if len(self._to.problems) == before else None

    def _strings(self, row: Mapping[str, Any], table: Group, index: int, key: str) -> tuple[str, ...] | None:
        values = row.get(key, [])
        if not all(type(value) is str for value in values):
            self.fault(table, index, key, "must be a list of strings.")
            return None
        return tuple(values)

    def fault(self, table: str, index: int, key: str, reason: str) -> None:
        """Note what is wrong with a field, with its line."""
        what = ": ".join(filter(None, (f"{table}[{index}]", key)))
        self._to.refuse(self._line(table, index, key), what, reason)

    def _line(self, table: str, index: int, key: str) -> int:
        """Return the line of a field, found by counting the table's headers; 0 where the file is written otherwise."""
        starts = self._headers.get(table, [])
        line = starts[index] if index < len(starts) else 0
        if line and key:
            for number, said in enumerate(self._lines[line:], line + 1):
                if _HEADER.match(said):
                    break
                if re.match(rf"\s*[\"']?{re.escape(key)}[\"']?\s*=", said):
                    return number
        return line

    @cached_property
    def _headers(self) -> dict[str, list[int]]:
        found: dict[str, list[int]] = {}
        for number, line in enumerate(self._lines, 1):
            if header := _HEADER.match(line):
                found.setdefault(header[1], []).append(number)
        return found


_HEADER = re.compile(r"\s*\[{1,2}\s*([\w-]+)\s*\]")
_STRING = re.compile(r'"""|\'\'\'')


def _outside_strings(text: str) -> list[str]:
    """Return the lines of a file, those inside a string of several lines empty."""
    inside = ""
    lines = []
    for line in text.split("\n"):
        lines.append("" if inside else line)
        for mark in _STRING.findall(line):
            inside = mark if not inside else "" if mark == inside else inside
    return lines


def _nearest(name: str, known: Collection[str]) -> str:
    return f" {did_you_mean(name, known)}"


def _check_ids(reading: Reading, *groups: tuple[str, Sequence[Any]]) -> None:
    words: dict[str, Group] = {"e": "entity", "m": "label", "f": "attribute", "r": "relation"}
    seen: set[str] = set()
    for prefix, group in groups:
        for thing in group:
            line = reading.line(words[prefix], thing.name, "id")
            if thing.id and not re.fullmatch(rf"{prefix}_[0-9]+", thing.id):
                reading.refuse(line, f"{thing.name}: id", f"{thing.id!r} must be {prefix}_ and a number.")
            elif thing.id in seen:
                reading.refuse(line, f"{thing.name}: id", f"{thing.id!r} stands twice.")
            seen.add(thing.id)
            seen.discard("")


def write(scheme: Scheme) -> str:
    """Return a scheme as TOML; only what is not the default, so that it reads as if written by hand."""
    blocks = [f"guidelines = {_value(scheme.guidelines)}\n"] if scheme.guidelines else []
    for table, group in (
        ("entity", scheme.entities),
        ("label", scheme.labels),
        ("attribute", scheme.attributes),
        ("relation", scheme.relations),
    ):
        blocks += [_block(table, thing) for thing in group]
    return "\n".join(blocks)


_DEFAULTS: dict[str, Any] = {
    "id": "",
    "key": "",
    "color": "",
    "help": "",
    "overlapping": False,
    "model": "",
    "options": (),
    "threshold": 0.5,
    "train": False,
    "on": (),
    "assertion": False,
    "ends": ("", ""),
    "directed": False,
}


def _block(table: str, thing: EntityType | DocumentLabel | Attribute | RelationType) -> str:
    lines = [f"[[{table}]]"]
    for key in _KEYS[table]:
        value = getattr(thing, key)
        if key not in _DEFAULTS or value != _DEFAULTS[key]:
            lines.append(f"{key} = {_value(value)}")
    return "\n".join(lines) + "\n"


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return _string(value)
    if isinstance(value, Choice):
        if not (value.key or value.help):
            return _string(value.value)
        pairs = [("value", value.value), ("key", value.key), ("help", value.help)]
        return "{ " + ", ".join(f"{key} = {_string(said)}" for key, said in pairs if said) + " }"
    if isinstance(value, tuple):
        return "[" + ", ".join(_value(one) for one in value) + "]"
    return repr(float(value))


_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t", "\r": "\\r", "\b": "\\b", "\f": "\\f"}
_TO_ESCAPE = re.compile(r'[\\"\x00-\x1f\x7f]')


def _string(text: str) -> str:
    return '"' + _TO_ESCAPE.sub(lambda m: _ESCAPES.get(m.group(), f"\\u{ord(m.group()):04X}"), text) + '"'

"""Our own scheme file, TOML: `[[entity]]`, `[[label]]`, `[[attribute]]`, `[[relation]]` and `guidelines`."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Callable, Collection, Mapping
from typing import Any, TypeVar

from tui_annotate.domain.scheme import Attribute, Choice, DocumentLabel, EntityType, RelationType, Scheme
from tui_annotate.errors import SchemeError

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
_TYPE_NAMES = {str: "a string", bool: "true or false", list: "a list", float: "a number"}


def parse(text: str, where: str = "scheme.toml") -> Scheme:
    """Read a scheme.

    Raises:
        SchemeError: With file, line where it can be told, field, and the nearest right name.
    """
    try:
        given = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        line = re.search(r"line (\d+)", str(error))
        place = f"{where}:{line.group(1) if line else max(1, len(text.splitlines()))}"
        raise SchemeError(f"{place}: is no TOML: {error}") from error
    reader = _Reader(text, where)
    for name in given:
        if name not in (*_KEYS, "guidelines"):
            raise reader.fault(name, 0, "", f"there is no table {name!r}.{_nearest(name, (*_KEYS, 'guidelines'))}")
    guidelines = given.get("guidelines", "")
    if type(guidelines) is not str:
        raise SchemeError(f"{where}: guidelines: must be a string.")
    try:
        scheme = Scheme(
            entities=reader.rows(given, "entity", lambda row, _: EntityType(**row)),
            labels=reader.rows(given, "label", reader.label),
            attributes=reader.rows(given, "attribute", reader.attribute),
            relations=reader.rows(given, "relation", reader.relation),
            guidelines=guidelines,
        )
    except SchemeError as error:
        raise SchemeError(f"{where}: {error.message}") if not error.message.startswith(where) else error from None
    _check_ids(scheme, where)
    if scheme.faults:
        raise SchemeError("\n".join(f"{where}: {fault}" for fault in scheme.faults))
    return scheme


class _Reader:
    """Reads tables of one file and says where in it something is wrong."""

    def __init__(self, text: str, where: str) -> None:
        self._where = where
        self._lines = text.splitlines()

    def rows(self, given: Mapping[str, Any], table: str, make: Callable[[dict[str, Any], int], T]) -> tuple[T, ...]:
        rows = given.get(table, [])
        if type(rows) is not list or not all(type(row) is dict for row in rows):
            raise self.fault(table, 0, "", f"write `[[{table}]]`, once for each.")
        return tuple(make(self._checked(row, table, index, _KEYS[table]), index) for index, row in enumerate(rows))

    def _checked(self, row: Mapping[str, Any], table: str, index: int, keys: Mapping[str, type]) -> dict[str, Any]:
        for key, value in row.items():
            if key not in keys:
                raise self.fault(table, index, key, f"there is no such field.{_nearest(key, keys)}")
            if type(value) is not keys[key] and not (keys[key] is float and type(value) is int):
                raise self.fault(table, index, key, f"must be {_TYPE_NAMES[keys[key]]}, not {value!r}.")
        needed = next(iter(keys))
        if needed not in row:
            raise self.fault(table, index, "", f"has no `{needed}`.")
        return dict(row)

    def label(self, row: dict[str, Any], index: int) -> DocumentLabel:
        self._kind(row, "label", index)
        return DocumentLabel(**row | {"options": self._options(row, "label", index)})

    def attribute(self, row: dict[str, Any], index: int) -> Attribute:
        self._kind(row, "attribute", index)
        on = self._strings(row, "attribute", index, "on")
        return Attribute(**row | {"options": self._options(row, "attribute", index), "on": on})

    def relation(self, row: dict[str, Any], index: int) -> RelationType:
        ends = self._strings(row, "relation", index, "ends") or ("", "")
        if len(ends) != 2:
            raise self.fault("relation", index, "ends", "must name two entity types; an empty one means any.")
        return RelationType(**row | {"ends": (ends[0], ends[1])})

    def _kind(self, row: dict[str, Any], table: str, index: int) -> None:
        kind = row.setdefault("kind", "choice" if row.get("options") else "boolean" if table == "label" else "text")
        if kind not in KINDS:
            raise self.fault(table, index, "kind", f"{kind!r} is no kind.{_nearest(kind, KINDS)}")

    def _options(self, row: Mapping[str, Any], table: str, index: int) -> tuple[Choice, ...]:
        options: list[Choice] = []
        for option in row.get("options", []):
            if type(option) is dict:
                options.append(Choice(**self._checked(option, table, index, _OPTION_KEYS)))
            elif type(option) is str and option:
                options.append(Choice(option))
            else:
                reason = f"{option!r} is no option: a string, or a table with `value`."
                raise self.fault(table, index, "options", reason)
        return tuple(options)

    def _strings(self, row: Mapping[str, Any], table: str, index: int, key: str) -> tuple[str, ...]:
        values = row.get(key, [])
        if not all(type(value) is str for value in values):
            raise self.fault(table, index, key, "must be a list of strings.")
        return tuple(values)

    def fault(self, table: str, index: int, key: str, reason: str) -> SchemeError:
        """Return the error for a field; finds its line by counting the table's headers."""
        header = re.compile(rf"\s*\[{{1,2}}\s*{re.escape(table)}\s*\]")
        starts = [number for number, line in enumerate(self._lines, 1) if header.match(line)]
        line = starts[index] if index < len(starts) else 0
        if line and key:
            after = enumerate(self._lines[line:], line + 1)
            line = next((n for n, said in after if re.match(rf"\s*{re.escape(key)}\s*=", said)), line)
        place = f"{self._where}:{line}" if line else self._where
        return SchemeError(": ".join(filter(None, (place, f"{table}[{index}]", key, reason))))


def _nearest(name: str, known: Collection[str]) -> str:
    near = difflib.get_close_matches(name, list(known), 1)
    return f" Did you mean {near[0]!r}?" if near else f" Known are {', '.join(known)}."


def _check_ids(scheme: Scheme, where: str) -> None:
    seen: set[str] = set()
    groups = (("e", scheme.entities), ("m", scheme.labels), ("f", scheme.attributes), ("r", scheme.relations))
    for prefix, group in groups:
        for thing in group:
            if thing.id and not re.fullmatch(rf"{prefix}_[0-9]+", thing.id):
                raise SchemeError(f"{where}: {thing.name}: id: {thing.id!r} must be {prefix}_ and a number.")
            if thing.id in seen:
                raise SchemeError(f"{where}: {thing.name}: id: {thing.id!r} stands twice.")
            seen.add(thing.id or "")
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

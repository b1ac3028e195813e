"""Bare lists of labels: Prodigy's (a name on a line, or with commas as behind `--label`), and doccano's JSON."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import msgspec

from tui_annotate.domain.scheme import Choice, DocumentLabel, EntityType, Scheme
from tui_annotate.errors import DataError
from tui_annotate.formats.label_studio.tags import color_of, hex_color
from tui_annotate.formats.schemes.reading import ListAs, Reading, nearest
from tui_annotate.formats.source import JSON_ERRORS, decode

LABEL = "label"
"""Name of the document label that a list becomes, if it is not a list of entity types."""
_DOCCANO = ("id", "text", "prefix_key", "suffix_key", "background_color", "text_color", "project", "description")
_CAMEL = {
    "prefixKey": "prefix_key",
    "suffixKey": "suffix_key",
    "backgroundColor": "background_color",
    "textColor": "text_color",
}
_GREY = "#209cee"
"""What doccano gives a label that names no colour."""


def parse_prodigy(content: bytes, where: str, list_as: ListAs = "entities") -> Reading:
    """Read names on lines, `A,B,C`, or `--label A,B,C`; `#` begins a comment."""
    reading = Reading(where)
    try:
        text = decode(content).text
    except DataError as error:
        reading.refuse(0, "", error.message)
        return reading
    if "\x00" in text:
        reading.refuse(0, "", "is no list of labels: it has zero bytes.")
        return reading
    found: dict[str, tuple[int, Choice, str]] = {}
    for number, line in enumerate(text.splitlines(), 1):
        said = re.sub(r"^\s*(?:--label|-l)(?:\s+|=)", "", line).strip()
        for name in [] if said.startswith("#") else [part.strip().strip("\"'") for part in said.split(",")]:
            if name in found:
                reading.note(number, name, f"stands twice, first on line {found[name][0]}")
            elif name:
                found[name] = (number, Choice(name), "")
    return _taken(reading, found, list_as)


def parse_doccano(content: bytes, where: str, list_as: ListAs = "entities") -> Reading:
    """Read doccano's labels, old and new: `text`, `prefix_key`, `suffix_key`, `background_color`, `text_color`."""
    reading = Reading(where)
    try:
        given = msgspec.json.decode(decode(content).text)
    except (*JSON_ERRORS, DataError) as error:
        reading.refuse(0, "", f"is no JSON: {error}.")
        return reading
    if not isinstance(given, list):
        reading.refuse(0, "", 'is no list of labels: [{"text": "PERSON", "suffix_key": "p"}].')
        return reading
    found: dict[str, tuple[int, Choice, str]] = {}
    for index, row in enumerate(given):
        row = {"text": row} if isinstance(row, str) else row
        name = row.get("text") if isinstance(row, dict) else None
        if not isinstance(row, dict) or not isinstance(name, str) or not name.strip():
            reading.refuse(0, f"[{index}]", "must be an object with a `text`.")
            continue
        name = name.strip()
        if name in found:
            reading.note(0, name, "stands twice; what is said first counts")
            continue
        found[name] = (0, *_doccano(reading, {_CAMEL.get(key, key): value for key, value in row.items()}, name))
    return _taken(reading, found, list_as)


def _doccano(reading: Reading, row: dict[str, Any], name: str) -> tuple[Choice, str]:
    """Return the label with its key, and its colour."""
    for key in row:
        if key not in _DOCCANO:
            near = nearest(key, _DOCCANO, cutoff=0.75)
            reading.note(0, f"{name}: {key}", f"is not known here{f'; did you mean {near!r}?' if near else ''}")
    prefix, suffix, said = row.get("prefix_key"), row.get("suffix_key"), row.get("background_color")
    key = suffix.strip() if isinstance(suffix, str) else ""
    if key and prefix:
        reading.note(
            0, name, f"its key {prefix} {key} is no key that every terminal passes on; it is asked for as {key}"
        )
    color = color_of(said) if isinstance(said, str) and said.strip() else ""
    if color is None:
        reading.note(0, f"{name}: background_color", f"{said!r} is no colour known here; it has one of ours")
    help = row.get("description")
    return Choice(name, key, help if isinstance(help, str) else ""), color or ""


def _taken(reading: Reading, found: dict[str, tuple[int, Choice, str]], list_as: ListAs) -> Reading:
    """Make entity types of a list, or what it was said to be."""
    options = tuple(choice for _, choice, _ in found.values())
    if not found and not reading.faults:
        reading.refuse(0, "", "names no labels.")
    elif list_as == "entities":
        reading.take([EntityType(o.value, key=o.key, color=color, help=o.help) for _, o, color in found.values()])
        reading.places.update({("entity", name, ""): line for name, (line, _, _) in found.items()})
    elif list_as == "booleans":
        reading.take(labels=[DocumentLabel(o.value, "boolean", key=o.key, help=o.help) for o in options])
        reading.places.update({("label", name, ""): line for name, (line, _, _) in found.items()})
    elif found:
        reading.take(labels=[DocumentLabel(LABEL, list_as, options)])
        reading.places.update({("label", LABEL, f"={name}"): line for name, (line, _, _) in found.items()})
    return reading


def write_prodigy(scheme: Scheme) -> str:
    """Return the names of the entity types, or else of what the document labels can say, a line each."""
    return "".join(f"{name}\n" for name, _, _, _ in _listed(scheme))


def write_doccano(scheme: Scheme) -> str:
    """Return the same with keys and colours."""
    rows = [
        {
            "text": name,
            "prefix_key": None,
            "suffix_key": key if re.fullmatch("[0-9a-z]", key) else None,
            "background_color": hex_color(color) or _GREY,
            "text_color": "#ffffff",
            **({"description": help} if help else {}),
        }
        for name, key, color, help in _listed(scheme)
    ]
    return msgspec.json.format(msgspec.json.encode(rows), indent=2).decode() + "\n"


def list_as(scheme: Scheme) -> ListAs:
    """Say what the names of a written list are, as reading it back is to know."""
    if scheme.entities or not scheme.labels:
        return "entities"
    first = next((label for label in scheme.labels if label.options), None)
    if first is None:
        return "booleans"
    return "choices" if first.kind == "choices" else "choice"


def _listed(scheme: Scheme) -> Sequence[tuple[str, str, str, str]]:
    """Return name, key, colour and help of each label in the one list that such a file has room for."""
    if scheme.entities or not scheme.labels:
        return [(type.name, type.key, type.color, type.help) for type in scheme.entities]
    first = next((label for label in scheme.labels if label.options), None)
    if first is not None:
        return [(option.value, option.key, "", option.help) for option in first.options]
    return [(label.name, label.key, "", label.help) for label in scheme.labels if label.kind == "boolean"]

"""A row of doccano's, of any of its generations: spans as triples or objects, categories, relations, several people.

`{"text", "labels": [[0, 5, "PER"]], "annotation_approver", "meta"}` (until 1.0), `{"text", "annotations":
[{"label", "start_offset", "end_offset", "user"}]}`, `{"text", "label": [[0, 5, "PER"]]}` or `{"text", "label":
["positive"]}`, `{"text", "entities": [{"id", "label", ...}], "relations": [...]}`, and `{"text", "entities":
[[0, 5, "PER"]], "cats": ["flight"]}`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tui_annotate.formats.jsonl.rows import Problems

USED = frozenset(("text", "data", "id", "label", "labels", "labels_as", "entities", "annotations", "relations", "cats"))
"""What is read of a row; the rest is kept, as doccano does (it calls it meta)."""


@dataclass(slots=True)
class Marked:
    """One span of a row, its offsets in the unit of the file."""

    field: str
    type: str
    start: int
    end: int
    id: int | None = None
    user: str = ""
    """Who made it, where the row tells people apart."""
    more: Mapping[str, Any] = dataclasses.field(default_factory=dict)


@dataclass(slots=True)
class Row:
    """What a row says besides its text and id."""

    spans: list[Marked] = dataclasses.field(default_factory=list)
    categories: list[str] = dataclasses.field(default_factory=list)
    users: dict[str, list[str]] = dataclasses.field(default_factory=dict)
    """Categories by who gave them, where the row tells people apart."""
    relations: list[tuple[str, Any]] = dataclasses.field(default_factory=list)
    says_something: bool = False
    """It has a place for annotations, be it empty."""
    confirmed: bool | None = None
    is_numbered: bool = False
    """Its labels are numbers: the export names them nowhere."""


def text_of(row: Mapping[str, Any]) -> Any:
    """Return the text of a row, whichever of its names it goes by."""
    return row["text"] if "text" in row else row.get("data")


def read(row: Mapping[str, Any], problems: Problems) -> Row:
    """Sort out what a row says; what fits none of the shapes is left out and reported."""
    found = Row()
    for key in ("label", "labels", "entities", "cats"):
        if row.get(key) is not None and type(row[key]) is not dict:
            found.says_something = True
            _read_labels(row[key], key, found, problems)
    if type(row.get("annotations")) is list:
        found.says_something = True
        for at, one in enumerate(row["annotations"]):
            _read_annotation(one, f"annotations[{at}]", found, problems)
    relations = row.get("relations")
    if type(relations) is list:
        found.relations = [(f"relations[{at}]", one) for at, one in enumerate(relations)]
    elif relations is not None:
        problems.append(("relations", "is no list; left out"))
    if type(row.get("confirmed")) is bool:
        found.confirmed = row["confirmed"]
    elif "annotation_approver" in row:
        found.confirmed = row["annotation_approver"] is not None
    return found


def _read_labels(given: Any, key: str, found: Row, problems: Problems) -> None:
    if type(given) is str:
        if given.strip():
            found.categories.append(given)
        return
    if type(given) is not list:
        problems.append((key, f"is {given!r}, no list and no string; left out"))
        return
    for at, one in enumerate(given):
        name = f"{key}[{at}]"
        if type(one) is str and one.strip():
            found.categories.append(one)
        elif type(one) is list and len(one) == 3:
            _add_span(found, problems, name, one[2], one[0], one[1], {})
        elif type(one) is dict and "start_offset" in one:
            _add_span(found, problems, name, one.get("label"), one["start_offset"], one.get("end_offset"), one)
        else:
            problems.append((name, f"{one!r} is neither a category nor [start, end, label]; left out"))


def _read_annotation(one: Any, name: str, found: Row, problems: Problems) -> None:
    """Read one annotation of doccano's export of everything: who made it is a number."""
    if type(one) is not dict:
        problems.append((name, "is no object; left out"))
        return
    user = f"user-{one['user']}" if type(one.get("user")) is int else ""
    label = one.get("label", one.get("text"))
    if "start_offset" in one:
        _add_span(found, problems, name, label, one["start_offset"], one.get("end_offset"), one, user)
    elif type(label) in (str, int):
        found.is_numbered |= type(label) is int
        found.users.setdefault(user, []).append(str(label))
    else:
        problems.append((name, f"its `label` is {label!r}, no name; left out"))


def _add_span(
    found: Row, problems: Problems, name: str, label: Any, start: Any, end: Any, one: Mapping[str, Any], user: str = ""
) -> None:
    if type(label) not in (str, int) or not str(label).strip():
        problems.append((name, f"its label is {label!r}, no name; left out"))
    elif type(start) is not int or type(end) is not int or not 0 <= start < end:
        problems.append((name, f"[{start!r}, {end!r}) is no span; left out"))
    else:
        found.is_numbered |= type(label) is int
        id = one.get("id")
        more = {key: value for key, value in one.items() if key not in _OF_SPAN}
        marked = Marked(name, str(label).strip(), start, end, id if type(id) is int else None, user, more)
        found.spans.append(marked)


_OF_SPAN = frozenset(("id", "label", "start_offset", "end_offset", "user"))

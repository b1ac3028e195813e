"""Relations of ann.json: their ends are hashes of entities, in two generations.

3.6 writes `part|e_id|start,end` with an inclusive end, version 2 `part|start,end` with an
exclusive one; offsets are UTF-16. A hash is not unique where duplicates exist: the
first entity of it is taken.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from tui_annotate.domain.annotations import Relation
from tui_annotate.errors import DataError
from tui_annotate.formats.anndoc import confidence as anndoc_confidence
from tui_annotate.formats.schemes.legend import Legend
from tui_annotate.formats.utf16 import units

_HASH = re.compile(r"(.*?)(?:\|([A-Za-z]+_[^|]*))?\|(\d+),(\d+)", re.DOTALL)
_KNOWN = frozenset(("classId", "directed", "entities", "confidence"))
ENDS = "ends"
"""Key of a relation's `extra` under which its hashes are kept as they came, when ours differ."""


class Index:
    """Entities by what the two kinds of hash say of them: as the file had them, before any repair."""

    def __init__(self) -> None:
        self._by_class: dict[tuple[str, str, int, int], int] = {}
        self._by_place: dict[tuple[str, int, int], int] = {}
        self.canonical: dict[int, str] = {}
        """The 3.6 hash of each entity, by number."""

    def add(self, row: Mapping[str, Any], number: int) -> None:
        """Add an entity of the file, which was checked already."""
        part, type_ = row["part"], row["classId"]
        start, end = hull(row["offsets"])
        self._by_class.setdefault((part, type_, start, end), number)
        self._by_place.setdefault((part, start, end), number)
        self.canonical[number] = hash_of(part, type_, start, end)

    def find(self, hash: Any) -> int:
        """Return the number of the entity that a hash means; raises DataError when there is none."""
        match = _HASH.fullmatch(hash) if isinstance(hash, str) else None
        if match is None:
            raise DataError(f"has the end {hash!r}, which is no hash of an entity")
        part, type_, start, end = match.group(1), match.group(2), int(match.group(3)), int(match.group(4))
        for stop in (end + 1, end) if type_ else (end, end + 1):
            number = (
                self._by_class.get((part, type_, start, stop)) if type_ else self._by_place.get((part, start, stop))
            )
            if number is not None:
                return number
        raise DataError(f"has the end {hash!r}, and no entity stands there")


def hull(offsets: Sequence[Mapping[str, Any]]) -> tuple[int, int]:
    """Return where offsets begin and end, in UTF-16; the end is exclusive."""
    starts = [int(offset["start"]) for offset in offsets]
    ends = [start + units(offset["text"]) for start, offset in zip(starts, offsets, strict=True)]
    return min(starts), max(ends)


def hash_of(part: str, class_id: str, start: int, end: int) -> str:
    """Return the 3.6 hash of an entity; `end` is exclusive, offsets are UTF-16."""
    return f"{part}|{class_id}|{start},{end - 1}"


def read(row: Any, index: Index, legend: Legend, number: int) -> Relation:
    """Read a relation; raises DataError when an end dangles or it is no relation at all."""
    ends = row.get("entities") if isinstance(row, dict) else None
    if not isinstance(ends, list) or len(ends) != 2 or type(row.get("classId")) is not str:
        raise DataError("has no classId, or not two entities")
    first, second = index.find(ends[0]), index.find(ends[1])
    who, prob, state, extra = anndoc_confidence.parse(row)
    directed = row.get("directed", False) is True
    for key, value in row.items():
        if key not in _KNOWN and (key, value) != ("type", "linked"):
            extra[key] = value
    canonical = [index.canonical[first], index.canonical[second]]
    if ends != canonical:
        extra[ENDS] = {"came": ends, "are": canonical}
    return Relation(legend.name(row["classId"]), (first, second), directed, who, prob, number, state, extra)


def _end(came: str, was: str, now: str) -> str:
    """Return an end as it came while its entity stands as it stood; else in the generation that it came in."""
    if was == now:
        return came
    old, new = _HASH.fullmatch(came), _HASH.fullmatch(now)
    if old is None or new is None or old.group(2):
        return now
    return f"{new.group(1)}|{new.group(3)},{int(new.group(4)) + 1}"


def places(row: Any) -> Any:
    """Return type and ends of a relation without the types of its entities: what stays when one is changed."""
    ends = row.get("entities") if isinstance(row, dict) else None
    if not isinstance(ends, list):
        return None
    found = [_HASH.fullmatch(end) if isinstance(end, str) else None for end in ends]
    return [row.get("classId"), *((m.group(1), m.group(3)) if m is not None else "" for m in found)]


def write(relation: Relation, class_id: str, hashes: Mapping[int, str]) -> dict[str, Any]:
    """Return the JSON object of a relation, its hashes as they came while its ends stand where they stood."""
    extra = relation.extra
    ends = [hashes[relation.ends[0]], hashes[relation.ends[1]]]
    kept = extra.get(ENDS)
    if kept:
        ends = [_end(*end) for end in zip(kept["came"], kept["are"], ends, strict=True)]
    made = {
        "classId": class_id,
        "type": extra.get("type", "linked"),
        "directed": relation.directed,
        "entities": ends,
        "confidence": anndoc_confidence.write(relation.who, relation.prob, relation.state, extra),
    }
    return made | {key: v for key, v in extra.items() if key not in made and key != ENDS}

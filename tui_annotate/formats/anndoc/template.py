"""An ann.json written after the file that it came from: what did not change keeps its bytes, and so its place.

The values are those of the writer; the file lends the order of keys and rows, the spelling of numbers
and strings, blanks, and keys that it left out. A row is the same when it says the same.
"""

from __future__ import annotations

import codecs
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tui_annotate.errors import DataError
from tui_annotate.formats.anndoc import confidence as anndoc_confidence
from tui_annotate.formats.anndoc import relations as anndoc_relations
from tui_annotate.formats.json_text import JsonText, Piece
from tui_annotate.formats.source import decode
from tui_annotate.formats.utf16 import units

_CERTAIN = anndoc_confidence.made((), 1.0, "pre-added")
_NOTHING: Mapping[str, tuple[Any, ...]] = {
    "anncomplete": (False,),
    "sources": ([],),
    "metas": ({},),
    "entities": ([],),
    "relations": ([],),
}
"""What a file need not say."""
_EMPTY = ("coordinates", "fields", "normalizations")
_FALSE = ("", "false", "no", "0")

Parts = list[tuple[Piece | None, str]]


def is_true(value: Any) -> bool:
    """Say what an `anncomplete` of any kind means."""
    return value.strip().lower() not in _FALSE if isinstance(value, str) else bool(value)


def like(came: bytes, made: dict[str, Any], order: Mapping[str, int]) -> bytes | None:
    """Return `made` written after the file that it came from; None when that is no use.

    Args:
        order: Position of each part.
    """
    try:
        decoded = decode(came)
        text = JsonText(decoded.text)
        if not isinstance(json.loads(decoded.text), dict):
            return None
        written = _Template(text, order).write(made)
        if not _agree(json.loads(written), made):
            return None
    except (DataError, ValueError, RecursionError, IndexError):
        return None
    return _encoded(written, came)


def _encoded(text: str, came: bytes) -> bytes:
    if came.startswith(codecs.BOM_UTF8):
        return codecs.BOM_UTF8 + text.encode()
    for mark, name in ((codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be")):
        if came.startswith(mark):
            return mark + text.encode(name)
    return text.encode()


class _Template:
    """One file to write after."""

    def __init__(self, text: JsonText, order: Mapping[str, int]) -> None:
        self._text = text
        self._order = order

    def write(self, made: dict[str, Any]) -> str:
        """Return the whole text, with what stands around the object."""
        text = self._text
        pieces = text.pieces(text.start)
        last = {piece.key: piece for piece in pieces}
        parts: Parts = []
        for piece in pieces:
            if last[piece.key] is not piece:
                parts.append((piece, text.raw(piece)))
            elif piece.key in made:
                parts.append((piece, self._member(piece, made[piece.key])))
        new = {key: value for key, value in made.items() if key not in last and not self._goes_without(key, value)}
        if new:
            self._insert(parts, list(made), new)
        return text.whole(text.joined("{}", pieces, parts), pieces)

    def _goes_without(self, key: str, value: Any) -> bool:
        return value in _NOTHING.get(key, ()) or (key == "annotatable" and value == {"parts": list(self._order)})

    def _member(self, piece: Piece, value: Any) -> str:
        text = self._text
        if piece.key == "anncomplete":
            same = is_true(piece.value) is value
            return text.raw(piece) if same else text.with_value(piece, text.written(value))
        if piece.key == "entities" and isinstance(piece.value, list):
            return text.with_value(piece, self._entities(piece, value))
        if piece.key == "relations" and isinstance(piece.value, list):
            return text.with_value(piece, self._relations(piece, value))
        if _plain(piece.value) == _plain(value) or (not piece.value and not value):
            return text.raw(piece)
        return text.with_value(piece, self._changed(piece.value_at, piece.value, value))

    def _changed(self, at: int, old: Any, new: Any) -> str:
        """Return a value that is another now: of an object the members that stayed keep their bytes."""
        text = self._text
        if not (isinstance(old, dict) and isinstance(new, dict)):
            return text.written(new)
        pieces = text.pieces(at)
        last = {piece.key: piece for piece in pieces}
        parts: Parts = []
        for piece in pieces:
            if last[piece.key] is not piece:
                parts.append((piece, text.raw(piece)))
            elif piece.key in new:
                value = new[piece.key]
                empty = piece.key in _EMPTY and not piece.value and not value
                if empty or _plain(piece.value) == _plain(value):
                    parts.append((piece, text.raw(piece)))
                else:
                    parts.append((piece, text.with_value(piece, self._changed(piece.value_at, piece.value, value))))
        self._insert(parts, list(new), {k: v for k, v in new.items() if k not in last and not _unsaid(k, v)})
        return text.joined("{}", pieces, parts)

    def _insert(self, parts: Parts, keys: Sequence[str], new: Mapping[str, Any]) -> None:
        """Put new members after those that they follow in `keys`."""
        names = [piece.key if piece is not None else "" for piece, _ in parts]
        for key, value in new.items():
            before = keys[: keys.index(key)]
            at = max((names.index(name) + 1 for name in before if name in names), default=0)
            parts.insert(at, (None, self._text.member(key, self._text.written(value))))
            names.insert(at, key)

    def _entities(self, piece: Piece, rows: Sequence[Any]) -> str:
        text = self._text
        pieces = text.pieces(piece.value_at)
        pairs = _paired([p.value for p in pieces], rows, _ENTITY_WAYS)
        said = {key for old in pieces if isinstance(old.value, dict) for key in old.value} if pieces else set(_EMPTY)
        kept: dict[int, str] = {}
        fresh: list[tuple[tuple[int, int], str]] = []
        for made, (index, same) in zip(rows, pairs, strict=True):
            if index is None:
                row = {key: value for key, value in made.items() if key not in _EMPTY or value or key in said}
                fresh.append((self._place(made), text.written(row)))
            elif same:
                kept[index] = text.raw(pieces[index])
            else:
                kept[index] = self._changed(pieces[index].value_at, pieces[index].value, made)
        parts: Parts = [(pieces[index], body) for index, body in sorted(kept.items())]
        places = [self._place(pieces[index].value) for index in sorted(kept)]
        is_sorted = places == sorted(places)
        for place, body in sorted(fresh, key=lambda one: one[0]):
            at = next((n for n, other in enumerate(places) if other > place), len(places)) if is_sorted else len(places)
            parts.insert(at, (None, body))
            places.insert(at, place)
        return text.joined("[]", pieces, parts)

    def _place(self, row: Any) -> tuple[int, int]:
        """Return where an entity sorts; what has no place comes last."""
        part = row.get("part") if isinstance(row, dict) else None
        offsets = row.get("offsets") if isinstance(row, dict) else None
        start = offsets[0].get("start") if isinstance(offsets, list) and offsets and isinstance(offsets[0], dict) else 0
        order = self._order.get(part, len(self._order)) if isinstance(part, str) else len(self._order)
        return order, start if isinstance(start, int) else 0

    def _relations(self, piece: Piece, rows: Sequence[Any]) -> str:
        text = self._text
        pieces = text.pieces(piece.value_at)
        pairs = _paired([p.value for p in pieces], rows, _RELATION_WAYS)
        kept: dict[int, str] = {}
        fresh: list[str] = []
        for row, (index, same) in zip(rows, pairs, strict=True):
            if index is None:
                fresh.append(text.written(row))
            elif same:
                kept[index] = text.raw(pieces[index])
            else:
                kept[index] = self._changed(pieces[index].value_at, pieces[index].value, row)
        parts: Parts = [(pieces[index], body) for index, body in sorted(kept.items())]
        return text.joined("[]", pieces, parts + [(None, body) for body in fresh])


def _unsaid(key: str, value: Any) -> bool:
    """Say whether a member of a row need not be written where the file left it out."""
    if key in _EMPTY:
        return not value
    return (key, value) in (("confidence", _CERTAIN), ("type", "linked"), ("directed", False))


def _paired(
    old: Sequence[Any], new: Sequence[Any], ways: Sequence[Callable[[Any], Any]]
) -> list[tuple[int | None, bool]]:
    """Return for each new row the old one that it is, and whether it says the same.

    Args:
        ways: What two rows that are one have in common, the surest first: the first is all that a row says.
    """
    found: list[tuple[int | None, bool]] = [(None, False)] * len(new)
    free = dict.fromkeys(range(len(old)))
    for way in ways:
        waiting: dict[str, list[int]] = {}
        for index in free:
            waiting.setdefault(json.dumps(way(old[index]), sort_keys=True), []).append(index)
        for number, row in enumerate(new):
            indexes = waiting.get(json.dumps(way(row), sort_keys=True)) if found[number][0] is None else None
            if indexes:
                del free[indexes[0]]
                found[number] = (indexes.pop(0), way is ways[0])
    return found


def _plain(value: Any) -> Any:
    """Return a value in which whole numbers are one, however they were spelled, and no boolean is a number."""
    if isinstance(value, bool):
        return ("boolean", value)
    if isinstance(value, float):
        return int(value) if value.is_integer() else value
    if isinstance(value, dict):
        return {key: _plain(held) for key, held in value.items()}
    return [_plain(one) for one in value] if isinstance(value, list) else value


def _entity(row: Any) -> Any:
    if not isinstance(row, dict):
        return _plain(row)
    said = {key: value for key, value in row.items() if key not in _EMPTY or value}
    return _plain({"confidence": _CERTAIN} | said)


def _relation(row: Any) -> Any:
    if not isinstance(row, dict):
        return _plain(row)
    directed = row.get("directed") is True
    return _plain({"confidence": _CERTAIN, "type": "linked"} | row | {"directed": directed})


def _offsets(row: Any) -> list[Any]:
    offsets = row.get("offsets") if isinstance(row, dict) else None
    return [o for o in offsets if isinstance(o, dict)] if isinstance(offsets, list) else []


def _place(row: Any) -> Any:
    """Return part and offsets of an entity: the same, when another type or confidence stands there."""
    offsets = [(o.get("start"), o.get("text")) for o in _offsets(row)]
    return (row.get("part"), offsets) if offsets else id(row)


def _beginning(row: Any) -> Any:
    """Return part and start of an entity: the same, when it was made longer or shorter."""
    return _place(row) if not _offsets(row) else (row.get("part"), _offsets(row)[0].get("start"))


def _ending(row: Any) -> Any:
    """Return part and end of an entity: the same, when it begins elsewhere now."""
    last = _offsets(row)[-1:]
    if not last or type(last[0].get("start")) is not int or type(last[0].get("text")) is not str:
        return id(row)
    return row.get("part"), last[0]["start"] + units(last[0]["text"])


def _words(row: Any) -> Any:
    """Return type, part and text of an entity: the same, when its offsets were set right."""
    texts = [offset.get("text") for offset in _offsets(row)]
    return [row.get("classId"), row.get("part"), texts] if texts else id(row)


def _kind(row: Any) -> Any:
    """Return type and part of an entity: the same, when one is gone from the part and another has come."""
    return [row.get("classId"), row.get("part")] if _offsets(row) else id(row)


def _one_end(index: int) -> Callable[[Any], Any]:
    """Return what tells a relation by its type and one of its ends: the same, when the other was moved."""

    def end(row: Any) -> Any:
        ends = row.get("entities") if isinstance(row, dict) else None
        return [row.get("classId"), ends[index]] if isinstance(ends, list) and len(ends) == 2 else id(row)

    return end


def _ends(row: Any) -> Any:
    return row.get("entities") if isinstance(row, dict) else id(row)


_ENTITY_WAYS = (_entity, _place, _beginning, _ending, _words, _kind)
_RELATION_WAYS = (_relation, _ends, anndoc_relations.places, _one_end(0), _one_end(1))


def _agree(written: dict[str, Any], made: dict[str, Any]) -> bool:
    """Say whether what was written says what was to be written."""
    if "annotatable" not in written:
        made = {key: value for key, value in made.items() if key != "annotatable"}
    return bool(_says(written) == _says(made))


def _says(file: Mapping[str, Any]) -> Any:
    """Return all that an ann.json says, however it is spelled and ordered."""
    said = {key: _plain(value) for key, value in file.items() if key not in _NOTHING or value}
    said["anncomplete"] = is_true(file.get("anncomplete", False))
    for key, meaning in (("entities", _entity), ("relations", _relation)):
        rows = file.get(key) or []
        said[key] = sorted(json.dumps(meaning(row), sort_keys=True) for row in rows)
    metas = file.get("metas") or {}
    certain = {"confidence": _CERTAIN}
    said["metas"] = {id: _plain(certain | row if isinstance(row, dict) else row) for id, row in metas.items()}
    return said
